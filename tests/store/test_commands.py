"""The commands about people, on a real database: what they print, and how they end."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.engines import REPOSITORY, FreshDatabase
from tests.ward import reading
from wardwire.cli.main import main
from wardwire.engine.auditor import Report
from wardwire.model.anchor import Anchored, write_line
from wardwire.ops.engines import REPORT_KEY
from wardwire.store.conservation import SignedReport, keep_report


class Terminal:
    """Runs commands and keeps what they say."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.said = ""

    def __call__(self, *words: str) -> tuple[int, str]:
        """Run; returns the exit status and what came on stdout."""
        self._capsys.readouterr()
        status = main(words)
        out, self.said = self._capsys.readouterr()
        return status, out.strip()

    def json(self, *words: str) -> Any:
        """Run with --json; returns the object."""
        status, out = self(*words, "--json")
        assert status == 0, self.said
        return json.loads(out)


@pytest.fixture
def wardwire(
    commands_site: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Terminal:
    """A terminal on the site of this test."""
    monkeypatch.setenv("COLUMNS", "200")
    return Terminal(capsys)


def test_a_ward_is_entered_and_listed_from_a_terminal(wardwire: Terminal) -> None:
    """People, groups, roles and keys: each command ends with 0 and says what it made."""
    status, anna = wardwire("people", "add", "Anna", "--title", "day nurse", "--email", "anna@ward.example")
    assert (status, anna[:4]) == (0, "per_")
    chen = wardwire.json("people", "add", "Dr. Chen", "--scope", "messages:code")["id"]
    assert wardwire("group", "add", "Ward 3", "--member", "Anna", "--member", chen)[0] == 0
    assert wardwire("role", "add", "Cardiology 1st", "--fallback", "anna")[0] == 0
    assert wardwire("role", "shift", "Cardiology 1st", "Dr. Chen", "--hours", "8")[0] == 0
    assert wardwire("people", "status", "Anna", "busy")[0] == 0
    status, key = wardwire("key", "add", "lab", "--scope", "messages:send")
    assert (status, key[:8]) == (0, "ww_live_")

    (one, other) = wardwire.json("people", "list")["people"]
    assert (one["name"], one["status"], one["endpoints"][0]["address"]) == ("Anna", "busy", "anna@ward.example")
    assert other["scopes"] == ["messages:code"]
    assert wardwire.json("role", "list")["roles"][0]["holder"] == "Dr. Chen"
    assert [m["name"] for m in wardwire.json("group", "show", "ward 3")["members"]] == ["Anna", "Dr. Chen"]
    (listed,) = wardwire.json("key", "list")["keys"]
    assert wardwire("key", "revoke", listed["id"])[0] == 0
    assert wardwire.json("key", "list")["keys"][0]["revoked"]
    assert "Cardiology 1st" in wardwire("role", "list")[1]
    assert len(wardwire.json("people", "code", "Anna")["code"]) >= 8


def test_what_is_known_of_a_person_is_entered_shown_and_changed(wardwire: Terminal) -> None:
    """Whoever leaves is disabled, and still there."""
    options = ("--given", "Mei", "--department", "Cardiology", "--phone", "4711", "--id", "hr:17")
    liu = wardwire.json("people", "add", "Dr. Liu", *options)["id"]
    assert wardwire("people", "add", "Mallory", "--id", "hr:17")[0] == 1
    assert "Somebody else has this id there" in wardwire.said
    assert wardwire("people", "add", "Mallory", "--id", "17")[0] == 2
    assert wardwire("people", "edit", "Dr. Liu", "--phone", "4712", "--phone", "5", "--preferred", "May")[0] == 0
    shown = wardwire.json("people", "show", "Dr. Liu")
    assert (shown["given"], shown["preferred"], shown["departments"]) == ("Mei", "May", ["Cardiology"])
    assert (shown["phones"], shown["external_ids"]) == (["4712", "5"], {"hr": "17"})
    assert "4712, 5" in wardwire("people", "show", "Dr. Liu")[1]
    assert wardwire("people", "disable", "Dr. Liu")[0] == 0
    assert wardwire.json("people", "show", liu)["disabled"]


def test_an_endpoint_is_added_with_its_rules_and_changed(wardwire: Terminal) -> None:
    """Each rule is said in words, and so is that nothing can ring the pager yet."""
    wardwire("people", "add", "Anna")
    night = "mon-fri 22:00-07:00 Europe/Berlin"
    status, said = wardwire("endpoint", "add", "Anna", "pager", "wctp:8812", "--emergency-only", "--quiet", night)
    assert (status, "no channel serves it yet" in said, "for code and high alone" in said) == (0, True, True)
    (shown,) = wardwire.json("endpoint", "list", "Anna")["endpoints"]
    assert (shown["quiet"], shown["served"]) == (["mon,tue,wed,thu,fri 22:00-07:00 Europe/Berlin"], False)
    changed = wardwire.json("endpoint", "change", shown["id"], "--always", "--quiet", "", "--verified")
    assert (changed["emergency_only"], changed["quiet"], changed["verified_at"] is None) == (False, [], False)
    assert wardwire("endpoint", "change", shown["id"], "--until", "2020-01-01T00:00")[0] == 1
    assert "This instant has passed already" in wardwire.said


def test_what_is_typed_is_found_from_a_terminal(wardwire: Terminal) -> None:
    """In the order of every other door, with who answers now."""
    wardwire("people", "add", "Dr. Chen", "--title", "cardiologist", "--phone", "4711")
    wardwire("people", "add", "Anna")
    wardwire("role", "add", "Cardiology 1st", "--fallback", "Dr. Chen")
    assert [one["name"] for one in wardwire.json("search", "cardio")["data"]] == ["Cardiology 1st", "Dr. Chen"]
    assert [one["name"] for one in wardwire.json("search", "tschen")["data"]] == ["Dr. Chen"]
    assert [one["name"] for one in wardwire.json("search", "4711", "--kind", "person")["data"]] == ["Dr. Chen"]
    assert "Dr. Chen (none)" in wardwire("search", "cardiology", "1st")[1]
    assert wardwire("search", "zz")[1] == "Nothing is like it."
    assert wardwire("search", "--", "--")[0] == 1


def test_the_howto_of_the_directory_works_as_it_is_written(wardwire: Terminal) -> None:
    """Each command of it, in its order."""
    text = (REPOSITORY / "docs" / "howto" / "directory.md").read_text().replace("\\\n", "")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 12
    for line in lines:
        command, *words = shlex.split(line)
        assert (command, wardwire(*words)[0]) == ("wardwire", 0), f"{line}: {wardwire.said}"
    assert [one["name"] for one in wardwire.json("group", "show", "Heart team")["members"]] == ["Dr. Chen"]


def test_places_are_listed_as_a_tree(wardwire: Terminal) -> None:
    """A site with its zone, and below it what stands in it."""
    assert wardwire("place", "add", "unit", "4 West")[0] == 0
    assert wardwire("place", "add", "bed", "4W-12", "--in", "unit:4 West")[0] == 0
    assert wardwire("place", "add", "site", "North", "--zone", "Europe/Berlin")[0] == 0
    assert wardwire("place", "add", "building", "House C", "--in", "site:North")[0] == 0
    assert wardwire("place", "change", "unit:4 West", "--in", "building:House C")[0] == 0
    listed = wardwire.json("place", "list", "--in", "site:North")["places"]
    assert [one["name"] for one in listed] == ["North", "House C", "4 West", "4W-12"]
    assert {one["zone"] for one in listed} == {"Europe/Berlin"}


def test_what_cannot_be_done_is_a_sentence_and_a_status(wardwire: Terminal) -> None:
    """No traceback; with --json the code stands on stdout."""
    wardwire("people", "add", "Anna")
    wardwire("people", "add", "Anna")
    assert wardwire("group", "add", "Ward 3", "--member", "Anna")[0] == 1
    assert "Candidates: per_" in wardwire.said
    assert wardwire("people", "change", "Nobody", "--disable")[0] == 1
    assert "There is no person 'Nobody'" in wardwire.said
    status, out = wardwire("people", "add", "person:x", "--json")
    assert (status, json.loads(out)["error"]["code"]) == (1, "invalid")
    assert wardwire("trace", "msg_" + "0" * 32)[0] == 1
    assert "Traceback" not in wardwire.said


def test_the_audit_ends_with_what_it_found(wardwire: Terminal, tmp_path: Path) -> None:
    """0 when all is as it was written, 1 when not, 2 when it cannot be asked so."""
    wardwire("people", "add", "Anna")
    verdict = wardwire.json("audit", "verify")
    assert (verdict["good"], verdict["facts"], verdict["chains"]) == (True, 2, 1)
    anchor = tmp_path / "heads-20261124.txt"
    gone = Anchored(datetime(2026, 11, 24, tzinfo=UTC), UUID(int=7), 42, bytes(32))
    anchor.write_text(write_line(gone))
    status, out = wardwire("audit", "verify", "--anchor", str(tmp_path))
    assert status == 1
    assert "NOT as it was written" in out
    anchor.write_text("nonsense\n\n" + write_line(gone))
    assert wardwire("audit", "verify", "--anchor", str(anchor))[0] == 2


def test_the_auditors_reports_are_shown_and_checked(
    wardwire: Terminal, tmp_path: Path, fresh_database: FreshDatabase
) -> None:
    """0 when the law held and they are as they were signed, 1 when not, 2 when there is none or no key."""
    assert wardwire("audit", "report")[0] == 2
    key = Ed25519PrivateKey.generate()
    day = date(2026, 11, 24)
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    terms = {"stored": 2, "delivered": 1, "ended": 0, "armed": 1, "lost": 0}
    report = Report(day, at, at, at, "core-1", True, {"4 West": terms}, dict.fromkeys(terms, 0), [])
    content = msgspec.json.encode(report)

    def keep(content: bytes, signature: bytes) -> None:
        async def run() -> None:
            async with reading(fresh_database.logins.sealer) as sealer:
                await keep_report(sealer, SignedReport(day, "core-1", content, signature, at))

        asyncio.run(run())

    keep(content, key.sign(content))
    assert wardwire("audit", "report", "--verify", "--data", str(tmp_path))[0] == 2
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / REPORT_KEY).write_bytes(key.private_bytes_raw())
    check = ("audit", "report", "--verify", "--data", str(tmp_path))
    (told,) = wardwire.json(*check, "--day", "2026-11-24")["reports"]
    assert (told["signed"], told["report"]["units"]) == (True, {"4 West": terms})
    assert wardwire("audit", "report", "--day", "2026-11-25")[0] == 2
    assert wardwire("audit", "report", "--day", "yesterday")[0] == 2

    keep(content.replace(b'"armed":1', b'"armed":9'), key.sign(content))
    assert wardwire("audit", "report")[0] == 0
    status, out = wardwire(*check)
    assert (status, "NOT as it was signed" in out) == (1, True)
    broken = msgspec.json.encode(msgspec.structs.replace(report, holds=False, difference=["msg_1"]))
    keep(broken, key.sign(broken))
    status, out = wardwire(*check)
    assert (status, "msg_1" in out) == (1, True)
