"""Credentials as text: API keys, tokens of sessions, one-time codes. Pure; who holds one is asked in access.

A key is `ww_live_<key id, 32 hex>_<secret, 43 characters>`, a token `ww_ses_…`. The form is fixed, so that scanners
of source code can find one that leaked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import NamedTuple
from uuid import UUID

SECRET_BYTES = 32
KEY, TOKEN = "ww_live", "ww_ses"
# No I, L, O, U, 0, 1: nobody mistakes one for another on paper.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORM = re.compile(r"(ww_live|ww_ses)_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


class KeyText(NamedTuple):
    """What stands in a key."""

    key_id: UUID
    secret: str


def write_key(key_id: UUID, secret: bytes, kind: str = KEY) -> str:
    """Write a key or a token as it is shown, once."""
    return f"{kind}_{key_id.hex}_{base64.urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def read_key(text: str, kind: str = KEY) -> KeyText | None:
    """Read what `write_key` wrote; None when it is none of this kind."""
    found = _FORM.fullmatch(text)
    return KeyText(UUID(hex=found[2]), found[3]) if found and found[1] == kind else None


def write_code(letters: str) -> str:
    """Write a one-time code in groups of five."""
    return "-".join(letters[at : at + 5] for at in range(0, len(letters), 5))


def digest_code(text: str) -> bytes:
    """Return what is kept of a one-time code; blanks, dashes and small letters make no difference."""
    return hashlib.sha256("".join(char for char in text.upper() if char.isalnum()).encode()).digest()


def digest_secret(secret: str) -> bytes:
    """Return what is kept of a secret. 256 random bits need no slow hash: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def secret_matches(secret: str, digest: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(digest_secret(secret), digest)
