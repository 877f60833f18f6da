"""The tools of the fault tests do to real programs what they say, and clean up after themselves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from wardwire.ops.account import drop_account, hand_over
from wardwire.testing import processes
from wardwire.testing.disk import SmallDisk
from wardwire.testing.node import Origin, PostgresNode
from wardwire.testing.pair import PostgresPair
from wardwire.testing.proxy import TcpProxy
from wardwire.testing.wallclock import WallClock, find_libfaketime

TELL_TIME = """
import sys, time
for _ in sys.stdin:
    print(time.time(), time.monotonic(), flush=True)
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[bytes]]:
    """A process with a child that has left its process group, as PostgreSQL's children do."""
    script = "setsid sleep 60 & sleep 60"
    process = subprocess.Popen(["sh", "-c", script])
    yield process
    processes.kill(process.pid)
    process.wait()


async def test_a_whole_tree_is_frozen_thawed_and_killed(parent: subprocess.Popen[bytes]) -> None:
    """Children that left the group are reached too."""
    await processes.wait_until(lambda: len(processes.tree(parent.pid)) == 3, within_s=30, what="two children")
    pids = processes.tree(parent.pid)
    processes.freeze(parent.pid)
    await processes.wait_until(lambda: all(_state(pid) == "T" for pid in pids), within_s=30, what="frozen")
    processes.thaw(parent.pid)
    assert all(_state(pid) != "T" for pid in pids)
    processes.kill(parent.pid)
    assert parent.wait() == -signal.SIGKILL
    await processes.wait_until(lambda: not any(processes.command_line(p) for p in pids), within_s=30, what="gone")
    assert processes.tree(parent.pid) == []


async def test_waiting_says_what_did_not_come() -> None:
    """The error of a wait names what was awaited."""
    with pytest.raises(TimeoutError, match="spring"):
        await processes.wait_until(lambda: False, within_s=0.05, what="spring")


@contextlib.asynccontextmanager
async def echo_server() -> AsyncIterator[int]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_the_proxy_is_slow_silent_and_cut() -> None:
    """Latency is added both ways; silence passes later what it held back; a cut is seen at once."""
    async with echo_server() as port, TcpProxy("127.0.0.1", port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        proxy.latency_s = 0.05
        began = time.monotonic()
        writer.write(b"one\n")
        assert await reader.readline() == b"one\n"
        assert time.monotonic() - began >= 0.1
        proxy.silence(down=False)
        writer.write(b"two\n")
        waiting = asyncio.ensure_future(reader.readline())
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
        proxy.heal()
        assert await waiting == b"two\n"
        await proxy.cut()
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.restore()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"three\n")
        assert await reader.readline() == b"three\n"
        writer.close()


@pytest.mark.needs_faketime
def test_the_wall_clock_is_moved_and_the_monotonic_is_not(tmp_path: Path) -> None:
    """A running program sees the step within two seconds, in its wall clock only."""
    library = find_libfaketime()
    assert library is not None
    clock = WallClock(tmp_path / "clock", library)
    child = subprocess.Popen(
        [sys.executable, "-c", TELL_TIME],
        env={**os.environ, **clock.environment()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None

    def offset() -> float:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n")
        child.stdin.flush()
        wall, monotonic = map(float, child.stdout.readline().split())
        assert abs(monotonic - time.monotonic()) < 1
        return wall - time.time()

    try:
        assert abs(offset()) < 1
        for step_s in (3600.0, -3600.0):
            clock.step(step_s)
            ends = time.monotonic() + 5
            while abs(offset() - step_s) > 1:
                assert time.monotonic() < ends, f"the step of {step_s} s was not seen"
    finally:
        child.kill()
        child.wait()


@pytest.mark.needs_mounts
def test_a_small_disk_is_full_when_it_is_filled(tmp_path: Path) -> None:
    """What is written beyond its size fails with *no space left*."""
    with SmallDisk(tmp_path, 4) as disk:
        assert disk.free_bytes() <= 4 << 20
        disk.fill(leave_bytes=1 << 20)
        assert abs(disk.free_bytes() - (1 << 20)) < 64 << 10
        disk.fill()
        wrote = subprocess.run([*disk.prefix, "sh", "-c", f"cat /etc/passwd > {disk.data}/file"], capture_output=True)
        assert b"No space left" in wrote.stderr
        disk.release()
        assert disk.free_bytes() > 3 << 20
    assert not (tmp_path / "data").exists()


@pytest.mark.needs_mounts
async def test_postgres_runs_on_a_small_disk(engine_folder: Path) -> None:
    """A full disk stops writes; with room again it starts and has what it acknowledged."""
    place = engine_folder / "disk"
    place.mkdir()
    with SmallDisk(place, 160) as disk:
        hand_over(disk.data, drop_account())
        node = PostgresNode(Origin.find(engine_folder), "small", data=disk.data / "pg", prefix=disk.prefix)
        node.initdb()
        await node.start()
        try:
            await node.query("SELECT 1")
            disk.fill(leave_bytes=256 << 10)
            connection = await node.connect()
            kept = 0
            with contextlib.suppress(Exception):
                await connection.execute("CREATE TABLE t (a int, b text)")
                while True:
                    await connection.execute("INSERT INTO t SELECT $1, repeat('x', 100000)", kept + 1)
                    kept += 1
                    assert kept < 10000
            connection.terminate()
            disk.release()
            if not node.running:
                await node.start()
            await node.wait_ready()
            there = await node.query("SELECT to_regclass('t') IS NOT NULL")
            assert (await node.query("SELECT count(*) FROM t") if there else 0) >= kept
        finally:
            node.kill()


async def test_a_pair_is_promoted_and_joined_again(tmp_path: Path) -> None:
    """A commit that the standby confirmed is there after promotion; the old primary comes back behind it."""
    async with PostgresPair.running() as pair:
        first = pair.primary
        await pair.primary.query("CREATE TABLE t AS SELECT 1 AS a")
        pair.lose_primary()
        await pair.promote()
        assert pair.primary is not first
        assert await pair.primary.query("SELECT a FROM t") == 1
        await pair.rejoin()
        assert await pair.standby.query("SELECT pg_is_in_recovery()")
        pids = [pid for node in pair.nodes for pid in processes.tree(node.pid)]
        folder = pair.origin.folder
    assert not any("postgres" in processes.command_line(pid) for pid in pids)
    assert not folder.exists()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
