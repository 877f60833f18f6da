"""The promise: who will be called by when, over shift changes too; the fact beside it, and which were kept."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.stories.test_nobody_answers import MINUTE, Night, S, night
from wardwire.cli.main import main
from wardwire.flow.trace import read_story
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.policy import Step
from wardwire.testing.ward import Ward


async def shift_change(ward: Ward) -> Night:
    """Dr. Chen holds the role for 75 s more, then Dr. Okafor."""
    role = await ward.add_role("Cardiology 1st")
    await ward.add_shift(role, ward.chen, -MINUTE, 75 * S)
    await ward.add_shift(role, ward.okafor, 75 * S, 60 * MINUTE)
    steps = Step(("role:Cardiology 1st",), 30 * S, repeat=1), Step(("role:Cardiology 1st",), MINUTE)
    return await night(ward, Step(("Anna",), MINUTE), *steps, policy="Cardiology")


async def test_the_promise_names_who_will_be_there_by_then(ward: Ward) -> None:
    """H54: it named the doctor who would have gone home by then; to the second it is what happens."""
    one = await shift_change(ward)
    stored = await ward.send(ward.ben, ["Mallory"], policy="Cardiology")
    assert [(line.in_s, line.who, line.how) for line in stored.promise] == [
        (0, "Mallory, Anna", "step 1"),
        (60, "Dr. Chen", "step 2"),
        (75, "Dr. Okafor", "hand over"),
        (90, "Dr. Okafor", "step 2 again"),
        (120, "Dr. Okafor", "step 3"),
        (180, "the desk", "desk"),
    ]
    message = ids.read_id(ids.MESSAGE, stored.message)
    heard = ((ward.anna, 1), (ward.mallory, 1), (ward.chen, 61), *((ward.okafor, at) for at in (76, 91, 121)))
    for member, at in heard:
        await one.say(member, message, Event.CONFIRMED, at=at)
    await one.at(181)
    story = await read_story(ward.connection, message, ward.people.directory)
    assert story is not None
    assert [round(line.happened_s or 0, 2) for line in story.promise] == [
        round(line.in_s, 2) for line in story.promise
    ]
    assert [line.how for line in story.promise] == [line.how for line in stored.promise]


async def test_whoever_has_gone_home_is_not_rung_again(ward: Ward) -> None:
    """H49: the alert had gone on to the next doctor, and the phone at home rang on with it."""
    one = await shift_change(ward)
    stored = await ward.send(ward.ben, [], policy="Cardiology")
    message = ids.read_id(ids.MESSAGE, stored.message)
    for member, at in ((ward.anna, 1), (ward.chen, 61), (ward.okafor, 76)):
        await one.say(member, message, Event.CONFIRMED, at=at)
    await one.at(91)
    assert one.heard(ward.chen) == [(60, "new"), (75, "handed_over")]
    assert one.heard(ward.okafor) == [(75, "new"), (90, "ring")]


async def test_a_policy_is_tried_in_a_terminal_before_it_is_used(
    ward: Ward,
    commands_site: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """H45: whom it would call and when; and which endpoint never has its turn within the step."""
    await night(ward, Step(("bed:primary",), 5 * S), Step(("bed:secondary",), MINUTE))
    words = ["policy", "simulate", "Nurse call", "--place", "bed:4W-12"]
    await asyncio.to_thread(main, words)
    told = capsys.readouterr().out
    assert "Step 1 is over before Anna is tried by email" in told
    await asyncio.to_thread(main, [*words, "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert shown["beyond"] == [{"step": 1, "person": "Anna", "endpoints": ["email"]}]
    assert [[one["name"] for one in line["people"]] for line in shown["happenings"]][:2] == [["Anna"], ["Ben"]]
