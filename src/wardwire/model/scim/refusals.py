"""How a request of SCIM is refused: a code of ours, and the `scimType` that a client goes by (RFC 7644 §3.12)."""

from __future__ import annotations

from wardwire.model.errors import Code, Refused

INVALID_FILTER = "invalidFilter"
TOO_MANY = "tooMany"
UNIQUENESS = "uniqueness"
MUTABILITY = "mutability"
INVALID_SYNTAX = "invalidSyntax"
INVALID_PATH = "invalidPath"
NO_TARGET = "noTarget"
INVALID_VALUE = "invalidValue"


def refuse(scim_type: str, detail: str, *, pointer: str = "") -> Refused:
    """Make a refusal of a `scimType`."""
    return Refused(Code.INVALID, detail, pointer=pointer, scim_type=scim_type)
