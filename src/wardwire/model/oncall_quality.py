"""How good a role's schedule is for the weeks to come: hours of nobody, too much for one, what cannot be. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model.oncall import Segment, final
from wardwire.model.oncall_rights import on_schedule
from wardwire.model.people import Directory, Role

WEEK = timedelta(weeks=1)
WEEKS = 52
# More than this in a week is told: two thirds of it.
MOST_HOURS = 112.0


class Load(NamedTuple):
    """How much somebody is on call: hours of all weeks, and of the fullest one."""

    person_id: UUID
    hours: float
    most_in_a_week: float
    fullest: datetime


class Conflict(NamedTuple):
    """Somebody holds two roles at once that are to be held by two people."""

    person_id: UUID
    other_role: UUID
    starts_at: datetime
    ends_at: datetime


class Quality(NamedTuple):
    """What is to be said of a schedule.

    Attributes:
        uncovered: Stretches in which only the fallback answers.
        loads: By person, who has most first.
        overloaded: Those of them who have more than the limit in some week.
        conflicts: In order of time.
        disabled: Who stands on the schedule and is disabled.
    """

    begin: datetime
    end: datetime
    uncovered: tuple[Segment, ...]
    loads: tuple[Load, ...]
    overloaded: tuple[Load, ...]
    conflicts: tuple[Conflict, ...]
    disabled: tuple[UUID, ...]

    @property
    def uncovered_hours(self) -> float:
        """Return for how many hours only the fallback answers."""
        return sum((one.ends_at - one.starts_at) / timedelta(hours=1) for one in self.uncovered)


def judge(
    role: Role,
    directory: Directory,
    begin: datetime,
    *,
    weeks: int = WEEKS,
    most_hours: float = MOST_HOURS,
    apart: Iterable[UUID] = (),
) -> Quality:
    """Judge a schedule from an instant on.

    Args:
        most_hours: On call in one week, for one person.
        apart: Roles that nobody is to hold beside this one.
    """
    end = begin + weeks * WEEK
    segments = list(final(role, begin, end, directory))
    loads = tuple(sorted(_loads(segments, begin), key=lambda one: (-one.hours, one.person_id)))
    disabled = {one for one in on_schedule(role) if (known := directory.people.get(one)) is None or known.disabled}
    return Quality(
        begin,
        end,
        tuple(one for one in segments if one.holding is None),
        loads,
        tuple(one for one in loads if one.most_in_a_week > most_hours),
        tuple(_conflicts(segments, directory, [directory.roles[one] for one in apart if one in directory.roles])),
        tuple(sorted(disabled)),
    )


def _loads(segments: Iterable[Segment], begin: datetime) -> Iterable[Load]:
    weeks: dict[UUID, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for segment in segments:
        if segment.holding is None:
            continue
        at = segment.starts_at
        while at < segment.ends_at:
            nth = (at - begin) // WEEK
            until = min(segment.ends_at, begin + (nth + 1) * WEEK)
            weeks[segment.holding.person_id][nth] += (until - at) / timedelta(hours=1)
            at = until
    for person_id, hours in weeks.items():
        fullest = max(hours, key=lambda nth: (hours[nth], -nth))
        yield Load(person_id, sum(hours.values()), hours[fullest], begin + fullest * WEEK)


def _conflicts(segments: list[Segment], directory: Directory, others: list[Role]) -> Iterable[Conflict]:
    found: list[Conflict] = []
    for other in others:
        theirs: Mapping[UUID, list[Segment]] = defaultdict(list)
        for one in final(other, segments[0].starts_at, segments[-1].ends_at, directory):
            if one.holding is not None:
                theirs[one.holding.person_id].append(one)
        for segment in segments:
            if segment.holding is None:
                continue
            person_id = segment.holding.person_id
            for one in theirs.get(person_id, ()):
                starts, ends = max(segment.starts_at, one.starts_at), min(segment.ends_at, one.ends_at)
                if starts < ends:
                    found.append(Conflict(person_id, other.id, starts, ends))
    return sorted(found, key=lambda one: one.starts_at)
