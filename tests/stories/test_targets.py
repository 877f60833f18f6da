"""Targets that depend on the alert's unit and on the rotation: one policy for all wards."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.stories.test_places_over_http import door, made  # noqa: F401 - a fixture
from tests.stories.test_rest import Door, told
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.places import PlaceKind
from wardwire.model.policy import Step
from wardwire.model.rights import DIRECTORY
from wardwire.testing.ward import Ward

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def give(door: Door, key: str, unit: UUID, function: str, role: UUID | None) -> Any:  # noqa: F811
    """Say which role a unit has for a function."""
    body = {"function": function, "role": ids.write_id(ids.ROLE, role) if role else None}
    return await door.post(key, f"/v1/places/{ids.write_id(ids.PLACE, unit)}/roles", body, "PUT")


async def test_one_policy_asks_each_units_own_charge_nurse(door: Door) -> None:  # noqa: F811
    """H152: of two wards with one policy each has its own; it follows the role to the next shift."""
    ward, key = door.ward, await door.key("eva", DIRECTORY)
    west, east = await ward.add_role("4 West charge"), await ward.add_role("5 East charge")
    await ward.add_shift(west, ward.anna, -HOUR, 90 * MINUTE / 60)
    await ward.add_shift(west, ward.ben, 90 * MINUTE / 60, HOUR)
    await ward.add_shift(east, ward.okafor, -HOUR, HOUR)
    units = [await ward.add_place(PlaceKind.UNIT, name) for name in ("4 West", "5 East", "6 North")]
    body = {"name": "Nurse call", "steps": [{"targets": ["unit:Charge  Nurse"], "wait_s": 120}]}
    assert told(await door.post(key, "/v1/policies", body)) == (422, "policy_invalid")
    shown = await give(door, key, units[0], "Charge Nurse", west)
    assert shown.json()["roles"] == {"charge nurse": ids.write_id(ids.ROLE, west)}
    await give(door, key, units[1], "charge nurse", east)
    body = {"name": "Nurse call", "steps": [{"targets": ["unit:Charge Nurse"], "wait_s": 120}]}
    assert told(await door.post(key, "/v1/policies", body)) == (422, "unreachable_end"), "6 North has nobody"
    desk = {"targets": ["desk"], "wait_s": 60}
    await made(door, key, "/v1/policies", {"name": "Nurse call, then the desk", "steps": [*body["steps"], desk]})
    await ward.add_policy("Nurse call", Step(("unit:Charge Nurse",), 2 * MINUTE))

    sent = [
        await ward.send(ward.chen, [], policy="Nurse call", place=f"unit:{name}")
        for name in ("4 West", "5 East", "6 North")
    ]
    assert [[line.who for line in one.promise][:-1] for one in sent] == [["Anna", "Ben"], ["Dr. Okafor"], []]
    empty = await ward.connection.fetchval("SELECT body FROM facts WHERE kind = 'StepSkipped'")
    assert json.loads(empty)["empty"] == {"unit:Charge Nurse": "no_role"}
    await ward.say(ward.anna, sent[0], Event.CONFIRMED)
    await ward.pass_time(seconds=91)
    assert "new" in ward.events(ward.ben)  # the role changed hands, and the alert went along

    assert (await give(door, key, units[0], "charge nurse", None)).json()["roles"] == {}
    assert told(await give(door, key, units[0], "charge nurse", UUID(int=7))) == (404, "not_found")
    assert told(await give(door, key, units[0], " ", west)) == (422, "invalid")


async def test_the_next_in_rotation_is_asked_before_their_shift(ward: Ward) -> None:
    """H153: whoever comes on next, whichever shift that is; at the hand-over it is theirs, and they are told."""
    role = await ward.add_role("Cardiology", fallback=ward.dora)
    await ward.add_shift(role, ward.chen, -HOUR, 3 * MINUTE)
    await ward.add_shift(role, ward.chen, 3 * MINUTE, 4 * MINUTE)  # two shifts of one holder are one turn
    await ward.add_shift(role, ward.okafor, 4 * MINUTE, HOUR)
    await ward.add_policy("Consult", Step(("role:Cardiology",), MINUTE), Step(("next:Cardiology",), 10 * MINUTE))
    stored = await ward.send(ward.anna, [], policy="Consult")
    assert [line.who for line in stored.promise][:2] == ["Dr. Chen", "Dr. Okafor"]
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await ward.pass_time(seconds=61)
    await ward.say(ward.okafor, stored, Event.CONFIRMED)
    assert ward.events(ward.okafor) == ["new"]
    assert (await ward.why(ids.read_id(ids.MESSAGE, stored.message), ward.okafor)).endswith(":no_answer")
    await ward.pass_time(minutes=4)
    assert ward.events(ward.okafor) == ["new", "ring"]
    assert "handed_over" in ward.events(ward.chen)


@pytest.mark.parametrize("until", [HOUR, timedelta(days=400)])
async def test_a_role_without_a_next_holder_is_passed_over_with_the_reason(ward: Ward, until: timedelta) -> None:
    """The plan names nobody else: the step goes on at once."""
    role = await ward.add_role("Cardiology")
    await ward.add_shift(role, ward.chen, -HOUR, until)
    await ward.add_policy("Consult", Step(("next:role:Cardiology",), MINUTE), Step(("Dr. Okafor",), MINUTE))
    stored = await ward.send(ward.anna, [], policy="Consult")
    assert stored.promise[0].who == "Dr. Okafor"
    empty = await ward.connection.fetchval("SELECT body FROM facts WHERE kind = 'StepSkipped'")
    assert json.loads(empty)["empty"] == {"next:role:Cardiology": "nobody_next"}
