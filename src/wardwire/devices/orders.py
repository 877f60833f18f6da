"""A lost device and its order: let in for this alone, told what to do, and heard when it is done.

A device that is reported lost is revoked at once: no message goes to it, nothing that it says counts. But its key
still proves that it is the one, so that an order reaches it whenever it comes, and its word is believed. Story A5.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from wardwire.devices.frames import Bye, Envelope, Hello, Obeyed, OrderFrame, encode
from wardwire.devices.gather import Gather
from wardwire.devices.kicks import LAST_WORD_S, Kick, Kicks, kick_all
from wardwire.devices.logins import Logins, Place
from wardwire.devices.session import Door, check_signature, signing_key
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.lost import Lost, Order
from wardwire.model.people import Device, Directory
from wardwire.store.chain import Draft
from wardwire.store.directory import next_version
from wardwire.store.ledger import Ledger
from wardwire.store.lost import load_lost, put_confirmed, put_order, put_told
from wardwire.store.sessions import load_sessions

log = structlog.get_logger("wardwire.devices")


async def order_device(
    ledger: Ledger,
    clock: Clock,
    *,
    device_id: UUID,
    order: Order,
    why: str,
    by: str,
    kick: Kick,
    announce: Callable[[UUID], None],
) -> Lost:
    """Report a device as lost: revoked and ordered, committed first; then its connections are closed.

    It comes back by itself, and is let in for nothing but its order. A lock gives way to a wipe, never the other way
    round. Safe to repeat; a repeat kicks again and returns how it stands.

    Args:
        announce: Publishes the device on `core.revoked`, as one that will come back.

    Raises:
        Refused: `NOT_FOUND`.
        Unknown, Unavailable: See `Ledger.commit`.
    """
    now = clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[tuple[Lost, list[Place]], list[Draft]]:
        version = await next_version(connection)
        changed = await put_order(connection, device_id, order, now=now, why=why, by=by, version=version)
        lost = await load_lost(connection, device_id)
        if lost is None:
            raise Refused(Code.NOT_FOUND, "there is no such device")
        sessions = await load_sessions(connection, [device_id])
        places = [Place(row.server_id, row.client_id) for row in sessions.values()]
        body = json.dumps({"what": order, "why": why, "by": by})
        facts = [Draft(FactKind.DEVICE_ORDERED, None, lost.person_id, device_id, body)] if changed else []
        return (lost, places), facts

    lost, places = await ledger.commit(now, work)
    announce(device_id)
    await kick_all(kick, places)
    return lost


class _Said(NamedTuple):
    """What is to be noted of an order: that it was given, or that it is done."""

    door: Door
    device: Device
    ordered_at: datetime
    done: bool


class Orders:
    """Gives lost devices their orders and hears what became of them.

    Args:
        publish: Sends a frame on a subject; never waits.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        directory: Callable[[], Directory],
        clock: Clock,
        logins: Logins,
        kicks: Kicks,
        publish: Callable[[str, bytes], None],
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._clock = clock
        self._logins = logins
        self._kicks = kicks
        self._publish = publish
        self._gather: Gather[_Said] = Gather("orders", self._note, largest=100, most_waiting=20_000)

    def of(self, name: str) -> Device | None:
        """Return the lost device of this name (32 hex digits); None when it is not lost, or has obeyed."""
        device = self._directory().devices.get(UUID(hex=name))
        return device if device is not None and device.ordered and device.ordered_at is not None else None

    def give(self, door: Door, device: Device) -> None:
        """Tell a device its order."""
        assert device.ordered_at is not None
        self._publish(door.down, encode(OrderFrame(what=device.ordered, at=device.ordered_at)))

    def greet(self, door: Door, device: Device, envelope: Envelope, hello: Hello) -> None:
        """Answer a lost device's hello with its order, and note that it has it.

        Raises:
            Refused: `PROOF_INVALID`: it is not the one.
        """
        check_signature(signing_key(device), device.id, envelope)
        assert device.ordered_at is not None
        self.give(door, device)
        self._gather.put(_Said(door, device, device.ordered_at, done=False))

    def obeyed(self, door: Door, device: Device, envelope: Envelope, frame: Obeyed) -> None:
        """Hear that a lost device has done what it was ordered; of an earlier order it is given the present one.

        Raises:
            Refused: `PROOF_INVALID`: it is not the one. `INVALID`: it speaks of another device, or order.
        """
        check_signature(signing_key(device), device.id, envelope)
        if ids.read_id(ids.DEVICE, frame.device) != device.id or frame.what != device.ordered:
            raise Refused(Code.INVALID, "this is not what the device was ordered", pointer="/what")
        if frame.at != device.ordered_at:
            self.give(door, device)
        else:
            self._gather.put(_Said(door, device, frame.at, done=True))

    async def settled(self) -> None:
        """Wait until everything is noted."""
        await self._gather.settled()

    async def stop(self) -> None:
        """Note nothing more; the devices say it again."""
        await self._gather.stop()

    async def _note(self, said: list[_Said]) -> None:
        now = self._clock.now()

        async def work(connection: asyncpg.Connection) -> tuple[None, list[Draft]]:
            drafts = []
            version = await next_version(connection) if any(one.done for one in said) else 0
            for one in said:
                id = one.device.id
                if one.done:
                    person = await put_confirmed(connection, id, one.ordered_at, now=now, version=version)
                else:
                    person = await put_told(connection, id, one.ordered_at, now)
                if person is not None:
                    kind = FactKind.ORDER_CONFIRMED if one.done else FactKind.ORDER_TOLD
                    drafts.append(Draft(kind, None, person, id, json.dumps({"what": one.device.ordered})))
            return None, drafts

        try:
            await self._ledger.commit(now, work)
        except (WardwireError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("order_not_noted", reason=error)  # the device says it again
            return
        for one in said:
            if one.done:
                self._publish(one.door.down, encode(Bye(why=Code.DEVICE_REVOKED)))
                for place in self._logins.of(one.device.id):
                    self._kicks.put(place, after_s=LAST_WORD_S)
