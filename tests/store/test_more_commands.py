"""Statuses, badges, a role's people, and tests of endpoints from a terminal: tables, JSON, remedies, statuses."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.test_contract import served
from tests.store.test_commands import Terminal
from tests.stories.test_nobody_answers import stored_of
from tests.stories.test_rest import Door, opened
from wardwire.api.app import make_api
from wardwire.cli.main import main
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.rights import DIRECTORY, READ, SEND
from wardwire.ops.engines import SITE_KEY
from wardwire.testing.ward import Ward


@pytest.fixture
def wardwire(commands_site: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal on a site with three people and a role."""
    monkeypatch.setenv("COLUMNS", "200")
    terminal = Terminal(capsys)
    for name in ("Dr. Chen", "Dr. Okafor", "Eva"):
        assert terminal("people", "add", name)[0] == 0
    assert terminal("role", "add", "Cardiology 1st", "--fallback", "desk")[0] == 0
    return terminal


def test_what_a_status_means_is_listed_set_and_usual_again(wardwire: Terminal) -> None:
    """Each with what rings and what goes to the cover; `code` rings, whatever is said; an unknown word is a usage."""
    status, out = wardwire("statuses", "list")
    assert (status, out.splitlines()[0].split()[:2]) == (0, ["status", "rings"])
    assert len(wardwire.json("statuses", "list")["statuses"]) == 5
    words = ("statuses", "set", "busy", "--rings", "high", "--covered", "medium", "--covered", "low")
    (told,) = wardwire.json(*words)["statuses"]
    assert (told["rings"], told["covered"], told["usual"]) == (["code", "high"], ["medium", "low"], False)
    (line,) = [one for one in wardwire("statuses", "list")[1].splitlines() if one.split()[:1] == ["busy"]]
    assert line.split() == ["busy", "code", "high", "medium", "low", "set", "here"]
    assert wardwire("statuses", "set", "busy", "--usual")[1].split()[-1] == "usual"
    assert wardwire("statuses", "set", "asleep", "--rings", "code")[0] == 2
    assert "asleep" in wardwire.said


def test_who_may_do_what_with_a_schedule_is_named_and_shown(wardwire: Terminal) -> None:
    """What is not named stays; '' is nobody; a name that nobody bears is refused with what to do."""
    role = "Cardiology 1st"
    status, out = wardwire("oncall", "people", role, "--owner", "Eva", "--monitor", "Dr. Okafor")
    lines = [line.split(maxsplit=1) for line in out.splitlines()[1:]]
    rows = [[what, who.strip()] for what, who in (line for line in lines if len(line) == 2)]
    assert (status, rows) == (0, [["owners", "Eva"], ["monitors", "Dr. Okafor"]])
    told = wardwire.json("oncall", "people", role, "--swapper", "Dr. Chen")
    assert {name: len(people) for name, people in told.items() if name != "schema_version"} == {
        "owners": 1, "swappers": 1, "viewers": 0, "monitors": 1,
    }  # fmt: skip
    assert wardwire.json("oncall", "people", role, "--monitor", "")["monitors"] == []
    assert wardwire("oncall", "people", role, "--owner", "Mallory")[0] == 1
    assert "Mallory" in wardwire.said
    assert len(wardwire.json("oncall", "people", role)["owners"]) == 1, "nothing half done"
    assert wardwire("oncall", "people", "Neurology", "--owner", "Eva")[0] == 1


def at_a_terminal(*words: str, typed: str = "", at: str = "Badge: ", until: str = "") -> tuple[int, str]:
    """Run a command of its own process on a terminal; type something `at` a word of it, Ctrl-C when `until` is seen.

    Returns its status and what was seen.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "wardwire", *words])
    seen, answered, over = b"", False, False
    while select.select([terminal], [], [], 60)[0] and (more := _read(terminal)):
        seen += more
        if typed and at.encode() in seen and not answered:
            answered = True
            os.write(terminal, f"{typed}\n".encode())
        if until and until.encode() in seen and not over:
            over = True
            os.write(terminal, b"\x03")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # whoever was at the other end has gone
        return b""


def test_a_badge_is_read_without_being_shown(wardwire: Terminal, tmp_path: Path) -> None:
    """From a prompt, which shows nothing of it, and from a pipe; a number that is none is refused."""
    here = ("--data", str(tmp_path))
    assert at_a_terminal("badge", "set", "Eva", *here, typed="04A22B91")[0] == 3
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / SITE_KEY).write_bytes(bytes(range(32)))
    status, seen = at_a_terminal("badge", "set", "Eva", *here, typed="04A22B91")
    assert (status, "Eva has this badge." in seen, "04A22B91" in seen) == (0, True, False), seen
    piped = subprocess.run(
        [sys.executable, "-m", "wardwire", "badge", "set", "Dr. Chen", "--json", *here], input="04A22B92\n",
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(piped.stdout)["person"].startswith("per_")
    assert wardwire("badge", "remove", "Eva") == (0, "Eva has no badge.")
    assert wardwire("badge", "remove", "Mallory")[0] == 1
    assert "Mallory" in wardwire.said


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


@pytest.fixture
async def ward(database_url: str) -> AsyncIterator[Ward]:
    """A fresh ward."""
    async with Ward(database_url) as ward:
        yield ward


async def test_a_test_of_an_endpoint_is_looked_on(
    door: Door, tmp_path: Path, capsys: pytest.CaptureFixture[str], commands_site: None
) -> None:
    """Each hop as it happens, or the whole story as JSON; not confirmed is the status 1, nobody there 3."""
    ward = door.ward
    file = tmp_path / "eva.key"
    file.write_text(await door.key("eva", DIRECTORY, READ, SEND))
    async with served(make_api(door.deps)) as address:
        options = ["--key-file", str(file), "--url", address]
        words = ["endpoint", "test", ward.anna.wire, "app", *options, "--id", "t1"]
        capsys.readouterr()
        looking = asyncio.create_task(asyncio.to_thread(main, words))
        await ward.first_event(ward.anna)
        message = ward.told[ward.anna.id][-1].message_id
        stored = (await door.get(file.read_text(), f"/v1/messages/{ids.write_id(ids.MESSAGE, message)}")).json()
        assert stored["kind"] == "test"
        await ward.say(ward.anna, stored_of(message), Event.CONFIRMED)
        await ward.say(ward.anna, stored_of(message), Event.SEEN)
        assert await looking == 0
        told = capsys.readouterr().out.splitlines()
        assert all(re.match(r" *[0-9.]+ s  \S", line) for line in told), told
        assert await asyncio.to_thread(main, [*words, "--json"]) == 0
        hops = json.loads(capsys.readouterr().out)["hops"]
        assert {hop["what"] for hop in hops} == {"Stored", "Delivered", "Read"}
        silent = ["endpoint", "test", ward.ben.wire, "app", *options, "--wait", "0"]
        assert await asyncio.to_thread(main, silent) == 1
        wrong = ["endpoint", "test", ward.ben.wire, "ept_" + "0" * 31 + "1", *options, "--wait", "0"]
        assert await asyncio.to_thread(main, wrong) == 1
        assert "Traceback" not in capsys.readouterr().err
    assert await asyncio.to_thread(main, silent) == 3
    assert address.removeprefix("http://") in capsys.readouterr().err
