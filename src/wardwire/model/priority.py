"""Priorities and kinds of messages, and the lanes they travel in."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Word(StrEnum):
    """A word of ours that is also its own text: equal to it, and hashed as it is (an enum's own hash is slow)."""

    __hash__ = str.__hash__


class Priority(Word):
    """How urgent, in the words of IEC 60601-1-8 and of the systems that send to us."""

    CODE = "code"  # a life now: every endpoint at once, never refused for one bad member
    HIGH = "high"  # minutes
    MEDIUM = "medium"
    LOW = "low"  # also all that is sent in bulk


class Kind(Word):
    """What a message drives."""

    ALERT = "alert"  # a workflow: somebody must answer
    CHAT = "chat"  # nothing; people talk
    TECHNICAL_ALARM = "technical_alarm"  # the system speaks of itself, to the operators' desk
    CANARY = "canary"  # proves the way, to an endpoint of our own; never counted as real (model/canary.py)
    COPY = "copy"  # of what went through a role, for its monitors; counted nowhere (flow/copies.py)
    TEST = "test"  # tries one endpoint of a person; never counted as real (flow/try_endpoint.py)


class Lane(IntEnum):
    """A way of its own through the core, with its own connection: `code` never waits behind `low`."""

    CODE = 0
    HIGH = 1
    REST = 2


_LANES = {Priority.CODE: Lane.CODE, Priority.HIGH: Lane.HIGH, Priority.MEDIUM: Lane.REST, Priority.LOW: Lane.REST}


def lane_of(priority: Priority) -> Lane:
    """Return the lane of a priority; a technical alarm is sent as `high`."""
    return _LANES[priority]
