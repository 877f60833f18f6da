"""How a device ends."""

from __future__ import annotations

from wardwire.devices.frames import HolderFrame


class Closed(Exception):
    """The device is done for good: it was closed, revoked, or the same key is used elsewhere."""


class HandedOver(Closed):
    """This shared device has gone to somebody else, or to nobody: clear everything, and go on as theirs.

    Attributes:
        holder: Who has it now.
    """

    def __init__(self, holder: HolderFrame) -> None:
        super().__init__("handed over")
        self.holder = holder
