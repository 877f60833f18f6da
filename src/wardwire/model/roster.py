"""A list of people from another system, compared with who is known; and how it is read from a CSV file: whole or not
at all. What another directory tells is read in model/syncing.py, and compared here too.

The first row names the columns. `id` and `name` must be there; `id` is who somebody is in that system. Cells of
`departments`, `languages` and `phones` hold several with a semicolon between. What a file has no column for stays.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from wardwire.model.details import FIELDS, LINES, NO_DETAILS, Details, change_details
from wardwire.model.errors import Refused
from wardwire.model.names import clean_line, clean_name
from wardwire.model.people import Person

T = TypeVar("T")

MAX_ROWS = 50_000
MAX_PROBLEMS = 20
# Beyond this share of those who are known somebody must say that so many really leave.
REMOVALS_UNASKED = 0.1

ID, NAME, TITLE = "id", "name", "title"
SEVERAL = ("departments", "languages", "phones")
COLUMNS = (ID, NAME, TITLE, *LINES, *SEVERAL, "photo")
_FORMULA = ("=", "+", "-", "@")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = (",", ";", "\t")


class Problem(NamedTuple):
    """What is wrong with a file, and where: rows count from 1, the names of the columns being the first."""

    row: int
    column: str
    detail: str

    def __str__(self) -> str:
        """Say it in one line."""
        where = (
            f"row {self.row}, column {self.column}" if self.column else f"row {self.row}" if self.row else "the file"
        )
        return f"{where}: {self.detail}"


class Unfit(Exception):
    """A file that cannot be taken; `problems` says why, the first twenty."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class Row(NamedTuple):
    """Somebody as a file has them; `fields` are those of model/details.py that it has a column for.

    Attributes:
        gone: It says itself that they have left.
    """

    id: str
    name: str
    title: str | None
    fields: Mapping[str, Any]
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a file would change.

    Attributes:
        add: New people, with all that is known of them.
        change: (as they are, as they would be).
        disable: Who is no longer in the file, or has left by its own word.
        same: How many stay as they are.
    """

    add: tuple[Row, ...]
    change: tuple[tuple[Person, Person], ...]
    disable: tuple[Person, ...]
    same: int

    @property
    def many_leave(self) -> bool:
        """Whether so many would be disabled that somebody must confirm it."""
        return self.leave_more_than(REMOVALS_UNASKED)

    def leave_more_than(self, share: float) -> bool:
        """Whether more than this share of those who are known would be disabled."""
        known = len(self.change) + len(self.disable) + self.same
        return len(self.disable) > share * known

    def pieces(self, size: int) -> Iterator[Changes]:
        """Cut them into pieces of at most `size` people: who is new comes first, who leaves last."""
        for rows in _cut(self.add, size):
            yield Changes(rows, (), (), 0)
        for pairs in _cut(self.change, size):
            yield Changes((), pairs, (), 0)
        for people in _cut(self.disable, size):
            yield Changes((), (), people, 0)

    def __len__(self) -> int:
        """Count the people that would be another than they are."""
        return len(self.add) + len(self.change) + len(self.disable)

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{len(self.add)} add, {len(self.change)} change, {len(self.disable)} disable, {self.same} stay"


def read_roster(data: bytes, encoding: str = "") -> list[Row]:
    """Read a file.

    Args:
        encoding: As Python names it; "" = UTF-8, or what its byte order mark says.

    Raises:
        Unfit: With the row and the column of each fault.
    """
    text = _decode(data, encoding)
    first, _, _ = text.partition("\n")
    if not first.strip():
        raise Unfit([Problem(0, "", "it is empty")])
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Unfit([Problem(0, "", f"it is no CSV: {error}")]) from None
    header = [name.strip().lower() for name in lines[0]]
    if problems := list(_header_problems(header)):
        raise Unfit(problems)
    if len(lines) - 1 > MAX_ROWS:
        raise Unfit([Problem(0, "", f"it has more than {MAX_ROWS:,} rows")])
    rows, problems, seen = [], [], dict[str, int]()
    for nth, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        row = _read_row(nth, header, cells, seen, problems)
        if row is not None:
            rows.append(row)
        if len(problems) >= MAX_PROBLEMS:
            break
    if problems:
        raise Unfit(problems[:MAX_PROBLEMS])
    if not rows:
        raise Unfit([Problem(0, "", "it names nobody: everybody would have left")])
    return rows


def known_of(people: Iterable[Person], source: str) -> dict[str, Person]:
    """Return who a source knows, by its ids."""
    return {own: one for one in people if (own := next((i for s, i in one.details.external_ids if s == source), ""))}


def compare(
    rows: Iterable[Row],
    people: Iterable[Person],
    source: str,
    *,
    whole: bool = True,
    kept: Iterable[str] = (),
) -> Changes:
    """Say what a file would change of the people that its source knows; of others nothing.

    Args:
        whole: Nobody else is there: whom no row names has left.
        kept: Ids whose people stay as they are, whatever the rows say.
    """
    known = known_of(people, source)
    for own in kept:
        known.pop(own, None)
    add, change, gone, same = [], [], [], 0
    for row in rows:
        before = known.pop(row.id, None)
        if row.gone:
            if before is not None and not before.disabled:
                gone.append(before)
        elif before is None:
            add.append(row)
        elif _is_same(before, row) or (after := _after(before, row)) == before:
            same += 1
        else:
            change.append((before, after))
    if whole:
        gone += [person for person in known.values() if not person.disabled]
    else:
        same += len(known)
    return Changes(tuple(add), tuple(change), tuple(gone), same)


def carry_over(before: Person, after: Person, now: Person) -> Person:
    """Return what was to become of somebody, done to them as they are now: what others changed meanwhile stays."""
    details = {
        field: getattr(after.details, field)
        for field in FIELDS
        if getattr(after.details, field) != getattr(before.details, field)
    }
    return replace(
        now,
        name=after.name if after.name != before.name else now.name,
        title=after.title if after.title != before.title else now.title,
        disabled=after.disabled,
        details=replace(now.details, **details),
    )


def details_of(row: Row, source: str) -> Details:
    """Return what is known of somebody new."""
    return change_details(NO_DETAILS, {**row.fields, "external_ids": {source: row.id}})


def _is_same(before: Person, row: Row) -> bool:
    """Whether somebody is, letter for letter, as a row says: most are, and need no normal form again."""
    return (
        before.name == row.name
        and not before.disabled
        and (row.title is None or before.title == row.title)
        and all(getattr(before.details, field) == value for field, value in row.fields.items())
    )


def _cut(things: tuple[T, ...], size: int) -> Iterator[tuple[T, ...]]:
    return (things[at : at + size] for at in range(0, len(things), size))


def _after(before: Person, row: Row) -> Person:
    return replace(
        before,
        name=row.name,
        title=before.title if row.title is None else row.title,
        details=change_details(before.details, row.fields),
        disabled=False,
    )


def _decode(data: bytes, encoding: str) -> str:
    named = encoding or next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(named)
    except UnicodeDecodeError as error:
        raise Unfit([_wrong_letter(data, error.start, named)]) from None
    except LookupError:
        raise Unfit([Problem(0, "", f"there is no encoding {named}")]) from None


def _wrong_letter(data: bytes, at: int, encoding: str) -> Problem:
    before = data[:at].decode("latin-1")
    row = before.count("\n") + 1
    header = data.partition(b"\n")[0].decode("latin-1").strip()
    delimiter = max(_DELIMITERS, key=header.count)
    nth = before.rpartition("\n")[2].count(delimiter)
    names = header.split(delimiter)
    column = names[nth].strip().lower() if nth < len(names) else ""
    return Problem(row, column, f"this is not {encoding}; name the file's encoding, e.g. --encoding cp1252")


def _header_problems(header: Sequence[str]) -> Iterator[Problem]:
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            yield Problem(1, name or "''", f"there is no such column; there are {', '.join(COLUMNS)}")
        elif header.count(name) > 1:
            yield Problem(1, name, "this column stands twice")
    for name in (ID, NAME):
        if name not in header:
            yield Problem(1, name, "this column must be there")


def _read_row(
    nth: int, header: Sequence[str], cells: Sequence[str], seen: dict[str, int], problems: list[Problem]
) -> Row | None:
    if len(cells) != len(header):
        problems.append(Problem(nth, "", f"it has {len(cells)} cells, and the first row has {len(header)}"))
        return None
    found = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    faults = [
        Problem(nth, name, "it begins like a formula of a spreadsheet")
        for name, cell in found.items()
        if cell.startswith(_FORMULA) and not (name == "phones" and cell.startswith("+"))
    ]
    told: dict[str, Any] = {}
    for name, cell in found.items():
        try:
            told[name] = _read_cell(name, cell)
        except Refused as refused:
            faults.append(Problem(nth, name, refused.detail))
    own = found[ID]
    if not own:
        faults.append(Problem(nth, ID, "it is empty"))
    elif own in seen:
        faults.append(Problem(nth, ID, f"it stands in row {seen[own]} too"))
    problems += faults
    seen.setdefault(own, nth)
    if faults:
        return None
    return Row(told.pop(ID), told.pop(NAME), told.pop(TITLE, None), told)


def _read_cell(name: str, cell: str) -> Any:
    """Return a cell as it is kept.

    Raises:
        Refused: What it may not be.
    """
    if name == NAME:
        return clean_name(cell)
    if name in (ID, TITLE):
        return clean_line(cell, f"/{name}")
    value = [part.strip() for part in cell.split(";") if part.strip()] if name in SEVERAL else cell
    change_details(NO_DETAILS, {name: value})
    return tuple(value) if isinstance(value, list) else value
