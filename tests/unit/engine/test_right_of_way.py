"""When the many wait for `code` and `high`, and for how long."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from wardwire.engine.right_of_way import RightOfWay
from wardwire.testing.clock import FakeClock


class Writer:
    """A writer that is busy or is not."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()

    @property
    def busy(self) -> bool:
        return not self.free.is_set()

    async def idle(self) -> None:
        await self.free.wait()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands."""
    return FakeClock(datetime(2026, 12, 3, 2, 14, tzinfo=UTC))


async def test_it_is_taken_while_an_urgent_writer_is_busy(clock: FakeClock) -> None:
    """By either of them."""
    code, high = Writer(), Writer()
    way = RightOfWay([code, high], clock)
    assert not way.taken()
    high.free.clear()
    assert way.taken()
    high.free.set()
    assert not way.taken()


async def test_urgent_traffic_without_a_pause_does_not_starve_the_many(clock: FakeClock) -> None:
    """They have a turn when patience is at its end, and again the next time."""
    code = Writer()
    code.free.clear()
    way = RightOfWay([code], clock, patience_s=1)
    turns = []
    for _ in range(12):
        turns.append(not way.taken())
        clock.advance(timedelta(seconds=0.25))
    assert [at for at, turn in enumerate(turns) if turn] == [4, 9]


async def test_waiting_ends_with_the_last_urgent_act(clock: FakeClock) -> None:
    """And at once when there is none."""
    code, high = Writer(), Writer()
    code.free.clear()
    high.free.clear()
    way = RightOfWay([code, high], clock, patience_s=60)
    waiting = asyncio.ensure_future(way.wait())
    await asyncio.sleep(0)
    code.free.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    high.free.set()
    await asyncio.wait_for(waiting, 5)
    await asyncio.wait_for(way.wait(), 5)


async def test_waiting_ends_when_patience_does(clock: FakeClock) -> None:
    """The urgent writer stays busy."""
    code = Writer()
    code.free.clear()
    await asyncio.wait_for(RightOfWay([code], clock, patience_s=0.01).wait(), 5)
    assert code.busy


async def test_it_is_remembered_for_a_second_that_something_was_urgent(clock: FakeClock) -> None:
    """Beside urgent acts the many go in smaller batches."""
    code = Writer()
    way = RightOfWay([code], clock)
    assert not way.taken()
    assert not way.lately
    code.free.clear()
    assert way.taken()
    code.free.set()
    clock.advance(timedelta(seconds=0.9))
    assert not way.taken()
    assert way.lately
    clock.advance(timedelta(seconds=0.2))
    assert not way.lately
