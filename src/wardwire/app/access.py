"""What the settings say of people who sign in."""

from __future__ import annotations

from datetime import timedelta

from wardwire.model.accounts import Spans
from wardwire.settings import Access


def spans_of(access: Access) -> Spans:
    """Return how long sessions last."""
    return Spans(idle=timedelta(minutes=access.session_idle_min), age=timedelta(hours=access.session_h))
