"""Changes by PATCH (RFC 7644 §3.5.2): operations on a resource, in order, all of them or none.

Real clients are heard as they speak: `Replace` with a capital, a path as the name of a field (`name.givenName`), a
removal that names its values beside the path. A removal of what is not there is no fault: it is as was asked for.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wardwire.model.errors import Refused
from wardwire.model.scim.filter import Every, Field, Filter, Path, Term, read_path
from wardwire.model.scim.reading import one_primary, read_value
from wardwire.model.scim.refusals import (
    INVALID_PATH,
    INVALID_SYNTAX,
    INVALID_VALUE,
    MUTABILITY,
    NO_TARGET,
    TOO_MANY,
    refuse,
)
from wardwire.model.scim.schema import Attribute, Kind, Resource

MAX_OPERATIONS = 1_000
ADD, REPLACE, REMOVE = "add", "replace", "remove"

Taken = Callable[[str, Path, Any, str], None]
"""Makes a change of an attribute that somebody else keeps: op, path, value, pointer."""


def read_operations(body: Mapping[str, Any]) -> list[Resource]:
    """Return the operations of a body.

    Raises:
        Refused: `INVALID` with `invalidSyntax` or `tooMany`.
    """
    operations = next((value for name, value in body.items() if name.lower() == "operations"), None)
    if not isinstance(operations, list) or not operations or not all(isinstance(one, dict) for one in operations):
        raise refuse(INVALID_SYNTAX, "Operations is expected: a list of objects", pointer="/Operations")
    if len(operations) > MAX_OPERATIONS:
        raise refuse(TOO_MANY, f"more than {MAX_OPERATIONS} operations", pointer="/Operations")
    return operations


def change(
    resource: Resource, operations: Sequence[Resource], kind: Kind, apart: Mapping[str, Taken] | None = None
) -> Resource:
    """Return a resource with the operations done; the one that is given stays as it was.

    Args:
        apart: Attributes that are kept apart, and who changes them.

    Raises:
        Refused: `INVALID` with `invalidSyntax`, `invalidPath`, `invalidValue`, `noTarget`, `mutability`; it points at
            the operation.
    """
    worker = _Worker(copy.deepcopy(resource), kind, apart or {})
    for nth, operation in enumerate(operations):
        fields = {name.lower(): value for name, value in operation.items()}
        at = f"/Operations/{nth}"
        op = str(fields.get("op", "")).lower()
        if op not in (ADD, REPLACE, REMOVE):
            raise refuse(INVALID_SYNTAX, "op is add, replace or remove", pointer=f"{at}/op")
        path, value = fields.get("path"), fields.get("value")
        if path is not None and not isinstance(path, str):
            raise refuse(INVALID_PATH, "a path is text", pointer=f"{at}/path")
        if op != REMOVE and "value" not in fields:
            raise refuse(INVALID_VALUE, "a value is expected", pointer=f"{at}/value")
        if path and path.strip():
            worker.at_path(op, path.strip(), value, f"{at}/path")
        elif op == REMOVE:
            raise refuse(NO_TARGET, "a removal needs a path", pointer=at)
        else:
            worker.at_names(op, value, f"{at}/value", "")
    return worker.resource


class _Worker:
    def __init__(self, resource: Resource, kind: Kind, apart: Mapping[str, Taken]) -> None:
        self.resource = resource
        self._kind = kind
        self._apart = apart

    def at_names(self, op: str, value: Any, at: str, urn: str) -> None:
        """Do an operation without a path: each field of its value is one."""
        if not isinstance(value, dict):
            raise refuse(INVALID_VALUE, "without a path the value is an object", pointer=at)
        for name, inner in value.items():
            if name.lower() != "schemas":
                self.at_path(op, f"{urn}:{name}" if urn else name, inner, f"{at}/{name}", named=True)

    def at_path(self, op: str, written: str, value: Any, at: str, *, named: bool = False) -> None:
        """Do an operation where a path says."""
        urn, rest = self._kind.split(written)
        if not rest:
            if op == REMOVE:
                self.resource.pop(urn, None)
            else:
                self.at_names(op, value, at, urn)
            return
        if self._kind.passed_over(written):
            return
        try:
            path = read_path(written, self._kind)
        except Refused as refused:
            raise refuse(INVALID_PATH, refused.detail, pointer=at) from None
        attribute, part = path.field.attribute, path.field.part
        if attribute.fixed or (part is not None and part.fixed):
            # Okta repeats the id beside what it changes.
            if named and (part or attribute).name in ("id", "meta", "displayName"):
                self._same(path.field, value, at)
                return
            raise refuse(MUTABILITY, f"{written} is ours alone to set", pointer=at)
        if op != REMOVE and value is None:
            op = REMOVE  # RFC 7643 §2.5: null is the same as unassigned
        if op == REMOVE and attribute.required and part is None and path.which is None:
            raise refuse(MUTABILITY, f"{attribute.name} must be there", pointer=at)
        if attribute.name in self._apart:
            self._apart[attribute.name](op, path, value, at)
            return
        holder = self.resource.setdefault(path.field.urn, {}) if path.field.urn else self.resource
        if attribute.many:
            self._many(op, holder, path, value, at)
        else:
            self._single(op, holder, path.field, value, at)
        if path.field.urn and not holder:
            del self.resource[path.field.urn]

    def _same(self, field: Field, value: Any, at: str) -> None:
        if field.attribute.name == "id" and value != self.resource.get("id"):
            raise refuse(MUTABILITY, "an id never changes", pointer=at)

    def _single(self, op: str, holder: Resource, field: Field, value: Any, at: str) -> None:
        attribute, part = field.attribute, field.part
        if part is not None:
            inner = dict(holder.get(attribute.name, {}))
            _set(inner, part, None if op == REMOVE else read_value(part, value, at))
            _set(holder, attribute, inner or None)
        elif op == REMOVE:
            holder.pop(attribute.name, None)
        elif attribute.kind == "complex":
            _set(holder, attribute, {**holder.get(attribute.name, {}), **_read(attribute, value, at)} or None)
        else:
            _set(holder, attribute, read_value(attribute, value, at))

    def _many(self, op: str, holder: Resource, path: Path, value: Any, at: str) -> None:
        attribute = path.field.attribute
        values: list[Resource] = holder.get(attribute.name, [])
        if path.which is not None or path.field.part is not None:
            values = _some(op, values, path, value, at)
        elif op == REMOVE:
            gone = _read(attribute, value, at) if value else values
            names = {one.get("value") for one in gone}
            values = [one for one in values if one.get("value") not in names]
        else:
            new = _read(attribute, value, at)
            values = new if op == REPLACE else [*values, *(one for one in new if one not in values)]
            if op == ADD and any(one.get("primary") for one in new):
                values = one_primary([*(one for one in values if one not in new), *new])
        holder[attribute.name] = values
        if not values:
            del holder[attribute.name]


def _some(op: str, values: list[Resource], path: Path, value: Any, at: str) -> list[Resource]:
    """Change some of many values, or a part of them."""
    attribute, part, which = path.field.attribute, path.field.part, path.which
    meant = [nth for nth, one in enumerate(values) if which is None or which.holds(one)]
    if not meant and op == REMOVE:
        return values
    if not meant and op == REPLACE:
        raise refuse(NO_TARGET, f"no value of {attribute.name} is meant by this path", pointer=at)
    if op == REMOVE and part is None:
        return [one for nth, one in enumerate(values) if nth not in meant]
    if part is not None:
        told = {part.name: None if op == REMOVE else read_value(part, value, at)}
    else:
        read = _read(attribute, value, at)
        if len(read) != 1:
            raise refuse(INVALID_VALUE, "one value is expected", pointer=at)
        told = read[0]
    if not meant:
        return one_primary([*values, {**_said_by(which), **told}])
    whole = op == REPLACE and part is None
    done = []
    for nth, one in enumerate(values):
        after = one if nth not in meant else told if whole else {**one, **told}
        done.append({name: inner for name, inner in after.items() if inner is not None})
    if told.get("primary"):
        return [{**one, "primary": nth == meant[-1]} if "primary" in one else one for nth, one in enumerate(done)]
    return done


def _said_by(which: Filter | None) -> Resource:
    """Return what a value must be for a filter to mean it, as far as the filter says so by `eq`."""
    match which:
        case Term(field, "eq", value):
            return {field.attribute.name: value}
        case Every(parts):
            return {name: value for part in parts for name, value in _said_by(part).items()}
        case _:
            return {}


def _read(attribute: Attribute, value: Any, at: str) -> Any:
    read = read_value(attribute, value, at)
    return [] if read is None else read


def _set(holder: Resource, attribute: Attribute, value: Any) -> None:
    if value is None:
        holder.pop(attribute.name, None)
    else:
        holder[attribute.name] = value
