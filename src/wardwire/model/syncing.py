"""Entries of another directory, as people: which of its fields are ours, and what of it cannot be taken.

An entry is taken whole or not at all. One that cannot be taken leaves its person as they are, and is told: one wrong
number among fifty thousand must not keep a new doctor from being reached. When many cannot be taken the mapping is
wrong, and nothing is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wardwire.model.details import LINES, MAX_ID, NO_DETAILS, change_details
from wardwire.model.errors import Refused
from wardwire.model.names import clean_line, clean_name
from wardwire.model.people import Person
from wardwire.model.roster import NAME, REMOVALS_UNASKED, SEVERAL, TITLE, Changes, Row

FIELDS = (NAME, TITLE, *LINES, *SEVERAL, "photo")
# Beyond this share of entries that cannot be taken, the mapping is wrong rather than they.
FAULTS_TAKEN = 0.1

Mapped = Mapping[str, tuple[str, ...]]
"""Our field -> the other's fields; of several the first that has something counts, or all where we keep several."""


class Found(NamedTuple):
    """One entry of another directory, as it was read.

    Attributes:
        where: What a problem calls it: a DN, a row.
        values: By the other's field; bytes are UTF-8, or a fault.
        gone: It says that this person has left.
    """

    where: str
    id: str
    values: Mapping[str, Sequence[str | bytes]]
    gone: bool = False


class FoundGroup(NamedTuple):
    """A group of another directory, as it was read; `members` are DNs, of people and of groups."""

    where: str
    id: str
    name: str
    members: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of another directory.

    Attributes:
        groups: Which there are; None = they were not read.
        whole: Everybody is there; otherwise only who has changed since a mark, or was asked for.
        mark: From which the next reading can go on; "" = it must be whole.
    """

    found: Sequence[Found]
    groups: Sequence[FoundGroup] | None = None
    whole: bool = True
    mark: str = ""


class Fault(NamedTuple):
    """What is wrong with an entry, and where."""

    where: str
    field: str
    detail: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.where}, {self.field}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Taken:
    """Entries as people.

    Attributes:
        faults: Of those that cannot be taken.
        kept: Their ids: who bears one stays as they are.
        certain: Every entry says who it is. Otherwise somebody may be there under another's id, and nobody is taken
            for one who has left because they are missing.
        count: How many entries there were.
    """

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    kept: frozenset[str]
    certain: bool
    count: int


def take(found: Sequence[Found], mapped: Mapped, known: Mapping[str, Person]) -> Taken:
    """Read entries as people.

    Args:
        known: Whom the source knows already, by its ids: what they are has been cleaned before.
    """
    rows: list[Row] = []
    faults: list[Fault] = []
    kept: set[str] = set()
    certain = True
    times = Counter(entry.id for entry in found)
    plan = [(field, names, field in SEVERAL) for field, names in mapped.items()]
    for entry in found:
        wrong = _wrong_id(entry, times)
        row = None if wrong else _row(entry, plan, known.get(entry.id), faults)
        if row is not None:
            rows.append(row)
            continue
        kept.add(entry.id)
        if wrong:
            certain = False
            faults.append(Fault(entry.where, "id", wrong))
    return Taken(tuple(rows), tuple(faults), frozenset(kept), certain, len(found))


def refusal(taken: Taken, changes: Changes, *, whole: bool, removals: float = REMOVALS_UNASKED) -> str:
    """Say why none of it may be applied; "" = it may.

    Args:
        removals: The share of those who are known that may leave at once.
    """
    if wrong := unfit(taken, whole=whole):
        return wrong
    if changes.leave_more_than(removals):
        return f"{changes}: more than {removals:.0%} of those who are known would be disabled"
    return ""


def unfit(taken: Taken, *, whole: bool) -> str:
    """Say why a reading is none that anything may follow from, whatever somebody says; "" = it may."""
    wrong = taken.count - len(taken.rows)
    if wrong > FAULTS_TAKEN * taken.count:
        return f"{wrong} of {taken.count} entries cannot be taken, first {taken.faults[0]}"
    return "the other directory names nobody: everybody would have left" if whole and not taken.rows else ""


def _wrong_id(entry: Found, times: Mapping[str, int]) -> str:
    if not entry.id.strip():
        return "it has none"
    if times[entry.id] > 1:
        return f"{times[entry.id]} entries have the id {entry.id}"
    try:
        clean_line(entry.id, "/id", MAX_ID)
    except Refused as refused:
        return refused.detail
    return ""


def _row(
    entry: Found, plan: Iterable[tuple[str, tuple[str, ...], bool]], before: Person | None, faults: list[Fault]
) -> Row | None:
    if entry.gone:
        return Row(entry.id, "", None, {}, gone=True)
    told: dict[str, Any] = {}
    fit = True
    for field, names, several in plan:
        try:
            value = _several(entry, names) if several else _first(entry, names)
            if before is not None and value == _now(before, field):
                told[field] = value
            else:
                told[field] = _clean(field, value)
        except (Refused, UnicodeDecodeError) as error:
            fit = False
            detail = error.detail if isinstance(error, Refused) else "it is not UTF-8"
            faults.append(Fault(entry.where, f"{field} ({', '.join(names)})", detail))
    return Row(entry.id, told.pop(NAME), told.pop(TITLE, None), told) if fit else None


def _now(person: Person, field: str) -> Any:
    return getattr(person if field in (NAME, TITLE) else person.details, field)


def _first(entry: Found, names: Iterable[str]) -> str:
    for name in names:
        for value in entry.values.get(name, ()):
            text = value.decode() if isinstance(value, bytes) else value
            if text:
                return text
    return ""


def _several(entry: Found, names: Iterable[str]) -> tuple[str, ...]:
    found = [
        value.decode() if isinstance(value, bytes) else value
        for name in names
        for value in entry.values.get(name, ())
    ]
    return tuple(dict.fromkeys(text for text in found if text))


def _clean(field: str, value: Any) -> Any:
    if field == NAME:
        return clean_name(value)
    if field == TITLE:
        return clean_line(value, "/title")
    return getattr(change_details(NO_DETAILS, {field: value}), field)
