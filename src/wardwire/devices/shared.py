"""What a shared device says outside of a session: a badge was held to it, or it is given back; and its hellos.

Its key proves that it is the one; its turn, that it speaks of who has it now and not of somebody before. A device
whose turn is over gets no session: it is told who has it, clears itself, and says hello as theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.devices.badges import badge_key, digest_of, unseal
from wardwire.devices.frames import Badge, Envelope, Hello, HolderFrame, encode
from wardwire.devices.gather import Gather
from wardwire.devices.hand_over import HOLD, Turned, turn_device
from wardwire.devices.kicks import LAST_WORD_S, Kicks
from wardwire.devices.logins import Logins
from wardwire.devices.session import Door, check_signature, signing_key
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, Unavailable, WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.people import Device, Directory
from wardwire.model.shared_device import Held, check_guesses, count_guess
from wardwire.store.chain import Draft
from wardwire.store.ledger import Ledger
from wardwire.store.shared_devices import count_wrong, find_badge, lock_held

log = structlog.get_logger("wardwire.devices")


class _Asked(NamedTuple):
    """A badge that was held to a device; `digest` None = the device is given back."""

    door: Door
    device: Device
    id: str
    turn: int
    digest: bytes | None


class SharedDevices:
    """Hears badges, and answers the hellos of those whose turn is over.

    Args:
        announce: Publishes a device on `core.revoked` as one that comes back.
        changed: The directory has changed: a hint.
        failed: Answers what did not succeed: (door, request, why).
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        directory: Callable[[], Directory],
        clock: Clock,
        site_key: X25519PrivateKey,
        logins: Logins,
        kicks: Kicks,
        publish: Callable[[str, bytes], None],
        announce: Callable[[UUID], None],
        changed: Callable[[], None],
        failed: Callable[[Door, str, WardwireError], None],
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._clock = clock
        self._site_key = site_key
        self._badge_key = badge_key(site_key)
        self._logins = logins
        self._kicks = kicks
        self._publish = publish
        self._announce = announce
        self._changed = changed
        self._failed = failed
        self._gather: Gather[_Asked] = Gather("badges", self._work, largest=1, most_waiting=1_000)

    def device(self, name: str) -> Device | None:
        """Return the shared device of this name (32 hex digits); None when it is not shared, or revoked."""
        device = self._directory().devices.get(UUID(hex=name))
        return device if device is not None and device.turn and not device.revoked else None

    def greet(self, door: Door, device: Device, envelope: Envelope, hello: Hello) -> bool:
        """Answer a hello that cannot open a session: of an earlier turn, or while nobody has the device. Else False.

        Raises:
            Refused: `PROOF_INVALID`: it is not the one.
        """
        if hello.turn == device.turn and device.held:
            return False
        check_signature(signing_key(device), device.id, envelope)
        self._tell(door, device.turn, device.person_id if device.held else None)
        return True

    def badge(self, door: Door, device: Device, envelope: Envelope, frame: Badge) -> None:
        """Take a badge, or the device back; answered when that is committed.

        Raises:
            Refused: `PROOF_INVALID`, `INVALID`.
        """
        check_signature(signing_key(device), device.id, envelope)
        if ids.read_id(ids.DEVICE, frame.device) != device.id:
            raise Refused(Code.INVALID, "a device speaks for itself only", pointer="/device")
        digest = None
        if frame.sealed:
            number = unseal(self._site_key, device.x25519, device.id, frame.sealed)
            digest = digest_of(self._badge_key, number)
        if not self._gather.put(_Asked(door, device, frame.id, frame.turn, digest)):
            raise Unavailable(Code.OVERLOADED, "too many badges wait; try again")

    async def settled(self) -> None:
        """Wait until every badge is answered."""
        await self._gather.settled()

    async def stop(self) -> None:
        """Take no more badges; the devices say them again."""
        await self._gather.stop()

    async def _work(self, asked: list[_Asked]) -> None:
        for one in asked:
            try:
                result = await self._commit(one)
            except WardwireError as error:
                self._failed(one.door, one.id, error)
                continue
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                log.error("badge_failed", reason=error)
                self._failed(one.door, one.id, Unavailable(Code.UNAVAILABLE, "not possible now; try again"))
                continue
            if isinstance(result, Refused):
                self._failed(one.door, one.id, result)
                continue
            self._tell(one.door, result.turn, result.person_id, one.id, result.until)
            if isinstance(result, Held):
                continue
            self._changed()
            self._announce(one.device.id)
            for place in {*result.places, *self._logins.of(one.device.id)}:
                self._kicks.put(place, after_s=LAST_WORD_S)

    async def _commit(self, one: _Asked) -> Turned | Held | Refused:
        """Let it change hands; else why not, or as it stands: this was said in an earlier turn."""
        now = self._clock.now()

        async def work(connection: asyncpg.Connection) -> tuple[Turned | Held | Refused, list[Draft]]:
            held = await lock_held(connection, one.device.id)
            if held is None or not held.turn:
                raise Refused(Code.DEVICE_REVOKED, "this device is not shared any more")
            if one.turn != held.turn:  # the same once more, of somebody who has gone, or kept by a stranger
                return held, []
            by = ids.write_id(ids.DEVICE, held.id)
            if one.digest is None:
                return await turn_device(connection, held, to=None, until=None, now=now, by=by)
            check_guesses(held, now)
            person_id = await find_badge(connection, one.digest)
            if person_id is None:
                wrong, since = count_guess(held, now)
                await count_wrong(connection, held.id, wrong, since)
                told = json.dumps({"wrong": wrong})
                refused = Refused(Code.NOT_AUTHENTICATED, "nobody has this badge")
                return refused, [Draft(FactKind.BADGE_REFUSED, None, held.person_id, held.id, told)]
            return await turn_device(connection, held, to=person_id, until=now + HOLD, now=now, by=by)

        return await self._ledger.commit(now, work)

    def _tell(
        self, door: Door, turn: int, person_id: UUID | None, request: str = "", until: datetime | None = None
    ) -> None:
        """Say who has the device, on the way that it hears whoever has it."""
        person = self._directory().people.get(person_id) if person_id else None
        frame = HolderFrame(
            turn=turn,
            person=ids.write_id(ids.PERSON, person_id) if person_id else "",
            name=person.name if person else "",
            until=until,
            id=request,
        )
        self._publish(f"d.{door.name}.down.m", encode(frame))
