"""Reads escalations, and their form as a row. They are changed by store/batch.py alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model.alert import Escalation, State
from wardwire.model.delivery import Delivery
from wardwire.model.policy import Policy
from wardwire.model.priority import Priority
from wardwire.store.deliveries import COLUMNS
from wardwire.store.deliveries import from_row as read_delivery
from wardwire.store.messages import Message
from wardwire.store.policies import read_policy, write_policy
from wardwire.store.queries import load

_SQL = load("escalations")
# A beginning that comes so long after its end is another alert.
ENDED_KEPT = timedelta(seconds=60)
CLOSED_KEPT = timedelta(days=7)


class Kept(NamedTuple):
    """An escalation as it is stored, and whether the alarm that nobody answers it is open."""

    escalation: Escalation
    alarmed: bool = False


class _Standing(msgspec.Struct, omit_defaults=True):
    rung: int = 0
    called: list[tuple[str, list[str]]] = []
    team: list[tuple[str, list[str]]] = []
    team_step: int = -1
    holders: list[str] = []
    lapsed: list[tuple[str, datetime]] = []
    missing: list[str] = []
    roles: list[tuple[str, str]] = []
    leaving: list[tuple[str, list[str]]] = []
    held_since: datetime | None = None
    asked_at: datetime | None = None
    latched: bool = False
    said: str = ""


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Standing).decode


@lru_cache(maxsize=256)
def _write_policy(policy: Policy) -> str:
    return write_policy(policy)


@lru_cache(maxsize=256)
def _read_policy(text: str) -> Policy:
    return read_policy(text)


def _write_called(called: tuple[tuple[str, tuple[UUID, ...]], ...]) -> list[tuple[str, list[str]]]:
    return [(target, [person.hex for person in people]) for target, people in called]


def _read_called(written: list[tuple[str, list[str]]]) -> tuple[tuple[str, tuple[UUID, ...]], ...]:
    return tuple((target, tuple(map(UUID, people))) for target, people in written)


def to_row(one: Escalation) -> tuple[Any, ...]:
    """Write an escalation as its row: the columns of `load` in their order, then `policy_id`, `policy_version`."""
    standing = _Standing(
        rung=one.rung,
        called=_write_called(one.called),
        team=_write_called(one.team),
        team_step=one.team_step,
        holders=[person.hex for person in one.holders],
        lapsed=[(person.hex, since) for person, since in one.lapsed],
        missing=list(one.missing),
        roles=[(role.hex, person.hex) for role, person in one.roles],
        leaving=[(former.hex, [person.hex for person in new]) for former, new in one.leaving],
        held_since=one.held_since,
        asked_at=one.asked_at,
        latched=one.latched,
        said=one.said.decode(),
    )
    return (
        one.message_id, one.version, one.state, one.priority, _write_policy(one.policy), one.unit, one.bed, one.step,
        one.round, one.step_began_at, one.started_at, one.source, one.source_key, one.seen_at, one.drill, one.test,
        one.guarded, _ENCODE(standing).decode(), one.closed_at, one.closed_why, one.policy.id, one.policy.version,
    )  # fmt: skip


def from_row(row: Any) -> Kept:
    """Read a row of `load`."""
    standing = _DECODE(row["standing"])
    return Kept(
        Escalation(
            message_id=row["message_id"],
            version=row["version"],
            state=State(row["state"]),
            policy=_read_policy(row["policy"]),
            priority=Priority(row["priority"]),
            started_at=row["started_at"],
            step_began_at=row["step_began_at"],
            unit=row["unit"],
            bed=row["bed"],
            step=row["step"],
            round=row["round"],
            rung=standing.rung,
            called=_read_called(standing.called),
            team=_read_called(standing.team),
            team_step=standing.team_step,
            holders=tuple(map(UUID, standing.holders)),
            lapsed=tuple((UUID(person), since) for person, since in standing.lapsed),
            missing=tuple(standing.missing),
            roles=tuple((UUID(role), UUID(person)) for role, person in standing.roles),
            leaving=tuple((UUID(former), tuple(map(UUID, new))) for former, new in standing.leaving),
            held_since=standing.held_since,
            asked_at=standing.asked_at,
            latched=standing.latched,
            said=standing.said.encode(),
            source=row["source"],
            source_key=row["source_key"],
            seen_at=row["seen_at"],
            drill=row["drill"],
            guarded=row["guarded"],
            test=row["test"],
            closed_at=row["closed_at"],
            closed_why=row["closed_why"],
        ),
        row["alarmed"],
    )


async def load_escalations(
    connection: asyncpg.Connection,
    messages: Sequence[UUID],
    keys: Sequence[tuple[str, str]] = (),
    calls: Sequence[tuple[UUID, UUID]] = (),
) -> list[Kept]:
    """Read escalations by message; and open ones by (source, source key), and by (policy, place) where guarded."""
    if not keys and not calls:
        return [from_row(row) for row in await connection.fetch(_SQL["load_messages"], list(messages))]
    rows = await connection.fetch(
        _SQL["load"], list(messages), [key[0] for key in keys], [key[1] for key in keys],
        [call[0] for call in calls], [call[1] for call in calls],
    )  # fmt: skip
    return [from_row(row) for row in rows]


async def load_looks(
    connection: asyncpg.Connection, messages: Sequence[UUID]
) -> list[tuple[Kept, Message | None, list[Delivery]]]:
    """Read escalations by message, each with its message and all its deliveries, as of one moment."""
    rows = await connection.fetch(_SQL["looks"], list(messages))
    return [
        (
            from_row(row),
            Message(*row["message"]) if row["message"] is not None else None,
            [read_delivery(dict(zip(COLUMNS, one, strict=True))) for one in row["deliveries"]],
        )
        for row in rows
    ]


async def find_team_calls(
    connection: asyncpg.Connection, people: Sequence[UUID], messages: Sequence[UUID]
) -> list[UUID]:
    """Find the open escalations with a team: of some messages, and those that some people are called by or sent."""
    rows = await connection.fetch(_SQL["team_calls"], list(people), list(messages))
    return [row["message_id"] for row in rows]


async def load_ended(
    connection: asyncpg.Connection, keys: Sequence[tuple[str, str]], now: datetime
) -> set[tuple[str, str]]:
    """Return those keys whose end came before their beginning, within the last minute."""
    columns = [key[0] for key in keys], [key[1] for key in keys]
    rows = await connection.fetch(_SQL["ended"], *columns, now - ENDED_KEPT)
    return {(row["source"], row["source_key"]) for row in rows}


async def list_open(
    connection: asyncpg.Connection, *, after: UUID, source: str | None, limit: int
) -> list[tuple[Escalation, datetime | None]]:
    """Read what is open, the oldest first, each with the instant at which it is looked at next.

    Args:
        after: The message of the last one of the page before.
        source: Only of this source; None = of all.
    """
    rows = await connection.fetch(_SQL["open"], after, source, limit)
    return [(from_row(row).escalation, row["due_at"]) for row in rows]


async def list_drills(
    connection: asyncpg.Connection, *, before: UUID, source: str | None, limit: int
) -> list[Escalation]:
    """Read drills of the last week, the newest first, open or closed; `before` goes on behind a page's last one."""
    rows = await connection.fetch(_SQL["drills"], before, source, limit)
    return [from_row(row).escalation for row in rows]


async def forget_escalations(connection: asyncpg.Connection, now: datetime, limit: int) -> int:
    """Forget what was closed a week ago, at most so many; returns how many there were."""
    count: int = await connection.fetchval(_SQL["forget"], now - CLOSED_KEPT, now - ENDED_KEPT, limit)
    return count
