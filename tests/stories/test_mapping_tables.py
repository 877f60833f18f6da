"""H302: the mapping table of a listener is edited, put to use, taken back; and the listener goes by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from tests.stories.test_listeners import pool as pool
from tests.stories.test_rest import Door, opened, told
from tests.unit.adapters.hl7.samples import ALARM
from tests.ward import OPERATOR
from wardwire.adapters.contract import Adapter, Given
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.frame import Deframer, render_frame
from wardwire.adapters.hl7.registration import REGISTRATION
from wardwire.api.app import make_api
from wardwire.app.adapters import Reports
from wardwire.app.integrations import Listeners
from wardwire.app.listening import Listening
from wardwire.app.mapping_tables import MappingTables, TableWatch
from wardwire.directory.mapping_tables import set_mapping_table
from wardwire.model.places import PlaceKind
from wardwire.model.rights import DIRECTORY, READ
from wardwire.settings import Hl7, Settings
from wardwire.testing.ward import Ward

TO_CHEN = '[otherwise]\nname = "file"\nto = ["Dr. Chen"]\npriority = "high"\n'
TO_BEN = TO_CHEN.replace("file", "edited").replace("Dr. Chen", "Ben")
PATH = "/v1/integrations/hl7/table"


@asynccontextmanager
async def at_the_table(ward: Ward, dsn: str, folder: Path) -> AsyncIterator[Door]:
    """The interface of a site with one listener, whose file calls Dr. Chen."""
    file = folder / "mapping.toml"
    file.write_text(TO_CHEN)
    settings = replace(Settings(), hl7=replace(Settings().hl7, listen="127.0.0.1:2575", table=file))
    async with opened(ward, dsn) as door:
        deps = replace(door.deps, integrations=Listeners(settings, folder))
        transport = httpx.ASGITransport(app=make_api(deps))
        async with httpx.AsyncClient(transport=transport, base_url="http://ward") as door.client:
            yield door


async def test_a_table_is_put_to_use_and_taken_back(ward: Ward, database_url: str, tmp_path: Path) -> None:
    """Each version has its author; nobody overwrites what they have not seen; what cannot be read changes nothing."""
    async with at_the_table(ward, database_url, tmp_path) as door:
        reader, writer = await door.key("manager", READ), await door.key("engineer", READ, DIRECTORY)

        async def put(text: str, match: str, key: str = writer) -> httpx.Response:
            headers = {"Authorization": f"Bearer {key}", "If-Match": match}
            return await door.client.put(PATH, json={"text": text}, headers=headers)

        first = await door.get(reader, PATH)
        assert (first.json()["text"], first.json()["version"], first.headers["etag"]) == (TO_CHEN, 0, '"0"')
        assert told(await put(TO_BEN, '"0"', reader)) == (403, "not_permitted")
        broken = await put("[[rules", '"0"')
        assert (told(broken), broken.json()["errors"][0]["pointer"]) == ((422, "invalid"), "/text")

        used = await put(TO_BEN, first.headers["etag"])
        assert (used.status_code, used.json()["text"], used.json()["made_by"]) == (200, TO_BEN, "engineer")
        assert used.headers["etag"] == f'"{used.json()["version"]}"'
        assert told(await put(TO_CHEN, '"0"')) == (412, "changed_since")
        again = await put(TO_BEN, used.headers["etag"])
        assert again.json() == used.json()
        tried = await door.post(reader, "/v1/integrations/hl7/try", {"sample": ALARM})
        assert tried.json()["data"][0]["rule"] == "edited"

        headers = {"Authorization": f"Bearer {writer}", "If-Match": used.headers["etag"]}
        back = await door.client.delete(PATH, headers=headers)
        assert (back.json()["text"], back.json()["version"]) == (TO_CHEN, 0)
        assert back.headers["etag"] not in ('"0"', used.headers["etag"])
        versions = (await door.get(reader, f"{PATH}/versions")).json()["data"]
        assert [(one["made_by"], one["file"]) for one in versions] == [("engineer", True), ("engineer", False)]
        former = await door.get(reader, PATH, version=used.json()["version"])
        assert former.json()["text"] == TO_BEN
        assert told(await door.get(reader, PATH, version=versions[0]["version"])) == (404, "not_found")
        assert told(await door.get(reader, "/v1/integrations/lab/table/versions")) == (404, "not_found")
        facts = await ward.connection.fetch("SELECT body FROM facts WHERE body LIKE '%mapping_table_set%'")
        assert len(facts) == 2


async def test_a_listener_goes_by_what_is_put_to_use(
    ward: Ward, pool: object, database_url: str, tmp_path: Path
) -> None:
    """Without a restart, on the same port; and by its file again when it is taken back."""
    file = tmp_path / "mapping.toml"
    file.write_text(TO_CHEN)
    await ward.add_place(PlaceKind.UNIT, "4 West")
    tables, port = MappingTables(pool), 0

    def make() -> Adapter:
        intake, letters = Reports(ward.lanes, ward.rules, "hl7"), DeadLetters(tmp_path)
        given = Given("hl7", "core", intake, ward.clock, letters, tables.text("hl7"))
        return REGISTRATION.make(Hl7(listen=f"127.0.0.1:{port}", table=file), given)

    door = Listening("hl7", "hl7", "127.0.0.1:0", make, clock=ward.clock)
    await door.keep_open()
    assert door._adapter is not None
    port = door._adapter.address[1]
    watch = TableWatch(tables, [door])

    async def ring(key: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(render_frame(ALARM.replace("A1001", key).replace("a91", key).encode()))
        deframer, frames = Deframer(), list[bytes]()
        async with asyncio.timeout(30):
            while not frames:
                frames = list(deframer.feed(await reader.read(65_536)))
        assert b"MSA|AA" in frames[0] or b"MSA|CA" in frames[0], frames
        writer.close()
        await ward.pass_time(seconds=1)  # so that ids are in the order of the alarms

    async def rung() -> list[str]:
        rows = await ward.connection.fetch("SELECT person_id FROM deliveries ORDER BY message_id")
        return [ward.people.directory.people[row["person_id"]].name for row in rows]

    await watch.round()
    await ring("one")
    async with opened(ward, database_url) as at:
        used = await set_mapping_table(at.desk, OPERATOR, "hl7", TO_BEN)
        await watch.round()
        await ring("two")
        await set_mapping_table(at.desk, OPERATOR, "hl7", None, expected=used.version)
        await watch.round()
        await ring("three")
    assert await rung() == ["Dr. Chen", "Ben", "Dr. Chen"]
    await door.close()
