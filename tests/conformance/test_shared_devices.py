"""A badge is held to a shared device: the old session ends on the server first, then the device clears itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple
from uuid import UUID

import pytest

from tests.conformance.device_pair import PATIENCE_S, Raw, make_device, until
from wardwire.client.card import Card
from wardwire.client.closed import Closed, HandedOver
from wardwire.client.device import Device
from wardwire.devices.frames import Badge, HolderFrame, RefusedFrame, encode
from wardwire.devices.hand_over import HandOver
from wardwire.flow.statement import Statement
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Priority
from wardwire.model.rights import DIRECTORY, Caller
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import Site, open_site

EVA = Caller(source="test", scopes=frozenset({DIRECTORY}))
BENS, CHENS = "04:A2:2B:91", "0077 1234"


class Unit(NamedTuple):
    """4 West, with a phone that nobody has, Ben and Dr. Chen with badges, and Anna with a phone of her own."""

    site: Site
    card: Card
    ben: UUID
    chen: UUID
    anna: Card


@pytest.fixture
async def unit(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Unit]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        anna, ben, chen = [await site.add_person(name) for name in ("Anna", "Ben", "Dr. Chen")]
        await site.add_unit("4 West")
        west = (await site.fetch("SELECT id FROM places"))[0]["id"]
        card = await site.enrol(anna, "4W-3")
        registration = site.registration()
        await registration.share(EVA, ids.read_id(ids.DEVICE, card.place.device), west)
        for person, number in ((ben, BENS), (chen, CHENS)):
            await registration.set_badge(EVA, person, number)
        yield Unit(site, card.taken_by("", "", 1), ben, chen, await site.enrol(anna, "own"))


def note(text: str, to: UUID) -> Statement:
    """Something urgent for somebody."""
    return Statement(id=text, to=(ids.write_id(ids.PERSON, to),), text=text, priority=Priority.HIGH)


async def take(unit: Unit, device: Device, number: str) -> Card:
    """Hold a badge to the device; returns its card, for whoever has it now."""
    holder = await device.badge(number, PATIENCE_S)
    await device.close()
    await unit.site.refresh()
    return device.card.taken_by(holder.person, holder.name, holder.turn)


async def test_a_badge_takes_the_device_and_ends_what_was_before(unit: Unit) -> None:
    """H191: nothing of the former holder is on it, and nothing of theirs comes to it any more."""
    site = unit.site
    bens = await take(unit, make_device(unit.card), BENS)
    assert (bens.place.name, bens.place.turn) == ("Ben", 2)
    ben, anna = make_device(bens), make_device(unit.anna)
    async with ben, anna:
        assert ben.welcome is not None
        assert ben.welcome.name == "Ben"
        await anna.send(note("Bed 12: fever", unit.ben))
        assert (await ben.next_event(PATIENCE_S)).event == "new"
        sessions = "SELECT session_id FROM sessions WHERE device_id = $1"
        (old,) = await site.fetch(sessions, ids.read_id(ids.DEVICE, bens.place.device))

        chens = await take(unit, ben, CHENS)
        await until(lambda: ben.ended)
        assert isinstance(ben.ended, HandedOver)
        assert ben.ended.holder.name == "Dr. Chen"
        assert old not in await site.fetch("SELECT session_id FROM sessions")
        chen = make_device(chens)
        async with chen:
            assert chen.welcome is not None
            assert chen.welcome.name == "Dr. Chen"
            await anna.send(note("For Ben", unit.ben))
            sent = await anna.send(note("For you", unit.chen))
            event = await chen.next_event(PATIENCE_S)
            assert event.id == sent.message
            with pytest.raises(TimeoutError):
                await chen.next_event(0.2)
            holder = await chen.badge("", PATIENCE_S)
            assert holder.person == ""
    kinds = [
        row["kind"]
        for row in await site.fetch("SELECT kind FROM facts WHERE kind LIKE 'DeviceChecked%' ORDER BY at, seq")
    ]
    assert kinds == ["DeviceCheckedIn", "DeviceCheckedOut", "DeviceCheckedIn", "DeviceCheckedOut", "DeviceCheckedIn"]


async def test_a_device_that_has_not_heard_is_told_by_its_next_hello(unit: Unit) -> None:
    """H191: the session ends by the commit, whether anything reaches the device or the other cores or not."""
    site = unit.site
    ben = make_device(await take(unit, make_device(unit.card), BENS))

    async def kick(server: str, client: int) -> bool:
        return False

    async with ben:
        over = HandOver(ledger=site.ledger, clock=site.clock, kick=kick, announce=lambda device_id: None)
        await over.check_out(ids.read_id(ids.DEVICE, ben.card.place.device), unit.chen, None, by="test")
        await site.refresh()
        assert ben.ended is None
        ben.beat()
        await until(lambda: ben.ended)
        assert isinstance(ben.ended, HandedOver)
        assert ben.ended.holder.name == "Dr. Chen"


async def test_wrong_badges_are_bounded_and_silence_nobody(unit: Unit) -> None:
    """H193: whoever has the device goes on; even the right badge waits, and no number is written anywhere."""
    ben, anna = make_device(await take(unit, make_device(unit.card), BENS)), make_device(unit.anna)
    async with ben, anna:
        codes = []
        for number in ("0001", "0002", "0003", "0004", "0005", "0006", CHENS):
            with pytest.raises(Refused) as refused:
                await ben.badge(number, PATIENCE_S)
            codes.append(refused.value.code)
        assert codes == [Code.NOT_AUTHENTICATED] * 5 + [Code.RATE_LIMITED] * 2
        assert ben.connected
        await anna.send(note("Bed 12: fever", unit.ben))
        assert (await ben.next_event(PATIENCE_S)).event == "new"
        bodies = " ".join(row["body"] for row in await unit.site.fetch("SELECT body FROM facts"))
        assert bodies.count('"wrong"') == 5
        assert "0001" not in [word for word in bodies.replace('"', " ").split() if len(word) == 4]


async def test_what_is_forged_or_said_again_takes_nothing(unit: Unit) -> None:
    """H193: a badge frame counts in its turn, from its device, sealed by it; in a session it counts for nothing."""
    device = make_device(unit.card)
    said = device._session.write_badge("again", BENS)
    bens = await take(unit, device, BENS)
    raw = Raw(bens)
    async with raw.device:
        raw.device.write_raw(encode(said))
        again = await raw.answer(HolderFrame)
        assert (again.id, again.name, again.turn) == ("again", "Ben", 2)
        other = Raw(unit.anna)
        async with other.device:
            foreign = Badge(id="x", device=unit.anna.place.device, turn=2)
            other.device.write_raw(encode(other.device._session.write_badge("x", BENS)))
            await until(lambda: other.device.errors)
            other.say(encode(foreign))
            assert (await other.answer(RefusedFrame)).code == Code.INVALID
        signed = raw.device._session.write_badge("y", CHENS)
        signed.sig = said.sig
        raw.device.write_raw(encode(signed))
        assert (await raw.answer(RefusedFrame)).code == Code.PROOF_INVALID
        forged = Badge(
            id="z", device=bens.place.device, turn=2, sealed="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        )
        envelope = raw.device._session.write_badge("z", "")
        body = encode(forged)
        envelope.body, envelope.sig = type(envelope.body)(body), raw.device._session.sign(body)
        raw.device.write_raw(encode(envelope))
        assert (await raw.answer(RefusedFrame, 2)).code == Code.PROOF_INVALID
        assert raw.device.connected
    assert [row["person_id"] for row in await unit.site.fetch("SELECT person_id FROM devices WHERE turn > 0")] == [
        unit.ben
    ]


async def test_a_device_that_was_somebodys_own_becomes_one_of_a_unit(unit: Unit) -> None:
    """Whoever had it is signed out; what it says as theirs counts no more."""
    own = make_device(unit.anna)
    west = (await unit.site.fetch("SELECT id FROM places"))[0]["id"]
    await own.connect()
    await unit.site.registration().share(EVA, ids.read_id(ids.DEVICE, own.card.place.device), west)
    await until(lambda: own.ended)
    assert isinstance(own.ended, HandedOver)
    assert own.ended.holder == HolderFrame(turn=1)
    with pytest.raises(Closed):
        await own.next_event(PATIENCE_S)
