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
from wardwire.model.people import Person
from wardwire.store.deadlines import LEFT
from wardwire.store.oncall import Notice, add_notices
from wardwire.store.people import find_busy


async def tell_leaving(change: Change, people: Sequence[Person]) -> frozenset[UUID]:
    """Tell the desk of those for whom something is open: a message on its way to them, or an alert that they have.

    Args:
        people: Who is disabled by this change, and was not before.

    Returns:
        Those for whom something is open, for the fact.
    """
    if not people:
        return frozenset()
    busy = await find_busy(change.connection, [person.id for person in people])
    notices = [
        Notice(ids.new_id(change.now), person.id, _say(person, change.caller.source))
        for person in people
        if person.id in busy
    ]
    if notices:
        await add_notices(change.connection, notices, change.now + SEEN_BY, kind=LEFT)
    return busy


def _say(person: Person, source: str) -> str:
    return (
        f"{person.name} was disabled by {source}, and something is open for them: look among the open alerts and"
        " messages that somebody else has it."
    )
