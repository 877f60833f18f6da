"""Places, who has which bed, and escalation policies over HTTP. Who may change what: model/matrix.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wardwire.api.directory import NAMED, PAGE, changed, cut_page, find, given, read_operation, write_operation
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call, Found
from wardwire.api.versions import etag, expected_version
from wardwire.api.wire import Instant, Name, PersonId
from wardwire.directory import places, policies
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.matrix import Action, Owner, reaches, unit_of
from wardwire.model.people import Directory
from wardwire.model.places import Assignment, Place, PlaceKind, Rank, zone_of
from wardwire.model.policy import ASK_WAIT, MAX_LOOPS, MAX_STEPS, STILL_ACTIVE, Policy
from wardwire.model.scene import Grounds
from wardwire.store.policies import StepText, span_of, text_of

PlaceId = Annotated[str, Meta(pattern="^plc_[0-9a-f]{32}$", description="A place.")]
PolicyId = Annotated[str, Meta(pattern="^pol_[0-9a-f]{32}$", description="An escalation policy.")]
Steps = Annotated[tuple[StepText, ...], Meta(min_length=1, max_length=MAX_STEPS)]
# A span of time at all; how long it may be is a rule of policies.
Span = Annotated[float, Meta(ge=0, le=1_000_000_000, description="Seconds.")]
Loops = Annotated[int, Meta(ge=0, le=MAX_LOOPS)]


Zone = Annotated[str, Meta(max_length=60, description="Of a site: its time zone, e.g. `Europe/Berlin`.")]


class NewPlace(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A place to be added: site > building > unit > room > bed.

    A site has a time zone, a unit may have a policy. A unit may stand in a site, or alone; a bed may stand in a unit.
    """

    kind: PlaceKind
    name: Name
    parent: PlaceId | None = None
    policy: PolicyId | None = None
    zone: Zone = ""


class PlaceChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is to change of a place; `policy: null` takes the policy away, and a unit may move to another `parent`."""

    name: Name | UnsetType = UNSET
    parent: PlaceId | UnsetType = UNSET
    policy: PolicyId | UnsetType | None = UNSET
    zone: Zone | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class AssignmentOut(msgspec.Struct, frozen=True):
    """Who has a bed."""

    id: str
    place: str
    person: str
    name: str
    rank: Rank
    starts_at: datetime
    ends_at: datetime | None


class PlaceOut(msgspec.Struct, frozen=True):
    """A place, and who has it now and later. `zone` is that of the site in which it lies; `version` is its ETag."""

    id: str
    kind: PlaceKind
    name: str
    parent: str | None
    policy: str | None
    zone: str
    disabled: bool
    assignments: list[AssignmentOut]
    version: int
    roles: dict[str, str] = {}


class Places(msgspec.Struct, frozen=True):
    """A page of places."""

    data: list[PlaceOut]
    next: str | None


class TurnIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who is to have a bed from `starts_at` until just before `ends_at`; without an end until changed."""

    place: PlaceId
    person: PersonId
    rank: Rank = Rank.PRIMARY
    starts_at: Instant | None = None
    ends_at: Instant | None = None


class NewAssignments(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Beds to be given, a whole shift at once; without `starts_at` from now on."""

    assignments: Annotated[tuple[TurnIn, ...], Meta(min_length=1, max_length=places.MAX_AT_ONCE)]


class Assigned(msgspec.Struct, frozen=True):
    """The assignments that were made, in the order in which they were asked for."""

    data: list[AssignmentOut]


class NewPolicy(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A policy to be added. After its last step a technical alarm goes to the operators' desk, and on asking."""

    name: Name
    steps: Steps
    loops: Loops = 0
    still_active_s: Span | None = STILL_ACTIVE.total_seconds()
    ask_wait_s: Span = ASK_WAIT.total_seconds()


class PolicyChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is to change of a policy; alerts that run go on by the version that they began with."""

    name: Name | UnsetType = UNSET
    steps: Steps | UnsetType = UNSET
    loops: Loops | UnsetType = UNSET
    still_active_s: Span | UnsetType | None = UNSET
    ask_wait_s: Span | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class PolicyOut(msgspec.Struct, frozen=True):
    """A policy as of its newest version. `units` go by it; they are for those who may change them."""

    id: str
    name: str
    version: int
    steps: list[StepText]
    loops: int
    still_active_s: float | None
    ask_wait_s: float
    disabled: bool
    units: list[str] = []


class Policies(msgspec.Struct, frozen=True):
    """A page of policies."""

    data: list[PolicyOut]
    next: str | None


# Places ----------------------------------------------------------------------------------------------------------


def show_assignment(assignment: Assignment, directory: Directory) -> AssignmentOut:
    """Say who has a bed."""
    person = directory.people.get(assignment.person_id)
    return AssignmentOut(
        id=ids.write_id(ids.ASSIGNMENT, assignment.id),
        place=ids.write_id(ids.PLACE, assignment.place_id),
        person=ids.write_id(ids.PERSON, assignment.person_id),
        name=person.name if person else "",
        rank=assignment.rank,
        starts_at=assignment.starts_at,
        ends_at=assignment.ends_at,
    )


def show_place(place: Place, directory: Directory, now: datetime) -> PlaceOut:
    """Say what a place is, and who has it."""
    current = [a for a in directory.assignments.get(place.id, ()) if a.ends_at is None or a.ends_at > now]
    current.sort(key=lambda a: (a.starts_at, a.rank, a.version))
    return PlaceOut(
        id=ids.write_id(ids.PLACE, place.id),
        kind=place.kind,
        name=place.name,
        parent=ids.write_id(ids.PLACE, place.parent) if place.parent else None,
        policy=ids.write_id(ids.POLICY, place.policy) if place.policy else None,
        zone=zone_of(directory, place.id),
        disabled=place.disabled,
        assignments=[show_assignment(assignment, directory) for assignment in current[:100]],
        version=place.version,
        roles={
            function: ids.write_id(ids.ROLE, role)
            for function, role in directory.unit_roles.get(place.id, {}).items()
        },
    )


def _shown(call: Call, place: Place) -> PlaceOut:
    return show_place(place, call.deps.rules().directory, call.deps.clock.now())


async def list_places(call: Call) -> Answer:
    """List places."""
    page, following, headers = cut_page(call, ids.PLACE, "/v1/places", call.deps.rules().directory.places.values())
    return Answer(body=Places([_shown(call, place) for place in page], following), headers=headers)


async def add_place(call: Call) -> Answer:
    """Add a place."""
    body: NewPlace = call.body
    parent, policy = _id(ids.PLACE, body.parent), _id(ids.POLICY, body.policy)
    return await make(
        call,
        lambda desk: places.add_place(
            desk, call.caller, kind=body.kind, name=body.name, parent=parent, policy=policy, zone=body.zone
        ),
        lambda made: _shown(call, made),
        at="/v1/places",
    )


async def get_place(call: Call) -> Answer:
    """Show a place."""
    place = find(call.deps.rules().directory.places, call.id(ids.PLACE, "place_id"))
    return Answer(body=_shown(call, place), headers=etag(place.version))


async def change_place(call: Call) -> Answer:
    """Change a place."""
    body: PlaceChange = call.body
    after = await places.change_place(
        call.deps.desk,
        call.caller,
        call.id(ids.PLACE, "place_id"),
        name=given(body.name),
        policy=_id(ids.POLICY, given(body.policy)),
        no_policy=body.policy is None,
        zone=given(body.zone),
        parent=_id(ids.PLACE, given(body.parent)),
        disabled=given(body.disabled),
        expected=expected_version(call),
    )
    await call.deps.refresh()
    return Answer(body=_shown(call, after), headers=etag(after.version))


async def assign(call: Call) -> Answer:
    """Give beds to people."""
    body: NewAssignments = call.body
    now = call.deps.clock.now()
    turns = [
        places.Turn(
            ids.read_id(ids.PLACE, turn.place),
            ids.read_id(ids.PERSON, turn.person),
            turn.rank,
            turn.starts_at or now,
            turn.ends_at,
        )
        for turn in body.assignments
    ]
    directory = call.deps.rules().directory
    return await make(
        call,
        lambda desk: places.assign(desk, call.caller, turns),
        lambda made: Assigned([show_assignment(a, directory) for a in made]),
    )


async def find_beds(call: Call) -> Found:
    """Find of which units the beds are that are given."""
    directory = call.deps.rules().directory
    body: NewAssignments = call.body
    given_beds = [ids.read_id(ids.PLACE, turn.place) for turn in body.assignments]
    return Found([_owner_of_bed(directory, bed) for bed in given_beds])


async def find_assignment(call: Call) -> Found:
    """Find of which unit the bed is that is taken."""
    directory, wanted = call.deps.rules().directory, call.id(ids.ASSIGNMENT, "assignment_id")
    beds = (bed for bed, held in directory.assignments.items() if any(one.id == wanted for one in held))
    return Found([_owner_of_bed(directory, bed) for bed in beds])


def _owner_of_bed(directory: Directory, bed: UUID) -> Owner:
    unit = unit_of(directory, bed)
    return Owner(units=frozenset({unit} if unit else ()))


async def cancel_assignment(call: Call) -> Answer:
    """Take a bed from somebody."""
    await places.cancel_assignment(call.deps.desk, call.caller, call.id(ids.ASSIGNMENT, "assignment_id"))
    return await changed(call, Answer(status=204))


# Policies --------------------------------------------------------------------------------------------------------


def show_policy(policy: Policy, units: list[str] | None = None) -> PolicyOut:
    """Say what a policy is."""
    return PolicyOut(
        id=ids.write_id(ids.POLICY, policy.id),
        name=policy.name,
        version=policy.version,
        steps=[text_of(step) for step in policy.steps],
        loops=policy.loops,
        still_active_s=policy.still_active.total_seconds() if policy.still_active else None,
        ask_wait_s=policy.ask_wait.total_seconds(),
        disabled=policy.disabled,
        units=units or [],
    )


def _with_units(call: Call, policy: Policy) -> PolicyOut:
    units = [place for place in call.deps.rules().directory.places.values() if place.policy == policy.id]
    mine = [
        unit.name for unit in units if reaches(call.caller, Action.POLICY_WRITE, [Owner(units=frozenset({unit.id}))])
    ]
    return show_policy(policy, sorted(mine))


async def list_policies(call: Call) -> Answer:
    """List policies."""
    everything = call.deps.rules().directory.policies.values()
    page, following, headers = cut_page(call, ids.POLICY, "/v1/policies", everything)
    return Answer(body=Policies([_with_units(call, policy) for policy in page], following), headers=headers)


async def add_policy(call: Call) -> Answer:
    """Add a policy."""
    body: NewPolicy = call.body
    return await make(
        call,
        lambda desk: policies.add_policy(
            desk,
            call.caller,
            _grounds(call),
            name=body.name,
            steps=tuple(step.step() for step in body.steps),
            loops=body.loops,
            still_active=span_of(body.still_active_s),
            ask_wait=timedelta(seconds=body.ask_wait_s),
            approval=call.deps.rules().policy_approval,
        ),
        lambda made: _with_units(call, made),
        at="/v1/policies",
    )


async def get_policy(call: Call) -> Answer:
    """Show a policy."""
    policy = find(call.deps.rules().directory.policies, call.id(ids.POLICY, "policy_id"))
    return Answer(body=_with_units(call, policy))


async def change_policy(call: Call) -> Answer:
    """Change a policy."""
    body: PolicyChange = call.body
    steps = given(body.steps)
    ask_wait_s = given(body.ask_wait_s)
    after = await policies.change_policy(
        call.deps.desk,
        call.caller,
        _grounds(call),
        call.id(ids.POLICY, "policy_id"),
        name=given(body.name),
        steps=tuple(step.step() for step in steps) if steps else None,
        loops=given(body.loops),
        still_active=span_of(given(body.still_active_s)),
        never_still_active=body.still_active_s is None,
        ask_wait=span_of(ask_wait_s),
        disabled=given(body.disabled),
        approval=call.deps.rules().policy_approval,
    )
    return await changed(call, Answer(body=_with_units(call, after)))


def _grounds(call: Call) -> Grounds:
    rules = call.deps.rules()
    return Grounds(rules.directory, rules.desk, rules.waits)


def _id(prefix: str, written: str | None) -> UUID | None:
    return ids.read_id(prefix, written) if written else None


_EXAMPLE = {
    "name": "Monitor alarm",
    "steps": [
        {"targets": ["bed:primary"], "wait_s": 60},
        {"targets": ["bed:secondary", "bed:tertiary"], "wait_s": 60},
        {"targets": ["desk"], "wait_s": 60},
    ],
}
_PLACED = (*NAMED, Code.INVALID)
_STEPS = (
    *NAMED, Code.APPROVAL_REQUIRED, Code.POLICY_INVALID, Code.UNREACHABLE_END, Code.RECIPIENT_UNKNOWN,
    Code.RECIPIENT_AMBIGUOUS,
)  # fmt: skip

OPERATIONS = (
    read_operation("listPlaces", "/v1/places", "List all places.", list_places, Places, *PAGE),
    write_operation(
        "addPlace", "POST", "/v1/places", "Add a site, a building, a unit, a room or a bed.",
        add_place, NewPlace, 201, PlaceOut, *_PLACED,
        example={"kind": "unit", "name": "4 West"},
    ),
    read_operation("getPlace", "/v1/places/{place_id}", "Show a place with who has it.", get_place, PlaceOut),
    write_operation(
        "changePlace", "PATCH", "/v1/places/{place_id}", "Change a place.",
        change_place, PlaceChange, 200, PlaceOut, *_PLACED, guarded=True, example={"name": "4 West B"},
    ),
    write_operation(
        "assignBeds", "POST", "/v1/assignments",
        "Give beds to people, a whole shift at once. Of overlapping assignments of a rank the latest written holds.",
        assign, NewAssignments, 201, Assigned, Code.NOT_FOUND, Code.INVALID, Code.COMMIT_UNKNOWN,
        action=Action.BED_ASSIGN, find=find_beds,
    ),
    write_operation(
        "cancelAssignment", "DELETE", "/v1/assignments/{assignment_id}", "Take a bed from somebody.",
        cancel_assignment, None, 204, None, Code.NOT_FOUND, Code.COMMIT_UNKNOWN,
        action=Action.BED_ASSIGN, find=find_assignment,
    ),
    read_operation("listPolicies", "/v1/policies", "List escalation policies.", list_policies, Policies, *PAGE),
    write_operation(
        "addPolicy", "POST", "/v1/policies", "Add an escalation policy.",
        add_policy, NewPolicy, 201, PolicyOut, *_STEPS, example=_EXAMPLE,
    ),
    read_operation("getPolicy", "/v1/policies/{policy_id}", "Show an escalation policy.", get_policy, PolicyOut),
    write_operation(
        "changePolicy", "PATCH", "/v1/policies/{policy_id}",
        "Change a policy. Alerts that run go on by the version that they began with.",
        change_policy, PolicyChange, 200, PolicyOut, *_STEPS, example={"loops": 1},
    ),
)  # fmt: skip
