"""Tells devices how they are to behave: at each hello, and at once when somebody has changed it.

Ten thousand devices are told in one go, some hundred in a turn of the event loop: pages go between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from uuid import UUID

from wardwire.devices.frames import SettingsFrame, encode
from wardwire.devices.gather import Gather
from wardwire.devices.session import Door
from wardwire.model.device_settings import Scope
from wardwire.model.directory import settings_of
from wardwire.model.people import Device, Directory

# Some 2 ms of work.
SLICE = 250


class DeviceSettings:
    """Keeps devices that are connected here set as the directory says.

    Args:
        doors: The devices of this core, as of now.
        publish: Sends a frame on a subject; never waits.
    """

    def __init__(
        self,
        *,
        directory: Callable[[], Directory],
        doors: Callable[[], Iterable[Door]],
        publish: Callable[[str, bytes], None],
    ) -> None:
        self._directory = directory
        self._doors = doors
        self._publish = publish
        self._seen = -1
        self._gather: Gather[None] = Gather("settings", self._tell_all, largest=10, most_waiting=10)

    def directory_changed(self) -> None:
        """Tell those whom a change concerns; costs nothing when it concerns no settings."""
        version = self._directory().settings_version
        if version != self._seen:
            self._seen = version
            self._gather.put(None)

    def tell(self, door: Door) -> None:
        """Tell a device that has just said hello."""
        directory = self._directory()
        device = directory.devices.get(UUID(hex=door.name))
        if device is not None and _hears(door):
            door.settings = write_settings(directory, device)
            self._publish(door.down, door.settings)

    async def settled(self) -> None:
        """Wait until everybody was told."""
        await self._gather.settled()

    async def stop(self) -> None:
        """Tell nobody more; who comes back is told at the hello."""
        await self._gather.stop()

    async def _tell_all(self, _changes: list[None]) -> None:
        directory = self._directory()
        written: dict[UUID | None, bytes] = {}  # of devices without settings of their own, by group
        doors = list(self._doors())
        for first in range(0, len(doors), SLICE):
            for door in doors[first : first + SLICE]:
                device = directory.devices.get(UUID(hex=door.name))
                if device is None or device.revoked or not _hears(door):
                    continue
                if (Scope.DEVICE, device.id) in directory.device_layers:
                    frame = write_settings(directory, device)
                elif (held := written.get(device.group_id)) is not None:
                    frame = held
                else:
                    frame = written[device.group_id] = write_settings(directory, device)
                if frame != door.settings:
                    door.settings = frame
                    self._publish(door.down, frame)
            await asyncio.sleep(0)


def _hears(door: Door) -> bool:
    """Whether a device has a session here and is not too old: such a one gets `code` and nothing else."""
    return door.session is not None and not door.session.limited


def write_settings(directory: Directory, device: Device) -> bytes:
    """Write the frame that says how a device is to behave."""
    found = settings_of(directory, device)
    return encode(
        SettingsFrame(
            values={key: one.value for key, one in found.items()},
            locked=sorted(key for key, one in found.items() if one.locked_by),
        )
    )
