"""Stores a canary: a message of its own kind, on the path of all others, to an endpoint of our own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from wardwire.flow.planning import make_planning
from wardwire.flow.ports import Act, Known, Rules
from wardwire.flow.statement import Statement, submission_of, write_sender, write_statement
from wardwire.flow.store_message import store_message
from wardwire.model import ids
from wardwire.model.canary import NAME, PEOPLE, Canary, Rhythm, Way
from wardwire.model.errors import WardwireError
from wardwire.model.message import Submission
from wardwire.model.priority import Kind, Priority, lane_of
from wardwire.model.rights import SYSTEM
from wardwire.model.routing import Plan, plan_person
from wardwire.store.batch import Batch

SOURCE = SYSTEM.source
PREFIX = "canary "  # of the identities

log = structlog.get_logger("wardwire.flow.canary")


class SendCanary(Act):
    """Store the canary that follows `former` on its way.

    Its identity is the one that it follows, or the minute of the first one: of several cores that send it, one does.
    """

    __slots__ = (
        "_former",
        "_person",
        "_refused",
        "_rhythm",
        "_rules",
        "_submission",
        "_way",
        "affinity",
        "identity",
        "lane",
    )

    def __init__(
        self,
        way: Way,
        name: str,
        former: Canary | None,
        *,
        rhythm: Rhythm,
        rules: Callable[[], Rules],
        refused: Callable[[Way], None],
        now: datetime,
    ) -> None:
        """`name` is the unit's, for whoever reads it; `refused` is told when it could not be stored."""
        self._refused = refused
        self._way = way
        self._former = former
        self._rhythm = rhythm
        self._rules = rules
        self._person = PEOPLE[way.channel]
        after = former.message_id.hex if former else f"{now:%Y%m%d%H%M}"
        self._submission = _submission(way, name, self._person, after)
        self.identity = (SOURCE, self._submission.external_id)
        self.lane = lane_of(self._submission.priority)
        self.affinity = hash(self._person)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Plan it for its channel alone, and add it with all that it sets going."""
        rules, way, former = self._rules(), self._way, self._former
        waits = replace(rules.waits, high=self._rhythm.allowed(way))
        planned = plan_person(
            self._person, "canary", self._submission, rules.directory, waits, batch.now, (way.channel,)
        )
        planning = make_planning(Plan((planned,)), (), rules, batch.now)
        message_id = next(batch.new_ids)
        store_message(
            batch,
            rules,
            self._submission,
            planning,
            caller=SYSTEM,
            sender=write_sender(rules.directory, None, SOURCE),
            message_id=message_id,
            durability=durability,
        )
        confirmed_at, took_s = former.last if former else (None, None)
        batch.also("canary", way.channel, way.unit, message_id, self._person, batch.now, confirmed_at, took_s)

    def committed(self) -> None:
        """It flies."""

    def failed(self, error: WardwireError) -> None:
        """The next look sends it again."""
        log.warning("canary_not_stored", channel=self._way.channel, reason=error)
        self._refused(self._way)

    def repeated(self, digest: bytes, result: str) -> None:
        """Another core has sent it."""


def _submission(way: Way, name: str, person: UUID, after: str) -> Submission:
    statement = Statement(
        id=f"{PREFIX}{way.channel} {way.unit.hex} {after}",
        to=(ids.write_id(ids.PERSON, person),),
        kind=Kind.CANARY,
        priority=Priority.HIGH,
        subject=NAME,
        text=name or "No unit.",
    )
    return submission_of(statement, source=SOURCE, content=write_statement(statement))
