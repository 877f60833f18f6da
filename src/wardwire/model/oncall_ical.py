"""Schedules as calendars (RFC 5545): written for people's own calendars, read as shifts by hand. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_time import FIRST_YEAR, LAST_YEAR, find_zone, in_reach, instant_of

MAX_EVENTS = 2_000
_FOLD = 75  # octets (§3.1)
# Name, parameters (a quoted value may hold anything but quotes), value.
_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\":])*)?):(.*)", re.DOTALL)
_ESCAPED = {"n": "\n", "N": "\n", "\\": "\\", ";": ";", ",": ","}


class Event(NamedTuple):
    """One event: [starts_at, ends_at)."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str


def write_calendar(name: str, events: Iterable[Event], now: datetime) -> str:
    """Write a calendar. Instants are in UTC, so that every program means the same by them (§3.3.5, form 2)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Wardwire//On call//EN", "CALSCALE:GREGORIAN"]
    lines.append(f"X-WR-CALNAME:{_escape(name)}")
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escape(event.uid)}",
            f"DTSTAMP:{_stamp(now)}",
            f"DTSTART:{_stamp(event.starts_at)}",
            f"DTEND:{_stamp(event.ends_at)}",
            f"SUMMARY:{_escape(event.summary)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _fold(line))


def read_calendar(text: str, zone: ZoneInfo | None) -> list[Event]:
    """Read the events of a calendar.

    A time without a zone of its own is the wall's in `zone`; what comes twice that night is meant from its first time
    to its last.

    Raises:
        Refused: `CALENDAR_INVALID`, with the line: no calendar, an event without times, uid or summary, one that
            repeats by a rule, more than 2,000 of them. Nothing is half read.
    """
    events: list[Event] = []
    inside: dict[str, tuple[int, str, str]] | None = None
    depth = 0
    begun = False
    for number, name, params, value in _lines(text):
        if name == "BEGIN":
            begun = begun or value.upper() == "VCALENDAR"
            if value.upper() == "VEVENT" and inside is None:
                inside = {}
            elif inside is not None:
                depth += 1
        elif name == "END":
            if depth:
                depth -= 1
            elif inside is not None:
                events.append(_event(inside, number, zone))
                inside = None
                if len(events) > MAX_EVENTS:
                    raise _wrong(f"more than {MAX_EVENTS} events", number)
        elif inside is not None and not depth:
            inside[name] = (number, params, value)
    if not begun or inside is not None:
        raise _wrong("this is no whole calendar", 1)
    return events


def _event(fields: dict[str, tuple[int, str, str]], number: int, zone: ZoneInfo | None) -> Event:
    for name in ("RRULE", "RDATE", "DURATION"):
        if name in fields:
            raise _wrong(f"an event with {name} cannot be taken in: write each shift out", fields[name][0])
    for name in ("UID", "DTSTART", "DTEND", "SUMMARY"):
        if name not in fields:
            raise _wrong(f"an event without {name}", number)
    starts = _instant(fields["DTSTART"], zone, last=False)
    ends = _instant(fields["DTEND"], zone, last=True)
    if ends <= starts:
        raise _wrong("an event ends after it starts", fields["DTEND"][0])
    return Event(_unescape(fields["UID"][2])[:200], starts, ends, _unescape(fields["SUMMARY"][2]).strip())


def _instant(field: tuple[int, str, str], zone: ZoneInfo | None, *, last: bool) -> datetime:
    number, params, value = field
    named = re.search(r";TZID=\"?([^\";]+)\"?", params, re.IGNORECASE)
    try:
        if re.fullmatch(r"\d{8}", value):
            wall = datetime.combine(date.fromisoformat(value), time())
        elif re.fullmatch(r"\d{8}T\d{6}Z?", value):
            wall = datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S")
        else:
            raise ValueError
    except ValueError:
        raise _wrong("not a time such as 20261101T070000Z", number) from None
    if not in_reach(wall):
        raise _wrong(f"a year out of {FIRST_YEAR} to {LAST_YEAR}", number)
    if value.endswith("Z"):
        return wall.replace(tzinfo=UTC)
    try:
        meant = find_zone(named[1]) if named else zone
    except Refused:
        raise _wrong("this zone is not known", number) from None
    if meant is None:
        raise _wrong("a time without a zone, and the role has none", number)
    return instant_of(wall, meant, last=last).at


def _lines(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Give the unfolded lines (§3.1): where they begin, name, parameters, value."""
    unfolded: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1] in (" ", "\t") and unfolded:
            unfolded[-1] = (unfolded[-1][0], unfolded[-1][1] + line[1:])
        elif line:
            unfolded.append((number, line))
    for number, line in unfolded:
        found = _LINE.fullmatch(line)
        if found is None:
            raise _wrong("not a line of a calendar", number)
        yield number, found[1].upper(), found[2], found[3]


def _fold(line: str) -> Iterator[str]:
    """Cut a line at 75 octets, never within a character."""
    part, size, room = "", 0, _FOLD
    for char in line:
        octets = len(char.encode())
        if size + octets > room:
            yield part
            part, size, room = " ", 1, _FOLD
        part, size = part + char, size + octets
    yield part


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escape(text: str) -> str:
    plain = "".join(char for char in text if char.isprintable() or char == "\n")
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPED.get(found[1], found[1]), text)


def _wrong(detail: str, line: int) -> Refused:
    return Refused(Code.CALENDAR_INVALID, f"line {line}: {detail}", pointer="", line=line)
