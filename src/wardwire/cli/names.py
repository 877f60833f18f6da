"""How commands understand whom is meant: an id, or a name of somebody living."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.model.targets import find_target

_WORDS = {ids.PERSON: "person", ids.GROUP: "group", ids.ROLE: "role"}


def find_one(directory: Directory, kind: str, text: str) -> UUID:
    """Return the id of a person, group or role (`ids.PERSON`, ...).

    Raises:
        Refused: `RECIPIENT_UNKNOWN`, or `RECIPIENT_AMBIGUOUS` with the candidates.
    """
    if text.startswith(f"{kind}_") and len(text) == 36:
        return find_target(text, directory, "")[1]
    try:
        return find_target(f"{_WORDS[kind]}:{text}", directory, "")[1]
    except Refused as refused:
        if refused.code is Code.RECIPIENT_UNKNOWN:
            raise Refused(Code.NOT_FOUND, f"there is no {_WORDS[kind]} {text!r}") from None
        raise


def read_instant(text: str) -> datetime:
    """Read an instant; without an offset it is this machine's local time.

    Raises:
        Refused: `INVALID`.
    """
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise Refused(Code.INVALID, f"{text!r} is no instant such as 2026-11-24T07:00") from None
