"""Canaries over the real servers: a device session of our own at the edge confirms them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.conformance.device_pair import PATIENCE_S, make_device
from tests.ward import directory_desk
from wardwire.client.card import Card, DeviceKeys, Place
from wardwire.client.device import Device
from wardwire.directory.canary import APP, enter_device
from wardwire.engine.canary import CanaryWatch
from wardwire.model import ids
from wardwire.model.canary import PEOPLE, Rhythm
from wardwire.ops.nats import NatsPair
from wardwire.store.registration import DeviceRow
from wardwire.testing.site import Site, open_site

RHYTHM = Rhythm(timedelta(seconds=0.2), timedelta(0), timedelta(0), timedelta(seconds=1))


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


@pytest.fixture
async def canary(site: Site) -> AsyncIterator[Device]:
    """Its device, entered without a code."""
    keys, device_id = DeviceKeys.make(), ids.new_id(site.clock.now())
    async with directory_desk(site.dsn, site.clock) as desk:
        row = DeviceRow(device_id, PEOPLE[APP], keys.signing.public, keys.x25519)
        await enter_device(desk, site.people.directory, row, app="1", name="here")
    await site.refresh()
    place = Place(
        device=ids.write_id(ids.DEVICE, device_id),
        person=ids.write_id(ids.PERSON, PEOPLE[APP]),
        name="Canary",
        server=site.nats.edge_url,
        site_x25519=site.registration()._site_key,
    )
    device = make_device(Card(keys, place))
    yield device
    await device.close()


async def look_until(site: Site, watch: CanaryWatch, alarms: list[str]) -> None:
    """Let the watch look until a canary has got through, or is late, and these technical alarms are open."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await watch.round()
            seen = await site.fetch("SELECT kind FROM alarms WHERE cleared_at IS NULL")
            if watch.flown and watch.flown[0].last[0] and [row["kind"] for row in seen] == alarms:
                return


async def test_a_canary_goes_the_whole_way_and_is_missed_when_it_is_cut(site: Site, canary: Device) -> None:
    """H71: through callout, edge, leaf and core and back; with the device away it is late."""
    watch = CanaryWatch(
        pool=site.pool, clock=site.clock, writer=site.lanes, rules=site.rules, rhythm=RHYTHM, channels=(APP,)
    )
    await canary.connect()
    await look_until(site, watch, [])
    (flown,) = watch.last(site.people.directory)
    assert flown[:2] == (APP, "")
    assert flown[3] is not None
    assert flown[3] < 1
    assert site.doorway.sessions == 0  # of devices that are people's

    await canary.close()
    await look_until(site, watch, ["canary"])

    again = make_device(canary.card)
    await again.connect()
    await look_until(site, watch, [])
    await again.close()
