"""The story of a message, told from its facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from wardwire.flow.trace import Story, retell
from wardwire.model.delivery import Delivery, State
from wardwire.model.facts import FactKind
from wardwire.model.message import Offered
from wardwire.model.people import Device, Directory, Group, Person
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import Stage
from wardwire.store.fact_reads import ToldFact
from wardwire.store.messages import Message

AT = datetime(2026, 11, 24, 14, 2, 12, tzinfo=UTC)
ANNA, CHEN, PHONE, WARD, WRITER, PAGE = (UUID(int=n) for n in range(1, 7))
DIRECTORY = Directory(
    people={ANNA: Person(id=ANNA, name="Anna"), CHEN: Person(id=CHEN, name="Dr. Chen")},
    devices={PHONE: Device(id=PHONE, person_id=CHEN, name="phone", app_version="1", nkey="U", x25519=b"")},
    groups={WARD: Group(id=WARD, name="Ward 3", members=(CHEN,))},
)
MESSAGE = Message(PAGE, PAGE, None, "alert", "high", "dev_x", "1", ANNA, None, b"{}", None, AT, None, None)


def told(kind: FactKind, after_s: float = 1.0, *, device: UUID | None = None, **body: Any) -> ToldFact:
    """A fact about Dr. Chen."""
    return ToldFact(WRITER, 2, AT + timedelta(seconds=after_s), kind, CHEN, device, json.dumps(body))


def story(*facts: ToldFact, **fields: Any) -> Story:
    """Retell facts of a page to Dr. Chen."""
    delivery = Delivery(
        message_id=PAGE, person_id=CHEN, version=1, stage=0, kind=Kind.ALERT, priority=Priority.HIGH,
        sender_person=ANNA, offered=Offered(),
        stages=(Stage(("app",), timedelta(seconds=10)), Stage(("email",), timedelta(seconds=10))),
        **{"state": State.PENDING, **fields},
    )  # fmt: skip
    why = {CHEN: "group:grp_" + WARD.hex}
    return retell(MESSAGE, facts, {WRITER: "ward1/high/0"}, [delivery], why, DIRECTORY)


@pytest.mark.parametrize(
    ("fact", "sentence"),
    [
        (told(FactKind.DELIVERED, device=PHONE), "delivered to Dr. Chen's phone"),
        (told(FactKind.DELIVERED, device=UUID(int=99)), "delivered to Dr. Chen's device"),
        (told(FactKind.READ, device=PHONE), "read by Dr. Chen on Dr. Chen's phone"),
        (told(FactKind.ANSWERED, state="declined"), "declined by Dr. Chen"),
        (told(FactKind.HANDED_BACK), "handed back by Dr. Chen"),
        (told(FactKind.REPORTED, phase="end", did="cleared"), "its source reported: end"),
        (
            told(FactKind.REPORTED, phase="end", did="latched"),
            "its source reported: end; it is latched, and goes on until its source lets go of it",
        ),
        (told(FactKind.NOT_CONFIRMED, stage=0), "no device of Dr. Chen confirmed within 10 s; next: e-mail"),
        (told(FactKind.UNREACHABLE), "nothing reached Dr. Chen; the sender is told"),
        (told(FactKind.CANCELLED, why="recalled"), "recalled by its sender for Dr. Chen"),
        (told(FactKind.LEFT_OUT, why="disabled"), "Dr. Chen was left out: disabled"),
        (
            told(FactKind.PREFERRED, by="own:Night, cut", tries="app:30"),
            "Dr. Chen is tried by app:30, as their own profile Night (cut by the site's ceiling) says",
        ),
        (
            told(FactKind.PREFERENCE_FAILED, by="default after own:Pager", tries="app:30"),
            "Dr. Chen is tried by app:30: their own profile Pager would have reached nobody",
        ),
        (
            told(FactKind.SEND_FAILED, channel="email", outcome="retry", detail="450 4.2.1"),
            "not sent to Dr. Chen by email, and will be tried again: 450 4.2.1",
        ),
    ],
)
def test_each_fact_is_a_plain_sentence(fact: ToldFact, sentence: str) -> None:
    """With the names that people know."""
    (hop,) = story(fact).hops
    assert (hop.text, hop.node, hop.after_s) == (sentence, "ward1", 1.0)


def test_no_kind_of_fact_breaks_a_story() -> None:
    """A fact with an empty body, of any kind, is told somehow."""
    assert len(story(*(told(kind) for kind in FactKind)).hops) == len(FactKind)


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, None),
        ({"delivered_at": AT + timedelta(seconds=2), "state": State.DELIVERED}, True),
        ({"delivered_at": AT + timedelta(seconds=12), "state": State.DELIVERED}, False),
        ({"state": State.UNREACHABLE}, False),
    ],
)
def test_what_was_promised_stands_beside_what_happened(fields: dict[str, Any], kept: bool | None) -> None:
    """Ten seconds for the device; kept, broken, or still open."""
    (promise,) = story(**fields).people
    assert (promise.kept, promise.promised_s) == (kept, 10.0)
    assert promise.why == "in the group Ward 3"
    assert promise.tries == "device for 10 s, then e-mail for 10 s"
