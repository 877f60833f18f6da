"""Drafts of policies: written, tried on scenes, approved, published or dropped. Each change is a fact.

Only what is published is a policy, and a version of its own, kept for good; running alerts keep theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.policies import digest_of
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_line, clean_name
from wardwire.model.policy import ASK_WAIT, STILL_ACTIVE, Policy, Step, check_policy
from wardwire.model.policy_draft import (
    MAX_NOTE,
    Draft,
    DraftState,
    Version,
    approve,
    check_open,
    check_publishable,
    tried,
    who_is,
)
from wardwire.model.rights import Caller
from wardwire.model.scene import Grounds, Outcome, Scene, check_end, check_scene, play
from wardwire.store import drafts as store
from wardwire.store import policies
from wardwire.store.policies import Signed

Played = tuple[tuple[Scene, Outcome], ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A draft with what was played of it, and the policy that it has become; None = it waits for an approval."""

    draft: Draft
    played: Played
    policy: Policy | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a draft says, or is to say: what is None is taken from the policy that it changes."""

    name: str | None = None
    steps: tuple[Step, ...] | None = None
    loops: int | None = None
    still_active: timedelta | None = None
    never_still_active: bool = False
    ask_wait: timedelta | None = None

    def over(self, before: Policy) -> Policy:
        """Return a policy with this text."""
        return before._replace(
            name=before.name if self.name is None else clean_name(self.name),
            steps=before.steps if self.steps is None else self.steps,
            loops=before.loops if self.loops is None else self.loops,
            still_active=None if self.never_still_active else self.still_active or before.still_active,
            ask_wait=self.ask_wait or before.ask_wait,
        )


async def add_draft(
    desk: DirectoryDesk,
    caller: Caller,
    grounds: Grounds,
    text: Text,
    *,
    policy_id: UUID | None = None,
    note: str = "",
) -> Draft:
    """Begin a draft, of a policy or of a new one.

    Raises:
        Refused: `POLICY_INVALID`, `RECIPIENT_UNKNOWN` and its like, `NOT_FOUND`, `NOT_PERMITTED`, and what a name or
            a note may not be.
    """
    note = clean_line(note, "/note", MAX_NOTE)

    async def work(change: Change) -> Draft:
        if policy_id is None:
            if text.name is None or text.steps is None:
                raise Refused(Code.INVALID, "a new policy needs a name and steps", pointer="/name")
            fresh = Policy(ids.new_id(change.now), "", 0, (), 0, STILL_ACTIVE, ASK_WAIT)
        else:
            fresh = await _lock_policy(change, policy_id)
        policy = text.over(fresh)
        check_policy(policy, grounds.directory)
        draft = Draft(ids.new_id(change.now), policy, 1, who_is(caller), note)
        await store.insert_draft(change.connection, draft, change.now)
        change.record("policy_drafted", _told(draft))
        return draft

    return await desk.change(caller, work)


async def change_draft(
    desk: DirectoryDesk,
    caller: Caller,
    grounds: Grounds,
    draft_id: UUID,
    text: Text,
    *,
    note: str | None = None,
    scenes: Sequence[Scene] | None = None,
    revision: int | None = None,
) -> Draft:
    """Change what a draft says: it is another revision, of whoever changes it, and must be simulated anew.

    Args:
        scenes: Those that are kept; None = all.
        revision: What the caller has read; None = whatever it is.

    Raises:
        Refused: As `add_draft`, and `CHANGED_SINCE`, `TOO_LATE`.
    """
    note = None if note is None else clean_line(note, "/note", MAX_NOTE)

    def edit(change: Change, before: Draft) -> Draft:
        policy = text.over(before.policy)
        check_policy(policy, grounds.directory)
        kept = before.scenes if scenes is None else tuple(scenes)
        return before._replace(
            policy=policy,
            revision=before.revision + 1,
            author=who_is(caller),
            note=before.note if note is None else note,
            scenes=kept,
        )

    return await _change(desk, caller, draft_id, revision, "draft_changed", edit)


async def simulate_draft(
    desk: DirectoryDesk,
    caller: Caller,
    grounds: Grounds,
    draft_id: UUID,
    scene: Scene,
    *,
    revision: int | None = None,
) -> tuple[Draft, Outcome]:
    """Play a scene, and keep it with the draft: it is played again before the draft is published.

    Raises:
        Refused: `INVALID`, `PLACE_UNKNOWN`, `RECIPIENT_UNKNOWN` and its like, `TOO_MANY`, and as `change_draft`.
    """
    outcomes: list[Outcome] = []

    def edit(change: Change, before: Draft) -> Draft:
        check_scene(scene, change.now)
        outcomes.append(play(before.policy, scene, grounds))
        return tried(before, scene)

    draft = await _change(desk, caller, draft_id, revision, "draft_simulated", edit)
    return draft, outcomes[-1]


async def approve_draft(desk: DirectoryDesk, caller: Caller, draft_id: UUID, *, revision: int | None = None) -> Draft:
    """Approve a draft as it is now, as a second person.

    Raises:
        Refused: `APPROVAL_REQUIRED` of the author's own, `NOT_SIMULATED`, and as `change_draft`.
    """
    return await _change(
        desk, caller, draft_id, revision, "draft_approved", lambda change, before: approve(before, who_is(caller))
    )


async def drop_draft(desk: DirectoryDesk, caller: Caller, draft_id: UUID, *, revision: int | None = None) -> None:
    """Drop a draft; it is kept, and open no more.

    Raises:
        Refused: As `change_draft`.
    """
    dropped = DraftState.DROPPED
    await _change(desk, caller, draft_id, revision, "draft_dropped", lambda _, before: before._replace(state=dropped))


async def publish_draft(
    desk: DirectoryDesk,
    caller: Caller,
    grounds: Grounds,
    draft_id: UUID,
    *,
    approval: bool,
    revision: int | None = None,
) -> Published:
    """Make a draft the policy: alerts that begin from now on go by it.

    Every scene is played again with the directory as it is now.

    Raises:
        Refused: `UNREACHABLE_END`, `NOT_SIMULATED`, `APPROVAL_REQUIRED`, `CONFLICT`, `NAME_TAKEN`, and as
            `change_draft`.
    """

    async def work(change: Change) -> Published:
        draft = await _lock(change, draft_id, revision)
        return await _publish(change, grounds, draft, approval=approval, new=draft.policy.version == 0)

    return await desk.change(caller, work)


async def roll_back(
    desk: DirectoryDesk,
    caller: Caller,
    grounds: Grounds,
    policy_id: UUID,
    number: int,
    *,
    approval: bool,
    scenes: Sequence[Scene] = (),
    note: str = "",
) -> Published:
    """Go back to what a policy was in an older version, by one action: a draft, simulated, and published.

    It keeps its name. Where the site asks for a second person the draft waits for the approval.

    Args:
        scenes: What it is tried on; () = what the policy was last tried on, or an alert of no place now.

    Raises:
        Refused: `NOT_FOUND`, and as `publish_draft`.
    """
    note = clean_line(note, "/note", MAX_NOTE) or f"back to v{number}"

    async def work(change: Change) -> Published:
        current = await _lock_policy(change, policy_id)
        versions = await store.list_versions(change.connection, policy_id)
        wanted = next((version.policy for version, _ in versions if version.number == number), None)
        if wanted is None:
            raise Refused(Code.NOT_FOUND, f"this policy has no version v{number}", pointer="/to")
        policy = wanted._replace(version=current.version, name=current.name)
        check_policy(policy, grounds.directory)
        tried_on = tuple(scenes) or await store.last_scenes(change.connection, policy_id) or (Scene(change.now),)
        draft = Draft(ids.new_id(change.now), policy, 1, who_is(caller), note)
        for scene in tried_on:
            check_scene(scene, change.now)
            draft = tried(draft, scene)
        await store.insert_draft(change.connection, draft, change.now)
        change.record("policy_drafted", _told(draft) | {"back_to": number})
        if approval:
            played = _play(draft, grounds)
            check_end(played)
            return Published(draft, played, None)
        return await _publish(change, grounds, draft, approval=False, new=False)

    return await desk.change(caller, work)


async def _publish(change: Change, grounds: Grounds, draft: Draft, *, approval: bool, new: bool) -> Published:
    current = None if new else await _lock_policy(change, draft.policy.id)
    check_publishable(draft, current, approval=approval)
    check_policy(draft.policy, grounds.directory)
    played = _play(draft, grounds)
    check_end(played)
    policy = draft.policy._replace(version=change.version, disabled=current.disabled if current else False)
    approver = draft.approver if draft.approved == draft.revision else ""
    signed = Signed(draft.author, approver, draft.note)
    versions = await store.list_versions(change.connection, policy.id)
    if current is None:
        await policies.insert_policy(change.connection, policy, change.now, signed)
    else:
        await policies.update_policy(change.connection, policy, change.now, signed)
    after = draft._replace(state=DraftState.PUBLISHED)
    await store.update_draft(change.connection, after, change.now)
    told = {
        **_told(after),
        "number": len(versions) + 1,
        "digest": digest_of(policy),
        "before": _version_told(versions[-1][0]) if versions else None,
        "approver": approver or None,
        "worst_case_s": max(outcome.worst_case.total_seconds() for _, outcome in played),
    }
    change.record("policy_published", told)
    return Published(after, played, policy)


def _play(draft: Draft, grounds: Grounds) -> Played:
    return tuple((scene, play(draft.policy, scene, grounds)) for scene in draft.scenes)


async def _change(
    desk: DirectoryDesk,
    caller: Caller,
    draft_id: UUID,
    revision: int | None,
    what: str,
    edit: Callable[[Change, Draft], Draft],
) -> Draft:
    async def work(change: Change) -> Draft:
        after = edit(change, await _lock(change, draft_id, revision))
        await store.update_draft(change.connection, after, change.now)
        change.record(what, _told(after))
        return after

    return await desk.change(caller, work)


async def _lock(change: Change, draft_id: UUID, revision: int | None) -> Draft:
    draft = await store.lock_draft(change.connection, draft_id)
    if draft is None:
        raise Refused(Code.NOT_FOUND, "there is no such draft")
    check_open(draft, revision)
    return draft


async def _lock_policy(change: Change, policy_id: UUID) -> Policy:
    policy = await policies.lock_policy(change.connection, policy_id)
    if policy is None:
        raise Refused(Code.NOT_FOUND, "there is no such policy")
    return policy


def _version_told(version: Version) -> dict[str, Any]:
    return {"number": version.number, "version": version.policy.version, "digest": digest_of(version.policy)}


def _told(draft: Draft) -> dict[str, Any]:
    return {
        "draft": ids.write_id(ids.DRAFT, draft.id),
        "revision": draft.revision,
        "policy": ids.write_id(ids.POLICY, draft.policy.id),
        "name": draft.policy.name,
        "digest": digest_of(draft.policy),
        "author": draft.author,
        "scenes": len(draft.scenes),
    }
