"""Calendars and the quality of schedules, over HTTP: a secret address, shifts taken in whole or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.stories.test_rest import Door, opened, told
from wardwire.model.oncall_ical import Event, read_calendar, write_calendar
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.testing.ward import Ward

HOUR = timedelta(hours=1)
NIGHT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    """The interface on a ward of Saturday, 31 October."""
    begin = datetime(2026, 10, 31, 12, tzinfo=UTC)
    async with Ward(database_url, start=begin) as ward, opened(ward, database_url) as door:
        yield door


async def test_a7_both_calendars_feed_the_same_instants(door: Door) -> None:
    """The night of the clock goes out as it came in; the address is a secret, and a new one ends the old."""
    ward, clerk, lab = door.ward, await door.key("hr", DIRECTORY), await door.key("lab", SEND)
    role = (await door.post(clerk, "/v1/roles", {"name": "Cardiology 1st", "fallback": "desk"})).json()["id"]
    zone = {"zone": "America/Chicago", "layers": []}
    assert (await door.post(clerk, f"/v1/roles/{role}/schedule", zone, "PUT")).status_code == 200
    shift = {"person": ward.chen.wire, "starts_at": "2026-10-31T19:00:00", "ends_at": "2026-11-01T07:00:00"}
    await door.post(clerk, f"/v1/roles/{role}/shifts", shift)
    first = (await door.post(clerk, f"/v1/roles/{role}/calendar", None)).json()["path"]
    second = (await door.post(clerk, f"/v1/roles/{role}/calendar", None)).json()["path"]
    assert (await door.client.get(first)).status_code == 404
    answer = await door.client.get(f"{second}.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    (event,) = read_calendar(answer.text, None)
    assert (event.starts_at, event.ends_at) == (NIGHT, NIGHT + 13 * HOUR)
    assert event.summary == "Cardiology 1st: Dr. Chen (shift)"
    stored = await ward.connection.fetch("SELECT body FROM facts")
    assert not [row for row in stored if second.rpartition("/")[2] in row["body"]]
    assert told(await door.post(lab, f"/v1/roles/{role}/calendar", None)) == (403, "not_permitted")


async def test_a_calendar_is_taken_in_whole_once_or_not_at_all(door: Door) -> None:
    """A dry run changes nothing; an event of nobody refuses all; the same calendar again makes nothing twice."""
    ward, clerk = door.ward, await door.key("hr", DIRECTORY)
    role = (await door.post(clerk, "/v1/roles", {"name": "Cardiology 1st", "fallback": "desk"})).json()["id"]
    events = [Event("a", NIGHT, NIGHT + HOUR, "Dr. Chen"), Event("b", NIGHT + HOUR, NIGHT + 2 * HOUR, "Dr. Okafor")]
    nobody = [*events, Event("c", NIGHT, NIGHT + HOUR, "Dr. Nobody")]

    async def take(wanted: list[Event], query: str = "") -> tuple[int, int]:
        body = {"calendar": write_calendar("Cardiology", wanted, NIGHT)}
        answer = await door.post(clerk, f"/v1/roles/{role}/import{query}", body)
        return answer.status_code, len(answer.json().get("data", ()))

    assert await take(events, "?dry_run=true") == (200, 2)
    assert await take(nobody) == (422, 0)
    assert await ward.connection.fetchval("SELECT count(*) FROM shifts") == 0
    assert [await take(events), await take(events)] == [(200, 2), (200, 0)]
    at = (NIGHT + 90 * timedelta(minutes=1)).isoformat()
    (holder,) = (await door.get(clerk, f"/v1/roles/{role}/oncall", at=at)).json()["holders"]
    assert (holder["name"], holder["rule"]) == ("Dr. Okafor", "shift")


async def test_a_schedule_is_judged_before_it_is_lived_by(door: Door) -> None:
    """A dry run shows the final plan; quality says which hours are nobody's."""
    ward, clerk = door.ward, await door.key("hr", DIRECTORY)
    role = (await door.post(clerk, "/v1/roles", {"name": "Cardiology 1st", "fallback": "desk"})).json()["id"]
    schedule = {
        "zone": "America/Chicago",
        "layers": [
            {
                "name": "nights",
                "participants": [ward.chen.wire, ward.okafor.wire],
                "starts": "2026-10-26T19:00:00",
                "length_h": 24,
                "windows": [{"from": "19:00", "to": "07:00"}],
            }
        ],
    }
    path = f"/v1/roles/{role}/schedule"
    tried = await door.post(clerk, f"{path}?dry_run=true&days=2", schedule, "PUT")
    assert tried.status_code == 200, tried.text
    shown = tried.json()["final"]
    assert [one["name"] for one in shown] == ["", "Dr. Okafor", "", "Dr. Chen"]
    assert (await door.get(clerk, path)).json()["layers"] == []
    assert (await door.post(clerk, path, schedule, "PUT")).json()["layers"] == schedule["layers"]
    found = (await door.get(clerk, f"/v1/roles/{role}/quality", weeks=1)).json()
    assert found["uncovered_hours"] == 7 * 12
    assert sorted(one["name"] for one in found["hours"]) == ["Dr. Chen", "Dr. Okafor"]
    wrong = {**schedule, "zone": "Chicago"}
    assert told(await door.post(clerk, path, wrong, "PUT")) == (422, "zone_unknown")
