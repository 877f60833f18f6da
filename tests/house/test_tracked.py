"""What never enters the tree: addresses of an index, and paths of one machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.tracked import ROOT, find_faults, tracked_files


def test_no_tracked_file_names_an_index_or_a_machine() -> None:
    """A clone works anywhere: from any mirror of the packages, in any folder, for any user."""
    assert list(find_faults(ROOT, tracked_files(ROOT))) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("requirements.lock", "--extra-index-url https:" + "//mirror.example/simple"),
        ("requirements.lock", "asyncpg @ https:" + "//mirror.example/asyncpg.whl"),
        ("package-lock.json", '"resolved": "https:' + '//mirror.example/x.tgz"'),
        ("notes.md", "see https:" + "//pypi." + "org/simple"),
        ("run.sh", "cd /ho" + "me/somebody/wardwire"),
        ("run.sh", "cd /ro" + "ot/wardwire"),
    ],
)
def test_an_address_or_a_machine_path_is_found(tmp_path: Path, name: str, line: str) -> None:
    """The check sees each kind of fault, and names file and line."""
    (tmp_path / name).write_text(f"first line\n{line}\n")

    (fault,) = find_faults(tmp_path, tracked_files(tmp_path))

    assert fault.startswith(f"{name}:2: ")


def test_ordinary_addresses_and_places_are_left_alone(tmp_path: Path) -> None:
    """A link in a document and the places of a program are no fault."""
    (tmp_path / "page.md").write_text("https://www.rfc-editor.org/rfc/rfc9457, /var/lib/wardwire, ~/x\n")

    assert list(find_faults(tmp_path, tracked_files(tmp_path))) == []
