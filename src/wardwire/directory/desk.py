"""Where the directory is changed: each change one durable transaction with its fact and a new version."""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import asyncpg

from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.facts import FactKind
from wardwire.model.rights import DIRECTORY, Caller, require_passed
from wardwire.store.chain import Draft
from wardwire.store.directory import next_version
from wardwire.store.ledger import Ledger
from wardwire.store.requests import Kept, keep_request, repeat_request

T = TypeVar("T")

# One change may be of ten thousand people, on a busy machine: so long its commit may take (`Ledger`).
DIRECTORY_PATIENCE_S = 15.0


class Once(NamedTuple):
    """A change that is to be made once for its caller's key, however often it is asked for.

    Attributes:
        digest: Of all that was asked.
        tell: What is answered, as JSON: kept with what is made, never a secret.
    """

    key: str
    digest: bytes
    tell: Callable[[Any], str]


# What a violated constraint means to whoever asked. Everything else is our fault.
_VIOLATIONS = {
    "device_groups_name": (Code.NAME_TAKEN, "a group of devices bears this name already", "/name"),
    "devices_group_id_fkey": (Code.NOT_FOUND, "there is no such group of devices", "/group"),
    "groups_name": (Code.NAME_TAKEN, "a group bears this name already", "/name"),
    "person_ids_of_nobody_else": (Code.EXTERNAL_ID_TAKEN, "somebody else has this id there", "/external_ids"),
    "group_ids_of_no_other": (Code.EXTERNAL_ID_TAKEN, "another group has this id there", "/externalId"),
    "scim_users_name": (Code.NAME_TAKEN, "another user has this userName", "/userName"),
    "areas_name": (Code.NAME_TAKEN, "a place of this kind bears this name already", "/name"),
    "roles_name": (Code.NAME_TAKEN, "a role bears this name already", "/name"),
    "places_name": (Code.NAME_TAKEN, "a place of this kind bears this name already", "/name"),
    "places_parent_fkey": (Code.NOT_FOUND, "there is no such place", "/parent"),
    "places_area_fkey": (Code.NOT_FOUND, "there is no such site or building", "/parent"),
    "places_policy_fkey": (Code.NOT_FOUND, "there is no such policy", "/policy"),
    "unit_roles_role_id_fkey": (Code.NOT_FOUND, "there is no such role", "/role"),
    "policies_name": (Code.NAME_TAKEN, "a policy bears this name already", "/name"),
    "assignments_place_id_fkey": (Code.NOT_FOUND, "there is no such place", "/place"),
    "assignments_person_id_fkey": (Code.NOT_FOUND, "there is no such person", "/person"),
    "endpoints_person_id_fkey": (Code.NOT_FOUND, "there is no such person", ""),
    "shifts_person_id_fkey": (Code.NOT_FOUND, "there is no such person", "/person"),
    "shifts_role_id_fkey": (Code.NOT_FOUND, "there is no such role", ""),
    "roles_fallback_fkey": (Code.NOT_FOUND, "there is no such person", "/fallback"),
    "directory_requests_pkey": (Code.CONFLICT, "the first request with this key is still under way; ask again", ""),
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
    """Changes wait in line for its ledger: one connection, one chain of facts."""

    def __init__(self, ledger: Ledger, clock: Clock, changed: Callable[[int], None] = lambda version: None) -> None:
        """Open a desk.

        Args:
            changed: Called with the version of each committed change: a hint for those who hold a directory.
        """
        self._ledger = ledger
        self._clock = clock
        self._changed = changed
        self._once: Once | None = None

    def once(self, once: Once) -> DirectoryDesk:
        """Return this desk for the one change that `once` names: the change and its answer are kept together."""
        desk = copy.copy(self)
        desk._once = once
        return desk

    async def first_answer(self, caller: Caller, key: str, digest: bytes) -> str | None:
        """Return what was answered the first time that this caller used this key; None = it is new.

        Raises:
            Refused: `ID_REUSED`: it was used for something else.
            Unknown, Unavailable: As `change`.
        """
        now = self._clock.now()

        async def transaction(connection: asyncpg.Connection) -> tuple[Kept | None, Sequence[Draft]]:
            return await repeat_request(connection, caller.source, key, now), ()

        try:
            first = await self._ledger.commit(now, transaction)
        except asyncpg.PostgresError as error:
            raise _translate(error) from error
        if first is not None and first.digest != digest:
            raise Refused(Code.ID_REUSED, "this key was used before, for something else", parameter="Idempotency-Key")
        return None if first is None else first.answer

    async def change(
        self, caller: Caller, work: Callable[[Change], Awaitable[T]], *, scope: str | None = DIRECTORY
    ) -> T:
        """Run one change; when this returns, it and its facts are committed durably.

        Args:
            scope: What a caller must have whom no door has let through; None when the work judges by itself.

        Raises:
            Refused: Nothing was changed.
            Unknown: Nobody can say; look whether it is there before repeating.
            Unavailable: Certainly nothing was changed.
        """
        if scope is not None:
            require_passed(caller, scope)
        now, once = self._clock.now(), self._once

        async def transaction(connection: asyncpg.Connection) -> tuple[tuple[T, int], Sequence[Draft]]:
            version = await next_version(connection)
            change = Change(connection, caller=caller, version=version, now=now)
            result = await work(change)
            if once is not None:
                await keep_request(connection, caller.source, once.key, once.digest, once.tell(result), now)
            return (result, version), change.drafts

        try:
            result, version = await self._ledger.commit(now, transaction)
        except asyncpg.PostgresError as error:
            raise _translate(error) from error
        self._changed(version)
        return result

    async def close(self) -> None:
        """Close its connection; a change under way is waited for."""
        await self._ledger.close()


def _translate(error: asyncpg.PostgresError) -> Refused | Unavailable:
    found = _VIOLATIONS.get(getattr(error, "constraint_name", None) or "")
    if found is not None:
        code, detail, pointer = found
        return Refused(code, detail, pointer=pointer)
    return Unavailable(Code.UNAVAILABLE, f"the database refused it ({error.sqlstate}); nothing was kept")
