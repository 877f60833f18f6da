"""The load maker counts every round once, in whatever order its sender hears of it."""

from __future__ import annotations

import pytest
from bench.shapes.load import Load
from bench.shapes.voices import Sort


class _Voice:
    def send(self) -> tuple[bytes, bytes]:
        return b"1", b"{}"


class _Device:
    name = "anna"
    voice = _Voice()

    def say(self, frame: bytes) -> None:
        """Nobody listens."""


@pytest.mark.parametrize("order", [(Sort.STORED, Sort.DELIVERED), (Sort.DELIVERED, Sort.STORED)])
async def test_a_round_whose_end_overtakes_its_beginning_is_done(order: tuple[Sort, Sort]) -> None:
    """Two cores are two ways: the word of one may come before the answer of the other."""
    load, device = Load(), _Device()
    load._begin(device, 0.0)  # type: ignore[arg-type]
    for sort in (Sort.NEW, *order):
        load.heard(device, sort, b"1" if sort is Sort.STORED else b"", b"m")  # type: ignore[arg-type]
    assert (load.done, load.overtaken) == (1, int(order[0] is Sort.DELIVERED))
    assert await load._settle() == 0
