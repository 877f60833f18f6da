"""Is nothing acknowledged ever lost, when the primary of a synchronous pair dies under load? (ADR 0004)

Two core processes send without pause. The standby is frozen: commits wait, senders run out of patience and
repeat; meanwhile somebody cancels waits, as administrators and timeouts do. Then both machines are lost, the
standby comes back as the primary, and everybody repeats what he does not know. In the end the checker judges.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import asyncpg
import msgspec

from tests.faults.ground import Mutant, dump_ground, make_schema
from tests.faults.scenarios import Case, Figures, Finding, scenario
from tests.faults.writer import Orders
from wardwire.ops.process import spawn
from wardwire.testing import processes
from wardwire.testing.checker import judge
from wardwire.testing.history import Died, Outcome, Record, Recorder, longest_gap_s, operations, read_history
from wardwire.testing.pair import PostgresPair
from wardwire.testing.verdict import Invariant

CORES = ("left", "right")
SENDERS = 8
ROOT = Path(__file__).parents[2]

_CANCEL = (
    "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity"
    " WHERE wait_event = 'SyncRep' AND pid <> pg_backend_pid()"
)


@scenario("failover")
async def failover(case: Case) -> Finding:
    """The primary is lost while its standby is frozen; the standby is promoted."""
    return await lose_the_primary(case, Mutant.NONE)


@scenario("failover, mutant: asynchronous commit", caught_by=Invariant.NO_ACKED_LOSS)
async def failover_async_commit(case: Case) -> Finding:
    """As *failover*, with a build that answers before the standby has it."""
    return await lose_the_primary(case, Mutant.ASYNC_COMMIT)


@scenario("failover, mutant: ON CONFLICT DO NOTHING", caught_by=Invariant.NO_ACKED_LOSS)
async def failover_do_nothing(case: Case) -> Finding:
    """As *failover*, with a build that answers a repeat by what it finds."""
    return await lose_the_primary(case, Mutant.DO_NOTHING)


@scenario("failover, mutant: deaf to the warning", caught_by=Invariant.NO_ACKED_LOSS)
async def failover_deaf(case: Case) -> Finding:
    """As *failover*, with a build that takes a cancelled wait for a commit."""
    return await lose_the_primary(case, Mutant.DEAF)


@scenario("failover, there and back")
async def failover_and_back(case: Case) -> Finding:
    """The lost primary is wound back and joins as standby; then the other machine is lost too."""
    async with under_load(case, Mutant.NONE) as load:
        for time_round in ("first", "second"):
            await load.lose(f"{time_round} ")
            await load.flows_again()
            await load.pair.rejoin()
            await load.flows_again()
        return await load.judge()


@scenario("failover, a core killed too")
async def failover_and_core_killed(case: Case) -> Finding:
    """One core process is killed at the same time as the primary; its next life settles what it left."""
    async with under_load(case, Mutant.NONE) as load:
        load.kill_core(CORES[case.plan.count("core killed", 0, 1)])
        await load.lose()
        load.start_cores()
        await load.flows_again()
        return await load.judge()


@scenario("old primary returns")
async def old_primary_returns(case: Case) -> Finding:
    """The primary hangs, the standby is promoted, and then the old one wakes and takes writes again."""
    return await wake_the_old_primary(case, Mutant.NONE)


@scenario("old primary returns, mutant: no epoch", caught_by=Invariant.NO_ACKED_LOSS)
async def old_primary_returns_no_epoch(case: Case) -> Finding:
    """As *old primary returns*, with a build that takes whichever primary it finds first."""
    return await wake_the_old_primary(case, Mutant.NO_EPOCH)


async def lose_the_primary(case: Case, mutant: Mutant) -> Finding:
    """Run the story of this module once."""
    async with under_load(case, mutant) as load:
        await load.lose()
        await load.flows_again()
        return await load.judge()


async def wake_the_old_primary(case: Case, mutant: Mutant) -> Finding:
    """Promote beside a hung primary, let it wake with nobody to wait for, and make every core connect anew."""
    async with under_load(case, mutant) as load:
        pair = load.pair
        await asyncio.sleep(case.plan.between("hung after_s", 0.3, 1.0))
        old = pair.primary
        old.freeze()
        await pair.promote()
        await load.flows_again()
        pair.write_settings(old, "")  # somebody tells it to go on without its standby
        old.thaw()
        await old.query("SELECT pg_reload_conf()")
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            await pair.primary.query(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        await asyncio.sleep(case.plan.between("both alive_s", 0.5, 1.5))
        await load.stop_cores()
        return await load.judge()


class Load:
    """Two core processes sending to a pair, and what they wrote down."""

    def __init__(self, case: Case, pair: PostgresPair, mutant: Mutant) -> None:
        self.case = case
        self.pair = pair
        self.mutant = mutant
        self._lives = dict.fromkeys(CORES, 0)
        self._cores: dict[str, subprocess.Popen[bytes]] = {}
        self._cancelled = 0

    def start_cores(self) -> None:
        """Start each core that does not run; a new life settles what the last one left."""
        for name in CORES:
            if name in self._cores and self._cores[name].poll() is None:
                continue
            self._lives[name] += 1
            orders = Orders(
                name=name,
                dsn=self.pair.dsn(),
                folder=str(self.case.folder),
                life=self._lives[name],
                senders=SENDERS,
                mutant=self.mutant,
            )
            self._cores[name] = spawn(
                [sys.executable, "-m", "tests.faults.writer", msgspec.json.encode(orders).decode()],
                account=None,
                log=self.case.folder / f"{name}.log",
                death_signal=signal.SIGKILL,
                folder=ROOT,
            )

    def kill_core(self, name: str) -> None:
        """Kill one core process, and write down that its senders died."""
        self._cores[name].kill()
        self._cores[name].wait()
        with Recorder(self.case.folder / f"died-{name}-{self._lives[name]}.jsonl") as recorder:
            for number in range(SENDERS):
                recorder.write(Died(client=f"{name}/{number}#{self._lives[name]}"))

    async def lose(self, which: str = "") -> None:
        """Freeze the standby, cancel waits, lose both machines, promote the standby."""
        plan = self.case.plan
        await asyncio.sleep(plan.between(f"{which}frozen after_s", 0.3, 1.0))
        self.pair.freeze_replication()
        canceller = asyncio.create_task(self._cancel_waits(plan.between(f"{which}cancel every_s", 0.03, 0.2)))
        await asyncio.sleep(plan.between(f"{which}lost after_s", 0.6, 2.6))
        canceller.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await canceller
        self.pair.lose_primary()
        await self.pair.promote()

    async def _cancel_waits(self, every_s: float) -> None:
        connection = await self.pair.primary.connect()
        try:
            while True:
                self._cancelled += await connection.fetchval(_CANCEL)
                await asyncio.sleep(every_s)
        finally:
            connection.terminate()

    async def flows_again(self) -> None:
        """Wait until every sender had something acknowledged that it began after now."""
        now = time.monotonic()
        senders = {f"{name}/{number}" for name in CORES for number in range(SENDERS)}

        def all_answered() -> bool:
            answered = (o for o in operations(self.history()) if o.outcome is Outcome.OK and o.t_inv > now)
            return senders <= {o.source for o in answered}

        await processes.wait_until(all_answered, within_s=40, what="every sender is answered again", every_s=0.2)

    def history(self) -> list[Record]:
        """Read everything written down so far."""
        return read_history(self.case.folder.glob("*.jsonl"))

    async def stop_cores(self) -> None:
        """Let every core settle what it began, and end.

        Raises:
            RuntimeError: One of them ended badly; its log is in the folder of the case.
        """
        for core in self._cores.values():
            core.send_signal(signal.SIGTERM)
        for name, core in self._cores.items():
            await processes.wait_until(partial(_ended, core), within_s=40, what=f"{name} settles")
            if core.returncode != 0:
                raise RuntimeError(f"core {name} ended with {core.returncode}: see {self.case.folder}/{name}.log")

    def end(self) -> None:
        """Kill what still runs."""
        for core in self._cores.values():
            core.kill()
            core.wait()

    async def judge(self) -> Finding:
        """Stop, read the primary's rows, and let the checker judge."""
        await self.stop_cores()
        connection = await self.pair.primary.connect()
        try:
            dump = await dump_ground(connection)
        finally:
            await connection.close()
        history = self.history()
        verdict = judge(history, dump)
        figures: Figures = {
            "acknowledged": verdict.acknowledged,
            "unknown": verdict.unknown,
            "unknown_kept": verdict.unknown_kept,
            "lost": verdict.lost,
            "waits_cancelled": self._cancelled,
            "gap_s": round(longest_gap_s(history), 2),
            "plan": self.case.plan.describe(),
        }
        return Finding(verdict=verdict, figures=figures)


def _ended(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


@contextlib.asynccontextmanager
async def under_load(case: Case, mutant: Mutant) -> AsyncIterator[Load]:
    """Run a pair with two sending cores; the pair's logs stay with the evidence."""
    async with PostgresPair.running() as pair:
        connection = await pair.primary.connect()
        await make_schema(connection)
        await connection.close()
        load = Load(case, pair, mutant)
        try:
            load.start_cores()
            await load.flows_again()
            yield load
        finally:
            load.end()
            for node in pair.nodes:
                shutil.copy(node.log, case.folder / f"postgres-{node.name}.log")
