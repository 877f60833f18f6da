"""The 32 bytes of an Ed25519 public key out of its NATS form (`U…`): what the audit needs of it, and no more.

Source: nats.io nkeys: base32 of a prefix byte, the key, and a CRC-16.
"""

from __future__ import annotations

import base64
import binascii

from wardwire.model.errors import Code, Refused


def public_bytes(nkey: str) -> bytes:
    """Return the key. Its checksum was looked at when it was registered.

    Raises:
        Refused: `INVALID`.
    """
    try:
        raw = base64.b32decode(nkey)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 35:
        raise Refused(Code.INVALID, "not an nkey")
    return raw[1:33]
