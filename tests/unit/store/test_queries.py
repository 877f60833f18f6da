"""Every query has a name, and knows its time from outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import wardwire.store
from wardwire.store.queries import load

FILES = sorted(Path(wardwire.store.__file__).parent.glob("*.sql"))
_OWN_CLOCK = re.compile(
    r"\b(now\(\)|current_timestamp|localtimestamp|current_date|transaction_timestamp)", re.IGNORECASE
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_query_of_a_file_is_found_by_its_name(path: Path) -> None:
    """None is empty, and none hides another of the same name."""
    found = load(path.stem)

    assert len(found) == path.read_text().count("-- name:") > 0
    assert [name for name, sql in found.items() if not _code_of(sql)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_query_reads_a_clock_of_its_own(path: Path) -> None:
    """Time is an argument. Only the reading of the database's clock itself asks for it."""
    asking = {name for name, sql in load(path.stem).items() if _OWN_CLOCK.search(_code_of(sql))}
    clocked = {name for name, sql in load(path.stem).items() if "clock_timestamp" in _code_of(sql)}

    assert asking == set()
    assert clocked == ({"read"} if path.stem == "site" else set())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_arguments_of_a_query_are_numbered_without_a_hole(path: Path) -> None:
    """An argument that no part uses has been forgotten somewhere."""
    for name, sql in load(path.stem).items():
        used = {int(number) for number in re.findall(r"\$(\d+)", _code_of(sql))}
        assert used == set(range(1, len(used) + 1)), name


def _code_of(sql: str) -> str:
    """A query without its comments."""
    return "\n".join(line.partition("--")[0] for line in sql.splitlines()).strip()
