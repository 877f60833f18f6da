"""Room on the disk: what a share allows, and the ballast that is given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardwire.ops.disk import BALLAST_NAME, Room, Space, decide_room, keep_ballast, measure, release_ballast


@pytest.mark.parametrize(
    ("share", "room"),
    [
        (1.0, Room.AMPLE),
        (0.15, Room.AMPLE),
        (0.1499, Room.WARN),
        (0.05, Room.WARN),
        (0.0499, Room.URGENT_ONLY),
        (0.0, Room.URGENT_ONLY),
    ],
)
def test_a_share_of_free_space_allows_this(share: float, room: Room) -> None:
    """Below 15 % a warning, below 5 % only `code` and `high`; a threshold itself is still above."""
    assert decide_room(share) is room


def test_an_empty_file_system_has_no_room() -> None:
    """A size of nothing does not divide by zero."""
    assert decide_room(Space(total=0, free=0).share) is Room.URGENT_ONLY


def test_a_measured_share_lies_between_none_and_all(tmp_path: Path) -> None:
    """The real file system answers."""
    assert 0 <= measure(tmp_path).share <= 1


def test_ballast_takes_real_blocks_and_gives_them_back(tmp_path: Path) -> None:
    """It is made once, private, of blocks that are really taken; releasing twice does no harm."""
    assert keep_ballast(tmp_path, 1 << 20)
    assert keep_ballast(tmp_path, 1 << 20)
    status = (tmp_path / BALLAST_NAME).stat()

    assert status.st_blocks * 512 >= 1 << 20
    assert status.st_mode & 0o777 == 0o600
    assert release_ballast(tmp_path) == 1 << 20
    assert release_ballast(tmp_path) == 0


def test_ballast_is_not_made_where_it_would_be_the_trouble(tmp_path: Path) -> None:
    """It wants three times its size free."""
    size = measure(tmp_path).free // 2

    assert not keep_ballast(tmp_path, size)
    assert not (tmp_path / BALLAST_NAME).exists()


def test_ballast_of_nothing_removes_the_old_one(tmp_path: Path) -> None:
    """Setting it to 0 gives the room back."""
    keep_ballast(tmp_path, 4096)

    assert not keep_ballast(tmp_path, 0)
    assert not (tmp_path / BALLAST_NAME).exists()
