"""Changes to what the register says of a device. Letting devices in and out is the matter of wardwire.devices."""

from __future__ import annotations

from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.device_register import Ownership
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_line
from wardwire.model.rights import Caller
from wardwire.store import device_register as store

MAX_NAME = 80
MAX_COST_CENTRE = 60


async def change_device(
    desk: DirectoryDesk,
    caller: Caller,
    device_id: UUID,
    *,
    name: str | None = None,
    ownership: str | None = None,
    cost_centre: str | None = None,
    group: tuple[UUID | None] | None = None,
    expected: int | None = None,
) -> None:
    """Change what is not None.

    Args:
        group: The group that it is set alike with, or None, in a tuple of one.
        expected: The version that this was decided on; None = any.

    Raises:
        Refused: `NOT_FOUND` (also a group), `CHANGED_SINCE`, `INVALID`, `TEXT_BLANK`, `TEXT_TOO_LONG`,
            `NOT_PERMITTED`.
    """
    name = None if name is None else clean_line(name, "/name", MAX_NAME)
    cost_centre = None if cost_centre is None else clean_line(cost_centre, "/cost_centre", MAX_COST_CENTRE)
    if name == "":
        raise Refused(Code.TEXT_BLANK, "a device needs a name", pointer="/name")
    if ownership is not None and ownership not in set(Ownership):
        raise Refused(Code.INVALID, "`hospital`, `own`, or empty", pointer="/ownership")

    async def work(change: Change) -> None:
        person_id = await store.update_device(
            change.connection,
            device_id,
            change.version,
            name=name,
            ownership=ownership,
            cost_centre=cost_centre,
            group=group,
            expected=expected,
        )
        if person_id is None:
            if await store.is_registered(change.connection, device_id):
                raise Refused(Code.CHANGED_SINCE, "it was changed since you read it", parameter="If-Match")
            raise Refused(Code.NOT_FOUND, "there is no such device")
        told: dict[str, object] = {"name": name, "ownership": ownership, "cost_centre": cost_centre}
        if group is not None:
            told["group"] = ids.write_id(ids.DEVICE_GROUP, group[0]) if group[0] else ""
        change.record("device_changed", told, person_id=person_id, device_id=device_id)

    await desk.change(caller, work)
