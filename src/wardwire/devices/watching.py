"""Shows boards and the operators' desk live which alerts run.

One picture a core, for everybody who watches: what has changed is found by one cheap query, four times a second while
anybody watches, and only that is read and written anew, once for all. Level-triggered: a watcher is owed what
it has not shown as they are, whatever happened to them; it is sent them as they are when it is their turn, no faster
than it says that it has shown the last ones. So a slow one costs no memory, and a lost frame no more than a new view.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from wardwire.access.door import admit, decide
from wardwire.devices.catchup import Acquire
from wardwire.devices.frames import Gone, Unwatch, Watch, Watched, encode
from wardwire.devices.session import Door, Session
from wardwire.flow.board import Written, write_rows
from wardwire.flow.ports import Rules
from wardwire.model import ids
from wardwire.model.board import units_of
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, Unavailable, WardwireError
from wardwire.model.matrix import Action, Owner, Reach, reach_of
from wardwire.model.rights import AccessRole, Caller
from wardwire.store.board import Running, list_recent, list_running, load_closed, load_watchers, mark_desk

MOST_WATCHERS = 200
# Of one scope so many rows; what is worse goes before.
MOST_ROWS = 5_000
# Alerts that do not escalate are shown so long, and so many of them; on boards of the whole house only.
RECENT = timedelta(minutes=30)
MOST_RECENT = 500
ROUND_S = 0.25
# Of the time, at most this part is spent on looking for changes; but they are not waited for longer than this.
SHARE = 0.1
SLOWEST_S = 2.0
# A page of a view; so many of them come before the device must have shown them. A slow reader is cut at 1 MB.
PAGE_BYTES = 48_000
PAGES = 5
# A view that shows nothing new says so: a device that hears nothing of it for long knows that it is stale.
IDLE_S = 5.0
PATIENCE_S = 15.0
# What somebody may is looked at again.
RIGHTS_S = 30.0
# Names and on-call duties change without the alert: each row is written anew from time to time.
OLD_S = 60.0
SLICE = 25
# Among cores: a device has said `watched` or `unwatch` to one that does not serve its view.
FORWARD: Final = "core.watch"

log = structlog.get_logger("wardwire.devices")
Fail = Callable[[Door, str, WardwireError], None]


class _Row:
    __slots__ = ("changes", "rank", "recent", "unit", "version", "written", "written_at")

    def __init__(self) -> None:
        self.unit: UUID | None = None
        self.changes = self.rank = self.version = -1
        self.recent = False
        self.written = Written(b"", b"")
        self.written_at = 0.0


class _Watcher:
    """One view of one device.

    `owed`: the rows that it has not been sent as they are. `units` None = the whole house; `admitted_at` None = it is
    not known yet whether it may.
    """

    __slots__ = (
        "acked", "admitted_at", "desk", "device", "door", "id", "marked", "more", "n", "owed", "place", "said_at",
        "session", "shows", "subjects", "units", "whole",
    )  # fmt: skip

    def __init__(self, door: Door, session: Session, frame: Watch) -> None:
        self.door = door
        self.session = session
        self.device = session.device.id
        self.id = frame.id
        self.place = frame.place
        self.units: frozenset[UUID] | None = frozenset()
        self.subjects = self.desk = False
        self.marked = ""
        self.admitted_at: float | None = None
        self.owed: dict[UUID, None] = {}
        self.shows: set[UUID] = set()
        self.n = self.acked = 0
        self.said_at = float("-inf")
        self.whole = False
        self.more = -1

    def sees(self, row: _Row) -> bool:
        """Whether a row is of this view."""
        return self.units is None or row.unit in self.units


class Watching:
    """The views of one core.

    Args:
        publish: Sends a frame on a subject; never waits.
        fail: Answers with why not.
        door: The door of a device now, by its name.
    """

    def __init__(
        self,
        *,
        acquire: Acquire,
        publish: Callable[[str, bytes], None],
        rules: Callable[[], Rules],
        clock: Clock,
        fail: Fail,
        door: Callable[[str], Door | None],
    ) -> None:
        self._acquire = acquire
        self._publish = publish
        self._rules = rules
        self._clock = clock
        self._fail = fail
        self._door = door
        self._watchers: dict[UUID, _Watcher] = {}
        self._rows: dict[UUID, _Row] = {}
        self._why: dict[UUID, str] = {}
        self._more: dict[bool, int] = {}
        self._mark = ""
        self._looked_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._stir = asyncio.Event()

    @property
    def watchers(self) -> int:
        """How many devices watch through this core."""
        return len(self._watchers)

    # What devices say ----------------------------------------------------------------------------------------------

    def watch(self, door: Door, session: Session, frame: Watch) -> None:
        """Begin a view; it takes the place of the device's last one."""
        if session.device.id not in self._watchers and len(self._watchers) >= MOST_WATCHERS:
            raise Unavailable(Code.OVERLOADED, "too many boards watch through this core; ask again later")
        self._watchers[session.device.id] = _Watcher(door, session, frame)
        self._stir.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="watching")

    def watched(self, session: Session, frame: Watched | Unwatch) -> None:
        """Take how far a device has come, or that it has seen enough; another core may have its view."""
        if not self._take(session.device.id, frame.id, frame.n if isinstance(frame, Watched) else None):
            n = str(frame.n) if isinstance(frame, Watched) else ""
            self._publish(FORWARD, f"{session.device.id.hex} {n} {frame.id}".encode())

    def heard(self, _subject: str, _reply: str, payload: bytes, _status: int) -> None:
        """Take what a device has said to another core."""
        device, _, rest = payload.decode("utf-8", "replace").partition(" ")
        n, _, id = rest.partition(" ")
        with contextlib.suppress(ValueError):
            self._take(UUID(hex=device), id, int(n) if n else None)

    def _take(self, device: UUID, id: str, n: int | None) -> bool:
        watcher = self._watchers.get(device)
        if watcher is None or watcher.id != id:
            return False
        if n is None:
            self._drop(watcher)
        elif watcher.acked < n <= watcher.n:
            watcher.acked = n
            if watcher.owed:
                self._stir.set()
        return True

    async def stop(self) -> None:
        """Show nothing more; the devices ask another core."""
        self._watchers.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # Rounds --------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Look and tell, again and again, while anybody watches."""
        try:
            while self._watchers:
                self._stir.clear()
                more, began = False, self._clock.monotonic()
                try:
                    more = await self._round()
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                    log.warning("board_unreadable", reason=error)  # the devices say that it is stale
                self._send_all()
                if not more:
                    await self._pause(began)
        except Exception:
            log.exception("watching_failed")
        finally:
            self._task = None
            self._watchers.clear()
            self._rows.clear()

    async def _pause(self, began: float) -> None:
        """Wait for the next look; in between, send on to whoever has shown what they had."""
        until = began + max(ROUND_S, min(self._looked_s / SHARE, SLOWEST_S))
        while self._watchers and (left := until - self._clock.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._stir.wait()
            self._stir.clear()
            if any(watcher.admitted_at is None for watcher in self._watchers.values()):
                return
            self._send_all()

    async def _round(self) -> bool:
        """Look for changes; says whether there is more to be read at once."""
        async with self._acquire() as connection:
            await self._admit(connection)
            began = self._clock.monotonic()
            await self._look(connection)
            self._looked_s = self._clock.monotonic() - began
            stale, more = self._stale()
            for first in range(0, len(stale), SLICE):
                await self._read(connection, stale[first : first + SLICE])
        return more

    async def _admit(self, connection: asyncpg.Connection) -> None:
        """Say of each new watcher whether it may; and of the others, from time to time."""
        now = self._clock.monotonic()
        asking = [w for w in self._watchers.values() if w.admitted_at is None or now - w.admitted_at > RIGHTS_S]
        if not asking:
            return
        people = {watcher.session.device.person_id for watcher in asking}
        accounts = await load_watchers(connection, sorted(people))
        directory = self._rules().directory
        for watcher in asking:
            roles, units = accounts.get(watcher.session.device.person_id, (frozenset(), frozenset()))
            try:
                caller = _caller(watcher.session.caller(directory), roles, units)
                watched = units_of(directory, watcher.place)
                admit(caller, Action.BOARD_WATCH)
                decide(caller, Action.BOARD_WATCH, [Owner(units=frozenset({unit})) for unit in watched or ()])
            except Refused as refused:
                self._drop(watcher)
                self._fail(watcher.door, watcher.id, refused)
                continue
            subjects = reach_of(caller, Action.MESSAGE_READ) is Reach.ANY
            if watcher.admitted_at is None or (watched, subjects) != (watcher.units, watcher.subjects):
                watcher.units, watcher.subjects = watched, subjects
                watcher.owed.update((id, None) for id, row in self._rows.items() if watcher.sees(row))
                watcher.owed.update(dict.fromkeys(watcher.shows))
            watcher.desk = watched is None and reach_of(caller, Action.ALARM_READ) is Reach.ANY
            watcher.admitted_at = now

    async def _look(self, connection: asyncpg.Connection) -> None:
        """Read what runs, by key; whoever watches is owed what has come, changed or gone."""
        admitted = [watcher for watcher in self._watchers.values() if watcher.admitted_at is not None]
        units = frozenset[UUID]().union(*(watcher.units for watcher in admitted if watcher.units is not None))
        whole = any(watcher.units is None for watcher in admitted)
        seen: dict[UUID, tuple[Running, bool]] = {}
        self._more = {}
        if units:
            found, total = await list_running(connection, sorted(units), MOST_ROWS)
            seen |= {one.message_id: (one, False) for one in found}
            self._more[False] = total - len(found)
        if whole:
            since = ids.first_id_of(self._clock.now() - RECENT)
            recent = await list_recent(connection, since, MOST_RECENT)
            found, total = await list_running(connection, None, MOST_ROWS)
            self._more[True] = total - len(found)
            self._mark = await mark_desk(connection)
            # An alert may have begun to escalate, or the other way round, between the two.
            seen = {one.message_id: (one, True) for one in recent} | seen
            seen |= {one.message_id: (one, False) for one in found}
        gone = self._rows.keys() - seen.keys()
        if gone:
            self._why = await load_closed(connection, sorted(gone))
            for id in gone:
                self._owe(id, self._rows.pop(id))
        for rank, (id, (one, recent_one)) in enumerate(seen.items()):
            row = self._rows.get(id)
            if row is None:
                row = self._rows[id] = _Row()
            row.rank, row.unit, row.recent = rank + (MOST_ROWS * 2 if recent_one else 0), one.unit, recent_one
            if row.changes != one.changes:
                row.changes, row.version = one.changes, -1

    def _stale(self) -> tuple[list[UUID], bool]:
        """Return the rows that are to be written anew, the worst first: what changed, and some of what is old."""
        version, now = self._rules().directory.version, self._clock.monotonic()
        changed = [id for id, row in self._rows.items() if row.version < 0]
        changed.sort(key=lambda id: self._rows[id].rank)
        most = SLICE * 8
        old = [
            id
            for id, row in self._rows.items()
            if row.version >= 0 and (row.version != version or now - row.written_at > OLD_S)
        ]
        old.sort(key=lambda id: self._rows[id].written_at)
        return changed[:most] + old[: SLICE if changed else 2 * SLICE], len(changed) > most

    async def _read(self, connection: asyncpg.Connection, messages: Sequence[UUID]) -> None:
        rules, version = self._rules(), self._rules().directory.version
        written = await write_rows(connection, messages, rules, self._clock.now())
        now = self._clock.monotonic()
        for id in messages:
            row = self._rows[id]
            row.version, row.written_at = version, now
            before, row.written = row.written, written.get(id, Written(b"", b""))
            if row.written != before:
                self._owe(id, row)

    def _owe(self, id: UUID, row: _Row) -> None:
        for watcher in self._watchers.values():
            if watcher.admitted_at is not None and (watcher.sees(row) or id in watcher.shows):
                watcher.owed[id] = None

    # Telling -------------------------------------------------------------------------------------------------------

    def _send_all(self) -> None:
        now = self._clock.monotonic()
        for watcher in list(self._watchers.values()):
            if watcher.admitted_at is None:
                continue
            if self._door(watcher.door.name) is not watcher.door or watcher.door.session is not watcher.session:
                self._drop(watcher)  # it has said hello anew, or was put out: whoever it is now asks again
            elif watcher.acked < watcher.n:
                if now - watcher.said_at > PATIENCE_S:
                    self._drop(watcher)
            elif watcher.owed or not watcher.whole or now - watcher.said_at >= IDLE_S or self._shown(watcher):
                self._send(watcher, now)

    def _shown(self, watcher: _Watcher) -> bool:
        return watcher.more != self._more.get(watcher.units is None, 0) or watcher.marked != self._mark_for(watcher)

    def _mark_for(self, watcher: _Watcher) -> str:
        return self._mark if watcher.desk else ""

    def _send(self, watcher: _Watcher, now: float) -> None:
        """Send a watcher what it is owed, the worst first, as far as it may have before it has shown it."""
        pages = list(self._pages(watcher))
        # Rows that nobody has written yet come when they are; until then the view is not whole.
        watcher.whole = watcher.whole or not (
            watcher.owed or any(row.version < 0 and watcher.sees(row) for row in self._rows.values())
        )
        watcher.more = self._more.get(watcher.units is None, 0)
        watcher.marked = self._mark_for(watcher)
        if not pages and not watcher.whole and now - watcher.said_at < IDLE_S:
            return
        time = self._clock.now()
        for nth, page in enumerate(pages or [([], [])]):
            watcher.n += 1
            last = nth >= len(pages) - 1
            self._publish(watcher.door.down, _write(watcher, time, *page, last=last))
        watcher.said_at = now

    def _pages(self, watcher: _Watcher) -> Iterator[tuple[list[bytes], list[Gone]]]:
        rows, gone, size, pages = list[bytes](), list[Gone](), 0, 0
        rank = {id: row.rank for id in watcher.owed if (row := self._rows.get(id)) is not None}
        for id in sorted(watcher.owed, key=lambda id: rank.get(id, -1)):
            row = self._rows.get(id)
            written = b""
            if row is not None and watcher.sees(row):
                written = row.written.whole if watcher.subjects else row.written.plain
            del watcher.owed[id]
            if written:
                watcher.shows.add(id)
                rows.append(written)
                size += len(written)
            elif id in watcher.shows:
                watcher.shows.discard(id)
                gone.append(Gone(message=ids.write_id(ids.MESSAGE, id), why=self._why.get(id, "")))
                size += 80
            if size >= PAGE_BYTES:
                yield rows, gone
                rows, gone, size, pages = [], [], 0, pages + 1
                if pages == PAGES:
                    return
        if rows or gone:
            yield rows, gone

    def _drop(self, watcher: _Watcher) -> None:
        if self._watchers.get(watcher.device) is watcher:
            del self._watchers[watcher.device]


def _caller(caller: Caller, roles: Iterable[AccessRole], units: frozenset[UUID]) -> Caller:
    """Add what somebody's account makes of them to what they may through a device."""
    return replace(caller, roles=frozenset(roles), units=units)


def _write(watcher: _Watcher, time: datetime, rows: list[bytes], gone: list[Gone], *, last: bool) -> bytes:
    """Write a frame (`Rows`)."""
    whole = ',"whole":true' if watcher.whole and last else ""
    more = f',"more":{watcher.more}' if watcher.more > 0 else ""
    ack = ',"ack":true' if last else ""
    desk = f',"desk":"{watcher.marked}"' if watcher.marked else ""
    ended = f',"gone":{encode(gone).decode()}' if gone else ""
    head = f'{{"t":"rows","id":{encode(watcher.id).decode()},"n":{watcher.n},"time":{encode(time).decode()}'
    return head.encode() + b',"rows":[' + b",".join(rows) + b"]" + f"{ended}{whole}{more}{ack}{desk}}}".encode()
