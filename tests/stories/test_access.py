"""H140: each operation of the HTTP interface, asked by each access role for its own, its unit's and another's.

The door is walked whole: what the table (model/matrix.py) does not allow is refused, everywhere, and nothing else is.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar

from tests.stories.test_rest import opened, told
from wardwire.api.app import OPERATIONS, make_api, make_routes
from wardwire.api.operation import Answer, Call, Deps, Operation
from wardwire.model import ids
from wardwire.model.matrix import MATRIX, Reach, reach_of, scopes_of
from wardwire.model.places import PlaceKind, Rank
from wardwire.model.policy import Policy, Step
from wardwire.model.policy_draft import Draft
from wardwire.model.rights import SCOPES, SEND, AccessRole, Caller
from wardwire.store.drafts import insert_draft
from wardwire.testing.ward import Member, Ward

OWN, OF_UNIT, OTHERS = "own", "of one's unit", "of others"
LAB = Caller(source="lab", scopes=frozenset({SEND}))
EHR = Caller(source="ehr", scopes=frozenset({SEND}))
GUARDED = [operation for operation in OPERATIONS if not operation.open]


# The table itself could be wrong: these lines were written without it.
BY_HAND = (
    ("clinician", "getMessage", OWN, 204),
    ("clinician", "getMessage", OTHERS, 404),
    ("clinician", "listKeys", OWN, 403),
    ("clinician", "setStatus", OWN, 204),
    ("clinician", "setStatus", OTHERS, 403),
    ("clinician", "revokeDevice", OWN, 204),
    ("clinician", "revokeDevice", OTHERS, 403),
    ("clinician", "getDevice", OWN, 204),
    ("clinician", "getDevice", OTHERS, 403),
    ("unit_manager", "getDevice", OTHERS, 204),
    ("auditor", "getDevice", OTHERS, 403),
    ("clinician", "checkInDevice", OWN, 204),
    ("clinician", "checkInDevice", OTHERS, 403),
    ("clinician", "checkOutDevice", OWN, 403),
    ("operator", "checkOutDevice", OTHERS, 204),
    ("operator", "takeAlarm", OTHERS, 204),
    ("operator", "addPerson", OTHERS, 403),
    ("unit_manager", "assignBeds", OF_UNIT, 204),
    ("unit_manager", "assignBeds", OTHERS, 403),
    ("unit_manager", "cancelAssignment", OF_UNIT, 204),
    ("unit_manager", "setStatus", OF_UNIT, 204),
    ("auditor", "traceMessage", OTHERS, 204),
    ("auditor", "endBrokenGlass", OTHERS, 204),
    ("clinician", "endBrokenGlass", OTHERS, 404),
    ("administrator", "breakGlass", OWN, 403),
    ("auditor", "getMessage", OWN, 403),
    ("auditor", "sendMessage", OWN, 403),
    ("administrator", "addPerson", OTHERS, 204),
    ("administrator", "getMessage", OTHERS, 403),
    ("integration", "getMessage", OWN, 204),
    ("integration", "getMessage", OTHERS, 404),
    ("integration", "sendMessage", OWN, 403),
    (SEND, "sendMessage", OWN, 204),
)


async def let_through(call: Call) -> Answer:
    """Whoever comes here was let through."""
    return Answer(status=204)


class Walk(NamedTuple):
    """The ward with a door behind which nothing happens, and what there is in it of whom."""

    ward: Ward
    client: httpx.AsyncClient
    callers: dict[str, Caller]
    things: dict[str, dict[str, str]]
    deps: Deps

    async def ask(self, who: str, operation: Operation, whose: str) -> httpx.Response:
        """Ask for what belongs to somebody."""
        return await self.client.request(
            operation.method,
            self.path(operation, whose, who),
            json=self.body(operation, whose) if operation.body is not None else None,
            headers={"Authorization": f"Bearer {who}"},
        )

    def path(self, operation: Operation, whose: str, who: str) -> str:
        """The path to it: one's own is what one's own kind of caller has sent."""
        written = operation.path
        for name, things in self.things.items():
            sent = f"{name} of {'Anna' if self.callers[who].person_id else 'lab'}"
            thing = self.things[sent][whose] if sent in self.things else things[whose]
            written = written.replace(f"{{{name}}}", thing)
        assert operation.find is None or "{" not in written, f"say in things() what of {written} is whose"
        return re.sub(r"\{\w+\}", "nobody", written)

    def body(self, operation: Operation, whose: str) -> Any:
        """A body that fits, about it."""
        if operation.id == "assignBeds":
            turn = {"place": self.things["place_id"][whose], "person": self.things["person_id"][OTHERS]}
            return {"assignments": [turn]}
        if operation.id == "addDraft":
            return {"policy": self.things["policy_id"][whose]}
        if operation.id == "addShift":
            times = {"starts_at": "2036-01-01T00:00:00Z", "ends_at": "2036-01-02T00:00:00Z"}
            return {"person": self.things["person_id"][OTHERS], **times}
        if operation.id == "answerSwap":
            return {"accept": True, "person": self.things["taker"][whose]}
        return operation.example


async def things(ward: Ward) -> tuple[dict[str, dict[str, str]], UUID]:
    """What there is of Anna and of lab, of the unit that is managed, and of Mallory."""
    of_west = await ward.add_policy("West", Step((ward.ben.wire,), timedelta(minutes=1)))
    of_east = await ward.add_policy("East", Step((ward.mallory.wire,), timedelta(minutes=1)))
    west = await ward.add_place(PlaceKind.UNIT, "4 West", policy="West")
    east = await ward.add_place(PlaceKind.UNIT, "4 East", policy="East")
    room = await ward.add_place(PlaceKind.ROOM, "4W-R1", inside=west)
    near = await ward.add_place(PlaceKind.BED, "4W-12", inside=room)
    far = await ward.add_place(PlaceKind.BED, "4E-01", inside=east)
    await ward.assign(near, Rank.PRIMARY, ward.ben)
    await ward._change("UPDATE devices SET version = $1, unit_id = $2, turn = 1 WHERE id = $3", west, ward.ben.device)
    await ward.assign(far, Rank.PRIMARY, ward.mallory)
    ours, theirs = await ward.add_role("Cardiology 1st"), await ward.add_role("Cardiology 2nd")
    await ward.connection.execute(
        "UPDATE roles SET owners = $2, version = version + 100 WHERE id = $1", ours, [ward.anna.id]
    )
    await ward.add_shift(ours, ward.anna, timedelta(0), timedelta(hours=8))
    await ward.add_shift(theirs, ward.ben, timedelta(0), timedelta(hours=8))
    directory = ward.people.directory

    def each(prefix: str, own: UUID | None, unit: UUID | None, other: UUID | None) -> dict[str, str]:
        nothing = UUID(int=0)
        return {
            whose: ids.write_id(prefix, one or nothing)
            for whose, one in ((OWN, own), (OF_UNIT, unit or other), (OTHERS, other))
        }

    async def sent(caller: Member | Caller, to: Member) -> str:
        return (await ward.send(caller, [to.wire])).message

    foreign = await sent(EHR, ward.mallory)
    return {
        "message_id": dict.fromkeys((OWN, OF_UNIT, OTHERS), foreign),
        "message_id of lab": {OWN: await sent(LAB, ward.ben), OF_UNIT: foreign, OTHERS: foreign},
        "message_id of Anna": {OWN: await sent(ward.anna, ward.ben), OF_UNIT: foreign, OTHERS: foreign},
        "person_id": each(ids.PERSON, ward.anna.id, ward.ben.id, ward.mallory.id),
        "device_id": each(ids.DEVICE, ward.anna.device, ward.ben.device, ward.mallory.device),
        "endpoint": dict.fromkeys((OWN, OF_UNIT, OTHERS), "app"),
        "place_id": each(ids.PLACE, far, near, far),
        "session_id": each(
            ids.SESSION, await signed_in_as(ward, ward.anna), None, await signed_in_as(ward, ward.mallory)
        ),
        "access_id": each(ids.BROKEN, await broken_by(ward, ward.anna), None, await broken_by(ward, ward.mallory)),
        "role_id": each(ids.ROLE, ours, None, theirs),
        "shift_id": each(ids.SHIFT, await shift_of(ward, ours), None, await shift_of(ward, theirs)),
        "swap_id": each(
            ids.SWAP,
            await swap_of(ward, ours, ward.anna, ward.ben),
            None,
            await swap_of(ward, theirs, ward.ben, ward.mallory),
        ),
        "taker": each(ids.PERSON, ward.ben.id, None, ward.mallory.id),
        "policy_id": each(ids.POLICY, of_east.id, of_west.id, of_east.id),
        "draft_id": each(
            ids.DRAFT, await drafted(ward, of_east), await drafted(ward, of_west), await drafted(ward, of_east)
        ),
        "assignment_id": each(
            ids.ASSIGNMENT,
            directory.assignments[far][0].id,
            directory.assignments[near][0].id,
            directory.assignments[far][0].id,
        ),
    }, west


async def shift_of(ward: Ward, role: UUID) -> UUID:
    """The shift of a role."""
    found: UUID = await ward.connection.fetchval("SELECT id FROM shifts WHERE role_id = $1", role)
    return found


async def swap_of(ward: Ward, role: UUID, giver: Member, taker: Member) -> UUID:
    """Somebody has offered a shift; returns the swap."""
    swap = uuid4()
    await ward.connection.execute(
        "INSERT INTO swaps (id, role_id, shift, giver, taker, shift_starts_at, shift_ends_at, starts_at, ends_at,"
        " state, version)"
        " SELECT $1, $2, 'weeks/1', $3, $4, starts_at, ends_at, starts_at, ends_at, 'offered', version"
        " FROM shifts WHERE role_id = $2",
        swap, role, giver.id, taker.id,
    )  # fmt: skip
    return swap


async def drafted(ward: Ward, policy: Policy) -> UUID:
    """Somebody has begun a draft of a policy; returns it."""
    draft = Draft(uuid4(), policy, 1, "acc_2")
    await insert_draft(ward.connection, draft, ward.clock.now())
    return draft.id


async def signed_in_as(ward: Ward, member: Member) -> UUID:
    """Somebody has signed in; returns the session."""
    account, session, now = uuid4(), uuid4(), ward.clock.now()
    login = member.name.lower()
    await ward.connection.execute(
        "INSERT INTO accounts (id, person_id, login, roles, made_at) VALUES ($1, $2, $3, '{clinician}', $4)",
        account, member.id, login, now,
    )  # fmt: skip
    await ward.connection.execute(
        "INSERT INTO account_sessions (id, account_id, secret, made_at, seen_at) VALUES ($1, $2, $3, $4, $4)",
        session, account, bytes(32), now,
    )  # fmt: skip
    return session


async def broken_by(ward: Ward, member: Member) -> UUID:
    """Somebody who has signed in has broken the glass; returns the access."""
    account = await ward.connection.fetchval("SELECT id FROM accounts WHERE person_id = $1", member.id)
    access, now = uuid4(), ward.clock.now()
    await ward.connection.execute(
        "INSERT INTO glass_broken (id, account_id, session_id, why, made_at, ends_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        access, account, uuid4(), "Dr. Chen collapsed", now, now + timedelta(minutes=15),
    )  # fmt: skip
    return access


def callers(ward: Ward, west: UUID) -> dict[str, Caller]:
    """Anna in each access role; a key without a scope, and one with each."""
    held = {
        role.value: Caller(
            source="acc_1", scopes=scopes_of([role]), person_id=ward.anna.id, roles=frozenset({role}),
            units=frozenset({west}) if role is AccessRole.UNIT_MANAGER else frozenset(),
        )
        for role in AccessRole
        if role is not AccessRole.INTEGRATION
    }  # fmt: skip
    key = Caller(source="lab", scopes=frozenset())
    return held | {AccessRole.INTEGRATION.value: key} | {s: replace(key, scopes=frozenset({s})) for s in SCOPES}


@pytest.fixture
async def walk(ward: Ward, database_url: str) -> AsyncIterator[Walk]:
    """The door, with whoever asks named by their token."""
    async with opened(ward, database_url) as door:
        found, west = await things(ward)
        known = callers(ward, west)

        async def signed_in(deps: Deps, token: str) -> Caller:
            return known[token]

        doors = [replace(one, handler=one.handler if one.open else let_through) for one in OPERATIONS]
        deps: Deps = replace(door.deps, signed_in=signed_in)
        transport = httpx.ASGITransport(app=make_api(deps, doors))
        async with httpx.AsyncClient(transport=transport, base_url="http://ward") as client:
            yield Walk(ward, client, known, found, deps)


def far_enough(reach: Reach, whose: str, operation: Operation) -> bool:
    """Whether a reach goes as far as that."""
    if reach is Reach.ANY or (operation.narrows and reach is not Reach.NO):
        return True
    if operation.find is None:
        return False
    if whose == OWN:
        nobodys = ("bed.assign", "policy.write")
        return reach in (Reach.OWN, Reach.UNIT) and operation.action not in nobodys
    return whose == OF_UNIT and reach is Reach.UNIT


async def test_every_operation_is_decided_by_the_table_for_each_role_and_ownership(walk: Walk) -> None:
    """Thousands of questions: what the table allows is let through, all else is 403, or 404 where it hides."""
    wrong = []
    for operation in GUARDED:
        assert operation.action is not None
        row = MATRIX[operation.action]
        for who, caller in walk.callers.items():
            reach = reach_of(caller, operation.action)
            for whose in (OWN, OF_UNIT, OTHERS):
                expected = 204 if far_enough(reach, whose, operation) else 403
                if expected == 403 and row.hidden and reach is not Reach.NO:
                    expected = 404
                found = (await walk.ask(who, operation, whose)).status_code
                if found != expected:
                    wrong.append(f"{who} {operation.id} {whose}: {found}, not {expected}")
    assert not wrong, "\n".join(wrong)


async def test_some_of_it_said_by_hand(walk: Walk) -> None:
    """What people of each kind may and may not, in a few lines that can be read."""
    by_id = {operation.id: operation for operation in GUARDED}
    found = [(w, o, whose, (await walk.ask(w, by_id[o], whose)).status_code) for w, o, whose, _ in BY_HAND]
    assert found == list(BY_HAND)


def routes_of(app: Litestar) -> set[tuple[str, str]]:
    """All that a server answers to, as it is registered."""
    return {(method, route.path) for route in app.routes for method in getattr(route, "methods", ())}


def test_no_route_is_without_an_action() -> None:
    """A new operation says what it is, or nobody may; and where a right ends at one's own, whose it is."""
    app = make_routes("0")
    known = {(one.method, one.path.replace("}", ":str}")) for one in OPERATIONS}
    beside = {("GET", "/openapi.json"), ("GET", "/errors/{code:str}")}
    assert {route for route in routes_of(app) if route[0] not in ("OPTIONS", "HEAD")} == known | beside
    assert {one.id for one in OPERATIONS if one.open} == {
        "registerDevice",
        "readCalendar",
        "signIn",
        "claimAccount",
        "beginOidc",
        "finishOidc",
        "beginPasskeySignIn",
        "signInByPasskey",
    }
    for operation in GUARDED:
        assert operation.action is not None, f"{operation.id} needs an action of model/matrix.py"
        row = MATRIX[operation.action]
        ends = any(row.by(role) in (Reach.OWN, Reach.UNIT) for role in AccessRole)
        assert not ends or operation.find or operation.narrows, f"{operation.id} needs find=, or narrows=True"


async def test_who_is_not_said_to_may_is_refused(walk: Walk) -> None:
    """Default deny: an operation that nobody has thought of is closed, to administrators too."""
    forgotten = [replace(one, action=None, handler=let_through) for one in GUARDED[:3]]
    app = make_api(walk.deps, forgotten)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ward") as client:
        for operation in forgotten:
            for who in walk.callers:
                answer = await client.request(
                    operation.method, walk.path(operation, OWN, who), headers={"Authorization": f"Bearer {who}"}
                )
                assert told(answer) == (403, "not_permitted")


async def test_a_refusal_is_a_fact_without_content(walk: Walk) -> None:
    """Who, what and where; not even the id of what was asked for, which may not exist."""
    (asked,) = [one for one in GUARDED if one.id == "getMessage"]
    assert told(await walk.ask("clinician", asked, OTHERS)) == (404, "not_found")
    await walk.ward.quiet()
    rows = await walk.ward.connection.fetch("SELECT body, message_id FROM facts WHERE kind = 'AccessDenied'")
    ((body, message_id),) = rows
    assert message_id is None
    assert json.loads(body) == {
        "who": "acc_1", "code": "not_permitted", "door": "api:getMessage", "action": "message.read", "count": 1,
    }  # fmt: skip
