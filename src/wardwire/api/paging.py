"""Lists come in pages: `limit`, `after`, and a Link header to the next page (RFC 8288)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from wardwire.api.operation import Query
from wardwire.model import ids
from wardwire.model.errors import Code, Refused

T = TypeVar("T")
Start = TypeVar("Start", UUID, None)

LIMIT = Query(name="limit", kind="integer", about="So many at most.", least=1, most=200, default=50)
AFTER = Query(name="after", kind="string", about="`next` of the page before.")


def read_cursor(prefix: str, after: str | None, start: Start) -> UUID | Start:
    """Read where a page begins; without `after` at `start`.

    Raises:
        Refused: `INVALID`, naming the parameter.
    """
    if after is None:
        return start
    try:
        return ids.read_id(prefix, after)
    except Refused as error:
        raise Refused(Code.INVALID, error.detail, parameter="after") from None


def link_next(path: str, following: str | None, limit: int, **others: str | None) -> dict[str, str]:
    """Return the header that leads to the next page; none on the last."""
    if following is None:
        return {}
    query = {"limit": str(limit), "after": following, **{k: v for k, v in others.items() if v is not None}}
    return {"Link": f'<{path}?{urlencode(query)}>; rel="next"'}


def cut(
    found: list[T], limit: int, id_of: Callable[[T], str], path: str, **others: str | None
) -> tuple[list[T], str | None, dict[str, str]]:
    """Cut a page out of what was found, which is one more than a page has where it goes on.

    Args:
        id_of: Writes the id of a thing: where the next page goes on is that of the last one of this page.

    Returns:
        The page, its `next`, and the header that leads there.
    """
    page = found[:limit]
    following = id_of(page[-1]) if len(found) > limit else None
    return page, following, link_next(path, following, limit, **others)
