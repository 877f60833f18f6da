"""Who is on call at an instant, and by which rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, BEN, CHEN, DORA, EVA, OKAFOR, T0, directory, group, person, role, shift
from wardwire.model import ids
from wardwire.model.oncall import final, holders, next_edge, on_call
from wardwire.model.oncall_plan import Agreed, Layer, Rota, Swap
from wardwire.model.people import Role
from wardwire.testing.zones import ZONES

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGIN = datetime(2026, 11, 1)


def rota(zone: str = "UTC") -> Rota:
    """Two layers: Anna and Ben by the day; Eva, if neither has begun."""
    return Rota(zone, (Layer("days", (ANNA, BEN), BEGIN, DAY), Layer("rest", (EVA,), datetime(2020, 1, 1), DAY)))


def test_an_override_goes_before_a_swap_before_a_shift_before_the_layers() -> None:
    """Each says by which rule it holds, and until when."""
    swap = Swap(UUID(int=9), UUID(int=1), "shf_1", CHEN, OKAFOR, T0, T0 + HOUR, T0, T0 + HOUR, Agreed.ACCEPTED, 5)
    made = replace(
        role(1, "Cardiology", shift(1, 1, CHEN, T0, T0 + HOUR, version=9)),
        rota=rota(),
        swaps=(swap,),
        fallback=DORA,
    )
    override = replace(shift(2, 1, DORA, T0, T0 + HOUR, version=1), override=True)
    everything = replace(made, shifts=(*made.shifts, override))
    assert [(held.rule, held.person_id) for held in holders(everything, T0)] == [
        ("override", DORA),
        ("swap", OKAFOR),
        ("shift", CHEN),
        ("layer 1", BEN),
        ("layer 2", EVA),
    ]
    assert [held.rule for held in holders(everything, T0 + HOUR)] == ["layer 1", "layer 2"]
    assert on_call(everything, directory(roles=[everything]), T0).why(next(holders(made, T0))) == f"swap:rol_{1:032x}"


def test_who_is_disabled_is_passed_over() -> None:
    """The next rule holds, in the end the fallback."""
    made = replace(role(1, "Cardiology", shift(1, 1, CHEN, T0, T0 + HOUR), fallback=DORA), rota=rota())
    without = directory([person(CHEN, disabled=True), person(BEN, disabled=True), person(EVA), person(DORA)])
    assert [one.rule for one in on_call(made, without, T0).holdings] == ["layer 2"]
    nobody = directory([person(DORA)])
    assert [(one.rule, one.person_id) for one in on_call(made, nobody, T0).holdings] == [("fallback", DORA)]


def test_a_fallback_is_a_person_a_group_or_the_desk() -> None:
    """And where that is nobody who could come, the desk."""
    there = directory(groups=[group(50, "Day team", ANNA, BEN), group(51, "Nobody")])

    def who(made: Role, desk: str = "person:Dora") -> list[UUID]:
        return [one.person_id for one in on_call(made, there, T0, desk).holdings]

    assert who(role(1, "R", fallback=CHEN)) == [CHEN]
    assert who(role(1, "R", fallback=UUID(int=99))) == [DORA]
    assert who(replace(role(1, "R"), fallback_to=ids.write_id(ids.GROUP, UUID(int=50)))) == [ANNA, BEN]
    assert who(replace(role(1, "R"), fallback_to=ids.write_id(ids.GROUP, UUID(int=51)))) == [DORA]
    assert who(role(1, "R")) == [DORA]
    assert who(role(1, "R"), "") == []


def test_a_desk_that_is_a_role_without_a_holder_ends() -> None:
    """Its own fallback is the desk: itself."""
    desk = role(7, "Desk")
    there = directory(roles=[desk])
    assert on_call(desk, there, T0, "role:Desk").holdings == ()
    assert on_call(role(1, "R"), there, T0, "role:Desk").holdings == ()
    held = replace(desk, shifts=(shift(1, 7, DORA, T0, T0 + HOUR),))
    assert [one.person_id for one in on_call(role(1, "R"), directory(roles=[held]), T0, "Desk").holdings] == [DORA]


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 1)),
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60), st.booleans()), max_size=6),
)
def test_the_final_plan_is_without_gap_and_says_what_holds(
    zone: str, begin: datetime, entered: list[tuple[int, int, bool]]
) -> None:
    """Wherever one looks into a stretch, its holder holds; the next edge misses no change."""
    at = begin.replace(tzinfo=UTC, microsecond=0)
    shifts = [
        replace(shift(nth, 1, CHEN, at + first * HOUR, at + (first + hours) * HOUR, version=nth), override=override)
        for nth, (first, hours, override) in enumerate(entered)
    ]
    made = replace(role(1, "R", *shifts), rota=Rota(zone, (Layer("x", (ANNA, BEN), datetime(2020, 6, 1), DAY),)))
    end = at + 9 * DAY
    segments = list(final(made, at, end))
    assert (segments[0].starts_at, segments[-1].ends_at) == (at, end)
    for one, other in pairwise(segments):
        assert one.ends_at == other.starts_at
    for segment in segments:
        for instant in (segment.starts_at, segment.starts_at + (segment.ends_at - segment.starts_at) / 3):
            assert next(holders(made, instant), None) == segment.holding


def test_a_role_with_nothing_in_it_never_changes() -> None:
    """Nothing to wait for."""
    assert next_edge(role(1, "R"), T0) is None
    assert [segment.holding for segment in final(role(1, "R"), T0, T0 + DAY)] == [None]


def test_the_night_of_a7() -> None:
    """Chen has 6 hours of it, Okafor 7: the pages before, at and after one o'clock go to whom they should."""
    chicago = ZoneInfo("America/Chicago")
    begin = datetime(2026, 10, 31, 19, tzinfo=chicago).astimezone(UTC)
    end = datetime(2026, 11, 1, 7, tzinfo=chicago).astimezone(UTC)
    one = datetime(2026, 11, 1, 6, tzinfo=UTC)
    assert end - begin == 13 * HOUR
    swap = Swap(UUID(int=9), UUID(int=1), "shf_1", CHEN, OKAFOR, begin, end, one, end, Agreed.ACCEPTED, 2)
    made = replace(role(1, "Cardiology 1st", shift(1, 1, CHEN, begin, end)), swaps=(swap,))
    hours = {
        segment.holding.person_id: segment.ends_at - segment.starts_at
        for segment in final(made, begin, end)
        if segment.holding
    }
    assert hours == {CHEN: 6 * HOUR, OKAFOR: 7 * HOUR}
    pages = [one - timedelta(seconds=1), one, one + HOUR / 2, one + 3 * HOUR / 2]
    assert [next(holders(made, at)).person_id for at in pages] == [CHEN, OKAFOR, OKAFOR, OKAFOR]
