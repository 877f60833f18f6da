"""JSON in which no field stands twice. Two readers of one that does may read two different things."""

from __future__ import annotations

import json
from typing import Any

from wardwire.model.errors import Code, Refused


def refuse_twice(text: bytes, *, malformed: str = "not JSON in UTF-8") -> None:
    """
    Refuse what is no JSON, or has a field twice in one object, at any depth.

    Raises:
        Refused: `MALFORMED`; nothing of the text is repeated.
    """
    try:
        json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(Code.MALFORMED, malformed) from None


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise Refused(Code.MALFORMED, "a field stands twice in one object")


def _no_constant(word: str) -> None:
    raise Refused(Code.MALFORMED, "NaN and Infinity are not JSON")
