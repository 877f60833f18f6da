"""How people want to be tried: set by themselves or for them, seen in every plan, and never a silence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.stories.test_places_over_http import door  # noqa: F401 - a fixture
from tests.stories.test_rest import Door, told
from wardwire.flow.trace import read_story
from wardwire.model import ids
from wardwire.model.policy import Step
from wardwire.model.priority import Priority
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.testing.ward import Member, Ward

MAIL_FIRST = {"name": "Desk day", "priorities": ["medium"], "tries": [
    {"endpoints": ["email"], "wait_s": 60}, {"endpoints": ["app"], "wait_s": 30},
]}  # fmt: skip
PAGER = {"name": "Pager", "tries": [{"endpoints": ["pager"], "wait_s": 20}]}


async def prefer(door: Door, key: str, who: Member, *profiles: Any, **headers: str) -> Any:  # noqa: F811
    """Set somebody's profiles."""
    return await door.client.put(
        f"/v1/people/{who.wire}/preferences",
        json={"profiles": list(profiles)},
        headers={"Authorization": f"Bearer {key}", **headers},
    )


async def test_a_person_is_tried_as_they_want_and_everybody_sees_why(door: Door) -> None:  # noqa: F811
    """Plan, promise, fact and trace say the same; `code` rings everywhere at once all the same."""
    ward, key = door.ward, await door.key("it", DIRECTORY, SEND, "messages:code")
    answer = await prefer(door, key, ward.chen, MAIL_FIRST)
    assert answer.status_code == 200, answer.text
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority=Priority.MEDIUM)
    (reach,) = stored.recipients
    assert (reach.tries, reach.by) == ("email:60 app:30", "own:Desk day")
    assert [line.how for line in stored.promise[:2]] == ["email", "app"]
    await ward.settle()
    assert (len(ward.mail.sent), ward.events(ward.chen)) == (1, ["new"])
    story = await read_story(ward.connection, ids.read_id(ids.MESSAGE, stored.message), ward.people.directory)
    assert story is not None
    assert "Dr. Chen is tried by email:60 app:30, as their own profile Desk day says" in [h.text for h in story.hops]
    code = await ward.send(ward.chen, ["Dr. Chen"], priority=Priority.CODE)
    assert (code.recipients[0].tries, code.recipients[0].by) == ("app+email:3", "")
    dry = await door.client.post(
        "/v1/messages?dry_run=true",
        json={"to": ["Dr. Chen"], "priority": "medium", "text": "x"},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert dry.json()["recipients"][0]["by"] == "own:Desk day"


async def test_a_profile_that_reaches_nobody_is_a_fact_and_the_site_stands_in(door: Door) -> None:  # noqa: F811
    """H154: he had said *pager* years ago, and had handed it in; nothing rang."""
    ward, key = door.ward, await door.key("it", DIRECTORY)
    await prefer(door, key, ward.chen, PAGER)
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority=Priority.MEDIUM)
    assert stored.recipients[0].tries == "app:30 email:30"
    body = await ward.connection.fetchval("SELECT body FROM facts WHERE kind = 'PreferenceFailed'")
    assert json.loads(body)["by"] == "default after own:Pager"
    assert ward.events(ward.chen) == ["new"]


async def test_nobody_silences_what_is_urgent(door: Door) -> None:  # noqa: F811
    """H155: she wanted to sleep, said so, and slept through the arrest."""
    ward, key = door.ward, await door.key("it", DIRECTORY)
    for profile, pointer in (
        ({**PAGER, "priorities": ["code"]}, "/profiles/0/priorities"),
        ({**PAGER, "priorities": ["high"], "quiet": True}, "/profiles/0/quiet"),
        ({**MAIL_FIRST, "priorities": ["high"]}, "/profiles/0/tries/0/wait_s"),
        ({**PAGER, "hours": "22:00-25:00"}, "/profiles/0/hours"),
        ({**PAGER, "hours": "22:00-07:00"}, "/zone"),
        ({**PAGER, "days": ["someday"]}, "/profiles/0/days"),
    ):
        refused = await prefer(door, key, ward.anna, profile)
        assert told(refused) == (422, "invalid")
        assert refused.json()["errors"][0]["pointer"] == pointer
    rest = {"name": "Rest", "priorities": ["medium", "low"], "quiet": True, "tries": [
        {"endpoints": ["app"], "wait_s": 60},
    ]}  # fmt: skip
    assert (await prefer(door, key, ward.anna, rest)).status_code == 200
    for priority, rings in ((Priority.HIGH, True), (Priority.MEDIUM, False)):
        await ward.send(ward.chen, ["Anna"], priority=priority)
        assert ward.told[ward.anna.id][-1].body.rings is rings
    # An escalation does not wait for somebody whose phone does not ring.
    await ward.add_policy("Consult", Step(("Anna",), ward.waits.ceilings.medium), Step(("Ben",), ward.waits.low))
    stored = await ward.send(ward.chen, [], policy="Consult", priority=Priority.MEDIUM)
    assert ward.events(ward.ben) == ["new"]
    skipped = await ward.connection.fetchval("SELECT body FROM facts WHERE kind = 'StepSkipped'")
    assert json.loads(skipped)["empty"] == {"Anna": "quiet"}
    assert stored.promise[0].in_s == 0


async def test_what_would_ring_is_tried_before_it_is_saved(door: Door) -> None:  # noqa: F811
    """At any time, in any status, also with profiles that are nobody's yet; nothing is changed."""
    ward, key = door.ward, await door.key("it", DIRECTORY)
    at = f"/v1/people/{ward.chen.wire}/preferences"
    night = {"name": "Night", "hours": "22:00-07:00", "tries": MAIL_FIRST["tries"], "priorities": ["medium"]}
    asked = {"at": "2026-12-13T03:00:00-06:00", "priority": "medium", "zone": "America/Chicago", "profiles": [night]}
    shown = (await door.post(key, f"{at}/try", asked)).json()
    assert (shown["by"], shown["rings"]) == ("own:Night", True)
    assert [(one["after_s"], one["endpoints"]) for one in shown["tries"]] == [(0, ["email"]), (60, ["app"])]
    day = (await door.post(key, f"{at}/try", {**asked, "at": "2026-12-13T12:00:00-06:00"})).json()
    assert day["by"] == ""
    off = (await door.post(key, f"{at}/try", {"status": "off", "priority": "medium"})).json()
    assert (off["status"], off["rings"]) == ("off", False)
    read = await door.get(key, at)
    assert (read.json()["profiles"], read.headers["etag"]) == ([], '"0"')

    assert (await prefer(door, key, ward.chen, PAGER, **{"If-Match": '"0"'})).status_code == 200
    late = await prefer(door, key, ward.chen, MAIL_FIRST, **{"If-Match": '"0"'})
    assert told(late) == (412, "changed_since")
    assert (await door.get(key, at)).json()["profiles"] == [PAGER]
    mallory = await door.key("mallory", SEND)
    assert told(await prefer(door, mallory, ward.chen)) == (403, "not_permitted")
    fact = await ward.connection.fetchval("SELECT body FROM facts WHERE body LIKE '%preferences_set%'")
    assert json.loads(fact)["after"] == ["Pager: pager:20"]


async def test_a_group_has_a_default_for_its_members(ward: Ward, door: Door) -> None:  # noqa: F811
    """Whoever says nothing themselves is tried as their group is."""
    key = await door.key("it", DIRECTORY)
    group = await ward.add_group("Surgeons", [ward.chen, ward.okafor])
    mail = {"name": "Theatre", "tries": [{"endpoints": ["email", "app"], "wait_s": 20}]}
    assert (await door.post(key, f"/v1/groups/{group}/preferences", {"profiles": [mail]}, "PUT")).is_success
    stored = await ward.send(ward.anna, [group])
    assert [(one.tries, one.by) for one in stored.recipients] == [
        ("email+app:20", f"group:{group}:Theatre"),
        ("app:20", f"group:{group}:Theatre"),
    ]
    unknown = await door.post(key, f"/v1/roles/rol_{'0' * 32}/preferences", {"profiles": [mail]}, "PUT")
    assert told(unknown) == (404, "not_found")


@pytest.mark.parametrize("body", [{"profiles": [{**PAGER, "tries": []}]}, {"profiles": [PAGER, PAGER]}])
async def test_profiles_that_say_nothing_are_refused(door: Door, body: Any) -> None:  # noqa: F811
    """With the place of the fault."""
    key = await door.key("it", DIRECTORY)
    refused = await door.post(key, f"/v1/people/{door.ward.chen.wire}/preferences", body, "PUT")
    assert told(refused) == (422, "invalid")
