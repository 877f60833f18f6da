"""Tries one way to one person by a message that is marked as a test: to that endpoint alone, never counted as real.

It is stored, sent and confirmed as any other, and its trace says each hop with its seconds, or where it stopped and
why. Nobody at the desk is called because of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from wardwire.flow.planning import make_planning
from wardwire.flow.ports import Act, Known, Rules
from wardwire.flow.statement import Responses, Statement, submission_of, write_sender, write_statement
from wardwire.flow.store_message import first_result, store_message
from wardwire.model import ids
from wardwire.model.delivery import TEST
from wardwire.model.endpoints import why_passed
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.message import Submission
from wardwire.model.people import Directory, Endpoint
from wardwire.model.priority import Kind, Priority, lane_of
from wardwire.model.rights import Caller
from wardwire.model.routing import Plan, Planned
from wardwire.model.stages import APP, Stage, write_stages
from wardwire.store.batch import Batch

# A relay or a pager's terminal may take its time; no device does.
OUTSIDE_WITHIN = timedelta(seconds=60)
SUBJECT = "Test"
_TEXT = "A test of how you are reached ({}). Nobody needs you; accept it when you have seen it."

Done = Callable[[str | WardwireError, bool], None]


class TryEndpoint(Act):
    """Send a test to one endpoint; answered as a submission is. Who may ask for it is asked before.

    Args:
        way: `app` for the person's devices, or the id of one of their other endpoints (`ept_…`).
        external_id: The caller's own: the same again is the same test.
    """

    __slots__ = (
        "_caller", "_done", "_person_id", "_result", "_rules", "_submission", "_way", "affinity", "identity", "lane",
    )  # fmt: skip

    def __init__(
        self, person_id: UUID, way: str, external_id: str, caller: Caller, rules: Callable[[], Rules], done: Done
    ) -> None:
        self._person_id = person_id
        self._way = way
        self._caller = caller
        self._rules = rules
        self._done = done
        self._result = ""
        self._submission = _submission(person_id, way, caller.source, external_id)
        self.identity = (caller.source, external_id)
        self.lane = lane_of(Priority.HIGH)
        self.affinity = hash(person_id)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Plan it for that endpoint alone, and add it with all that it sets going."""
        rules, directory = self._rules(), self._rules().directory
        person = directory.people.get(self._person_id)
        if person is None:
            raise Refused(Code.NOT_FOUND, "there is no such person")
        if person.disabled:
            raise Refused(Code.RECIPIENT_DISABLED, "this person is disabled")
        endpoint = None if self._way == APP else self._find(directory, batch)
        wait = OUTSIDE_WITHIN if endpoint else rules.waits.high
        message_id = next(batch.new_ids)
        stages = (Stage((self._way,), wait),)
        planned = Planned(person.id, "test", stages, True, write_stages(stages))
        self._result = store_message(
            batch,
            rules,
            self._submission,
            make_planning(Plan((planned,)), (), rules, batch.now),
            caller=self._caller,
            sender=write_sender(directory, self._caller.person_id, self._caller.source),
            message_id=message_id,
            durability=durability,
            escalates=TEST,
        )
        if endpoint is not None:
            told = f'{{"channel":"{endpoint.kind}","endpoint":"{endpoint.id.hex}"}}'
            batch.record(FactKind.ATTEMPTED, told, message_id=message_id, person_id=person.id)

    def committed(self) -> None:
        """Answer who asked."""
        self._done(self._result, False)

    def failed(self, error: WardwireError) -> None:
        """Answer who asked."""
        self._done(error, False)

    def repeated(self, digest: bytes, result: str) -> None:
        """Give the first result again, or refuse an identity that is used for other content."""
        first = first_result(self._submission, digest, result)
        self._done(first, isinstance(first, str))

    def _find(self, directory: Directory, batch: Batch) -> Endpoint:
        """Return the endpoint, if it is theirs and something could be sent there at all: its hours do not matter."""
        endpoint_id = ids.read_id(ids.ENDPOINT, self._way)
        there = directory.endpoints_of.get(self._person_id, ())
        endpoint = next((one for one in there if one.id == endpoint_id), None)
        if endpoint is None:
            raise Refused(Code.NOT_FOUND, "this person has no such endpoint")
        why = why_passed(endpoint, directory.served, Priority.CODE, batch.now)
        if why is not None:
            raise Refused(Code.INVALID, f"nothing is sent there: {why}", pointer="/endpoint")
        return endpoint


def _submission(person_id: UUID, way: str, source: str, external_id: str) -> Submission:
    statement = Statement(
        id=external_id,
        to=(ids.write_id(ids.PERSON, person_id),),
        kind=Kind.TEST,
        priority=Priority.HIGH,
        subject=SUBJECT,
        text=_TEXT.format(way),
        # By a way without an answer none is asked for.
        responses=Responses(accept_decline=way == APP),
    )
    return submission_of(statement, source=source, content=write_statement(statement))
