"""Brings what a client sends into our form: names as we write them, values of their kinds, and nothing else.

Names have no case (RFC 7643 §2.1). What we do not keep is passed over; what is ours alone to set, too. Entra ID
writes truth as text (`"False"`), and a value of many as if there were one.
"""

from __future__ import annotations

from typing import Any

from wardwire.model.scim.refusals import INVALID_VALUE, refuse
from wardwire.model.scim.schema import Attribute, Kind, Resource

MAX_VALUES = 50
MAX_TEXT = 1_000
_TRUTH = {"true": True, "false": False}


def read_resource(body: Resource, kind: Kind) -> Resource:
    """Return a resource as it is kept, of a body of POST or PUT.

    Raises:
        Refused: `INVALID` with `invalidValue`, pointing at the attribute.
    """
    found: Resource = {}
    for written, value in body.items():
        urn, rest = kind.split(written)
        if urn and not rest:
            if isinstance(value, dict):
                for name, inner in value.items():
                    _take(found.setdefault(urn, {}), kind.find(urn, name), inner, f"/{urn}/{name}")
        elif rest:
            holder = found.setdefault(urn, {}) if urn else found
            _take(holder, kind.find(urn, rest), value, f"/{written}")
    return {name: value for name, value in found.items() if value not in ({}, [])}


def _take(holder: Resource, attribute: Attribute | None, value: Any, at: str) -> None:
    if attribute is None or attribute.fixed or attribute.name == "schemas":
        return
    read = read_value(attribute, value, at)
    if read is not None:
        holder[attribute.name] = read


def read_value(attribute: Attribute, value: Any, at: str) -> Any:
    """Return a value as it is kept; None = there is none.

    Raises:
        Refused: `INVALID` with `invalidValue`, pointing at it.
    """
    if value is None:
        return None
    if attribute.many:
        values = value if isinstance(value, list) else [value]
        if len(values) > MAX_VALUES and attribute.name != "members":
            raise refuse(INVALID_VALUE, f"more than {MAX_VALUES} values", pointer=at)
        return one_primary([_read_one(attribute, one, f"{at}/{nth}") for nth, one in enumerate(values)])
    if isinstance(value, list):
        if len(value) != 1:
            raise refuse(INVALID_VALUE, "one value is expected", pointer=at)
        return read_value(attribute, value[0], at)
    return _read_one(attribute, value, at)


def one_primary(values: list[Resource]) -> list[Resource]:
    """Let the last value that says so be the primary one, and no other (RFC 7643 §2.4)."""
    claims = [nth for nth, one in enumerate(values) if one.get("primary") is True]
    if len(claims) < 2:
        return values
    return [{**one, "primary": False} if nth in claims[:-1] else one for nth, one in enumerate(values)]


def _read_one(attribute: Attribute, value: Any, at: str) -> Any:
    match attribute.kind:
        case "complex":
            if isinstance(value, str) and attribute.part("value"):
                value = {"value": value}
            if not isinstance(value, dict):
                raise refuse(INVALID_VALUE, "an object is expected", pointer=at)
            parts = ((attribute.part(name), name, inner) for name, inner in value.items())
            read = {
                part.name: read_value(part, inner, f"{at}/{name}")
                for part, name, inner in parts
                if part is not None and not part.fixed
            }
            return {name: inner for name, inner in read.items() if inner is not None}
        case "boolean":
            truth = value if isinstance(value, bool) else _TRUTH.get(str(value).lower())
            if truth is None:
                raise refuse(INVALID_VALUE, "true or false", pointer=at)
            return truth
        case _:
            if isinstance(value, bool | dict | list):
                raise refuse(INVALID_VALUE, "text is expected", pointer=at)
            text = str(value)
            if len(text) > MAX_TEXT:
                raise refuse(INVALID_VALUE, f"longer than {MAX_TEXT} characters", pointer=at)
            return text
