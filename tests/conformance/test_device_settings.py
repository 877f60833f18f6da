"""Devices behave as the site says: told at the hello, and at once when it changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from tests.conformance.device_pair import Raw, make_device, until
from wardwire.client.device import Device
from wardwire.devices.frames import SettingsFrame
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.device_settings import add_device_group, move_devices, set_layer
from wardwire.model import ids
from wardwire.model.device_settings import SETTINGS, Scope
from wardwire.model.rights import DIRECTORY, Caller
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import Site, open_site

EVA = Caller(source="test", scopes=frozenset({DIRECTORY}))


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


def id_of(device: Device) -> UUID:
    """The id of a device."""
    return ids.read_id(ids.DEVICE, device.card.place.device)


async def seen(site: Site) -> None:
    """Let the core see what was changed, and tell its devices."""
    await site.refresh()
    site.doorway.directory_changed()
    await site.doorway.settings.settled()


async def test_a_device_is_told_at_its_hello_and_at_once_when_something_changes(site: Site) -> None:
    """By site, group and device; a lock of the site holds against the device's own word."""
    desk = DirectoryDesk(site.ledger, site.clock)
    anna, ben = [await site.add_person(name) for name in ("Anna", "Ben")]
    heard: list[SettingsFrame] = []
    phone = make_device(await site.enrol(anna), on_settings=heard.append)
    other = make_device(await site.enrol(ben))
    async with phone, other:
        await until(lambda: phone.settings and other.settings)
        assert phone.settings is not None
        assert phone.settings.values == {key: one.default for key, one in SETTINGS.items()}
        assert phone.settings.locked == []

        group = await add_device_group(desk, EVA, "Ward phones")
        await set_layer(desk, EVA, Scope.SITE, None, {"lock_after_s": 60}, ["lock_after_s"])
        await set_layer(desk, EVA, Scope.GROUP, group.id, {"tone.high": "alarm"})
        await set_layer(desk, EVA, Scope.DEVICE, id_of(phone), {"lock_after_s": 600, "tone.low": "silent"})
        await move_devices(desk, EVA, [id_of(phone)], group.id)
        await seen(site)
        await until(lambda: phone.settings and phone.settings.values["tone.high"] == "alarm")
        await until(lambda: other.settings and other.settings.locked)

        assert phone.settings is not None
        assert phone.settings.values["lock_after_s"] == 60
        assert phone.settings.values["tone.low"] == "silent"
        assert other.settings is not None
        assert other.settings.values["tone.high"] == "urgent"
        assert len(heard) == 2
    again = make_device(phone.card, on_settings=heard.append)
    async with again:
        await until(lambda: again.settings)
        assert again.settings == phone.settings


async def test_a_change_that_concerns_no_settings_says_nothing(site: Site) -> None:
    """Nor does one that comes to the same."""
    desk = DirectoryDesk(site.ledger, site.clock)
    raw = Raw(await site.enrol(await site.add_person("Anna")))
    async with raw.device:
        await until(lambda: raw.all(SettingsFrame))
        await seen(site)
        await site.add_person("Ben")
        await seen(site)
        await set_layer(desk, EVA, Scope.SITE, None, {"tone.high": "urgent"})
        await seen(site)
        assert len(raw.all(SettingsFrame)) == 1
        await set_layer(desk, EVA, Scope.SITE, None, {"tone.high": "alarm"})
        await seen(site)
        await until(lambda: len(raw.all(SettingsFrame)) == 2)
