"""How people react to what reaches their phones: at once, slowly, with a no, not at all. Pure, given a `Random`."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from wardwire.model.priority import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What somebody is like; every share is a probability.

    Attributes:
        look_s: Median seconds until they look at a phone that rings.
        decide_s: Median seconds from looking to answering.
        declines, forgets, hands_back: Of what asks for an answer: said no to; read and never answered; accepted and
            given back.
        misses: Not looked at at all, because the phone lies somewhere else.
        loses_network: Of an hour: the phone loses its network, for a while.
    """

    look_s: float
    decide_s: float
    declines: float
    forgets: float
    hands_back: float
    misses: float
    loses_network: float


PROMPT = Habit(look_s=4, decide_s=5, declines=0.03, forgets=0.02, hands_back=0.01, misses=0.02, loses_network=0.05)
BUSY = Habit(look_s=15, decide_s=12, declines=0.15, forgets=0.08, hands_back=0.04, misses=0.08, loses_network=0.1)
SLOW = Habit(look_s=40, decide_s=30, declines=0.05, forgets=0.10, hands_back=0.02, misses=0.15, loses_network=0.1)
ROVING = Habit(look_s=10, decide_s=10, declines=0.05, forgets=0.05, hands_back=0.02, misses=0.05, loses_network=0.8)
HABITS = ((PROMPT, 55), (BUSY, 25), (SLOW, 10), (ROVING, 10))

# What is urgent is looked at sooner, and seldom put off.
_URGENCY = {Priority.CODE: 0.25, Priority.HIGH: 0.6, Priority.MEDIUM: 1.0, Priority.LOW: 2.0}
LONGEST_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What a person does about one message that rings.

    Attributes:
        read_after_s: Seconds from the ring to reading; None = it is never looked at.
        say: `accept`, `decline`, `choice` or ""; "" = nothing is said.
        say_after_s: Seconds from reading to saying it.
        hand_back_after_s: Accepted, and given back after so many seconds.
    """

    read_after_s: float | None
    say: str = ""
    say_after_s: float = 0.0
    hand_back_after_s: float | None = None


def pick_habit(chance: Random) -> Habit:
    """Draw a habit for a new person."""
    return chance.choices([habit for habit, _ in HABITS], [weight for _, weight in HABITS])[0]


def react(habit: Habit, priority: Priority, *, asks: bool, choices: int, chance: Random) -> Reaction:
    """Decide what somebody does about a message.

    Args:
        asks: Whether accept and decline are offered.
        choices: How many choices are offered.
    """
    haste = _URGENCY[priority]
    if chance.random() < habit.misses * haste:
        return Reaction(read_after_s=None)
    read_after_s = _about(habit.look_s * haste, chance)
    if not asks and not choices:
        return Reaction(read_after_s=read_after_s)
    if chance.random() < habit.forgets * haste:
        return Reaction(read_after_s=read_after_s)
    after_s = _about(habit.decide_s * haste, chance)
    if not asks:
        return Reaction(read_after_s=read_after_s, say="choice", say_after_s=after_s)
    if chance.random() < habit.declines * haste:
        return Reaction(read_after_s=read_after_s, say="decline", say_after_s=after_s)
    back = _about(20, chance) if chance.random() < habit.hands_back else None
    return Reaction(read_after_s=read_after_s, say="accept", say_after_s=after_s, hand_back_after_s=back)


def _about(median_s: float, chance: Random) -> float:
    """Draw seconds with this median: most are near it, some far beyond."""
    return min(LONGEST_S, median_s * chance.lognormvariate(0, 0.6))
