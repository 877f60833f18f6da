"""H237: a calendar draws the nights on which the clock changes as long as they are, and each layer as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stories.test_places_over_http import made
from tests.stories.test_rest import Door, opened, told
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.testing.ward import Ward

# The ward's clock stands three days before the night on which Chicago has 25 hours.
START = datetime(2026, 10, 29, 12, tzinfo=UTC)


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward, in October."""
    async with Ward(database_url, start=START) as ward, opened(ward, database_url) as door:
        yield door


async def test_the_long_night_and_the_short_one_are_as_long_as_they_are(door: Door) -> None:
    """25 hours in November, 23 in March, and the layers beside what comes of them."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, SEND)
    role = await made(door, key, "/v1/roles", {"name": "Cardiology 1st", "fallback": "desk"})
    layers = [
        {"name": "nights", "participants": [ward.chen.wire], "starts": "2026-10-01T19:00:00", "length_h": 24,
         "windows": [{"from": "19:00", "to": "07:00"}]},
        {"name": "days", "participants": [ward.okafor.wire], "starts": "2026-10-01T07:00:00", "length_h": 24},
    ]  # fmt: skip
    path = f"/v1/roles/{role['id']}"
    body = {"zone": "America/Chicago", "layers": layers}
    assert (await door.post(key, f"{path}/schedule", body, "PUT")).status_code == 200
    override = {
        "person": ward.ben.wire, "starts_at": "2026-11-01T00:30:00", "ends_at": "2026-11-01T02:30:00",
    }  # fmt: skip
    await made(door, key, f"{path}/overrides", override)

    shown = (await door.get(key, "/v1/on-call", **{"from": "2026-10-31", "days": 3})).json()
    assert (shown["zone"], [one["hours"] for one in shown["days"]]) == ("America/Chicago", [24, 25, 24])
    assert shown["days"][1]["starts_at"] == "2026-11-01T05:00:00Z"
    assert shown["days"][1]["ends_at"] == "2026-11-02T06:00:00Z"
    (line,) = shown["data"]
    assert [one["name"] for one in line["layers"]] == ["nights", "days"]
    night = [one for one in line["final"] if one["name"] == "Ben"]
    assert [hours_of(one) for one in night] == [3.0]  # 00:30 to 02:30, with an hour that comes twice
    long = [one for one in line["layers"][0]["stretches"] if one["name"] and hours_of(one) != 12]
    assert [hours_of(one) for one in long if one["starts_at"].startswith("2026-11-01T00")] == [13.0]
    assert whole(line["final"]) == whole(line["layers"][0]["stretches"]) == (72 + 1) * 3600
    assert line["may_change"] is True

    spring = (await door.get(key, "/v1/on-call", **{"from": "2027-03-14", "days": 1})).json()
    assert [one["hours"] for one in spring["days"]] == [23]
    other = (await door.get(key, "/v1/on-call", **{"from": "2026-11-01", "days": 1, "zone": "Europe/Berlin"})).json()
    assert [one["hours"] for one in other["days"]] == [24]


async def test_what_is_no_day_zone_or_role_is_refused(door: Door) -> None:
    """And a schedule that somebody may not see is not drawn."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, SEND)
    for query, place in (({"from": "soon"}, "from"), ({"zone": "Ward/West"}, "zone"), ({"role": "x"}, "role")):
        refused = await door.get(key, "/v1/on-call", **query)
        assert told(refused)[0] == 422
        assert refused.json()["errors"][0]["parameter"] == place
    await ward.add_role("Cardiology 2nd", fallback=ward.okafor)
    hidden = await ward.add_role("Cardiology 1st", fallback=ward.okafor)
    await ward._change("UPDATE roles SET version = $1, viewers = $3 WHERE id = $2", hidden, [ward.ben.id])
    lab = await door.key("lab", SEND)
    assert [one["name"] for one in (await door.get(lab, "/v1/on-call")).json()["data"]] == ["Cardiology 2nd"]
    assert len((await door.get(key, "/v1/on-call")).json()["data"]) == 2


def hours_of(stretch: Any) -> float:
    """How long it is."""
    return whole([stretch]) / 3600


def whole(stretches: list[Any]) -> float:
    """How long they are together, in seconds."""
    span = timedelta()
    for one in stretches:
        span += datetime.fromisoformat(one["ends_at"]) - datetime.fromisoformat(one["starts_at"])
    return span.total_seconds()
