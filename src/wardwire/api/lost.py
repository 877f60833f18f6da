"""Lost devices over HTTP: report one, see how far its order has come, list them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from wardwire.api.devices import find_device, registration_of
from wardwire.api.operation import Answer, Call, Operation
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.lost import Lost, Order
from wardwire.model.matrix import Action, Reach, reach_of
from wardwire.model.names import clean_line
from wardwire.store.lost import list_lost, load_lost


class LostIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the device is ordered, and why, e.g. `left in a taxi`."""

    order: Order = Order.WIPE
    why: Annotated[str, Meta(min_length=1, max_length=100)] = "lost"


class LostDevice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A lost device. `state`: `requested`; `delivered` = it has the order; `confirmed` = it says that it is done;
    `unconfirmed` = a day has passed, and nobody knows.
    """

    device: str
    person: str
    name: str
    order: str
    state: str
    why: str
    requested_at: datetime
    requested_by: str
    delivered_at: datetime | None = None
    confirmed_at: datetime | None = None


class LostDevices(msgspec.Struct, frozen=True):
    """A page of lost devices, the newest order first."""

    data: list[LostDevice]
    next: str | None


def show_lost(lost: Lost, now: datetime) -> LostDevice:
    """Say how far the order of a device has come."""
    return LostDevice(
        device=ids.write_id(ids.DEVICE, lost.device_id),
        person=ids.write_id(ids.PERSON, lost.person_id),
        name=lost.name,
        order=lost.order,
        state=lost.state(now),
        why=lost.why,
        requested_at=lost.ordered_at,
        requested_by=lost.ordered_by,
        delivered_at=lost.told_at,
        confirmed_at=lost.confirmed_at,
    )


async def report(call: Call) -> Answer:
    """Report a device as lost."""
    why = clean_line(call.body.why, "/why")
    device_id = call.id(ids.DEVICE, "device_id")
    lost = await registration_of(call).report_lost(call.caller, device_id, call.body.order, why)
    await call.deps.refresh()
    return Answer(body=show_lost(lost, call.deps.clock.now()))


async def get(call: Call) -> Answer:
    """Show how far the order of a device has come."""
    lost = await call.read(lambda connection: load_lost(connection, call.id(ids.DEVICE, "device_id")))
    if lost is None:
        raise Refused(Code.NOT_FOUND, "this device is not reported as lost")
    return Answer(body=show_lost(lost, call.deps.clock.now()))


async def list_(call: Call) -> Answer:
    """List lost devices: all, or one's own."""
    limit, after = call.query["limit"], read_cursor(ids.DEVICE, call.query["after"], None)
    own = None if reach_of(call.caller, Action.DEVICE_REVOKE) is Reach.ANY else call.caller.person_id
    found = await call.read(lambda c: list_lost(c, after=after, limit=limit + 1, person_id=own))
    shown = [show_lost(lost, call.deps.clock.now()) for lost in found]
    page, following, headers = cut(shown, limit, lambda one: one.device, "/v1/lost-devices")
    return Answer(body=LostDevices(page, following), headers=headers)


OPERATIONS = (
    Operation(
        id="reportLostDevice",
        method="POST",
        path="/v1/devices/{device_id}/lost",
        tag="devices",
        about=(
            "Report a device as lost. It is put out at once; when it comes back it is let in for nothing but the "
            "order to lock or to wipe itself. A lock gives way to a wipe, never the other way round. Safe to repeat."
        ),
        handler=report,
        body=LostIn,
        answers={200: LostDevice},
        refuses=(Code.NOT_FOUND, Code.COMMIT_UNKNOWN),
        action=Action.DEVICE_REVOKE,
        find=find_device,
        example={"order": "wipe", "why": "left in a taxi"},
    ),
    Operation(
        id="getLostDevice",
        method="GET",
        path="/v1/devices/{device_id}/lost",
        tag="devices",
        about="Show how far the order of a lost device has come.",
        handler=get,
        answers={200: LostDevice},
        refuses=(Code.NOT_FOUND,),
        action=Action.DEVICE_REVOKE,
        find=find_device,
    ),
    Operation(
        id="listLostDevices",
        method="GET",
        path="/v1/lost-devices",
        tag="devices",
        about="List lost devices, the newest order first; one's own, where one may not see all.",
        handler=list_,
        query=(LIMIT, AFTER),
        answers={200: LostDevices},
        action=Action.DEVICE_REVOKE,
        narrows=True,
    ),
)
