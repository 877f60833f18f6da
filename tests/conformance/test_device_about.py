"""What a device says of itself, and when it was last heard, comes into the register: coarsely, and off the path."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conformance.device_pair import Raw, make_device, until
from wardwire.devices.frames import AboutFrame, ErrorFrame, RefusedFrame, encode
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import Site, open_site


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


async def test_a_device_says_what_it_is_and_is_noted_once(site: Site) -> None:
    """Told after the hello; what is the same is not said again, what was noted just now not written again."""
    battery = [80]
    phone = make_device(
        await site.enrol(await site.add_person("Anna")),
        about=lambda: AboutFrame(kind="phone", platform="android", model="P8", battery=battery[0]),
    )
    silent = make_device(await site.enrol(await site.add_person("Ben")))  # a client that knows no such word
    presence = site.doorway.presence
    async with phone, silent:
        door = site.doorway._doors[phone.card.name]
        await until(lambda: door.about)
        await presence.round()
        assert presence.written == 2
        noted = {row["kind"]: row for row in await site.fetch("SELECT * FROM device_standing")}
        assert (noted["phone"]["model"], noted["phone"]["battery"], noted["phone"]["about_at"] is None) == (
            "P8", 80, False,
        )  # fmt: skip
        assert (noted[""]["battery"], noted[""]["about_at"]) == (None, None)
        phone._say_about(0.0)
        phone.beat()
        battery[0] = 60
        phone._say_about(0.0)
        await until(lambda: door.about)
        await presence.round()
        assert presence.written == 2
        door.noted_at = float("-inf")  # some minutes later
        await presence.round()
        assert presence.written == 3
        assert [row["battery"] for row in await site.fetch("SELECT battery FROM device_standing ORDER BY 1")] == [
            60, None,
        ]  # fmt: skip


async def test_a_core_that_does_not_hear_it_is_not_told_and_nonsense_harms_nobody(site: Site) -> None:
    """A former core would refuse the frame; of a text that no database takes nothing is kept."""
    raw = Raw(await site.enrol(await site.add_person("Anna")), about=AboutFrame)
    async with raw.device:
        welcome = raw.device.welcome
        assert welcome is not None
        assert "about" in welcome.hears
        door = site.doorway._doors[raw.device.card.name]
        await until(lambda: door.about)
        door.about = None
        raw.say(encode(AboutFrame(model="P\x008")))
        raw.say(b'{"t":"about","battery":101}')
        await until(lambda: len(raw.all(RefusedFrame)) + len(raw.all(ErrorFrame)) == 2)
        assert door.about is None
        raw.device._session.welcome = type(welcome)(
            v=1, nonce=welcome.nonce, session=welcome.session, epoch=1, head=0, time=welcome.time, offset_ms=0,
            person=welcome.person, name=welcome.name,
        )  # fmt: skip
        raw.device._about_said = None
        raw.device._say_about(0.0)
        assert raw.device._about_said is None
