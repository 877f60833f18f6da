"""Rules by which a group is made of people: data, never code, and read by nothing but this file.

`department = "Cardiology" and title contains "RN"`. Fields are compared as people type: capitals do not count;
`contains` and `begins` go by whole words, so that RN is not found in *intern*. A field of several values (department,
language) holds where any of them does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from wardwire.model.errors import Code, Refused
from wardwire.model.names import fold_name

if TYPE_CHECKING:
    from wardwire.model.people import Person

MAX_RULE = 1_000
MAX_DEPTH = 16

_TOKEN = re.compile(r'\s*(?:"([^"]*)"|([()=])|([a-z]+))', re.IGNORECASE)
_WORDS = re.compile(r"[^\W_]+")

FIELDS: Mapping[str, Callable[[Person], tuple[str, ...]]] = {
    "name": lambda person: (person.name,),
    "title": lambda person: (person.title,),
    "department": lambda person: person.details.departments,
    "location": lambda person: (person.details.location,),
    "language": lambda person: person.details.languages,
    "phone": lambda person: person.details.phones,
}
HOW = ("=", "contains", "begins")


class Term(NamedTuple):
    """A field, how it is compared (`=`, `contains`, `begins`), and what with, folded."""

    field: str
    how: str
    text: str

    def holds(self, person: Person) -> bool:
        """Whether it holds of somebody."""
        return any(_compare(self.how, fold_name(value), self.text) for value in FIELDS[self.field](person))


class Not(NamedTuple):
    """What does not hold."""

    part: Term | Not | Every | Either

    def holds(self, person: Person) -> bool:
        """Whether it holds of somebody."""
        return not self.part.holds(person)


class Every(NamedTuple):
    """What holds where all parts do."""

    parts: tuple[Term | Not | Every | Either, ...]

    def holds(self, person: Person) -> bool:
        """Whether it holds of somebody."""
        return all(part.holds(person) for part in self.parts)


class Either(NamedTuple):
    """What holds where any part does."""

    parts: tuple[Term | Not | Every | Either, ...]

    def holds(self, person: Person) -> bool:
        """Whether it holds of somebody."""
        return any(part.holds(person) for part in self.parts)


Rule = Term | Not | Every | Either


def read_rule(text: str, pointer: str = "/rule") -> Rule:
    """Read a rule.

    Raises:
        Refused: `INVALID`, saying where in the text it is not one.
    """
    if len(text) > MAX_RULE:
        raise Refused(Code.TEXT_TOO_LONG, f"longer than {MAX_RULE} characters", pointer=pointer, limit=MAX_RULE)
    return _Reader(text, pointer).read()


class _Reader:
    """Reads one rule from left to right."""

    def __init__(self, text: str, pointer: str) -> None:
        self._text = text.strip()
        self._pointer = pointer
        self._tokens = list(self._cut())
        self._nth = 0

    def read(self) -> Rule:
        rule = self._either(0)
        if self._nth < len(self._tokens):
            raise self._fault("and, or, or the end")
        return rule

    def _cut(self) -> Iterator[tuple[str, str, int]]:
        at = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if found is None:
                raise self._fault('a field, a sign, or a text in "quotes"', at)
            kind = "text" if found[1] is not None else "sign"
            yield (
                kind,
                found[1] if kind == "text" else (found[2] or found[3]).lower(),
                found.end() - len(found[0].lstrip()),
            )
            at = found.end()

    def _either(self, depth: int) -> Rule:
        parts = [self._every(depth)]
        while self._took("or"):
            parts.append(self._every(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _every(self, depth: int) -> Rule:
        parts = [self._one(depth)]
        while self._took("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self, depth: int) -> Rule:
        if depth > MAX_DEPTH:
            raise self._fault(f"at most {MAX_DEPTH} levels")
        if self._took("not"):
            return Not(self._one(depth + 1))
        if self._took("("):
            rule = self._either(depth + 1)
            if not self._took(")"):
                raise self._fault(")")
            return rule
        field = self._next("sign", FIELDS, "one of " + ", ".join(FIELDS))
        how = self._next("sign", HOW, "=, contains or begins")
        text = fold_name(self._next("text", None, 'a text in "quotes"'))
        if how != "=" and not _WORDS.search(text):
            self._nth -= 1
            raise self._fault("a word")
        return Term(field, how, text)

    def _took(self, word: str) -> bool:
        took = self._nth < len(self._tokens) and self._tokens[self._nth][:2] == ("sign", word)
        self._nth += took
        return took

    def _next(self, kind: str, allowed: Mapping[str, object] | tuple[str, ...] | None, wanted: str) -> str:
        if self._nth >= len(self._tokens):
            raise self._fault(wanted)
        found, word, _ = self._tokens[self._nth]
        if found != kind or (allowed is not None and word not in allowed):
            raise self._fault(wanted)
        self._nth += 1
        return word

    def _fault(self, wanted: str, at: int | None = None) -> Refused:
        if at is None:
            at = self._tokens[self._nth][2] if self._nth < len(self._tokens) else len(self._text)
        return Refused(Code.INVALID, f"at character {at + 1} of the rule: expected {wanted}", pointer=self._pointer)


def _compare(how: str, value: str, text: str) -> bool:
    if how == "=":
        return value == text
    words, wanted = _WORDS.findall(value), _WORDS.findall(text)
    if how == "begins":
        return words[: len(wanted)] == wanted
    return any(words[nth : nth + len(wanted)] == wanted for nth in range(len(words) - len(wanted) + 1))
