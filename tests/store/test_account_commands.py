"""The commands about accounts, on a real database: what they print; no password is ever on a command line."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from tests.store.test_commands import Terminal
from wardwire.access import hashing
from wardwire.cli.account import first_code_of
from wardwire.cli.database import find_place

PASSWORD = "blue kettle rain"


@pytest.fixture
def wardwire(commands_site: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal on the site of this test; passwords are hashed quickly."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(
        hashing.Hasher.__init__, "__kwdefaults__", {"at_once": 2, "most_waiting": 9, "memory_kib": 64}
    )
    return Terminal(capsys)


def test_the_first_administrator_comes_in_and_lets_others_in_from_a_terminal(
    wardwire: Terminal, tmp_path: Path
) -> None:
    """Issue, claim, add, code, password, disable, list, sessions: as the how-to has it."""
    kept = tmp_path / "password"
    kept.write_text(PASSWORD + "\n")
    place = find_place(None, None)
    assert first_code_of(place) is not None
    assert first_code_of(place) is None
    code = wardwire.json("account", "first-administrator")["code"]
    said = wardwire("account", "claim", code, "--login", "dora", "--name", "Dora", "--password-file", str(kept))
    assert said == (0, "dora: administrator; password")
    assert wardwire("account", "first-administrator")[0] != 0

    wardwire("people", "add", "Eva")
    wardwire("place", "add", "unit", "4 West")
    added = wardwire.json("account", "add", "Eva", "--login", "Eva", "--role", "unit_manager", "--unit", "4 West")
    assert added["login"] == "eva"
    assert UUID(hex=added["id"].removeprefix("acc_"))
    assert wardwire("account", "add", "Eva", "--login", "eva2")[0] != 0
    assert wardwire("account", "password", "eva", "--password-file", str(kept))[0] == 0
    assert wardwire("account", "code", "nobody")[0] != 0
    wardwire("account", "change", "eva", "--role", "clinician")
    assert "units" in wardwire.said
    assert wardwire("account", "disable", "eva") == (0, "eva: unit_manager; disabled")
    assert wardwire("account", "disable", "dora")[0] != 0
    listed = wardwire.json("account", "list")["accounts"]
    assert [(one["login"], one["name"], one["units"]) for one in listed] == [
        ("dora", "Dora", []),
        ("eva", "Eva", ["4 West"]),
    ]
    assert wardwire("account", "broken-glass") == (0, "Nobody ever has.")
    assert wardwire("account", "sessions") == (0, "Nobody is signed in.")
    kept.write_text("short\n")
    assert wardwire("account", "password", "dora", "--password-file", str(kept))[0] != 0
    assert "15 characters" in wardwire.said
    assert "short" not in wardwire.said.replace("is too short", "")
