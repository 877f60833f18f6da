"""How people want to be tried: by their status, the priority, and the time on the wall; and how far that may go.

    code        every endpoint at once, whatever anybody prefers
    own         the first of the person's own profiles that fits
    role        else, of a role that they hold now
    group       else, of a group that they are in
    default     else, and where a profile would reach nobody: what the site does (model/stages.py)

Pure. A preference orders and delays; it never makes anybody unreachable, and never silences `code` or `high`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.groups import members_of
from wardwire.model.names import clean_name
from wardwire.model.oncall import on_call
from wardwire.model.oncall_time import find_zone
from wardwire.model.people import KINDS, Directory, Role, Status
from wardwire.model.priority import Priority
from wardwire.model.stages import EMAIL, Ceilings, Stage, Waits, default_stages, kinds_of

MAX_PROFILES = 20
DAY = 24 * 60
SHORTEST = timedelta(seconds=1)
# What nobody may silence; `code` is beyond preferences altogether.
NEVER_SILENT = frozenset({Priority.CODE, Priority.HIGH})
MAY_PREFER = frozenset(Priority) - {Priority.CODE}
ALL_DAYS = frozenset(range(7))
# How `by` begins where a profile would have reached nobody, and how it ends where a ceiling has cut it.
FAILED = "default after "
CUT = ", cut"
_PREFERRING, _WHO = "model.preferences", "model.preferences.who"


class Profile(NamedTuple):
    """What somebody wants in some circumstances.

    Attributes:
        tries: In order: kinds of endpoints that are tried together, and how long they have.
        statuses, priorities: When it fits.
        days: Weekdays on which its hours begin, 0 = Monday.
        begins, ends: Minutes of the day, half-open; past midnight when it ends before it begins, and the whole day
            when they are the same.
        quiet: Devices show it, and do not ring.
    """

    name: str
    tries: tuple[Stage, ...]
    statuses: frozenset[Status] = frozenset(Status)
    priorities: frozenset[Priority] = MAY_PREFER
    days: frozenset[int] = ALL_DAYS
    begins: int = 0
    ends: int = 0
    quiet: bool = False

    @property
    def always(self) -> bool:
        """Whether it fits at every hour."""
        return self.days == ALL_DAYS and self.begins == self.ends

    def holds(self, local: datetime) -> bool:
        """Whether an instant, as the wall shows it, is within its hours."""
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.begins == self.ends:
            return day in self.days
        if self.begins < self.ends:
            return day in self.days and self.begins <= minute < self.ends
        return (day in self.days and minute >= self.begins) or ((day - 1) % 7 in self.days and minute < self.ends)


class Preferences(NamedTuple):
    """The profiles of a person, a group or a role; the first that fits holds.

    Attributes:
        kind: Of the owner: `per`, `grp` or `rol`.
        zone: Whose wall the hours are read from; "" = no profile has hours.
        version: The directory's, at their last change; 0 = there are none.
    """

    kind: str
    owner: UUID
    profiles: tuple[Profile, ...] = ()
    zone: str = ""
    version: int = 0

    def fitting(self, status: Status, priority: Priority, now: datetime) -> Profile | None:
        """Return the first profile that fits; None = none does."""
        local = now.astimezone(find_zone(self.zone)) if self.zone else now
        for profile in self.profiles:
            fits = status in profile.statuses and priority in profile.priorities
            if fits and (profile.always or profile.holds(local)):
                return profile
        return None


class Choice(NamedTuple):
    """How somebody is tried, and why so.

    Attributes:
        by: `own:Night`, `role:rol_…:Night`, `group:grp_…:Night`; with `, cut` where a ceiling has cut it; `default
            after own:Night` where it would have reached nobody; "" = the site's default.
        until: The first instant at which it may be another; None = not by time alone.
    """

    stages: tuple[Stage, ...]
    by: str = ""
    until: datetime | None = None


def choose(
    person_id: UUID,
    priority: Priority,
    directory: Directory,
    waits: Waits,
    now: datetime,
    only: tuple[str, ...] = (),
) -> Choice:
    """Choose how somebody is tried, stage by stage.

    Args:
        only: Kinds of endpoints that may be used; () = all.
    """
    there = kinds_of(directory, person_id, priority, now)
    if only:
        there = tuple(kind for kind in there if kind in only)
    default = default_stages(there, waits.of(priority), priority is Priority.CODE)
    if not directory.preferences or priority is Priority.CODE:
        return Choice(default)
    until = _until(person_id, directory, now)
    found = _find(person_id, priority, directory, now)
    if found is None:
        return Choice(default, until=until)
    by, profile = found
    stages = _usable(profile.tries, there)
    if not stages:
        return Choice(default, f"{FAILED}{by}" if default else "", until)
    kept = within(stages, priority, waits.ceilings, default)
    return Choice(kept, by if kept == stages else f"{by}{CUT}", until)


def is_quiet(person_id: UUID, priority: Priority, directory: Directory, now: datetime) -> bool:
    """Whether somebody prefers that nothing rings now; never of what nobody may silence."""
    if not directory.preferences or priority in NEVER_SILENT:
        return False
    found = _find(person_id, priority, directory, now)
    return found is not None and found[1].quiet


def within(
    stages: tuple[Stage, ...], priority: Priority, ceilings: Ceilings, default: tuple[Stage, ...]
) -> tuple[Stage, ...]:
    """Keep stages within the ceilings: waits are cut, and for `high` something that calls is tried in time.

    Args:
        default: What the site would do, if the stages call nobody at all.
    """
    longest = ceilings.of(priority)
    kept = tuple(Stage(stage.kinds, min(max(stage.wait, SHORTEST), longest)) for stage in stages)
    if priority is not Priority.HIGH:
        return kept
    if not any(map(_calls, kept)):
        kept += tuple(stage for stage in default if _calls(stage))
    left, made = ceilings.high_calls_within, list[Stage]()
    called = not any(map(_calls, kept))
    for stage in kept:
        called = called or _calls(stage)
        wait = stage.wait if called else min(stage.wait, left)
        left -= wait
        made.append(Stage(stage.kinds, wait))
    # What has no time at all is tried together with what calls.
    return _merge(made)


def _merge(stages: list[Stage]) -> tuple[Stage, ...]:
    made: list[Stage] = []
    early: tuple[str, ...] = ()
    for stage in stages:
        if stage.wait <= timedelta(0):
            early += stage.kinds
        else:
            made.append(Stage((*early, *stage.kinds), stage.wait))
            early = ()
    return tuple(made)


def _calls(stage: Stage) -> bool:
    return any(kind != EMAIL for kind in stage.kinds)


def _usable(tries: tuple[Stage, ...], there: tuple[str, ...]) -> tuple[Stage, ...]:
    found = (Stage(tuple(kind for kind in stage.kinds if kind in there), stage.wait) for stage in tries)
    return tuple(stage for stage in found if stage.kinds)


def _find(person_id: UUID, priority: Priority, directory: Directory, now: datetime) -> tuple[str, Profile] | None:
    status = directory.people[person_id].status_at(now)
    for owner, preferences in _asked(person_id, directory, now):
        profile = preferences.fitting(status, priority, now)
        if profile is not None:
            return f"{owner}:{profile.name}", profile
    return None


def _asked(person_id: UUID, directory: Directory, now: datetime) -> Iterator[tuple[str, Preferences]]:
    """Give whose preferences are asked for somebody, in their order."""
    own = directory.preferences.get(person_id)
    if own is not None:
        yield "own", own
    roles, groups = _preferring(directory)
    for role, preferences in roles:
        if any(holding.person_id == person_id for holding in on_call(role, directory, now).holdings):
            yield f"role:{ids.write_id(ids.ROLE, role.id)}", preferences
    for group_id, members, preferences in groups:
        if person_id in members:
            yield f"group:{ids.write_id(ids.GROUP, group_id)}", preferences


_Roles = tuple[tuple[Role, Preferences], ...]
_Groups = tuple[tuple[UUID, frozenset[UUID], Preferences], ...]


def _preferring(directory: Directory) -> tuple[_Roles, _Groups]:
    """Return roles and groups that prefer something, by name; worked out once for a version of the directory."""
    kept: tuple[_Roles, _Groups] | None = directory.worked_out.get(_PREFERRING)
    if kept is None:
        having = [one for one in directory.preferences.values() if one.kind != ids.PERSON]
        roles = [(directory.roles[one.owner], one) for one in having if one.owner in directory.roles]
        groups = [(directory.groups[one.owner], one) for one in having if one.owner in directory.groups]
        roles.sort(key=lambda found: (found[0].name, found[0].id))
        groups.sort(key=lambda found: (found[0].name, found[0].id))
        kept = (
            tuple((role, one) for role, one in roles if not role.disabled),
            tuple(
                (group.id, frozenset(members_of(directory, group.id)), one)
                for group, one in groups
                if not group.disabled
            ),
        )
        directory.worked_out[_PREFERRING] = kept
    return kept


def who_prefers(directory: Directory) -> AbstractSet[UUID] | None:
    """Return who may be tried otherwise than by the site's default; None = that changes with who holds a role."""
    kept: AbstractSet[UUID] | None = directory.worked_out.get(_WHO)
    if kept is None:
        roles, groups = _preferring(directory)
        if roles:
            return None
        kept = frozenset(directory.preferences.keys()).union(*(members for _, members, _ in groups))
        directory.worked_out[_WHO] = kept
    return kept


def _until(person_id: UUID, directory: Directory, now: datetime) -> datetime | None:
    """Return when another profile may fit: hours begin and end with a minute, and so do those who hold a role."""
    roles, groups = _preferring(directory)
    asked = [one for _, members, one in groups if person_id in members]
    own = directory.preferences.get(person_id)
    if own is not None:
        asked.append(own)
    if roles or any(not profile.always for one in asked for profile in one.profiles):
        return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return None


def imagined(directory: Directory, person_id: UUID, status: Status | None, own: Preferences | None) -> Directory:
    """Return a directory in which somebody has this status and these preferences; None = as they are."""
    made = copy.copy(directory)
    made.worked_out = {}
    if status is not None:
        person = replace(directory.people[person_id], status=status, status_until=None)
        made.people = {**directory.people, person_id: person}
    if own is not None:
        made.preferences = {**directory.preferences, person_id: own}
    return made


def check_preferences(preferences: Preferences, ceilings: Ceilings) -> None:
    """Refuse preferences that mean nothing, or go farther than the site lets them.

    Raises:
        Refused: `INVALID` with the pointer, `ZONE_UNKNOWN`, `TOO_MANY`.
    """
    if len(preferences.profiles) > MAX_PROFILES:
        raise Refused(Code.TOO_MANY, f"at most {MAX_PROFILES} profiles", pointer="/profiles", limit=MAX_PROFILES)
    if preferences.zone:
        find_zone(preferences.zone)
    names: set[str] = set()
    for nth, profile in enumerate(preferences.profiles):
        at = f"/profiles/{nth}"
        if clean_name(profile.name, f"{at}/name") in names:
            raise Refused(Code.INVALID, "two profiles bear this name", pointer=f"{at}/name")
        names.add(profile.name)
        _check_profile(profile, ceilings, at)
        if not profile.always and not preferences.zone:
            raise Refused(Code.INVALID, "hours need a zone, such as America/Chicago", pointer="/zone")


def _check_profile(profile: Profile, ceilings: Ceilings, at: str) -> None:
    if not profile.priorities or not profile.statuses or not profile.days:
        raise Refused(Code.INVALID, "a profile that never fits", pointer=at)
    if Priority.CODE in profile.priorities:
        raise Refused(
            Code.INVALID, "`code` uses every endpoint at once, whatever is preferred", pointer=f"{at}/priorities"
        )
    if profile.quiet and not NEVER_SILENT.isdisjoint(profile.priorities):
        raise Refused(Code.INVALID, "`high` may not be silenced", pointer=f"{at}/quiet")
    if not profile.days <= ALL_DAYS or not (0 <= profile.begins < DAY and 0 <= profile.ends < DAY):
        raise Refused(Code.INVALID, "no weekday or no time of day", pointer=f"{at}/days")
    kinds = [kind for stage in profile.tries for kind in stage.kinds]
    if not kinds or not all(stage.kinds for stage in profile.tries):
        raise Refused(Code.INVALID, "each try names an endpoint, and there is at least one", pointer=f"{at}/tries")
    if len(set(kinds)) < len(kinds) or not set(kinds) <= set(KINDS):
        raise Refused(Code.INVALID, f"each of {', '.join(KINDS)} once at most", pointer=f"{at}/tries")
    for nth, stage in enumerate(profile.tries):
        _check_wait(stage, profile, ceilings, f"{at}/tries/{nth}/wait_s")
    if Priority.HIGH in profile.priorities:
        _check_calls(profile, ceilings, f"{at}/tries")


def _check_wait(stage: Stage, profile: Profile, ceilings: Ceilings, at: str) -> None:
    longest = min(ceilings.of(priority) for priority in profile.priorities)
    if not SHORTEST <= stage.wait <= longest:
        span = f"from 1 to {longest.total_seconds():g} seconds"
        raise Refused(Code.INVALID, f"{span}: the site lets nobody wait longer for this priority", pointer=at)


def _check_calls(profile: Profile, ceilings: Ceilings, at: str) -> None:
    before = timedelta(0)
    for stage in profile.tries:
        if _calls(stage):
            break
        before += stage.wait
    else:
        raise Refused(Code.INVALID, "for `high` something must call, and an e-mail calls nobody", pointer=at)
    if before > ceilings.high_calls_within:
        seconds = ceilings.high_calls_within.total_seconds()
        raise Refused(Code.INVALID, f"for `high` something must call within {seconds:g} seconds", pointer=at)
