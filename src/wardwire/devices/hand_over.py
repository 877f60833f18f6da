"""A shared device changes hands: the old session ends on the server first, committed; then the device clears itself.

Called by the API, by what a device says (shared.py), and by the clock. What was open for whoever had it goes on to
their next endpoint by the usual rules: a deadline each, in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.devices.kicks import Kick, kick_all
from wardwire.devices.logins import Place
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.shared_device import Held
from wardwire.store.chain import Draft
from wardwire.store.directory import next_version
from wardwire.store.ledger import Ledger
from wardwire.store.sessions import load_sessions
from wardwire.store.shared_devices import (
    end_badge,
    find_due,
    is_person,
    is_unit,
    lock_held,
    put_badge,
    put_turn,
    release,
)

# A shift and its hand-over. Longer than this nobody has a device without saying so anew.
HOLD = timedelta(hours=13)
LONGEST_HOLD = timedelta(hours=72)
_DUE_AT_ONCE = 100


class Turned(NamedTuple):
    """A device has changed hands. `places`: connections of the former holder's that must go."""

    device_id: UUID
    turn: int
    person_id: UUID | None
    until: datetime | None
    places: list[Place]


async def turn_device(
    connection: asyncpg.Connection,
    held: Held,
    *,
    to: UUID | None,
    until: datetime | None,
    now: datetime,
    by: str,
    why: str = "",
    unit_id: UUID | None = None,
) -> tuple[Turned, list[Draft]]:
    """Let a locked device change hands, within a transaction; returns what is to be done after it, and the facts."""
    version = await next_version(connection)
    places = [Place(row.server_id, row.client_id) for row in (await load_sessions(connection, [held.id])).values()]
    turn = await put_turn(connection, held.id, person_id=to, until=until, version=version, unit_id=unit_id)
    drafts = []
    if held.person_id is not None:
        await release(connection, held.person_id, held.id, now)
        told = {"turn": turn, "by": by} | ({"why": why} if why else {})
        drafts.append(Draft(FactKind.DEVICE_CHECKED_IN, None, held.person_id, held.id, json.dumps(told)))
    if to is not None:
        assert until is not None
        told = {"turn": turn, "by": by, "until": until.isoformat()}
        drafts.append(Draft(FactKind.DEVICE_CHECKED_OUT, None, to, held.id, json.dumps(told)))
    return Turned(held.id, turn, to, until, places), drafts


class HandOver:
    """Lets devices change hands, and does what must follow.

    Args:
        announce: Publishes a device on `core.revoked` as one that comes back: all cores drop what they know of it.
    """

    def __init__(self, *, ledger: Ledger, clock: Clock, kick: Kick, announce: Callable[[UUID], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._kick = kick
        self._announce = announce

    async def share(self, device_id: UUID, unit_id: UUID, *, by: str) -> Turned:
        """Make a device one of a unit: from now on nobody's, until somebody takes it.

        Raises:
            Refused: `NOT_FOUND`.
            Unknown, Unavailable: See `Ledger.commit`.
        """
        now = self._clock.now()

        async def work(connection: asyncpg.Connection) -> tuple[Turned, list[Draft]]:
            held = await _locked(connection, device_id)
            if not await is_unit(connection, unit_id):
                raise Refused(Code.NOT_FOUND, "there is no such unit", pointer="/unit")
            turned, drafts = await turn_device(
                connection, held, to=None, until=None, now=now, by=by, why="shared", unit_id=unit_id
            )
            told = {"unit": ids.write_id(ids.PLACE, unit_id), "by": by}
            return turned, [*drafts, Draft(FactKind.DEVICE_SHARED, None, held.person_id, device_id, json.dumps(told))]

        return await self._follow(await self._ledger.commit(now, work))

    async def check_out(self, device_id: UUID, person_id: UUID, until: datetime | None, *, by: str) -> Turned:
        """Give a shared device to a person, until an instant or for a shift.

        Raises:
            Refused: `NOT_FOUND`, `CONFLICT` (it is not shared), `INVALID` (until).
            Unknown, Unavailable: See `Ledger.commit`.
        """
        now = self._clock.now()
        end = until or now + HOLD
        if not now < end <= now + LONGEST_HOLD:
            hours = LONGEST_HOLD // timedelta(hours=1)
            raise Refused(Code.INVALID, f"an instant in the next {hours} hours", pointer="/until")

        async def work(connection: asyncpg.Connection) -> tuple[Turned, list[Draft]]:
            held = await _locked_shared(connection, device_id)
            if not await is_person(connection, person_id):
                raise Refused(Code.NOT_FOUND, "there is no such person, or they are disabled", pointer="/person")
            return await turn_device(connection, held, to=person_id, until=end, now=now, by=by)

        return await self._follow(await self._ledger.commit(now, work))

    async def check_in(self, device_id: UUID, *, by: str, why: str = "", due: bool = False) -> Turned | None:
        """Take a shared device back; None when nobody had it. Safe to repeat.

        Args:
            due: Only if its time is over.

        Raises:
            Refused: `NOT_FOUND`, `CONFLICT` (it is not shared).
            Unknown, Unavailable: See `Ledger.commit`.
        """
        now = self._clock.now()

        async def work(connection: asyncpg.Connection) -> tuple[Turned | None, list[Draft]]:
            held = await _locked_shared(connection, device_id)
            if held.person_id is None or (due and (held.until is None or held.until > now)):
                return None, []
            return await turn_device(connection, held, to=None, until=None, now=now, by=by, why=why)

        turned = await self._ledger.commit(now, work)
        return await self._follow(turned) if turned is not None else None

    async def take_back_due(self, connection: asyncpg.Connection) -> list[Turned]:
        """Take back the devices whose time is over."""
        found = []
        for device_id in await find_due(connection, self._clock.now(), _DUE_AT_ONCE):
            try:
                turned = await self.check_in(device_id, by="wardwire", why="time is over", due=True)
            except Refused:
                continue  # revoked meanwhile
            if turned is not None:
                found.append(turned)
        return found

    async def _follow(self, turned: Turned) -> Turned:
        self._announce(turned.device_id)
        await kick_all(self._kick, turned.places)
        return turned


async def set_badge(ledger: Ledger, clock: Clock, person_id: UUID, digest: bytes | None, *, by: str) -> None:
    """Give a person a badge, in the place of their former one; None takes it away. Safe to repeat.

    Raises:
        Refused: `NOT_FOUND`, `CONFLICT`: somebody else has this badge.
        Unknown, Unavailable: See `Ledger.commit`.
    """
    now = clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[None, list[Draft]]:
        if not await is_person(connection, person_id):
            raise Refused(Code.NOT_FOUND, "there is no such person, or they are disabled")
        if digest is None:
            if not await end_badge(connection, person_id):
                return None, []
        else:
            await put_badge(connection, digest, person_id, now=now, by=by)
        told = json.dumps({"what": "set" if digest else "taken away", "by": by})
        return None, [Draft(FactKind.BADGE_SET, None, person_id, None, told)]

    try:
        await ledger.commit(now, work)
    except asyncpg.UniqueViolationError:
        raise Refused(Code.CONFLICT, "somebody else has this badge", pointer="/badge") from None


async def _locked(connection: asyncpg.Connection, device_id: UUID) -> Held:
    held = await lock_held(connection, device_id)
    if held is None:
        raise Refused(Code.NOT_FOUND, "there is no such device")
    return held


async def _locked_shared(connection: asyncpg.Connection, device_id: UUID) -> Held:
    held = await _locked(connection, device_id)
    if not held.turn:
        raise Refused(Code.CONFLICT, "this device is not shared; see: wardwire devices share")
    return held
