"""Puts events in order: each is applied once, by its number; what is missing is noticed. No I/O, no clock."""

from __future__ import annotations

from collections import deque

from wardwire.devices.frames import Condensed, Cursor, Event

HELD_MAX = 2_000


class Order:
    """Where a device stands in its person's inbox.

    Attributes:
        cursor: The last event that was applied, and of which epoch; None before the first.
        estranged: The cursor is of another history, as we were told: a page that begins anew must come, and until
            then no number says anything.
    """

    def __init__(self, cursor: Cursor | None = None) -> None:
        self.cursor = cursor
        self._expected: deque[int] = deque()
        self._last = 0  # of the condensed page that is expected
        self._held: dict[int, Event] = {}
        self._overtaking: dict[tuple[int, int], Event] = {}  # by epoch and number: before the page that begins anew
        self._foreign = False
        self.estranged = False

    @property
    def behind(self) -> bool:
        """Whether something is missing: what comes after it waits."""
        return bool(self._held or self._expected or self._foreign)

    @property
    def seq(self) -> int:
        """The number of the last event that was applied; 0 before the first."""
        return self.cursor.seq if self.cursor else 0

    def condensed(self, page: Condensed) -> bool:
        """Expect a page of events with holes. False: it does not continue what is here, and was passed over."""
        awaited = set(self._expected)
        if page.reset:
            asked = page.asked if page.asked is not None and page.asked.epoch else None
            if asked == self.cursor:
                self.cursor = Cursor(epoch=page.epoch, seq=page.first - 1)
                # What overtook this page may be behind its end, and nobody would say it again soon.
                overtaking = self._overtaking.items()
                self._held = {seq: event for (epoch, seq), event in overtaking if epoch == page.epoch}
                self._overtaking.clear()
                awaited.clear()
                self.estranged = self._foreign = False
        cursor = self.cursor
        if cursor is None or cursor.epoch != page.epoch or page.first > cursor.seq + 1 or page.last < cursor.seq:
            return False
        self._expected = deque(seq for seq in page.seqs if seq > cursor.seq)
        self._last = page.last
        # What was said live does not carry its message as this page's frames do: it must not stand in for them.
        awaited &= set(self._expected)
        self._held = {seq: held for seq, held in self._held.items() if seq > page.last or seq in awaited}
        if not self._expected:
            self.cursor = Cursor(epoch=page.epoch, seq=page.last)
        return True

    def take(self, event: Event) -> list[Event]:
        """Take an event, in whatever order they come; returns those that are to be applied now."""
        cursor = self.cursor
        if cursor is None or self.estranged or event.epoch > cursor.epoch:
            self._foreign = True
            if len(self._overtaking) < HELD_MAX:
                self._overtaking[event.epoch, event.seq] = event
            return []
        if event.epoch < cursor.epoch or event.seq <= cursor.seq or event.seq in self._held:
            return []
        if self._expected and event.seq <= self._last and event.seq not in self._expected:
            return []  # its message comes with a later event
        if len(self._held) < HELD_MAX:
            self._held[event.seq] = event
        return self.drain()

    def drain(self) -> list[Event]:
        """Return the held events that nothing is missing before; they count as applied."""
        ready: list[Event] = []
        while self.cursor is not None:
            wanted = self._expected[0] if self._expected else self.cursor.seq + 1
            event = self._held.pop(wanted, None)
            if event is None:
                break
            ready.append(event)
            reached = wanted
            if self._expected:
                self._expected.popleft()
                if not self._expected:
                    reached = max(wanted, self._last)
            self.cursor = Cursor(epoch=self.cursor.epoch, seq=reached)
        return ready
