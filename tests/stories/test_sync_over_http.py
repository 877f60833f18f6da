"""Another directory is read over HTTP: looked at, taken in, and more than a tenth of removals confirmed by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.stories.test_rest import Door, opened, told
from wardwire.api.app import make_api
from wardwire.app.readers import Readers
from wardwire.app.sources import Made
from wardwire.directory.syncing import Way
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.model.syncing import Found, Mapped, Reading
from wardwire.sources.contract import SourceFailed
from wardwire.testing.ward import Ward

AT = "/v1/sources/hr/sync"


class Register:
    """A register of people, as another directory has it; it may be slow, or gone."""

    def __init__(self) -> None:
        self.mapped: Mapped = {"name": ("name",), "title": ("title",)}
        self.people: dict[str, str] = {f"n{n}": f"Nurse {n}" for n in range(20)}
        self.titles: dict[str, str] = {}
        self.gone = False
        self.slow: asyncio.Event | None = None

    async def read(self, mark: str, progress: Any, *, who: str = "") -> Reading:
        """Read all of it."""
        if self.slow is not None:
            await self.slow.wait()
        if self.gone:
            raise SourceFailed("it went away in the middle")
        found: Sequence[Found] = [
            Found(id, id, {"name": (name,), "title": (self.titles.get(id, ""),)}) for id, name in self.people.items()
        ]
        return Reading(found=found)


class Hospital:
    """The interface, with the register behind it."""

    def __init__(self, door: Door, register: Register, client: httpx.AsyncClient, key: str, readers: Readers) -> None:
        self.door, self.register, self.readers, self._client, self._key = door, register, readers, client, key

    async def ask(self, method: str, path: str, body: Any = None, key: str = "") -> httpx.Response:
        """Ask with the key of who may."""
        headers = {"Authorization": f"Bearer {key or self._key}"}
        return await self._client.request(method, path, json=body, headers=headers)

    async def report(self, begun: httpx.Response) -> Any:
        """Wait for the report of what was begun."""
        assert begun.status_code == 202, begun.text
        await self.readers.idle()
        answer = await self.ask("GET", AT)
        assert answer.json()["id"] == begun.json()["id"]
        return answer.json()

    async def names(self) -> set[str]:
        """Who of the register is here, and not disabled."""
        people = self.door.ward.people.directory.people.values()
        return {one.name for one in people if one.name.startswith("Nurse") and not one.disabled}


@pytest.fixture
async def hospital(ward: Ward, database_url: str) -> AsyncIterator[Hospital]:
    """The ward, and a register that the settings name `hr`."""
    async with opened(ward, database_url) as door:
        register = Register()
        way = Way(name="hr", mapped=register.mapped, within=timedelta(minutes=5))
        schema = {"search_path": "wardwire"}
        async with asyncpg.create_pool(database_url, min_size=1, max_size=3, server_settings=schema) as pool:

            async def refresh() -> None:
                async with pool.acquire() as connection:
                    await ward.people.refresh(connection)

            readers = Readers(
                {"hr": Made(way, register, None, "ldap")}, pool=pool, clock=ward.clock,
                directory=lambda: ward.people.directory,
                node="story", refresh=refresh,
            )  # fmt: skip
            app = make_api(replace(door.deps, readers=readers))
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ward") as client:
                yield Hospital(door, register, client, await door.key("hr-clerk", DIRECTORY), readers)
            await readers.close()


async def test_a_directory_is_looked_at_and_taken_in(hospital: Hospital) -> None:
    """H290: a dry run names who, and changes nothing; what was taken in is told by name, never by number."""
    register = hospital.register
    assert told(await hospital.ask("GET", AT)) == (404, "not_found")
    looked = await hospital.report(await hospital.ask("POST", AT, {"dry_run": True}))
    assert (looked["state"], looked["added"], looked["pending"]) == ("looked", 20, None)
    assert await hospital.names() == set()
    done = await hospital.report(await hospital.ask("POST", AT, {}))
    assert (done["state"], done["by"], done["said"]) == (
        "done", "hr-clerk", "20 add, 0 change, 0 disable, 0 stay",
    )  # fmt: skip
    assert len(await hospital.names()) == 20
    register.titles["n3"] = "charge nurse"
    again = await hospital.report(await hospital.ask("POST", AT, {"whole": True}))
    assert [(one["name"], one["fields"]) for one in again["change"]] == [("Nurse 3", ["title"])]
    (listed,) = (await hospital.ask("GET", "/v1/sources")).json()["data"]
    assert (listed["name"], listed["kind"], listed["reading"]) == ("hr", "ldap", False)
    assert listed["said"] == "0 add, 1 change, 0 disable, 19 stay"


async def test_removals_are_confirmed_of_a_report_and_of_no_other(hospital: Hospital) -> None:
    """H290: what was confirmed are those who were shown; one more since, and somebody looks again."""
    register = hospital.register
    await hospital.report(await hospital.ask("POST", AT, {}))
    for n in range(5):
        del register.people[f"n{n}"]
    refused = await hospital.report(await hospital.ask("POST", AT, {"whole": True}))
    assert (refused["state"], refused["pending"]) == ("refused", {"removals": 5, "known": 20})
    assert {one["name"] for one in refused["disable"]} == {f"Nurse {n}" for n in range(5)}
    assert len(await hospital.names()) == 20
    wrong = {"report": "syn_" + "0" * 32}
    assert told(await hospital.ask("POST", f"{AT}/confirm", wrong)) == (409, "conflict")
    del register.people["n5"]
    more = await hospital.report(await hospital.ask("POST", f"{AT}/confirm", {"report": refused["id"]}))
    assert (more["state"], more["pending"]) == ("refused", {"removals": 6, "known": 20})
    assert told(await hospital.ask("POST", f"{AT}/confirm", {"report": refused["id"]})) == (409, "conflict")
    done = await hospital.report(await hospital.ask("POST", f"{AT}/confirm", {"report": more["id"]}))
    assert (done["state"], done["disabled"], done["pending"]) == ("done", 6, None)
    assert len(await hospital.names()) == 14
    assert told(await hospital.ask("POST", f"{AT}/confirm", {"report": done["id"]})) == (409, "conflict")


async def test_what_is_being_read_gone_or_not_there_is_said(hospital: Hospital) -> None:
    """H290: one reader at a time; a directory that names nobody is never confirmed; who may not is refused."""
    register = hospital.register
    register.slow = asyncio.Event()
    begun = await hospital.ask("POST", AT, {})
    assert told(await hospital.ask("POST", AT, {})) == (409, "conflict")
    (listed,) = (await hospital.ask("GET", "/v1/sources")).json()["data"]
    assert listed["reading"] is True
    register.slow.set()
    register.slow = None
    assert (await hospital.report(begun))["state"] == "done"
    register.gone = True
    failed = await hospital.report(await hospital.ask("POST", AT, {}))
    assert (failed["state"], failed["said"]) == ("failed", "it went away in the middle")
    register.gone = False
    register.people.clear()
    empty = await hospital.report(await hospital.ask("POST", AT, {"whole": True}))
    assert (empty["state"], empty["pending"]) == ("refused", None)
    assert len(await hospital.names()) == 20
    assert told(await hospital.ask("POST", "/v1/sources/other/sync", {})) == (404, "not_found")
    mallory = await hospital.door.key("mallory", SEND)
    for method, path, body in (("GET", "/v1/sources", None), ("POST", AT, {}), ("GET", AT, None)):
        assert told(await hospital.ask(method, path, body, mallory)) == (403, "not_permitted")
