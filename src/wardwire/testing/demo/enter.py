"""Enters the ward: the first key by the database, all else over HTTP as an operator would. Repeating adds nothing."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from wardwire.client.card import Card
from wardwire.client.enrol import enrol
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.keys import make_key
from wardwire.model.errors import Refused
from wardwire.model.rights import CODE, DIRECTORY, READ, SCOPES, SEND, Caller
from wardwire.ops.engines import logins_file, read_logins
from wardwire.store.clock import SiteClock
from wardwire.store.durable import open_durable
from wardwire.store.ledger import Ledger
from wardwire.testing.demo.folder import Folder
from wardwire.testing.demo.rest import Rest
from wardwire.testing.demo.server import Server
from wardwire.testing.demo.ward import DUTIES, GROUPS, LAB, PEOPLE, Member, turns

_OPERATOR = Caller(source="demo", scopes=frozenset(SCOPES))
_KEYS = {"operator": ("demo", (SEND, CODE, READ, DIRECTORY)), LAB: (LAB, (SEND,))}


async def make_keys(folder: Folder, server: Server) -> tuple[Rest, Rest]:
    """Give the operator's and the laboratory's way in; their keys are made once and kept in the folder."""
    keys = folder.read("keys.json")
    if not set(keys) >= set(_KEYS) or not await _known(Rest(server.api, keys["operator"]), patience_s=1):
        keys = await _first_keys(folder.home)
        folder.write("keys.json", keys)
    operator = Rest(server.api, keys["operator"])
    await _known(operator, patience_s=10)
    return operator, Rest(server.api, keys[LAB])


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


async def _first_keys(home: Path) -> dict[str, str]:
    """Make keys where nobody has one yet: by the database itself, whose login only this machine's owner has."""
    logins = read_logins(logins_file(home)).database
    ledger = Ledger("demo/directory", open_connection=lambda: open_durable(logins.app, without_standby="degraded"))
    clock = SiteClock()
    connection = await asyncpg.connect(logins.app, server_settings={"search_path": "wardwire"})
    try:
        await clock.read(connection)
        desk = DirectoryDesk(ledger, clock)
        made = {}
        for name, (source, scopes) in _KEYS.items():
            _, made[name] = await make_key(desk, _OPERATOR, source=source, scopes=scopes)
        return made
    finally:
        await ledger.close()
        await connection.close(timeout=2)


async def enter_ward(operator: Rest, *, now: datetime) -> dict[str, Any]:
    """Make sure that everybody is there, in their groups, with their shifts; returns people by name."""
    people = {member.name: await _person(operator, member) for member in PEOPLE}
    groups = {group["name"]: group for group in (await operator.get("/v1/groups"))["data"]}
    for name, members in GROUPS.items():
        wanted = [people[member]["id"] for member in members]
        if name not in groups:
            await operator.post("/v1/groups", {"name": name, "members": wanted})
    roles = {role["name"]: role for role in (await operator.get("/v1/roles"))["data"]}
    for duty in DUTIES:
        if duty.name not in roles:
            body = {"name": duty.name, "fallback": people[duty.fallback]["id"]}
            roles[duty.name] = await operator.post("/v1/roles", body)
    for turn in turns(now):
        role, person = roles[turn.role], people[turn.person]["id"]
        known = {(shift["person"], datetime.fromisoformat(shift["starts_at"])) for shift in role["shifts"]}
        if (person, turn.starts_at) not in known:
            body = {
                "person": person,
                "starts_at": turn.starts_at.isoformat(),
                "ends_at": turn.ends_at.isoformat(),
            }
            await operator.post(f"/v1/roles/{role['id']}/shifts", body)
    return people


async def _person(operator: Rest, member: Member) -> Any:
    found = (await operator.get("/v1/people", name=member.name))["data"]
    if found:
        return found[0]
    made = await operator.post(
        "/v1/people", {"name": member.name, "title": member.title, "scopes": list(member.scopes)}
    )
    if member.email:
        await operator.post(f"/v1/people/{made['id']}/endpoints", {"address": member.email})
    return made


async def give_phones(folder: Folder, server: Server, operator: Rest, people: dict[str, Any]) -> dict[str, Card]:
    """Give everybody a phone: the one of an earlier run, or a new one, registered with a one-time code."""
    cards = {}
    for name, person in people.items():
        path = folder.own / f"{name.lower().replace(' ', '').replace('.', '-')}.phone"
        card = _load(path, person)
        if card is None:
            issued = await operator.post(f"/v1/people/{person['id']}/codes")
            card = await enrol(server.api, issued["code"], "phone", app="demo")
            path.unlink(missing_ok=True)
            card.save(path)
        # The ports are others at every start.
        cards[name] = Card(card.keys, msgspec.structs.replace(card.place, server=server.devices))
    return cards


def _load(path: Path, person: Any) -> Card | None:
    """Load a phone of an earlier run, if this database knows it."""
    try:
        card = Card.load(path)
    except (OSError, ValueError):
        return None
    return card if card.place.device in {device["id"] for device in person["devices"]} else None
