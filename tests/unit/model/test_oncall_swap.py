"""What becomes of a swap when its shift moves, and what is said to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.unit.model.samples import ANNA, BEN, CHEN, OKAFOR, T0, role, shift
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_plan import Agreed, Layer, Rota, Swap
from wardwire.model.oncall_swap import answer, find_shift, follow, offer
from wardwire.model.people import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHIFT = f"shf_{1:032x}"
END = T0 + 8 * HOUR


def ward(begin: datetime = T0, end: datetime = END, holder: UUID = CHEN) -> Role:
    """Chen's shift; Okafor may take some of it."""
    return replace(role(1, "Cardiology", shift(1, 1, holder, begin, end)), swappers=frozenset({OKAFOR}))


def agreed(begin: datetime = T0 + 4 * HOUR, end: datetime = END) -> Swap:
    """Okafor has taken the second half."""
    made = offer(ward(), SHIFT, OKAFOR, (begin, end), T0, swap_id=UUID(int=9), version=1)
    return answer(made, OKAFOR, accept=True, now=T0)


@pytest.mark.parametrize(
    ("begin", "end", "part"),
    [
        (T0 + HOUR, END, (T0 + 4 * HOUR, END)),  # its inner edge stays
        (T0, END + HOUR, (T0 + 4 * HOUR, END + HOUR)),  # what reached the end still does
        (T0 + 5 * HOUR, END, (T0 + 5 * HOUR, END)),
        (T0 + DAY, END + DAY, (T0 + DAY, END + DAY)),
    ],
)
def test_a_moved_shift_asks_for_its_own_part(begin: datetime, end: datetime, part: tuple[datetime, datetime]) -> None:
    """Until both agree, what they had agreed on stays."""
    asked = follow(agreed(), ward(begin, end), T0)
    assert (asked.state, asked.moved) == (Agreed.ASKED, (begin, end, *part))
    assert (asked.starts_at, asked.ends_at) == (T0 + 4 * HOUR, END)
    both = answer(answer(asked, OKAFOR, accept=True, now=T0), CHEN, accept=True, now=T0)
    assert (both.state, both.starts_at, both.ends_at, both.moved) == (Agreed.ACCEPTED, *part, None)


def test_a_shift_that_moves_back_or_again() -> None:
    """Back: as agreed. Again: both are asked anew, whatever one has said."""
    once = answer(follow(agreed(), ward(T0 + HOUR), T0), CHEN, accept=True, now=T0)
    assert follow(once, ward(T0 + HOUR), T0) is once
    assert follow(once, ward(T0 + 2 * HOUR), T0).said == ()
    assert follow(once, ward(), T0) == agreed()


@pytest.mark.parametrize(
    "now_so",
    [role(1, "Cardiology"), ward(holder=BEN), ward(T0 - 2 * DAY, T0 + 3 * HOUR)],
    ids=["gone", "another's", "its part is gone"],
)
def test_a_swap_lapses_with_what_it_was_about(now_so: Role) -> None:
    """Nobody holds a part of what is not there."""
    middle = agreed(T0 + 4 * HOUR, T0 + 5 * HOUR)
    assert follow(middle, now_so, T0).state is Agreed.LAPSED


def test_what_is_over_is_left_alone() -> None:
    """Shifts of the past are not read any more, and that says nothing."""
    assert follow(agreed(), role(1, "Cardiology"), END) == agreed()


def test_a_turn_of_a_rotation_is_a_shift_too() -> None:
    """By the name of its layer and its number."""
    rota = Rota("UTC", (Layer("days", (ANNA, BEN), datetime(2026, 11, 24), DAY),))
    planned = replace(role(1, "Cardiology"), rota=rota)
    assert find_shift(planned, "days/1") == (BEN, T0.replace(hour=0) + DAY, T0.replace(hour=0) + 2 * DAY)
    for unknown in ("days/-1", "days/x", "days", "nights/1", "days/99999999999", "shf_1", ""):
        assert find_shift(planned, unknown) is None
    taken = answer(
        offer(planned, "days/1", ANNA, None, T0, swap_id=UUID(int=9), version=1), ANNA, accept=True, now=T0
    )
    later = replace(planned, rota=Rota("UTC", (rota.layers[0]._replace(starts=datetime(2026, 11, 24, 6)),)))
    assert follow(taken, later, T0).state is Agreed.ASKED


@pytest.mark.parametrize(("who", "code"), [(CHEN, Code.NOT_PERMITTED), (BEN, Code.NOT_PERMITTED), (OKAFOR, None)])
def test_only_who_is_asked_may_answer(who: UUID, code: Code | None) -> None:
    """The giver has offered; he is not asked."""
    made = offer(ward(), SHIFT, OKAFOR, None, T0, swap_id=UUID(int=9), version=1)
    if code is None:
        assert answer(made, who, accept=False, now=T0).state is Agreed.DECLINED
        return
    with pytest.raises(Refused) as refused:
        answer(made, who, accept=True, now=T0)
    assert refused.value.code is code


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ((T0 - HOUR, T0 + HOUR), Code.INVALID),
        ((T0 + HOUR, END + HOUR), Code.INVALID),
        ((T0, T0 + HOUR), Code.TOO_LATE),
    ],
)
def test_a_part_lies_within_its_shift_and_ahead(part: tuple[datetime, datetime], code: Code) -> None:
    """What is over cannot be offered."""
    with pytest.raises(Refused) as refused:
        offer(ward(), SHIFT, OKAFOR, part, T0 + 2 * HOUR, swap_id=UUID(int=9), version=1)
    assert refused.value.code is code
