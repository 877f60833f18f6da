"""How people, groups and roles want to be tried, over HTTP; and what would ring at a given time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from wardwire.api.directory import changed, find, find_person, read_operation, write_operation
from wardwire.api.operation import Answer, Call, Operation
from wardwire.api.versions import etag, expected_version
from wardwire.api.wire import Instant
from wardwire.directory.preferences import check_owner, set_preferences
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.matrix import Action
from wardwire.model.people import Directory, Status
from wardwire.model.preferences import MAX_PROFILES, Preferences, check_preferences, choose, imagined
from wardwire.model.priority import Priority
from wardwire.model.routing import rings_for
from wardwire.model.stages import Waits
from wardwire.store.preferences import ProfileText, read_profiles, text_of

Zone = Annotated[str, Meta(max_length=60, description="Whose wall clock the hours are read from.")]
Profiles = Annotated[tuple[ProfileText, ...], Meta(max_length=MAX_PROFILES)]


class PreferencesIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All profiles; the first that fits holds. Without any the defaults of roles, groups and the site do."""

    profiles: Profiles
    zone: Zone = ""


class PreferencesOut(msgspec.Struct, frozen=True):
    """All profiles of a person, a group or a role; `version` is 0 when there never were any."""

    owner: str
    profiles: list[ProfileText]
    zone: str
    version: int


class Moment(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """When what would ring; by default now. With `profiles` as if these were the person's own."""

    at: Instant | None = None
    priority: Priority = Priority.HIGH
    status: Status | None = None
    profiles: Profiles | None = None
    zone: Zone = ""


class Tried(msgspec.Struct, frozen=True):
    """What would be tried: together, after so many seconds without a confirmation."""

    after_s: float
    endpoints: list[str]
    wait_s: float


class Rung(msgspec.Struct, frozen=True):
    """What would ring at a moment, and whose preference says so; `by` is "" for the site's default."""

    at: datetime
    priority: Priority
    status: Status
    by: str
    rings: bool
    tries: list[Tried]


def show_preferences(kind: str, owner: UUID, found: Preferences | None) -> PreferencesOut:
    """Say what somebody prefers."""
    profiles = [text_of(profile) for profile in found.profiles] if found else []
    return PreferencesOut(
        ids.write_id(kind, owner), profiles, found.zone if found else "", found.version if found else 0
    )


def show_moment(
    person_id: UUID,
    at: datetime,
    priority: Priority,
    directory: Directory,
    waits: Waits,
) -> Rung:
    """Say what would ring: the choice that a message at that moment would be sent by."""
    chosen, passed, tries = choose(person_id, priority, directory, waits, at), 0.0, []
    for stage in chosen.stages:
        tries.append(Tried(passed, list(stage.kinds), stage.wait.total_seconds()))
        passed += stage.wait.total_seconds()
    status = directory.people[person_id].status_at(at)
    return Rung(at, priority, status, chosen.by, rings_for(person_id, priority, directory, at), tries)


def _getter(kind: str, field: str) -> Callable[[Call], Awaitable[Answer]]:
    async def get(call: Call) -> Answer:
        """Show preferences."""
        owner = call.id(kind, field)
        directory = call.deps.rules().directory
        check_owner(kind, owner, directory)
        shown = show_preferences(kind, owner, directory.preferences.get(owner))
        return Answer(body=shown, headers=etag(shown.version))

    return get


def _setter(kind: str, field: str) -> Callable[[Call], Awaitable[Answer]]:
    async def put(call: Call) -> Answer:
        """Set preferences."""
        body: PreferencesIn = call.body
        rules, owner = call.deps.rules(), call.id(kind, field)
        after = await set_preferences(
            call.deps.desk,
            call.caller,
            rules.directory,
            (kind, owner),
            read_profiles(body.profiles),
            zone=body.zone,
            ceilings=rules.waits.ceilings,
            expected=expected_version(call),
        )
        return await changed(call, Answer(body=show_preferences(kind, owner, after), headers=etag(after.version)))

    return put


async def try_person(call: Call) -> Answer:
    """Say what would ring."""
    body: Moment = call.body
    rules, person_id = call.deps.rules(), call.id(ids.PERSON, "person_id")
    find(rules.directory.people, person_id)
    own = None
    if body.profiles is not None:
        own = Preferences(ids.PERSON, person_id, read_profiles(body.profiles), body.zone)
        check_preferences(own, rules.waits.ceilings)
    directory = imagined(rules.directory, person_id, body.status, own)
    return Answer(
        body=show_moment(person_id, body.at or call.deps.clock.now(), body.priority, directory, rules.waits)
    )


_EXAMPLE = {
    "zone": "America/Chicago",
    "profiles": [
        {
            "name": "Night", "hours": "22:00-07:00", "priorities": ["medium", "low"],
            "tries": [{"endpoints": ["email"], "wait_s": 300}, {"endpoints": ["app"], "wait_s": 60}],
        },
        {"name": "Theatre", "statuses": ["busy"], "tries": [{"endpoints": ["pager", "app"], "wait_s": 30}]},
    ],
}  # fmt: skip
_CODES = (Code.NOT_FOUND, Code.ZONE_UNKNOWN, Code.TOO_MANY, Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.COMMIT_UNKNOWN)


def _operations(kind: str, noun: str, plural: str) -> tuple[Operation, ...]:
    field, whose = f"{noun}_id", {"person": "a person's own", "group": "a group's", "role": "a role's"}[noun]
    path, find_whose = f"/v1/{plural}/{{{field}}}/preferences", find_person if noun == "person" else None
    action = Action.PREFERENCE_SET if noun == "person" else Action.DIRECTORY_WRITE
    return (
        read_operation(
            f"get{noun.title()}Preferences", path, f"Show {whose} preferences: how to be tried when.",
            _getter(kind, field), PreferencesOut,
        ),
        write_operation(
            f"set{noun.title()}Preferences", "PUT", path,
            f"Set {whose} preferences, all of them. They order and delay; `code` they do not touch.",
            _setter(kind, field), PreferencesIn, 200, PreferencesOut, *_CODES,
            guarded=True, example=_EXAMPLE, action=action, find=find_whose,
        ),
    )  # fmt: skip


OPERATIONS = (
    *_operations(ids.PERSON, "person", "people"),
    *_operations(ids.GROUP, "group", "groups"),
    *_operations(ids.ROLE, "role", "roles"),
    write_operation(
        "tryPreferences", "POST", "/v1/people/{person_id}/preferences/try",
        "Say what would ring for a person at a moment, and whose preference says so. Nothing is changed or sent.",
        try_person, Moment, 200, Rung, Code.NOT_FOUND, Code.ZONE_UNKNOWN, Code.TOO_MANY,
        example={"at": "2026-12-13T03:00:00-06:00", "priority": "medium"},
        action=Action.PREFERENCE_SET, find=find_person,
    ),
)  # fmt: skip
