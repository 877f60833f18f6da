"""Story A5: a phone is lost. Its key is dead at once for everything but the order to wipe, whenever it comes back."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import msgspec
import pytest

from tests.conformance.device_pair import PATIENCE_S, Raw, make_device, take, until
from wardwire.client.device import Device
from wardwire.devices.frames import Bye, Envelope, Obeyed, OrderFrame, RefusedFrame, encode
from wardwire.devices.orders import order_device
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.lost import Lost, Order, OrderState
from wardwire.ops.nats import NatsPair
from wardwire.store.lost import load_lost
from wardwire.testing.site import Site, open_site

DAY = timedelta(hours=24)


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


async def report(site: Site, device: Device, order: Order = Order.WIPE) -> Lost:
    """Report a device as lost."""
    lost = await order_device(
        site.ledger,
        site.clock,
        device_id=ids.read_id(ids.DEVICE, device.card.place.device),
        order=order,
        why="left in a taxi",
        by="test",
        kick=site.system.kick,
        announce=lambda device: site.connection.publish("core.revoked", f"{device.hex}+".encode()),
    )
    await site.refresh()
    return lost


async def standing(site: Site, device: Device) -> Lost:
    """Read how its order stands."""
    async with site.pool.acquire() as connection:
        lost = await load_lost(connection, ids.read_id(ids.DEVICE, device.card.place.device))
    assert lost is not None
    return lost


async def test_a_lost_phone_is_cut_off_wipes_itself_and_stays_out(site: Site) -> None:
    """H160: nothing more reaches it; it comes back by itself, wipes, and says so by its key."""
    anna, ben = [await site.add_person(name) for name in ("Anna", "Ben")]
    wiped: list[OrderFrame] = []
    phone = make_device(await site.enrol(anna), on_order=wiped.append)
    tablet = make_device(await site.enrol(anna, "tablet"))
    sender = make_device(await site.enrol(ben))
    async with phone, tablet, sender:
        began = time.monotonic()
        lost = await report(site, phone)
        assert time.monotonic() - began < 5.0
        assert lost.state(site.clock.now()) is OrderState.REQUESTED

        await sender.page("Anna", "Bed 12, please.", timeout_s=PATIENCE_S)
        await take(tablet, 1)
        await until(lambda: phone.ended is not None)

        assert [(one.what, one.at) for one in wiped[:1]] == [("wipe", lost.ordered_at)]
        assert str(phone.ended) == Code.DEVICE_REVOKED
        await site.doorway.orders.settled()
        found = await standing(site, phone)
        assert found.state(site.clock.now()) is OrderState.CONFIRMED
        assert found.told_at is not None
        kinds = ("DeviceOrdered", "OrderTold", "OrderConfirmed")
        assert [len(await site.facts(kind)) for kind in kinds] == [1, 1, 1]

        await site.refresh()
        again = make_device(phone.card)
        again.start()
        await until(lambda: any("uthorization" in error for error in again.errors))
        await again.close()


async def test_a_lost_phone_that_was_off_is_told_when_it_comes(site: Site) -> None:
    """For a day *requested*, then *unconfirmed*, never more than is known; the order stays in force."""
    anna = await site.add_person("Anna")
    card = await site.enrol(anna)
    phone = make_device(card)
    lost = await report(site, phone)
    assert lost.state(lost.ordered_at + DAY - timedelta(seconds=1)) is OrderState.REQUESTED
    assert lost.state(lost.ordered_at + DAY) is OrderState.UNCONFIRMED
    wiped: list[OrderFrame] = []
    phone = make_device(card, on_order=wiped.append)
    phone.start()
    await until(lambda: phone.ended is not None)
    await site.doorway.orders.settled()
    assert wiped
    assert (await standing(site, phone)).state(lost.ordered_at + 2 * DAY) is OrderState.CONFIRMED


async def test_a_device_that_cannot_wipe_does_not_say_so(site: Site) -> None:
    """It has the order; more is not known."""

    def fails(_order: OrderFrame) -> None:
        raise OSError("the disk is read-only")

    card = await site.enrol(await site.add_person("Anna"))
    phone = make_device(card, on_order=fails)
    await report(site, phone)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(phone.close)
        phone.start()
        await until(lambda: any("read-only" in error for error in phone.errors))
        await site.doorway.orders.settled()
        assert (await standing(site, phone)).state(site.clock.now()) is OrderState.DELIVERED


async def test_a_lost_device_is_let_in_for_its_order_alone(site: Site) -> None:
    """Whatever else it says is answered with the order; a word of another's key, or order, is not believed."""
    anna, ben = [await site.add_person(name) for name in ("Anna", "Ben")]
    raw = Raw(await site.enrol(anna))
    async with raw.device, make_device(await site.enrol(ben)) as other:
        pass  # both have been here; reported while it is there, it would obey at once
    lost = await report(site, raw.device, Order.LOCK)
    raw = Raw(raw.device.card)
    raw.device._obey = lambda order: None  # type: ignore[method-assign]
    raw.device.start()
    try:
        await until(lambda: raw.all(OrderFrame))
        name = raw.device.card.place.device
        forged = [
            (Obeyed(device=name, what="lock", at=lost.ordered_at), other),  # another's key
            (Obeyed(device=name, what="wipe", at=lost.ordered_at), raw.device),  # not what it was ordered
            (Obeyed(device=other.card.place.device, what="lock", at=lost.ordered_at), raw.device),  # of another
        ]
        for frame, signer in forged:
            raw.heard.clear()
            body = encode(frame)
            raw.device.write_raw(encode(Envelope(v=1, body=msgspec.Raw(body), sig=signer._session.sign(body))))
            await until(lambda: raw.all(RefusedFrame))
        raw.heard.clear()
        body = encode(Obeyed(device=name, what="lock", at=datetime.fromisoformat("2026-01-01T00:00:00Z")))
        raw.device.write_raw(encode(Envelope(v=1, body=msgspec.Raw(body), sig=raw.device._session.sign(body))))
        await until(lambda: raw.all(OrderFrame))
        assert not raw.all(Bye)
        await site.doorway.orders.settled()
        assert (await standing(site, raw.device)).state(site.clock.now()) is OrderState.DELIVERED
    finally:
        await raw.device.close()


async def test_a_lock_gives_way_to_a_wipe_and_not_the_other_way_round(site: Site) -> None:
    """What is reported twice keeps its time; what is reported as worse is ordered anew."""
    phone = make_device(await site.enrol(await site.add_person("Anna")))
    first = await report(site, phone, Order.LOCK)
    assert await report(site, phone, Order.LOCK) == first
    harder = await report(site, phone, Order.WIPE)
    assert (harder.order, harder.ordered_at > first.ordered_at) == (Order.WIPE, True)
    assert await report(site, phone, Order.LOCK) == harder
    assert len(await site.facts("DeviceOrdered")) == 2
