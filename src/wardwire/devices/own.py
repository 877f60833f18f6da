"""What people see and change of their own devices, through any of them: list, report a lost one, remove one.

One after the other: each change is a transaction with its fact, and a device is put out before it is answered. What
is somebody else's is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from wardwire.access.door import decide
from wardwire.devices.answers import Answers
from wardwire.devices.catchup import Acquire
from wardwire.devices.frames import Done
from wardwire.devices.in_turn import InTurn
from wardwire.devices.kicks import Kick
from wardwire.devices.orders import order_device
from wardwire.devices.own_frames import AskDevices, DevicesFrame, LostOne, OwnDevice, RemoveDevice, ReportLost
from wardwire.devices.register import revoke_device
from wardwire.devices.session import Door, Session
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.device_register import Registered
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.lost import Lost, Order
from wardwire.model.matrix import Action, Owner
from wardwire.model.people import Device, Directory
from wardwire.model.rights import Caller
from wardwire.store.device_register import Choice, list_registered
from wardwire.store.ledger import Ledger
from wardwire.store.lost import list_lost

OwnFrame = AskDevices | ReportLost | RemoveDevice

MOST = 50
MOST_LOST = 10
LOST, REMOVED = "reported by its person", "removed by its person"


class OwnDevices(InTurn[OwnFrame]):
    """Answers people about their devices.

    Args:
        acquire: Lends a connection for reading.
        announce: Tells all cores that a device is out; with "+" as one that will come back for its order.
        changed: Lets all cores look at the directory now.
        failed: Answers with why not; a device that is lost itself with its order.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        acquire: Acquire,
        directory: Callable[[], Directory],
        clock: Clock,
        kick: Kick,
        answers: Answers,
        announce: Callable[[UUID, str], None],
        changed: Callable[[], None],
        failed: Callable[[Door, str, WardwireError], None],
    ) -> None:
        super().__init__(
            "own",
            failed,
            full="too many look after their devices now; nothing was changed",
            away="the register of devices cannot be read now",
        )
        self._ledger = ledger
        self._acquire = acquire
        self._directory = directory
        self._clock = clock
        self._kick = kick
        self._answers = answers
        self._announce = announce
        self._changed = changed

    async def _take(self, door: Door, session: Session, frame: OwnFrame) -> None:
        caller = session.caller(self._directory())
        assert caller.person_id is not None
        if isinstance(frame, AskDevices):
            self._answers.tell(door, await self._list(frame.id, caller.person_id))
            return
        device, is_lost = self._own(caller, frame.device), isinstance(frame, ReportLost)
        if device.unit_id is not None and not is_lost:
            raise Refused(Code.NOT_PERMITTED, "this is a unit's device; give it back there", pointer="/device")

        def announce(device_id: UUID) -> None:
            # It is committed. Who puts out the device that they speak through hears so before it is cut off.
            done = Done(id=frame.id, message="", state="lost" if is_lost else "removed")
            self._answers.done(door, session, done)
            self._announce(device_id, "+" if is_lost else "")
            self._changed()

        if is_lost:
            await order_device(
                self._ledger, self._clock, device_id=device.id, order=Order.WIPE, why=LOST, by=caller.source,
                kick=self._kick, announce=announce,
            )  # fmt: skip
        else:
            await revoke_device(
                self._ledger, self._clock, device_id=device.id, why=REMOVED, by=caller.source,
                kick=self._kick, announce=announce,
            )  # fmt: skip

    def _own(self, caller: Caller, written: str) -> Device:
        """Return a device of the caller.

        Raises:
            Refused: `NOT_FOUND`, also when it is somebody else's.
        """
        device = self._directory().devices.get(ids.read_id(ids.DEVICE, written))
        if device is None or device.person_id != caller.person_id:
            raise Refused(Code.NOT_FOUND, "you have no such device", pointer="/device")
        decide(caller, Action.DEVICE_REVOKE, [Owner(people=frozenset({device.person_id}))])
        return device

    async def _list(self, request: str, person_id: UUID) -> DevicesFrame:
        choice = Choice(person_id=person_id, state="active")
        async with self._acquire() as connection:
            active = await list_registered(connection, choice, limit=MOST)
            lost = await list_lost(connection, after=None, limit=MOST_LOST, person_id=person_id)
        now = self._clock.now()
        return DevicesFrame(request, [_show(one) for one in active], [_show_lost(one, now) for one in lost])


def _show(device: Registered) -> OwnDevice:
    return OwnDevice(
        id=ids.write_id(ids.DEVICE, device.id),
        name=device.name,
        registered_at=device.registered_at,
        last_heard_at=device.heard_at,
        type=device.kind,
        platform=device.platform,
        os=device.os,
        app=device.app,
        unit=device.unit or "",
    )


def _show_lost(lost: Lost, now: datetime) -> LostOne:
    return LostOne(ids.write_id(ids.DEVICE, lost.device_id), lost.name, lost.order, lost.state(now), lost.ordered_at)
