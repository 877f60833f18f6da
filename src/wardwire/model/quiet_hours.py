"""Quiet hours as people set them in the app: one profile among their preferences; their others stay. Pure.

    code, high     always ring: no hours can be set for them
    medium, low    are shown, and may not ring; nothing that calls is tried by itself meanwhile

What a quiet message does is no rule of its own: it is a profile like any other (model/preferences.py).
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.preferences import ALL_DAYS, NEVER_SILENT, Preferences, Profile
from wardwire.model.priority import Priority
from wardwire.model.stages import APP, EMAIL, Ceilings, Stage

NAME = "Quiet hours"
# What shows a message and calls nobody, in the order in which it is tried.
SILENT = (APP, EMAIL)


class QuietHours(NamedTuple):
    """Minutes of the day, past midnight when it ends before it begins; `days` are those on which it begins."""

    begins: int
    ends: int
    priorities: frozenset[Priority] = frozenset({Priority.LOW})
    days: frozenset[int] = ALL_DAYS


def hours_of(preferences: Preferences | None) -> QuietHours | None:
    """Return the quiet hours that somebody has set; None = none."""
    found = next((one for one in preferences.profiles if one.name == NAME), None) if preferences else None
    return QuietHours(found.begins, found.ends, found.priorities, found.days) if found else None


def with_hours(
    before: Preferences | None, person_id: UUID, hours: QuietHours | None, zone: str, ceilings: Ceilings
) -> Preferences:
    """Return preferences with these quiet hours, or with none. They come first: what is quiet is so in every status.

    Args:
        zone: Whose wall the hours are read from; where other profiles have hours theirs stays.

    Raises:
        Refused: `INVALID`: hours for a priority that always rings, or for none.
    """
    others = tuple(one for one in before.profiles if one.name != NAME) if before else ()
    if before is not None and any(not one.always for one in others):
        zone = before.zone
    if hours is None:
        return Preferences(ids.PERSON, person_id, others, zone if others else "")
    if not hours.priorities or not NEVER_SILENT.isdisjoint(hours.priorities):
        raise Refused(Code.INVALID, "`code` and `high` always ring; name `medium`, `low`", pointer="/priorities")
    longest = min(ceilings.of(priority) for priority in hours.priorities)
    profile = Profile(
        name=NAME,
        tries=tuple(Stage((kind,), longest) for kind in SILENT),
        priorities=hours.priorities,
        days=hours.days,
        begins=hours.begins,
        ends=hours.ends,
        quiet=True,
    )
    return Preferences(ids.PERSON, person_id, (profile, *others), zone)
