"""The checker passes a sound history, and catches one mutant for each thing that it checks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from wardwire.testing.checker import judge
from wardwire.testing.dump import DeadlineRow, DeliveryRow, Dump, IdentityRow, InboxRow, MessageRow
from wardwire.testing.history import Attempt, Condensed, Died, Operation, Outcome, Record, Seen, Status
from wardwire.testing.verdict import Invariant, Verdict


@dataclass
class Evidence:
    """A history and a dump that tests may spoil."""

    history: list[Record] = field(default_factory=list)
    dump: Dump = field(default_factory=Dump)

    def judge(self) -> Verdict:
        return judge(self.history, self.dump)

    def rows(self, name: str, change: Callable[[list[Any]], Any]) -> None:
        rows = list(getattr(self.dump, name))
        change(rows)
        self.dump = msgspec.structs.replace(self.dump, **{name: tuple(rows)})


def tried(
    n: int,
    x: str,
    outcome: Outcome,
    *,
    message: str | None = None,
    digest: str | None = None,
    code: str | None = None,
) -> list[Record]:
    """One try of Anna's phone: its attempt and its end."""
    digest = digest or f"digest of {x}"
    return [
        Attempt(client="anna", n=n, source="phone", external_id=x, digest=digest, t_inv=float(n)),
        Operation(
            client="anna", n=n, source="phone", external_id=x, digest=digest, t_inv=float(n), t_ret=n + 0.5,
            outcome=outcome, message=message, code=code,
        ),
    ]  # fmt: skip


def seen(seq: int, message: str, *, event: str = "new", shown: bool = True, device: str = "ben's phone") -> Seen:
    return Seen(device=device, person="ben", epoch=1, seq=seq, event=event, message=message, shown=shown)


@pytest.fixture
def evidence() -> Evidence:
    """Anna sends four: one stored at once, one after an unknown, one refused, one never known."""
    messages = ("m1", "m2", "m4")
    return Evidence(
        history=[
            *tried(1, "x1", Outcome.OK, message="m1"),
            *tried(2, "x2", Outcome.UNKNOWN),
            *tried(3, "x2", Outcome.OK, message="m2"),
            *tried(4, "x3", Outcome.REFUSED, code="recipient_unknown"),
            *tried(5, "x1", Outcome.REFUSED, digest="other", code="id_reused"),
            Attempt(client="dora", n=1, source="desk", external_id="x4", digest="digest of x4", t_inv=6.0),
            Died(client="dora"),
            seen(1, "m1"),
            seen(2, "m2"),
            seen(2, "m2", shown=False),
            seen(3, "m1", event="read", shown=False),
            seen(4, "m4"),
            Status(client="anna", message="m1", person="ben", state="stored"),
            Status(client="anna", message="m1", person="ben", state="delivered"),
            Status(client="anna", message="m1", person="ben", state="read"),
        ],
        dump=Dump(
            messages=tuple(MessageRow(message=m) for m in messages),
            identities=(
                IdentityRow(source="phone", external_id="x1", digest="digest of x1", message="m1"),
                IdentityRow(source="phone", external_id="x2", digest="digest of x2", message="m2"),
                IdentityRow(source="desk", external_id="x4", digest="digest of x4", message="m4"),
            ),
            deliveries=(
                DeliveryRow(message="m1", person="ben", state="read", settled=True),
                DeliveryRow(message="m2", person="ben", state="delivered", settled=True),
                DeliveryRow(message="m4", person="ben", state="sent", settled=False),
            ),
            inbox=(
                InboxRow(person="ben", seq=1, event="new", message="m1"),
                InboxRow(person="ben", seq=2, event="new", message="m2"),
                InboxRow(person="ben", seq=3, event="read", message="m1"),
                InboxRow(person="ben", seq=4, event="new", message="m4", epoch=2),
            ),
            deadlines=(DeadlineRow(message="m4", person="ben"),),
        ),
    )


def test_a_sound_history_holds(evidence: Evidence) -> None:
    """Nothing is found where nothing is wrong, and the counts add up."""
    verdict = evidence.judge()
    verdict.assert_held()
    assert (verdict.attempted, verdict.ok, verdict.refused, verdict.unknown) == (6, 2, 2, 2)
    assert (verdict.acknowledged, verdict.unknown_kept, verdict.lost) == (2, 1, 0)


def spoil_history(where: int, record: Record) -> Callable[[Evidence], None]:
    return lambda evidence: evidence.history.insert(where if where >= 0 else len(evidence.history), record)


def drop_row(name: str, index: int) -> Callable[[Evidence], None]:
    return lambda evidence: evidence.rows(name, lambda rows: rows.pop(index))


def add_row(name: str, row: msgspec.Struct) -> Callable[[Evidence], None]:
    return lambda evidence: evidence.rows(name, lambda rows: rows.append(row))


def set_row(name: str, index: int, **changes: object) -> Callable[[Evidence], None]:
    def change(rows: list[Any]) -> None:
        rows[index] = msgspec.structs.replace(rows[index], **changes)

    return lambda evidence: evidence.rows(name, change)


def again(n: int, **changes: Any) -> Callable[[Evidence], None]:
    return lambda evidence: evidence.history.extend(tried(n, **changes))


MUTANTS: list[tuple[Invariant, str, Callable[[Evidence], None]]] = [
    (Invariant.NO_ACKED_LOSS, "its identity is not there", drop_row("identities", 0)),
    (Invariant.NO_ACKED_LOSS, "its message is not there", drop_row("messages", 0)),
    (Invariant.NO_ACKED_LOSS, "other content is there", set_row("identities", 0, digest="spoilt")),
    (Invariant.IDENTITY, "other message ids", again(9, x="x1", outcome=Outcome.OK, message="m9")),
    (Invariant.IDENTITY, "without a message id", again(9, x="x1", outcome=Outcome.OK)),
    (Invariant.IDENTITY, "another message than the database", set_row("identities", 0, message="m4")),
    (Invariant.IDENTITY, "two contents", again(9, x="x1", outcome=Outcome.OK, message="m1", digest="other")),
    (Invariant.IDENTITY, "refused after", again(9, x="x1", outcome=Outcome.REFUSED, code="role_vacant")),
    (
        Invariant.IDENTITY,
        "more than once",
        add_row("identities", IdentityRow(source="phone", external_id="x1", digest="digest of x1", message="m1")),
    ),
    (Invariant.NO_VISIBLE_DUPLICATE, "shown more than once", spoil_history(-1, seen(4, "m4"))),
    (
        Invariant.NO_VISIBLE_DUPLICATE,
        "more than one delivery",
        add_row("deliveries", DeliveryRow(message="m1", person="ben", state="read", settled=True)),
    ),
    (
        Invariant.NO_VISIBLE_DUPLICATE,
        "announced as new",
        add_row("inbox", InboxRow(person="ben", seq=5, event="new", message="m1", epoch=2)),
    ),
    (Invariant.NO_VISIBLE_DUPLICATE, "stored more than once", add_row("messages", MessageRow(message="m1"))),
    (Invariant.DELIVERED_OR_ARMED, "without an end or a deadline", drop_row("deadlines", 0)),
    (Invariant.DELIVERED_OR_ARMED, "no delivery, no end", drop_row("deliveries", 1)),
    (Invariant.ORDER, "a hole in the inbox", set_row("inbox", 3, seq=9)),
    (Invariant.ORDER, "a number given twice", set_row("inbox", 2, seq=2)),
    (Invariant.ORDER, "an older epoch", set_row("inbox", 3, epoch=0)),
    (Invariant.ORDER, "an event that is not there", spoil_history(-1, seen(5, "m5"))),
    (Invariant.ORDER, "another event under this number", set_row("inbox", 1, message="m4")),
    (
        Invariant.ORDER,
        "shown out of order",
        lambda e: e.history.append(e.history.pop(e.history.index(seen(2, "m2")))),
    ),
    (
        Invariant.ORDER,
        "missed an event",
        lambda e: e.history.remove(seen(3, "m1", event="read", shown=False)),
    ),
    (Invariant.NO_SILENT_FAILURE, "a try without an answer", lambda e: e.history.remove(Died(client="dora"))),
    (
        Invariant.NO_SILENT_FAILURE,
        "more than one answer",
        lambda e: e.history.extend(tried(1, "x1", Outcome.OK, message="m1")[1:]),
    ),
    (
        Invariant.NO_SILENT_FAILURE,
        "an answer without a try",
        lambda e: e.history.extend(tried(8, "x1", Outcome.OK, message="m1")[1:]),
    ),
    (
        Invariant.NO_SILENT_FAILURE,
        "never sent or always refused",
        add_row("identities", IdentityRow(source="phone", external_id="x3", digest="digest of x3", message="m2")),
    ),
    (
        Invariant.NO_SILENT_FAILURE,
        "a message without an identity",
        add_row("messages", MessageRow(message="m8")),
    ),
    (
        Invariant.STATUS_FORWARD,
        "a status went backwards",
        spoil_history(-1, Status(client="anna", message="m1", person="ben", state="sent")),
    ),
    (Invariant.STATUS_FORWARD, "kept further back", set_row("deliveries", 0, state="delivered")),
    (
        Invariant.STATUS_FORWARD,
        "a state without a rank",
        spoil_history(-1, Status(client="anna", message="m1", person="ben", state="elsewhere")),
    ),
]


@pytest.mark.parametrize(("invariant", "what", "spoil"), MUTANTS, ids=[f"{m[0].value}: {m[1]}" for m in MUTANTS])
def test_each_mutant_is_caught(
    evidence: Evidence, invariant: Invariant, what: str, spoil: Callable[[Evidence], None]
) -> None:
    """A history with one thing wrong is found wrong, by the check that stands for it."""
    spoil(evidence)
    verdict = evidence.judge()
    assert any(what in violation.what for violation in verdict.of(invariant)), str(verdict)


def test_every_invariant_has_a_mutant() -> None:
    """No check goes unproven; those of steps have their own (test_steps.py)."""
    assert {invariant for invariant, _, _ in MUTANTS} == set(Invariant) - {Invariant.STEP, Invariant.IN_TIME}


def test_passing_refusal_of_a_repeat_is_no_violation(evidence: Evidence) -> None:
    """A repeat of something stored may be told to come later."""
    evidence.history.extend(tried(9, "x1", Outcome.REFUSED, code="overloaded"))
    evidence.judge().assert_held()


def test_condensed_numbers_are_not_missed(evidence: Evidence) -> None:
    """Numbers of which the server said that they come condensed may be absent on the device."""
    evidence.history.remove(seen(3, "m1", event="read", shown=False))
    evidence.history.append(Condensed(device="ben's phone", first=3, last=3))
    evidence.judge().assert_held()


def test_archived_numbers_are_not_a_hole(evidence: Evidence) -> None:
    """An inbox whose oldest rows were archived starts behind them."""
    evidence.rows("inbox", lambda rows: rows.pop(0))
    evidence.dump = msgspec.structs.replace(evidence.dump, archived={"ben": 1})
    evidence.judge().assert_held()


def test_an_expansion_deadline_stands_for_deliveries_to_come(evidence: Evidence) -> None:
    """A large message without deliveries yet is armed as a whole."""
    evidence.rows("deliveries", lambda rows: rows.pop(2))
    evidence.rows("deadlines", lambda rows: rows.append(DeadlineRow(message="m4")))
    evidence.judge().assert_held()


def test_judging_is_linear() -> None:
    """A hundred thousand tries are judged in seconds, not minutes."""
    count = 100_000
    history: list[Record] = []
    for i in range(count):
        history += tried(i + 1, f"x{i}", Outcome.OK, message=f"m{i}")
    dump = Dump(
        messages=tuple(MessageRow(message=f"m{i}", ended=True) for i in range(count)),
        identities=tuple(
            IdentityRow(source="phone", external_id=f"x{i}", digest=f"digest of x{i}", message=f"m{i}")
            for i in range(count)
        ),
    )
    began = time.monotonic()
    judge(history, dump).assert_held()
    assert time.monotonic() - began < 20
