"""Writes the fact that somebody who is known was refused. Nothing waits for it."""

from __future__ import annotations

import msgspec

from wardwire.flow.ports import Act, Known
from wardwire.model.errors import WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch

_ENCODE = msgspec.json.Encoder().encode


class Denied(Act):
    """Record that a caller was refused: by which code, at which door, of which action, and for how many
    refusals it stands."""

    __slots__ = ("_body", "affinity", "lane")

    def __init__(self, *, who: str, code: str, door: str, action: str = "", count: int) -> None:
        told = {"who": who, "code": code, "door": door, "action": action, "count": count}
        self._body = _ENCODE(told).decode()
        self.lane = Lane.REST
        self.affinity = hash(who)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add the fact."""
        batch.record(FactKind.ACCESS_DENIED, self._body)

    def committed(self) -> None:
        """Nobody waits."""

    def failed(self, error: WardwireError) -> None:
        """Nobody waits; the counter has it."""
