"""Changes to how people, groups and roles want to be tried; each change is a fact, with what was and what is."""

from __future__ import annotations

from collections.abc import Container, Iterable
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_name
from wardwire.model.people import Directory
from wardwire.model.preferences import Preferences, Profile, check_preferences
from wardwire.model.rights import Caller
from wardwire.model.stages import Ceilings, write_stages
from wardwire.store import preferences as store


async def set_preferences(
    desk: DirectoryDesk,
    caller: Caller,
    directory: Directory,
    owner: tuple[str, UUID],
    profiles: Iterable[Profile],
    *,
    zone: str,
    ceilings: Ceilings,
    expected: int | None = None,
) -> Preferences:
    """Set all profiles of a person, a group or a role; none = nothing is preferred any more.

    Args:
        owner: `per`, `grp` or `rol`, and the id.
        expected: The version that the caller has read; None = whichever it is.

    Raises:
        Refused: `NOT_FOUND`, `CHANGED_SINCE`, `INVALID`, `ZONE_UNKNOWN`, `TOO_MANY`, `NOT_PERMITTED`.
    """
    kind, owner_id = owner
    wanted = Preferences(
        kind, owner_id, tuple(profile._replace(name=clean_name(profile.name)) for profile in profiles), zone
    )
    check_owner(kind, owner_id, directory)
    check_preferences(wanted, ceilings)

    async def work(change: Change) -> Preferences:
        before = await store.lock_preferences(change.connection, owner_id)
        version = before.version if before else 0
        if expected is not None and expected != version:
            raise Refused(Code.CHANGED_SINCE, "they were changed since you read them", parameter="If-Match")
        after = wanted._replace(version=change.version)
        await store.put_preferences(change.connection, after)
        told = {"owner": ids.write_id(kind, owner_id), "before": _told(before), "after": _told(after), "zone": zone}
        change.record("preferences_set", told, person_id=owner_id if kind == ids.PERSON else None)
        return after

    return await desk.change(caller, work)


def check_owner(kind: str, owner: UUID, directory: Directory) -> None:
    """Refuse an owner who is not there.

    Raises:
        Refused: `NOT_FOUND`.
    """
    known: dict[str, Container[UUID]] = {
        ids.PERSON: directory.people,
        ids.GROUP: directory.groups,
        ids.ROLE: directory.roles,
    }
    if owner not in known[kind]:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")


def _told(preferences: Preferences | None) -> list[str]:
    """Write profiles for a fact, e.g. `Night 22:00-07:00: pager:30 app:30`."""
    found = []
    for profile in preferences.profiles if preferences else ():
        text = store.text_of(profile)
        parts = [text.name, *text.statuses, *text.priorities, *text.days, text.hours, "quiet" if text.quiet else ""]
        found.append(f"{' '.join(filter(None, parts))}: {write_stages(profile.tries)}")
    return found
