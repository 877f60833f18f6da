"""Provisioning systems keep people and groups here by SCIM: conversations as Entra ID and Okta hold them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import pytest

from tests.stories.test_rest import Door, opened
from wardwire.model.rights import DIRECTORY, SEND, SYNC
from wardwire.testing.ward import Ward

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

# As Entra ID's default mapping sends a new user.
LIU: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Mei.Liu@ward.example",
    "active": True,
    "displayName": "Dr. Liu",
    "emails": [{"primary": True, "type": "work", "value": "liu@ward.example"}],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "Mei Liu", "familyName": "Liu", "givenName": "Mei"},
    "addresses": [{"type": "work", "formatted": "House C"}],
    "phoneNumbers": [
        {"type": "work", "value": "+49 30 4711"},
        {"type": "mobile", "value": "+49 170 1234567"},
        {"type": "fax", "value": "4799"},
    ],
    "preferredLanguage": "en-US",
    "roles": [],
    "title": "cardiologist",
    ENTERPRISE: {"employeeNumber": "17", "department": "Cardiology"},
}


class Scim(NamedTuple):
    """A provisioning system with its key."""

    door: Door
    key: str

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Ask; the answer must be SCIM's own."""
        response = await self.door.client.request(
            method,
            f"/scim/v2{path}",
            content=None if body is None else json.dumps(body),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/scim+json", **headers},
        )
        if response.status_code != 204:
            assert response.headers["content-type"] == "application/scim+json", response.text
        return response

    async def done(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask for what is done; returns the resource."""
        response = await self.ask(method, path, body, **headers)
        assert response.status_code in (200, 201), response.text
        return response.json()

    async def patch(self, path: str, *operations: dict[str, Any]) -> httpx.Response:
        """Change something."""
        return await self.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    async def find(self, of: str, filter: str) -> list[Any]:
        """Find by a filter."""
        response = await self.door.client.get(
            f"/scim/v2/{of}", params={"filter": filter}, headers={"Authorization": f"Bearer {self.key}"}
        )
        assert response.status_code == 200, response.text
        listed = response.json()
        assert listed["totalResults"] == len(listed["Resources"])
        return list(listed["Resources"])

    async def shown(self, user_id: str) -> Any:
        """The person as our own interface shows them."""
        admin = await self.door.key("admin", DIRECTORY)
        return (await self.door.get(admin, f"/v1/people/{user_id}")).json()


def why(response: httpx.Response) -> tuple[int, str | None]:
    """Status and scimType of an error, which must be one."""
    told = response.json()
    assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert told["status"] == str(response.status_code)
    return response.status_code, told.get("scimType")


@pytest.fixture
async def entra(ward: Ward, database_url: str) -> AsyncIterator[Scim]:
    """Entra ID at the door of the ward."""
    async with opened(ward, database_url) as door:
        yield Scim(door, await door.key("entra", SYNC))


async def test_entra_adds_finds_changes_and_disables_a_person(entra: Scim) -> None:
    """Probe, miss, add, find, change with `Replace` and `"False"`: as its log shows them."""
    assert await entra.find("Users", 'userName eq "Mei.Liu@ward.example"') == []
    assert await entra.find("Users", f'externalId eq "{LIU["externalId"]}"') == []
    response = await entra.ask("POST", "/Users", LIU)
    assert response.status_code == 201
    made = response.json()
    assert response.headers["location"] == made["meta"]["location"] == f"/scim/v2/Users/{made['id']}"
    for name in ("userName", "externalId", "active", "displayName", "emails", "phoneNumbers", "title", "name"):
        assert made[name] == LIU[name], name
    assert made[ENTERPRISE] == LIU[ENTERPRISE]
    assert "addresses" not in made

    for filter in (
        'userName eq "mei.liu@WARD.example"',
        f'externalId eq "{LIU["externalId"]}"',
        f'id eq "{made["id"]}"',
        'emails[type eq "work" and value sw "liu@"] and active eq true',
        f'{ENTERPRISE}:employeeNumber eq "17"',
    ):
        assert [one["id"] for one in await entra.find("Users", filter)] == [made["id"]], filter

    path = f"/Users/{made['id']}"
    before = {one["kind"]: one["id"] for one in (await entra.shown(made["id"]))["endpoints"]}
    response = await entra.patch(
        path,
        {"op": "Replace", "path": "displayName", "value": "Dr. Mei Liu"},
        {"op": "Add", "path": 'phoneNumbers[type eq "pager"].value', "value": "wctp:8812"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "mei@ward.example"},
        {"op": "Replace", "path": 'addresses[type eq "work"].formatted', "value": "House D"},
        {"op": "Replace", "path": "name.familyName", "value": "Liu-Chen"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": entra.door.ward.chen.wire},
        {"op": "Remove", "path": 'phoneNumbers[type eq "mobile"].value'},
    )
    assert response.status_code == 200, response.text
    shown = await entra.shown(made["id"])
    assert (shown["name"], shown["family"], shown["departments"]) == ("Dr. Mei Liu", "Liu-Chen", ["Cardiology"])
    living = {(one["kind"], one["address"]) for one in shown["endpoints"] if not one["disabled"]}
    assert living == {("email", "mei@ward.example"), ("phone", "+49 30 4711"), ("pager", "wctp:8812")}
    # An address that takes another's place keeps the endpoint, with its quiet times.
    assert [one["address"] for one in shown["endpoints"] if one["id"] == before["email"]] == ["mei@ward.example"]

    response = await entra.patch(path, {"op": "Replace", "path": "active", "value": "False"})
    assert (response.status_code, response.json()["active"]) == (200, False)
    assert (await entra.shown(made["id"]))["disabled"]
    # Some of its versions send no path.
    await entra.patch(path, {"op": "Replace", "value": {"active": "True", "name.givenName": "May"}})
    shown = await entra.shown(made["id"])
    assert (shown["disabled"], shown["given"]) == (False, "May")


async def test_entra_fills_and_empties_a_group(entra: Scim) -> None:
    """Members come one by one and leave by a filter in the path; the list of groups is asked without members."""
    ward = entra.door.ward
    group = {"schemas": [GROUP], "externalId": "8aa1a0c0", "displayName": "Heart team", "members": []}
    assert await entra.find("Groups", 'displayName eq "Heart team"') == []
    made = await entra.done("POST", "/Groups", group)
    path = f"/Groups/{made['id']}"
    for one in (ward.anna, ward.ben, ward.chen):
        added = await entra.patch(path, {"op": "Add", "path": "members", "value": [{"value": one.wire}]})
        assert added.status_code == 204
    listed = await entra.done("GET", f"{path}?excludedAttributes=members")
    assert (listed["displayName"], listed["externalId"], "members" in listed) == ("Heart team", "8aa1a0c0", False)
    await entra.patch(path, {"op": "Remove", "path": f'members[value eq "{ward.ben.wire}"]'})
    await entra.patch(path, {"op": "Remove", "path": "members", "value": [{"value": ward.anna.wire}]})
    again = await entra.patch(path, {"op": "Remove", "path": f'members[value eq "{ward.ben.wire}"]'})
    assert again.status_code == 204
    assert [one["value"] for one in (await entra.done("GET", path))["members"]] == [ward.chen.wire]
    assert len(await entra.find("Groups", f'members[value eq "{ward.chen.wire}"]')) == 1

    sender = await entra.door.key("lab", SEND)
    stored = (await entra.door.send(sender, to=["group:Heart team"])).json()
    assert [one["name"] for one in stored["recipients"]] == ["Dr. Chen"]

    assert (await entra.ask("DELETE", path)).status_code == 204
    assert why(await entra.ask("GET", path)) == (404, None)
    assert (await entra.ask("POST", "/Groups", group)).status_code == 201


async def test_okta_puts_whole_users_and_groups(entra: Scim) -> None:
    """PUT of all that it has, PATCH with a bare value, groups by PUT; what a PUT leaves out is taken away."""
    okta = entra._replace(key=await entra.door.key("okta", SYNC))
    user = {
        "schemas": [USER],
        "userName": "dora@ward.example",
        "name": {"givenName": "Dora", "familyName": "Lind"},
        "emails": [{"primary": True, "value": "dora@ward.example", "type": "work"}],
        "displayName": "Dora Lind",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    made = await okta.done("POST", "/Users", user)
    assert made["externalId"] == user["externalId"]
    assert "password" not in json.dumps(made)
    path = f"/Users/{made['id']}"
    full = await okta.done("GET", path)
    changed = await okta.done("PUT", path, {**full, "title": "operator", "nickName": "Dodo"})
    assert (changed["title"], changed["nickName"]) == ("operator", "Dodo")
    less = await okta.done("PUT", path, {**full, "emails": [], "title": None})
    assert ("emails" in less, "title" in less, less["active"]) == (False, False, True)
    assert [one["disabled"] for one in (await okta.shown(made["id"]))["endpoints"]] == [True]

    response = await okta.patch(path, {"op": "replace", "value": {"active": False}})
    assert (response.status_code, response.json()["active"]) == (200, False)

    group = await okta.done("POST", "/Groups", {"schemas": [GROUP], "displayName": "Desk", "members": []})
    at = f"/Groups/{group['id']}"
    body = {**group, "members": [{"value": made["id"], "display": "dora@ward.example"}]}
    assert [one["value"] for one in (await okta.done("PUT", at, body))["members"]] == [made["id"]]
    renamed = await okta.patch(at, {"op": "replace", "value": {"id": group["id"], "displayName": "Front desk"}})
    assert renamed.status_code == 204
    shown = await okta.done("GET", at)
    assert (shown["displayName"], len(shown["members"])) == ("Front desk", 1)
    assert (await okta.done("PUT", at, {**group, "displayName": "Front desk"}))["members"] == []
    # What one system calls a person is not shown to another.
    assert "externalId" not in await entra.done("GET", path)


async def test_who_is_taken_back_is_disabled_and_comes_back_as_the_same_person(entra: Scim) -> None:
    """H170: nobody is erased: what they sent and had stays theirs; the userName is free for another one."""
    made = await entra.done("POST", "/Users", LIU)
    assert (await entra.ask("DELETE", f"/Users/{made['id']}")).status_code == 204
    shown = await entra.shown(made["id"])
    assert (shown["name"], shown["disabled"]) == ("Dr. Liu", True)
    assert why(await entra.ask("GET", f"/Users/{made['id']}")) == (404, None)
    assert why(await entra.ask("DELETE", f"/Users/{made['id']}")) == (404, None)
    assert await entra.find("Users", 'userName eq "Mei.Liu@ward.example"') == []

    other = await entra.done("POST", "/Users", {**LIU, "externalId": "another", "displayName": "Dr. Lin"})
    assert other["id"] != made["id"]
    back = await entra.done("POST", "/Users", {**LIU, "userName": "liu2@ward.example"})
    assert (back["id"], back["active"]) == (made["id"], True)
    assert not (await entra.shown(made["id"]))["disabled"]


async def test_a_leaver_with_something_open_is_told_to_the_desk(entra: Scim) -> None:
    """H171: the page that was on its way to them is not left lying: one alarm each, and a word in the fact."""
    ward = entra.door.ward
    lab = await entra.door.key("lab", SEND)
    assert (await entra.door.send(lab, to=["Dr. Okafor", "Dr. Chen"])).status_code == 201
    for person in (ward.okafor, ward.ben):
        response = await entra.patch(f"/Users/{person.wire}", {"op": "replace", "value": {"active": False}})
        assert response.status_code == 200, response.text
    hr = await entra.door.key("hr", DIRECTORY)
    await entra.door.post(hr, f"/v1/people/{ward.chen.wire}", {"disabled": True}, "PATCH")
    await entra.door.post(hr, f"/v1/people/{ward.chen.wire}", {"disabled": True}, "PATCH")
    await ward.pass_time(seconds=3)
    said = sorted(text.partition(",")[0] for kind, text in await ward.alarms() if kind == "left_open")
    assert said == ["Dr. Chen was disabled by hr", "Dr. Okafor was disabled by entra"]
    facts = await ward.connection.fetch(
        "SELECT person_id, body FROM facts WHERE kind = 'DirectoryChanged' AND body LIKE '%\"disabled\":true%'"
    )
    told = {row["person_id"]: json.loads(row["body"]) for row in facts}
    assert told[ward.okafor.id]["open"] is True
    assert told[ward.okafor.id]["by"] == "entra"
    assert "open" not in told[ward.ben.id]


async def test_a_person_who_is_there_already_is_found_and_taken_over(entra: Scim) -> None:
    """Entered by hand with an e-mail: matched by it, changed by PATCH, and no way to reach them is lost."""
    ward = entra.door.ward
    (found,) = await entra.find("Users", 'emails.value eq "anna@ward.example"')
    assert found["id"] == ward.anna.wire
    response = await entra.patch(
        f"/Users/{found['id']}",
        {"op": "add", "path": "userName", "value": "anna@ward.example"},
        {"op": "add", "path": "externalId", "value": "E1"},
        {"op": "add", "path": "title", "value": "charge nurse"},
    )
    assert response.status_code == 200, response.text
    taken = response.json()
    assert (taken["displayName"], taken["title"], taken["externalId"]) == ("Anna", "charge nurse", "E1")
    await ward.add_endpoint(ward.ben, "email", "ben@ward.example")
    await entra.done("PUT", f"/Users/{ward.ben.wire}", {"userName": "ben@ward.example", "displayName": "Ben"})
    for member, address in ((ward.anna, "anna@ward.example"), (ward.ben, "ben@ward.example")):
        shown = await entra.shown(member.wire)
        assert [(one["address"], one["disabled"]) for one in shown["endpoints"]] == [(address, False)]


UNFIT = (
    ({"op": "replace", "path": 'emails[type eq "other"].value', "value": "x@ward.example"}, "noTarget"),
    ({"op": "remove"}, "noTarget"),
    ({"op": "replace", "path": "nonsense", "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": "name.nonsense", "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": 'emails[type eq "work"', "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
    ({"op": "remove", "path": "userName"}, "mutability"),
    ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
    ({"op": "move", "path": "title", "value": "x"}, "invalidSyntax"),
    ({"op": "replace", "path": "displayName", "value": "person:x"}, "invalidValue"),
    ({"op": "replace", "path": "title"}, "invalidValue"),
)


async def test_a_change_that_is_not_fit_is_refused_and_leaves_nothing(entra: Scim) -> None:
    """H172: also not what stood before it in the same request."""
    made = await entra.done("POST", "/Users", LIU)
    path = f"/Users/{made['id']}"
    for operation, scim_type in UNFIT:
        refused = await entra.patch(path, {"op": "replace", "path": "title", "value": "surgeon"}, operation)
        assert why(refused) == (400, scim_type), operation
        assert await entra.done("GET", path) == made


async def test_what_is_taken_and_what_was_changed_since_is_refused(entra: Scim) -> None:
    """Names and ids are one person's; who edits what they have not seen is told."""
    made = await entra.done("POST", "/Users", LIU)
    taken = {**LIU, "externalId": "2", "userName": "MEI.LIU@ward.example"}
    assert why(await entra.ask("POST", "/Users", taken)) == (409, "uniqueness")
    assert why(await entra.ask("POST", "/Users", {**LIU, "userName": "b"})) == (409, "uniqueness")
    assert why(await entra.ask("POST", "/Users", {"displayName": "Nobody"})) == (400, "invalidValue")
    path, seen = f"/Users/{made['id']}", made["meta"]["version"]
    assert (await entra.ask("GET", path)).headers["etag"] == seen
    first = await entra.ask("PUT", path, {**LIU, "title": "surgeon"}, **{"If-Match": seen})
    second = await entra.ask("PUT", path, {**LIU, "title": "nurse"}, **{"If-Match": seen})
    assert (first.status_code, why(second)) == (200, (412, None))
    assert (await entra.done("GET", path))["title"] == "surgeon"
    await entra.done("POST", "/Groups", {"displayName": "Ward 3"})
    assert why(await entra.ask("POST", "/Groups", {"displayName": "ward 3"})) == (409, "uniqueness")
    nobody = {"displayName": "Ward 4", "members": [{"value": f"per_{'0' * 32}"}]}
    assert why(await entra.ask("POST", "/Groups", nobody)) == (400, "invalidValue")
    assert await entra.find("Groups", 'displayName eq "Ward 4"') == []


async def test_a_name_cannot_turn_a_filter_into_another(entra: Scim) -> None:
    """H173: what is written is compared, whatever stands in it; what is no filter is refused with its place."""
    evil = 'x" or userName pr or title eq "'
    assert await entra.find("Users", f"userName eq {json.dumps(evil)}") == []
    assert await entra.find("Users", 'userName eq "\'; DROP TABLE people; --"') == []
    for of in ("userName", "externalId"):
        assert await entra.find("Users", f'{of} eq "\\u0000"') == []
    made = await entra.done("POST", "/Users", {"userName": evil, "displayName": "Mallory"})
    assert [one["id"] for one in await entra.find("Users", f"userName eq {json.dumps(evil)}")] == [made["id"]]
    for filter in (
        'userName eq "x" or',
        "userName",
        'nonsense eq "x"',
        "(" * 40 + 'userName eq "x"',
        "active co true",
    ):
        response = await entra.ask("GET", "/Users?filter=" + filter.replace(" ", "%20").replace('"', "%22"))
        assert why(response) == (400, "invalidFilter"), filter


async def test_without_a_key_with_its_scope_nothing_is_told(entra: Scim) -> None:
    """401 without a token, 403 without the scope; an address that is none is an error of SCIM's own, too."""
    for key, status in (("", 401), ("ww_live_nonsense", 401), (await entra.door.key("eva", DIRECTORY), 403)):
        other = entra._replace(key=key)
        for method, path in (("GET", "/Users"), ("POST", "/Users"), ("GET", "/ServiceProviderConfig")):
            body = LIU if method == "POST" else None
            assert why(await other.ask(method, path, body)) == (status, None)
    assert why(await entra.ask("GET", "/Nonsense")) == (404, None)
    assert why(await entra.ask("POST", "/Bulk", {})) == (501, None)
    assert why(await entra.ask("POST", "/Users", [])) == (400, "invalidValue")


async def test_it_says_what_it_can_and_lists_in_pages(entra: Scim) -> None:
    """Discovery as RFC 7644 §4; pages from 1; only what was asked for."""
    config = await entra.done("GET", "/ServiceProviderConfig")
    assert [config[what]["supported"] for what in ("patch", "bulk", "filter", "etag")] == [True, False, True, True]
    types = await entra.done("GET", "/ResourceTypes")
    assert [one["endpoint"] for one in types["Resources"]] == ["/Users", "/Groups"]
    for schema in (await entra.done("GET", "/Schemas"))["Resources"]:
        assert await entra.done("GET", f"/Schemas/{schema['id']}") == schema
    everybody = await entra.done("GET", "/Users?count=500")
    pages: list[str] = []
    for start in range(1, everybody["totalResults"] + 1, 2):
        page = await entra.done("GET", f"/Users?startIndex={start}&count=2&aadOptscim062020")
        pages += [one["id"] for one in page["Resources"]]
    assert pages == [one["id"] for one in everybody["Resources"]]
    search = {"filter": 'displayName sw "Dr."', "attributes": ["displayName"], "count": 1}
    found = await entra.done("POST", "/Users/.search", search)
    assert (found["totalResults"], [sorted(one) for one in found["Resources"]]) == (
        2, [["displayName", "id", "schemas"]],
    )  # fmt: skip
    none = await entra.done("GET", "/Users?count=0")
    assert (none["totalResults"], none["Resources"]) == (everybody["totalResults"], [])
    anna = await entra.done("GET", f"/Users/{entra.door.ward.anna.wire}?attributes=userName,name.givenName")
    assert set(anna) == {"schemas", "id", "userName"}


async def test_a_group_of_ten_thousand_is_put_in_one_request(entra: Scim) -> None:
    """By statements over all of them, and one more or less is a small change."""
    ward = entra.door.ward
    await ward.connection.execute(
        "INSERT INTO people (id, name, title, scopes, status, version)"
        " SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Nurse ' || n, '', '{}',"
        " 'available', (SELECT version FROM directory_head) + 1 FROM generate_series(1, 10000) n"
    )
    await ward.connection.execute("UPDATE directory_head SET version = version + 1")
    await ward.people.refresh(ward.connection)
    members = [{"value": f"per_{(0x7000_8000 << 48) + n:032x}", "display": f"Nurse {n}"} for n in range(1, 10_001)]
    made = await entra.done("POST", "/Groups", {"displayName": "Everybody", "members": members})
    path = f"/Groups/{made['id']}"
    assert len(made["members"]) == 10_000
    removed = await entra.patch(
        path, *({"op": "remove", "path": f'members[value eq "{one["value"]}"]'} for one in members[:500])
    )
    assert removed.status_code == 204
    assert len((await entra.done("GET", path))["members"]) == 9_500
    assert len((await entra.done("PUT", path, {"displayName": "Everybody", "members": members}))["members"]) == 10_000
    more = {"displayName": "Everybody", "members": [*members, {"value": ward.anna.wire}]}
    assert why(await entra.ask("PUT", path, more)) == (400, "invalidValue")


async def test_what_this_server_has_not_it_says_with_501(entra: Scim) -> None:
    """As its configuration says: neither Bulk nor sort; and who provisions is no person, who could be `/Me`."""
    said = await entra.done("GET", "/ServiceProviderConfig")
    assert (said["bulk"]["supported"], said["sort"]["supported"]) == (False, False)
    asked = [
        await entra.ask("POST", "/Bulk", {"Operations": []}),
        await entra.ask("GET", "/Me"),
        await entra.ask("GET", "/Users?sortBy=userName"),
        await entra.ask("POST", "/Groups/.search", {"sortBy": "displayName", "sortOrder": "descending"}),
    ]
    for answer in asked:
        told = answer.json()
        assert (answer.status_code, told["status"]) == (501, "501"), answer.text
        assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert "ServiceProviderConfig" in told["detail"]
