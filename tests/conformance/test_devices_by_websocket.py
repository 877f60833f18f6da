"""A device over WebSocket, as a browser connects: the same login, the same protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.conformance.device_pair import PATIENCE_S, make_device, until
from tests.conformance.websocket import by_websocket
from wardwire.client.card import Card, DeviceKeys
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import Site, open_site


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core, whose devices come by WebSocket."""
    async with (
        open_site(database_url, nats_pair.logins()) as site,
        by_websocket(f"ws://{nats_pair.logins().edge_websocket}") as url,
    ):
        site.nats = replace(site.nats, edge_url=url)
        yield site


async def test_a_browser_enrols_signs_the_nonce_says_hello_and_hears(site: Site) -> None:
    """What reaches a phone over TCP reaches one over WebSocket; and when it is revoked it is put out here, too."""
    people = await site.add_person("Anna"), await site.add_person("Ben")
    anna, ben = [make_device(await site.enrol(person)) for person in people]
    async with anna, ben:
        stored = await anna.page(ben.card.place.person, "Bed 12, please.", timeout_s=PATIENCE_S)
        event = await ben.next_event(PATIENCE_S)
        assert (event.event, event.id) == ("new", stored.message)
        assert await site.revoke(ben.card)
        await until(lambda: ben.ended is not None)


async def test_a_key_that_nobody_registered_is_not_let_in(site: Site) -> None:
    """The callout decides on this listener as on the other."""
    card = await site.enrol(await site.add_person("Anna"))
    mallory = make_device(Card(DeviceKeys.make(), card.place))
    mallory.start()
    await until(lambda: any("uthorization" in error for error in mallory.errors))
    assert not mallory.connected
    await mallory.close()
