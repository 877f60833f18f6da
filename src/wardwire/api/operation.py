"""One operation of the HTTP interface: said once, and from it both the route and its documentation are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from wardwire.access.accounts import Accounts
from wardwire.access.oidc import SingleSignOn
from wardwire.access.refusals import Refusals
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.finder import Finder
from wardwire.flow.ports import Rules, Writer
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, Unavailable, WardwireError
from wardwire.model.lost import Lost, Order
from wardwire.model.matrix import Action, Owner
from wardwire.model.rights import Caller
from wardwire.store.ledger import Ledger

T = TypeVar("T")

# Longer than a commit may take (store/durable.py), so that its own word comes first.
PATIENCE_S = 2.5


class Reads(Protocol):
    """Where reading connections come from: an asyncpg pool of the app's role in our schema."""

    def acquire(self, *, timeout: float) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """Lend a connection."""
        ...


class Registration(Protocol):
    """Lets devices in and puts them out: devices/registration.py."""

    async def issue(self, caller: Caller, person_id: UUID) -> Any:
        """Issue a one-time code for a person; returns what is shown of it. The scope was asked before."""
        ...

    async def register(self, body: bytes, source: str = "") -> Any:
        """Register a device with its code; takes the request's JSON and the address that asks."""
        ...

    async def revoke(self, caller: Caller, device_id: UUID, why: str) -> None:
        """Revoke a device: committed, then put out."""
        ...

    async def report_lost(self, caller: Caller, device_id: UUID, order: Order, why: str) -> Lost:
        """Report a device as lost: revoked, and ordered to lock or to wipe itself."""
        ...

    async def share(self, caller: Caller, device_id: UUID, unit_id: UUID) -> None:
        """Make a device one of a unit."""
        ...

    async def check_out(self, caller: Caller, device_id: UUID, person_id: UUID, until: datetime | None) -> None:
        """Give a shared device to a person."""
        ...

    async def check_in(self, caller: Caller, device_id: UUID) -> None:
        """Take a shared device back."""
        ...

    async def set_badge(self, caller: Caller, person_id: UUID, number: str | None) -> None:
        """Give a person a badge; None takes it away."""
        ...


def _nothing(*_: object) -> None:
    return None


async def _fresh() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """All that the operations stand on.

    Attributes:
        writer: The lanes of this process.
        rules: The directory as of now, and the site's choices.
        serving: Whether the database is there and its commits are worth a promise.
        alarms: Commits what people do with technical alarms.
        refresh: Takes in what has changed in the directory; awaited after each change through this door, so
            that the next request finds it.
        accounts: What accounts and sessions stand on.
        sso: The hospital's provider, where there is one.
        signed_in: Says whose a token of a session is, instead of its session (for tests of the door).
        finder: Finds whom and what is typed.
        look: Says how this process is, and what it knows of the site (api/site.py: `Look`).
        software: Says what the site runs on, given PostgreSQL's version (api/site.py: `SoftwareOut`).
        integrations: Knows the listeners for other systems (api/integrations.py: `Integrations`).
        readers: Reads other directories (api/sources.py: `Readers`).
        counted: Told of each submission: outcome (`stored`, `repeated`, or a code), priority.
        denied: Told of each refused credential or right, by code.
        patience_s: How long the database may take to commit what is handed in.
    """

    writer: Writer
    rules: Callable[[], Rules]
    clock: Clock
    reads: Reads
    desk: DirectoryDesk
    alarms: Ledger
    version: str
    serving: Callable[[], bool] = lambda: True
    refresh: Callable[[], Awaitable[None]] = _fresh
    registration: Registration | None = None
    finder: Finder | None = None
    accounts: Accounts | None = None
    sso: SingleSignOn | None = None
    signed_in: Callable[[Deps, str], Awaitable[Caller]] | None = None
    look: Callable[[], Any] | None = None
    software: Callable[[str], Awaitable[Any]] | None = None
    integrations: Any = None
    readers: Any = None
    counted: Callable[[str, str], None] = _nothing
    denied: Callable[[str], None] = _nothing
    refusals: Refusals = field(default_factory=Refusals)
    patience_s: float = PATIENCE_S

    async def read(
        self, query: Callable[[asyncpg.Connection], Awaitable[T]], *, patience_s: float | None = None
    ) -> T:
        """Run a reading query; one that takes longer than `patience_s` is given up. None = twice what a commit gets.

        Raises:
            Refused: `INVALID`: what is asked for cannot stand in the database.
            Unavailable: The database is not there, or slow; or nothing may be told before it is known to be whole.
        """
        if not self.serving():
            raise Unavailable(Code.UNAVAILABLE, "the database cannot be reached now")
        limit = 2 * self.patience_s if patience_s is None else patience_s
        try:
            async with self.reads.acquire(timeout=self.patience_s) as connection, asyncio.timeout(limit):
                return await query(connection)
        except asyncpg.DataError as error:
            raise Refused(Code.INVALID, "it holds what no text may hold, such as the character NUL") from error
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unavailable(Code.UNAVAILABLE, f"the database did not answer ({type(error).__name__})") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that is to be answered: who asks, and for what, read and checked.

    Attributes:
        thing: What the operation's `find` has found.
    """

    deps: Deps
    caller: Caller
    operation: str
    request_id: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: Any
    raw: bytes
    address: str
    thing: Any = None

    def id(self, prefix: str, name: str) -> UUID:
        """Return an id of the path; one that is none names nothing."""
        try:
            return ids.read_id(prefix, self.path[name])
        except Refused:
            raise Refused(Code.NOT_FOUND, "there is nothing of this id") from None

    async def read(
        self, query: Callable[[asyncpg.Connection], Awaitable[T]], *, patience_s: float | None = None
    ) -> T:
        """Run a reading query. Raises `Unavailable`, see `Deps.read`."""
        return await self.deps.read(query, patience_s=patience_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered: a shape of api/wire.py, ready JSON, or pieces as they come; None = an empty body."""

    body: msgspec.Struct | bytes | AsyncIterator[bytes] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A field of the query. `kind` is `integer`, `boolean` or `string`."""

    name: str
    kind: str
    about: str
    least: int | None = None
    most: int | None = None
    default: Any = None
    longest: int = 200


class Identity(Enum):
    """What an operation does with an Idempotency-Key."""

    NONE = auto()  # saying it twice changes nothing, or means twice
    OPTIONAL = auto()
    REQUIRED = auto()


class Found(NamedTuple):
    """What a request is about: whose it is, for the door, and the thing itself, for who answers."""

    owners: Sequence[Owner]
    thing: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How a protocol of others is spoken, where an operation is of one.

    Attributes:
        media: The types that a body may have.
        says: The type of its answers, refusals too.
        most: So many bytes a body has at most.
        refuse: Says why something was not done, by its error and the request's id.
        shapes: What its bodies look like, as JSON Schema, by name.
        refusal: Which of them a refusal is.
    """

    media: frozenset[str]
    says: str
    most: int
    refuse: Callable[[WardwireError, str], Answer]
    shapes: Mapping[str, Mapping[str, Any]]
    refusal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    Attributes:
        id: Stable; generated clients are named by it.
        action: What it is in the table of rights (model/matrix.py); without one nobody may.
        find: Finds what it is about, and whose that is: needed where an action reaches one's own or one's unit's.
        narrows: It shows of many what the caller may see, by itself.
        body: The shape of the body; None = it has none.
        answers: Shapes by status.
        refuses: Further codes that it may answer with, beside those of every operation.
        identity: Whether it asks for an Idempotency-Key, or takes one.
        guarded: Whether it takes an If-Match with the ETag of what it changes.
        open: Whether it asks for no key.
        scope: What is to be said of scopes beyond that of its action.
        speech: The protocol of others that it is of: it describes itself, and takes query fields that it does not
            know; None = our own.
        takes, gives: Which of its protocol's shapes its body and its answers have.
        most: So many bytes its body may have, where that is more than usual.
        says: The type of its answers, where that is not JSON.
    """

    id: str
    method: str
    path: str
    about: str
    handler: Callable[[Call], Awaitable[Answer]]
    answers: Mapping[int, Any]
    tag: str
    body: Any = None
    query: Sequence[Query] = ()
    refuses: Sequence[Code] = ()
    scope: str = ""
    action: Action | None = None
    find: Callable[[Call], Awaitable[Found]] | None = None
    narrows: bool = False
    identity: Identity = Identity.NONE
    open: bool = False
    guarded: bool = False
    example: Any = None
    speech: Speech | None = None
    takes: str = ""
    gives: str = ""
    most: int | None = None
    says: str = "application/json"
