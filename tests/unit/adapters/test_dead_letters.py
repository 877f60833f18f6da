"""Refused messages are kept whole, for our user alone, and never without bound."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wardwire.adapters.dead_letters import DeadLetters


def digest(number: int) -> str:
    """Some digest."""
    return f"{number:032x}"


def test_a_letter_is_for_our_user_alone_and_kept_once(tmp_path: Path) -> None:
    """The same again changes nothing."""
    letters = DeadLetters(tmp_path / "a" / "letters")
    path = letters.keep(digest(1), b"one")
    assert letters.keep(digest(1), b"one") == path
    assert (letters.all(), path.read_bytes()) == ([path], b"one")
    assert (path.stat().st_mode & 0o077, path.parent.stat().st_mode & 0o077) == (0, 0)


def test_the_oldest_make_room_for_the_newest(tmp_path: Path) -> None:
    """A source that sends rubbish for ever does not fill the disk."""
    letters = DeadLetters(tmp_path, most=3)
    for number in range(5):
        path = letters.keep(digest(number), b"x")
        os.utime(path, ns=(number, number))
    assert [path.stem for path in letters.all()] == [digest(2), digest(3), digest(4)]


def test_the_same_letter_twice_at_once_is_kept(tmp_path: Path) -> None:
    """Two threads write it, and neither takes the other's file away."""
    letters = DeadLetters(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        paths = list(threads.map(lambda nth: letters.keep(digest(nth // 8), b"x"), range(200)))
    assert set(letters.all()) == set(paths)
    assert {path.suffix for path in tmp_path.iterdir()} == {".hl7"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ABCDEF0123456789", "0" * 15])
def test_only_a_digest_names_a_letter(tmp_path: Path, name: str) -> None:
    """Nothing that a source sends becomes a path."""
    with pytest.raises(ValueError):
        DeadLetters(tmp_path).keep(name, b"x")
