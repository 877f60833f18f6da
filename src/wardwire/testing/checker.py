"""Judge a history against the final database: was anything acknowledged lost, doubled, stuck or turned back?

Pure functions over `history` and `dump`, each linear in its input. They trust the histories only: what a
client saw decides, never what the server's logs say. Every check has a mutant history in the unit tests that
it must catch; a checker that never failed is no evidence.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wardwire.testing.dump import Dump, IdentityRow
from wardwire.testing.history import (
    Attempt,
    Condensed,
    Died,
    Operation,
    Outcome,
    Record,
    Seen,
    Status,
    operations,
)
from wardwire.testing.verdict import Invariant, Verdict, Violation

Identity = tuple[str, str, str]  # op, source, external_id

# A status of a lower rank after a higher one is a step backwards; equal ranks may alternate.
RANKS: Mapping[str, int] = {
    "stored": 0,
    "planned": 0,
    "sending": 0,
    "sent": 1,
    "unreachable": 1,
    "delivered": 2,
    "read": 3,
    "taken": 3,
    "answered": 4,
    "accepted": 4,
    "declined": 4,
    "handed_back": 4,
    "cleared": 5,
    "cancelled": 5,
    "expired": 5,
    "ended": 5,
}

# Refusals that speak of the moment, not of the submission: a repeat of something stored may meet them.
PASSING_CODES = frozenset({"rate_limited", "overloaded", "disk_low", "no_standby", "unavailable", "too_many"})


def judge(history: Sequence[Record], dump: Dump, *, ranks: Mapping[str, int] = RANKS) -> Verdict:
    """Apply every check; see `verdict.Invariant` for what each means.

    Args:
        history: All records of all clients and devices, each one's in its own order.
        dump: The database after healing, when no try is under way any more.
        ranks: The order of delivery states for I9; a state that is not in it is a violation.
    """
    found = [
        *check_no_acked_loss(history, dump),
        *check_identity(history, dump),
        *check_no_visible_duplicate(history, dump),
        *check_delivered_or_armed(dump),
        *check_inbox(dump),
        *check_devices(history, dump),
        *check_every_try_answered(history),
        *check_phantoms(history, dump),
        *check_status_forward(history, dump, ranks),
    ]
    outcomes = Counter(o.outcome for o in operations(history))
    unended = sum(1 for _ in _unended(history))
    acknowledged = {_identity(o) for o in operations(history) if o.outcome is Outcome.OK}
    kept = {_identity(row) for row in dump.identities}
    return Verdict(
        attempted=outcomes.total() + unended,
        ok=outcomes[Outcome.OK],
        refused=outcomes[Outcome.REFUSED],
        unknown=outcomes[Outcome.UNKNOWN] + unended,
        acknowledged=len(acknowledged),
        unknown_kept=len((kept & _tried(history)) - acknowledged),
        violations=tuple(found),
    )


def check_no_acked_loss(history: Sequence[Record], dump: Dump) -> Iterator[Violation]:
    """I1: what was answered *ok* has its identity and its message, with the content that was sent."""
    identities = {_identity(row): row for row in dump.identities}
    messages = {row.message for row in dump.messages}
    judged: set[tuple[Identity, str]] = set()
    for operation in operations(history):
        key = (_identity(operation), operation.digest)
        if operation.outcome is not Outcome.OK or key in judged:
            continue
        judged.add(key)
        row = identities.get(key[0])
        what = ""
        if row is None:
            what = "acknowledged, and its identity is not there"
        elif row.op == "send" and row.message not in messages:
            what = "acknowledged, and its message is not there"
        elif row.digest != operation.digest:
            what = "acknowledged, and other content is there"
        if what:
            yield Violation(
                invariant=Invariant.NO_ACKED_LOSS,
                what=what,
                subject=_name(key[0]),
                detail=f"client {operation.client}, message {operation.message}, t_ret {operation.t_ret:.3f}",
            )


def check_identity(history: Sequence[Record], dump: Dump) -> Iterator[Violation]:
    """One identity: one message on every repeat and in the database, one content, no refusal after it."""
    rows = Counter(_identity(row) for row in dump.identities)
    for identity, count in rows.items():
        if count > 1:
            yield _broken_identity("stands in the database more than once", identity)
    kept = {_identity(row): row.message for row in dump.identities}
    answers: dict[Identity, tuple[set[str], set[str], float]] = {}
    for operation in operations(history):
        if operation.outcome is Outcome.OK:
            messages, digests, t_ok = answers.setdefault(_identity(operation), (set(), set(), operation.t_ret))
            messages.add(operation.message or "")
            digests.add(operation.digest)
            answers[_identity(operation)] = (messages, digests, min(t_ok, operation.t_ret))
    for identity, (messages, digests, _) in answers.items():
        if "" in messages:
            yield _broken_identity("answered ok without a message id", identity)
        if len(messages) > 1:
            yield _broken_identity("repeats gave other message ids", identity, ", ".join(sorted(messages)))
        elif identity in kept and kept[identity] not in messages:
            yield _broken_identity("the answer names another message than the database", identity)
        if len(digests) > 1:
            yield _broken_identity("two contents were both answered ok", identity)
    for operation in operations(history):
        if operation.outcome is not Outcome.REFUSED or operation.code in PASSING_CODES:
            continue
        _, digests, t_ok = answers.get(_identity(operation), (set(), set(), 0.0))
        if operation.digest in digests and operation.t_inv > t_ok:
            yield _broken_identity("refused after it was answered ok", _identity(operation), operation.code or "")


def check_no_visible_duplicate(history: Sequence[Record], dump: Dump) -> Iterator[Violation]:
    """I2: one item a message on each device; one delivery and one *new* event a message and person."""
    shown = Counter((r.device, r.message) for r in history if isinstance(r, Seen) and r.shown and r.event == "new")
    deliveries = Counter((row.person, row.message) for row in dump.deliveries)
    events = Counter((row.person, row.message) for row in dump.inbox if row.event == "new")
    messages = Counter(("", row.message) for row in dump.messages)
    for what, counted in (
        ("shown more than once", shown),
        ("delivered to one person by more than one delivery", deliveries),
        ("announced as new more than once", events),
        ("stored more than once", messages),
    ):
        for (whom, message), count in counted.items():
            if count > 1:
                yield Violation(
                    invariant=Invariant.NO_VISIBLE_DUPLICATE,
                    what=what,
                    subject=message,
                    detail=f"{whom} {count} times".strip(),
                )


def check_delivered_or_armed(dump: Dump) -> Iterator[Violation]:
    """I3: every stored message is ended, or each of its deliveries is settled or armed; never nothing."""
    armed = {(row.message, row.person) for row in dump.deadlines}
    deliveries: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
    for row in dump.deliveries:
        deliveries[row.message].append((row.person, row.settled))
    for message in dump.messages:
        if message.ended or (message.message, None) in armed:
            continue
        if not deliveries[message.message]:
            yield _stuck("no delivery, no end, no deadline", message.message)
        for person, settled in deliveries[message.message]:
            if not settled and (message.message, person) not in armed:
                yield _stuck("a delivery without an end or a deadline", message.message, f"person {person}")


def check_inbox(dump: Dump) -> Iterator[Violation]:
    """I5 in the database: every person's numbers are dense, and epochs rise with them."""
    people: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in dump.inbox:
        people[row.person].append((row.seq, row.epoch))
    for person, numbers in people.items():
        numbers.sort()
        expected = dump.archived.get(person, 0) + 1
        epoch_before = 0
        for seq, epoch in numbers:
            if seq != expected:
                what = "a hole in the inbox" if seq > expected else "a number given twice in the inbox"
                yield _disorder(what, person, f"expected {expected}, found {seq}")
            if epoch < epoch_before:
                yield _disorder("an older epoch after a newer one", person, f"at {seq}")
            expected, epoch_before = seq + 1, epoch


def check_devices(history: Sequence[Record], dump: Dump) -> Iterator[Violation]:
    """I5 on devices: shown in rising order, without a hole, the same events as in the database."""
    rows = {(row.person, row.seq): (row.event, row.message) for row in dump.inbox}
    excused: defaultdict[str, set[int]] = defaultdict(set)
    for record in history:
        if isinstance(record, Condensed):
            excused[record.device].update(range(record.first, record.last + 1))
    seen: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    highest: defaultdict[str, int] = defaultdict(int)
    for record in history:
        if not isinstance(record, Seen):
            continue
        archived = dump.archived.get(record.person, 0)
        kept = rows.get((record.person, record.seq))
        if kept is None and record.seq > archived:
            yield _disorder("a device saw an event that is not there", record.device, f"number {record.seq}")
        elif kept is not None and kept != (record.event, record.message):
            yield _disorder("a device saw another event under this number", record.device, f"number {record.seq}")
        if record.shown and record.seq < highest[record.device]:
            yield _disorder("shown out of order", record.device, f"{record.seq} after {highest[record.device]}")
        if record.shown:
            highest[record.device] = max(highest[record.device], record.seq)
        seen[record.device, record.person].add(record.seq)
    for (device, person), numbers in seen.items():
        first = max(min(numbers), dump.archived.get(person, 0) + 1)
        for missing in sorted(set(range(first, max(numbers))) - numbers - excused[device]):
            yield _disorder("a device missed an event", device, f"number {missing}")


def check_every_try_answered(history: Sequence[Record]) -> Iterator[Violation]:
    """I6, first half: attempted = ok + refused + unknown, for every client that was not killed."""
    dead = {record.client for record in history if isinstance(record, Died)}
    for attempt in _unended(history):
        if attempt.client not in dead:
            yield _silent("a try without an answer", f"{attempt.client} try {attempt.n}", attempt.external_id)
    ends = Counter((o.client, o.n) for o in operations(history) if o.n)
    begun = {(r.client, r.n) for r in history if isinstance(r, Attempt)}
    for (client, n), count in ends.items():
        if count > 1:
            yield _silent("a try with more than one answer", f"{client} try {n}")
        if begun and (client, n) not in begun:
            yield _silent("an answer without a try", f"{client} try {n}")


def check_phantoms(history: Sequence[Record], dump: Dump) -> Iterator[Violation]:
    """I6, second half: nothing is kept but what was tried and not refused, and a message has an identity."""
    possible = {(_identity(o), o.digest) for o in operations(history) if o.outcome is not Outcome.REFUSED}
    possible |= {((a.op, a.source, a.external_id), a.digest) for a in _unended(history)}
    for row in dump.identities:
        if (_identity(row), row.digest) not in possible:
            yield _silent("kept, although never sent or always refused", _name(_identity(row)), row.message)
    named = {row.message for row in dump.identities if row.op == "send"}
    for message in dump.messages:
        if message.message not in named:
            yield _silent("a message without an identity", message.message)


def check_status_forward(
    history: Sequence[Record], dump: Dump, ranks: Mapping[str, int] = RANKS
) -> Iterator[Violation]:
    """I9: what a sender was shown only goes forward, and the database ends no further back."""
    last: dict[tuple[str, str, str], str] = {}
    highest: dict[tuple[str, str], str] = {}
    for record in history:
        if not isinstance(record, Status):
            continue
        if record.state not in ranks:
            yield _backwards("a state without a rank", record.message, record.state)
            continue
        key = (record.client, record.message, record.person)
        before = last.get(key)
        if before is not None and ranks[record.state] < ranks[before]:
            yield _backwards("a status went backwards", record.message, f"{before} -> {record.state}")
        last[key] = record.state
        top = highest.get((record.message, record.person))
        if top is None or ranks[record.state] > ranks[top]:
            highest[record.message, record.person] = record.state
    for row in dump.deliveries:
        shown = highest.get((row.message, row.person))
        if row.state not in ranks:
            yield _backwards("a state without a rank", row.message, row.state)
        elif shown is not None and ranks[row.state] < ranks[shown]:
            yield _backwards("kept further back than shown", row.message, f"{shown} -> {row.state}")


def _identity(row: Operation | IdentityRow) -> Identity:
    return (row.op, row.source, row.external_id)


def _tried(history: Iterable[Record]) -> set[Identity]:
    return {(r.op, r.source, r.external_id) for r in history if isinstance(r, Attempt | Operation)}


def _unended(history: Sequence[Record]) -> Iterator[Attempt]:
    ended = {(o.client, o.n) for o in operations(history)}
    return (r for r in history if isinstance(r, Attempt) and (r.client, r.n) not in ended)


def _name(identity: Identity) -> str:
    op, source, external_id = identity
    return f"{op} {source}/{external_id}"


def _broken_identity(what: str, identity: Identity, detail: str = "") -> Violation:
    return Violation(invariant=Invariant.IDENTITY, what=what, subject=_name(identity), detail=detail)


def _stuck(what: str, subject: str, detail: str = "") -> Violation:
    return Violation(invariant=Invariant.DELIVERED_OR_ARMED, what=what, subject=subject, detail=detail)


def _disorder(what: str, subject: str, detail: str = "") -> Violation:
    return Violation(invariant=Invariant.ORDER, what=what, subject=subject, detail=detail)


def _silent(what: str, subject: str, detail: str = "") -> Violation:
    return Violation(invariant=Invariant.NO_SILENT_FAILURE, what=what, subject=subject, detail=detail)


def _backwards(what: str, subject: str, detail: str = "") -> Violation:
    return Violation(invariant=Invariant.STATUS_FORWARD, what=what, subject=subject, detail=detail)
