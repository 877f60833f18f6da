"""Who is absent, and when it is only the way to everybody that is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.engine.way import AWAY_AFTER_S, SETTLED_AFTER_S, Absences, Way, WayWatch
from wardwire.testing.clock import FakeClock

ANNA, BEN, MESSAGE = UUID(int=1), UUID(int=2), UUID(int=9)


class Setting:
    """A way whose links the test makes and takes away, and what is told of it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.links: frozenset[object] = frozenset({"first"})
        self.told: list[tuple[UUID, bool]] = []
        self.acts: list[Any] = []
        self.way = Way(self._links, clock=self.clock)
        self.absences = Absences(self.way, lambda message, person, there: self.told.append((person, there)))
        self.watch = WayWatch(self.way, writer=self, rules=lambda: None)  # type: ignore[arg-type,return-value]

    def put(self, act: Any) -> None:
        """Take an act."""
        self.acts.append(act)

    async def _links(self) -> frozenset[object]:
        return self.links

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, with a look at its beginning and at its end."""
        await self.watch.round()
        self.clock.advance(timedelta(seconds=seconds))
        await self.watch.round()

    async def absent(self, person: UUID) -> bool:
        """Nobody's device was there: what is told of the way."""
        self.absences.put(MESSAGE, person)
        await self.absences.settled()
        (told,) = (there for someone, there in self.told if someone == person)
        self.told.clear()
        return told


async def test_who_is_not_there_while_the_way_is_is_absent() -> None:
    """It has stood for longer than a device needs to come back."""
    setting = Setting()
    await setting.pass_time(SETTLED_AFTER_S)
    assert await setting.absent(ANNA)


async def test_nobody_is_absent_while_the_way_is_away_or_has_just_come_back() -> None:
    """H115: known by a look of that very moment; a link that was made anew is another one."""
    setting = Setting()
    await setting.pass_time(SETTLED_AFTER_S)
    setting.links = frozenset()
    assert not await setting.absent(ANNA)
    setting.links = frozenset({"second"})
    assert not await setting.absent(ANNA)
    await setting.pass_time(SETTLED_AFTER_S - 1)
    assert not await setting.absent(BEN)
    await setting.pass_time(1)
    assert await setting.absent(BEN)
    setting.links = frozenset({"third"})  # away and back between two looks
    assert not await setting.absent(ANNA)


async def test_the_desk_is_told_while_it_is_away_and_when_it_is_back() -> None:
    """Not of a moment's absence; what an earlier life of this core has told is cleared, too."""
    setting = Setting()
    await setting.pass_time(1)
    assert [type(act) for act in setting.acts] == [AlarmOver]
    setting.links = frozenset()
    await setting.pass_time(AWAY_AFTER_S - 1)
    assert len(setting.acts) == 1
    await setting.pass_time(1)
    assert [type(act) for act in setting.acts[1:]] == [Alarm]
    setting.links = frozenset({"second"})
    await setting.pass_time(60)
    assert [type(act) for act in setting.acts[2:]] == [AlarmOver]
