"""Instants in a query: RFC 3339, with their zone."""

from __future__ import annotations

from datetime import datetime

from wardwire.api.operation import Call
from wardwire.model.errors import Code, Refused


def read_instant(call: Call, name: str) -> datetime | None:
    """Read an instant of the query; None = it was not given.

    Raises:
        Refused: `INVALID`, naming the parameter.
    """
    text = call.query[name]
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not escaped
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Refused(Code.INVALID, "an instant with its zone, e.g. 2026-03-01T00:00:00Z", parameter=name)
    return instant
