"""What people say of themselves through their devices: a status until an instant, with who covers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.conformance.device_pair import PATIENCE_S, make_device, take, until
from tests.ward import OPERATOR, directory_desk
from wardwire.directory.oncall import set_people
from wardwire.directory.roles import add_role, add_shift
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Status
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import Site, open_site


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


async def test_a_status_is_set_through_a_device_and_what_cannot_be_is_refused(site: Site) -> None:
    """H139: it is committed before it is answered; the same said again is one change; a loop names its chain."""
    chen, okafor = [await site.add_person(name) for name in ("Dr. Chen", "Dr. Okafor")]
    phone, other = make_device(await site.enrol(chen)), make_device(await site.enrol(okafor))
    end = site.clock.now() + timedelta(minutes=90)
    async with phone, other:
        done = await phone.set_status(
            "in_procedure", until=end, cover=ids.write_id(ids.PERSON, okafor), id="a1", timeout_s=PATIENCE_S
        )
        assert (done.id, done.state) == ("a1", "in_procedure")
        row = (await site.fetch("SELECT in_procedure, cover, status_until FROM people WHERE id = $1", chen))[0]
        assert tuple(row) == (True, ids.write_id(ids.PERSON, okafor), end)
        await phone.set_status("in_procedure", until=end, id="a1", timeout_s=PATIENCE_S)
        told = [fact for fact in await site.facts("DirectoryChanged") if '"status_set"' in fact["body"]]
        assert len(told) == 1
        await site.refresh()
        await until(lambda: site.people.directory.people[chen].status is Status.IN_PROCEDURE)
        with pytest.raises(Refused) as loop:
            await other.set_status("busy", cover=ids.write_id(ids.PERSON, chen), timeout_s=PATIENCE_S)
        assert (loop.value.code, loop.value.fields["chain"]) == (
            Code.COVERAGE_LOOP,
            ["Dr. Okafor", "Dr. Chen", "Dr. Okafor"],
        )
        with pytest.raises(Refused) as off:
            await other.set_status("off", timeout_s=PATIENCE_S)
        assert off.value.code is Code.COVER_REQUIRED


async def test_people_test_their_own_alerts_and_nobody_elses(site: Site) -> None:
    """H183: the test comes to one's own device alone, is marked as one, and an endpoint of another is not there."""
    anna = await site.add_person("Anna")
    async with make_device(await site.enrol(anna)) as phone:
        stored = await phone.test(id="t1", timeout_s=PATIENCE_S)
        (event,) = await take(phone, 1)
        assert event.message is not None
        assert (event.event, event.message.id, event.message.kind) == ("new", stored.message, "test")
        with pytest.raises(Refused) as other:
            await phone.test(f"ept_{'1' * 32}", timeout_s=PATIENCE_S)
        assert other.value.code is Code.NOT_FOUND
    assert await site.fetch("SELECT kind FROM messages WHERE sender_device IS NOT NULL") == []


async def test_a_swap_is_offered_and_accepted_through_devices(site: Site, database_url: str) -> None:
    """H186: who is asked says yes; the same said again is one change; nobody answers for another."""
    chen, okafor, mallory = [await site.add_person(name) for name in ("Dr. Chen", "Dr. Okafor", "Mallory")]
    begin = site.clock.now() + timedelta(hours=1)
    async with directory_desk(database_url, site.clock) as desk:
        role = await add_role(desk, OPERATOR, name="Cardiology 1st", fallback="desk")
        until_then = begin + timedelta(hours=8)
        shift = await add_shift(desk, OPERATOR, role.id, person_id=chen, starts_at=begin, ends_at=until_then)
        await set_people(desk, OPERATOR, role.id, swappers=[okafor])
    await site.refresh()
    written = [ids.write_id(ids.ROLE, role.id), ids.write_id(ids.SHIFT, shift.id), ids.write_id(ids.PERSON, okafor)]
    giver, taker, other = [make_device(await site.enrol(one)) for one in (chen, okafor, mallory)]
    async with giver, taker, other:
        offered = await giver.offer_swap(*written, id="o1", timeout_s=PATIENCE_S)
        assert (offered.state, await giver.offer_swap(*written, id="o1", timeout_s=PATIENCE_S)) == (
            "offered",
            offered,
        )
        for nobody in (giver, other):
            with pytest.raises(Refused) as refused:
                await nobody.answer_swap(offered.swap, accept=True, timeout_s=PATIENCE_S)
            assert refused.value.code is Code.NOT_PERMITTED
        done = await taker.answer_swap(offered.swap, accept=True, id="a1", timeout_s=PATIENCE_S)
        assert (done.state, done.swap) == ("accepted", offered.swap)
        with pytest.raises(Refused) as late:
            await giver.answer_swap(offered.swap, accept=None, timeout_s=PATIENCE_S)
        assert late.value.code is Code.TOO_LATE
    facts = [fact["body"] for fact in await site.facts("DirectoryChanged")]
    assert [sum(f'"{what}"' in body for body in facts) for what in ("swap_offered", "swap_accepted")] == [1, 1]
