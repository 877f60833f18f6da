"""Changes to which role a unit has for a function: its charge nurse, its porter. Policies name the function."""

from __future__ import annotations

from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_line, fold_name
from wardwire.model.places import PlaceKind, UnitRole
from wardwire.model.rights import Caller
from wardwire.store import unit_roles as store
from wardwire.store.places import lock_place

MAX_FUNCTION = 60


async def set_unit_role(
    desk: DirectoryDesk, caller: Caller, unit_id: UUID, function: str, role_id: UUID | None
) -> UnitRole:
    """Say which role a unit has for a function; None = none any more.

    Raises:
        Refused: `NOT_FOUND` (unit, role), `INVALID` (no unit; no function), `TEXT_TOO_LONG`, `NOT_PERMITTED`.
    """
    function = fold_name(clean_line(function, "/function", MAX_FUNCTION))
    if not function:
        raise Refused(Code.INVALID, "a function has a name, such as charge nurse", pointer="/function")

    async def work(change: Change) -> UnitRole:
        unit = await lock_place(change.connection, unit_id)
        if unit is None:
            raise Refused(Code.NOT_FOUND, "there is no such place")
        if unit.kind is not PlaceKind.UNIT:
            raise Refused(Code.INVALID, "only a unit has roles of its own", pointer="/place")
        made = UnitRole(unit_id, function, role_id)
        await store.put_unit_role(change.connection, made, change.version)
        told = {"unit": ids.write_id(ids.PLACE, unit_id), "function": function}
        change.record("unit_role_set", told | {"role": ids.write_id(ids.ROLE, role_id) if role_id else None})
        return made

    return await desk.change(caller, work)
