"""The demo from beginning to end: start everything, play, show, count, stop everything."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg
import msgspec
from rich.console import Console
from rich.live import Live

from wardwire.client.closed import Closed
from wardwire.console.shipped import WEBAPP
from wardwire.devices.frames import Cursor
from wardwire.model.errors import WardwireError
from wardwire.ops.engines import logins_file, read_logins
from wardwire.ops.failure import StartFailed
from wardwire.ops.ports import LOOPBACK, free_port, is_free
from wardwire.testing.demo.accounts import give_accounts
from wardwire.testing.demo.board import Board, Counts, Row, Told, quantile, worth
from wardwire.testing.demo.cast import choose_cast
from wardwire.testing.demo.conductor import Conductor, why
from wardwire.testing.demo.enter import enter_hospital, give_phones
from wardwire.testing.demo.exchange import Exchanges
from wardwire.testing.demo.folder import Folder, write_settings
from wardwire.testing.demo.keyboard import keys
from wardwire.testing.demo.line import AlarmLine
from wardwire.testing.demo.phone import Phone
from wardwire.testing.demo.relay import Relay
from wardwire.testing.demo.rest import Rest
from wardwire.testing.demo.screen import draw, story_line
from wardwire.testing.demo.server import Attached, Server
from wardwire.testing.demo.tally import count_run, running
from wardwire.testing.demo.windows import Windows, list_windows
from wardwire.testing.hospital.day import PER_HOUR, At, happenings, overture
from wardwire.testing.hospital.house import only
from wardwire.testing.hospital.plan import SITE, make_hospital
from wardwire.testing.hospital.zone import local_zone

T = TypeVar("T")
Say = Callable[[str], None]

EVERYWHERE = "0.0.0.0"  # every address of this machine, when somebody asks for that
FRONT_PORT = 8043  # where it is free: a page that was installed is found again
FRAME_S = 0.25
COUNT_S = 2.0
RUNNING_S = 0.5
ASK_S = 20.0  # between two messages for whoever is Dr. Chen in a browser
STORY_S = 6.0  # a story stays so long before the next one
SETTLE_S = 3.0
HURRY_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the person asked for.

    Attributes:
        per_s: Things that happen in the house, a second.
        pace: People, alarms and policies are so much faster than in a hospital.
        begins_h: The hour of the day at which it begins.
        for_s: Ends by itself after so many seconds of messages; None = when told.
        lan: Phones in this network may open the demo, too.
        console: The terminal to draw on; None = there is none, and each story is a line.
        say: Hears what is going on, line by line.
        tell: Hears each story's line, when there is no terminal.
    """

    seed: int
    per_s: float = 0.8
    pace: float = 6.0
    begins_h: float = 12.0
    for_s: float | None
    lan: bool = False
    console: Console | None
    say: Say
    tell: Say


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run has come to. `p99_ms`: send to the first receipt that the sender knew of; None = none measured.

    `wrong`: swaps of shifts that the plan did not go by.
    """

    counts: Counts
    p99_ms: float | None
    took_s: float
    wrong: tuple[str, ...] = ()

    def line(self) -> str:
        """Write it as one JSON object."""
        counts = self.counts
        told = {
            "stored": counts.stored,
            "delivered": counts.delivered,
            "answered": counts.answered,
            "escalated": counts.escalated,
            "technical_alarms": counts.technical_alarms,
            "lost": counts.lost,
            "p99_ms": None if self.p99_ms is None else round(self.p99_ms, 1),
        }
        return msgspec.json.encode(told).decode()


class Interrupted(Exception):
    """Told to stop before there was anything to show."""


async def run_demo(folder: Folder, options: Options) -> Outcome:
    """Run the demo in this folder. Belongs into the main thread.

    Raises:
        StartFailed: It did not start, or Wardwire ended in the middle of it.
        Interrupted: It was told to stop while it started.
    """
    server = Server(folder)
    show = Show(folder, options, server)
    async with Relay(show.mailed).running() as relay, show.windows.open():
        return await _run(show, show.begin(server, relay.port))


async def run_simulation(folder: Folder, options: Options, site: Attached, *, hl7_port: int) -> Outcome:
    """Play on a site that runs already. Belongs into the main thread.

    Raises:
        StartFailed: The hospital could not be entered.
        Interrupted: It was told to stop before there was anything to show.
    """
    show = Show(folder, options, site)
    return await _run(show, show.join(hl7_port))


async def _run(show: Show, begin: Awaitable[None]) -> Outcome:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, show.hurry)
    try:
        await _unless(show.stop, begin)
        return await show.play()
    finally:
        await show.end()


class Show:
    """One run, with everything that it has started."""

    def __init__(self, folder: Folder, options: Options, server: Server | Attached) -> None:
        self._folder = folder
        self._options = options
        self.stop = asyncio.Event()
        self._server = server
        self._board = Board(self._finished)
        self._phones: dict[str, Phone] = {}
        self._stories: asyncio.Queue[Row] = asyncio.Queue()
        self._yours = asyncio.Event()
        self._hl7 = 0
        self._began = 0.0
        self._since = datetime.now(UTC)
        self._hurry = False
        self._hospital = make_hospital(options.seed)
        self.windows = Windows(SITE)
        self._browser: asyncio.Event = asyncio.Event()
        self._line: AlarmLine | None = None
        self._conductor: Conductor
        self._operator: Rest
        self._people: dict[str, Any] = {}

    def hurry(self) -> None:
        """Come to the end now; what is under way is not waited for."""
        self._hurry = True
        self.stop.set()

    def mailed(self, address: str) -> None:
        """The ward's relay took an e-mail."""
        self._board.note = f"e-mail taken for {address}"

    # Start -------------------------------------------------------------------------------------------------------

    async def begin(self, server: Server, smtp: int) -> None:
        """Start the site, enter the hospital, connect everybody's phone."""
        self._options.say(f"The demo keeps its data in {self._folder.home}.")
        await self._serve(server, smtp)
        await self.join(self._hl7)
        accounts = await give_accounts(self._folder, self._operator, self._people)
        self.windows.windows = list_windows(
            server.front,
            self._operator,
            self._people,
            accounts,
            built=WEBAPP,
            lan=self._options.lan,
            opened=self._browser.set,
        )
        self._options.say(f"Open {self.windows.address} in a browser.")

    async def join(self, hl7_port: int) -> None:
        """Enter the hospital into a site that runs, and connect everybody's phone."""
        self._hl7 = hl7_port
        try:
            await self._enter(self._options.say)
        except (WardwireError, Closed, OSError, asyncpg.PostgresError) as error:
            hint = " `wardwire demo --fresh` removes it and begins anew." if self._folder.old else ""
            raise StartFailed(
                "demo_not_started",
                f"The hospital could not be made ready in {self._folder.home}: {why(error)}.",
                f"Its logs are in {self._folder.home / 'log'}.{hint}",
            ) from error

    async def _ask_browser(self) -> None:
        """Send Dr. Chen a message now and then, once somebody is Dr. Chen in a browser."""
        await self._browser.wait()
        self._conductor.leave_to_browser()
        while True:
            await asyncio.sleep(ASK_S)
            self._conductor.ask_you()

    async def _serve(self, server: Server, smtp: int) -> None:
        """Start the site on free ports; another program may be quicker, so there is a second try."""
        for attempt in (1, 2):
            self._hl7 = free_port()
            host = EVERYWHERE if self._options.lan else LOOPBACK
            front = FRONT_PORT if attempt == 1 and is_free(host, FRONT_PORT) else free_port(host)
            write_settings(
                self._folder,
                host,
                edge=free_port(),
                api=free_port(),
                front=front,
                ops=free_port(),
                smtp=smtp,
                hl7=self._hl7,
            )
            server.start()
            try:
                await server.ready(self._options.say)
                return
            except StartFailed as failed:
                if attempt == 2 or "is in use" not in failed.sentence:
                    raise
                await server.stop()

    async def _enter(self, say: Say) -> None:
        now = datetime.now().astimezone()
        zone = local_zone(now)
        assert zone is not None
        if not self._folder.old:
            say("Entering the hospital: 800 people, 534 beds, their shifts and policies…")
        self._operator, self._people = await enter_hospital(
            self._folder, self._server, self._hospital, now=now, zone=zone, pace=self._options.pace
        )
        self._exchanges = Exchanges(self._operator.get)
        cast = choose_cast(self._hospital, now=now, zone=zone)
        say(f"Connecting {len(cast.phones)} phones…")
        cards = await give_phones(self._folder, self._server, self._people, cast.phones)
        self._line = AlarmLine("127.0.0.1", self._hl7)
        self._played = only(self._hospital, cast.units)
        self._conductor = Conductor(
            self._hospital,
            cast,
            self._line,
            self._board,
            seed=self._options.seed,
            pace=self._options.pace,
            day=f"{now:%Y%m%d%H%M%S}",
            exchanges=self._exchanges,
            now=lambda: datetime.now().astimezone(),
        )
        cursors = self._folder.read("cursors.json")
        for name, card in cards.items():
            self._phones[name] = Phone(
                name,
                card,
                cursor=_read_cursor(cursors.get(name), card.place.device),
                heard=self._conductor.heard,
                on_status=self._conductor.status,
            )
        self._conductor.phones = self._phones
        await asyncio.gather(*(phone.on() for phone in self._phones.values()))
        self._since = max(p.device.welcome.time for p in self._phones.values() if p.device.welcome)

    # Play --------------------------------------------------------------------------------------------------------

    async def play(self) -> Outcome:
        """Play until told to stop, or until the time is up; then count."""
        options = self._options
        self._began = time.monotonic()
        settle_s = SETTLE_S
        if options.for_s is not None:
            settle_s = min(SETTLE_S, options.for_s / 4)
            asyncio.get_running_loop().call_later(options.for_s - settle_s, self.stop.set)
        async with asyncio.TaskGroup() as tasks:
            beside = [
                tasks.create_task(self._watch_server()),
                tasks.create_task(self._count_now_and_then()),
                tasks.create_task(self._tell_stories()),
                tasks.create_task(self._watch_escalations()),
                tasks.create_task(self._ask_browser()),
            ]
            with self._screen() as refresh:
                drawing = tasks.create_task(self._keep_drawing(refresh))
                await self._conductor.play(self._day(), self.stop)
                await self._conductor.settle(HURRY_S if self._hurry else settle_s)
                drawing.cancel()
            for task in beside:
                task.cancel()
        if self._server.ended():
            raise StartFailed(
                "demo_ended",
                f"Wardwire ended in the middle of the demo: {self._server.last_words()}.",
                f"Its logs are in {self._folder.home / 'log'}.",
            )
        counts = await self._count()
        return Outcome(
            counts=counts,
            p99_ms=quantile(self._board.all_ms, 0.99),
            took_s=time.monotonic() - self._began,
            wrong=tuple(self._exchanges.wrong),
        )

    async def end(self) -> None:
        """Stop everything; repeating does nothing."""
        cursors = {}
        for phone in self._phones.values():
            if phone.cursor is not None:
                cursors[phone.name] = f"{phone.device_id} {phone.cursor.epoch} {phone.cursor.seq}"
        if self._line is not None:
            await self._line.close()
        await asyncio.gather(*(phone.off() for phone in self._phones.values()), return_exceptions=True)
        stopped = await self._server.stop()
        if cursors:
            with contextlib.suppress(StartFailed):
                self._folder.write("cursors.json", cursors)
        if not stopped:
            self._options.say("Wardwire did not end in time, and was killed.")

    def _day(self) -> Iterator[At]:
        """The day of the played units, so dense that there is always something to see; its first things at once."""
        rate = self._options.per_s * 3600 / sum(an_hour for _, an_hour in PER_HOUR)
        day = happenings(self._played, seed=self._options.seed, rate=rate, begins_h=self._options.begins_h)
        yield from overture(self._played)
        yield from day

    # Beside it ---------------------------------------------------------------------------------------------------

    async def _watch_server(self) -> None:
        await self._server.gone()
        self.stop.set()

    async def _count_now_and_then(self) -> None:
        """Count while it runs: less often where counting takes long."""
        wait = COUNT_S
        while True:
            await asyncio.sleep(wait)
            began = time.monotonic()
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                self._board.counts = await self._count()
            wait = max(COUNT_S, 20 * (time.monotonic() - began))

    async def _count(self) -> Counts:
        dsn = read_logins(logins_file(self._folder.home)).database.readonly
        connection = await asyncpg.connect(dsn, server_settings={"search_path": "wardwire"}, timeout=10)
        try:
            return await count_run(connection, since=self._since, acknowledged=self._board.acknowledged)
        finally:
            await connection.close(timeout=2)

    async def _watch_escalations(self) -> None:
        """Look what runs, often enough for a countdown."""
        dsn = read_logins(logins_file(self._folder.home)).database.readonly
        connection: asyncpg.Connection | None = None
        while True:
            try:
                if connection is None or connection.is_closed():
                    connection = await asyncpg.connect(dsn, server_settings={"search_path": "wardwire"}, timeout=10)
                self._board.running = await running(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                self._board.running = []
            await asyncio.sleep(RUNNING_S)

    async def _tell_stories(self) -> None:
        """Fetch the story of what finished last; of several the one that there is most to tell of."""
        while True:
            row = await self._stories.get()
            while not self._stories.empty():
                newer = self._stories.get_nowait()
                row = newer if worth(newer) >= worth(row) else row
            if self._board.hold or not row.message or (not worth(row) and self._board.told is not None):
                continue
            with contextlib.suppress(WardwireError):
                story: dict[str, Any] = await self._operator.get(f"/v1/messages/{row.message}/trace")
                if not self._board.hold:
                    self._board.told = Told(row, story)
                    await self._let_it_be_read()

    async def _let_it_be_read(self) -> None:
        """Leave a story a while; what the person at the terminal has answered does not wait."""
        self._yours.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STORY_S):
                await self._yours.wait()

    def _finished(self, row: Row) -> None:
        if row.yours:
            self._yours.set()
        self._stories.put_nowait(row)
        if self._options.console is None:
            self._options.tell(story_line(row, datetime.now()))

    # The terminal ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _screen(self) -> Any:
        """Take the terminal over, and give it back; gives what draws it anew."""
        console = self._options.console
        if console is None:
            yield lambda: None
            return
        with (
            Live(get_renderable=self._draw, console=console, screen=True, auto_refresh=False) as live,
            keys(self._pressed),
        ):
            yield live.refresh

    async def _keep_drawing(self, refresh: Callable[[], None]) -> None:
        while True:
            self._board.connected = sum(phone.connected for phone in self._phones.values())
            refresh()
            await asyncio.sleep(FRAME_S)

    def _draw(self) -> Any:
        console = self._options.console
        assert console is not None
        now = time.monotonic()
        width, height = console.size
        return draw(self._board, now=now, elapsed_s=now - self._began, width=width, height=height)

    def _pressed(self, key: str) -> None:
        board = self._board
        if key in ("q", "Q"):
            self.hurry()
        elif key in ("m", "M"):
            self._conductor.ask_you()
        elif key == " ":
            board.hold = not board.hold
        elif key.isdecimal() and board.questions:
            self._conductor.answer(board.questions[0], int(key))


async def _unless(stop: asyncio.Event, work: Awaitable[T]) -> T:
    """Do it, unless told to stop first: then it is cancelled. Raises `Interrupted`."""
    doing, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)
            raise Interrupted
        return doing.result()
    finally:
        stopping.cancel()


def _read_cursor(written: str | None, device: str) -> Cursor | None:
    """Read where this phone stood; one of another phone is of no use."""
    try:
        whose, epoch, seq = (written or "").split()
        return Cursor(epoch=int(epoch), seq=int(seq)) if whose == device else None
    except ValueError:
        return None
