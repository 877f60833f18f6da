"""A draft of a policy: written by somebody, tried on scenes, approved by somebody else, then published or dropped.

Nobody is called by a draft. What makes one fit to be published is decided here, purely.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.policy import Policy
from wardwire.model.priority import Word
from wardwire.model.rights import Caller
from wardwire.model.scene import MAX_SCENES, Scene

MAX_NOTE = 200


class DraftState(Word):
    """What has become of a draft."""

    OPEN = "open"
    PUBLISHED = "published"
    DROPPED = "dropped"


class Draft(NamedTuple):
    """A draft as it stands.

    Attributes:
        policy: What is to be published; its id is that of the policy that it changes, or of the one to be made. Its
            version is that which it was begun from; 0 = of a new one.
        revision: Counts what it has said: an approval and a simulation are of one revision.
        author: Who wrote this revision, as `who_is` says.
        note: Why, in the author's words.
        scenes: What it was tried on, the last one last.
        simulated: The revision that was tried last; 0 = none.
        approved: The revision that `approver` has approved; 0 = none.
    """

    id: UUID
    policy: Policy
    revision: int
    author: str
    note: str = ""
    scenes: tuple[Scene, ...] = ()
    simulated: int = 0
    approver: str = ""
    approved: int = 0
    state: DraftState = DraftState.OPEN


class Version(NamedTuple):
    """A version of a policy that was published once; kept for good.

    Attributes:
        number: Counted from 1 for each policy; people write `v7`.
        author: Who wrote it; "" = entered without a draft.
        approver: Who approved it; "" = nobody had to.
    """

    number: int
    policy: Policy
    author: str = ""
    approver: str = ""
    note: str = ""


def who_is(caller: Caller) -> str:
    """Say who somebody is, whichever device or session they speak through: a person, or an integration."""
    return ids.write_id(ids.PERSON, caller.person_id) if caller.person_id else caller.source


def check_open(draft: Draft, revision: int | None) -> None:
    """Refuse what is not to be changed any more, or was changed by somebody else in the meantime.

    Raises:
        Refused: `TOO_LATE`, `CHANGED_SINCE`.
    """
    if draft.state is not DraftState.OPEN:
        raise Refused(Code.TOO_LATE, f"this draft is {draft.state} already")
    if revision is not None and revision != draft.revision:
        raise Refused(Code.CHANGED_SINCE, f"this draft is at revision {draft.revision} now", parameter="If-Match")


def tried(draft: Draft, scene: Scene) -> Draft:
    """Return the draft with a scene that it was tried on; one that it had is not kept twice.

    Raises:
        Refused: `TOO_MANY`.
    """
    scenes = (*(one for one in draft.scenes if one != scene), scene)
    if len(scenes) > MAX_SCENES:
        raise Refused(Code.TOO_MANY, f"a draft keeps {MAX_SCENES} scenes at most", limit=MAX_SCENES)
    return draft._replace(scenes=scenes, simulated=draft.revision)


def approve(draft: Draft, approver: str) -> Draft:
    """Return the draft with somebody's approval of this revision.

    Raises:
        Refused: `APPROVAL_REQUIRED` of its author's own; `NOT_SIMULATED` of what nobody has seen at work.
    """
    if approver == draft.author:
        raise Refused(Code.APPROVAL_REQUIRED, "a second person must approve it: you wrote it")
    _check_simulated(draft)
    return draft._replace(approver=approver, approved=draft.revision)


def check_publishable(draft: Draft, current: Policy | None, *, approval: bool) -> None:
    """Refuse a draft that must not be published; whether its end is reached is asked of its scenes.

    Args:
        current: The policy as it is now; None = it is new.
        approval: Whether the site asks for a second person.

    Raises:
        Refused: `CONFLICT` when the policy was changed since the draft was begun, `NOT_SIMULATED`,
            `APPROVAL_REQUIRED`.
    """
    if current is not None and current.version != draft.policy.version:
        raise Refused(Code.CONFLICT, "the policy was changed after this draft was begun: begin another one")
    _check_simulated(draft)
    if approval and draft.approved != draft.revision:
        raise Refused(Code.APPROVAL_REQUIRED, "a second person must approve this revision before it is published")


def _check_simulated(draft: Draft) -> None:
    if draft.simulated != draft.revision:
        raise Refused(Code.NOT_SIMULATED, "simulate it as it is now: at a time, for a bed or for people")
