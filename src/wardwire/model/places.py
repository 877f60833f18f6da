"""Where care happens: sites, buildings, units, rooms and beds, and who has which bed now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import fold_name

if TYPE_CHECKING:
    from wardwire.model.people import Directory


class PlaceKind(StrEnum):
    """What a place is: a tree, site > building > unit > room > bed."""

    SITE = "site"
    BUILDING = "building"
    UNIT = "unit"
    ROOM = "room"
    BED = "bed"


class Rank(StrEnum):
    """In which order those who have a bed are called."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    TERTIARY = "tertiary"


# What a place may lie in; None = in nothing that is entered. A bed may do without a room.
INSIDE: Mapping[PlaceKind, frozenset[PlaceKind | None]] = {
    PlaceKind.SITE: frozenset({None}),
    PlaceKind.BUILDING: frozenset({PlaceKind.SITE}),
    PlaceKind.UNIT: frozenset({None, PlaceKind.SITE, PlaceKind.BUILDING}),
    PlaceKind.ROOM: frozenset({PlaceKind.UNIT}),
    PlaceKind.BED: frozenset({PlaceKind.UNIT, PlaceKind.ROOM}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site, a building, a unit, a room or a bed.

    Attributes:
        parent: What it lies in; None for a site, and for a unit that is entered without one.
        zone: For a site: its time zone, e.g. `Europe/Berlin`.
        version: The directory's, at its last change.
        policy: For a unit: the policy of alerts from its beds that name none.
    """

    id: UUID
    kind: PlaceKind
    parent: UUID | None
    name: str
    policy: UUID | None = None
    zone: str = ""
    disabled: bool = False
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who has a bed in [starts_at, ends_at), and whether first, second or third. `ends_at` None = until changed."""

    id: UUID
    place_id: UUID
    person_id: UUID
    rank: Rank
    starts_at: datetime
    ends_at: datetime | None
    version: int

    def holds(self, now: datetime) -> bool:
        """Whether it is on at an instant."""
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


class UnitRole(NamedTuple):
    """Which role a unit has for a function, such as `charge nurse`; None = none any more."""

    unit_id: UUID
    function: str
    role_id: UUID | None


def assigned(directory: Directory, bed: UUID, rank: Rank, now: datetime) -> UUID | None:
    """Return who has a bed now; of overlapping assignments of a rank the latest written. None = nobody."""
    holding = [one for one in directory.assignments.get(bed, ()) if one.rank is rank and one.holds(now)]
    latest = max(holding, key=lambda one: one.version, default=None)
    return latest.person_id if latest else None


def unit_of(directory: Directory, place_id: UUID) -> UUID | None:
    """Return the unit that a place lies in (a unit: itself); None when there is none."""
    return next((place.id for place in above(directory, place_id) if place.kind is PlaceKind.UNIT), None)


def zone_of(directory: Directory, place_id: UUID) -> str:
    """Return the time zone of the site that a place lies in; "" = it lies in none."""
    return next((place.zone for place in above(directory, place_id) if place.kind is PlaceKind.SITE), "")


def above(directory: Directory, place_id: UUID | None) -> Iterator[Place]:
    """Go through a place and what it lies in, inside first."""
    # A tree of as many floors as there are kinds: more steps than that would be a circle.
    for _ in PlaceKind:
        place = directory.places.get(place_id) if place_id else None
        if place is None:
            return
        yield place
        place_id = place.parent


def find_place(target: str, directory: Directory, pointer: str) -> Place:
    """Find the place that a target means: `plc_…`, `bed:4W-12`, `room:4W-1`, `unit:4 West`, `site:North`.

    Raises:
        Refused: `PLACE_UNKNOWN`, `RECIPIENT_AMBIGUOUS` with the candidates, or `RECIPIENT_DISABLED`.
    """
    if target.startswith(f"{ids.PLACE}_"):
        try:
            found: tuple[UUID, ...] = (ids.read_id(ids.PLACE, target),)
        except Refused as refused:
            raise Refused(Code.PLACE_UNKNOWN, refused.detail, pointer=pointer) from None
    else:
        word, _, name = target.partition(":")
        found = directory.place_names.get(f"{word.strip().casefold()}:{fold_name(name)}", ())
    if len(found) > 1:
        candidates = [ids.write_id(ids.PLACE, value) for value in found]
        raise Refused(Code.RECIPIENT_AMBIGUOUS, "several bear this name", pointer=pointer, candidates=candidates)
    place = directory.places.get(found[0]) if found else None
    if place is None:
        raise Refused(Code.PLACE_UNKNOWN, "no place of this kind bears this name", pointer=pointer)
    if place.disabled:
        raise Refused(Code.RECIPIENT_DISABLED, "this place is disabled", pointer=pointer)
    return place


def index_places(places: Iterable[Place]) -> dict[str, tuple[UUID, ...]]:
    """Make the index of places by `kind:folded name`; only what is not disabled can be found by name."""
    names: dict[str, tuple[UUID, ...]] = {}
    for place in places:
        if not place.disabled:
            key = f"{place.kind}:{fold_name(place.name)}"
            names[key] = (*names.get(key, ()), place.id)
    return names
