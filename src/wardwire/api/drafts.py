"""Drafts of policies over HTTP: simulate, approve, publish; what a policy was, and the way back to it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from wardwire.api.directory import changed, find, given, read_operation, write_operation
from wardwire.api.draft_wire import (
    DraftChange,
    DraftOut,
    Drafts,
    NewDraft,
    RollBack,
    SceneIn,
    Simulation,
    VersionOut,
    Versions,
    show_draft,
    show_simulation,
    show_version,
)
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call, Found, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.api.versions import etag, expected_version
from wardwire.directory import drafts
from wardwire.directory.drafts import Published, Text
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Owner, reaches
from wardwire.model.people import Directory
from wardwire.model.policy_draft import Draft
from wardwire.model.scene import Grounds, check_scene, play
from wardwire.store import drafts as store
from wardwire.store.policies import span_of

_NOBODY = UUID(int=0)


def _played(call: Call, draft: Draft) -> list[Simulation]:
    """Play the scenes of a draft; one that cannot be played any more is left out: publishing says why."""
    grounds, found = _grounds(call), []
    for scene in draft.scenes:
        try:
            found.append(show_simulation(scene, play(draft.policy, scene, grounds), grounds.directory))
        except Refused:
            continue
    return found


def _shown(call: Call, draft: Draft) -> Answer:
    return Answer(body=show_draft(draft, _played(call, draft)), headers=etag(draft.revision))


def _grounds(call: Call) -> Grounds:
    rules = call.deps.rules()
    return Grounds(rules.directory, rules.desk, rules.waits)


def _text(body: NewDraft | DraftChange) -> Text:
    return Text(
        name=body.name,
        steps=tuple(step.step() for step in body.steps) if body.steps else None,
        loops=body.loops,
        still_active=span_of(given(body.still_active_s)),
        never_still_active=body.still_active_s is None,
        ask_wait=None if body.ask_wait_s is None else timedelta(seconds=body.ask_wait_s),
    )


# Whose it is -----------------------------------------------------------------------------------------------------


def owners_of(policy_id: UUID, directory: Directory) -> list[Owner]:
    """Return whose a policy is: of each unit that goes by it, so that who changes it must manage them all."""
    units = [place.id for place in directory.places.values() if place.policy == policy_id]
    return [Owner(units=frozenset({unit})) for unit in units]


async def find_policy(call: Call) -> Found:
    """Find whose the policy of the path is."""
    return Found(owners_of(call.id(ids.POLICY, "policy_id"), call.deps.rules().directory))


async def find_drafted(call: Call) -> Found:
    """Find whose the policy is of which a draft is begun; a new one is nobody's yet."""
    body: NewDraft = call.body
    if body.policy is None:
        return Found([])
    return Found(owners_of(ids.read_id(ids.POLICY, body.policy), call.deps.rules().directory))


async def find_draft(call: Call) -> Found:
    """Find the draft of the path, and whose its policy is."""
    draft_id = call.id(ids.DRAFT, "draft_id")
    draft = await call.read(lambda connection: store.read_draft(connection, draft_id))
    return Found(owners_of(draft.policy.id, call.deps.rules().directory) if draft else [], draft)


# What is asked ---------------------------------------------------------------------------------------------------


async def list_drafts(call: Call) -> Answer:
    """List open drafts: of those policies that the caller may change."""
    limit = call.query["limit"]
    after = read_cursor(ids.DRAFT, call.query["after"], _NOBODY)
    found = await call.read(lambda connection: store.list_open_drafts(connection, after, limit + 1))
    page, following, headers = cut(found, limit, lambda one: ids.write_id(ids.DRAFT, one.id), "/v1/policy-drafts")
    directory = call.deps.rules().directory
    seen = [one for one in page if reaches(call.caller, Action.POLICY_WRITE, owners_of(one.policy.id, directory))]
    return Answer(body=Drafts([show_draft(draft, []) for draft in seen], following), headers=headers)


async def add_draft(call: Call) -> Answer:
    """Begin a draft."""
    body: NewDraft = call.body
    policy_id = ids.read_id(ids.POLICY, body.policy) if body.policy else None
    return await make(
        call,
        lambda desk: drafts.add_draft(
            desk, call.caller, _grounds(call), _text(body), policy_id=policy_id, note=body.note
        ),
        lambda made: show_draft(made, []),
        at="/v1/policy-drafts",
    )


async def get_draft(call: Call) -> Answer:
    """Show a draft with its simulations as of now."""
    draft: Draft | None = call.thing
    if draft is None:
        raise Refused(Code.NOT_FOUND, "there is no such draft")
    return _shown(call, draft)


async def change_draft(call: Call) -> Answer:
    """Change a draft."""
    body: DraftChange = call.body
    now = call.deps.clock.now()
    after = await drafts.change_draft(
        call.deps.desk,
        call.caller,
        _grounds(call),
        call.id(ids.DRAFT, "draft_id"),
        _text(body),
        note=body.note,
        scenes=None if body.scenes is None else [scene.scene(now) for scene in body.scenes],
        revision=expected_version(call),
    )
    return _shown(call, after)


async def drop_draft(call: Call) -> Answer:
    """Drop a draft."""
    draft_id, revision = call.id(ids.DRAFT, "draft_id"), expected_version(call)
    await drafts.drop_draft(call.deps.desk, call.caller, draft_id, revision=revision)
    return Answer(status=204)


async def simulate_draft(call: Call) -> Answer:
    """Play a scene of a draft."""
    body: SceneIn = call.body
    grounds, scene = _grounds(call), body.scene(call.deps.clock.now())
    draft, outcome = await drafts.simulate_draft(
        call.deps.desk,
        call.caller,
        grounds,
        call.id(ids.DRAFT, "draft_id"),
        scene,
        revision=expected_version(call),
    )
    return Answer(body=show_simulation(scene, outcome, grounds.directory), headers=etag(draft.revision))


async def approve_draft(call: Call) -> Answer:
    """Approve a draft."""
    draft_id, revision = call.id(ids.DRAFT, "draft_id"), expected_version(call)
    return _shown(call, await drafts.approve_draft(call.deps.desk, call.caller, draft_id, revision=revision))


async def publish_draft(call: Call) -> Answer:
    """Publish a draft."""
    published = await drafts.publish_draft(
        call.deps.desk,
        call.caller,
        _grounds(call),
        call.id(ids.DRAFT, "draft_id"),
        approval=call.deps.rules().policy_approval,
        revision=expected_version(call),
    )
    return await changed(call, _published(call, published))


def _published(call: Call, published: Published) -> Answer:
    directory = call.deps.rules().directory
    shown = [show_simulation(scene, outcome, directory) for scene, outcome in published.played]
    return Answer(body=show_draft(published.draft, shown), headers=etag(published.draft.revision))


async def simulate_policy(call: Call) -> Answer:
    """Play a scene of a policy as it is."""
    body: SceneIn = call.body
    now, grounds = call.deps.clock.now(), _grounds(call)
    policy = find(grounds.directory.policies, call.id(ids.POLICY, "policy_id"))
    scene = body.scene(now)
    check_scene(scene, now)
    return Answer(body=show_simulation(scene, play(policy, scene, grounds), grounds.directory))


async def list_versions(call: Call) -> Answer:
    """List the versions of a policy."""
    policy_id = call.id(ids.POLICY, "policy_id")
    find(call.deps.rules().directory.policies, policy_id)
    found = await call.read(lambda connection: store.list_versions(connection, policy_id))
    before = [None, *(version.policy for version, _ in found)]
    shown = [show_version(version, at, former) for (version, at), former in zip(found, before, strict=False)]
    return Answer(body=Versions(shown))


async def diff_versions(call: Call) -> Answer:
    """Say what differs between two versions of a policy."""
    policy_id = call.id(ids.POLICY, "policy_id")
    find(call.deps.rules().directory.policies, policy_id)
    found = {
        version.number: (version, at)
        for version, at in await call.read(lambda connection: store.list_versions(connection, policy_id))
    }
    after = call.query["to"] or max(found)
    before = call.query["from"] or max(1, after - 1)
    for name, number in (("from", before), ("to", after)):
        if number not in found:
            raise Refused(Code.INVALID, f"versions are 1 to {max(found)}", parameter=name)
    return Answer(body=show_version(*found[after], found[before][0].policy))


async def roll_back(call: Call) -> Answer:
    """Go back to a version."""
    body: RollBack = call.body
    now = call.deps.clock.now()
    published = await drafts.roll_back(
        call.deps.desk,
        call.caller,
        _grounds(call),
        call.id(ids.POLICY, "policy_id"),
        body.to,
        approval=call.deps.rules().policy_approval,
        scenes=[scene.scene(now) for scene in body.scenes],
        note=body.note,
    )
    return await changed(call, _published(call, published))


_SCENE = {"at": "2026-12-13T03:00:00-06:00", "place": "bed:4W-12"}
_NAMES = (
    Code.PLACE_UNKNOWN, Code.RECIPIENT_UNKNOWN, Code.RECIPIENT_AMBIGUOUS, Code.RECIPIENT_DISABLED, Code.GROUP_EMPTY,
    Code.ROLE_VACANT,
)  # fmt: skip
_DRAFT = (Code.NOT_FOUND, Code.TOO_LATE, Code.COMMIT_UNKNOWN)
_TEXT = (
    *_DRAFT, Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.POLICY_INVALID, Code.RECIPIENT_UNKNOWN,
    Code.RECIPIENT_AMBIGUOUS,
)  # fmt: skip
_SIGNED = (
    *_TEXT, *_NAMES, Code.NAME_TAKEN, Code.CONFLICT, Code.UNREACHABLE_END, Code.NOT_SIMULATED, Code.APPROVAL_REQUIRED,
)  # fmt: skip
_FROM = Query(name="from", kind="integer", about="The older version; by default the one before.", least=1, most=10**9)
_TO = Query(name="to", kind="integer", about="The newer version; by default the newest.", least=1, most=10**9)
_AT = "/v1/policy-drafts/{draft_id}"

OPERATIONS = (
    read_operation(
        "listDrafts", "/v1/policy-drafts", "List open drafts of policies.", list_drafts, Drafts, LIMIT, AFTER,
        action=Action.POLICY_WRITE, narrows=True,
    ),
    write_operation(
        "addDraft", "POST", "/v1/policy-drafts", "Begin a draft of a policy: nobody is called by it.",
        add_draft, NewDraft, 201, DraftOut, *_TEXT, action=Action.POLICY_WRITE, find=find_drafted,
        example={"name": "Monitor alarm", "steps": [{"targets": ["bed:primary"], "wait_s": 90}]},
    ),
    read_operation(
        "getDraft", _AT, "Show a draft with its simulations, as of now.", get_draft, DraftOut,
        action=Action.POLICY_WRITE, find=find_draft,
    ),
    write_operation(
        "changeDraft", "PATCH", _AT, "Change a draft; it must be simulated, and approved, anew.",
        change_draft, DraftChange, 200, DraftOut, *_TEXT, example={"loops": 1},
        guarded=True, action=Action.POLICY_WRITE, find=find_draft,
    ),
    write_operation(
        "dropDraft", "DELETE", _AT, "Drop a draft.", drop_draft, None, 204, None, *_DRAFT,
        guarded=True, action=Action.POLICY_WRITE, find=find_draft,
    ),
    write_operation(
        "simulateDraft", "POST", f"{_AT}/simulate",
        "Show whom an alert would call, and when, if nobody answered. The scene is kept; publishing plays it again.",
        simulate_draft, SceneIn, 200, Simulation, *_DRAFT, *_NAMES, Code.TOO_MANY, example=_SCENE,
        guarded=True, action=Action.POLICY_WRITE, find=find_draft,
    ),
    write_operation(
        "approveDraft", "POST", f"{_AT}/approve", "Approve a draft as a second person, as it is now.",
        approve_draft, None, 200, DraftOut, *_DRAFT, Code.NOT_SIMULATED, Code.APPROVAL_REQUIRED,
        guarded=True, action=Action.POLICY_WRITE, find=find_draft,
    ),
    write_operation(
        "publishDraft", "POST", f"{_AT}/publish",
        "Publish a draft: alerts that begin from now on go by it. Refused when a scene ends at nobody.",
        publish_draft, None, 200, DraftOut, *_SIGNED,
        guarded=True, action=Action.POLICY_WRITE, find=find_draft,
    ),
    write_operation(
        "simulatePolicy", "POST", "/v1/policies/{policy_id}/simulate",
        "Show whom an alert by this policy would call, and when, if nobody answered.",
        simulate_policy, SceneIn, 200, Simulation, Code.NOT_FOUND, *_NAMES, example=_SCENE,
        action=Action.POLICY_WRITE, find=find_policy,
    ),
    read_operation(
        "listVersions", "/v1/policies/{policy_id}/versions", "List the versions of a policy with what each changed.",
        list_versions, Versions,
    ),
    read_operation(
        "diffVersions", "/v1/policies/{policy_id}/diff", "Say what differs between two versions of a policy.",
        diff_versions, VersionOut, _FROM, _TO,
    ),
    write_operation(
        "rollBack", "POST", "/v1/policies/{policy_id}/rollback",
        "Go back to an older version: simulated, and signed, like any other.",
        roll_back, RollBack, 200, DraftOut, *_SIGNED, example={"to": 7},
        action=Action.POLICY_WRITE, find=find_policy,
    ),
)  # fmt: skip
