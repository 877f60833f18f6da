"""The waits of the settings, as the rules want them."""

from __future__ import annotations

from datetime import timedelta

from wardwire.model.routing import Waits
from wardwire.settings import Settings


def waits_of(settings: Settings) -> Waits:
    """Return how long each priority waits for a confirmation."""
    own = settings.waits
    return Waits(
        code=timedelta(seconds=own.code_s),
        high=timedelta(seconds=own.high_s),
        medium=timedelta(seconds=own.medium_s),
        low=timedelta(seconds=own.low_s),
    )
