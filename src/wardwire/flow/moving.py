"""Takes what a source says of where a patient is: admitted, transferred, discharged, or that it was not so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.model import ids
from wardwire.model.errors import WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.priority import Priority, lane_of
from wardwire.model.stays import (
    Move,
    Moved,
    Movement,
    Stay,
    check_movement,
    find_stay,
    instant_of,
    place_of,
    take_move,
)
from wardwire.store.batch import Batch
from wardwire.store.stays import to_row

UNPLACED = "unplaced"
_ENCODE = msgspec.json.Encoder().encode
_ARRIVES = frozenset({Move.ADMIT, Move.TRANSFER})

Done = Callable[[str | WardwireError], None]


class TakeMovement(Act):
    """Take one movement of a patient. When `done(did)` is called, it is committed.

    `did` is as in model/stays.take_move, or `unplaced`: it is taken, and the bed that it names is not entered.
    Idempotent: a repeat is committed as a fact, and moves nobody.
    """

    __slots__ = ("_did", "_done", "_movement", "_rules", "affinity", "lane", "turn")

    def __init__(self, movement: Movement, rules: Callable[[], Rules], done: Done) -> None:
        self._movement = movement
        self._rules = rules
        self._done = done
        self._did = ""
        self.turn = ("stay", movement.patient)
        self.lane = lane_of(Priority.MEDIUM)
        self.affinity = hash(movement.patient)

    def needs(self) -> Needs:
        """Where the patient is."""
        return Needs(patients=(self._movement.patient,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Put the movement where its instant belongs."""
        movement = self._movement
        check_movement(movement)
        place = place_of(movement, self._rules().directory)
        ref = hashlib.sha256(f"{movement.source}|{movement.external_id}".encode()).hexdigest()[:16]
        moved = Moved(ref, movement.move, instant_of(movement.at, batch.now), place)
        before = find_stay(known.stays_of(movement.patient), movement.authority)
        before = before or Stay(movement.patient, movement.authority)
        after, did = take_move(before, moved)
        if after is not before:
            batch.also("stay", *to_row(after, batch.now))
            known.moved(after)
        told = {
            "source": movement.source,
            "move": movement.move,
            "did": did,
            "at": moved.at,
            "from": ids.write_id(ids.PLACE, before.place) if before.place else None,
            "to": ids.write_id(ids.PLACE, after.place) if after.place else None,
        }
        batch.record(FactKind.MOVED, _ENCODE(told).decode())
        named = movement.bed or movement.unit
        self._did = UNPLACED if named and place is None and movement.move in _ARRIVES else did

    def committed(self) -> None:
        """Answer the adapter."""
        self._done(self._did)

    def failed(self, error: WardwireError) -> None:
        """Answer the adapter."""
        self._done(error)
