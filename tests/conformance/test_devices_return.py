"""What keeps devices connected while cores, servers and the link between them come and go, over the real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

import msgspec
import pytest

from tests.conformance.device_pair import PATIENCE_S, make_device, take, until
from wardwire.client import outbox
from wardwire.client.device import Device
from wardwire.devices.lost_logins import LOST_AFTER, LostLogins
from wardwire.devices.renewal import Renewal
from wardwire.devices.rollcall import RollCall
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import Site, open_site


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


@pytest.fixture
async def device(site: Site) -> AsyncIterator[Device]:
    """Anna's phone, not connected yet."""
    device = make_device(await site.enrol(await site.add_person("Anna")))
    yield device
    await device.close()


def rollcall(site: Site) -> RollCall:
    """Make what calls the devices of a site."""
    return RollCall(
        acquire=site.pool.acquire,
        publish=site.hub.publish,
        directory=lambda: site.people.directory,
        clock=site.clock,
        epoch=lambda: site.lanes.epoch,
    )


def cid(device: Device) -> int:
    """The connection of a device, as the server numbers it; 0 while there is none."""
    return device._connection.info.client_id if device._connection.info else 0


async def lost(site: Site, server: str) -> bool:
    """Whether a login waits at this server for longer than any answer takes."""
    listed = await site.system.connections(server)
    return any(not each.account and each.age > LOST_AFTER for each in listed)


async def test_a_device_that_is_asked_logs_in_anew_and_misses_nothing(site: Site, device: Device) -> None:
    """Long before its login ends: another connection, a welcome, and the messages of meanwhile."""
    await device.connect()
    before = cid(device)
    renewal = Renewal(site.system, lifetime=timedelta(milliseconds=1), publish=site.hub.publish, healthy=lambda: True)
    await renewal.round(timedelta(seconds=1))
    await until(lambda: device.connected and cid(device) != before)

    await device.page(device.card.place.person, "Are you there?", timeout_s=PATIENCE_S)

    assert [event.event for event in await take(device, 1)] == ["new"]
    assert renewal.asked == 1


async def test_an_unwell_core_asks_nobody_to_log_in_anew(site: Site, device: Device) -> None:
    """Who lets go of a login when nobody can give another is shut out."""
    await device.connect()
    renewal = Renewal(
        site.system, lifetime=timedelta(milliseconds=1), publish=site.hub.publish, healthy=lambda: False
    )
    await renewal.round(timedelta(seconds=1))
    assert renewal.asked == 0


async def test_what_was_lost_on_the_way_to_a_dead_core_is_said_again_when_devices_are_called(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after the next repeat, which is put off for ever here."""
    monkeypatch.setattr(outbox, "AGAIN_S", 1e9)
    lost: list[bytes] = []

    def lose_sends(frame: bytes) -> Iterable[bytes]:
        if b'"t":"send"' in frame and not lost:
            lost.append(frame)
            return ()
        return (frame,)

    device = make_device(await site.enrol(await site.add_person("Anna")), outgoing=lose_sends)
    await device.connect()
    asked = asyncio.ensure_future(device.page(device.card.place.person, "Are you there?"))
    await until(lambda: lost)

    await rollcall(site).call()

    async with asyncio.timeout(PATIENCE_S):
        assert (await asked).message.startswith("msg_")
    await device.close()


async def test_a_login_whose_question_was_lost_is_freed(site: Site, device: Device) -> None:
    """The server would let it wait for 20 s; closed, it comes again at once and is let in."""
    await site.callout.stop()  # nobody hears the question
    await site._callout_line.flush()
    device.start()
    waiting = LostLogins(site.system, waiting=lambda: 0)
    server = (await site.system.servers()).pop()
    async with asyncio.timeout(PATIENCE_S):
        while not await lost(site, server):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0)
    site.callout.start()

    await waiting.free()

    assert waiting.freed >= 1
    await device.welcomed(PATIENCE_S)


async def test_nobody_is_taken_for_lost_while_logins_wait_for_their_turn(site: Site, device: Device) -> None:
    """In a stampede a login may well wait for seconds."""
    await site.callout.stop()
    device.start()
    busy = LostLogins(site.system, waiting=lambda: 1)
    await busy.free()
    assert busy.freed == 0


async def test_a_device_that_hears_no_core_keeps_its_connection(site: Site, device: Device) -> None:
    """It says hello anew on the same one: while the cores are away nobody could let it in again."""
    await device.connect()
    before, session = cid(device), device.session
    assert device.welcome is not None
    device._session.welcome = msgspec.structs.replace(device.welcome, beat_s=0)  # so three beats are over at once

    await until(lambda: device.connected and device.session != session)

    assert cid(device) == before
