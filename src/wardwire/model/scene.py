"""Scenes: a draft of a policy is tried on them before anybody goes by it. Pure, by the rules of a running alert."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from wardwire.model import ids
from wardwire.model.alert import NO_ENDPOINT, Called
from wardwire.model.errors import Code, Refused
from wardwire.model.message import Submission
from wardwire.model.people import Directory
from wardwire.model.places import find_place
from wardwire.model.policy import DESK, Policy
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import Planned, Waits, plan
from wardwire.model.simulation import Beyond, Happening, find_beyond, simulate_alert
from wardwire.model.whom import roles_named

MAX_SCENES = 20
# Farther away nobody's shifts are known.
FARTHEST = timedelta(days=3653)


class Scene(NamedTuple):
    """An alert that is imagined.

    Attributes:
        at: When it begins.
        place: Where, as in `place` of a message; "" = nowhere.
        to: Who is called beside the policy, as in `to` of a message.
    """

    at: datetime
    place: str = ""
    priority: Priority = Priority.HIGH
    to: tuple[str, ...] = ()


class Grounds(NamedTuple):
    """What an alert would be decided by: the directory, who the operators' desk is, how long endpoints have."""

    directory: Directory
    desk: str
    waits: Waits


class Outcome(NamedTuple):
    """What would happen if nobody answered.

    Attributes:
        lines: All of it; the last one is the technical alarm at the operators' desk.
        worst_case: After so long the desk is called, at the latest.
        reaches_end: The last step reaches somebody; the operators' desk always counts as somebody.
        attended: Somebody at the desk could hear of it at the end.
        beyond: Endpoints that are never tried within their step.
    """

    lines: tuple[Happening, ...]
    worst_case: timedelta
    reaches_end: bool
    attended: bool
    beyond: tuple[Beyond, ...]


def play(policy: Policy, scene: Scene, grounds: Grounds) -> Outcome:
    """Play a scene.

    Raises:
        Refused: A place or somebody who is unknown, ambiguous or disabled.
    """
    directory = grounds.directory
    place = find_place(scene.place, directory, "/place") if scene.place else None
    lines = simulate_alert(
        policy,
        directory,
        at=scene.at,
        priority=scene.priority,
        place=place,
        desk=grounds.desk,
        named=named_beside(scene.to, scene.priority, scene.at, grounds),
        roles=roles_named(scene.to, directory, grounds.desk, scene.at),
    )
    last = len(policy.steps)
    return Outcome(
        lines=lines,
        worst_case=next(line.at for line in lines if _calls_desk(line, policy)) - scene.at,
        reaches_end=DESK in policy.steps[-1].targets
        or any(line.step == last and not line.desk and not line.skipped for line in lines),
        attended=bool(lines[-1].people),
        beyond=find_beyond(lines, policy, scene.priority, directory, grounds.waits),
    )


def check_scene(scene: Scene, now: datetime) -> None:
    """Refuse a scene at an instant of which nothing can be known.

    Raises:
        Refused: `INVALID`.
    """
    if abs(scene.at - now) > FARTHEST:
        raise Refused(Code.INVALID, "an instant within ten years of now is needed", pointer="/at")


def check_end(outcomes: Iterable[tuple[Scene, Outcome]]) -> None:
    """Refuse a policy of which some scene ends at nobody.

    Raises:
        Refused: `UNREACHABLE_END`, naming the first such scene.
    """
    for scene, outcome in outcomes:
        if not outcome.reaches_end:
            where = f" at {scene.place}" if scene.place else ""
            raise Refused(
                Code.UNREACHABLE_END,
                f"an alert of {scene.at:%Y-%m-%d %H:%M} UTC{where} ends with a step that reaches nobody: "
                "add the operators' desk (`desk`) to it",
                pointer="/steps",
            )


def check_reach(policy: Policy, grounds: Grounds, now: datetime) -> None:
    """Refuse a policy that would end at nobody now, in some unit that goes by it; or without a place where none does.

    Raises:
        Refused: As `check_end`, and as `play`.
    """
    units = [one for one in grounds.directory.places.values() if one.policy == policy.id and not one.disabled]
    places = [ids.write_id(ids.PLACE, one.id) for one in units] or [""]
    scenes = [Scene(now, place) for place in places]
    check_end((scene, play(policy, scene, grounds)) for scene in scenes)


def named_beside(to: tuple[str, ...], priority: Priority, at: datetime, grounds: Grounds) -> tuple[Called, ...]:
    """Return who is called beside the policy from the beginning.

    Raises:
        Refused: As `model.routing.plan`.
    """
    if not to:
        return ()
    asked = Submission(source="", external_id="", kind=Kind.ALERT, priority=priority, subject="", text="", to=to)
    people = plan(asked, grounds.directory, grounds.waits, at, sender=None, desk=grounds.desk).people
    return tuple(called_beside(one) for one in people)


def called_beside(planned: Planned) -> Called:
    """Return how somebody is called beside a policy: whom nothing reaches, or rings, nobody waits for."""
    absent = "" if planned.rings else "silent"
    return Called(planned.person_id, planned.why, absent if planned.stages else NO_ENDPOINT)


def _calls_desk(line: Happening, policy: Policy) -> bool:
    if line.desk:
        return not line.part
    return not line.skipped and DESK in policy.steps[line.step - 1].targets
