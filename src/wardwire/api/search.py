"""Search over HTTP: whom and what somebody means who types."""

from __future__ import annotations

import msgspec

from wardwire.api.directory import read_operation
from wardwire.api.operation import Answer, Call, Query
from wardwire.directory.finder import KINDS, MOST, Found
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.search import read_query


class Results(msgspec.Struct, frozen=True):
    """What was found, the likeliest first."""

    data: list[Found]


async def search(call: Call) -> Answer:
    """Find people, roles, groups and places."""
    query, kind = call.query["q"], call.query["kind"]
    if query is None or not read_query(query):
        raise Refused(Code.INVALID, "a letter or a digit at least", parameter="q")
    if kind is not None and kind not in KINDS:
        raise Refused(Code.INVALID, f"one of {', '.join(KINDS)}", parameter="kind")
    if call.deps.finder is None:
        raise Unavailable(Code.UNAVAILABLE, "nothing can be found here")
    return Answer(body=Results(call.deps.finder.find(query, call.query["limit"], kind or "")))


OPERATIONS = (
    read_operation(
        "search",
        "/v1/search",
        "Find people, roles, groups and places as they are typed: by the beginning of any part of a name, by sound,"
        " with small slips, by number, title, department or unit. First come whole words, and who is on call.",
        search,
        Results,
        Query(name="q", kind="string", about="What was typed."),
        Query(name="limit", kind="integer", about="So many at most.", least=1, most=MOST, default=20),
        Query(name="kind", kind="string", about=f"Only of one kind: {', '.join(KINDS)}."),
    ),
)
