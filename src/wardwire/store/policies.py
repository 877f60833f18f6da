"""Writes escalation policies, and their JSON form. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model.errors import Code, Refused
from wardwire.model.policy import Answer, Ends, Policy, Quorum, Step
from wardwire.store.queries import load

_SQL = load("policies")


class QuorumText(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """`Quorum` as JSON."""

    role: str
    n: int = 1
    backup: str = ""
    within_s: float = 30


class StepText(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """`Step` as JSON: what a person writes in a file, what REST takes and what is stored."""

    targets: tuple[str, ...]
    wait_s: float
    answer: Answer = Answer.ACCEPTED
    ends: Ends = Ends.FIRST
    quorum: tuple[QuorumText, ...] = ()
    endpoints: tuple[str, ...] = ()
    repeat: int = 0

    def step(self) -> Step:
        """Return it as the rules take it.

        Raises:
            Refused: `POLICY_INVALID` when a wait is no span of time.
        """
        return Step(
            targets=self.targets,
            wait=_span(self.wait_s),
            answer=self.answer,
            ends=self.ends,
            quorum=tuple(Quorum(q.role, q.n, q.backup, _span(q.within_s)) for q in self.quorum),
            endpoints=self.endpoints,
            repeat=self.repeat,
        )


def _span(seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise Refused(Code.POLICY_INVALID, "the wait is no span of time", pointer="/steps") from None


class PolicyText(msgspec.Struct, omit_defaults=True, frozen=True):
    """A whole policy as an alert keeps it from its beginning."""

    id: str
    name: str
    version: int
    steps: tuple[StepText, ...]
    ask_wait_s: float
    loops: int = 0
    still_active_s: float | None = None


_READ_STEPS = msgspec.json.Decoder(tuple[StepText, ...]).decode
_READ_POLICY = msgspec.json.Decoder(PolicyText).decode
_ENCODE = msgspec.json.Encoder().encode


def text_of(step: Step) -> StepText:
    """Return a step's JSON form."""
    return StepText(
        targets=step.targets,
        wait_s=step.wait.total_seconds(),
        answer=step.answer,
        ends=step.ends,
        quorum=tuple(QuorumText(q.role, q.n, q.backup, q.within.total_seconds()) for q in step.quorum),
        endpoints=step.endpoints,
        repeat=step.repeat,
    )


def write_steps(steps: tuple[Step, ...]) -> str:
    """Write steps as they are stored."""
    return _ENCODE([text_of(step) for step in steps]).decode()


def read_steps(text: str) -> tuple[Step, ...]:
    """Read what `write_steps` wrote."""
    return tuple(step.step() for step in _READ_STEPS(text))


def write_policy(policy: Policy) -> str:
    """Write a whole policy: the snapshot that an alert keeps."""
    return _ENCODE(
        PolicyText(
            id=policy.id.hex,
            name=policy.name,
            version=policy.version,
            steps=tuple(text_of(step) for step in policy.steps),
            loops=policy.loops,
            still_active_s=seconds_of(policy.still_active),
            ask_wait_s=policy.ask_wait.total_seconds(),
        )
    ).decode()


def read_policy(text: str) -> Policy:
    """Read what `write_policy` wrote."""
    written = _READ_POLICY(text)
    return Policy(
        id=UUID(hex=written.id),
        name=written.name,
        version=written.version,
        steps=tuple(step.step() for step in written.steps),
        loops=written.loops,
        still_active=span_of(written.still_active_s),
        ask_wait=timedelta(seconds=written.ask_wait_s),
    )


def seconds_of(span: timedelta | None) -> float | None:
    """Return a span in seconds."""
    return None if span is None else span.total_seconds()


def span_of(seconds: float | None) -> timedelta | None:
    """Return seconds as a span."""
    return None if seconds is None else timedelta(seconds=seconds)


class Signed(NamedTuple):
    """Who answers for a version: who wrote it, who approved it, and why it was made; "" = not said."""

    author: str = ""
    approver: str = ""
    note: str = ""


UNSIGNED = Signed()


async def insert_policy(
    connection: asyncpg.Connection, policy: Policy, now: datetime, signed: Signed = UNSIGNED
) -> None:
    """Add a policy with its first version; a name that a living policy bears violates `policies_name`."""
    await connection.execute(_SQL["add"], *_row(policy))
    await _keep_version(connection, policy, now, signed)


async def lock_policy(connection: asyncpg.Connection, policy_id: UUID) -> Policy | None:
    """Read a policy and lock its row."""
    row = await connection.fetchrow(_SQL["lock"], policy_id)
    return policy_of(row) if row else None


async def update_policy(
    connection: asyncpg.Connection, policy: Policy, now: datetime, signed: Signed = UNSIGNED
) -> None:
    """Write a policy as it is to be, and keep this version for good; it was locked before."""
    await connection.execute(_SQL["change"], *_row(policy), policy.disabled, now)
    await _keep_version(connection, policy, now, signed)


async def _keep_version(connection: asyncpg.Connection, policy: Policy, now: datetime, signed: Signed) -> None:
    written = write_policy(policy)
    await connection.execute(_SQL["keep_version"], policy.id, policy.version, written, now, *signed)


def _row(policy: Policy) -> tuple[object, ...]:
    return (
        policy.id,
        policy.name,
        write_steps(policy.steps),
        policy.loops,
        seconds_of(policy.still_active),
        policy.ask_wait.total_seconds(),
        policy.version,
    )


def policy_of(row: asyncpg.Record) -> Policy:
    """Make a policy of its row."""
    return Policy(
        id=row["id"],
        name=row["name"],
        version=row["version"],
        steps=read_steps(row["steps"]),
        loops=row["loops"],
        still_active=span_of(row["still_active_s"]),
        ask_wait=timedelta(seconds=row["ask_wait_s"]),
        disabled=row["disabled"],
    )
