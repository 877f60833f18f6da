"""How a device ends."""

from __future__ import annotations


class Closed(Exception):
    """The device is done for good: it was closed, revoked, or the same key is used elsewhere."""
