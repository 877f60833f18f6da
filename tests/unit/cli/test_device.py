"""A terminal as a device: what is typed, and what is shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wardwire.cli.cards import card_path, find_card
from wardwire.cli.device_listen import read_reply, render, render_team
from wardwire.cli.main import main
from wardwire.client.card import Card, DeviceKeys, Place
from wardwire.devices.frames import Event, TeamFrame
from wardwire.flow.statement import MessageView, Responses, Sender
from wardwire.flow.views import DeliveryView, Part
from wardwire.ops.failure import StartFailed

AT = datetime(2026, 3, 1, 2, 14, 7, tzinfo=UTC)
PLACE = Place(
    device=f"dev_{7:032x}", person=f"per_{8:032x}", name="Ben", server="nats://127.0.0.1:4222", site_x25519="A" * 43
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of their own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = tmp_path / "wardwire" / "devices"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("accept", {"answer": "accept"}),
        (" A ", {"answer": "accept"}),
        ("d", {"answer": "decline"}),
        ("back", {"answer": "hand_back"}),
        ("hand_back", {"answer": "hand_back"}),
        ("In 5 min", {"choice": "In 5 min"}),
    ],
)
def test_what_is_typed_is_an_answer(typed: str, meant: dict[str, str]) -> None:
    """Words for the usual answers, short or long; anything else is a choice."""
    assert read_reply(typed) == meant
    assert read_reply("accept", text=True) == {"text": "accept"}


def test_a_message_is_one_line_with_what_may_be_answered() -> None:
    """Time, priority, sender, words, answers, id."""
    view = MessageView(
        id="msg_1",
        thread="thr_1",
        kind="alert",
        priority="high",
        sender=Sender(person="per_1", name="Anna"),
        stored_at=AT,
        subject="Bed 12",
        text="Please come.",
        responses=Responses(accept_decline=True, choices=("In 5 min",)),
    )
    line = render(Event(epoch=1, seq=1, event="new", id="msg_1", message=view))
    for word in ("02:14:07", "HIGH", "Anna: Bed 12 — Please come.", "[accept / decline / In 5 min]", "msg_1"):
        assert word in line
    stands = DeliveryView(message="msg_1", person="per_1", state="accepted", at=AT, response="accept")
    assert "answered  msg_1  accepted accept" in render(
        Event(epoch=1, seq=2, event="answered", id="msg_1", deliveries=[stands])
    )


def test_a_team_is_one_line_with_what_is_missing() -> None:
    """Who is there, how many are needed, and what the desk was told of; whose word an end is."""
    parts = (Part("role:Airway", 1, 0, [], True), Part("group:Code nurses", 2, 1, ["Ben"]))
    assert render_team(TeamFrame(message="msg_1", parts=parts)).split() == (
        ["team", "msg_1", "Airway", "0/1", "MISSING,", "Code", "nurses", "1/2", "(Ben)"]
    )
    over = DeliveryView(message="msg_1", person="per_1", state="cancelled", at=AT, by="Dora")
    line = render(Event(epoch=1, seq=2, event="all_clear", id="msg_1", deliveries=[over]))
    assert line.endswith("all_clear msg_1  cancelled by Dora")


def test_the_only_device_here_needs_no_name(home: Path) -> None:
    """With none or several a name is asked for; a path is taken as it is."""
    with pytest.raises(StartFailed):
        find_card("")
    Card(DeviceKeys.make(), PLACE).save(home / "ben.json")
    assert find_card("") == home / "ben.json"
    assert find_card("ben") == card_path("ben") == home / "ben.json"
    with pytest.raises(StartFailed):
        find_card("anna")
    Card(DeviceKeys.make(), PLACE).save(home / "anna.json")
    with pytest.raises(StartFailed):
        find_card("")
    assert card_path("./other.json") == Path("other.json")


def test_the_devices_of_this_machine_are_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For people and for programs; no key is ever shown."""
    card = Card(DeviceKeys.make(), PLACE)
    card.save(home / "ben.json")
    assert main(["device", "list"]) == 0
    assert PLACE.device in capsys.readouterr().out
    assert main(["device", "list", "--json"]) == 0
    told = capsys.readouterr().out
    [row] = json.loads(told)["devices"]
    assert row == {"card": "ben", "name": "Ben", "device": PLACE.device, "person": PLACE.person,
                   "server": PLACE.server}  # fmt: skip
    assert card.keys.signing.seed() not in told


def test_a_site_that_is_away_is_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback; and no card is left behind."""
    assert main(["device", "enrol", "AAAAA-AAAAA", "--url", "http://127.0.0.1:1"]) == 3
    assert "no answer from the site" in capsys.readouterr().err
    assert list(home.iterdir()) == []
