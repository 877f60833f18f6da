"""Swaps of the simulated hospital: made through phones, and looked after; what does not hold is found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conformance.device_pair import make_device
from tests.ward import OPERATOR, directory_desk
from wardwire.client.device import Device
from wardwire.directory.oncall import set_people
from wardwire.directory.roles import add_role, add_shift
from wardwire.model import ids
from wardwire.model.oncall import on_call
from wardwire.ops.nats import NatsPair
from wardwire.testing.demo.exchange import Exchanges
from wardwire.testing.site import Site, open_site

ROLE, DEAF = "Cardiology 1st", "Cardiology 2nd"


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


class Phone:
    """Somebody of the cast."""

    def __init__(self, name: str, person: str, device: Device) -> None:
        self.name, self.person, self.device = name, person, device


async def test_a_swap_of_the_simulated_hospital_is_gone_by_or_found(
    site: Site, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H307: the taker has the part, the giver the rest; and a plan that does not follow is said to be wrong."""
    chen, okafor = [await site.add_person(name) for name in ("Dr. Chen", "Dr. Okafor")]
    begin, until = site.clock.now() - timedelta(hours=1), site.clock.now() + timedelta(hours=2)
    roles = {}
    async with directory_desk(database_url, site.clock) as desk:
        for name in (ROLE, DEAF):
            role = await add_role(desk, OPERATOR, name=name, fallback="desk")
            roles[name] = ids.write_id(ids.ROLE, role.id)
            ends = begin + timedelta(hours=12)
            await add_shift(desk, OPERATOR, role.id, person_id=chen, starts_at=begin, ends_at=ends)
            await set_people(desk, OPERATOR, role.id, swappers=[okafor])
    await site.refresh()

    async def ask(path: str, **query: str) -> Any:
        """As the HTTP interface answers; of one role, as if it had not heard of the swap."""
        if path == "/v1/roles":
            return {"data": [{"name": name, "id": written} for name, written in roles.items()]}
        await site.refresh()
        directory = site.people.directory
        (role,) = [one for one in directory.roles.values() if ids.write_id(ids.ROLE, one.id) in path]
        at = datetime.fromisoformat(query["at"]) if "at" in query else site.clock.now()
        held = on_call(role, directory, begin if role.name == DEAF else at).holdings
        told = [{"person": ids.write_id(ids.PERSON, one.person_id), "rule": one.rule, "source": one.source}
                for one in held]  # fmt: skip
        return {"holders": told}

    phones = [
        Phone(name, ids.write_id(ids.PERSON, person), make_device(await site.enrol(person)))
        for name, person in (("Dr. Chen", chen), ("Dr. Okafor", okafor))
    ]
    for patience in ("ANSWER_S", "SEEN_S"):
        monkeypatch.setattr(f"wardwire.testing.demo.exchange.{patience}", 120.0)
    async with phones[0].device, phones[1].device:
        exchanges = Exchanges(ask)
        assert not await exchanges.play(ROLE, phones[:1], until), "nobody to swap with"
        assert await exchanges.play(ROLE, phones, until)
        assert (exchanges.agreed, exchanges.wrong) == (1, [])
        assert not await exchanges.play(ROLE, phones, until), "what is swapped is not swapped on"
        monkeypatch.setattr("wardwire.testing.demo.exchange.SEEN_S", 0.4)
        assert await exchanges.play(DEAF, phones, until)
        (wrong,) = exchanges.wrong
        assert wrong.startswith(f"{DEAF} was not Dr. Okafor's, who has taken it from Dr. Chen")
