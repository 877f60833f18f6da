"""Calendars: what is written is read back, and what is wrong is named by its line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.test_oncall_time import CHICAGO
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_ical import Event, read_calendar, write_calendar

NOW = datetime(2026, 12, 1, 7, tzinfo=UTC)
# Without what no line may hold, and what reading strips from the ends.
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Cn", "Co", "Zs"))).map(
    lambda text: f"x{text}x"[:150]
)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            lambda uid, starts, hours, summary: Event(uid, starts, starts + timedelta(hours=hours), summary),
            TEXT,
            st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(
                lambda at: at.replace(microsecond=0, tzinfo=UTC)
            ),
            st.integers(1, 500),
            TEXT,
        ),
        max_size=5,
    )
)
def test_what_is_written_is_read_back(events: list[Event]) -> None:
    """Whatever is in names; no line is longer than 75 octets, and each ends with CRLF (RFC 5545 §3.1)."""
    text = write_calendar("Cardiology; 1st, \\ all", events, NOW)
    assert read_calendar(text, None) == events
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert max(len(line.encode()) for line in lines) <= 75
    assert "\n" not in "".join(lines)


def calendar(*lines: str) -> str:
    """A calendar of one event with these lines."""
    event = ("BEGIN:VEVENT", "UID:1", "SUMMARY:Dr. Chen", *lines, "END:VEVENT")
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *event, "END:VCALENDAR", ""))


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ("DTSTART:20261101T000000Z", "DTEND:20261101T130000Z"),
        ("DTSTART;TZID=America/Chicago:20261031T190000", "DTEND;TZID=America/Chicago:20261101T070000"),
        ('DTSTART;TZID="America/Chicago":20261031T190000', "DTEND:20261101T070000"),
        ("DTSTART:20261031T190000", "DTEND:20261101T070000"),
    ],
)
def test_the_same_night_in_each_form_of_a_time(starts: str, ends: str) -> None:
    """In UTC, with a zone, and floating: by the clock on the role's wall. Thirteen hours."""
    (event,) = read_calendar(calendar(starts, ends), CHICAGO)
    assert event.starts_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert event.ends_at == datetime(2026, 11, 1, 13, tzinfo=UTC)


def test_alarms_and_zones_in_an_event_are_passed_over_and_folded_lines_joined() -> None:
    """As the usual programs write them."""
    text = calendar(
        "DTSTART:20261101T000000Z", "DTEND:20261101T130000Z", "X-LONG:abc", " def", "BEGIN:VALARM", "UID:9",
        "TRIGGER:-PT15M", "END:VALARM",
    )  # fmt: skip
    rules = ("BEGIN:STANDARD", "RRULE:FREQ=YEARLY", "END:STANDARD")
    zone = "\r\n".join(("BEGIN:VTIMEZONE", "TZID:America/Chicago", *rules, "END:VTIMEZONE"))
    (event,) = read_calendar(text.replace("VERSION:2.0", f"VERSION:2.0\r\n{zone}"), None)
    assert event.uid == "1"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", 1),
        ("not a calendar", 1),
        (calendar("DTSTART:20261101T000000Z"), 7),
        (calendar("DTSTART:2026-11-01", "DTEND:20261101T130000Z"), 6),
        (calendar("DTSTART:20261301T000000Z", "DTEND:20261101T130000Z"), 6),
        (calendar("DTSTART:20261101T130000Z", "DTEND:20261101T000000Z"), 7),
        (calendar("DTSTART;TZID=Asia/Tokyo:00010101T000000", "DTEND:20261101T000000Z"), 6),
        (calendar("DTSTART:20261101T130000Z", "DTEND:99991231T235959Z"), 7),
        (calendar("DTSTART;TZID=Chicago:20261101T000000", "DTEND:20261101T130000Z"), 6),
        (calendar("DTSTART:20261101T000000Z", "DTEND:20261101T130000Z", "RRULE:FREQ=DAILY"), 8),
    ],
)
def test_what_cannot_be_taken_in_is_refused_with_its_line(text: str, line: int) -> None:
    """Nothing is half read."""
    with pytest.raises(Refused) as refused:
        read_calendar(text, None)
    assert (refused.value.code, refused.value.fields["line"]) == (Code.CALENDAR_INVALID, line)


def test_a_cut_calendar_is_never_taken_in() -> None:
    """Cut at any line before its end within an event, it is refused."""
    lines = calendar("DTSTART:20261101T000000Z", "DTEND:20261101T130000Z").split("\r\n")
    for upto in range(3, 8):
        with pytest.raises(Refused):
            read_calendar("\r\n".join(lines[:upto]), None)
