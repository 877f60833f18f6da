"""The shapes of drafts of policies, of their simulations and versions; and how each is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wardwire.api.places import Loops, PolicyId, PolicyOut, Span, Steps, show_policy
from wardwire.api.wire import Instant, Name
from wardwire.model import ids
from wardwire.model.message import MAX_TARGETS
from wardwire.model.people import Directory
from wardwire.model.policy import Policy
from wardwire.model.policy_diff import Difference, diff_policies
from wardwire.model.policy_draft import MAX_NOTE, Draft, DraftState, Version
from wardwire.model.priority import Priority
from wardwire.model.scene import MAX_SCENES, Outcome, Scene

Note = Annotated[str, Meta(max_length=MAX_NOTE, description="Why, for whoever reads the versions later.")]
Number = Annotated[int, Meta(ge=1, description="A version, counted from 1 for each policy.")]


class SceneIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An alert that is imagined: at a time (without one: now), at a place, to people named beside the policy."""

    at: Instant | None = None
    place: Annotated[str, Meta(max_length=130)] = ""
    priority: Priority = Priority.HIGH
    to: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=130)], ...], Meta(max_length=MAX_TARGETS)] = ()

    def scene(self, now: datetime) -> Scene:
        """Return it as the rules take it."""
        return Scene(self.at or now, self.place, self.priority, self.to)


class NewDraft(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A draft to be begun: of a `policy` (what is left out is as there), or of a new one with `name` and `steps`."""

    policy: PolicyId | None = None
    name: Name | None = None
    steps: Steps | None = None
    loops: Loops | None = None
    still_active_s: Span | UnsetType | None = UNSET
    ask_wait_s: Span | None = None
    note: Note = ""


class DraftChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is to change of a draft; it must be simulated anew. `scenes` names those that are kept, all by default."""

    name: Name | None = None
    steps: Steps | None = None
    loops: Loops | None = None
    still_active_s: Span | UnsetType | None = UNSET
    ask_wait_s: Span | None = None
    note: Note | None = None
    scenes: Annotated[tuple[SceneIn, ...], Meta(max_length=MAX_SCENES)] | None = None


class Called(msgspec.Struct, frozen=True):
    """Somebody who would be called."""

    id: str
    name: str


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of what would happen; `after_s` from the beginning.

    `empty` says of each target of the step that calls nobody who could answer why; `skipped`: so the step is passed
    over at once. `desk`: a technical alarm at the operators' desk; `part`: the part of a team that is missing.
    """

    at: datetime
    after_s: float
    step: int
    round: int
    why: str
    people: list[Called]
    empty: dict[str, str] = {}
    skipped: bool = False
    desk: bool = False
    part: str = ""


class BeyondOut(msgspec.Struct, frozen=True):
    """Endpoints of somebody that are not tried within their step, because it is over before."""

    step: int
    person: str
    endpoints: list[str]


class Simulation(msgspec.Struct, frozen=True):
    """What would happen if nobody answered, by the rules of a running alert and the directory as it is.

    `worst_case_s`: after so long the operators' desk is called. `unreachable_end`: the last step reaches nobody.
    `desk_unattended`: nobody at the desk could hear of it at that moment.
    """

    at: datetime
    place: str
    priority: Priority
    to: list[str]
    lines: list[Line]
    worst_case_s: float
    unreachable_end: bool
    desk_unattended: bool
    beyond: list[BeyondOut]


class DraftOut(msgspec.Struct, frozen=True):
    """A draft. `text` is what would be published; `simulations` are its scenes played with the directory as it is."""

    id: str
    policy: str
    revision: int
    state: DraftState
    author: str
    approver: str
    approved: bool
    simulated: bool
    note: str
    text: PolicyOut
    simulations: list[Simulation]


class Drafts(msgspec.Struct, frozen=True):
    """A page of open drafts, without their simulations."""

    data: list[DraftOut]
    next: str | None


class DifferenceOut(msgspec.Struct, frozen=True):
    """One difference between two versions, in words; "" = there was, or is, none of it."""

    what: str
    before: str
    after: str


class VersionOut(msgspec.Struct, frozen=True):
    """A version of a policy: who wrote and approved it, and what it changed of the one before."""

    number: int
    made_at: datetime
    author: str
    approver: str
    note: str
    text: PolicyOut
    changes: list[DifferenceOut]


class Versions(msgspec.Struct, frozen=True):
    """Every version of a policy, the first one first."""

    data: list[VersionOut]


class RollBack(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Back to a version. Without `scenes` it is tried on what the policy was last tried on."""

    to: Number
    note: Note = ""
    scenes: Annotated[tuple[SceneIn, ...], Meta(max_length=MAX_SCENES)] = ()


# What is shown ---------------------------------------------------------------------------------------------------


def show_simulation(scene: Scene, outcome: Outcome, directory: Directory) -> Simulation:
    """Say what would happen."""
    return Simulation(
        at=scene.at,
        place=scene.place,
        priority=scene.priority,
        to=list(scene.to),
        lines=[
            Line(
                at=line.at,
                after_s=(line.at - scene.at).total_seconds(),
                step=line.step,
                round=line.round,
                why=line.why,
                people=[Called(ids.write_id(ids.PERSON, who), directory.person_name(who)) for who in line.people],
                empty=dict(line.empty),
                skipped=line.skipped,
                desk=line.desk,
                part=line.part,
            )
            for line in outcome.lines
        ],
        worst_case_s=outcome.worst_case.total_seconds(),
        unreachable_end=not outcome.reaches_end,
        desk_unattended=not outcome.attended,
        beyond=[BeyondOut(one.step, directory.person_name(one.person), list(one.kinds)) for one in outcome.beyond],
    )


def show_differences(before: Policy | None, after: Policy) -> list[DifferenceOut]:
    """Say what differs; of a first version nothing does."""
    found: tuple[Difference, ...] = diff_policies(before, after) if before else ()
    return [DifferenceOut(*one) for one in found]


def show_version(version: Version, made_at: datetime, before: Policy | None) -> VersionOut:
    """Say what a version is."""
    return VersionOut(
        number=version.number,
        made_at=made_at,
        author=version.author,
        approver=version.approver,
        note=version.note,
        text=show_policy(version.policy),
        changes=show_differences(before, version.policy),
    )


def show_draft(draft: Draft, simulations: list[Simulation]) -> DraftOut:
    """Say how a draft stands."""
    return DraftOut(
        id=ids.write_id(ids.DRAFT, draft.id),
        policy=ids.write_id(ids.POLICY, draft.policy.id),
        revision=draft.revision,
        state=draft.state,
        author=draft.author,
        approver=draft.approver,
        approved=draft.approved == draft.revision,
        simulated=draft.simulated == draft.revision,
        note=draft.note,
        text=show_policy(draft.policy),
        simulations=simulations,
    )
