"""One-time codes of an authenticator app: TOTP with SHA-1, 6 digits, 30 seconds. Pure.

Source: RFC 6238; RFC 4226 §5.3 (truncation). A code is good in its own half minute and the ones beside it, once.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
# A clock that is half a minute off, or a slow thumb.
AROUND = (0, -1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def step_at(now: datetime) -> int:
    """Return the number of the half minute."""
    return int((now - _EPOCH).total_seconds()) // STEP_S


def code_of(secret: bytes, step: int) -> str:
    """Return the code of a half minute."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def match(secret: bytes, code: str, now: datetime, *, used: int) -> int | None:
    """Return the half minute whose code this is; None when it is none, or not newer than `used`."""
    plain = "".join(code.split())
    found = None
    for around in AROUND:
        step = step_at(now) + around
        if hmac.compare_digest(code_of(secret, step).encode(), plain.encode()) and step > used:
            found = step
    return found


def write_secret(secret: bytes) -> str:
    """Write a secret as authenticator apps take it by hand: Base32."""
    return base64.b32encode(secret).decode().rstrip("=")
