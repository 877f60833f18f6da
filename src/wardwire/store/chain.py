"""The chain of one writer: gives facts their number and hash, and forgets them again when a batch is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from wardwire.model.facts import GENESIS, Recorded, link_all


class Draft(NamedTuple):
    """What is `Recorded`, by name; the path, which makes many, makes plain tuples."""

    kind: str
    message_id: UUID | None
    person_id: UUID | None
    device_id: UUID | None
    body: str


@dataclass(frozen=True, slots=True)
class Linked:
    """Facts with their places: columns as the statement takes them (none of no facts), and the head after them."""

    columns: Sequence[Sequence[Any]]
    seq: int
    head: bytes


class Chain:
    """A writer's chain. A writer is one lane's connection in one process life.

    After an *unknown* commit nobody knows whether the chain grew: it ends, and a successor names it
    (`CHAIN_BEGUN` with `after`).
    """

    def __init__(self, writer: UUID) -> None:
        self.writer = writer
        self.seq = 0
        self._head = GENESIS

    def link(self, at: datetime, drafts: Sequence[Recorded]) -> Linked:
        """Give drafts their places behind the head; the head itself moves only with `advance`."""
        if not drafts:
            return Linked([], self.seq, self._head)
        hashes = link_all(self._head, self.writer, self.seq + 1, at, drafts)
        return Linked([*zip(*drafts, strict=True), hashes], self.seq + len(drafts), hashes[-1])

    def advance(self, linked: Linked) -> None:
        """Move the head: what was linked is committed."""
        self.seq, self._head = linked.seq, linked.head
