"""API keys as text: `ww_live_<key id, 32 hex>_<secret, 43 characters>`. Pure; who holds one is asked in access.

The form is fixed, so that scanners of source code can find a key that leaked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import NamedTuple
from uuid import UUID

SECRET_BYTES = 32
_FORM = re.compile(r"ww_live_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


class KeyText(NamedTuple):
    """What stands in a key."""

    key_id: UUID
    secret: str


def write_key(key_id: UUID, secret: bytes) -> str:
    """Write a key as it is shown, once."""
    return f"ww_live_{key_id.hex}_{base64.urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def read_key(text: str) -> KeyText | None:
    """Read what `write_key` wrote; None when it is no key."""
    found = _FORM.fullmatch(text)
    return KeyText(UUID(hex=found[1]), found[2]) if found else None


def digest_secret(secret: str) -> bytes:
    """Return what is kept of a secret. 256 random bits need no slow hash: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def secret_matches(secret: str, digest: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(digest_secret(secret), digest)
