"""What a board shows of a delivery: one letter, the same everywhere. And which units it means. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from wardwire.model.delivery import Delivery, State
from wardwire.model.errors import Code, Refused
from wardwire.model.places import PlaceKind, above, find_place

if TYPE_CHECKING:
    from wardwire.model.people import Directory

_SETTLED = {
    State.DELIVERED: "D",
    State.READ: "R",
    State.ACCEPTED: "A",
    State.ANSWERED: "A",
    State.DECLINED: "X",
    State.UNREACHABLE: "X",
    State.CANCELLED: "X",
    State.CLEARED: "X",
    State.EXPIRED: "X",
}


def letter_of(delivery: Delivery) -> str:
    """Return the letter: `Q` queued, `S` sent, `D` delivered, `R` read, `A` answered, `X` declined, or out of reach.

    Queued is what has no way out. Of what somebody else has taken it stays as far as it had come.
    """
    settled = _SETTLED.get(delivery.state)
    if settled:
        return settled
    if delivery.read_at is not None:
        return "R"
    if delivery.delivered_at is not None:
        return "D"
    return "S" if delivery.stages else "Q"


def units_of(directory: Directory, place: str) -> frozenset[UUID] | None:
    """Return the units that a board of a place shows: itself, or those of a site or building. "" = None, all.

    Raises:
        Refused: As `find_place`; `INVALID` for a room or a bed.
    """
    if not place:
        return None
    found = find_place(place, directory, "/place")
    if found.kind in (PlaceKind.ROOM, PlaceKind.BED):
        raise Refused(Code.INVALID, "a board shows a unit, a building or a site", pointer="/place")
    return frozenset(
        one.id
        for one in directory.places.values()
        if one.kind is PlaceKind.UNIT and any(up.id == found.id for up in above(directory, one.id))
    )
