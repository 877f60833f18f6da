"""The Idempotency-Key: a caller's own id of what is to be made, so that a repeat makes nothing twice."""

from __future__ import annotations

from wardwire.api.operation import Call
from wardwire.model.errors import Code, Refused
from wardwire.model.message import MAX_EXTERNAL_ID

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotency-Replayed": "true"}


def find_identity(call: Call) -> str | None:
    """Read the key that was given; None where none was.

    Raises:
        Refused: `INVALID`, naming the header.
    """
    key = call.headers.get(HEADER.lower(), "").strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key:
        return None
    if len(key) > MAX_EXTERNAL_ID or not key.isascii() or not key.isprintable():
        raise _needed()
    return key


def get_identity(call: Call) -> str:
    """Read the key, which must be there. Raises as `find_identity`."""
    key = find_identity(call)
    if key is None:
        raise _needed()
    return key


def _needed() -> Refused:
    detail = f"needed: 1 to {MAX_EXTERNAL_ID} printable ASCII characters, the same again for a repeat"
    return Refused(Code.INVALID, detail, parameter=HEADER)
