"""Devices that belong to a unit: taken by a person for a shift, by badge. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model.errors import Code, Refused

# Who has a device that nobody has.
NOBODY = UUID(int=0)
# Of one device so many wrong badges are tried at once; then it waits. Whoever has it goes on undisturbed.
FREE_GUESSES = 5
GUESSES_FORGOTTEN_AFTER = timedelta(minutes=10)
_BADGE = re.compile(r"[0-9A-Z]{4,64}")
_BETWEEN = str.maketrans("", "", " :-.")


class Held(NamedTuple):
    """A device as it stands, locked.

    Attributes:
        person_id: Who has it; None = nobody.
        turn: How often it has changed hands since it is shared; 0 = it is not.
        until: When it is taken back by itself.
        wrong, wrong_since: Wrong badges in a row, and since when.
    """

    id: UUID
    person_id: UUID | None
    turn: int
    until: datetime | None
    unit_id: UUID | None
    wrong: int
    wrong_since: datetime | None


def clean_badge(text: str, pointer: str = "/badge") -> str:
    """Return a badge's number in its one form, however a reader writes it.

    Raises:
        Refused: `INVALID`, without repeating what was read.
    """
    badge = text.translate(_BETWEEN).upper()
    if not _BADGE.fullmatch(badge):
        raise Refused(Code.INVALID, "a badge has 4 to 64 letters and digits", pointer=pointer)
    return badge


def check_guesses(held: Held, now: datetime) -> None:
    """Refuse a further badge after too many wrong ones.

    Raises:
        Refused: `RATE_LIMITED` with `retry_after_s`.
    """
    if held.wrong < FREE_GUESSES or held.wrong_since is None:
        return
    left = held.wrong_since + GUESSES_FORGOTTEN_AFTER - now
    if left > timedelta(0):
        seconds = int(left.total_seconds()) + 1
        raise Refused(Code.RATE_LIMITED, "too many badges that nobody knows; wait", retry_after_s=seconds)


def count_guess(held: Held, now: datetime) -> tuple[int, datetime]:
    """Return how many wrong badges there are with one more, and since when."""
    if held.wrong_since is None or held.wrong_since + GUESSES_FORGOTTEN_AFTER <= now:
        return 1, now
    return held.wrong + 1, held.wrong_since
