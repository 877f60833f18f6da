"""A whole hospital is entered at once, and every decision can be made from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.ward import OPERATOR, directory_desk, everybody
from wardwire.directory.entering import House, enter_house
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall import on_call
from wardwire.model.places import Rank, assigned, find_place, unit_of
from wardwire.model.policy import check_policy
from wardwire.model.rights import SEND, Caller
from wardwire.testing.clock import FakeClock
from wardwire.testing.hospital.house import make_house
from wardwire.testing.hospital.plan import make_hospital

CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 12, 1, 18, 40, tzinfo=CHICAGO)


async def test_eight_hundred_people_are_entered_in_one_change(database_url: str) -> None:
    """Roles have holders, beds have nurses, units have policies that can be followed."""
    hospital = make_hospital(4)
    made = make_house(hospital, now=NOW, zone=CHICAGO)
    async with directory_desk(database_url, FakeClock(NOW)) as desk:
        assert await enter_house(desk, OPERATOR, made.house) == 1
    directory = await everybody(database_url)

    assert len(directory.people) == 800
    held = [on_call(role, directory, NOW + timedelta(days=200)).holder for role in directory.roles.values()]
    assert all(one is not None and one.rule == "layer 1" for one in held)
    bed = find_place("bed:4W-12", directory, "")
    nurses = {assigned(directory, bed.id, rank, NOW) for rank in Rank}
    assert len(nurses) == 3
    assert None not in nurses
    unit = unit_of(directory, bed.id)
    assert unit is not None
    policy = directory.places[unit].policy
    assert policy is not None
    for one in directory.policies.values():
        check_policy(one, directory)
    assert directory.policies[policy].name == "Monitor alarm"


async def test_all_of_it_or_nothing(database_url: str) -> None:
    """One name that is taken, one place in the wrong place, a stranger: nothing is entered."""
    made = make_house(make_hospital(4, staff=60, wards=1), now=NOW, zone=CHICAGO)
    house = made.house
    twice = replace(house, groups=(*house.groups, house.groups[0]))
    bed = next(place for place in house.places if place.kind == "bed")
    lost = replace(house, places=(*house.places, replace(bed, parent=bed.id)))
    async with directory_desk(database_url, FakeClock(NOW)) as desk:
        for faulty, caller, code in (
            (twice, OPERATOR, Code.UNAVAILABLE),
            (lost, OPERATOR, Code.INVALID),
            (House(people=house.people[:1]), Caller(source="m", scopes=frozenset({SEND})), Code.NOT_PERMITTED),
        ):
            with pytest.raises(Exception) as failed:
                await enter_house(desk, caller, faulty)
            assert getattr(failed.value, "code", None) == code
        assert isinstance(failed.value, Refused)
    assert (await everybody(database_url)).people == {}
