"""A page that somebody made by hand while the site was away, by telephone or on foot: entered from paper. Pure.

It rings nobody. It stands at the time at which it was made, so that log, trace and reports have no hole there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from wardwire.model.delivery import State
from wardwire.model.errors import Code, Refused
from wardwire.model.message import MAX_TEXT, has_ink
from wardwire.model.priority import Priority

# No integration can be called so (names.clean_source).
SOURCE = "on paper"
# Why somebody got it, as a delivery keeps that.
WHY = "paper"
# How a message ends that was entered from paper: at once.
ENDED_WHY = "on_paper"
OLDEST = timedelta(days=7)
# Paper has minutes, and a wall clock need not be ours.
_AHEAD = timedelta(minutes=5)


class Outcome(StrEnum):
    """What came of it."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TOLD = "told"  # they know, and nobody asked them for more
    NOT_REACHED = "not_reached"


_STATES = {
    Outcome.ACCEPTED: State.ACCEPTED,
    Outcome.DECLINED: State.DECLINED,
    Outcome.TOLD: State.READ,
    Outcome.NOT_REACHED: State.UNREACHABLE,
}
_RESPONSES = {Outcome.ACCEPTED: "accept", Outcome.DECLINED: "decline"}


class PaperPage(NamedTuple):
    """Who was called when, by what words, and what came of it when."""

    person_id: UUID
    priority: Priority
    text: str
    called_at: datetime
    outcome: Outcome
    outcome_at: datetime

    @property
    def state(self) -> State:
        """How its delivery stands, for good."""
        return _STATES[self.outcome]

    @property
    def response(self) -> str | None:
        """What they said, in the protocol's word; None = nothing that was asked for."""
        return _RESPONSES.get(self.outcome)

    @property
    def reached_at(self) -> datetime | None:
        """When they knew of it."""
        return None if self.outcome is Outcome.NOT_REACHED else self.outcome_at


def check_paper(page: PaperPage, now: datetime) -> None:
    """Refuse what cannot have been so.

    Raises:
        Refused: `TEXT_BLANK`, `TEXT_TOO_LONG`, `INVALID` with a pointer.
    """
    if not has_ink(page.text):
        raise Refused(Code.TEXT_BLANK, "say what they were called for", pointer="/text")
    if len(page.text) > MAX_TEXT:
        raise Refused(Code.TEXT_TOO_LONG, f"at most {MAX_TEXT} characters", pointer="/text")
    if page.called_at > now + _AHEAD:
        raise Refused(Code.INVALID, "what is on paper has happened already", pointer="/called_at")
    if page.called_at < now - OLDEST:
        raise Refused(Code.INVALID, f"at most {OLDEST.days} days ago", pointer="/called_at")
    if not page.called_at <= page.outcome_at <= now + _AHEAD:
        raise Refused(Code.INVALID, "not before the call, and not in the future", pointer="/outcome_at")
