"""Runs one core process: `path` (devices), `engine` (deadlines), `api` (HTTP), `audit`, or several of them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import sys
from collections.abc import Callable
from datetime import timedelta

import asyncpg

from wardwire import __version__
from wardwire.app.address import front_has_tls
from wardwire.app.channels import make_channels
from wardwire.app.devices import make_rollcall, open_doorway, open_way
from wardwire.app.ground import WAKE, Ground, hear_absent, hint_when_due, lay_ground, tell_absent
from wardwire.app.watch import open_watch
from wardwire.devices.doorway import DIRECTORY
from wardwire.engine.auditor import LOOK_EVERY_S
from wardwire.engine.desk import LOOK_EVERY_S as DESK_EVERY_S
from wardwire.engine.desk import DeskWatch
from wardwire.engine.due import DueLoop
from wardwire.engine.feeds import LOOK_EVERY_S as FEEDS_EVERY_S
from wardwire.engine.front_watch import LOOK_EVERY_S as FRONT_EVERY_S
from wardwire.engine.front_watch import FrontWatch, look_at
from wardwire.engine.muster import BEAT_EVERY_S, Muster
from wardwire.engine.proof_watch import CHECK_EVERY_S, ProofWatch
from wardwire.engine.sealer import SEAL_EVERY_S, Sealer
from wardwire.engine.upkeep import Alarm, Upkeep, keep
from wardwire.engine.way import LOOK_EVERY_S as WAY_EVERY_S
from wardwire.engine.way import Absences, WayWatch
from wardwire.ops.engines import EngineLogins
from wardwire.settings import Settings, split_address

PATH, ENGINE, API, AUDIT, ADAPTERS = "path", "engine", "api", "audit", "adapters"
SERVES = (PATH, ENGINE, API, AUDIT, ADAPTERS)
# Imported where they are served alone: a process that calls people must not wait for what HTTP needs.
_ROOMS = {
    API: ("wardwire.app.http",),
    AUDIT: ("wardwire.app.auditor", "wardwire.app.canary"),
    ADAPTERS: ("wardwire.app.adapters", "wardwire.app.sources"),
}
# What is done once an hour may have much to do.
LONG_S = 600.0
# A thread that computes (signatures, in the process `audit`) must not hold the loop up for Python's usual 5 ms.
SWITCH_S = 0.0005


def load_rooms(serves: frozenset[str]) -> None:
    """Import what these services need beyond what every process does, while our files can be read for certain."""
    for service in sorted(serves & _ROOMS.keys()):
        for module in _ROOMS[service]:
            importlib.import_module(module)


async def run_core(
    settings: Settings,
    logins: EngineLogins,
    serves: frozenset[str],
    *,
    name: str,
    node: str,
    beat: Callable[[], None],
) -> None:
    """Run until cancelled. Whatever ends a task of it unforeseen ends the process: the supervisor begins it anew.

    Args:
        name: Of its place, which it has again when it is started again; `node` names this one process.
        serves: Which of `path` (devices), `engine` (deadlines), `api` (HTTP), `audit` (seals and signatures) and
            `adapters` (other systems).
        beat: Called when it is ready, and each second while its event loop and its tasks turn.
    """
    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        ground = await stack.enter_async_context(lay_ground(settings, logins, node))
        if ENGINE in serves:
            tasks.create_task(_engine(ground, tasks))  # first of all: after an outage all that was due is overdue
        else:
            ground.hooks.armed = hint_when_due(ground.nats, ground.clock)
            ground.hooks.unreachable_now = tell_absent(ground.nats)
        doorway = await stack.enter_async_context(open_doorway(ground, tasks)) if PATH in serves else None
        watch = await stack.enter_async_context(open_watch(ground, tasks, doorway))
        if API in serves:
            from wardwire.app.http import open_http

            for server in await stack.enter_async_context(open_http(ground, watch)):
                tasks.create_task(server.serve())
                await server.listening.wait()  # whoever is told that we are ready comes at once
            if PATH not in serves:
                # What this process's earlier life has committed, and not told any more, is noticed at once.
                tasks.create_task(make_rollcall(ground).call())
        if ADAPTERS in serves:
            from wardwire.app.adapters import make_feed_watch, open_adapters
            from wardwire.app.sources import open_sources

            await stack.enter_async_context(open_sources(ground, tasks))
            doors = await stack.enter_async_context(open_adapters(ground, tasks))
            watch.doors = doors
            watch.feeds = make_feed_watch(ground, doors)
            if watch.feeds is not None:
                tasks.create_task(keep("feeds", FEEDS_EVERY_S, watch.feeds.round, turns=ground.turns))
        if AUDIT in serves:
            from wardwire.app.auditor import open_auditor
            from wardwire.app.canary import open_canary

            _keep_record(ground, tasks)
            look = open_auditor(ground, watch).round
            tasks.create_task(keep("auditor", LOOK_EVERY_S, look, turns=ground.turns))
            tasks.create_task(keep("desk", DESK_EVERY_S, _make_desk(ground).round, turns=ground.turns))
            if ground.settings.front.listen:
                tasks.create_task(keep("front", FRONT_EVERY_S, _make_front_watch(ground).round, turns=ground.turns))
            watch.canary = await stack.enter_async_context(open_canary(ground, tasks, watch.amiss.append))
        ground.nats.subscribe(DIRECTORY, lambda *_: ground.people.hint())
        _look_after(ground, tasks)
        muster = Muster(
            pool=ground.pool,
            clock=ground.clock,
            writer=ground.lanes,
            rules=ground.rules,
            name=name,
            node=node,
            serves=",".join(word for word in SERVES if word in serves),
            version=__version__,
            stuck=ground.turns.stuck,
            complaints=watch.complaints,
        )
        watch.muster = muster
        tasks.create_task(keep("muster", BEAT_EVERY_S, muster.round))
        stack.push_async_callback(_leave, muster)
        tasks.create_task(ground.lanes.watch())
        settle()
        while True:
            if not ground.turns.stuck():
                beat()
            await asyncio.sleep(1)


async def _engine(ground: Ground, tasks: asyncio.TaskGroup) -> None:
    due = DueLoop(
        connect=ground.plain,
        writer=ground.lanes,
        rules=ground.rules,
        clock=ground.clock,
        channels=make_channels(ground.settings),
    )
    ground.hooks.armed = due.armed
    ground.nats.subscribe(WAKE, lambda *_: due.hint())
    tasks.create_task(_mind_the_way(ground, due))
    await due.run()


async def _mind_the_way(ground: Ground, due: DueLoop) -> None:
    """Hear that nobody's device was there, and look whether the way to them is; tell the desk when it is not."""
    if not ground.logins.nats.kick:  # a site whose NATS we may ask nothing
        ground.hooks.unreachable_now = due.unreachable_now
        hear_absent(ground.nats, due.unreachable_now)
        return
    async with open_way(ground) as way:
        absences = Absences(way, due.unreachable_now)
        ground.hooks.unreachable_now = absences.put
        hear_absent(ground.nats, absences.put)
        watch = WayWatch(way, writer=ground.lanes, rules=ground.rules)
        await keep("way", WAY_EVERY_S, watch.round)


def _look_after(ground: Ground, tasks: asyncio.TaskGroup) -> None:
    upkeep = Upkeep(
        pool=ground.pool, clock=ground.clock, people=ground.people, writer=ground.lanes, rules=ground.rules
    )
    tasks.create_task(keep("directory", 0.2, upkeep.directory, patience_s=None))
    tasks.create_task(keep("clock", 2, upkeep.clock, turns=ground.turns))
    tasks.create_task(keep("tables", 3600, upkeep.tables, patience_s=LONG_S))
    tasks.create_task(keep("identities", 3600, upkeep.identities, patience_s=LONG_S))
    tasks.create_task(keep("escalations", 3600, upkeep.escalations, patience_s=LONG_S))


def _keep_record(ground: Ground, tasks: asyncio.TaskGroup) -> None:
    """Seal the chains of facts each second, and check signatures behind the path."""
    from wardwire.app.auditor import anchors_folder

    def alarm(kind: str, subject: str, text: str) -> None:
        ground.lanes.put(Alarm(kind, subject, text, ground.rules))

    sealer = Sealer(connect=ground.sealing, clock=ground.clock, folder=anchors_folder(ground), alarm=alarm)
    proofs = ProofWatch(pool=ground.pool, writer=ground.lanes, rules=ground.rules, clock=ground.clock)
    tasks.create_task(keep("seal", SEAL_EVERY_S, sealer.round, turns=ground.turns))
    tasks.create_task(keep("proofs", CHECK_EVERY_S, proofs.round, patience_s=LONG_S))


def _make_desk(ground: Ground) -> DeskWatch:
    again = timedelta(seconds=ground.settings.site.desk_again_s)
    return DeskWatch(pool=ground.pool, clock=ground.clock, writer=ground.lanes, rules=ground.rules, again=again)


def _make_front_watch(ground: Ground) -> FrontWatch:
    own = ground.settings.front
    look = look_at(*split_address(own.listen), tls=front_has_tls(own))
    return FrontWatch(look, own.listen, clock=ground.clock, writer=ground.lanes, rules=ground.rules)


async def _leave(muster: Muster) -> None:
    """Say goodbye, if there is still somebody to say it to."""
    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        async with asyncio.timeout(1):
            await muster.leave()


def settle() -> None:
    """Leave what stays for ever out of later searches for garbage. The path makes no cycles, so those searches find
    next to nothing, but each stops everything: many small ones among the young (50,000 at once took 10 to 40 ms),
    and hardly ever one through all that is kept (60 to 110 ms).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 1_000)
    sys.setswitchinterval(SWITCH_S)
