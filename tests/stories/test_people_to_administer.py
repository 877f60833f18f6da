"""H235, H236: whoever administers people is told first what hangs on them, what a list changes, whom a rule finds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.stories.test_accounts import opened_desk
from tests.stories.test_places_over_http import made
from tests.stories.test_rest import Door, opened, told
from wardwire.model import ids
from wardwire.model.places import PlaceKind, Rank
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.testing.ward import Ward


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


async def test_what_hangs_on_somebody_is_told_before_they_are_disabled(door: Door) -> None:
    """Dr. Chen is on call, falls back for another role, has a bed, is in a group and a policy, and covers Anna."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, SEND)
    chen, path = ward.chen, f"/v1/people/{ward.chen.wire}/ties"
    assert (await door.get(key, path)).json() == {"open": False, "data": []}
    first = await ward.add_role("Cardiology 1st", fallback=ward.okafor)
    await ward.add_role("Cardiology 2nd", fallback=chen)
    await ward.add_shift(first, chen, timedelta(0), timedelta(hours=8))
    bed = await ward.add_place(PlaceKind.BED, "4W-12", inside=await ward.add_place(PlaceKind.UNIT, "4 West"))
    await ward.assign(bed, Rank.SECONDARY, chen)
    inner = await made(door, key, "/v1/groups", {"name": "Chens", "rule": 'name contains "chen"'})
    await made(door, key, "/v1/groups", {"name": "Heart team", "groups": [inner["id"]]})
    steps = [{"targets": ["bed:primary"], "wait_s": 60}, {"targets": ["dr. chen", "desk"], "wait_s": 60}]
    await made(door, key, "/v1/policies", {"name": "Monitor alarm", "steps": steps})
    away = {"status": "off", "cover": chen.wire}
    assert (await door.post(key, f"/v1/people/{ward.anna.wire}/status", away, "PUT")).status_code == 200
    await door.send(key, to=["Dr. Chen"])

    answer = (await door.get(key, path)).json()
    assert answer["open"] is True
    assert {(one["name"], one["how"], one["detail"], one["then"]) for one in answer["data"]} == {
        ("Cardiology 1st", "on_call", "", "Dr. Okafor"),
        ("Cardiology 1st", "shift", "", ""),
        ("Cardiology 2nd", "on_call", "", "Dora"),
        ("Cardiology 2nd", "fallback", "", ""),
        ("4W-12", "secondary", "", ""),
        ("Chens", "rule", "", ""),
        ("Heart team", "within", "", ""),
        ("Monitor alarm", "step", "2", ""),
        ("Anna", "covers", "", ""),
    }
    assert ward.people.directory.people[chen.id].disabled is False
    assert told(await door.get(await door.key("lab", SEND), path)) == (403, "not_permitted")


async def test_a_list_is_looked_at_before_it_is_taken_in(door: Door) -> None:
    """Field by field, who leaves and what is open for them; too many who leave must be confirmed."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, SEND)
    lines = "".join(f"{n},Nurse {n},nurse\n" for n in range(1, 12))
    full = {"source": "hr", "csv": f"id,name,title\n{lines}"}
    seen = (await door.post(key, "/v1/people/import?dry_run=true", full)).json()
    assert (seen["added"], seen["dry_run"], seen["add"][0]["name"]) == (11, True, "Nurse 1")
    assert not [one for one in ward.people.directory.people.values() if one.name.startswith("Nurse")]
    assert (await door.post(key, "/v1/people/import", full)).json()["added"] == 11
    assert (await door.post(key, "/v1/people/import", full)).json()["same"] == 11

    await door.send(key, to=["Nurse 11"])
    rest = "".join(f"{n},Nurse {n},{'RN' if n == 1 else 'nurse'}\n" for n in range(1, 11))
    less = {"source": "hr", "csv": f"id,name,title\n{rest}"}
    seen = (await door.post(key, "/v1/people/import?dry_run=true", less)).json()
    assert seen["change"][0]["fields"] == [{"field": "title", "before": "nurse", "after": "RN"}]
    assert [(one["name"], one["open"]) for one in seen["disable"]] == [("Nurse 11", True)]
    fewer = {"source": "hr", "csv": "id,name\n1,Nurse 1\n"}
    refused = await door.post(key, "/v1/people/import", fewer)
    assert told(refused) == (409, "removals_unconfirmed")
    assert (await door.post(key, "/v1/people/import", {**fewer, "confirm_removals": True})).json()["disabled"] == 10


async def test_a_list_with_a_fault_is_refused_with_its_row_and_without_its_words(door: Door) -> None:
    """And one that is larger than a usual body is taken."""
    key = await door.key("eva", DIRECTORY)
    bad = {"source": "hr", "csv": "id,name\n1,Anna\n,Mallory\n"}
    refused = await door.post(key, "/v1/people/import?dry_run=true", bad)
    assert told(refused) == (422, "roster_invalid")
    assert "row 3, column id" in refused.json()["detail"]
    assert "Mallory" not in refused.text
    many = "id,name\n" + "".join(f"{n},Somebody with a long name {n}\n" for n in range(3_000))
    taken = await door.post(key, "/v1/people/import?dry_run=true", {"source": "hr", "csv": many})
    assert (taken.status_code, taken.json()["added"], len(taken.json()["add"])) == (200, 3_000, 500)


async def test_a_group_is_looked_at_before_it_is_made(door: Door) -> None:
    """By name, by a group within, by its rule; nothing is kept."""
    ward, key = door.ward, await door.key("eva", DIRECTORY)
    nurses = await made(door, key, "/v1/groups", {"name": "Nurses", "members": [ward.anna.wire]})
    sketch = {"members": [ward.mallory.wire], "groups": [nurses["id"]], "rule": 'name begins "dr"'}
    seen = (await door.post(key, "/v1/groups/preview", sketch)).json()
    assert sorted(one["name"] for one in seen["people"]) == ["Anna", "Dr. Chen", "Dr. Okafor", "Mallory"]
    assert (seen["people_count"], seen["ruled"]) == (4, 2)
    assert len(ward.people.directory.groups) == 2  # the operators', and the nurses'
    assert told(await door.post(key, "/v1/groups/preview", {"rule": "name is"})) == (422, "invalid")
    nobody = {"members": [ids.write_id(ids.PERSON, ward.anna.id)[:-1] + "z"]}
    assert (await door.post(key, "/v1/groups/preview", nobody)).status_code == 422


async def test_the_account_of_a_person_is_found(database_url: str) -> None:
    """By their id."""
    async with opened_desk(database_url) as desk:
        await desk.account(desk.ward.anna, "anna", "administrator")
        await desk.account(desk.ward.ben, "ben", "clinician")
        token = await desk.sign_in("anna")
        found = (await desk.ask(token, "GET", f"/v1/accounts?person={desk.ward.ben.wire}")).json()
        assert [one["login"] for one in found["data"]] == ["ben"]
