"""The kinds of endpoints that anything can be sent to; for the others no channel is written yet."""

from __future__ import annotations

SERVED = frozenset({"app", "email"})
