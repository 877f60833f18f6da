"""Which role a unit has for a function, over HTTP."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from wardwire.api.directory import changed, find, write_operation
from wardwire.api.operation import Answer, Call
from wardwire.api.places import PlaceOut, show_place
from wardwire.directory.unit_roles import MAX_FUNCTION, set_unit_role
from wardwire.model import ids
from wardwire.model.errors import Code

RoleId = Annotated[str, Meta(pattern="^rol_[0-9a-f]{32}$", description="A role.")]


class UnitRoleIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A function and the role that the unit has for it; `role: null` takes it away."""

    function: Annotated[str, Meta(min_length=1, max_length=MAX_FUNCTION)]
    role: RoleId | None


async def put_role(call: Call) -> Answer:
    """Say which role a unit has for a function."""
    body: UnitRoleIn = call.body
    place_id = call.id(ids.PLACE, "place_id")
    role_id = ids.read_id(ids.ROLE, body.role) if body.role else None
    await set_unit_role(call.deps.desk, call.caller, place_id, body.function, role_id)
    await call.deps.refresh()
    directory = call.deps.rules().directory
    shown = show_place(find(directory.places, place_id), directory, call.deps.clock.now())
    return await changed(call, Answer(body=shown))


OPERATIONS = (
    write_operation(
        "setUnitRole", "PUT", "/v1/places/{place_id}/roles",
        "Say which role a unit has for a function, so that a policy may ask for `unit:charge nurse`.",
        put_role, UnitRoleIn, 200, PlaceOut, Code.NOT_FOUND, Code.TEXT_TOO_LONG, Code.COMMIT_UNKNOWN,
        example={"function": "charge nurse", "role": "rol_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b"},
    ),
)  # fmt: skip
