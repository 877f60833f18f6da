"""What a device keeps of itself: its keys, who it is, and where it connects. One file, for its owner alone."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.carrier.nkeys import KeyPair, Kind
from wardwire.devices import proof
from wardwire.devices.register import Registration, code_digest
from wardwire.model import ids


class DeviceKeys:
    """The two keys of a device. They are made here and never leave it; `repr` shows the public half only."""

    __slots__ = ("agreement", "signing")

    def __init__(self, signing: KeyPair, agreement: X25519PrivateKey) -> None:
        self.signing = signing
        self.agreement = agreement

    def __repr__(self) -> str:
        return f"DeviceKeys({self.signing.public})"

    @classmethod
    def make(cls) -> DeviceKeys:
        """Make new keys from the system's randomness."""
        return cls(KeyPair.generate(Kind.USER), X25519PrivateKey.generate())

    @property
    def x25519(self) -> bytes:
        """The public half of the key that session keys are agreed with."""
        return self.agreement.public_key().public_bytes_raw()

    def registration(self, code: str, *, name: str, app: str) -> Registration:
        """State what registers these keys with a code."""
        signature = self.signing.sign(proof.registered_bytes(code_digest(code), self.x25519))
        return Registration(
            code=code,
            nkey=self.signing.public,
            x25519=proof.write_bytes(self.x25519),
            proof=proof.write_bytes(signature),
            name=name,
            app=app,
        )


class Place(msgspec.Struct, frozen=True):
    """What the site answers to a registration (devices/registration.py, DeviceOut).

    `turn`: of a shared device, whose it is; `person` is "" while nobody has it.
    """

    device: str
    person: str
    name: str
    server: str
    site_x25519: str
    authority: str = ""
    turn: int = 0


class _Kept(msgspec.Struct, frozen=True):
    place: Place
    seed: str
    x25519: str


class Card:
    """A registered device: its keys and its place."""

    __slots__ = ("keys", "place")

    def __init__(self, keys: DeviceKeys, place: Place) -> None:
        self.keys = keys
        self.place = place

    @property
    def name(self) -> str:
        """The device as subjects name it: 32 hex digits."""
        return ids.read_id(ids.DEVICE, self.place.device).hex

    def save(self, path: Path) -> None:
        """Write it to a new file that only its owner may read.

        Raises:
            FileExistsError: A key is never overwritten.
        """
        kept = _Kept(
            place=self.place,
            seed=self.keys.signing.seed(),
            x25519=proof.write_bytes(self.keys.agreement.private_bytes_raw()),
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")

    def taken_by(self, person: str, name: str, turn: int) -> Card:
        """Return the card of this device for whoever has it now."""
        return Card(self.keys, msgspec.structs.replace(self.place, person=person, name=name, turn=turn))

    def replace(self, path: Path) -> None:
        """Write it in the place of the same device's file."""
        fresh = path.with_name(f".{path.name}.new")
        fresh.unlink(missing_ok=True)
        self.save(fresh)
        fresh.replace(path)

    @classmethod
    def load(cls, path: Path) -> Card:
        """Read what `save` wrote. Raises OSError, or ValueError for a file that is none."""
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        agreement = X25519PrivateKey.from_private_bytes(proof.read_bytes(kept.x25519))
        return cls(DeviceKeys(KeyPair.from_seed(kept.seed), agreement), kept.place)
