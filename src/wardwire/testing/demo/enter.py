"""Enters the sample hospital into the demo's site, once; and gives the cast their phones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

import asyncpg
import msgspec

from wardwire.client.card import Card
from wardwire.client.enrol import enrol
from wardwire.devices.rate import Buckets
from wardwire.devices.register import issue_code
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.entering import enter_house
from wardwire.directory.keys import make_key
from wardwire.model import ids
from wardwire.model.errors import Refused
from wardwire.model.rights import ACCOUNTS, ADMINISTER, ALARMS, CODE, DIRECTORY, READ, SCOPES, SEND, Caller
from wardwire.ops.engines import logins_file, read_logins
from wardwire.store.clock import SiteClock
from wardwire.store.durable import open_durable
from wardwire.store.ledger import Ledger
from wardwire.testing.demo.folder import Folder
from wardwire.testing.demo.rest import Rest
from wardwire.testing.demo.server import Attached, Server
from wardwire.testing.hospital.house import make_house
from wardwire.testing.hospital.plan import Hospital

_OPERATOR = Caller(source="demo", scopes=frozenset(SCOPES))
_SCOPES = (SEND, CODE, READ, DIRECTORY, ALARMS, ACCOUNTS, ADMINISTER)
_AT_ONCE = 8
ENTER_S = 60.0  # the whole hospital is one change


async def enter_hospital(
    folder: Folder, server: Server | Attached, hospital: Hospital, *, now: datetime, zone: tzinfo, pace: float
) -> tuple[Rest, dict[str, Any]]:
    """Make sure that everybody is there; return the operator's way in, and people by name.

    The hospital and the first key are entered by the database itself, whose login only this machine's owner has: in
    one change, once. A site that has people of another seed is begun anew with --fresh.
    """
    keys = folder.read("keys.json")
    if "operator" not in keys or not await _known(Rest(server.api, keys["operator"]), patience_s=1):
        keys = {"operator": await _enter(folder, hospital, now=now, zone=zone, pace=pace)}
        folder.write("keys.json", keys)
    operator = Rest(server.api, keys["operator"])
    await _known(operator, patience_s=10)
    return operator, await _everybody(operator)


async def _enter(folder: Folder, hospital: Hospital, *, now: datetime, zone: tzinfo, pace: float) -> str:
    logins = read_logins(logins_file(folder.home)).database
    ledger = Ledger(
        "demo/directory",
        open_connection=lambda: open_durable(logins.app, without_standby="degraded"),
        patience_s=ENTER_S,
    )
    clock = SiteClock()
    connection = await asyncpg.connect(logins.app, server_settings={"search_path": "wardwire"})
    try:
        await clock.read(connection)
        desk = DirectoryDesk(ledger, clock)
        await enter_house(desk, _OPERATOR, make_house(hospital, now=now, zone=zone, pace=pace).house)
        _, text = await make_key(desk, _OPERATOR, source="demo", scopes=_SCOPES)
        return text
    finally:
        await ledger.close()
        await connection.close(timeout=2)


async def _known(rest: Rest, *, patience_s: float) -> bool:
    """Whether the site knows this key; a new one is heard of within a second, without a restart."""
    ends = time.monotonic() + patience_s
    while True:
        try:
            await rest.get("/v1/people", limit="1")
            return True
        except Refused:
            if time.monotonic() > ends:
                return False
            await asyncio.sleep(0.05)


async def _everybody(operator: Rest) -> dict[str, Any]:
    """People by name; of two who bear one name, which the sample hospital has not, the first."""
    people: dict[str, Any] = {}
    query = {"limit": "200"}
    while True:
        page = await operator.get("/v1/people", **query)
        for person in page["data"]:
            people.setdefault(person["name"], person)
        if page["next"] is None:
            return people
        query["after"] = page["next"]


async def give_phones(
    folder: Folder, server: Server | Attached, people: dict[str, Any], names: Sequence[str]
) -> dict[str, Card]:
    """Give these people a phone: the one of an earlier run, or a new one, registered with a one-time code."""
    few_at_once = asyncio.Semaphore(_AT_ONCE)
    logins = read_logins(logins_file(folder.home)).database
    ledger = Ledger("demo/codes", open_connection=lambda: open_durable(logins.app, without_standby="degraded"))
    connection = await asyncpg.connect(logins.app, server_settings={"search_path": "wardwire"})
    clock, rates = SiteClock(), Buckets(1, len(people))

    async def give(name: str) -> Card:
        person = people[name]
        path = folder.own / "phones" / f"{person['id']}.phone"
        card = _load(path, person)
        if card is None:
            async with few_at_once:
                person_id = ids.read_id(ids.PERSON, person["id"])
                issued = await issue_code(ledger, clock, person_id=person_id, source="demo", rates=rates)
                card = await enrol(server.api, issued.code, "phone", app="demo")
            path.unlink(missing_ok=True)
            card.save(path)
        # The ports are others at every start.
        return Card(card.keys, msgspec.structs.replace(card.place, server=server.devices))

    there = [name for name in names if name in people]
    try:
        await clock.read(connection)
        cards = await asyncio.gather(*(give(name) for name in there))
    finally:
        await ledger.close()
        await connection.close(timeout=2)
    return dict(zip(there, cards, strict=True))


def _load(path: Any, person: Any) -> Card | None:
    """Load a phone of an earlier run, if this database knows it."""
    try:
        card = Card.load(path)
    except (OSError, ValueError):
        return None
    return card if card.place.device in {device["id"] for device in person["devices"]} else None
