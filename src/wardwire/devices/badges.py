"""Badges: read by a shared device, sealed for the core, known by a keyed digest alone.

Nobody can change their badge's number as they change a password. So it is in the clear nowhere but in the reader and,
for a moment, in a core: the edge carries it sealed, and the database has HMAC-SHA256 of it.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wardwire.devices import proof
from wardwire.model.errors import Code, Refused
from wardwire.model.shared_device import clean_badge

NONCE_BYTES = 16
_ABOUT = b"wardwire/1 badge"
_NONCE = bytes(12)  # each key seals one badge: the random bytes are the key's salt


def badge_key(site_key: X25519PrivateKey) -> bytes:
    """Return the key of the digests: of the site's own key, the same in all cores."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"wardwire/1 badges").derive(
        site_key.private_bytes_raw()
    )


def digest_of(key: bytes, number: str) -> bytes:
    """Return what is kept of a badge. Raises `INVALID` for what is no badge's number."""
    return hmac.new(key, clean_badge(number).encode(), hashlib.sha256).digest()


def seal(private: X25519PrivateKey, public: bytes, device_id: UUID, number: str, nonce: bytes) -> str:
    """Seal a badge's number between a device and the site's cores; `nonce` is 16 random bytes, new each time."""
    key = proof.session_key(private, public, nonce=nonce, session=device_id)
    sealed = ChaCha20Poly1305(key).encrypt(_NONCE, number.encode(), _ABOUT)
    return proof.write_bytes(nonce + sealed)


def unseal(private: X25519PrivateKey, public: bytes, device_id: UUID, sealed: str) -> str:
    """Read what `seal` wrote.

    Raises:
        Refused: `PROOF_INVALID`.
    """
    try:
        raw = proof.read_bytes(sealed)
        key = proof.session_key(private, public, nonce=raw[:NONCE_BYTES], session=device_id)
        return ChaCha20Poly1305(key).decrypt(_NONCE, raw[NONCE_BYTES:], _ABOUT).decode()
    except (Refused, InvalidTag, ValueError):
        raise Refused(Code.PROOF_INVALID, "not sealed by this device for this site", pointer="/sealed") from None
