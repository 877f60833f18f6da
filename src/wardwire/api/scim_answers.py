"""What answers about users and groups of SCIM have in common: pages, versions, and what is asked of a resource."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from wardwire.api.operation import Answer, Call
from wardwire.api.scim_words import (
    MOST,
    ROOT,
    USUAL,
    choose,
    say,
    say_list,
)
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.scim.refusals import INVALID_VALUE
from wardwire.model.scim.refusals import refuse as refuse_as
from wardwire.model.scim.schema import USERS, Kind, Resource

# So many are shown and compared between two looks at what else there is to do.
AT_ONCE = 100
_TAG = re.compile(r'(?:W/)?"(\d{1,18})"')


def meta_of(kind: Kind, thing_id: UUID, version: int | None = None) -> Resource:
    """Say what a resource is, where, since when, and of which version."""
    prefix = ids.PERSON if kind is USERS else ids.GROUP
    meta = {"resourceType": kind.name, "location": f"{ROOT}{kind.endpoint}/{ids.write_id(prefix, thing_id)}"}
    if thing_id.version == 7:
        meta["created"] = ids.instant_of(thing_id).isoformat().replace("+00:00", "Z")
    return meta if version is None else {**meta, "version": f'W/"{version}"'}


def answer(call: Call, shown: Resource, kind: Kind, status: int = 200, **headers: str) -> Answer:
    """Answer with a resource: as much of it as is asked for."""
    chosen = choose(shown, kind, call.query.get("attributes"), call.query.get("excludedAttributes"))
    return say(chosen, status, Location=shown["meta"]["location"], **headers)


def read_id(prefix: str, written: str) -> UUID | None:
    """Read an id of ours; None = it is none."""
    try:
        return ids.read_id(prefix, written)
    except Refused:
        return None


def expected(call: Call) -> int | None:
    """Return which version is to be changed; None = whichever it is. Raises an error of SCIM's own."""
    text = call.headers.get("if-match", "*").strip()
    if text == "*":
        return None
    found = _TAG.fullmatch(text)
    if found is None:
        raise refuse_as(INVALID_VALUE, 'If-Match is an ETag as it was given, such as W/"17", or *')
    return int(found[1])


def page_of(call: Call, found: Sequence[Any]) -> tuple[Any, int]:
    """Return a page of what was found, and where it starts, from 1 (RFC 7644 §3.4.2.4)."""
    if call.query["sortBy"] or call.query["sortOrder"]:
        raise Refused(Code.NOT_IMPLEMENTED, f"lists are not sorted; see {ROOT}/ServiceProviderConfig")
    start = max(1, _number(call, "startIndex", 1))
    count = min(MOST, max(0, _number(call, "count", USUAL)))
    return list(found[start - 1 : start - 1 + count]), start


def _number(call: Call, name: str, default: int) -> int:
    text = (call.query[name] or "").strip()
    if not text:
        return default
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise refuse_as(INVALID_VALUE, f"{name} is a whole number")
    return int(text)


def answer_list(call: Call, shown: list[Resource], total: int, start: int, kind: Kind) -> Answer:
    """Answer with a page of resources: as much of each as is asked for."""
    only, without = call.query["attributes"], call.query["excludedAttributes"]
    return say_list([choose(one, kind, only, without) for one in shown], total, start)
