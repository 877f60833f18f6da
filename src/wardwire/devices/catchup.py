"""Gives devices what they have missed, a page at a time, and answers their beats.

A page is followed by a beat with the head; the device asks for the next one when it has applied this one, so
that nothing piles up before a slow reader. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
import structlog

from wardwire.devices.frames import BEHIND_MAX, BeatBack, Condensed, Cursor, Down, ErrorFrame, Event, encode
from wardwire.devices.gather import Gather
from wardwire.devices.session import Door, Session
from wardwire.flow.statement import MessageView, view_message
from wardwire.flow.views import DeliveryView, view_delivery
from wardwire.model.clock import Clock
from wardwire.model.delivery import State
from wardwire.model.errors import Code
from wardwire.model.people import Directory
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import rings_for
from wardwire.store.inbox import InboxEvent, Page, read_heads, read_page

Acquire = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]
"""Lends a connection for reading (`pool.acquire`); its search path is our schema."""

PAGE = 100
# Who begins anew begins with the messages of so many events at most; what is older is asked for as history.
ANEW_MAX = 10_000
RECALLED = "recalled"
_RINGING = frozenset({"new", "ring"})
_UNSEEN = frozenset({State.PENDING, State.UNREACHABLE, State.DELIVERED})
PAGE_BYTES = 256 * 1024
_MILLISECOND = timedelta(milliseconds=1)
_READ_MESSAGE = msgspec.json.Decoder(MessageView).decode

log = structlog.get_logger("wardwire.devices")


class _Wanted(NamedTuple):
    door: Door
    session: Session
    cursor: Cursor | None


class CatchUp:
    """Serves cursors: of a device the newest question only, of all devices so many at a time.

    Args:
        publish: Sends a frame on a subject; never waits.
        epoch: The database's epoch; 0 = not known now, and then nothing is answered.
    """

    def __init__(
        self,
        *,
        acquire: Acquire,
        publish: Callable[[str, bytes], None],
        directory: Callable[[], Directory],
        clock: Clock,
        epoch: Callable[[], int],
        at_once: int = 4,
    ) -> None:
        self._acquire = acquire
        self._publish = publish
        self._directory = directory
        self._clock = clock
        self._epoch = epoch
        self._wanted: dict[str, _Wanted] = {}
        self._resumes: Gather[str] = Gather("resume", self._resume, largest=1, most_waiting=100_000, at_once=at_once)
        self._beats: Gather[_Wanted] = Gather("beats", self._beat, largest=500, most_waiting=20_000)

    def resume(self, door: Door, session: Session, cursor: Cursor | None) -> None:
        """Send what comes after a cursor; None = the device has nothing."""
        asked = door.name in self._wanted
        self._wanted[door.name] = _Wanted(door, session, cursor)
        if not asked:
            self._resumes.put(door.name)

    def beat(self, door: Door, session: Session, cursor: Cursor) -> None:
        """Answer a beat; what is missing follows. Beats that come together cost one query."""
        self._beats.put(_Wanted(door, session, cursor))

    async def settled(self) -> None:
        """Wait until everything is answered."""
        await self._beats.settled()
        await self._resumes.settled()

    async def stop(self) -> None:
        """Answer nothing more; the devices ask again."""
        await self._beats.stop()
        await self._resumes.stop()
        self._wanted.clear()

    async def _beat(self, wanted: list[_Wanted]) -> None:
        epoch = self._epoch()
        if not epoch:
            return
        async with self._acquire() as connection:
            heads = await read_heads(connection, list({want.session.device.person_id for want in wanted}))
        for want in wanted:
            head = heads[want.session.device.person_id]
            cursor = want.cursor
            self._tell(want.door, BeatBack(epoch=epoch, head=head, time=self._clock.now()))
            if cursor is None or cursor.seq != head or cursor.epoch != epoch:
                self.resume(want.door, want.session, cursor)

    async def _resume(self, names: list[str]) -> None:
        for name in names:
            want = self._wanted.pop(name, None)
            epoch = self._epoch()
            if want is None or not epoch:
                continue
            try:
                await self._send_page(want, epoch)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                # It asks again with its next beat.
                log.warning("resume_failed", device=name, reason=error)

    async def _send_page(self, want: _Wanted, epoch: int) -> None:
        session = want.session
        person_id = session.device.person_id
        async with self._acquire() as connection:
            head = (await read_heads(connection, [person_id]))[person_id]
            after, why = judge_cursor(want.cursor, epoch, head)
            condensed = bool(why) or head - after > BEHIND_MAX or session.limited
            page = await read_page(
                connection,
                person_id,
                after=after,
                upto=head,
                limit=PAGE,
                condensed=condensed,
                code_only=session.limited,
            )
        now = self._clock.now()
        if why and want.cursor is not None:
            self._tell(want.door, ErrorFrame(code=Code.CURSOR_AHEAD, detail=why))
        frames, last = fit(page, render_page(page, epoch, self._directory(), now))
        if condensed:
            seqs = [event.seq for event in page.events[: len(frames)]]
            condensed_to = Condensed(
                epoch=epoch,
                first=after + 1,
                last=last,
                seqs=seqs,
                reset=bool(why),
                asked=want.cursor if why else None,
                why=why,
            )
            self._tell(want.door, condensed_to)
        for frame in frames:
            self._publish(want.door.down, frame)
        self._tell(want.door, BeatBack(epoch=epoch, head=head, time=now))

    def _tell(self, door: Door, frame: Down) -> None:
        self._publish(door.down, encode(frame))


def judge_cursor(cursor: Cursor | None, epoch: int, head: int) -> tuple[int, str]:
    """Decide from which number on a device is served, and why not from its own.

    A cursor of another history, or ahead of ours, proves nothing: the device begins anew from our state.
    """
    if cursor is None:
        return max(0, head - ANEW_MAX), "a device without a cursor begins with the state as it is"
    if cursor.epoch != epoch:
        return max(0, head - ANEW_MAX), "the cursor is of another epoch"
    if cursor.seq > head:
        return max(0, head - ANEW_MAX), "the cursor is ahead of this inbox"
    return cursor.seq, ""


def fit(page: Page, frames: Iterable[bytes]) -> tuple[list[bytes], int]:
    """Return as many frames as one page may have in bytes, and the number that it reaches."""
    fitting: list[bytes] = []
    size = 0
    for frame in frames:
        size += len(frame)
        if fitting and size > PAGE_BYTES:
            return fitting, page.events[len(fitting) - 1].seq
        fitting.append(frame)
    return fitting, page.last


def render_page(page: Page, epoch: int, directory: Directory, now: datetime) -> Iterable[bytes]:
    """Write the frames of a page, as things stand now. The first of each message carries what it says.

    What was recalled is not said any more.
    """
    told: set[UUID] = set()
    for event in page.events:
        message = page.messages.get(event.message_id)
        view = None
        if message is not None and message.ended_why != RECALLED and event.message_id not in told:
            told.add(event.message_id)
            view = _READ_MESSAGE(view_message(message, directory))
        yield encode(
            Event(
                epoch=epoch,
                seq=event.seq,
                event=event.event,
                id=f"msg_{event.message_id.hex}",
                age_ms=max(0, (now - event.at) // _MILLISECOND),
                rings=_rings(page, event, directory, now),
                message=view,
                deliveries=_deliveries(page, event, directory),
            )
        )


def _deliveries(page: Page, event: InboxEvent, directory: Directory) -> list[DeliveryView]:
    own = page.own.get(event.message_id)
    views = [] if own is None else [view_delivery(own, own.responded_at or own.read_at or event.at, own.delivered_by)]
    holder = page.holders.get(event.message_id)
    if holder is not None:
        person = directory.people.get(holder.person_id)
        at = holder.responded_at or event.at
        views.append(view_delivery(holder, at, None, name=person.name if person else ""))
    return views + [
        view_delivery(outcome, event.at, None)
        for outcome in page.outcomes.get(event.message_id, ())
        if own is None or outcome.person_id != own.person_id
    ]


def _rings(page: Page, event: InboxEvent, directory: Directory, now: datetime) -> bool:
    """Whether a message that comes late still rings: nobody has seen it, and status and preferences let it.

    What was sent in silence stays silent: the copy of a monitor, and that of whoever is covered.
    """
    delivery = page.own.get(event.message_id)
    if delivery is None or delivery.state not in _UNSEEN or event.event not in _RINGING:
        return False
    priority = Priority(delivery.priority)
    covered = event.covered and event.event == "new" and priority is not Priority.CODE
    if delivery.kind is Kind.COPY or covered:
        return False
    if delivery.person_id not in directory.people:
        return False
    return delivery.kind is Kind.TECHNICAL_ALARM or rings_for(delivery.person_id, priority, directory, now)
