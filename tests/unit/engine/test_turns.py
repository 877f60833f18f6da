"""A task that hangs is found, and one that takes too long is broken off."""

from __future__ import annotations

import asyncio
import contextlib

from wardwire.engine.upkeep import Turns, keep


def test_a_task_is_stuck_when_its_next_round_does_not_begin_in_time() -> None:
    """Each by its own time."""
    now = 0.0
    turns = Turns(lambda: now)
    turns.begin("auditor", 30)
    turns.begin("seal", 10)
    now = 10.0
    assert turns.stuck() == []
    now = 10.1
    assert turns.stuck() == ["seal"]
    turns.begin("seal", 10)
    assert turns.stuck() == []
    now = 31.0
    assert turns.stuck() == ["auditor", "seal"]


async def test_a_round_that_does_not_end_is_broken_off_and_the_next_one_begins() -> None:
    """It hangs in what never comes; the second time it is well."""
    rounds: list[str] = []
    twice = asyncio.Event()

    async def work() -> None:
        rounds.append("begun")
        if len(rounds) == 1:
            await asyncio.Event().wait()
        twice.set()

    turns = Turns(lambda: 0.0)
    task = asyncio.create_task(keep("work", 0, work, turns=turns, patience_s=0.01))
    async with asyncio.timeout(10):
        await twice.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert rounds[:2] == ["begun", "begun"]
