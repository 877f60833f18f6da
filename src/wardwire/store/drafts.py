"""Writes and reads drafts of policies, and reads what a policy ever was."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model.policy_draft import Draft, DraftState, Version
from wardwire.model.priority import Priority
from wardwire.model.scene import Scene
from wardwire.store.policies import read_policy, write_policy
from wardwire.store.queries import load

_SQL = load("drafts")


class _SceneText(msgspec.Struct, omit_defaults=True, frozen=True):
    """`Scene` as it is stored."""

    at: datetime
    place: str = ""
    priority: Priority = Priority.HIGH
    to: tuple[str, ...] = ()


_READ_SCENES = msgspec.json.Decoder(tuple[_SceneText, ...]).decode
_ENCODE = msgspec.json.Encoder().encode


async def insert_draft(connection: asyncpg.Connection, draft: Draft, now: datetime) -> None:
    """Add a draft."""
    await connection.execute(_SQL["add"], *_row(draft), now)


async def lock_draft(connection: asyncpg.Connection, draft_id: UUID) -> Draft | None:
    """Read a draft and lock its row."""
    row = await connection.fetchrow(_SQL["lock"], draft_id)
    return _draft_of(row) if row else None


async def update_draft(connection: asyncpg.Connection, draft: Draft, now: datetime) -> None:
    """Write a draft as it is to be; it was locked before."""
    await connection.execute(_SQL["change"], *_row(draft), now)


async def read_draft(connection: asyncpg.Connection, draft_id: UUID) -> Draft | None:
    """Read a draft."""
    row = await connection.fetchrow(_SQL["read"], draft_id)
    return _draft_of(row) if row else None


async def list_open_drafts(connection: asyncpg.Connection, after: UUID, limit: int) -> list[Draft]:
    """Read a page of the open drafts."""
    return [_draft_of(row) for row in await connection.fetch(_SQL["open"], after, limit)]


async def list_versions(connection: asyncpg.Connection, policy_id: UUID) -> list[tuple[Version, datetime]]:
    """Read every version of a policy with the instant at which it was made, the first one first."""
    return [
        (
            Version(row["number"], read_policy(row["steps"]), row["author"], row["approver"], row["note"]),
            row["made_at"],
        )
        for row in await connection.fetch(_SQL["versions"], policy_id)
    ]


async def last_scenes(connection: asyncpg.Connection, policy_id: UUID) -> tuple[Scene, ...]:
    """Read what a policy was last tried on before it was published."""
    text = await connection.fetchval(_SQL["last_scenes"], policy_id)
    return _read_scenes(text) if text else ()


def _row(draft: Draft) -> tuple[object, ...]:
    scenes = [_SceneText(*scene) for scene in draft.scenes]
    return (
        draft.id, draft.policy.id, draft.policy.version, write_policy(draft.policy), _ENCODE(scenes).decode(),
        draft.revision, draft.simulated, draft.approved, draft.author, draft.approver, draft.note, draft.state,
    )  # fmt: skip


def _draft_of(row: asyncpg.Record) -> Draft:
    return Draft(
        id=row["id"],
        policy=read_policy(row["body"]),
        revision=row["revision"],
        author=row["author"],
        note=row["note"],
        scenes=_read_scenes(row["scenes"]),
        simulated=row["simulated"],
        approver=row["approver"],
        approved=row["approved"],
        state=DraftState(row["state"]),
    )


def _read_scenes(text: str) -> tuple[Scene, ...]:
    return tuple(Scene(one.at, one.place, one.priority, one.to) for one in _READ_SCENES(text))
