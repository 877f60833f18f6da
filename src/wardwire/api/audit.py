"""The record over HTTP, for auditors: its two logs, and whether it is as it was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import msgspec

from wardwire.api.instants import read_instant
from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut
from wardwire.flow.audit import verify
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import Fact, since_epoch_us
from wardwire.model.logs import LOGS
from wardwire.model.matrix import Action
from wardwire.model.people import Directory
from wardwire.store.fact_reads import count_facts, read_log

# A day of a log is one or two tables by day; what is older is asked for by its own `until`.
LONGEST = timedelta(days=31)
USUAL = timedelta(days=1)
# More would take a core's time from its other callers: `wardwire audit verify` has a process of its own.
MOST_FACTS = 200_000
PATIENCE_S = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = (UUID(int=2**128 - 1), 2**63 - 1)


class FactOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry of the record. `id` names its chain and number there; `body` is what was written, never content."""

    id: str
    at: datetime
    kind: str
    body: dict[str, Any]
    hash: str
    person: str = ""
    name: str = ""
    device: str = ""
    message: str = ""


class FactsOut(msgspec.Struct, frozen=True):
    """A page of a log, the newest first. `since` is how far back was looked."""

    data: list[FactOut]
    since: datetime
    next: str | None


class VerifyIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """From which instant on, by default the last 24 hours; `proofs`: also check what devices have signed."""

    since: datetime | None = None
    proofs: bool = True


class FindingOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is not as it was written: in which chain, the first number of it."""

    kind: str
    chain: str
    seq: int
    text: str
    at: datetime | None = None


class VerdictOut(msgspec.Struct, frozen=True):
    """Whether the record is as it was written. `found` counts all findings; of many the first ones are shown."""

    good: bool
    since: datetime
    facts: int
    chains: int
    heads: int
    proofs: int
    found: int
    findings: list[FindingOut]
    took_s: float


async def list_(call: Call) -> Answer:
    """List a log."""
    limit, query, now = call.query["limit"], call.query, call.deps.clock.now()
    if query["log"] not in LOGS:
        raise Refused(Code.INVALID, "one of " + ", ".join(LOGS), parameter="log")
    until = read_instant(call, "until") or now
    since = read_instant(call, "since") or until - USUAL
    if until - since > LONGEST:
        raise Refused(Code.INVALID, f"at most {LONGEST.days} days at once", parameter="since")
    before = _read_place(query["after"]) if query["after"] else (until, *_LAST)
    person = ids.read_id(ids.PERSON, query["person"]) if query["person"] else None
    found = await call.read(
        lambda c: read_log(c, since=since, before=before, kinds=LOGS[query["log"]], person=person, limit=limit + 1)
    )
    directory = call.deps.rules().directory
    shown = [_show(fact, directory) for fact in found]
    kept = {name: query[name] for name in ("log", "until", "person")}
    page, following, headers = cut(
        shown, limit, lambda one: _write_place(one), "/v1/facts", since=since.isoformat(), **kept
    )
    return Answer(body=FactsOut(page, since, following), headers=headers)


def _show(fact: Fact, directory: Directory) -> FactOut:
    return FactOut(
        id=f"{fact.writer.hex}:{fact.seq}",
        at=fact.at,
        kind=fact.kind,
        body=_read_body(fact.body),
        hash=fact.hash.hex(),
        person=ids.write_id(ids.PERSON, fact.person_id) if fact.person_id else "",
        name=directory.person_name(fact.person_id) if fact.person_id else "",
        device=ids.write_id(ids.DEVICE, fact.device_id) if fact.device_id else "",
        message=ids.write_id(ids.MESSAGE, fact.message_id) if fact.message_id else "",
    )


def _read_body(text: str) -> dict[str, Any]:
    """Read what was written; somebody may have changed it, so anything is taken."""
    try:
        body = json.loads(text)
    except ValueError:
        return {"unreadable": text[:200]}
    return body if isinstance(body, Mapping) else {"value": body}  # type: ignore[return-value]


def _write_place(fact: FactOut) -> str:
    return f"{since_epoch_us(fact.at)}:{fact.id}"


def _read_place(text: str) -> tuple[datetime, UUID, int]:
    try:
        at, writer, seq = text.split(":")
        return _EPOCH + timedelta(microseconds=int(at)), UUID(hex=writer), int(seq)
    except (ValueError, OverflowError):
        raise Refused(Code.INVALID, "not a place that was given by a page before", parameter="after") from None


async def verify_(call: Call) -> Answer:
    """Verify the record since an instant, in one snapshot."""
    since = call.body.since or call.deps.clock.now() - USUAL
    if since.tzinfo is None:
        raise Refused(Code.INVALID, "an instant with its zone, e.g. 2026-03-01T00:00:00Z", pointer="/since")
    facts = await call.read(lambda connection: count_facts(connection, since))
    if facts > MOST_FACTS:
        detail = f"since then there are {facts} facts; ask for a shorter time, or run: wardwire audit verify"
        raise Refused(Code.TOO_MANY, detail, pointer="/since", limit=MOST_FACTS)
    started = perf_counter()
    verdict = await call.read(lambda c: verify(c, since=since, proofs=call.body.proofs), patience_s=PATIENCE_S)
    shown = VerdictOut(
        good=verdict.good,
        since=since,
        facts=verdict.facts,
        chains=verdict.chains,
        heads=verdict.heads,
        proofs=verdict.proofs,
        found=verdict.found,
        findings=[FindingOut(f.kind, f.writer.hex, f.seq, f.text, f.at) for f in verdict.findings],
        took_s=round(perf_counter() - started, 3),
    )
    return Answer(body=shown)


OPERATIONS = (
    Operation(
        id="listFacts", method="GET", path="/v1/facts", tag="audit",
        about="List a log, newest first: what people did (`users`), or what was changed of the site (`admin`).",
        handler=list_, answers={200: FactsOut}, action=Action.AUDIT_READ,
        query=(
            LIMIT, AFTER,
            Query(name="log", kind="string", about="`users` or `admin`.", default="users"),
            Query(name="since", kind="string", about="By default a day before `until`; at most 31 days."),
            Query(name="until", kind="string", about="By default now."),
            Query(name="person", kind="string", about="Only of this person."),
        ),
    ),
    Operation(
        id="verifyFacts", method="POST", path="/v1/audit/verify", tag="audit",
        about="Verify that no fact since an instant was changed, taken out or reordered, and what devices signed. "
        f"At most {MOST_FACTS} facts; `wardwire audit verify` takes all, and anchors.",
        handler=verify_, body=VerifyIn, answers={200: VerdictOut}, action=Action.AUDIT_READ,
        refuses=(Code.TOO_MANY,), example={"since": "2026-11-24T00:00:00Z"},
    ),
)  # fmt: skip
