"""How much one address may take of the front."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wardwire.gateway.limits import LONGEST_WAIT_S, REMEMBERED, Limits, group_of


def make(connections: int = 3, total: int = 100, heads: int = 60) -> Limits:
    return Limits(connections=connections, connections_total=total, heads_per_min=heads)


def test_an_address_holds_so_many_connections_and_others_are_not_harmed() -> None:
    """The fourth is refused until one ends; another address has its own."""
    limits = make()

    assert [limits.admit("192.0.2.1", 0) for _ in range(4)] == [True, True, True, False]
    assert limits.admit("192.0.2.2", 0)
    limits.leave("192.0.2.1", 1)
    assert limits.admit("192.0.2.1", 1)
    assert limits.open == 4


def test_all_together_hold_so_many() -> None:
    """More addresses do not make more room."""
    limits = make(total=2)

    assert [limits.admit(f"192.0.2.{nth}", 0) for nth in range(3)] == [True, True, False]


def test_who_asks_too_often_is_slowed_down_before_being_refused() -> None:
    """A minute's worth at once, then one a second; who waits is not refused, who storms is."""
    limits = make(heads=60)

    assert all(limits.wait_s("192.0.2.1", 0) == 0 for _ in range(60))
    waits = [limits.wait_s("192.0.2.1", 0) for _ in range(7)]
    assert waits[:5] == [1, 2, 3, 4, 5]
    assert min(waits[5:]) > LONGEST_WAIT_S
    assert limits.wait_s("192.0.2.2", 0) == 0
    assert limits.wait_s("192.0.2.1", 60) == 0


def test_an_ipv6_house_is_one_address() -> None:
    """Who has 2^64 addresses counts once; an IPv4 address counts as such, however it is written."""
    assert group_of("2001:db8:1:2::1") == group_of("2001:db8:1:2:ffff::9")
    assert group_of("2001:db8:1:2::1") != group_of("2001:db8:1:3::1")
    assert group_of("::ffff:192.0.2.1") == group_of("192.0.2.1") == "192.0.2.1"


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_what_is_open_is_what_came_and_has_not_gone(steps: list[tuple[int, bool]]) -> None:
    """However they come and go, no count is lost and none goes below nothing."""
    limits, held = make(), [0, 0, 0, 0]
    for nth, comes in steps:
        if comes:
            assert limits.admit(str(nth), 0) == (held[nth] < 3)
            held[nth] = min(3, held[nth] + 1)
        elif held[nth]:
            limits.leave(str(nth), 0)
            held[nth] -= 1
        assert limits.open == sum(held)


def test_addresses_that_have_gone_are_forgotten() -> None:
    """A scan from everywhere does not fill our memory, and does not make us forget who is here."""
    limits = make(total=10**6)
    limits.admit("here", 0)
    for nth in range(2 * REMEMBERED):
        limits.wait_s(f"x{nth}", 0)

    assert len(limits._known) <= REMEMBERED
    limits.leave("here", 0)
    assert limits.open == 0
