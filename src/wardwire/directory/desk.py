"""Where the directory is changed: each change one durable transaction with its fact and a new version."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg

from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, Unavailable, Unknown
from wardwire.model.facts import FactKind
from wardwire.model.rights import DIRECTORY, Caller, require
from wardwire.store.chain import Chain, Draft, Linked
from wardwire.store.directory import next_version
from wardwire.store.durable import DurableConnection, commit_durable
from wardwire.store.facts import append_facts

T = TypeVar("T")

# What a violated constraint means to whoever asked. Everything else is our fault.
_VIOLATIONS = {
    "groups_name": (Code.NAME_TAKEN, "a group bears this name already", "/name"),
    "roles_name": (Code.NAME_TAKEN, "a role bears this name already", "/name"),
    "endpoints_person_id_fkey": (Code.NOT_FOUND, "there is no such person", ""),
    "shifts_person_id_fkey": (Code.NOT_FOUND, "there is no such person", "/person"),
    "shifts_role_id_fkey": (Code.NOT_FOUND, "there is no such role", ""),
    "roles_fallback_fkey": (Code.NOT_FOUND, "there is no such person", "/fallback"),
}


class Change:
    """A change under way: what its functions write with. Ends with the transaction."""

    def __init__(self, connection: asyncpg.Connection, *, caller: Caller, version: int, now: datetime) -> None:
        self.connection = connection
        self.caller = caller
        self.version = version
        self.now = now
        self.drafts: list[Draft] = []

    def record(
        self,
        what: str,
        told: Mapping[str, Any],
        *,
        kind: FactKind = FactKind.DIRECTORY_CHANGED,
        person_id: UUID | None = None,
        device_id: UUID | None = None,
    ) -> None:
        """Record what was changed, and by whom; what is None is left out. Never a secret."""
        fields = {key: value for key, value in told.items() if value is not None}
        body = {"what": what, "by": self.caller.source, "version": self.version, **fields}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        self.drafts.append(Draft(kind, None, person_id, device_id, text))


class DirectoryDesk:
    """Holds one connection and its chain of facts; changes wait in line for it.

    After an *unknown* commit both are given up, and the next change begins with new ones.
    """

    def __init__(
        self,
        *,
        open_connection: Callable[[], Awaitable[DurableConnection]],
        clock: Clock,
        node: str,
        changed: Callable[[int], None] = lambda version: None,
    ) -> None:
        """Open a desk.

        Args:
            open_connection: Opens a connection of the app's role (store/durable.open_durable).
            node: Who writes, e.g. `ward1/api`: named at the beginning of each chain.
            changed: Called with the version of each committed change: a hint for those who hold a directory.
        """
        self._open = open_connection
        self._clock = clock
        self._node = node
        self._changed = changed
        self._lock = asyncio.Lock()
        self._durable: DurableConnection | None = None
        self._chain = Chain(uuid4())
        self._after: str | None = None

    async def change(
        self, caller: Caller, work: Callable[[Change], Awaitable[T]], *, scope: str | None = DIRECTORY
    ) -> T:
        """Run one change; when this returns, it and its facts are committed durably.

        Args:
            scope: What the caller must be allowed; None when the work judges by itself.

        Raises:
            Refused: Nothing was changed.
            Unknown: Nobody can say; look whether it is there before repeating.
            Unavailable: Certainly nothing was changed.
        """
        if scope is not None:
            require(caller, scope)
        async with self._lock:
            if self._durable is not None and not self._durable.usable:
                await self._give_up()
            if self._durable is None:
                self._durable = await self._open()
            try:
                result, linked, version = await commit_durable(self._durable, self._transaction(caller, work))
            except (Refused, asyncpg.PostgresError) as error:
                raise _translate(error) from error
            except BaseException:
                await self._give_up()
                raise
            self._chain.advance(linked)
        self._changed(version)
        return result

    async def close(self) -> None:
        """Close the connection; a change under way is waited for."""
        async with self._lock:
            await self._give_up()

    def _transaction(
        self, caller: Caller, work: Callable[[Change], Awaitable[T]]
    ) -> Callable[[asyncpg.Connection], Awaitable[tuple[T, Linked, int]]]:
        async def run(connection: asyncpg.Connection) -> tuple[T, Linked, int]:
            assert self._durable is not None
            epoch = self._durable.durability.epoch
            async with connection.transaction():
                version = await next_version(connection)
                change = Change(connection, caller=caller, version=version, now=self._clock.now())
                result = await work(change)
                if self._chain.seq == 0:
                    begun = json.dumps({"lane": f"{self._node}/directory", "after": self._after, "epoch": epoch})
                    change.drafts.insert(0, Draft(FactKind.CHAIN_BEGUN, None, None, None, begun))
                linked = await append_facts(connection, self._chain, change.now, change.drafts)
            return result, linked, version

        return run

    async def _give_up(self) -> None:
        durable, self._durable = self._durable, None
        if self._chain.seq:
            self._after = f"{self._chain.writer.hex}:{self._chain.seq}"
        self._chain = Chain(uuid4())
        if durable is not None:
            await durable.close()


def _translate(error: Refused | asyncpg.PostgresError) -> Refused | Unavailable | Unknown:
    if isinstance(error, Refused):
        return error
    constraint = getattr(error, "constraint_name", None)
    if constraint in _VIOLATIONS:
        code, detail, pointer = _VIOLATIONS[constraint]
        return Refused(code, detail, pointer=pointer)
    return Unavailable(Code.UNAVAILABLE, f"the database refused it ({error.sqlstate}); nothing was kept")
