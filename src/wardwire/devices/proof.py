"""What proves that a frame is a device's: a signature for what a person says, a MAC for everything in a session.

Both sides use this file. The core needs the device's public keys and its own X25519 key, which is the site's:
any core can check any frame. Keys are given; none is read or kept here.

    signature  Ed25519 over  "wardwire/1\\n" + device (32 hex) + "\\n" + SHA-256(body)
    key        HKDF-SHA256(X25519(core, device), salt = nonce of the hello + session, "wardwire/1 session"), 32 bytes
    MAC        the first 16 bytes of HMAC-SHA256(key, body), base64url without padding: 22 characters
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from hmac import compare_digest
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wardwire.model.errors import Code, Refused

MAC_BYTES = 16
SIGNATURE_BYTES = 64
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
# Back to the alphabet that the reader knows; its own two signs, and padding, become what it refuses.
_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_LAST_OF_TWO = "AQgw"
_LAST_OF_THREE = "AEIMQUYcgkosw048"
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def signed_bytes(device: str, body: bytes) -> bytes:
    """Return what the signature of a body is made over. `device` is 32 hex digits."""
    return b"wardwire/1\n" + device.encode("ascii") + b"\n" + hashlib.sha256(body).digest()


def registered_bytes(code_digest: bytes, x25519: bytes) -> bytes:
    """Return what a device signs when it registers: that it holds the key, for this code, with this other key."""
    return b"wardwire/1 register\n" + code_digest + x25519


def verify_signature(key: Ed25519PublicKey, device: str, body: bytes, signature: bytes) -> bool:
    """Tell whether the device's key has signed this body. Takes some 100 µs."""
    try:
        key.verify(signature, signed_bytes(device, body))
    except InvalidSignature:
        return False
    return True


def session_key(private: X25519PrivateKey, public: bytes, *, nonce: bytes, session: UUID) -> bytes:
    """Agree on the key of a session; both sides come to the same 32 bytes.

    Raises:
        Refused: `PROOF_INVALID` when the other side's key is none that can be agreed with.
    """
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Refused(Code.PROOF_INVALID, "not a usable X25519 key") from None
    salt = nonce + session.bytes
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"wardwire/1 session").derive(shared)


class Mac:
    """The MAC of one session. The key's half of the work is done once: a frame costs about a microsecond."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("a session key has 32 bytes")
        block = key.ljust(64, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def write(self, body: bytes) -> bytes:
        """Return the MAC of a body as it is written: 22 characters."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(body)
        outer.update(inner.digest())
        mac = outer.digest()[:MAC_BYTES]
        return binascii.b2a_base64(mac, newline=False)[:22].translate(_URL_SAFE)

    def check(self, body: bytes, written: str) -> bool:
        """Tell whether this is the body's MAC, in constant time."""
        try:
            return compare_digest(self.write(body), written.encode("ascii"))
        except UnicodeEncodeError:
            return False


def write_bytes(raw: bytes) -> str:
    """Write bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def read_bytes(text: str) -> bytes:
    """Read what `write_bytes` wrote; no other spelling of the same bytes.

    Raises:
        Refused: `INVALID`.
    """
    over = len(text) % 4
    try:
        raw = binascii.a2b_base64(text.encode("ascii").translate(_STANDARD) + b"=" * (-over % 4), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        raise Refused(Code.INVALID, "not base64url") from None
    # Bits that are over must be zero, or several spellings would mean one value.
    if over and text[-1] not in (_LAST_OF_TWO if over == 2 else _LAST_OF_THREE):
        raise Refused(Code.INVALID, "not base64url")
    return raw
