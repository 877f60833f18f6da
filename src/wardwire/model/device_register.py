"""The register of devices: whose each is, what it is, how it stands. Nothing is routed by it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from wardwire.model.priority import Word


class Ownership(Word):
    """Whose property a device is; "" = nobody has said."""

    UNSAID = ""
    HOSPITAL = "hospital"
    OWN = "own"


class About(NamedTuple):
    """What a device says of itself: to be shown, never to be trusted. `battery` is in percent; None = not told."""

    kind: str = ""
    platform: str = ""
    model: str = ""
    os: str = ""
    app: str = ""
    carrier: str = ""
    battery: int | None = None
    charging: bool | None = None


class Registered(NamedTuple):
    """A device as the register has it.

    Attributes:
        app: The client's version as it last said, or as it registered.
        ordered: What it was ordered when it was reported lost, until it has done it; "" = nothing.
        version: Of the directory, when this row was last changed.
        heard_at: When it last said anything, some minutes coarse; None = never since it is noted.
        about_at: When it last said what it is.
        unit_id: The unit whose shared device it is. turn: How often that has changed hands; 0 = it is not shared.
        held_until: When it is taken back by itself.
    """

    id: UUID
    person_id: UUID
    person: str
    name: str
    app: str
    group_id: UUID | None
    group: str | None
    ownership: str
    cost_centre: str
    registered_at: datetime
    revoked: bool
    ordered: str
    version: int
    heard_at: datetime | None
    about_at: datetime | None
    kind: str
    platform: str
    model: str
    os: str
    carrier: str
    battery: int | None
    charging: bool | None
    turn: int
    unit_id: UUID | None
    unit: str | None
    held_until: datetime | None

    @property
    def state(self) -> str:
        """Say how it stands: `active`, `revoked`, or `lost` until it has done what it was ordered."""
        return "lost" if self.ordered else "revoked" if self.revoked else "active"
