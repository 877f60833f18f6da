"""One PostgreSQL under two sending cores: killed, out of space, with a wall clock that jumps."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from tests.faults.load import Load
from tests.faults.product import DATABASE, RANKS, ProductCore, ProductSubmitter, dump_product, make_product_schema
from tests.faults.product import person_id as person
from tests.faults.scenarios import Case, Finding, scenario
from wardwire.ops.account import drop_account, hand_over
from wardwire.ops.roles import APP, OWNER
from wardwire.testing.checker import judge
from wardwire.testing.disk import SmallDisk
from wardwire.testing.history import Operation, Outcome
from wardwire.testing.node import Origin, PostgresNode
from wardwire.testing.nth import Failure, NthFailure
from wardwire.testing.wallclock import WallClock, find_libfaketime

SWEEP = 3  # each seed visits every third query: three seeds visit all


@scenario("product, PostgreSQL killed")
async def postgres_killed(case: Case) -> Finding:
    """The server is killed under load, twice, and started again."""
    async with place(case) as folder, serving(case, PostgresNode(Origin.find(folder), "single")) as (node, load):
        for which in ("first", "second"):
            await asyncio.sleep(case.plan.between(f"{which} after_s", 0.2, 1.0))
            node.kill()
            load.struck()
            await asyncio.sleep(case.plan.between(f"{which} away_s", 0.0, 1.0))
            await node.start()
            await load.flows_again()
        return await load.judge()


@scenario("product, PostgreSQL frozen")
async def postgres_frozen(case: Case) -> Finding:
    """The server stops answering for some seconds, and goes on as if nothing had been."""
    async with place(case) as folder, serving(case, PostgresNode(Origin.find(folder), "single")) as (node, load):
        await asyncio.sleep(case.plan.between("after_s", 0.2, 1.0))
        node.freeze()
        load.struck()
        await asyncio.sleep(case.plan.between("frozen_s", 2.5, 6.0))
        node.thaw()
        await load.flows_again()
        return await load.judge()


@scenario("product, disk full", needs=("needs_mounts",))
async def disk_full(case: Case) -> Finding:
    """The disk under PostgreSQL fills up, the server gives up or refuses, and room is made."""
    async with place(case) as folder:
        mount = folder / "disk"
        mount.mkdir()
        with SmallDisk(mount, 192) as disk:
            hand_over(disk.data, drop_account())
            node = PostgresNode(Origin.find(folder), "small", data=disk.data / "pg", prefix=disk.prefix)
            node.configure(max_wal_size="48MB", min_wal_size="32MB", wal_recycle="off")
            async with serving(case, node) as (_, load):
                await asyncio.sleep(case.plan.between("after_s", 0.2, 0.8))
                disk.fill(leave_bytes=case.plan.pick("left_bytes", [0, 64 << 10, 1 << 20]))
                load.struck()
                await asyncio.sleep(case.plan.between("full_s", 1.5, 3.0))
                load.figures["gave_up"] = int(not node.running)
                disk.release()
                if not node.running:
                    await node.start()
                await node.wait_ready()
                await load.flows_again()
                return await load.judge()


@scenario("product, wall clocks jump", needs=("needs_faketime",))
async def wall_clocks_jump(case: Case) -> Finding:
    """The wall clocks of PostgreSQL and of the cores jump by an hour, apart from each other; a core starts anew."""
    library = find_libfaketime()
    assert library is not None
    async with place(case) as folder:
        clocks = {name: WallClock(folder / f"{name}-clock", library) for name in ("postgres", "cores")}
        node = PostgresNode(Origin.find(folder), "single")
        node.environment = clocks["postgres"].environment()
        async with serving(case, node, environment=clocks["cores"].environment()) as (_, load):
            for which in ("first", "second"):
                struck = case.plan.pick(f"{which} jump of", ["postgres", "cores"])
                clocks[struck].step(case.plan.pick(f"{which} by_s", [3600.0, -3600.0]))
                await asyncio.sleep(case.plan.between(f"{which} for_s", 1.1, 1.6))
                load.kill_core("left")
                load.start_cores()
                await load.flows_again()
            return await load.judge()


@scenario("product, each n-th query")
async def nth_query(case: Case) -> Finding:
    """Each third query, from the opening of the lanes on, fails in each of the ways that there are."""
    history: list[Operation] = []
    hung = 0
    async with place(case) as folder:
        node = PostgresNode(Origin.find(folder), "single")
        node.initdb()
        await node.start()
        try:
            await make_product_schema(node, ["left"], 2)
            for how in Failure:
                for n in itertools.count(1 + case.seed % SWEEP, SWEEP):
                    if not await _one_query_fails(node, n, how, history):
                        break
                    hung += how is Failure.HANG
            address = node.dsn(user=OWNER, database=DATABASE)
            connection = await asyncpg.connect(address, server_settings={"search_path": "wardwire"})
            verdict = judge(history, await dump_product(connection), ranks=RANKS)
            await connection.close()
        finally:
            node.kill()
    figures = {"acknowledged": verdict.acknowledged, "unknown": verdict.unknown, "lost": verdict.lost, "hung": hung}
    return Finding(verdict=verdict, figures={**figures, "plan": case.plan.describe()})


async def _one_query_fails(node: PostgresNode, n: int, how: Failure, history: list[Operation]) -> bool:
    """Submit through a core whose n-th query fails, until *ok*; tell whether there was an n-th.

    Raises:
        RuntimeError: A try was not answered, or none was answered *ok*.
    """
    faults = NthFailure(n, how)
    core = ProductCore("left", node.dsn(user=APP, database=DATABASE), connect=faults.connect)
    async with asyncio.timeout(15):
        await core.start()
    submitter = ProductSubmitter(core, person("left", 1))
    try:
        for tries in range(100):
            answer = await submitter.submit("phone", f"{how} {n}", "content")
            history.append(
                Operation(
                    client="anna", source="phone", external_id=f"{how} {n}", digest="content", t_inv=tries,
                    t_ret=tries, outcome=answer.outcome, message=answer.message, code=answer.code,
                )
            )  # fmt: skip
            if answer.code == "silent":
                raise RuntimeError(f"a try was not answered: query {n} {how}: {faults.failed_query}")
            if answer.outcome is Outcome.OK:
                return faults.fired
            await asyncio.sleep(0.05)  # the lane opens its next connection
    finally:
        await core.stop()
    raise RuntimeError(f"never answered ok: query {n} {how}: {faults.failed_query}")


def _open_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="wardwire-faults-"))
    folder.chmod(0o755)
    return folder


def _keep_logs(folder: Path, evidence: Path) -> None:
    for log in folder.glob("*.log"):
        shutil.copy(log, evidence / f"postgres-{log.name}")


@contextlib.asynccontextmanager
async def place(case: Case) -> AsyncIterator[Path]:
    """A folder that engines can reach, away from the evidence; PostgreSQL's log is kept with it."""
    folder = _open_folder()
    try:
        yield folder
    finally:
        _keep_logs(folder, case.folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def serving(
    case: Case, node: PostgresNode, *, environment: dict[str, str] | None = None
) -> AsyncIterator[tuple[PostgresNode, Load]]:
    """Start a server and two cores that send to it; end all of them."""
    load = Load(case, node, product=True, environment=environment)
    node.initdb()
    await node.start()
    try:
        await load.prepare()
        load.start_cores()
        await load.flows_again()
        yield node, load
    finally:
        load.end()
        node.kill()
