"""A list of people is taken in from a terminal, on a real database: all of it or nothing, and nobody is erased."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import UUID

import pytest

from tests.engines import FreshDatabase
from tests.store.test_commands import Terminal
from tests.ward import reading


@pytest.fixture
def wardwire(commands_site: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal on the site of this test."""
    monkeypatch.setenv("COLUMNS", "200")
    return Terminal(capsys)


def staff(folder: Path, count: int, *, title: str = "nurse", more: str = "") -> str:
    """A file of so many."""
    path = folder / "staff.csv"
    path.write_text(
        "id,name,title,phones\n" + "".join(f"{n},Nurse {n},{title},47{n:02}\n" for n in range(count)) + more
    )
    return str(path)


def test_a_list_is_looked_at_taken_in_and_looked_at_again(wardwire: Terminal, tmp_path: Path) -> None:
    """A dry run changes nothing; a second run of the same file has nothing to do."""
    wardwire("people", "add", "Anna")
    status, said = wardwire("people", "import", staff(tmp_path, 12), "--source", "hr", "--dry-run")
    assert (status, said.splitlines()[0]) == (0, "12 add, 0 change, 0 disable, 0 stay")
    assert len(wardwire.json("people", "list")["people"]) == 1
    assert wardwire("people", "import", staff(tmp_path, 12), "--source", "hr")[0] == 0
    assert (
        wardwire("people", "import", staff(tmp_path, 12), "--source", "hr")[1]
        == "0 add, 0 change, 0 disable, 12 stay"
    )

    told = wardwire.json("people", "import", staff(tmp_path, 11, title="RN", more="12,Ben,MD,\n"), "--source", "hr")
    assert [len(told[what]) for what in ("add", "change", "disable")] == [1, 11, 1]
    people = {one["name"]: one for one in wardwire.json("people", "list")["people"]}
    assert (people["Nurse 11"]["disabled"], people["Anna"]["disabled"]) == (True, False)
    assert (people["Nurse 3"]["title"], people["Nurse 3"]["external_ids"]) == ("RN", {"hr": "3"})
    assert wardwire.json("audit", "verify")["good"]


def test_many_who_leave_must_be_confirmed(wardwire: Terminal, tmp_path: Path) -> None:
    """A file that was cut short disables nobody by itself."""
    wardwire("people", "import", staff(tmp_path, 10))
    assert wardwire("people", "import", staff(tmp_path, 5))[0] == 1
    assert "0 add, 0 change, 5 disable, 5 stay: more than a tenth" in wardwire.said
    assert not any(one["disabled"] for one in wardwire.json("people", "list")["people"])
    assert wardwire("people", "import", staff(tmp_path, 5), "--dry-run")[0] == 0
    assert wardwire("people", "import", staff(tmp_path, 5), "--confirm-removals")[0] == 0
    assert sum(one["disabled"] for one in wardwire.json("people", "list")["people"]) == 5


def test_a_file_that_is_not_fit_changes_nothing(wardwire: Terminal, tmp_path: Path) -> None:
    """Each fault is named by its row and column."""
    path = staff(tmp_path, 3, more="2,Ben,MD,\n4,=1+1,MD,\n")
    status, said = wardwire("people", "import", path, "--json")
    assert (status, json.loads(said)["error"]["code"]) == (1, "file_unfit")
    assert "staff.csv, row 5, column id: it stands in row 4 too" in wardwire.said
    assert "staff.csv, row 6, column name: it begins like a formula" in wardwire.said
    assert wardwire.json("people", "list")["people"] == []
    assert wardwire("people", "import", str(tmp_path / "none.csv"))[0] == 2


def test_who_leaves_with_open_messages_is_named(
    wardwire: Terminal, tmp_path: Path, fresh_database: FreshDatabase
) -> None:
    """So that somebody sees to them."""
    wardwire("people", "import", staff(tmp_path, 10))
    (gone,) = [one for one in wardwire.json("people", "list")["people"] if one["name"] == "Nurse 9"]

    async def open_something() -> None:
        async with reading(fresh_database.logins.app) as connection:
            await connection.execute(
                "INSERT INTO deadlines (message_id, person_id, kind, ref, lane, due_at, visible_at)"
                " VALUES ($1, $2, 'confirm', $1, 2, '2099-01-01Z', '2099-01-01Z')",
                UUID(int=1), UUID(hex=gone["id"][4:]),
            )  # fmt: skip

    asyncio.run(open_something())
    told = wardwire.json("people", "import", staff(tmp_path, 9), "--dry-run")
    assert [one["name"] for one in told["open_messages"]] == ["Nurse 9"]
    assert wardwire("people", "import", staff(tmp_path, 9))[0] == 0
    assert "Nurse 9 leaves, and has open messages" in wardwire.said
