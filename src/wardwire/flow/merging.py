"""Takes what a source says of two numbers: they are one patient's. Places and alerts go by the one that stays."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from wardwire.flow.copies import update_copies
from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.statement import read_statement, view_message, write_statement
from wardwire.flow.views import NewBody
from wardwire.model import ids
from wardwire.model.alert import Escalation
from wardwire.model.delivery import ENDED
from wardwire.model.errors import WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.priority import Priority, lane_of
from wardwire.model.stays import Merge, Movement, Stay, check_movement, find_stay, merge
from wardwire.store.batch import Batch
from wardwire.store.messages import as_reported
from wardwire.store.stays import to_row

_ENCODE = msgspec.json.Encoder().encode

Done = Callable[[str | WardwireError], None]


class TakeMerge(Act):
    """Take one merge of patients' numbers: all pairs of it, in order. When `done(did)` is called, it is committed.

    `did`: `merged`, or `repeated`: they were one already. Idempotent.
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
        """Where the patients are, and what is open about those whose numbers go."""
        merges = self._movement.merges
        former = tuple(one.former[0] for one in merges)
        return Needs(patients=(*(one.patient for one in merges), *former), about=former)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Let the former numbers mean the one that stays."""
        check_movement(self._movement)
        done = [self._take(known, batch, one) for one in self._movement.merges]
        self._did = "merged" if any(done) else "repeated"

    def _take(self, known: Known, batch: Batch, pair: Merge) -> bool:
        """Take one pair; returns whether they were two until now."""
        before = find_stay(known.stays_of(pair.patient), pair.authority) or Stay(pair.patient, pair.authority)
        number, authority = pair.former
        bearers = known.stays_of(number)
        after, alias = merge(before, find_stay(bearers, authority) or Stay(number, authority))
        fresh, renumbered = after is not before, 0
        if fresh:
            # Of a number that two patients bear nobody knows whose an alert is: it stays as its source has said it.
            renumbered = self._renumber(known, batch, number, pair.patient) if len(bearers) <= 1 else 0
            for one in (after, alias):
                batch.also("stay", *to_row(one, batch.now))
                known.moved(one)
        told = {
            "source": self._movement.source,
            "move": self._movement.move,
            "did": "merged" if fresh else "repeated",
            "alerts": renumbered,
            "from": ids.write_id(ids.PLACE, before.place) if before.place else None,
            "to": ids.write_id(ids.PLACE, after.place) if after.place else None,
        }
        batch.record(FactKind.MOVED, _ENCODE(told).decode())
        return fresh

    def _renumber(self, known: Known, batch: Batch, number: str, patient: str) -> int:
        """Let open alerts about a number name the one that stays, and tell those who have them, in silence."""
        alerts = known.alerts_about(number)
        for kept in alerts:
            before, rules = kept.escalation, self._rules()
            message = known.message(before.message_id)
            assert message is not None
            said = read_statement(as_reported(message, before).content)
            said = msgspec.structs.replace(said, patient=patient)
            after: Escalation = before._replace(version=before.version + 1, said=write_statement(said))
            batch.escalate(before, after)
            known.escalated(after)
            body = _ENCODE({"phase": "", "did": "updated", "why": "merge"}).decode()
            batch.record(FactKind.REPORTED, body, message_id=message.id)
            now = as_reported(message, after)
            written = view_message(now, rules.directory)
            for delivery in known.deliveries_of(message.id):
                if delivery.state not in ENDED:
                    batch.tell(delivery.person_id, "updated", message.id, NewBody(written, False, batch.now))
            update_copies(batch, known, rules, now, "updated")
        return len(alerts)

    def committed(self) -> None:
        """Answer the adapter."""
        self._done(self._did)

    def failed(self, error: WardwireError) -> None:
        """Answer the adapter."""
        self._done(error)
