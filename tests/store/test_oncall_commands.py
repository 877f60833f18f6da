"""Who is on call, from a terminal, as docs/howto/on-call.md has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.store.test_commands import Terminal

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "on-call.md"


@pytest.fixture
def wardwire(commands_site: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal on a site with two doctors."""
    monkeypatch.setenv("COLUMNS", "200")
    terminal = Terminal(capsys)
    for name in ("Dr. Chen", "Dr. Okafor"):
        assert terminal("people", "add", name)[0] == 0
    return terminal


def test_the_howto_is_followed_word_by_word(wardwire: Terminal, tmp_path: Path) -> None:
    """Its file is tried, set, shown and judged; a swap is agreed on, a calendar goes out and comes in."""
    found = re.search(r"Write `cardiology.toml`.*?:\n\n(.*?)\n\n    wardwire", HOWTO.read_text(), re.DOTALL)
    assert found is not None
    file = tmp_path / "cardiology.toml"
    file.write_text("\n".join(line.removeprefix("    ") for line in found[1].splitlines()))
    role = "Cardiology 1st"
    assert wardwire("role", "add", role)[0] != 0  # who answers when nobody holds it?
    assert wardwire("role", "add", role, "--fallback", "desk")[0] == 0
    assert wardwire("oncall", "set", role, str(file), "--dry-run")[0] == 0
    assert wardwire.json("oncall", "show", role, "--at", "2027-01-04T20:00:00")["final"][0]["person"] is None
    assert wardwire("oncall", "set", role, str(file))[0] == 0
    night = wardwire.json("oncall", "show", role, "--at", "2035-01-03T20:00:00")["final"][0]
    assert (night["rule"], night["source"].partition("/")[0]) == ("layer 1", "nights")
    status, out = wardwire("oncall", "quality", role, "--json")
    assert (status, '"disabled": []' in out) == (1, True)  # the days are one person's, every day: too much for her

    assert wardwire("oncall", "override", role, "Dr. Chen", "--hours", "2")[0] == 0
    first = wardwire.json("oncall", "show", role)["final"][0]
    assert (first["person"], first["rule"]) == ("Dr. Chen", "override")
    assert wardwire("oncall", "override", role, "Dr. Chen", "--from", "2020-01-01T00:00", "--hours", "2")[0] != 0
    assert "cannot begin in the past" in wardwire.said

    taker = "Dr. Okafor" if night["person"] == "Dr. Chen" else "Dr. Chen"
    (swap,) = wardwire.json("oncall", "swap", role, night["source"], "--to", taker)["swaps"]
    assert swap["state"] == "offered"
    (swap,) = wardwire.json("oncall", "swap", role, "--accept", swap["id"], "--by", taker)["swaps"]
    assert swap["state"] == "accepted"
    after = wardwire.json("oncall", "show", role, "--at", "2035-01-03T20:00:00")["final"][0]
    assert (after["person"], after["rule"]) == (taker, "swap")

    assert wardwire("oncall", "ical", role, "--address")[1].startswith("/v1/calendars/")
    calendar = wardwire("oncall", "ical", role)[1]
    assert "BEGIN:VEVENT" in calendar
    other = tmp_path / "other.ics"
    other.write_text(re.sub(r"SUMMARY:.*", "SUMMARY:Dr. Chen", calendar))
    taken = wardwire.json("oncall", "ical", role, "--import", str(other), "--dry-run")["shifts"]
    assert {one["person"] for one in taken} == {"Dr. Chen"}
    assert wardwire("oncall", "ical", role, "--import", str(other))[0] == 0
    assert wardwire.json("oncall", "ical", role, "--import", str(other))["shifts"] == []


def test_a_status_with_a_cover_from_a_terminal(wardwire: Terminal) -> None:
    """As the how-to has it; what is refused is a sentence that says what to do."""
    until = ["--until", "2035-12-04T11:30"]
    assert wardwire("people", "status", "Dr. Chen", "in_procedure", *until, "--cover", "Dr. Okafor")[0] == 0
    assert wardwire("people", "status", "Dr. Okafor", "busy", *until, "--cover", "Dr. Chen")[0] != 0
    assert "Dr. Okafor → Dr. Chen → Dr. Okafor" in wardwire.said
    assert wardwire("people", "status", "Dr. Okafor", "off")[0] != 0
    assert "say who covers" in wardwire.said.lower()
