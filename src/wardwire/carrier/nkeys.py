"""NATS nkeys: Ed25519 keys in NATS's own spelling (`U…` a user, `A…` an account, `S…` a seed).

The spelling is base32 of a prefix byte, the raw key and a CRC-16, so that a mistyped key is noticed.
Source: https://docs.nats.io/running-a-nats-service/nats_admin/security/jwt#nkeys; nats-io/nkeys (strkey.go).
"""

from __future__ import annotations

import base64
import binascii
import os
from enum import IntEnum
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_SEED = 18 << 3  # 'S'


class NkeyError(ValueError):
    """A text is not an nkey of the kind that was asked for; the text itself is never repeated."""


class Kind(IntEnum):
    """What a key names; the value is the prefix byte that gives the first letter."""

    ACCOUNT = 0  # 'A'
    SERVER = 13 << 3  # 'N'
    USER = 20 << 3  # 'U'


def _spell(raw: bytes) -> str:
    checksum = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw + checksum).rstrip(b"=").decode("ascii")


def _unspell(text: str) -> bytes:
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise NkeyError("not base32") from None
    body, checksum = raw[:-2], raw[-2:]
    # base32 leaves bits over: only the one spelling that we would write ourselves is accepted.
    if len(raw) < 4 or binascii.crc_hqx(body, 0).to_bytes(2, "little") != checksum or _spell(body) != text:
        raise NkeyError("wrong checksum")
    return body


def write_public(kind: Kind, raw: bytes) -> str:
    """Spell a raw Ed25519 public key (32 bytes) as an nkey."""
    if len(raw) != 32:
        raise NkeyError("a public key has 32 bytes")
    return _spell(bytes([kind]) + raw)


def read_public(text: str, kind: Kind) -> bytes:
    """Return the 32 raw bytes of a public nkey.

    Raises:
        NkeyError: Mistyped, or of another kind.
    """
    raw = _unspell(text)
    if len(raw) != 33 or raw[0] != kind:
        raise NkeyError(f"not a public nkey of kind {kind.name.lower()}")
    return raw[1:]


def verify(public: str, kind: Kind, message: bytes, signature: bytes) -> bool:
    """Tell whether the holder of this nkey signed the message; False also for a key that is none."""
    try:
        Ed25519PublicKey.from_public_bytes(read_public(public, kind)).verify(signature, message)
    except (InvalidSignature, NkeyError, ValueError):
        return False
    return True


class KeyPair:
    """A key that can sign; it shows its public half only, in `repr` too."""

    __slots__ = ("_key", "kind", "public")

    def __init__(self, kind: Kind, key: Ed25519PrivateKey) -> None:
        self.kind = kind
        self._key = key
        self.public = write_public(kind, key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"KeyPair({self.public})"

    @classmethod
    def generate(cls, kind: Kind) -> KeyPair:
        """Make a new key from the system's randomness."""
        return cls(kind, Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: str) -> KeyPair:
        """Read an `S…` seed; its kind lies in it.

        Raises:
            NkeyError: It is none, or of a kind that Wardwire has no use for.
        """
        raw = _unspell(seed)
        if len(raw) != 34 or raw[0] & 0xF8 != _SEED:
            raise NkeyError("not a seed")
        try:
            kind = Kind((raw[0] & 7) << 5 | raw[1] >> 3)
        except ValueError:
            raise NkeyError("a seed of an unknown kind") from None
        return cls(kind, Ed25519PrivateKey.from_private_bytes(raw[2:]))

    @classmethod
    def from_file(cls, path: Path) -> KeyPair:
        """Read the seed that `to_file` wrote; blanks around it do no harm."""
        return cls.from_seed(path.read_text("ascii").strip())

    def seed(self) -> str:
        """Return the secret as an `S…` text. Whoever has it is this key."""
        prefix = bytes([_SEED | self.kind >> 5, (self.kind & 31) << 3])
        return _spell(prefix + self._key.private_bytes_raw())

    def to_file(self, path: Path) -> None:
        """Write the seed to a new file that only its owner may read.

        Raises:
            FileExistsError: A key is never overwritten.
        """
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.seed() + "\n")

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature."""
        return self._key.sign(message)
