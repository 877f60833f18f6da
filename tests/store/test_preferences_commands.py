"""How people want to be tried, from a terminal, as docs/howto/preferences.md has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.store.test_commands import Terminal

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "preferences.md"


@pytest.fixture
def wardwire(commands_site: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal on a site with Dr. Chen, who has a mailbox, and a group."""
    monkeypatch.setenv("COLUMNS", "200")
    terminal = Terminal(capsys)
    assert terminal("people", "add", "Dr. Chen", "--email", "chen@ward.example")[0] == 0
    terminal("group", "add", "Surgeons", "--member", "Dr. Chen")
    return terminal


def test_the_howto_is_followed_word_by_word(wardwire: Terminal, tmp_path: Path) -> None:
    """Its file is taken, tried, set and shown; what nobody may prefer is a sentence and a status."""
    text = HOWTO.read_text()
    found = re.search(r"Write `chen.toml`:\n\n(.*?)\n\nThe first", text, re.DOTALL)
    assert found is not None
    file = tmp_path / "chen.toml"
    file.write_text("\n".join(line.removeprefix("    ") for line in found[1].splitlines()))
    night = ["--at", "2026-12-13T03:00-06:00", "--priority", "medium"]
    tried = wardwire.json("preferences", "try", "Dr. Chen", "--file", str(file), *night)
    # Chen has no device: the profile would reach nobody, and the mailbox stands in.
    assert (tried["by"], tried["rings"]) == ("default after own:Night", False)
    assert tried["tries"] == [{"endpoints": ["email"], "wait_s": 30}]
    assert wardwire("preferences", "set", "Dr. Chen", str(file), "--dry-run")[0] == 0
    assert wardwire.json("preferences", "show", "Dr. Chen")["profiles"] == []
    assert wardwire("preferences", "set", "Dr. Chen", str(file))[0] == 0
    status, out = wardwire("preferences", "show", "Dr. Chen")
    assert (status, "22:00-07:00" in out, "America/Chicago" in out) == (0, True, True)
    assert [one["name"] for one in wardwire.json("preferences", "show", "Dr. Chen")["profiles"]] == [
        "Night",
        "Theatre",
    ]
    assert "By default after own:Night" in wardwire("preferences", "try", "Dr. Chen", *night)[1]

    file.write_text(file.read_text().replace('priorities = ["medium", "low"]', 'priorities = ["code"]'))
    assert wardwire("preferences", "set", "group:Surgeons", str(file))[0] == 1
    assert "every endpoint at once" in wardwire.said
    assert wardwire("preferences", "set", "Dr. Chen", "--none")[0] == 0
    assert wardwire.json("preferences", "show", "Dr. Chen")["profiles"] == []
    file.write_text("profiles = 3")
    assert wardwire("preferences", "set", "Dr. Chen", str(file))[0] != 0
    assert "Traceback" not in wardwire.said
