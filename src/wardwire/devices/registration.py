"""Registration as the API calls it: issue a code, register with it, revoke. Holds what each of these needs."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.carrier.connection import Connection
from wardwire.devices import proof, register
from wardwire.devices.badges import badge_key, digest_of
from wardwire.devices.doorway import REVOKED
from wardwire.devices.frames import refusal
from wardwire.devices.hand_over import HandOver, set_badge
from wardwire.devices.kicks import Kick
from wardwire.devices.link import draw, enrol_link
from wardwire.devices.orders import order_device
from wardwire.devices.rate import Buckets
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.errors import Refused, Unavailable
from wardwire.model.lost import Lost, Order
from wardwire.model.rights import Caller
from wardwire.store.ledger import Ledger

_READ = msgspec.json.Decoder(register.Registration).decode


class CodeOut(msgspec.Struct, frozen=True):
    """A registration code, shown once; with the link of the app that uses it, where there is a front."""

    code: str
    person: str
    expires_at: datetime
    url: str = ""
    qr: str = ""


class DeviceOut(msgspec.Struct, frozen=True):
    """What a registered device must know.

    Attributes:
        server: Where it connects: `nats://…` or `tls://…`.
        site_x25519: The site's public key, base64url: session keys are agreed with it.
        authority: The certificate (PEM) that the server's is signed by; "" = a public one, or no TLS.
    """

    device: str
    person: str
    name: str
    server: str
    site_x25519: str
    authority: str = ""


class DeviceRegistration:
    """Lets devices in and puts them out.

    Args:
        connection: Into the account CORE: other cores are told of a revocation.
        server: Where devices connect, as they see it.
        authority: The certificate (PEM) of the site's own authority, or "".
        front: The address that browsers open, or "".
        refresh: Takes in the changed directory everywhere; awaited before an answer.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Clock,
        connection: Connection,
        kick: Kick,
        site_key: X25519PrivateKey,
        server: str,
        refresh: Callable[[], Awaitable[None]],
        authority: str = "",
        front: str = "",
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._connection = connection
        self._kick = kick
        self._site_key = proof.write_bytes(site_key.public_key().public_bytes_raw())
        self._badge_key = badge_key(site_key)
        self._hand_over = HandOver(
            ledger=ledger, clock=clock, kick=kick, announce=lambda device_id: self._announce(device_id, "+")
        )
        self._server = server
        self._refresh = refresh
        self._authority = authority
        self._front = front
        self._issues = Buckets(1, 60)
        self._guesses = register.guess_limits()

    async def issue(self, caller: Caller, person_id: UUID) -> CodeOut:
        """Issue a one-time code for a person. Raises as `register.issue_code`."""
        issued = await register.issue_code(
            self._ledger, self._clock, person_id=person_id, source=caller.source, rates=self._issues
        )
        link = enrol_link(self._front, issued.code)
        return CodeOut(
            code=issued.code,
            person=ids.write_id(ids.PERSON, issued.person_id),
            expires_at=issued.expires_at,
            url=link,
            qr=draw(link),
        )

    async def register(self, body: bytes, source: str = "") -> DeviceOut:
        """Register a device with its code. `source` is the address that asks.

        Raises:
            Refused: `MALFORMED`, `INVALID`, and as `register.register_device`.
        """
        try:
            registration = _READ(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise refusal(error) from None
        registered = await register.register_device(
            self._ledger, self._clock, registration, source=source, rates=self._guesses
        )
        await self._refresh()
        return DeviceOut(
            device=ids.write_id(ids.DEVICE, registered.device_id),
            person=ids.write_id(ids.PERSON, registered.person_id),
            name=registered.person,
            server=self._server,
            site_x25519=self._site_key,
            authority=self._authority,
        )

    async def revoke(self, caller: Caller, device_id: UUID, why: str) -> None:
        """Revoke a device: committed, then put out. Raises as `register.revoke_device`."""
        await register.revoke_device(
            self._ledger,
            self._clock,
            device_id=device_id,
            why=why,
            by=caller.source,
            kick=self._kick,
            announce=self._announce,
        )
        await self._refresh()

    async def report_lost(self, caller: Caller, device_id: UUID, order: Order, why: str) -> Lost:
        """Report a device as lost, with its order. Raises as `orders.order_device`."""
        lost = await order_device(
            self._ledger,
            self._clock,
            device_id=device_id,
            order=order,
            why=why,
            by=caller.source,
            kick=self._kick,
            announce=lambda device_id: self._announce(device_id, "+"),
        )
        await self._refresh()
        return lost

    async def share(self, caller: Caller, device_id: UUID, unit_id: UUID) -> None:
        """Make a device one of a unit. Raises as `HandOver.share`."""
        await self._hand_over.share(device_id, unit_id, by=caller.source)
        await self._refresh()

    async def check_out(self, caller: Caller, device_id: UUID, person_id: UUID, until: datetime | None) -> None:
        """Give a shared device to a person. Raises as `HandOver.check_out`."""
        await self._hand_over.check_out(device_id, person_id, until, by=caller.source)
        await self._refresh()

    async def check_in(self, caller: Caller, device_id: UUID) -> None:
        """Take a shared device back. Raises as `HandOver.check_in`."""
        await self._hand_over.check_in(device_id, by=caller.source)
        await self._refresh()

    async def set_badge(self, caller: Caller, person_id: UUID, number: str | None) -> None:
        """Give a person a badge, in the place of their former one; None takes it away. Raises as `set_badge`."""
        digest = None if number is None else digest_of(self._badge_key, number)
        await set_badge(self._ledger, self._clock, person_id, digest, by=caller.source)

    def _announce(self, device_id: UUID, comes_back: str = "") -> None:
        with contextlib.suppress(Unavailable, Refused):  # a hint: the directory tells it as well
            self._connection.publish(REVOKED, f"{device_id.hex}{comes_back}".encode())
