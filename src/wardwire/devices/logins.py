"""Which connections are whose: lets a registered device's key in, and remembers what would have to be kicked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from wardwire.carrier.callout import DeviceGrant, LoginInfo
from wardwire.carrier.kick import Presence
from wardwire.devices.session import check_device
from wardwire.model.errors import Refused
from wardwire.model.people import Directory

# Of one device; a client that reconnects leaves dead ones behind until the server says that they are gone.
MOST_EACH = 8
MOST_GONE = 10_000


class Place(NamedTuple):
    """A connection, as KICK takes it."""

    server_id: str
    client_id: int


class Logins:
    """Decides about logins by the directory, and keeps the connections of those let in by this core.

    Wire `authorise` and `on_login` to the callout, and `presence` to what the system account tells.
    """

    def __init__(self, directory: Callable[[], Directory]) -> None:
        self._directory = directory
        self._open: dict[str, OrderedDict[Place, None]] = {}
        self._gone: OrderedDict[Place, None] = OrderedDict()

    def authorise(self, nkey: str, info: LoginInfo) -> DeviceGrant | None:
        """Let a registered device in that is not revoked, and whose person is not disabled; a lost one for its order;
        a shared one also while nobody has it: for a badge.

        The hub sends nothing to a device that is revoked, and whatever it says but a hello and `obeyed` is refused.
        """
        directory = self._directory()
        device_id = directory.devices_by_nkey.get(nkey)
        if device_id is None:
            return None
        return DeviceGrant(device=device_id.hex) if _may_come(directory, device_id) else None

    def on_login(self, device: str, info: LoginInfo) -> None:
        """Remember a connection that was let in."""
        places = self._open.setdefault(device, OrderedDict())
        places[Place(info.server_id, info.client_id)] = None
        if len(places) > MOST_EACH:
            places.popitem(last=False)

    def presence(self, news: Presence) -> None:
        """Forget a connection that has gone."""
        if news.connected:
            return
        place = Place(news.server_id, news.client_id)
        self._gone[place] = None
        if len(self._gone) > MOST_GONE:
            self._gone.popitem(last=False)
        places = self._open.get(news.device)
        if places is not None:
            places.pop(place, None)
            if not places:
                del self._open[news.device]

    def is_gone(self, place: Place) -> bool:
        """Whether a connection is known to have ended; False may also mean that nobody told us."""
        return place in self._gone

    def of(self, device: UUID) -> list[Place]:
        """Return the connections of a device that this core let in and that may still be open."""
        return list(self._open.get(device.hex, ()))

    def unwelcome(self) -> list[tuple[UUID, Place]]:
        """Return the open connections of devices that would not be let in any more. Ask after each change.

        Those of a lost device are not among them: who reports it closes them, and what comes then is for its order.
        """
        directory = self._directory()
        found = []
        for name, places in self._open.items():
            device = UUID(hex=name)
            if not _may_come(directory, device):
                found += [(device, place) for place in places]
        return found


def _may_come(directory: Directory, device_id: UUID) -> bool:
    device = directory.devices.get(device_id)
    if device is not None and (device.ordered or (device.turn and not device.revoked)):
        return True
    try:
        check_device(directory, device_id)
    except Refused:
        return False
    return True
