"""Deadlines: claimed by any core, under a lease that gives itself back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.ids import make_id
from wardwire.model.priority import Lane
from wardwire.store.queries import load

_SQL = load("deadlines")

_STAGES = tuple(make_id(stage.to_bytes(16, "big")) for stage in range(64))


def stage_ref(stage: int) -> UUID:
    """Return what a stage's deadline has as its `ref`."""
    return _STAGES[stage] if stage < len(_STAGES) else make_id(stage.to_bytes(16, "big"))


# Kinds of deadlines.
CONFIRM = "confirm"  # a stage of a delivery; ref = stage_ref(stage)
EXPIRE = "expire"  # a message; person and ref are NOBODY
SEND = "send"  # an attempt on an outside channel; ref = endpoint
NOTICE = "notice"  # the sender (person) has not heard of a failure yet
ESCALATE = "escalate"  # an escalation is to be looked at; person and ref are NOBODY
TELL = "tell"  # somebody is to be told what concerns them; message_id = the notice's id, ref is NOBODY
LEFT = "left"  # the desk is to hear of somebody who left with something open; as TELL
BACK = "back"  # somebody's status ends by itself; message_id = person_id, ref is NOBODY
REMIND = "remind"  # a reminder (ref) begins; message_id names this one time of it, person is NOBODY
GONE = "gone"  # the only device (ref) of somebody, on which a message was, is somebody else's now
TURN = "turn"  # a role (ref) may be somebody else's than its holder's (person) who was called for it
LEAVE = "leave"  # a role (ref) has gone from somebody (person), who is tried on until the next holder has it
EXPAND = "expand"  # a large message's next chunk; person and ref are NOBODY


class Due(NamedTuple):
    """A claimed deadline.

    Attributes:
        fence: Whoever has claimed it, or moved it on, since then has changed this number.
        until: When the claim ends; None = it was not claimed.
    """

    message_id: UUID
    person_id: UUID
    kind: str
    ref: UUID
    lane: int
    due_at: datetime
    fence: int = 0
    until: datetime | None = None


async def claim_due(
    connection: asyncpg.Connection,
    *,
    now: datetime,
    lease: timedelta,
    holder: UUID,
    lane: Lane,
    limit: int,
    attempt: timedelta | None = None,
) -> list[Due]:
    """Claim up to `limit` deadlines of a lane that are due, oldest first.

    Locks the rows it takes and skips those that are locked. Whoever dies with a claim gives it back by the
    passing of `lease`; whoever is late with one finds its delivery changed, and changes nothing.

    Args:
        attempt: The lease of an attempt on an outside channel, which takes longer than a commit; None = `lease`.
    """
    rows = await connection.fetch(_SQL["claim"], now, limit, now + lease, holder, int(lane), now + (attempt or lease))
    return sorted((Due(*row) for row in rows), key=lambda due: due.due_at)


async def give_back(connection: asyncpg.Connection, dues: Sequence[Due], *, holder: UUID, again_at: datetime) -> None:
    """Give claims back that could not be used; what somebody else has claimed or moved on since stays as it is."""
    keys = [(due.message_id, due.person_id, due.kind, due.ref, due.fence) for due in dues]
    columns = [list(column) for column in zip(*keys, strict=True)]
    await connection.execute(_SQL["give_back"], again_at, *columns, holder)


async def next_due(connection: asyncpg.Connection) -> dict[Lane, datetime]:
    """Return when the next deadline of each lane falls due; a lane without any is left out."""
    row = await connection.fetchrow(_SQL["next"])
    return {lane: at for lane, at in zip(Lane, row, strict=True) if at is not None}


async def make_due(
    connection: asyncpg.Connection, now: datetime, stages: Sequence[tuple[UUID, UUID, UUID, bool]]
) -> None:
    """Let the deadlines of stages (message, person, ref, whatever follows) fall due now; twice is no fault.

    Without *whatever follows* only where another stage does.
    """
    columns = [list(column) for column in zip(*stages, strict=True)]
    await connection.execute(_SQL["sooner"], now, *columns)


async def find_leaving(connection: asyncpg.Connection, due: Due) -> int | None:
    """Return the version of a former holder's delivery as of their claimed `LEAVE`; None = the claim is gone.

    Whoever has the role again is rung, and that deadline ends, in one commit: what has this version was not rung.
    """
    version: int | None = await connection.fetchval(
        _SQL["leaving"], due.message_id, due.person_id, due.ref, due.fence
    )
    return version


async def count_deadlines(connection: asyncpg.Connection, late_before: datetime) -> tuple[int, int]:
    """Return how many deadlines are armed, and how many of them were due before an instant."""
    row = await connection.fetchrow(_SQL["count"], late_before)
    assert row is not None
    return row["armed"], row["late"]
