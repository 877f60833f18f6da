"""Who has a bed now, and what a place's name means."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.unit.model.samples import ANNA, BEN, T0
from wardwire.model import directory as merge
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.model.places import Assignment, Place, PlaceKind, Rank, assigned, find_place, unit_of

WEST, ROOM, BED, LONE = (UUID(int=nth) for nth in range(0x501, 0x505))
HOUR = timedelta(hours=1)


def ward() -> Directory:
    """A unit with a room and a bed in it, and a bed that lies in no unit that we know."""
    directory = Directory()
    merge.merge_places(
        directory,
        [
            Place(id=WEST, kind=PlaceKind.UNIT, parent=None, name="4 West"),
            Place(id=ROOM, kind=PlaceKind.ROOM, parent=WEST, name="4W-1"),
            Place(id=BED, kind=PlaceKind.BED, parent=ROOM, name="4W-12"),
            Place(id=LONE, kind=PlaceKind.BED, parent=None, name="Hall", disabled=True),
        ],
    )
    return directory


def having(nth: int, person: UUID, begin: datetime, end: datetime | None, version: int = 1) -> Assignment:
    """Somebody has the bed first."""
    return Assignment(
        id=UUID(int=nth), place_id=BED, person_id=person, rank=Rank.PRIMARY, starts_at=begin, ends_at=end,
        version=version,
    )  # fmt: skip


def test_an_assignment_holds_from_its_beginning_up_to_before_its_end() -> None:
    """Half-open, so that at the change of shifts nobody and two people are both impossible."""
    directory = ward()
    merge.merge_assignments(directory, [having(1, ANNA, T0, T0 + HOUR), having(2, BEN, T0 + HOUR, None)], [])
    assert assigned(directory, BED, Rank.PRIMARY, T0 - timedelta(seconds=1)) is None
    assert assigned(directory, BED, Rank.PRIMARY, T0) == ANNA
    assert assigned(directory, BED, Rank.PRIMARY, T0 + HOUR - timedelta(microseconds=1)) == ANNA
    assert assigned(directory, BED, Rank.PRIMARY, T0 + HOUR) == BEN
    assert assigned(directory, BED, Rank.PRIMARY, T0 + 1000 * HOUR) == BEN
    assert assigned(directory, BED, Rank.SECONDARY, T0) is None


def test_the_latest_written_of_overlapping_assignments_wins() -> None:
    """As with shifts of a role."""
    directory = ward()
    merge.merge_assignments(directory, [having(1, ANNA, T0, None, 7), having(2, BEN, T0, None, 9)], [])
    assert assigned(directory, BED, Rank.PRIMARY, T0) == BEN


def test_an_assignment_that_is_taken_back_holds_no_more() -> None:
    """And a changed one replaces its former self."""
    directory = ward()
    merge.merge_assignments(directory, [having(1, ANNA, T0, None)], [])
    merge.merge_assignments(directory, [having(1, ANNA, T0, T0 + HOUR, 2)], [])
    assert assigned(directory, BED, Rank.PRIMARY, T0 + HOUR) is None
    merge.merge_assignments(directory, [], [having(1, ANNA, T0, T0 + HOUR, 3)])
    assert assigned(directory, BED, Rank.PRIMARY, T0) is None


def test_a_bed_lies_in_the_unit_of_its_room() -> None:
    """However deep, and nowhere when nothing says so."""
    directory = ward()
    assert [unit_of(directory, place) for place in (BED, ROOM, WEST, LONE)] == [WEST, WEST, WEST, None]


@pytest.mark.parametrize("target", ["bed:4W-12", "BED: 4w-12 ", ids.write_id(ids.PLACE, BED)])
def test_a_place_is_found_by_its_kind_and_name_or_its_id(target: str) -> None:
    """However it is typed."""
    assert find_place(target, ward(), "/place").id == BED


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("4W-12", Code.PLACE_UNKNOWN),
        ("room:4W-12", Code.PLACE_UNKNOWN),
        ("bed:", Code.PLACE_UNKNOWN),
        ("plc_zz", Code.PLACE_UNKNOWN),
        (ids.write_id(ids.PLACE, LONE), Code.RECIPIENT_DISABLED),
        ("bed:Hall", Code.PLACE_UNKNOWN),
    ],
)
def test_what_names_no_place_is_refused_with_its_pointer(target: str, code: Code) -> None:
    """A bare name is not enough: people and groups are found by those."""
    with pytest.raises(Refused) as refused:
        find_place(target, ward(), "/place")
    assert (refused.value.code, refused.value.pointer) == (code, "/place")


def test_two_beds_of_one_name_are_named_as_candidates() -> None:
    """Never the wrong bed."""
    directory = ward()
    merge.merge_places(directory, [Place(id=UUID(int=9), kind=PlaceKind.BED, parent=WEST, name="4w-12")])
    with pytest.raises(Refused) as refused:
        find_place("bed:4W-12", directory, "/place")
    assert refused.value.code is Code.RECIPIENT_AMBIGUOUS
    assert sorted(refused.value.fields["candidates"]) == sorted(
        [ids.write_id(ids.PLACE, BED), ids.write_id(ids.PLACE, UUID(int=9))]
    )
