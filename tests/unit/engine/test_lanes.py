"""Who of a lane's writers commits what, and what happens when one of them ends."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from wardwire.engine.lanes import SPREAD_AT, Lanes
from wardwire.model.priority import Lane


async def test_a_writer_that_ends_by_itself_is_not_passed_over() -> None:
    """Its lane would refuse everything for ever; so the watch raises, and the process begins anew."""

    async def broken() -> Any:
        raise ZeroDivisionError

    lanes = Lanes(open_connection=broken, clock=cast(Any, None), announcer=cast(Any, None), node="core")
    starting = asyncio.ensure_future(lanes.start())
    await asyncio.sleep(0)
    watching = asyncio.ensure_future(lanes.watch())

    with pytest.raises(RuntimeError, match="the writer core/"):
        await watching
    starting.cancel()
    await lanes.stop()


class _Writer:
    """A writer that only counts."""

    def __init__(self, *, serving: bool = True) -> None:
        self.serving = serving
        self.acts: list[Any] = []

    def has_room(self, size: int) -> bool:
        return self.serving and len(self.acts) < size

    def put(self, act: Any) -> None:
        self.acts.append(act)


@pytest.mark.parametrize(("serving", "shares"), [(True, [SPREAD_AT, 8]), (False, [0, 40])])
def test_the_second_writer_helps_when_there_is_much_to_do(serving: bool, shares: list[int]) -> None:
    """Alone the first makes larger batches; what is too much for it, or comes while it is away, goes by affinity."""
    lanes = Lanes(open_connection=cast(Any, None), clock=cast(Any, None), announcer=cast(Any, None), node="core")
    writers = lanes._writers[Lane.REST] = cast(Any, [_Writer(serving=serving), _Writer()])
    for _ in range(40):
        lanes.put(cast(Any, SimpleNamespace(lane=Lane.REST, affinity=1, identity=None)))
    assert [len(writer.acts) for writer in writers] == shares
