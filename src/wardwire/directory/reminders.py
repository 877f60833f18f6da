"""Sets and cancels alerts that begin again and again. Each change is a fact; what they say is in none."""

from __future__ import annotations

from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_name
from wardwire.model.people import Directory
from wardwire.model.places import find_place
from wardwire.model.policy import find_policy
from wardwire.model.policy_draft import who_is
from wardwire.model.reminder import Reminder, check_reminder
from wardwire.model.rights import Caller
from wardwire.model.targets import find_target
from wardwire.store import reminders as store


async def add_reminder(desk: DirectoryDesk, caller: Caller, directory: Directory, wanted: Reminder) -> Reminder:
    """Set a reminder; its id, author and next time are made here.

    Raises:
        Refused: As `check_reminder`; `RECIPIENT_UNKNOWN`, `POLICY_UNKNOWN`, `PLACE_UNKNOWN` and their like,
            `NOT_PERMITTED`.
    """
    name = clean_name(wanted.name)
    check_names(wanted, directory)

    async def work(change: Change) -> Reminder:
        check_reminder(wanted, change.now)
        first = wanted.rule.after(change.now)
        assert first is not None
        made = wanted._replace(id=ids.new_id(change.now), name=name, author=who_is(caller), next_at=first)
        await store.insert_reminder(change.connection, made, first, change.now)
        change.record("reminder_set", {**_told(made), "first_at": first.isoformat()})
        return made

    return await desk.change(caller, work)


async def cancel_reminder(desk: DirectoryDesk, caller: Caller, reminder_id: UUID) -> Reminder:
    """Cancel a reminder; one that is cancelled stays so. What has begun already goes on.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`.
    """

    async def work(change: Change) -> Reminder:
        living = await store.cancel_reminder(change.connection, reminder_id, who_is(caller), change.now)
        found = await store.find_reminder(change.connection, reminder_id)
        if found is None:
            raise Refused(Code.NOT_FOUND, "there is no such reminder")
        if living:
            change.record("reminder_cancelled", _told(found))
        return found

    return await desk.change(caller, work)


def check_names(wanted: Reminder, directory: Directory) -> None:
    """Refuse a reminder that names nobody or nothing, while whoever sets it is there to hear of it.

    Raises:
        Refused: With the pointer.
    """
    for nth, target in enumerate(wanted.to):
        find_target(target, directory, f"/to/{nth}")
    if wanted.policy:
        find_policy(wanted.policy, directory, "/policy")
    if wanted.place:
        find_place(wanted.place, directory, "/place")


def _told(reminder: Reminder) -> dict[str, object]:
    return {"reminder": ids.write_id(ids.REMINDER, reminder.id), "name": reminder.name}
