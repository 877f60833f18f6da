"""What a source reports of its alert: it begins, goes on, changes, rises, falls, ends. The act behind every adapter.

One key of a source is one alert as long as it is open. A repeat rings nobody; an end that comes before its beginning
keeps the beginning from ringing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from wardwire.flow.copies import monitored, update_copies
from wardwire.flow.end import end_message
from wardwire.flow.escalating import carry_out
from wardwire.flow.opening import store_submission
from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.statement import Responses, Statement, submission_of, view_message, write_statement
from wardwire.flow.store_message import digest_of, first_result
from wardwire.flow.submit import Foreseen, dry_run
from wardwire.flow.views import NewBody, read_stored
from wardwire.model import ids, standing
from wardwire.model.alert import Escalation, Ring, State
from wardwire.model.delivery import ENDED, Event
from wardwire.model.errors import WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.message import Submission, check_submission
from wardwire.model.people import Directory
from wardwire.model.priority import Kind, Priority, lane_of
from wardwire.model.report import Follow, Phase, Report, check_report
from wardwire.model.rights import Caller, may_submit
from wardwire.model.stays import Stay, find_stay, followed
from wardwire.store.batch import Batch
from wardwire.store.messages import Message, as_reported

_ENCODE = msgspec.json.Encoder().encode
_URGENCY = {priority: nth for nth, priority in enumerate(Priority)}


class ReportTaken(NamedTuple):
    """How a report was taken.

    Attributes:
        message_id: The alert that it is about; None = there is none, and none was made.
        did: `begun`, `repeated`, `updated`, `raised`, `lowered`, `latched`, `cleared`, `noted` (rings nobody).
        result: For `begun`: the result of the submission, a `Stored` as JSON.
    """

    message_id: UUID | None
    did: str
    result: str = ""


Done = Callable[[ReportTaken | WardwireError, bool], None]


class TakeReport(Act):
    """Take one report of a source. When `done(taken, replayed)` is called, it is committed.

    Idempotent: the same report again changes nothing and rings nobody.
    """

    __slots__ = (
        "_caller", "_done", "_report", "_rules", "_submission", "_taken", "affinity", "identity", "lane", "turn",
    )  # fmt: skip

    def __init__(self, report: Report, caller: Caller, rules: Callable[[], Rules], done: Done) -> None:
        self._report = report
        self._caller = caller
        self._rules = rules
        self._done = done
        self._submission = _submission(report)
        self._taken = ReportTaken(None, "noted")
        self.identity = (report.source, report.external_id)
        # One report of a key at a time: the next one sees what it has done.
        self.turn = (report.source, report.source_key) if report.source_key else None
        self.lane = lane_of(report.priority)
        self.affinity = hash(report.source_key or report.external_id)

    def needs(self) -> Needs:
        """The open alert of its key with its copies, and where its patient is."""
        report = self._report
        alerts = ((report.source, report.source_key),) if report.source_key else ()
        patients = (report.patient,) if _follows(report) else ()
        return Needs(alerts=alerts, patients=patients, copies=bool(monitored(self._rules().directory)))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Find the alert that it is about, or begin one."""
        report, rules = self._report, self._rules()
        check_report(report)
        may_submit(self._caller, Kind.ALERT, report.priority)
        key = (report.source, report.source_key)
        kept = known.alert_of(key) if report.source_key else None
        if kept is not None:
            message = known.message(kept.escalation.message_id)
            assert message is not None
            self._taken = _about(batch, known, rules, kept.escalation, message, report)
        elif report.phase is Phase.END and not report.latched:
            batch.also("ended_report", *key, batch.now)
            self._taken = ReportTaken(None, "cleared")
        elif report.phase is Phase.END:
            # Its source still holds it until somebody has seen to it: a beginning that comes late is to ring.
            self._taken = ReportTaken(None, "noted")
        elif report.phase in (Phase.NOTE, Phase.DEESCALATE) or known.ended_early(key):
            self._taken = ReportTaken(None, "noted")
        else:
            self._begin(known, batch, rules, durability)
        if self._taken.message_id is None:
            body = _ENCODE({"source": report.source, "phase": report.phase, "did": self._taken.did}).decode()
            batch.record(FactKind.REPORTED, body)

    def _begin(self, known: Known, batch: Batch, rules: Rules, durability: str) -> None:
        report, submission = self._report, self._submission
        if _follows(report):
            stay = find_stay(known.stays_of(report.patient), report.authority)
            submission = _follow(report, stay, rules.directory)
        check_submission(submission, batch.now)
        result = store_submission(
            batch, known, rules, submission, caller=self._caller, sender=None, durability=durability,
            source_key=report.source_key, test=report.test,
        )  # fmt: skip
        message_id = ids.read_id(ids.MESSAGE, read_stored(result).message)
        late = report.phase is not Phase.START
        _record(batch, message_id, report, "begun_late" if late else "begun")
        self._taken = ReportTaken(message_id, "begun", result)

    def committed(self) -> None:
        """Answer the adapter."""
        self._done(self._taken, False)

    def failed(self, error: WardwireError) -> None:
        """Answer the adapter."""
        self._done(error, False)

    def repeated(self, digest: bytes, result: str) -> None:
        """Give the first result again, or refuse an identity that is used for other content."""
        first = first_result(self._submission, digest, result)
        if isinstance(first, str):
            self._done(ReportTaken(ids.read_id(ids.MESSAGE, read_stored(first).message), "begun", first), True)
        else:
            self._done(first, False)


def foresee(report: Report, stays: Sequence[Stay], caller: Caller, rules: Rules, now: datetime) -> Foreseen:
    """Say whom a report that begins an alert would call, and by when. Keeps nothing.

    Args:
        stays: Those that bear its patient's number.

    Raises:
        Refused: As `TakeReport` would.
    """
    check_report(report)
    submission = _follow(report, find_stay(stays, report.authority), rules.directory)
    return dry_run(submission, caller, rules, now)


def _about(
    batch: Batch, known: Known, rules: Rules, before: Escalation, message: Message, report: Report
) -> ReportTaken:
    """Take a report of an alert that is open.

    The end of a condition that its source latches is not the end of the alert: somebody is to see to it. The second
    end is, whatever is said of the latch.
    """
    if report.phase is Phase.END and (before.latched or not report.latched):
        end_message(batch, known, rules, message, Event.CLEAR, "cleared")
        _record(batch, message.id, report, "cleared")
        return ReportTaken(message.id, "cleared")
    after = before._replace(version=before.version + 1, seen_at=batch.now)
    did = "repeated"
    if report.phase is not Phase.NOTE:
        after = after._replace(latched=report.latched)
        did = "latched" if report.latched and not before.latched else did
    more = _URGENCY[report.priority] - _URGENCY[before.priority]
    if report.phase in (Phase.ESCALATE, Phase.DEESCALATE, Phase.UPDATE) and more:
        after, did = after._replace(priority=report.priority), "raised" if more < 0 else "lowered"
    elif report.phase in (Phase.UPDATE, Phase.ESCALATE, Phase.DEESCALATE):
        did = "updated"
    if did not in ("repeated", "latched"):
        after = after._replace(said=_words(message, report))
    batch.escalate(before, after)
    known.escalated(after)
    if did == "repeated":
        return ReportTaken(message.id, did)
    _record(batch, message.id, report, did)
    if did == "latched":
        return ReportTaken(message.id, did)
    now = as_reported(message, after)
    body = view_message(now, rules.directory)
    for delivery in known.deliveries_of(message.id):
        if delivery.state not in ENDED:
            batch.tell(delivery.person_id, did, message.id, NewBody(body, did == "raised", batch.now))
    update_copies(batch, known, rules, now, did)
    if did == "raised" and before.state is State.RUNNING:
        kinds = standing.step_out(before).endpoints
        rings = [Ring(person, f"step {before.step + 1}:raised", kinds) for person in before.people]
        holding = {d.person_id for d in known.deliveries_of(message.id) if d.responded_at is not None}
        carry_out(batch, known, rules, message, after, [ring for ring in rings if ring.person_id not in holding])
    return ReportTaken(message.id, did)


def _words(message: Message, report: Report) -> bytes:
    """Write the statement of an alert as its source describes it now."""
    return write_statement(msgspec.structs.replace(_statement(report), id=message.external_id))


def _record(batch: Batch, message_id: UUID, report: Report, did: str) -> None:
    body = {"phase": report.phase, "did": did, "source_at": report.at.isoformat() if report.at else ""}
    body |= {name: said for name, said in (("origin", report.origin), ("rule", report.rule)) if said}
    batch.record(FactKind.REPORTED, _ENCODE(body).decode(), message_id=message_id)


def _statement(report: Report) -> Statement:
    return Statement(
        id=report.external_id,
        to=report.to,
        priority=report.priority,
        subject=report.subject,
        text=report.text,
        patient=report.patient,
        responses=Responses(accept_decline=True),
        policy=report.policy,
        place=report.bed or report.unit,
    )


def _follows(report: Report) -> bool:
    return report.follow is not Follow.NEVER and report.patient != ""


def _follow(report: Report, stay: Stay | None, directory: Directory) -> Submission:
    """Make the submission for the place where the patient is; what was asked stays what a repeat is known by."""
    asked, place = _submission(report), followed(report, stay, directory)
    if place is None:
        return asked
    moved = _submission(report._replace(bed=ids.write_id(ids.PLACE, place)))
    return moved._replace(asked=digest_of(asked))


def _submission(report: Report) -> Submission:
    statement = _statement(report)
    return submission_of(statement, source=report.source, content=write_statement(statement))
