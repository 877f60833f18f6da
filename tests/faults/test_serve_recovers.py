"""Whatever dies comes back: a part under the supervisor, the supervisor itself, and all of it at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.engines import wait_for
from tests.faults.site import PARTS, Served, served
from wardwire.ops.nats import NatsPair
from wardwire.ops.nats_throwaway import throwaway_nats
from wardwire.ops.postgres import Postgres, leftovers
from wardwire.ops.postgres_throwaway import throwaway_postgres
from wardwire.ops.probe import count_leaves, probe_nats
from wardwire.ops.process import started_at
from wardwire.ops.roles import run_apart


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    """One site for all tests that kill only a part of it."""
    with served() as site:
        site.start()
        site.until_ready()
        yield site


def execute(site: Served, statement: str) -> list[asyncpg.Record]:
    async def go() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(site.logins().database.owner)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    return run_apart(go())


def well(site: Served) -> bool:
    """Database, both NATS servers and all leaves answer, and every part lives."""
    try:
        execute(site, "SELECT 1")
    except (OSError, asyncpg.PostgresError):
        return False
    url = site.logins().nats.url
    core = int(url.rpartition(":")[2])
    monitor = int(_ports(site)["monitor"])
    alive = all(site.part(name) for name in PARTS)
    return alive and probe_nats("127.0.0.1", core) and count_leaves("127.0.0.1", monitor) == 4


def _ports(site: Served) -> dict[str, int]:
    import json

    ports: dict[str, int] = json.loads((site.home / "run" / "ports.json").read_text())
    return ports


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_is_started_again(running: Served, name: str) -> None:
    """kill -9 of any process: another takes its place, and the whole is well again."""
    before = running.part(name)
    assert before is not None

    os.kill(before, signal.SIGKILL)

    wait_for(lambda: running.part(name) not in (None, before), patience_s=20, what=f"another {name}")
    wait_for(lambda: well(running), patience_s=20, what="a site that is well")


def test_a_killed_database_keeps_what_was_committed(running: Served) -> None:
    """What was answered is there after the crash."""
    execute(running, "CREATE TABLE kept (n int)")
    execute(running, "INSERT INTO kept VALUES (1), (2)")
    before = running.part("postgres")
    assert before is not None

    os.kill(before, signal.SIGKILL)

    wait_for(lambda: running.part("postgres") not in (None, before), patience_s=20)
    wait_for(lambda: well(running), patience_s=20)
    assert [row["n"] for row in execute(running, "SELECT n FROM kept ORDER BY n")] == [1, 2]


def test_a_frozen_supervisor_blames_nobody(running: Served) -> None:
    """After a pause of the supervisor alone every part is still the same."""
    before = {name: running.part(name) for name in PARTS}

    os.kill(running.pid, signal.SIGSTOP)
    os.kill(running.pid, signal.SIGCONT)

    wait_for(lambda: well(running))
    assert {name: running.part(name) for name in PARTS} == before


def test_after_the_supervisor_was_killed_the_next_start_recovers() -> None:
    """The parts end by themselves or are ended; nothing of them disturbs the next start."""
    with served() as site:
        site.start()
        site.until_ready()
        execute(site, "CREATE TABLE kept AS SELECT 1 AS n")
        orphans = [pid for pid in map(site.part, PARTS) if pid is not None]

        site.kill()
        site.start()
        site.until_ready()

        site.gone(orphans)
        assert well(site)
        assert len(execute(site, "SELECT * FROM kept")) == 1


def test_after_everything_was_killed_the_next_start_recovers() -> None:
    """kill -9 of every process, the supervisor first; the pid files that stay are seen to be stale."""
    with served() as site:
        site.start()
        site.until_ready()
        pids = [pid for pid in map(site.part, PARTS) if pid is not None]
        site.kill()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

        site.start()
        site.until_ready()

        assert well(site)


def test_orphans_that_do_not_hear_are_ended_first() -> None:
    """A frozen orphan of a killed supervisor holds ports and data: it is thawed and ended first."""
    with served() as site:
        site.start()
        site.until_ready()
        orphans = [pid for pid in map(site.part, PARTS) if pid is not None]
        for pid in orphans:
            os.kill(pid, signal.SIGSTOP)
        site.kill()

        site.start()
        site.until_ready()

        site.gone(orphans)
        assert well(site)


def test_a_lock_file_with_a_strangers_pid_does_not_keep_the_database_down() -> None:
    """After a reboot the pid in postmaster.pid may belong to anybody, even to one of the same user."""
    with served() as site:
        site.start()
        site.until_ready()
        stranger = site.part("nats-edge")
        assert stranger is not None
        lock = (site.home / "postgres" / "postmaster.pid").read_text().splitlines()
        assert site.stop() == 0
        (site.home / "postgres" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lock[1:]]) + "\n")

        site.start()
        site.until_ready()

        assert well(site)


def test_a_polite_stop_leaves_nothing_behind() -> None:
    """SIGTERM: every part ends, the database with a checkpoint, and the exit status is 0."""
    with served() as site:
        site.start()
        site.until_ready()
        pids = [pid for pid in map(site.part, PARTS) if pid is not None]

        status = site.stop()

        assert status == 0
        site.gone(pids)
        assert "database system is shut down" in (site.home / "log" / "postgres.log").read_text()
        assert sorted(path.name for path in (site.home / "run").iterdir()) == ["ports.json", "serve.lock"]


@pytest.mark.needs_root
def test_as_root_nothing_but_the_supervisor_is_root(running: Served) -> None:
    """Engines and core processes run as the service's user, and every file of ours is its own."""
    for name in PARTS:
        assert Path(f"/proc/{running.part(name)}").stat().st_uid != 0, name
    owners = {path.stat().st_uid for path in running.home.rglob("*") if not path.is_symlink()}
    assert 0 not in owners


def test_a_database_that_is_still_there_is_ended_before_another_starts() -> None:
    """Where nobody told the orphan of its parent's death, pid and start time find it."""
    with throwaway_postgres() as first:
        orphan = first.pid
        said: list[str] = []
        second = Postgres(first.plan)
        second.start(said.append)
        try:
            second.wait_ready()
            assert said == [f"An earlier PostgreSQL (pid {orphan}) is still here: stopping it first."]
            assert first.poll() is not None
        finally:
            second.stop()


def test_children_of_a_killed_database_do_not_hold_its_data() -> None:
    """A backend may outlive a killed postmaster for a moment; the next start waits for none."""
    with throwaway_postgres() as server:
        children = [pid for pid in leftovers(server.data) if pid != server.pid]
        os.kill(children[0], signal.SIGSTOP)  # this one will not notice by itself
        server.kill()

        server.start()
        server.wait_ready()

        wait_for(lambda: started_at(children[0]) is None, what="the end of the frozen child")


def test_a_nats_server_that_is_still_there_is_ended_before_another_starts() -> None:
    """The same for NATS."""
    with throwaway_nats() as pair:
        orphan = pair.core.pid
        said: list[str] = []
        second = NatsPair(pair.plan).core
        second.start(said.append)
        try:
            second.wait_ready()
            assert said == [f"An earlier server nats-core (pid {orphan}) is still here: stopping it first."]
        finally:
            second.stop()
