"""Alerts over the real pair of NATS servers: made by hand, answered, handed back, a team's call, the all clear."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.device_pair import PATIENCE_S, Raw, make_device, until
from wardwire.cli.main import main
from wardwire.client.device import Device
from wardwire.devices.frames import Escalate, Event, RefusedFrame, TeamFrame, encode
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.policy import Ends, Quorum, Step
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import CODE
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import Site, open_site

MINUTE = timedelta(minutes=1)
SILENT_S = 2.0


class House:
    """Anna and Ben (nurses), Dr. Chen, Dora (operator) and Mallory, each with a phone; what they heard of teams."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.phones: dict[str, Device] = {}
        self.teams: dict[str, list[TeamFrame]] = {}

    def __getitem__(self, name: str) -> Device:
        return self.phones[name]

    def parts(self, name: str) -> list[tuple[str, int, int, list[str], bool]]:
        """The last that somebody was shown of a team."""
        last = self.teams[name][-1].parts if self.teams[name] else ()
        return [(part.role, part.needed, part.there, part.who, part.missing) for part in last]

    async def hear(self, name: str, event: str) -> Event:
        """Wait until somebody's phone is told something; what comes before is passed over."""
        while True:
            heard = await self[name].next_event(PATIENCE_S)
            if heard.event == event:
                return heard


@pytest.fixture
async def house(database_url: str, nats_pair: NatsPair) -> AsyncIterator[House]:
    """Everybody is connected, and two policies are there."""
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(open_site(database_url, nats_pair.logins()))
        house = House(site)
        people = {}
        for name, scopes in (("Anna", []), ("Ben", []), ("Dr. Chen", []), ("Dora", [CODE]), ("Mallory", [])):
            people[name] = await site.add_person(name, scopes=scopes)
            heard = house.teams[name] = []
            device = make_device(await site.enrol(people[name]), on_team=heard.append)
            house.phones[name] = await stack.enter_async_context(device)
        await site.add_group("Code nurses", [people["Anna"], people["Ben"]])
        await site.add_unit("4 West")
        await site.add_policy("Consult", Step(("Dr. Chen", "Ben"), MINUTE))
        quorum = (
            Quorum("person:Dr. Chen", within=timedelta(seconds=1)),
            Quorum("group:Code nurses", 2, within=MINUTE),
        )
        team = Step(("person:Dr. Chen", "group:Code nurses"), MINUTE, ends=Ends.QUORUM, quorum=quorum)
        await site.add_policy("Code blue", team)
        yield house


async def consult(house: House) -> str:
    """Anna makes an alert of her chat to Mallory; Dr. Chen's and Ben's phones ring. Returns its id."""
    chat = await house["Anna"].page("Mallory", "Could you see bed 12?", kind=Kind.CHAT, timeout_s=PATIENCE_S)
    alert = await house["Anna"].escalate(chat.message, Priority.HIGH, policy="Consult", timeout_s=PATIENCE_S)
    assert alert.thread == chat.thread
    for name in ("Dr. Chen", "Ben"):
        heard = await house.hear(name, "new")
        assert heard.message is not None
        assert (heard.id, heard.message.text, heard.message.reply_to) == (
            alert.message, "Could you see bed 12?", chat.message,
        )  # fmt: skip
        assert house[name].ringing == [alert.message]
    return alert.message


async def call(house: House, **fields: Any) -> str:
    """Dora calls the team. Returns the id."""
    values = {"priority": Priority.CODE, "policy": "Code blue", "place": "unit:4 West", **fields}
    stored = await house["Dora"].page((), "Code blue", timeout_s=PATIENCE_S, **values)
    return stored.message


async def test_who_has_an_alert_is_seen_and_the_others_fall_silent(house: House) -> None:
    """H41: made of a chat by hand; Dr. Chen accepts, and within two seconds Ben's phone is silent and says who."""
    alert = await consult(house)
    before = time.monotonic()
    await house["Dr. Chen"].respond(alert, "accept", timeout_s=PATIENCE_S)
    taken = await house.hear("Ben", "taken")
    assert time.monotonic() - before < SILENT_S
    assert [(view.name, view.response) for view in taken.deliveries] == [("Dr. Chen", "accept")]
    assert [house[name].ringing for name in ("Ben", "Dr. Chen")] == [[], []]


async def test_a_phone_that_was_away_finds_who_has_it(house: House) -> None:
    """Ben's phone was in the lift when Dr. Chen took it: back again it is silent, and names Dr. Chen."""
    alert = await consult(house)
    cursor, card = house["Ben"].cursor, house["Ben"].card
    await house["Ben"].close()
    await house["Dr. Chen"].respond(alert, "accept", timeout_s=PATIENCE_S)
    while True:
        [row] = await house.site.fetch(
            "SELECT state FROM deliveries WHERE message_id = $1 AND person_id = $2",
            ids.read_id(ids.MESSAGE, alert), ids.read_id(ids.PERSON, card.place.person),
        )  # fmt: skip
        if row["state"] == "taken":
            break
    async with make_device(card, cursor=cursor, shown=[alert]) as back:
        while (heard := await back.next_event(PATIENCE_S)).event != "taken":
            pass
        assert [view.name for view in heard.deliveries if view.state == "accepted"] == ["Dr. Chen"]
        assert back.ringing == []


async def test_a_hand_back_rings_the_others_again(house: House) -> None:
    """H47: over the wire, too: he gives it back, and Ben's phone rings at once."""
    alert = await consult(house)
    await house["Dr. Chen"].respond(alert, "accept", timeout_s=PATIENCE_S)
    await house.hear("Ben", "taken")
    await house["Dr. Chen"].respond(alert, "hand_back", timeout_s=PATIENCE_S)
    again = await house.hear("Ben", "ring")
    assert (again.id, again.rings, house["Ben"].ringing) == (alert, True, [alert])


async def test_an_alert_by_hand_is_signed_readable_and_made_once(house: House) -> None:
    """Without the device's signature, of a message of others, or of nowhere there is none; a repeat is the first."""
    anna = house["Anna"]
    chat = await anna.page("Mallory", "Could you see bed 12?", kind=Kind.CHAT, timeout_s=PATIENCE_S)
    first = await anna.escalate(chat.message, Priority.HIGH, policy="Consult", id="7", timeout_s=PATIENCE_S)
    again = await anna.escalate(chat.message, Priority.HIGH, policy="Consult", id="7", timeout_s=PATIENCE_S)
    assert (again.message, again.replayed) == (first.message, True)
    assert [(line.in_s, line.who) for line in first.promise] == [(0, "Dr. Chen, Ben"), (60, "the desk")]
    for name, code in (("Ben", Code.NOT_FOUND), ("Anna", Code.NOT_PERMITTED)):
        with pytest.raises(Refused) as refused:
            await house[name].escalate(chat.message, Priority.CODE, policy="Consult", timeout_s=PATIENCE_S)
        assert refused.value.code is code
    await house["Mallory"].close()
    raw = Raw(house["Mallory"].card)
    async with raw.device:
        frame = Escalate(id="8", message=chat.message, priority=Priority.HIGH, policy="Consult")
        raw.say(encode(frame), sig="A" * 86)
        assert (await raw.answer(RefusedFrame)).code == Code.PROOF_INVALID
    assert len(await house.site.fetch("SELECT 1 FROM messages")) == 2


async def test_a_team_sees_live_who_is_there_and_what_is_missing(house: House) -> None:
    """H56: all of it and the caller, from the first moment on. An old phone gets the call alone."""
    card = await house.site.enrol(ids.read_id(ids.PERSON, house["Ben"].card.place.person), "old")
    old = Raw(card, version=0)
    async with old.device:
        message = await call(house)
        nobody: list[tuple[str, int, int, list[str], bool]] = [
            ("person:Dr. Chen", 1, 0, [], False),
            ("group:Code nurses", 2, 0, [], False),
        ]
        for name in ("Dora", "Anna", "Ben", "Dr. Chen"):
            await until(partial(house.parts, name))
            assert house.parts(name) == nobody
        for name in ("Anna", "Ben", "Dr. Chen"):
            await house.hear(name, "new")
        await house["Anna"].respond(message, "accept", timeout_s=PATIENCE_S)
        missing = [("person:Dr. Chen", 1, 0, [], True), ("group:Code nurses", 2, 1, ["Anna"], False)]
        await until(lambda: house.parts("Dora") == missing == house.parts("Ben"))
        assert house["Ben"].ringing == [message]
        await house["Ben"].respond(message, "accept", timeout_s=PATIENCE_S)
        await house["Dr. Chen"].respond(message, "accept", timeout_s=PATIENCE_S)
        await until(lambda: [part[2:4] for part in house.parts("Dora")] == [(1, ["Dr. Chen"]), (2, ["Anna", "Ben"])])
        assert [event.event for event in old.all(Event)][:1] == ["new"]
        assert old.all(TeamFrame) == []
    assert house.teams["Mallory"] == []


async def test_the_all_clear_silences_everybody_and_says_whose_word_it_is(house: House) -> None:
    """A3: by whoever called, or by whoever has it; nobody else can say so."""
    first = await call(house)
    await house.hear("Anna", "new")
    with pytest.raises(Refused) as refused:
        await house["Anna"].cancel(first, all_clear=True, timeout_s=PATIENCE_S)
    assert refused.value.code is Code.NOT_FOUND
    with pytest.raises(Refused) as refused:
        await house["Dora"].cancel(first, all_clear=True, recall=True, timeout_s=PATIENCE_S)
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/all_clear")
    done = await house["Dora"].cancel(first, all_clear=True, timeout_s=PATIENCE_S)
    assert (done.state, done.count) == ("all_clear", 3)
    for name in ("Anna", "Ben", "Dr. Chen"):
        heard = await house.hear(name, "all_clear")
        assert [view.by for view in heard.deliveries] == ["Dora"]
        assert house[name].ringing == []
    second = await call(house)  # the place is free again
    for name in ("Anna", "Ben", "Dr. Chen"):
        await house[name].respond(second, "accept", timeout_s=PATIENCE_S)
    await until(lambda: house.parts("Dora")[-1][2] == 2 and house.parts("Dora")[0][2] == 1)
    await house["Dr. Chen"].cancel(second, all_clear=True, timeout_s=PATIENCE_S)
    for name in ("Anna", "Dora"):
        assert [view.by for view in (await house.hear(name, "all_clear")).deliveries] == ["Dr. Chen"]


async def test_a_running_call_is_joined_by_those_who_may(house: House) -> None:
    """H57: the same call again is refused with the one to join; Mallory, who may not call, joins none."""
    running = await call(house)
    with pytest.raises(Refused) as refused:
        await call(house)
    assert (refused.value.code, refused.value.fields["message"]) == (Code.CODE_RUNNING, running)
    with pytest.raises(Refused) as refused:
        await house["Mallory"].page((), "Me too", add_to=running, timeout_s=PATIENCE_S)
    assert (refused.value.code, refused.value.pointer) == (Code.NOT_FOUND, "/add_to")
    with pytest.raises(Refused) as refused:
        await call(house, add_to=running, drill=True)
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/drill")
    joined = await house["Dora"].page((), "Room 3", priority=Priority.CODE, add_to=running, timeout_s=PATIENCE_S)
    assert joined.recipient_count == 3
    nurse = await house["Anna"].page((), "Lift is blocked", add_to=running, timeout_s=PATIENCE_S)
    while (heard := await house.hear("Ben", "new")).id != nurse.message:
        pass
    assert heard.message is not None
    assert (heard.message.text, heard.message.thread) == ("Lift is blocked", joined.thread)


async def test_a_terminal_calls_a_team_escalates_and_gives_the_all_clear(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`wardwire device send|escalate|answer|cancel`: each ends when it is stored, and says what follows."""
    dora = ids.read_id(ids.PERSON, house["Dora"].card.place.person)
    (await house.site.enrol(dora, "terminal")).save(tmp_path / "dora.json")

    async def said(*words: str, status: int = 0) -> str:
        """Run a command, which has an event loop of its own; returns what it printed."""
        card = ("--card", str(tmp_path / "dora.json"))
        assert await asyncio.to_thread(main, ["device", *words, *card]) == status
        told = capsys.readouterr()
        return told.out + told.err

    code = ("-t", "Code blue", "-p", "code", "--place", "unit:4 West", "--policy", "Code blue")
    told = await said("send", *code)
    running = told.split()[2]
    assert "by 0 s: Dr. Chen, Anna, Ben (step 1)" in told
    assert f"Join it: --add-to {running}" in await said("send", *code, status=1)
    joined = json.loads(await said("send", "-t", "Room 3", "-p", "code", "--add-to", running, "--json"))
    assert joined["recipient_count"] == 3
    assert "all_clear, 3 deliveries" in await said("cancel", running, "--all-clear")
    assert [view.by for view in (await house.hear("Ben", "all_clear")).deliveries] == ["Dora"]
    chat = json.loads(await said("send", "Anna", "-t", "Could you see bed 12?", "--chat", "--json"))
    alert = json.loads(await said("escalate", chat["message"], "--policy", "Consult", "--json"))
    assert (alert["thread"], alert["promise"][0]["who"]) == (chat["thread"], "Dr. Chen, Ben")
