"""The conservation law: whatever was stored for somebody is delivered, ended, or armed with a deadline. Nothing else.

Counted by an auditor that trusts nobody, from rows that it has read by itself, per unit; tests and drills apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from typing import NamedTuple
from uuid import UUID

# Written out once more on purpose: who shared the writers' words would share their faults.
PENDING = "pending"
DELIVERED = frozenset({"delivered", "read", "accepted", "declined", "answered", "taken"})
ENDED = frozenset({"unreachable", "cancelled", "cleared", "expired"})


class Held(NamedTuple):
    """A delivery as the auditor has read it.

    Attributes:
        unit: The name of its alert's unit; "" = none.
        test: Of a drill or a test: never counted as real.
        armed: A deadline waits for its confirmation.
    """

    message_id: UUID
    person_id: UUID
    state: str
    unit: str
    test: bool
    armed: bool

    @property
    def where(self) -> str:
        """The term of the law that it counts for: a field of `Balance`."""
        if self.state in DELIVERED:
            return "delivered"
        if self.state in ENDED:
            return "ended"
        return "armed" if self.state == PENDING and self.armed else "lost"


@dataclass(slots=True)
class Balance:
    """The terms of one unit.

    Attributes:
        ended: Also what reached nobody: its sender or the desk was told.
        lost: None of these: for them the law is broken.
    """

    stored: int = 0
    delivered: int = 0
    ended: int = 0
    armed: int = 0
    lost: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing is missing."""
        return self.stored == self.delivered + self.ended + self.armed

    def count(self, where: str, by: int) -> None:
        """Count deliveries in (+1) or out (-1)."""
        self.stored += by
        setattr(self, where, getattr(self, where) + by)

    def figures(self) -> dict[str, int]:
        """Return the terms by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(slots=True)
class Books:
    """What was counted since the day began, and the messages that may still change: those are looked at again."""

    units: dict[str, Balance] = field(default_factory=dict)
    tests: Balance = field(default_factory=Balance)
    open: dict[UUID, dict[UUID, Held]] = field(default_factory=dict)

    def look(self, seen: Iterable[Held], *, again: Collection[UUID], growing: Collection[UUID]) -> list[UUID]:
        """Take in how messages stand now; returns those of which something was lost that was not lost before.

        Args:
            seen: All deliveries of the messages that were read.
            again: Messages that were read because they are open: what is not in `seen` of them is gone.
            growing: Messages that may get more deliveries: they stay open.
        """
        groups: dict[UUID, dict[UUID, Held]] = {message: {} for message in again}
        for held in seen:
            groups.setdefault(held.message_id, {})[held.person_id] = held
        lost = []
        for message, now in groups.items():
            before = self.open.pop(message, {})
            for person in before.keys() - now.keys():
                now[person] = _gone(before[person])
            newly = False
            for person, held in now.items():
                old = before.get(person)
                if old is not None:
                    self._of(old).count(old.where, -1)
                self._of(held).count(held.where, +1)
                newly |= held.where == "lost" and (old is None or old.where != "lost")
            if newly:
                lost.append(message)
            if message in growing or any(held.where in ("armed", "lost") for held in now.values()):
                self.open[message] = now
        return lost

    def next_day(self) -> None:
        """Begin to count anew; what is open is carried over."""
        self.units, self.tests = {}, Balance()
        for deliveries in self.open.values():
            for held in deliveries.values():
                self._of(held).count(held.where, +1)

    @property
    def holds(self) -> bool:
        """Whether the law holds everywhere."""
        return self.tests.holds and all(balance.holds for balance in self.units.values())

    @property
    def lost(self) -> int:
        """How many deliveries nothing waits for, tests included."""
        return self.total().lost + self.tests.lost

    def lost_messages(self) -> set[UUID]:
        """Of which messages something is lost."""
        return {
            message
            for message, deliveries in self.open.items()
            if any(held.where == "lost" for held in deliveries.values())
        }

    def total(self) -> Balance:
        """Add the units up, without tests."""
        total = Balance()
        for balance in self.units.values():
            for name, figure in balance.figures().items():
                setattr(total, name, getattr(total, name) + figure)
        return total

    def _of(self, held: Held) -> Balance:
        return self.tests if held.test else self.units.setdefault(held.unit, Balance())


def _gone(held: Held) -> Held:
    """A delivery whose row is not there any more: what was open and is gone, is lost; the rest was archived."""
    return held._replace(state=PENDING, armed=False) if held.where in ("armed", "lost") else held
