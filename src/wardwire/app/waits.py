"""The waits of the settings, as the rules want them."""

from __future__ import annotations

from datetime import timedelta

from wardwire.model.stages import Ceilings, Waits
from wardwire.settings import Settings


def waits_of(settings: Settings) -> Waits:
    """Return how long each priority waits for a confirmation, and how far preferences may go."""
    own, preferred = settings.waits, settings.preferences
    return Waits(
        code=timedelta(seconds=own.code_s),
        high=timedelta(seconds=own.high_s),
        medium=timedelta(seconds=own.medium_s),
        low=timedelta(seconds=own.low_s),
        ceilings=Ceilings(
            high_calls_within=timedelta(seconds=preferred.high_calls_within_s),
            high=timedelta(seconds=preferred.high_longest_s),
            medium=timedelta(seconds=preferred.medium_longest_s),
            low=timedelta(seconds=preferred.low_longest_s),
        ),
    )
