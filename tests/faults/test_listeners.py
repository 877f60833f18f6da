"""A listener that cannot be opened: `serve` does not start with it, and a process that restarts goes on without."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.engines import REPOSITORY, wait_for
from tests.faults.site import WHOLE, Served, served
from wardwire.ops.ports import free_port
from wardwire.ops.roles import run_apart

GOOD = '[[rules]]\nname = "all"\n'
BROKEN = '[[rules]]\nnmae = "all"\n'


@pytest.fixture
def table(engine_folder: Path) -> Path:
    """A mapping table that the processes can read."""
    path = engine_folder / "mapping.toml"
    path.write_text(GOOD)
    path.chmod(0o644)
    return path


def adapters(site: Served) -> list[dict[str, Any]]:
    """What `wardwire adapters list --json` says."""
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}"}
    command = [sys.executable, "-m", "wardwire", "adapters", "list", "--json", *site.flags]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=REPOSITORY)
    found: list[dict[str, Any]] = json.loads(ran.stdout)["adapters"]
    return found


def states(site: Served) -> dict[str, str]:
    """The state of each listener."""
    return {door["name"]: door["state"] for door in adapters(site)}


def open_alarms(site: Served) -> list[str]:
    """Whom the alarms are about that are open."""

    async def read() -> list[str]:
        connection = await asyncpg.connect(site.logins().database.owner)
        try:
            rows = await connection.fetch(
                "SELECT subject FROM wardwire.alarms WHERE cleared_at IS NULL AND kind = 'adapter_shut'"
            )
            return [row["subject"] for row in rows]
        finally:
            await connection.close()

    return run_apart(read())


def answers(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_restart_with_a_broken_table_leaves_the_rest_running_until_it_is_mended(table: Path) -> None:
    """REST goes on, the other listener too; the desk is told, and it opens by itself."""
    first, second, ops = free_port(), free_port(), free_port()
    sets = (
        f"hl7.listen=127.0.0.1:{first}",
        f"hl7.table={table}",
        f"hl7.also.laboratory.listen=127.0.0.1:{second}",
        f"ops.listen=127.0.0.1:{ops}",
    )
    with served(*sets, program=WHOLE) as site:
        site.start()
        site.until_ready()
        assert states(site) == {"hl7": "open", "hl7-laboratory": "open"}

        table.write_text(BROKEN)
        before = site.part("api")
        assert before is not None
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: states(site).get("hl7") == "shut", patience_s=60, what="the listener that is shut")

        assert states(site) == {"hl7": "shut", "hl7-laboratory": "open"}
        assert answers(site.api)
        assert not answers(first)
        assert answers(second)
        shut = next(door for door in adapters(site) if door["name"] == "hl7")
        assert "mapping.toml cannot be used" in shut["why"]
        wait_for(lambda: [subject[:6] for subject in open_alarms(site)] == ["hl7 on"], what="the alarm at the desk")
        restarted = site.part("api")

        table.write_text(GOOD)
        wait_for(lambda: answers(first), patience_s=40, what="the listener that is open again")
        wait_for(lambda: open_alarms(site) == [], what="the end of the alarm")
        assert site.part("api") == restarted


def test_serve_does_not_start_with_a_broken_table_or_a_busy_address(table: Path) -> None:
    """Said in a sentence, before anything runs."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with served(f"hl7.also.laboratory.listen={address}") as site:
            site.start()
            assert site.until_ended() == 1
            assert f"The listener hl7-laboratory wants {address}, which is in use by another program" in site.words
            assert "hl7.also.laboratory.listen" in site.words
    table.write_text(BROKEN)
    with served("hl7.listen=127.0.0.1:1", f"hl7.table={table}") as site:
        site.start()
        assert site.until_ended() == 1
        assert "hl7: The mapping table" in site.words
        assert "wardwire hl7 try" in site.words
