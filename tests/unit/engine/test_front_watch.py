"""When the one port is an alarm: away for longer than a restart takes, or with a certificate that ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from wardwire.engine.front_watch import AWAY, AWAY_AFTER_S, ENDING, ENDS_SOON, FrontWatch, Shown
from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.testing.clock import FakeClock


class Setting:
    """A front that the test takes away, and what is told of it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.shown: Shown | None = Shown(None)
        self.acts: list[Any] = []
        self.watch = FrontWatch(
            self._look,
            "0.0.0.0:443",
            clock=self.clock,
            writer=self,
            rules=lambda: None,  # type: ignore[arg-type,return-value]
        )

    def put(self, act: Any) -> None:
        """Take an act."""
        self.acts.append(act)

    async def _look(self) -> Shown | None:
        return self.shown

    async def told(self, *, after_s: float = 0.0) -> list[tuple[type, str]]:
        """Look after a while; what was told."""
        self.clock.advance(timedelta(seconds=after_s))
        await self.watch.round()
        told = [(type(act), act._kind) for act in self.acts]
        self.acts.clear()
        return told

    def ends_in(self, span: timedelta) -> None:
        """Show a certificate that ends then."""
        self.shown = Shown(self.clock.now() + span)


async def test_a_front_that_comes_back_within_a_restart_is_no_alarm() -> None:
    """One that stays away is, at each look until it is back; then it is over, once."""
    setting = Setting()
    assert await setting.told() == [(AlarmOver, AWAY), (AlarmOver, ENDING)]  # what an earlier process may have raised
    setting.shown = None
    assert await setting.told() == await setting.told(after_s=AWAY_AFTER_S - 0.1) == []
    setting.shown = Shown(None)
    assert await setting.told() == []
    setting.shown = None
    assert await setting.told() == []
    assert await setting.told(after_s=AWAY_AFTER_S) == await setting.told(after_s=10) == [(Alarm, AWAY)]
    setting.shown = Shown(None)
    assert await setting.told() == [(AlarmOver, AWAY)]
    assert await setting.told() == []


async def test_a_certificate_that_ends_soon_is_an_alarm_until_another_one_is_shown() -> None:
    """Three weeks are enough to get one; an ended one is told as ended."""
    setting = Setting()
    setting.ends_in(ENDS_SOON + timedelta(seconds=1))
    assert (Alarm, ENDING) not in await setting.told()
    assert await setting.told(after_s=1) == [(Alarm, ENDING)]
    setting.ends_in(timedelta(days=90))
    assert await setting.told() == [(AlarmOver, ENDING)]


@pytest.mark.parametrize(
    ("left", "said"), [(timedelta(days=3, hours=1), "ends in 3 days"), (-timedelta(1), "has ended")]
)
async def test_it_is_said_how_long_the_certificate_holds(left: timedelta, said: str) -> None:
    """In days, and on which date."""
    setting = Setting()
    setting.ends_in(left)
    await setting.watch.round()
    (alarm,) = [act for act in setting.acts if isinstance(act, Alarm)]
    ends: datetime = setting.clock.now() + left
    assert said in alarm._text
    assert f"{ends:%d %b %Y}" in alarm._text
