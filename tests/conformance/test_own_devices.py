"""People look after their own devices through any of them: see them, report a lost one, remove one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from tests.conformance.device_pair import Raw, make_device, until
from wardwire.devices.frames import Bye, Done, OrderFrame, RefusedFrame, encode
from wardwire.devices.own_frames import (
    AskDevices,
    AskQuiet,
    DevicesFrame,
    EndPush,
    KeepPush,
    QuietFrame,
    RemoveDevice,
    ReportLost,
    RungFrame,
    SetQuiet,
    TryQuiet,
)
from wardwire.devices.proof import write_bytes
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.priority import Priority
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import PUSH_KEY, Site, open_site


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


async def test_people_report_and_remove_their_own_devices_and_nobody_elses(site: Site) -> None:
    """H280: Anna's tablet reports her phone at once, and removes itself; Mallory's devices are not there for her."""
    anna, mallory = [await site.add_person(name) for name in ("Anna", "Mallory")]
    phone = Raw(await site.enrol(anna, "Anna's phone"))
    tablet = Raw(await site.enrol(anna, "Anna's tablet"))
    other = make_device(await site.enrol(mallory, "Mallory's phone"))
    lost, theirs = phone.device.card.place.device, other.card.place.device
    async with phone.device, tablet.device, other:
        assert "own" in (tablet.device.welcome.hears if tablet.device.welcome else ())
        tablet.say(encode(AskDevices(id="o1")))
        shown: DevicesFrame = await tablet.answer(DevicesFrame)
        assert [one.name for one in shown.data] == ["Anna's phone", "Anna's tablet"]
        assert shown.lost == []
        for nth, frame in enumerate((ReportLost(id="o2", device=theirs), RemoveDevice(id="o3", device=theirs)), 1):
            tablet.say(encode(frame))
            refused: RefusedFrame = await tablet.answer(RefusedFrame, nth)
            assert (refused.id, refused.code) == (frame.id, Code.NOT_FOUND)
        assert other.connected

        tablet.say(encode(ReportLost(id="o4", device=lost)))
        done: Done = await tablet.answer(Done)
        assert (done.id, done.state) == ("o4", "lost")
        await site.refresh()
        # It may have come back before this core knew: closed once more, it is told as soon as it comes back.
        site.doorway.announce_hand_over(ids.read_id(ids.DEVICE, lost))
        assert await phone.answer(OrderFrame)
        (fact,) = await site.facts("DeviceOrdered")
        assert (fact["person_id"], "reported by its person" in fact["body"]) == (anna, True)
        tablet.say(encode(ReportLost(id="o4", device=lost)))  # the same again
        assert (await tablet.answer(Done, 2)).state == "lost"
        assert len(await site.facts("DeviceOrdered")) == 1
        tablet.say(encode(AskDevices(id="o5")))
        shown = await tablet.answer(DevicesFrame, 2)
        assert [one.name for one in shown.data] == ["Anna's tablet"]
        assert [(one.name, one.order) for one in shown.lost] == [("Anna's phone", "wipe")]

        tablet.say(encode(RemoveDevice(id="o6", device=tablet.device.card.place.device)))
        await until(lambda: tablet.all(Bye))
        assert [frame.id for frame in tablet.all(Done)] == ["o4", "o4", "o6"]
        assert tablet.heard.index(tablet.all(Done)[-1]) < tablet.heard.index(tablet.all(Bye)[0])
        rows = await site.fetch("SELECT revoked_why FROM devices WHERE name = 'Anna''s tablet'")
        assert [row["revoked_why"] for row in rows] == ["removed by its person"]


async def test_a_units_device_is_reported_but_not_removed(site: Site) -> None:
    """H280: who has a unit's device for a shift says that it is lost; it is not theirs to put out."""
    anna = await site.add_person("Anna")
    await site.add_unit("4 West")
    shared, own = await site.enrol(anna, "4 West, 3"), Raw(await site.enrol(anna, "Anna's phone"))
    device_id = ids.read_id(ids.DEVICE, shared.place.device)
    await site._change(
        "UPDATE devices SET unit_id = (SELECT id FROM places), turn = 1, version = $1 WHERE id = $2", device_id
    )
    async with own.device:
        own.say(encode(RemoveDevice(id="o1", device=shared.place.device)))
        assert (await own.answer(RefusedFrame)).code == Code.NOT_PERMITTED
        own.say(encode(ReportLost(id="o2", device=shared.place.device)))
        assert (await own.answer(Done)).state == "lost"


async def test_quiet_hours_are_set_through_a_device_and_nobody_silences_what_is_urgent(site: Site) -> None:
    """H281: what would ring is said by the planner before; `high` cannot be made quiet; one change is one."""
    ben = Raw(await site.enrol(await site.add_person("Ben")))
    night = site.clock.now().replace(hour=2, minute=0)
    hours: dict[str, Any] = {"hours": "22:00-07:00", "priorities": (Priority.MEDIUM, Priority.LOW), "zone": "UTC"}
    async with ben.device:
        ben.say(encode(AskQuiet(id="q1")))
        shown: QuietFrame = await ben.answer(QuietFrame)
        assert (shown.hours, shown.version) == ("", 0)
        ben.say(encode(TryQuiet(id="q2", at=night, **hours)))
        rung: RungFrame = await ben.answer(RungFrame)
        assert [(one.priority, one.rings) for one in rung.data] == [
            (Priority.CODE, True), (Priority.HIGH, True), (Priority.MEDIUM, False), (Priority.LOW, False)
        ]  # fmt: skip
        assert rung.data[2].by == "own:Quiet hours"
        assert site.people.directory.preferences == {}
        ben.say(encode(SetQuiet(id="q3", **{**hours, "priorities": (Priority.HIGH,)})))
        assert (await ben.answer(RefusedFrame)).code == Code.INVALID
        ben.say(encode(SetQuiet(id="q4", **hours)))
        shown = await ben.answer(QuietFrame, 2)
        assert (shown.hours, shown.priorities, shown.zone) == ("22:00-07:00", ["medium", "low"], "UTC")
        await site.refresh()
        ben.say(encode(SetQuiet(id="q5", hours="", version=0)))
        assert (await ben.answer(RefusedFrame, 2)).code == Code.CHANGED_SINCE
        ben.say(encode(SetQuiet(id="q6", hours="", version=shown.version)))
        assert (await ben.answer(QuietFrame, 3)).hours == ""
        told = [fact for fact in await site.facts("DirectoryChanged") if '"preferences_set"' in fact["body"]]
        assert len(told) == 2


async def test_where_a_browser_may_be_woken_is_kept_while_its_device_is(site: Site) -> None:
    """H283: one address a device, the same again is no fact; not of this house; gone with the device."""
    ben = Raw(await site.enrol(await site.add_person("Ben")))
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    auth = write_bytes(bytes(16))
    good = KeepPush("p1", endpoint="https://push.example.com/a", p256dh=write_bytes(point), auth=auth)
    async with ben.device:
        assert ben.device.welcome is not None
        assert ben.device.welcome.push == PUSH_KEY
        ben.say(encode(good))
        assert (await ben.answer(Done)).state == "kept"
        ben.say(encode(replace(good, id="p2")))
        await ben.answer(Done, 2)
        for nth, wrong in enumerate(
            (
                replace(good, id="p3", endpoint="https://10.0.0.1/a"),
                replace(good, id="p4", p256dh=write_bytes(b"\x04" + bytes(64))),
            ),
            1,
        ):
            ben.say(encode(wrong))
            assert (await ben.answer(RefusedFrame, nth)).code == Code.INVALID
        ben.say(encode(replace(good, id="p5", endpoint="https://push.example.com/b")))
        await ben.answer(Done, 3)
        [row] = await site.fetch("SELECT endpoint, length(auth) FROM push_subscriptions")
        assert tuple(row) == ("https://push.example.com/b", 16)
        facts = await site.facts("PushKept")
        assert [json.loads(fact["body"]) for fact in facts] == [{"host": "push.example.com"}] * 2
        ben.say(encode(EndPush(id="p6")))
        assert (await ben.answer(Done, 4)).state == "ended"
        assert len(await site.facts("PushEnded")) == 1
        ben.say(encode(replace(good, id="p7")))
        await ben.answer(Done, 5)
        await site.revoke(ben.device.card)
        assert await site.fetch("SELECT 1 FROM push_subscriptions") == []
