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
from wardwire.app.listening import KIND, Listening
from wardwire.engine.feeds import FeedWatch
from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.flow.ports import Rules, Writer
from wardwire.flow.report import ReportTaken, TakeReport
from wardwire.model.errors import Refused, WardwireError
from wardwire.model.feeds import LISTENER, names_of, read_quiet
from wardwire.model.people import Directory
from wardwire.model.places import find_place
from wardwire.model.report import Report
from wardwire.model.rights import CODE, SEND, Caller
from wardwire.store.alarms import find_open_alarms


class Reports:
    """Implements adapters/contract.Intake: reports become acts of one integration."""

    def __init__(self, writer: Writer, rules: Callable[[], Rules], source: str) -> None:
        self._writer = writer
        self._rules = rules
        # The site's own mapping table says what may be a `code`.
        self._caller = Caller(source=source, scopes=frozenset({SEND, CODE}))

    def take(self, report: Report, ended: Ended) -> None:
        """Take a report."""

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


class _Desk:
    """Implements app/listening.Alarms. Another machine has listeners of the same names."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._host = ground.node.rpartition("-")[0]

    def shut(self, name: str, text: str) -> None:
        """Raise the alarm."""
        self._ground.lanes.put(Alarm(KIND, f"{name} on {self._host}", text, self._ground.rules))

    async def opened(self, name: str) -> None:
        """Clear it, if it is open."""
        subject = f"{name} on {self._host}"
        async with self._ground.pool.acquire() as connection:
            is_raised = (KIND, subject) in await find_open_alarms(connection)
        if is_raised:
            self._ground.lanes.put(AlarmOver(KIND, subject, "it is open"))


@contextlib.asynccontextmanager
async def open_adapters(ground: Ground, tasks: asyncio.TaskGroup) -> AsyncIterator[Sequence[Listening]]:
    """Open the doors that are set up, and close them in the end.

    One that cannot be opened is told and tried again: the other services of the process go on.
    """
    desk = _Desk(ground)
    doors = [
        Listening(
            planned.name,
            planned.registration.name,
            planned.options.listen,
            functools.partial(_make, ground, planned),
            alarms=desk,
            clock=ground.clock,
        )
        for planned in plan_listeners(ground.settings)
    ]
    async with contextlib.AsyncExitStack() as stack:
        for door in doors:
            stack.push_async_callback(door.close)
            if not await door.open():
                tasks.create_task(door.keep_trying())
        yield doors


def _make(ground: Ground, planned: Planned) -> Adapter:
    source = planned.options.source
    letters = DeadLetters(ground.logins.home / "dead-letters" / source)
    intake = Reports(ground.lanes, ground.rules, source)
    return planned.registration.make(planned.options, Given(planned.name, ground.node, intake, ground.clock, letters))


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
