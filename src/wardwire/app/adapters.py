"""Opens the doors for other systems that the settings name, and hands in what they hear."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC

from wardwire.adapters.contract import Adapter, Ended, Given
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.app.ground import Ground
from wardwire.app.listeners import Planned, plan_listeners
from wardwire.app.listening import LOOK_EVERY_S, ListenerWatch, Listening
from wardwire.app.mapping_tables import LOOK_EVERY_S as TABLES_EVERY_S
from wardwire.app.mapping_tables import MappingTables, TableWatch
from wardwire.engine.feeds import FeedWatch
from wardwire.engine.upkeep import Alarm, keep
from wardwire.flow.merging import TakeMerge
from wardwire.flow.moving import TakeMovement
from wardwire.flow.ports import Rules, Writer
from wardwire.flow.report import ReportTaken, TakeReport
from wardwire.model.errors import Refused, WardwireError
from wardwire.model.feeds import LISTENER, names_of, read_quiet
from wardwire.model.people import Directory
from wardwire.model.places import find_place
from wardwire.model.report import Report
from wardwire.model.rights import CODE, SEND, Caller
from wardwire.model.stays import Move, Movement


class Reports:
    """Implements adapters/contract.Intake: reports become acts of one integration."""

    def __init__(self, writer: Writer, rules: Callable[[], Rules], source: str) -> None:
        self._writer = writer
        self._rules = rules
        # The site's own mapping table says what may be a `code`.
        self._caller = Caller(source=source, scopes=frozenset({SEND, CODE}))

    def take(self, report: Report | Movement, ended: Ended) -> None:
        """Take a report, or where a patient is."""
        if isinstance(report, Movement):
            act = TakeMerge if report.move is Move.MERGE else TakeMovement
            self._writer.put(act(report, self._rules, ended))
            return

        def done(result: ReportTaken | WardwireError, replayed: bool) -> None:
            ended(result if isinstance(result, WardwireError) else result.did)

        report = known_place(report, self._rules().directory)
        self._writer.put(TakeReport(report, self._caller, self._rules, done))

    def alarm(self, kind: str, subject: str, text: str) -> None:
        """Raise a technical alarm."""
        self._writer.put(Alarm(kind, subject, text, self._rules))


def known_place(report: Report, directory: Directory) -> Report:
    """Leave a bed out that nobody has entered, when its unit is known: rather the unit is called than nobody."""
    if not report.bed or not report.unit:
        return report
    try:
        find_place(report.bed, directory, "/bed")
    except Refused:
        return report._replace(bed="")
    return report


@contextlib.asynccontextmanager
async def open_adapters(ground: Ground, tasks: asyncio.TaskGroup) -> AsyncIterator[Sequence[Listening]]:
    """Open the doors that are set up, and close them in the end.

    One that cannot be opened is told and tried again: the other services of the process go on.
    """
    tables = MappingTables(ground.pool)
    await tables.look()
    doors = [
        Listening(
            planned.name,
            planned.registration.name,
            planned.options.listen,
            functools.partial(_make, ground, tables, planned),
            clock=ground.clock,
        )
        for planned in plan_listeners(ground.settings)
    ]
    async with contextlib.AsyncExitStack() as stack:
        for door in doors:
            stack.push_async_callback(door.close)
            await door.keep_open()
        host = ground.node.rpartition("-")[0]
        watch = ListenerWatch(doors, pool=ground.pool, writer=ground.lanes, rules=ground.rules, host=host)
        tasks.create_task(keep("listeners", LOOK_EVERY_S, watch.round, turns=ground.turns))
        edited = TableWatch(tables, doors)
        tasks.create_task(keep("mapping tables", TABLES_EVERY_S, edited.round, turns=ground.turns))
        yield doors


def _make(ground: Ground, tables: MappingTables, planned: Planned) -> Adapter:
    source = planned.options.source
    letters = DeadLetters(ground.logins.home / "dead-letters" / source)
    intake = Reports(ground.lanes, ground.rules, source)
    given = Given(planned.name, ground.node, intake, ground.clock, letters, tables.text(planned.name))
    return planned.registration.make(planned.options, given)


def make_feed_watch(ground: Ground, doors: Sequence[Listening]) -> FeedWatch | None:
    """Make what watches the feeds that come in by these doors; None where the site names none."""
    quiet = {name: read_quiet(rule) for name, rule in ground.settings.feeds.quiet.items()}
    if not quiet:
        return None
    return FeedWatch(
        pool=ground.pool,
        clock=ground.clock,
        writer=ground.lanes,
        rules=ground.rules,
        quiet=quiet,
        heard=lambda: heard_by(doors),
        zone=lambda now: now.astimezone().tzinfo or UTC,
    )


def heard_by(doors: Sequence[Listening]) -> Mapping[str, float]:
    """Return when each sender was last heard by these doors, under all names that it may be watched by."""
    heard: dict[str, float] = {}
    for door in doors:
        if door.health.heard_at is not None:
            heard[f"{LISTENER}{door.name}"] = door.health.heard_at
        for sender, at in door.health.senders.items():
            for name in names_of(*sender):
                heard[name] = max(at, heard.get(name, at))
    return heard
