"""A connection that keeps what is published, a directory of two people, and a writer that keeps acts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.carrier.nkeys import KeyPair, Kind
from wardwire.flow.ports import Act
from wardwire.model.errors import Code, Unavailable
from wardwire.model.people import Device, Directory, Person

START = datetime(2026, 3, 1, 2, 14, 7, tzinfo=UTC)
ANNA, BEN = UUID(int=1), UUID(int=2)
ANNAS, BENS, BENS_DESK = UUID(int=11), UUID(int=12), UUID(int=13)
SEEDS = {device: KeyPair.generate(Kind.USER) for device in (ANNAS, BENS, BENS_DESK)}
AGREEMENT = {device: X25519PrivateKey.generate() for device in SEEDS}


class FakeConnection:
    """Keeps what is published: (subject, payload, reply)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, str]] = []
        self.absent: Callable[[str], None] = lambda token: None
        self.away = False

    def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Keep it, or raise as a connection that is away."""
        if self.away:
            raise Unavailable(Code.UNAVAILABLE, "away")
        self.sent.append((subject, payload, reply))

    def watch_absent(self, prefix: str, callback: Callable[[str], None]) -> None:
        """Keep who wants to know."""
        self.absent = callback


class FakeWriter:
    """Keeps acts."""

    def __init__(self) -> None:
        self.acts: list[Act] = []

    def put(self, act: Act) -> None:
        """Keep it."""
        self.acts.append(act)


def make_directory() -> Directory:
    """Anna with a phone, Ben with a phone and a desk."""
    owners = {ANNAS: ANNA, BENS: BEN, BENS_DESK: BEN}
    directory = Directory(version=1)
    directory.people = {ANNA: Person(id=ANNA, name="Anna"), BEN: Person(id=BEN, name="Ben")}
    for device, owner in owners.items():
        directory.devices[device] = Device(
            id=device,
            person_id=owner,
            name="phone",
            app_version="1",
            nkey=SEEDS[device].public,
            x25519=AGREEMENT[device].public_key().public_bytes_raw(),
        )
        directory.devices_by_nkey[SEEDS[device].public] = device
        directory.devices_of[owner] = (*directory.devices_of.get(owner, ()), device)
    return directory
