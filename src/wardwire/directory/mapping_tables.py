"""Changes to the mapping table of a listener; each is a version, and a fact. What it says is checked before."""

from __future__ import annotations

import hashlib

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.model.rights import Caller
from wardwire.store.mapping_tables import MappingTable, add_table, newest_table


async def set_mapping_table(
    desk: DirectoryDesk, caller: Caller, listener: str, text: str | None, *, expected: int | None = None
) -> MappingTable:
    """Put a table to use; None = the file's again. The listener takes it within seconds, on each machine.

    Args:
        text: A table that the listener's adapter can read.
        expected: The version that the caller has read, 0 = none; None = whichever it is.

    Raises:
        Refused: `CHANGED_SINCE`, `NOT_PERMITTED`.
    """

    async def work(change: Change) -> MappingTable:
        before = await newest_table(change.connection, listener)
        if expected is not None and expected != (before.version if before else 0):
            raise Refused(Code.CHANGED_SINCE, "it was changed since you read it", parameter="If-Match")
        if (before is not None and before.text == text) or (before is None and text is None):
            return before or MappingTable(listener, 0, None, change.now, caller.source)
        who = ids.write_id(ids.PERSON, caller.person_id) if caller.person_id else caller.source
        table = MappingTable(listener, change.version, text, change.now, who)
        await add_table(change.connection, table)
        digest = None if text is None else hashlib.sha256(text.encode()).hexdigest()
        former = before.version if before else 0
        change.record("mapping_table_set", {"listener": listener, "sha256": digest, "former": former})
        return table

    return await desk.change(caller, work)


def author(table: MappingTable, directory: Directory) -> str:
    """Return who put a table to use: a person's name, else the integration's."""
    try:
        person = directory.people.get(ids.read_id(ids.PERSON, table.made_by))
    except Refused:
        return table.made_by
    return person.name if person else table.made_by
