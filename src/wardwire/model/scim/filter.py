"""Filters, and the paths of changes: `userName eq "anna" and not (active eq false)`, `emails[type eq "work"].value`.

Sources: RFC 7644 §3.4.2.2 (filters), §3.5.2 (paths). What is written is data and stays data: no part of it ever
reaches SQL. Length, depth and the number of terms are bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from wardwire.model.scim.refusals import INVALID_FILTER, INVALID_PATH, refuse
from wardwire.model.scim.schema import Attribute, Kind, Resource

MAX_LENGTH = 8_000
MAX_DEPTH = 16
MAX_TERMS = 200
OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
_TEXT_ALONE = frozenset({"co", "sw", "ew"})
_ORDERED = frozenset({"gt", "ge", "lt", "le"})

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<number>-?[0-9]+(?:\.[0-9]+)?)(?![\w$])'
    r"|(?P<word>[A-Za-z$][\w$:.-]*)|(?P<dot>\.))"
)
_NAME = re.compile(r"[A-Za-z$][\w$-]*\Z")


class Field(NamedTuple):
    """What a term asks for: an attribute, or a part of one; `urn` is "" for the core schema."""

    urn: str
    attribute: Attribute
    part: Attribute | None

    @property
    def leaf(self) -> Attribute:
        """That which is compared: of a complex attribute without a part its `value`."""
        return self.part or self.attribute.part("value") or self.attribute

    def read(self, resource: Resource) -> list[Any]:
        """Return the values that a resource has of it; none is an empty list."""
        holder: Any = resource.get(self.urn, {}) if self.urn else resource
        value = holder.get(self.attribute.name) if isinstance(holder, dict) else None
        values = value if isinstance(value, list) else [] if value is None else [value]
        if self.attribute.kind == "complex":
            values = [one.get(self.leaf.name) for one in values if isinstance(one, dict)]
        return [one for one in values if one is not None and one != ""]


class Term(NamedTuple):
    """A comparison; `how` is `pr` or one of OPERATORS."""

    field: Field
    how: str
    value: Any

    def holds(self, resource: Resource) -> bool:
        """Whether it holds of a resource: of many values, where any does; `ne` where none is equal."""
        found = self.field.read(resource)
        if self.how == "pr":
            return bool(found)
        exact = self.field.leaf.exact
        if self.value is None:
            return bool(found) if self.how == "ne" else not found
        if self.how == "ne":
            return not any(_compare("eq", one, self.value, exact) for one in found)
        return any(_compare(self.how, one, self.value, exact) for one in found)


class Inside(NamedTuple):
    """A filter on one value of an attribute of many: `emails[type eq "work"]`."""

    field: Field
    part: Term | Not | Every | Either | Inside

    def holds(self, resource: Resource) -> bool:
        """Whether it holds of any of the values."""
        holder = resource.get(self.field.urn, {}) if self.field.urn else resource
        value = holder.get(self.field.attribute.name)
        values = value if isinstance(value, list) else [] if value is None else [value]
        return any(self.part.holds(one) for one in values if isinstance(one, dict))


class Not(NamedTuple):
    """What does not hold."""

    part: Term | Not | Every | Either | Inside

    def holds(self, resource: Resource) -> bool:
        """Whether it holds of a resource."""
        return not self.part.holds(resource)


class Every(NamedTuple):
    """What holds where all parts do."""

    parts: tuple[Term | Not | Every | Either | Inside, ...]

    def holds(self, resource: Resource) -> bool:
        """Whether it holds of a resource."""
        return all(part.holds(resource) for part in self.parts)


class Either(NamedTuple):
    """What holds where any part does."""

    parts: tuple[Term | Not | Every | Either | Inside, ...]

    def holds(self, resource: Resource) -> bool:
        """Whether it holds of a resource."""
        return any(part.holds(resource) for part in self.parts)


Filter = Term | Not | Every | Either | Inside


class Path(NamedTuple):
    """Where a change is made.

    Attributes:
        which: Of an attribute of many values, those that are meant; None = the attribute itself.
    """

    field: Field
    which: Filter | None


def read_filter(text: str, kind: Kind) -> Filter:
    """Read a filter of a kind of resource.

    Raises:
        Refused: `INVALID` with `invalidFilter`, naming the place.
    """
    reader = _Reader(text, kind, INVALID_FILTER)
    found = reader.either(None, 0)
    reader.end()
    return found


def read_path(text: str, kind: Kind) -> Path:
    """Read the path of a change.

    Raises:
        Refused: `INVALID` with `invalidPath`, naming the place.
    """
    reader = _Reader(text, kind, INVALID_PATH)
    path = reader.path()
    reader.end()
    return path


def equals(found: Filter, name: str) -> str | None:
    """Return the text that an attribute must equal wherever a filter holds; None = the filter does not say."""
    match found:
        case Term(field, "eq", str() as value) if field.part is None and field.attribute.name == name:
            return value
        case Every(parts):
            return next((text for part in parts if (text := equals(part, name)) is not None), None)
        case _:
            return None


def any_of(found: Filter, name: str) -> list[str] | None:
    """Return the texts of which an attribute must equal one: `value eq "a" or value eq "b"`; None = it is another."""
    match found:
        case Term(field, "eq", str() as value) if field.attribute.name == name:
            return [value]
        case Either(parts):
            texts = [any_of(part, name) for part in parts]
            return None if any(text is None for text in texts) else [one for text in texts for one in text or ()]
        case _:
            return None


def _compare(how: str, found: Any, wanted: Any, exact: bool) -> bool:
    if isinstance(found, str) and isinstance(wanted, str):
        if not exact:
            found, wanted = found.casefold(), wanted.casefold()
    elif isinstance(found, bool) is not isinstance(wanted, bool) or isinstance(found, str) or isinstance(wanted, str):
        return False
    match how:
        case "eq":
            return bool(found == wanted)
        case "co":
            return wanted in found
        case "sw":
            return bool(found.startswith(wanted))
        case "ew":
            return bool(found.endswith(wanted))
        case "gt":
            return bool(found > wanted)
        case "ge":
            return bool(found >= wanted)
        case "lt":
            return bool(found < wanted)
        case _:
            return bool(found <= wanted)


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Reader:
    """Reads one filter or path. `within` is the attribute whose values a filter in brackets is about."""

    def __init__(self, text: str, kind: Kind, fault: str) -> None:
        self._kind = kind
        self._fault = fault
        if len(text) > MAX_LENGTH:
            raise refuse(fault, f"longer than {MAX_LENGTH} characters")
        self._tokens = list(self._split(text))
        self._next = 0
        self._terms = 0

    def _split(self, text: str) -> Iterator[_Token]:
        at, stop = 0, len(text.rstrip())
        while at < stop:
            found = _TOKEN.match(text, at)
            if found is None:
                raise refuse(self._fault, f"this cannot be read at character {at + 1}")
            assert found.lastgroup is not None
            yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup) + 1)
            at = found.end()
        yield _Token("end", "", stop + 1)

    def either(self, within: Attribute | None, depth: int) -> Filter:
        """Read alternatives."""
        parts = [self._every(within, depth)]
        while self._word("or"):
            parts.append(self._every(within, depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def path(self) -> Path:
        """Read a path: an attribute, perhaps which of its values, perhaps a part of it."""
        field = self._field(self._take("word", "the name of an attribute"), None)
        if not self._mark("["):
            return Path(field, None)
        which = self._which(field, 0)
        if self._peek().kind != "dot":
            return Path(field, which)
        self._next += 1
        token = self._take("word", "the name of a part")
        return Path(field._replace(part=self._part(field.attribute, token)), which)

    def end(self) -> None:
        """Refuse what stands behind."""
        token = self._peek()
        if token.kind != "end":
            raise refuse(self._fault, f"nothing is expected at character {token.at}")

    def _every(self, within: Attribute | None, depth: int) -> Filter:
        parts = [self._one(within, depth)]
        while self._word("and"):
            parts.append(self._one(within, depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self, within: Attribute | None, depth: int) -> Filter:
        if depth > MAX_DEPTH:
            raise refuse(self._fault, f"nested deeper than {MAX_DEPTH}")
        negated = self._word("not")
        if negated or self._peek().text == "(":
            if not self._mark("("):
                raise refuse(self._fault, f"a bracket is expected at character {self._peek().at}")
            found = self.either(within, depth + 1)
            self._close(")")
            return Not(found) if negated else found
        field = self._field(self._take("word", "the name of an attribute"), within)
        if self._mark("["):
            if within is not None:
                raise refuse(self._fault, "a filter in brackets has no other one in it")
            return Inside(field, self._which(field, depth + 1))
        return self._term(field)

    def _which(self, field: Field, depth: int) -> Filter:
        if field.attribute.kind != "complex" or field.part is not None:
            raise refuse(self._fault, f"{field.attribute.name} has no values of several parts")
        found = self.either(field.attribute, depth)
        self._close("]")
        return found

    def _term(self, field: Field) -> Term:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise refuse(self._fault, f"more than {MAX_TERMS} comparisons")
        token = self._take("word", "an operator")
        how = token.text.lower()
        if how == "pr":
            return Term(field, how, None)
        if how not in OPERATORS:
            raise refuse(self._fault, f"at character {token.at} one of pr, {', '.join(OPERATORS)} is expected")
        value = self._value()
        if not isinstance(value, str) and (how in _TEXT_ALONE or (how in _ORDERED and not _is_number(value))):
            raise refuse(self._fault, f"{how} compares text, at character {token.at}")
        return Term(field, how, value)

    def _value(self) -> Any:
        token = self._peek()
        self._next += 1
        if token.kind in ("text", "number"):
            try:
                value = json.loads(token.text, strict=False)
                str(value).encode()  # half of a surrogate pair is no text
                return value
            except ValueError:
                raise refuse(self._fault, f"no value that JSON knows, at character {token.at}") from None
        words = {"true": True, "false": False, "null": None}
        if token.kind == "word" and token.text.lower() in words:
            return words[token.text.lower()]
        raise refuse(self._fault, f"a value is expected at character {token.at}: text in double quotes")

    def _field(self, token: _Token, within: Attribute | None) -> Field:
        if within is not None:
            return Field("", self._part(within, token), None)
        urn, rest = self._kind.split(token.text)
        name, dot, inner = rest.partition(".")
        attribute = self._kind.find(urn, name) if _NAME.match(name) else None
        if attribute is None:
            raise refuse(self._fault, f"there is no attribute of this name, at character {token.at}")
        part = self._part(attribute, _Token("word", inner, token.at)) if dot else None
        return Field(urn, attribute, part)

    def _part(self, attribute: Attribute, token: _Token) -> Attribute:
        part = attribute.part(token.text)
        if part is None:
            raise refuse(self._fault, f"{attribute.name} has no part of this name, at character {token.at}")
        return part

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, kind: str, what: str) -> _Token:
        token = self._peek()
        if token.kind != kind:
            raise refuse(self._fault, f"{what} is expected at character {token.at}")
        self._next += 1
        return token

    def _word(self, word: str) -> bool:
        token = self._peek()
        if token.kind != "word" or token.text.lower() != word:
            return False
        self._next += 1
        return True

    def _mark(self, mark: str) -> bool:
        token = self._peek()
        if token.kind != "mark" or token.text != mark:
            return False
        self._next += 1
        return True

    def _close(self, mark: str) -> None:
        if not self._mark(mark):
            raise refuse(self._fault, f"{mark} is expected at character {self._peek().at}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
