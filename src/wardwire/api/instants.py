"""Instants in a query: RFC 3339, with their zone."""

from __future__ import annotations

from datetime import UTC, datetime

from wardwire.api.operation import Call
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_time import in_reach


def read_instant(call: Call, name: str) -> datetime | None:
    """Read an instant of the query, in UTC; None = it was not given.

    Raises:
        Refused: `INVALID`, naming the parameter; also of a year before which nothing was, or far ahead.
    """
    text = call.query[name]
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not escaped
        if instant.tzinfo is not None and in_reach(instant):
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Refused(Code.INVALID, "an instant with its zone, e.g. 2026-03-01T00:00:00Z", parameter=name)
