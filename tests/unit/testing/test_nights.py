"""A hundred thousand alerts: none of them ends in silence, and silent ones go as they were foretold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from wardwire.model import coverage, escalation, simulation, standing, whom
from wardwire.model.alert import Decided, Event
from wardwire.model.oncall_plan import Swap
from wardwire.testing import nights
from wardwire.testing.nights import ALERTS_A_WARD, Broken, simulate

ALERTS = 100_000
PARTS = 20


@pytest.mark.parametrize("seed", range(PARTS))
def test_a_hundred_thousand_alerts_end_answered_cleared_cancelled_or_at_the_desk(seed: int) -> None:
    """Random directories, rotations on the nights of the clock, covers, preferences, nested and empty groups; people
    decline, hand back, hand over; and each way of ending is really seen.
    """
    found = simulate(seed, ALERTS // PARTS)
    assert set(found.ends) == {"answered", "done", "cleared", "cancelled", "technical alarm"}
    assert found.ends.total() == ALERTS // PARTS
    often = ("Page", "Ring", "Silence", "Tell", "Alarm", "Record", "foretold to the end", "handed over", "covered")
    assert min(found.commands[one] for one in often) > 50, found.commands
    assert found.commands["swapped"] > 10, found.commands


def test_parts_of_a_seed_are_the_same_alerts_wherever_they_run() -> None:
    """Two halves find what the whole finds."""
    half = ALERTS_A_WARD
    first, second = simulate(7, half), simulate(7, half, half)
    assert first.ends + second.ends == simulate(7, 2 * half).ends
    assert first.ends != second.ends


def blind_to_declines(real: Callable[..., Event | None]) -> Callable[..., Event | None]:
    """Nobody is left, and nobody notices; nor that the time is up."""

    def mutant(*given: Any) -> Event | None:
        found = real(*given)
        return None if found in (Event.TIME_UP, Event.NOBODY_LEFT) else found

    return mutant


def skip_the_last_step(real: Callable[..., Decided]) -> Callable[..., Decided]:
    """The last step of several is never called."""

    def mutant(before: Any, *given: Any) -> Decided:
        steps = before.policy.steps
        if len(steps) == 1 or before.step >= len(steps) - 1:
            return real(before, *given)
        decided = real(before._replace(policy=before.policy._replace(steps=steps[:-1])), *given)
        return decided._replace(escalation=decided.escalation._replace(policy=before.policy))

    return mutant


def stop_at_the_first_cover(real: Callable[..., tuple[UUID, ...]]) -> Callable[..., tuple[UUID, ...]]:
    """Whoever covers is called, though somebody covers for them."""

    def mutant(person_id: UUID, directory: Any, priority: Any, now: Any, desk: str, seen: Any, turns: Any) -> Any:
        return (person_id,) if seen else real(person_id, directory, priority, now, desk, seen, turns)

    return mutant


def lose(_: object) -> Callable[..., dict[UUID, UUID]]:
    """No role ever changes hands."""
    return lambda *_: {}


def never(_: object) -> Callable[..., None]:
    """Nobody looks when a role changes hands."""
    return lambda *_: None


def nobody_covers(_: object) -> Callable[..., coverage.Covering]:
    """Covers are not asked for."""
    return lambda *_, **__: coverage.Covering(())


def forget_swaps(_: object) -> Callable[..., None]:
    """Whoever has taken a part of a shift is not called."""
    return lambda *_: None


def take_what_is_only_offered(_: object) -> Callable[..., UUID | None]:
    """Whoever was asked is called before they have said yes."""
    return lambda swap, now: swap.taker if swap.starts_at <= now < swap.ends_at else None


def tell_whoever_is_called(_: object) -> Callable[..., Any]:
    """Whoever is rung is told in the same breath that it has gone from them."""
    return lambda commands: commands


def endpoints_of_another_step(real: Callable[..., Any]) -> Callable[..., Any]:
    """Whoever cannot be called by a step's endpoints is called all the same, by nothing."""
    return lambda *_: False


@pytest.mark.parametrize(
    ("room", "name", "mutant"),
    [
        (standing, "derive", blind_to_declines),
        (escalation, "_go_on", skip_the_last_step),
        (nights, "turned_roles", lose),
        (nights, "next_turn", never),
        (simulation, "next_turn", never),
        (coverage, "_follow", stop_at_the_first_cover),
        (whom, "covering", nobody_covers),
        (Swap, "holder_at", forget_swaps),
        (Swap, "holder_at", take_what_is_only_offered),
        (escalation, "_told_last", tell_whoever_is_called),
        (escalation, "_elsewhere", endpoints_of_another_step),
    ],
    ids=lambda given: getattr(given, "__name__", given),
)
def test_a_rule_that_is_broken_is_found(
    room: Any, name: str, mutant: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulation is not blind."""
    monkeypatch.setattr(room, name, mutant(getattr(room, name)))
    with pytest.raises(Broken):
        simulate(1, 4000)
