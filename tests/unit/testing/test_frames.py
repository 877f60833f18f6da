"""Frame faults are decided by the seed, and do what they count."""

from __future__ import annotations

from wardwire.testing.frames import FrameFaults, FrameRates
from wardwire.testing.plan import FaultPlan

ROUGH = FrameRates(drop=0.1, duplicate=0.1, reorder=0.2)


def passed(seed: int, rates: FrameRates = ROUGH, frames: int = 1000) -> tuple[list[int], FrameFaults[int]]:
    faults = FrameFaults[int](seed, rates)
    out = [frame for number in range(frames) for frame in faults.take(number)]
    return out + faults.heal(), faults


def test_a_seed_replays() -> None:
    """The same seed does the same to the same frames, another seed something else."""
    assert passed(7)[0] == passed(7)[0]
    assert passed(7)[0] != passed(8)[0]


def test_nothing_is_lost_but_what_was_dropped() -> None:
    """Each frame that was not dropped comes out, doubled ones twice, held ones at most three later."""
    out, faults = passed(1)
    assert len(set(out)) == 1000 - faults.dropped
    assert len(out) == 1000 - faults.dropped + faults.duplicated == faults.passed
    assert faults.dropped > 0
    assert faults.duplicated > 0
    assert faults.reordered > 0
    assert out != sorted(out)


def test_without_rates_everything_passes_in_order() -> None:
    """No fault is done where none was asked for."""
    assert passed(1, FrameRates())[0] == list(range(1000))


def test_healed_means_unharmed() -> None:
    """After healing every frame passes as it is."""
    faults = FrameFaults[int](1, FrameRates(drop=1.0))
    assert faults.take(1) == []
    assert faults.heal() == []
    assert faults.take(2) == [2]


def test_choices_of_a_plan_do_not_depend_on_each_other() -> None:
    """A choice has its own generator: asking for another first changes nothing."""
    one, other = FaultPlan(5), FaultPlan(5)
    other.pick("something else", ["a", "b"])
    assert one.between("pause_s", 0, 10) == other.between("pause_s", 0, 10)
    assert one.count("n", 1, 100) == other.count("n", 1, 100)
    assert "pause_s=" in one.describe()
