"""The hub: one encoding a message, a number and a ring in front of it for each person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.unit.devices.fakes import ANNA, ANNAS, BEN, BENS, BENS_DESK, START, FakeConnection, make_directory
from wardwire.devices.frames import Event, StatusFrame, TeamFrame, read_down
from wardwire.devices.hub import FORGET_S, Hub
from wardwire.flow.views import DeliveryView, NewBody, Part, Status, Team
from wardwire.model.delivery import Delivery, State
from wardwire.model.message import Offered
from wardwire.model.priority import Kind, Priority
from wardwire.store.batch import NewEvent, Numbered
from wardwire.testing.clock import FakeClock

MESSAGE = UUID(int=99)
VIEW = (
    b'{"id":"msg_1","thread":"thr_1","kind":"alert","priority":"high","sender":{"name":"Anna"},'
    b'"stored_at":"2026-03-01T02:14:07Z","text":"say \\"priority\\":\\"code\\""}'
)


class Setting:
    """A hub with everything around it faked."""

    def __init__(self) -> None:
        self.connection = FakeConnection()
        self.clock = FakeClock(START)
        self.directory = make_directory()
        self.unreachable: list[tuple[UUID, UUID]] = []
        self.hub = Hub(
            self.connection,  # type: ignore[arg-type]
            directory=lambda: self.directory,
            clock=self.clock,
            core="core-1",
            unreachable_now=lambda message, person: self.unreachable.append((message, person)),
            grace_s=0,
        )
        self.hub.start()

    def new(self, person: UUID, seq: int = 1, *, rings: bool = True, view: bytes = VIEW) -> None:
        """Announce a new message to a person."""
        self.hub.inbox(3, [Numbered(seq, NewEvent(person, "new", MESSAGE, NewBody(view, rings, START)))])

    def frames(self) -> list[Any]:
        """What was published, read as a device would."""
        return [read_down(payload) for _, payload, _ in self.connection.sent]

    def absent(self, nth: int) -> None:
        """NATS says that nobody was there for the n-th publish."""
        self.connection.absent(self.connection.sent[nth][2].removeprefix("rep.core-1."))


@pytest.fixture
def setting() -> Setting:
    """A fresh one."""
    return Setting()


def test_a_new_message_is_spliced_not_encoded_again(setting: Setting) -> None:
    """Each device of the person gets the message's own bytes, with number, epoch, age and ring in front."""
    setting.clock.advance(timedelta(milliseconds=120))
    setting.new(BEN, 42)
    assert [subject for subject, _, _ in setting.connection.sent] == [f"d.{d.hex}.down.m" for d in (BENS, BENS_DESK)]
    for _, payload, reply in setting.connection.sent:
        assert VIEW in payload
        assert reply.startswith("rep.core-1.")
        assert json.loads(payload)["message"]["text"] == 'say "priority":"code"'
    [event, _] = setting.frames()
    assert isinstance(event, Event)
    assert (event.epoch, event.seq, event.event, event.age_ms, event.rings) == (3, 42, "new", 120, True)
    assert event.id == f"msg_{MESSAGE.hex}"


def test_a_silent_message_does_not_ring(setting: Setting) -> None:
    """The field is left out."""
    setting.new(ANNA, rings=False)
    assert b"rings" not in setting.connection.sent[0][1]


def test_a_change_tells_how_the_delivery_stands(setting: Setting) -> None:
    """It carries the delivery, and asks for no reply: nothing follows from its being missed."""
    view = DeliveryView(message="msg_1", person="per_1", state="read", at=START)
    setting.hub.inbox(1, [Numbered(2, NewEvent(ANNA, "read", MESSAGE, view))])
    [event] = setting.frames()
    assert isinstance(event, Event)
    assert event.deliveries == [view]
    assert setting.connection.sent[0][2] == ""


def test_a_person_is_unreachable_once_no_device_was_there(setting: Setting) -> None:
    """One device that is away is not enough; a repeat says it once; a token of nowhere is ignored."""
    setting.new(BEN)
    setting.absent(0)
    assert setting.unreachable == []
    setting.absent(1)
    setting.connection.absent("zz")
    assert setting.unreachable == [(MESSAGE, BEN)]
    setting.absent(1)
    assert setting.unreachable == [(MESSAGE, BEN)]


def test_tokens_are_forgotten(setting: Setting) -> None:
    """After a few seconds nothing is kept of a message that somebody was there for."""
    setting.new(BEN)
    for _ in range(2):
        setting.clock.advance(timedelta(seconds=FORGET_S + 0.1))
        setting.new(ANNA)
    assert sum(len(table) for table in (setting.hub._young, setting.hub._old)) == 2
    setting.absent(0)
    setting.absent(1)
    assert setting.unreachable == []


def test_a_device_that_is_too_old_hears_code_alone(setting: Setting) -> None:
    """Its person's other devices hear everything; words that only look like a priority deceive nobody."""
    setting.hub.limited.add(BENS)
    setting.new(BEN)
    assert [subject for subject, _, _ in setting.connection.sent] == [f"d.{BENS_DESK.hex}.down.m"]
    setting.absent(0)
    assert setting.unreachable == [(MESSAGE, BEN)]
    setting.new(BEN, 2, view=VIEW.replace(b'"priority":"high"', b'"priority":"code"'))
    assert len(setting.connection.sent) == 3


def test_statuses_go_to_the_senders_devices(setting: Setting) -> None:
    """Live, with the delivery's own words."""
    delivery = Delivery(
        message_id=MESSAGE,
        person_id=BEN,
        version=2,
        state=State.ACCEPTED,
        stage=0,
        stages=(),
        kind=Kind.ALERT,
        priority=Priority.HIGH,
        sender_person=ANNA,
        offered=Offered(),
        response='"yes"',
    )
    told = Status(ANNA, delivery, START, BENS)
    setting.hub.live([told])
    [(subject, _, _)] = setting.connection.sent
    assert subject == f"d.{ANNAS.hex}.down.m"
    [status] = setting.frames()
    assert isinstance(status, StatusFrame)
    assert {**msgspec.structs.asdict(status), "by": ""} == msgspec.structs.asdict(told.view)
    assert status.response == '"yes"'


def test_a_team_is_shown_to_all_of_it_but_devices_that_are_too_old(setting: Setting) -> None:
    """They know no such word; the call itself is `code`, and they have it."""
    setting.hub.limited.add(BENS)
    setting.hub.live(
        [Team((ANNA, BEN), MESSAGE, (Part("role:Airway", 1, 0, [], True), Part("Nurses", 2, 1, ["Ben"])))]
    )
    assert [subject for subject, _, _ in setting.connection.sent] == [
        f"d.{device.hex}.down.m" for device in (ANNAS, BENS_DESK)
    ]
    team = setting.frames()[0]
    assert isinstance(team, TeamFrame)
    assert team.message == f"msg_{MESSAGE.hex}"
    assert team.parts == (Part("role:Airway", 1, 0, [], True), Part("Nurses", 2, 1, ["Ben"]))


def test_a_connection_that_is_away_costs_nothing_but_a_count(setting: Setting) -> None:
    """Devices will ask; nobody else is held up."""
    setting.connection.away = True
    setting.new(BEN)
    assert (setting.hub.published, setting.hub.unsent) == (0, 2)
