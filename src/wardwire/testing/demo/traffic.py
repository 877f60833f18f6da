"""Which scene begins when: seeded, so that one seed plays one and the same day."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from wardwire.testing.demo.scenes import OVERTURE, REPERTOIRE, Make, Scene

SCENES_PER_S = 0.75
"""With about 1.4 messages a scene, one message a second."""
OVERTURE_PAUSE_S = 0.9
REPEATS_AFTER = 5  # other scenes


class Cue(NamedTuple):
    """Wait so long, then begin the scene."""

    pause_s: float
    scene: Scene


def traffic(seed: int) -> Iterator[Cue]:
    """Give the day's scenes without end: first one of each that everybody should see, then as they come."""
    chance = Random(seed)
    for make in OVERTURE:
        yield Cue(OVERTURE_PAUSE_S, make(chance))
    makes = [make for _, make in REPERTOIRE]
    weights = [weight for weight, _ in REPERTOIRE]
    recent: deque[Make] = deque(maxlen=REPEATS_AFTER)
    while True:
        make = chance.choices(makes, weights)[0]
        if make in recent:
            continue
        recent.append(make)
        yield Cue(chance.uniform(0.4, 1.6) / SCENES_PER_S, make(chance))
