"""Whoever is disabled while something is open for them: the operators' desk is told, by a technical alarm.

What is open goes on by its policy or to its sender; but whoever had accepted it will not come. The word is part of
the change that disables them, so that no crash between the two swallows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from wardwire.directory.desk import Change
from wardwire.directory.oncall import SEEN_BY
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Person
from wardwire.store.accounts import count_administrators, find_administrators, lock_administrators
from wardwire.store.deadlines import LEFT
from wardwire.store.oncall import Notice, add_notices
from wardwire.store.people import find_busy


async def tell_leaving(change: Change, people: Sequence[Person]) -> frozenset[UUID]:
    """Tell the desk of those for whom something is open: a message on its way to them, or an alert that they have.

    Args:
        people: Who is disabled by this change, and was not before; it is written already.

    Returns:
        Those for whom something is open, for the fact.

    Raises:
        Refused: `LAST_ADMINISTRATOR`: nothing of the change is kept.
    """
    if not people:
        return frozenset()
    await _keep_an_administrator(change, people)
    busy = await find_busy(change.connection, [person.id for person in people])
    notices = [
        Notice(ids.new_id(change.now), person.id, _say(person, change.caller.source))
        for person in people
        if person.id in busy
    ]
    if notices:
        await add_notices(change.connection, notices, change.now + SEEN_BY, kind=LEFT)
    return busy


async def _keep_an_administrator(change: Change, people: Sequence[Person]) -> None:
    gone = await find_administrators(change.connection, [person.id for person in people])
    if not gone:
        return
    await lock_administrators(change.connection)
    if not await count_administrators(change.connection):
        names = ", ".join(person.name for person in people if person.id in gone)
        raise Refused(
            Code.LAST_ADMINISTRATOR,
            f"{names} is the last administrator who can sign in; make another one first, then disable them",
            person=ids.write_id(ids.PERSON, gone[0]),
        )


def _say(person: Person, source: str) -> str:
    return (
        f"{person.name} was disabled by {source}, and something is open for them: look among the open alerts and"
        " messages that somebody else has it."
    )
