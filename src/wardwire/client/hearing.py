"""What a device hears: its person's events, in order and once, and what is missing of them.

It says nothing by itself: whoever owns it is asked to `resume`, and to confirm with a `receipt`. Time is the event
loop's monotonic clock.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Protocol

from wardwire.client.closed import Closed
from wardwire.client.diary import Diary
from wardwire.client.order import Order
from wardwire.devices.frames import BeatBack, Condensed, Cursor, Event, Welcome
from wardwire.model.errors import Unavailable
from wardwire.model.priority import Priority

EVENTS_MAX = 10_000
SHOWN_MAX = 100_000
GAP_S = 0.1
GAP_S_MAX = 2.0
LOST_S = 2.0
# States of an own delivery that a receipt still changes.
_UNCONFIRMED = frozenset({"pending", "unreachable"})
_FAILED = frozenset({"unreachable", "expired"})
# Events after which a device is silent about a message.
_SILENCE = frozenset(
    {"read", "answered", "taken", "handed_over", "cancelled", "recalled", "all_clear", "cleared", "expired"}
)


class Speaker(Protocol):
    """What says for the hearing side what has to be said."""

    def resume(self) -> None:
        """Ask for everything after the cursor."""
        ...

    def receipt(self, message: str, kind: str = "delivered", *, priority: str = Priority.HIGH, call: int = 0) -> None:
        """Say that a message is stored here, or that its failure was seen. Raises `Unavailable`.

        `call` numbers the event that called anew: each call has a receipt of its own.
        """
        ...


class Hearing:
    """
    The events of one person, as one device is shown them.

    Args:
        person: Whose device it is.
        cursor: Where it left off; None begins with the state as it is.
        shown: Ids of messages that the person has been shown before.
        diary: Written before anything else is done with an event.
        keep: Stores an event for good before it is confirmed; None: memory must do.
        receipts: Whether to confirm what is applied.
        errors: Where trouble is told that ends nothing.

    Attributes:
        ringing: Ids of the messages that the device makes itself heard for, the oldest first.
        ended: Why nothing more will come, once it is so.
    """

    def __init__(
        self,
        speaker: Speaker,
        *,
        person: str,
        cursor: Cursor | None,
        shown: Iterable[str],
        diary: Diary,
        keep: Callable[[Event], None] | None,
        receipts: bool,
        errors: deque[str],
    ) -> None:
        self._speaker = speaker
        self._person = person
        self._order = Order(cursor)
        self._shown: OrderedDict[str, None] = OrderedDict.fromkeys(shown)
        self._diary = diary
        self._keep = keep
        self._receipts = receipts
        self._errors = errors
        self._events: deque[Event] = deque()
        self._more = asyncio.Event()
        self._gap: asyncio.TimerHandle | None = None
        self._gap_s = GAP_S
        self._head = 0  # the last event that there is, as far as we were told
        self._asked_at = 0.0
        self.ringing: OrderedDict[str, None] = OrderedDict()
        self.ended: BaseException | None = None

    @property
    def cursor(self) -> Cursor | None:
        """The last event that was applied."""
        return self._order.cursor

    @property
    def waiting(self) -> int:
        """How many events nobody has taken yet."""
        return len(self._events)

    # For whoever reads -------------------------------------------------------------------------------------------

    async def events(self) -> AsyncIterator[Event]:
        """Give every event once, in order, until it has ended. For one reader."""
        while True:
            while self._events:
                yield self._events.popleft()
            if self.ended is not None:
                return
            self._more.clear()
            await self._more.wait()

    async def next_event(self, timeout_s: float | None = None) -> Event:
        """Give the next event.

        Raises:
            TimeoutError: None came.
            Closed: None will come.
        """
        async with asyncio.timeout(timeout_s):
            while not self._events:
                if self.ended is not None:
                    raise Closed(str(self.ended)) from self.ended
                self._more.clear()
                await self._more.wait()
        return self._events.popleft()

    # What a core says --------------------------------------------------------------------------------------------

    def welcomed(self, welcome: Welcome, asked: Cursor | None) -> None:
        """A core has welcomed us; the hello asked for what follows `asked`."""
        self._head = welcome.head
        self.asked()
        if asked is not None and (asked.epoch != welcome.epoch or asked.seq > welcome.head):
            # By its number alone nobody would see that the state is still to come, should its page be lost.
            self._order.estranged = True

    def event(self, event: Event) -> None:
        """Take an event; a reader that is far behind is not given more, and asks again."""
        self._apply(self._order.take(event) if len(self._events) < EVENTS_MAX else [])
        self._mind_the_gap()

    def condensed(self, page: Condensed) -> None:
        """Take the announcement of a page with holes."""
        if self._order.condensed(page):
            self._diary.condensed(page)
            self._apply(self._order.drain())
        self._mind_the_gap()

    def beat(self, beat: BeatBack) -> None:
        """Take where the inbox stands."""
        self._head = beat.head
        if beat.head != self._order.seq and not self._order.behind:
            self._speaker.resume()

    # Time --------------------------------------------------------------------------------------------------------

    def asked(self) -> None:
        """What is missing was asked for just now."""
        self._asked_at = time.monotonic()

    def tick(self, now: float) -> None:
        """Ask again when the answer to an earlier question was lost."""
        if (self._order.seq < self._head or self._order.estranged) and now - self._asked_at > LOST_S:
            self._speaker.resume()

    def end(self, why: BaseException) -> None:
        """Nothing more will come; what came can still be read."""
        self.ended = why
        if self._gap is not None:
            self._gap.cancel()
            self._gap = None
        self._more.set()

    def _apply(self, events: Iterable[Event]) -> None:
        """Show events: each message once, whatever comes of it."""
        for event in events:
            shown = event.message is not None and event.id not in self._shown and event.event != "recalled"
            if event.rings:
                self.ringing[event.id] = None
                if len(self.ringing) > SHOWN_MAX:
                    self.ringing.popitem(last=False)
            elif event.event in _SILENCE:
                self.ringing.pop(event.id, None)
            self._diary.seen(event, shown)
            if shown:
                self._shown[event.id] = None
                if len(self._shown) > SHOWN_MAX:
                    self._shown.popitem(last=False)
            if self._keep is not None:
                self._keep(event)
            if self._receipts:
                self._confirm(event)
            self._events.append(event)
            self._more.set()

    def _confirm(self, event: Event) -> None:
        own = self._person
        priority = event.message.priority if event.message else Priority.HIGH
        states = {view.person: view.state for view in event.deliveries}
        try:
            unconfirmed = states.get(own, "pending" if event.event in ("new", "ring") else "")
            if event.message is not None and unconfirmed in _UNCONFIRMED:
                call = event.seq if event.event == "ring" else 0
                self._speaker.receipt(event.id, "delivered", priority=priority, call=call)
            if event.event in _FAILED and any(who != own for who in states):
                self._speaker.receipt(event.id, "heard", priority=priority)
        except Unavailable as error:
            self._errors.append(str(error))  # the server's deadline decides then

    def _mind_the_gap(self) -> None:
        """If something is missing, and stays so for a moment, ask for it."""
        if not self._order.behind or self._gap is not None or self.ended is not None:
            return
        at = self._order.cursor

        def look() -> None:
            self._gap = None
            stuck = self._order.behind and self._order.cursor == at
            self._gap_s = min(GAP_S_MAX, self._gap_s * 2) if stuck else GAP_S
            if stuck:
                self._speaker.resume()
            self._mind_the_gap()

        self._gap = asyncio.get_running_loop().call_later(self._gap_s, look)
