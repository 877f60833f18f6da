"""What is said live only may be lost: a device learns afterwards how its messages and its teams stand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

import msgspec
import pytest

from tests.conformance.device_pair import PATIENCE_S, Raw, make_device, take, until
from wardwire.client.device import Device
from wardwire.devices import frames
from wardwire.devices.frames import BeatBack, StatusFrame, TeamFrame, encode
from wardwire.model.policy import Ends, Quorum, Step
from wardwire.model.priority import Priority
from wardwire.model.rights import CODE
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import Site, open_site

MINUTE = timedelta(seconds=60)


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


class Deaf:
    """A radio that loses what is said live, as long as it is so."""

    def __init__(self) -> None:
        self.so = True
        self.lost: list[frames.Down] = []

    def __call__(self, payload: bytes) -> Iterable[bytes]:
        frame = frames.read_down(payload)
        if self.so and isinstance(frame, StatusFrame | TeamFrame):
            self.lost.append(frame)
            return ()
        return (payload,)


@pytest.mark.parametrize("how", ["reconnects", "is called"])
async def test_a_sender_learns_what_was_lost(site: Site, how: str) -> None:
    """H110: *delivered* was said once, live, and was lost; the device asks, and is told once."""
    heard: list[StatusFrame] = []
    radio = Deaf()
    people = [await site.add_person(name) for name in ("Anna", "Ben")]
    anna = make_device(await site.enrol(people[0]), incoming=radio, on_status=heard.append)
    ben = make_device(await site.enrol(people[1]))
    async with anna, ben:
        stored = await anna.page("Ben", "Please come to bed 12.", timeout_s=PATIENCE_S)
        await take(ben, 1)
        await until(lambda: radio.lost)
        assert heard == []

        radio.so = False
        if how == "reconnects":
            anna.reconnect()
        else:
            again = BeatBack(epoch=site.lanes.epoch, head=0, time=site.clock.now(), again=True)
            site.hub.publish(f"d.{anna.card.name}.down.m", encode(again))
        await until(lambda: heard)

        assert heard == [msgspec.structs.replace(radio.lost[0], at=heard[0].at)]
        assert heard[0].message == stored.message
        await site.doorway.standing.settled()
        assert len(heard) == 1


async def test_nobody_is_told_of_the_messages_of_others(site: Site) -> None:
    """Whoever asks about a message that is not their own is told nothing."""
    people = {name: await site.add_person(name) for name in ("Anna", "Ben", "Mallory")}
    anna, ben = [make_device(await site.enrol(people[name])) for name in ("Anna", "Ben")]
    raw = Raw(await site.enrol(people["Mallory"]))
    async with anna, ben, raw.device:
        stored = await anna.page("Ben", "Please come to bed 12.", timeout_s=PATIENCE_S)
        await take(ben, 1)
        raw.say(encode(frames.Ask(messages=(stored.message,))))
        raw.device.beat()
        await raw.answer(BeatBack)
        await site.doorway.standing.settled()
        assert raw.all(StatusFrame) == []


async def test_a_team_is_seen_by_whoever_comes_back(site: Site) -> None:
    """H111: a phone that was off, and one that has forgotten everything, see who is there, and nobody else does."""
    async with AsyncExitStack() as stack:
        phones: dict[str, Device] = {}
        people = {}
        for name in ("Anna", "Ben", "Dr. Chen", "Dora", "Mallory"):
            people[name] = await site.add_person(name, scopes=[CODE] if name == "Dora" else [])
            phones[name] = make_device(await site.enrol(people[name]))
        await site.add_group("Code nurses", [people["Anna"], people["Ben"]])
        await site.add_unit("4 West")
        quorum = (Quorum("person:Dr. Chen", within=MINUTE), Quorum("group:Code nurses", 2, within=MINUTE))
        team = Step(("person:Dr. Chen", "group:Code nurses"), MINUTE, ends=Ends.QUORUM, quorum=quorum)
        await site.add_policy("Code blue", team)
        for name in ("Anna", "Dora"):
            await stack.enter_async_context(phones[name])
        called = await phones["Dora"].page(
            (), "Code blue", priority=Priority.CODE, policy="Code blue", place="unit:4 West", timeout_s=PATIENCE_S
        )
        await take(phones["Anna"], 1)
        await phones["Anna"].respond(called.message, "accept", timeout_s=PATIENCE_S)
        seen: dict[str, list[TeamFrame]] = {}
        for name in ("Ben", "Dora", "Mallory"):
            heard = seen[name] = []
            await phones[name].close()
            back = make_device(phones[name].card, on_team=heard.append)
            await stack.enter_async_context(back)
        for name in ("Ben", "Dora"):
            await until(partial(seen.get, name))
            assert seen[name][-1].message == called.message
            assert [part.who for part in seen[name][-1].parts] == [[], ["Anna"]]
        await site.doorway.standing.settled()
        assert seen["Mallory"] == []
