"""What a device knows of how things stand, as far as that is said live only: its person's own messages, and teams.

What is said live may be lost. So the device asks: after each hello, when a core or the way to it was away, and with
its beats for a while after a message was stored, and while a team is not complete. What it is told a second time
changes nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from wardwire.devices.frames import ASKED_MAX, Event, StatusFrame, StoredFrame, TeamFrame
from wardwire.flow.views import Part
from wardwire.model.priority import Kind

OWN_MAX = 80
# Of so many messages it is remembered what was told: a word that comes late must not undo one that came after it.
KNOWN_MAX = 1_000
TEAMS_MAX = ASKED_MAX - OWN_MAX
# Between these ages (monotonic seconds) a message is asked about with each beat; later only after a hello.
ASK_AFTER_S = 2.0
ASK_UNTIL_S = 600.0
# States from which a message still moves by itself.
_MOVING = frozenset({"pending", "unreachable", "delivered"})
_OVER = frozenset({"cancelled", "recalled", "all_clear", "cleared", "expired"})


class _Own:
    """A message of this person that is asked about: when it was stored, how many must confirm."""

    __slots__ = ("at", "count")

    def __init__(self, at: float, count: int) -> None:
        self.at = at
        self.count = count


class Standing:
    """Remembers what was told, bounded, and what is to be asked about."""

    def __init__(self) -> None:
        self._own: OrderedDict[str, _Own] = OrderedDict()
        self._known: OrderedDict[str, dict[str, StatusFrame]] = OrderedDict()
        self._teams: OrderedDict[str, tuple[Part, ...]] = OrderedDict()

    def stored(self, frame: StoredFrame, now: float) -> None:
        """A message of this person is stored: from now on its state is of interest."""
        self._own[frame.message] = _Own(now, frame.recipient_count)
        _bound(self._own, OWN_MAX)

    def status(self, frame: StatusFrame, now: float) -> bool:
        """Take how a message stands with somebody; says whether that is news."""
        states = self._known.get(frame.message)
        if states is None:
            states = self._known[frame.message] = {}
            if frame.message not in self._own:
                self._own[frame.message] = _Own(now, 1)
                _bound(self._own, OWN_MAX)
        self._known.move_to_end(frame.message)
        _bound(self._known, KNOWN_MAX)
        known = states.get(frame.person)
        same = known is not None and (known.state, known.response) == (frame.state, frame.response)
        if same or (known is not None and frame.at < known.at):
            return False  # known, or looked up before what we know happened
        states[frame.person] = frame
        return True

    def team(self, frame: TeamFrame) -> bool:
        """Take who of a team is there; says whether that is news."""
        news = self._teams.get(frame.message) != frame.parts
        self._teams[frame.message] = frame.parts
        _bound(self._teams, TEAMS_MAX)
        return news

    def event(self, event: Event) -> None:
        """Remember an alert that this person was given, it may call a team; forget a message that is over."""
        if event.event in _OVER:
            self._own.pop(event.id, None)
            self._teams.pop(event.id, None)
        elif event.message is not None and event.message.kind == Kind.ALERT:
            self._teams.setdefault(event.id, ())
            _bound(self._teams, TEAMS_MAX)

    def questions(self) -> tuple[str, ...]:
        """Return what is to be asked about when anything may have been lost."""
        return (*self._unsettled(), *self._teams)

    def late(self, now: float) -> tuple[str, ...]:
        """Return own messages that are young, and about which a word is overdue; and teams that are not complete."""
        young = (m for m in self._unsettled() if ASK_AFTER_S <= now - self._own[m].at <= ASK_UNTIL_S)
        teams = (m for m, parts in self._teams.items() if any(part.there < part.needed for part in parts))
        return (*young, *teams)

    def _unsettled(self) -> Iterable[str]:
        return (message for message, own in self._own.items() if not self._settled(message, own))

    def _settled(self, message: str, own: _Own) -> bool:
        states = self._known.get(message, {})
        return len(states) >= own.count and all(one.state not in _MOVING for one in states.values())


def _bound(kept: OrderedDict[str, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
