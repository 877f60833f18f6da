"""The smallest system that promises what Wardwire promises, and the mutants that break the promise.

It commits by the product's own `commit_durable`, on a schema of five narrow tables: identity, message,
delivery with its deadline, and the dense inbox of one person. Each mutant differs in one thing that somebody
might write without seeing the harm.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import asyncpg

from wardwire.model.errors import Code, Refused, Unavailable, Unknown
from wardwire.store.durable import PATIENCE_S, DurableConnection, commit_durable, open_durable
from wardwire.store.hosts import connect_to_primary, split_hosts
from wardwire.testing.dump import DeadlineRow, DeliveryRow, Dump, IdentityRow, InboxRow, MessageRow
from wardwire.testing.history import Outcome

SCHEMA = """
CREATE SCHEMA wardwire;
SET search_path = wardwire;
CREATE TABLE site (probe bigint NOT NULL, epoch bigint NOT NULL, timeline bigint NOT NULL);
INSERT INTO site VALUES (0, 1, 0);
CREATE TABLE identities (
    source text, external_id text, digest text NOT NULL, message text NOT NULL, repeats int NOT NULL DEFAULT 0,
    PRIMARY KEY (source, external_id)
);
CREATE TABLE messages (message text PRIMARY KEY);
CREATE TABLE deliveries (message text, person text, state text NOT NULL, PRIMARY KEY (message, person));
CREATE TABLE deadlines (message text, person text, PRIMARY KEY (message, person));
CREATE TABLE inbox_heads (person text PRIMARY KEY, seq bigint NOT NULL);
CREATE TABLE inbox (
    person text, seq bigint, epoch bigint NOT NULL, event text NOT NULL, message text NOT NULL,
    PRIMARY KEY (person, seq)
);
"""

# A repeat writes too, and so waits for the standby like everybody else (ADR 0004).
_IDENTITY = """
INSERT INTO identities AS i (source, external_id, digest, message) VALUES ($1, $2, $3, $4)
ON CONFLICT (source, external_id) DO UPDATE SET repeats = i.repeats + 1
RETURNING message, digest, repeats = 0 AS fresh
"""
_IDENTITY_DO_NOTHING = """
INSERT INTO identities (source, external_id, digest, message) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING message, digest, true AS fresh
"""
_IDENTITY_FOUND = "SELECT message, digest, false AS fresh FROM identities WHERE source = $1 AND external_id = $2"
_MESSAGE = """
WITH m AS (INSERT INTO messages VALUES ($1)),
     d AS (INSERT INTO deliveries VALUES ($1, $2, 'stored')),
     t AS (INSERT INTO deadlines VALUES ($1, $2)),
     h AS (INSERT INTO inbox_heads AS h VALUES ($2, 1) ON CONFLICT (person) DO UPDATE SET seq = h.seq + 1
           RETURNING seq)
INSERT INTO inbox SELECT $2, h.seq, $3, 'new', $1 FROM h
"""


SPARE = 3  # connections that a sender opens at first; each that breaks is missed until none is left


class Mutant(StrEnum):
    """What is wrong with a build, on purpose."""

    NONE = "none"
    ASYNC_COMMIT = "async_commit"  # flushed here, answered before the standby has it
    DO_NOTHING = "do_nothing"  # a repeat that finds its identity is answered without waiting
    DEAF = "deaf"  # the warning that the wait was cancelled is not heard
    NO_EPOCH = "no_epoch"  # goes on with whatever primary it finds, also one from before the failover


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a sender is told."""

    outcome: Outcome
    message: str | None = None
    code: str | None = None


class Submitter(Protocol):
    """One sender's way in. One call at a time."""

    async def submit(self, source: str, external_id: str, digest: str) -> Answer:
        """Store, or refuse, or not know; within a few seconds in each case."""
        ...

    async def close(self) -> None: ...


@dataclass
class KnownEpoch:
    """The highest epoch that a core has seen; shared by all its connections."""

    value: int = 0


class GroundSubmitter:
    """Submits to the ground schema; a connection that broke or is in doubt is never used again."""

    def __init__(
        self,
        dsn: str,
        person: str,
        known: KnownEpoch,
        *,
        mutant: Mutant = Mutant.NONE,
        connect: Callable[..., Awaitable[asyncpg.Connection]] = connect_to_primary,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._dsn = dsn
        self._person = person
        self._known = known
        self._mutant = mutant
        self._connect = first_writable if mutant is Mutant.NO_EPOCH else connect
        self._open: list[DurableConnection] = []
        self._started = False
        self._patience_s = patience_s

    async def submit(self, source: str, external_id: str, digest: str) -> Answer:
        try:
            durable = await self._usable()
            message, kept = await self._commit(durable, source, external_id, digest)
        except Unknown as error:
            return Answer(outcome=Outcome.UNKNOWN, code=str(error))
        except Unavailable as error:
            return Answer(outcome=Outcome.REFUSED, code=error.code.value)
        except Refused as error:
            return Answer(outcome=Outcome.REFUSED, code=error.code.value)
        except asyncpg.PostgresError:
            return Answer(outcome=Outcome.REFUSED, code=Code.UNAVAILABLE.value)
        if kept != digest:
            return Answer(outcome=Outcome.REFUSED, code=Code.ID_REUSED.value)
        return Answer(outcome=Outcome.OK, message=message)

    async def close(self) -> None:
        for durable in self._open:
            await durable.close()

    async def _usable(self) -> DurableConnection:
        """Give a connection, the same one while it is good; others stand by, as a core's other writers' do."""
        for broken in [each for each in self._open if not each.usable]:
            broken.connection.terminate()
            self._open.remove(broken)
        while not self._open or (len(self._open) < SPARE and not self._started):
            self._open.append(await self._open_one())
        self._started = True
        return self._open[0]

    async def _open_one(self) -> DurableConnection:
        known = 0 if self._mutant is Mutant.NO_EPOCH else self._known.value
        durable = await open_durable(
            self._dsn,
            without_standby="degraded",
            known_epoch=known,
            connect=self._connect,
            patience_s=self._patience_s,
        )
        self._known.value = max(self._known.value, durable.durability.epoch)
        if self._mutant is Mutant.ASYNC_COMMIT:
            await durable.connection.execute("SET synchronous_commit = local")
        return durable

    async def _commit(
        self, durable: DurableConnection, source: str, external_id: str, digest: str
    ) -> tuple[str, str]:
        async def work(connection: asyncpg.Connection) -> tuple[str, str]:
            async with connection.transaction():
                message, kept, fresh = await self._identity(connection, source, external_id, digest)
                if fresh:
                    await connection.execute(_MESSAGE, message, self._person, durable.durability.epoch)
            return message, kept

        if self._mutant is Mutant.DEAF:
            return await commit_durable(durable, _deaf(durable, work), patience_s=self._patience_s)
        return await commit_durable(durable, work, patience_s=self._patience_s)

    async def _identity(self, connection: Any, *given: str) -> tuple[str, str, bool]:
        message = f"msg_{uuid.uuid4().hex}"
        if self._mutant is Mutant.DO_NOTHING:
            row = await connection.fetchrow(_IDENTITY_DO_NOTHING, *given, message)
            row = row or await connection.fetchrow(_IDENTITY_FOUND, *given[:2])
        else:
            row = await connection.fetchrow(_IDENTITY, *given, message)
        return row["message"], row["digest"], row["fresh"]


async def first_writable(dsn: str, **options: Any) -> asyncpg.Connection:
    """Connect to the first host that takes writes, whichever it is: what the mutant without epochs does."""
    options |= {"target_session_attrs": "read-write", "timeout": 0.7}
    failure: Exception | None = None
    for host in split_hosts(dsn):
        try:
            return await asyncpg.connect(host, **options)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            failure = error
    raise ConnectionError("no host takes writes") from failure


def _deaf(
    durable: DurableConnection, work: Callable[[asyncpg.Connection], Awaitable[tuple[str, str]]]
) -> Callable[[asyncpg.Connection], Awaitable[tuple[str, str]]]:
    async def unhearing(connection: asyncpg.Connection) -> tuple[str, str]:
        done = await work(connection)
        durable._warned = False
        return done

    return unhearing


async def make_schema(connection: asyncpg.Connection) -> None:
    """Make the tables of the ground, empty."""
    await connection.execute(SCHEMA)


async def dump_ground(connection: asyncpg.Connection) -> Dump:
    """Read all of the ground for the checker. No try may be under way."""
    rows: Callable[[str], Awaitable[list[Any]]] = connection.fetch
    return Dump(
        messages=tuple(MessageRow(message=r[0]) for r in await rows("SELECT message FROM wardwire.messages")),
        identities=tuple(
            IdentityRow(source=r[0], external_id=r[1], digest=r[2], message=r[3])
            for r in await rows("SELECT source, external_id, digest, message FROM wardwire.identities")
        ),
        deliveries=tuple(
            DeliveryRow(message=r[0], person=r[1], state=r[2], settled=False)
            for r in await rows("SELECT message, person, state FROM wardwire.deliveries")
        ),
        deadlines=tuple(
            DeadlineRow(message=r[0], person=r[1])
            for r in await rows("SELECT message, person FROM wardwire.deadlines")
        ),
        inbox=tuple(
            InboxRow(person=r[0], seq=r[1], epoch=r[2], event=r[3], message=r[4])
            for r in await rows("SELECT person, seq, epoch, event, message FROM wardwire.inbox")
        ),
    )
