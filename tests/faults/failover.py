"""Is nothing acknowledged ever lost, when the primary of a synchronous pair dies under load? (ADR 0004)

Two core processes send without pause. The standby is frozen: commits wait, senders run out of patience and
repeat; meanwhile somebody cancels waits, as administrators and timeouts do. Then both machines are lost, the
standby comes back as the primary, and everybody repeats what he does not know. In the end the checker judges.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator

import asyncpg

from tests.faults.ground import Mutant
from tests.faults.load import CORES, Load
from tests.faults.scenarios import Case, Finding, scenario
from wardwire.testing.pair import PostgresPair
from wardwire.testing.verdict import Invariant

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


@scenario("failover, there and back", rare=True)
async def failover_and_back(case: Case) -> Finding:
    """The lost primary is wound back and joins as standby; then the other machine is lost too."""
    async with under_load(case, Mutant.NONE) as load:
        for time_round in ("first", "second"):
            await load.lose(f"{time_round} ")
            await load.flows_again()
            await load.pair.rejoin()
            await load.flows_again()
        return await load.judge()


@scenario("failover, a core killed too", rare=True)
async def failover_and_core_killed(case: Case) -> Finding:
    """One core process is killed at the same time as the primary; its next life settles what it left."""
    async with under_load(case, Mutant.NONE) as load:
        load.kill_core(CORES[case.plan.count("core killed", 0, 1)])
        await load.lose()
        load.start_cores()
        await load.flows_again()
        return await load.judge()


@scenario("old primary returns", rare=True)
async def old_primary_returns(case: Case) -> Finding:
    """The primary hangs, the standby is promoted, and then the old one wakes and takes writes again."""
    return await wake_the_old_primary(case, Mutant.NONE)


@scenario("old primary returns, mutant: no epoch", caught_by=Invariant.NO_ACKED_LOSS)
async def old_primary_returns_no_epoch(case: Case) -> Finding:
    """As *old primary returns*, with a build that takes whichever primary it finds first."""
    return await wake_the_old_primary(case, Mutant.NO_EPOCH)


@scenario("product, failover")
async def product_failover(case: Case) -> Finding:
    """As *failover*, through the product's lanes on its own schema."""
    async with under_load(case, product=True) as load:
        await load.lose()
        await load.flows_again()
        return await load.judge()


@scenario("product, failover, mutant: a pair that waits for nobody", caught_by=Invariant.NO_ACKED_LOSS)
async def product_failover_async(case: Case) -> Finding:
    """As *product, failover*, on a site that has agreed to run without a standby and then relies on one."""
    async with under_load(case, product=True, synchronous=False) as load:
        await load.lose()
        await load.flows_again()
        return await load.judge()


@scenario("product, failover, a core killed too")
async def product_failover_core_killed(case: Case) -> Finding:
    """As *failover, a core killed too*, through the product's lanes on its own schema."""
    async with under_load(case, product=True) as load:
        load.kill_core(CORES[case.plan.count("core killed", 0, 1)])
        await load.lose()
        load.start_cores()
        await load.flows_again()
        return await load.judge()


@scenario("product, old primary returns")
async def product_old_primary_returns(case: Case) -> Finding:
    """As *old primary returns*, through the product's lanes on its own schema."""
    return await wake_the_old_primary(case, Mutant.NONE, product=True)


async def lose_the_primary(case: Case, mutant: Mutant) -> Finding:
    """Run the story of this module once."""
    async with under_load(case, mutant) as load:
        await load.lose()
        await load.flows_again()
        return await load.judge()


async def wake_the_old_primary(case: Case, mutant: Mutant, *, product: bool = False) -> Finding:
    """Promote beside a hung primary, let it wake with nobody to wait for, and make every core connect anew."""
    async with under_load(case, mutant, product=product) as load:
        pair = load.pair
        await asyncio.sleep(case.plan.between("hung after_s", 0.3, 1.0))
        old = pair.primary
        old.freeze()
        load.struck()
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


class PairLoad(Load):
    """A load on a pair whose primary can be lost."""

    def __init__(self, case: Case, pair: PostgresPair, *, mutant: Mutant, product: bool) -> None:
        super().__init__(case, pair, mutant=mutant, product=product)
        self.pair = pair
        self._cancelled = 0

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
        self.figures["waits_cancelled"] = self._cancelled
        self.pair.lose_primary()
        self.struck()
        await self.pair.promote()

    async def _cancel_waits(self, every_s: float) -> None:
        connection = await self.pair.primary.connect()
        try:
            while True:
                self._cancelled += await connection.fetchval(_CANCEL)
                await asyncio.sleep(every_s)
        finally:
            connection.terminate()


@contextlib.asynccontextmanager
async def under_load(
    case: Case, mutant: Mutant = Mutant.NONE, *, product: bool = False, synchronous: bool = True
) -> AsyncIterator[PairLoad]:
    """Run a pair with two sending cores; the pair's logs stay with the evidence."""
    async with PostgresPair.running(synchronous=synchronous) as pair:
        load = PairLoad(case, pair, mutant=mutant, product=product)
        try:
            await load.prepare()
            load.start_cores()
            await load.flows_again()
            yield load
        finally:
            load.end()
            for node in pair.nodes:
                shutil.copy(node.log, case.folder / f"postgres-{node.name}.log")
