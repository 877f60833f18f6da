"""What a device asks about: what it waits for and has not heard; what it is told twice is no news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wardwire.client.standing import ASK_AFTER_S, ASK_UNTIL_S, OWN_MAX, Standing
from wardwire.devices.frames import ASKED_MAX, Event, StatusFrame, StoredFrame, TeamFrame
from wardwire.flow.statement import MessageView, Sender
from wardwire.flow.views import Part
from wardwire.model.priority import Kind, Priority

AT = datetime(2026, 3, 1, 2, 14, 7, tzinfo=UTC)


def stored(message: str, count: int = 1) -> StoredFrame:
    return StoredFrame(
        id="1", message=message, thread="thr_1", at=AT, durability="degraded", recipient_count=count, recipients=[]
    )


def status(message: str, state: str, person: str = "ben", seconds: float = 0) -> StatusFrame:
    return StatusFrame(message=message, person=person, state=state, at=AT + timedelta(seconds=seconds))


def test_a_message_is_asked_about_until_somebody_has_read_it() -> None:
    """With the beats while it is young, afterwards only when something may have been lost."""
    standing = Standing()
    standing.stored(stored("m"), 100.0)
    assert standing.late(100.0 + ASK_AFTER_S - 1) == ()
    assert standing.late(100.0 + ASK_AFTER_S) == standing.late(100.0 + ASK_UNTIL_S) == ("m",)
    assert standing.late(100.0 + ASK_UNTIL_S + 1) == ()
    assert standing.questions() == ("m",)
    assert standing.status(status("m", "delivered"), 101.0)
    assert standing.questions() == ("m",)
    assert standing.status(status("m", "read", seconds=1), 102.0)
    assert standing.questions() == ()


def test_every_recipient_is_waited_for() -> None:
    """Of a message to two the word of one is not all."""
    standing = Standing()
    standing.stored(stored("m", 2), 100.0)
    standing.status(status("m", "read", "ben"), 101.0)
    assert standing.questions() == ("m",)
    standing.status(status("m", "declined", "chen"), 101.0)
    assert standing.questions() == ()


def test_what_is_known_or_was_looked_up_too_early_is_no_news() -> None:
    """An answer to a question may come after a live word that is newer."""
    standing = Standing()
    standing.stored(stored("m"), 100.0)
    assert standing.status(status("m", "accepted", seconds=5), 101.0)
    assert not standing.status(status("m", "accepted", seconds=6), 101.0)
    assert not standing.status(status("m", "delivered", seconds=2), 101.0)
    assert standing.status(status("m", "read", seconds=7), 101.0)


def test_a_word_that_overtakes_stored_is_not_forgotten() -> None:
    """An older core may say *read* before *stored* is heard."""
    standing = Standing()
    assert standing.status(status("m", "read"), 100.0)
    standing.stored(stored("m"), 100.0)
    assert standing.questions() == ()


def test_an_alert_that_was_given_may_call_a_team_that_nobody_has_told_of() -> None:
    """Its first frame may have been the one that was lost; a chat calls nobody."""
    standing = Standing()
    for message, kind in (("alert", Kind.ALERT), ("chat", Kind.CHAT)):
        view = MessageView(
            id=message, thread="thr_1", kind=kind, priority=Priority.HIGH, sender=Sender(name="Dora"),
            stored_at=AT, text="Bed 12",
        )  # fmt: skip
        standing.event(Event(epoch=1, seq=1, event="new", id=message, message=view))
    assert standing.questions() == ("alert",)
    assert standing.late(0.0) == ()


def test_teams_are_asked_about_until_the_call_is_over_and_all_is_bounded() -> None:
    """A device that runs for months keeps, and asks about, so many and no more."""
    standing = Standing()
    team = TeamFrame(message="call", parts=(Part("role:Airway", 1, 0),))
    assert standing.team(team)
    assert not standing.team(team)
    assert standing.questions() == standing.late(0.0) == ("call",)
    assert standing.team(TeamFrame(message="call", parts=(Part("role:Airway", 1, 1, ["Dr. Chen"]),)))
    assert (standing.questions(), standing.late(0.0)) == (("call",), ())
    standing.event(Event(epoch=1, seq=1, event="all_clear", id="call"))
    assert standing.questions() == ()
    for nth in range(2 * ASKED_MAX):
        standing.stored(stored(f"m{nth}"), 100.0)
        standing.team(TeamFrame(message=f"t{nth}", parts=()))
    assert len(standing.questions()) == ASKED_MAX
    assert len(standing.late(100.0 + ASK_AFTER_S)) == OWN_MAX


def test_a_late_word_about_a_message_that_is_no_longer_asked_about_is_no_news() -> None:
    """Whoever sends very many is asked about the newest; what was told of the others is not taken back."""
    standing = Standing()
    for nth in range(2 * OWN_MAX):
        standing.stored(stored(f"m{nth}"), 100.0)
        assert standing.status(status(f"m{nth}", "delivered", seconds=2), 101.0)
    asked = standing.questions()
    assert asked == tuple(f"m{nth}" for nth in range(OWN_MAX, 2 * OWN_MAX))
    for nth in range(2 * OWN_MAX):  # looked up before all that
        assert not standing.status(status(f"m{nth}", "unreachable"), 102.0)
    assert standing.status(status("m0", "read", seconds=3), 103.0)
    assert standing.questions() == asked
