"""Changes of the directory on a real database: durable, dense in version, each with its fact."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from tests.ward import OPERATOR, directory_desk, everybody, open_app, reading
from wardwire.access.callers import KeyRefused, caller_of_key
from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.endpoints import add_endpoint, change_endpoint
from wardwire.directory.groups import add_group, change_group
from wardwire.directory.keys import make_key, revoke_key
from wardwire.directory.people import add_person, change_person, set_status
from wardwire.directory.roles import add_role, add_shift, cancel_shift, change_role
from wardwire.model import ids
from wardwire.model.errors import Code, Refused, Unknown
from wardwire.model.oncall import on_call
from wardwire.model.people import Status
from wardwire.model.rights import DIRECTORY, SEND, Caller
from wardwire.store.durable import DurableConnection
from wardwire.store.ledger import Ledger
from wardwire.testing.clock import FakeClock
from wardwire.testing.patience import PATIENT_S


async def test_a_ward_is_entered_and_found_again(database_url: str) -> None:
    """People, endpoints, groups, roles, shifts and keys are read back as they were entered."""
    clock = FakeClock()
    now = clock.now()
    async with directory_desk(database_url, clock) as desk:
        anna = await add_person(desk, OPERATOR, name="Anna", title="day nurse")
        chen = await add_person(desk, OPERATOR, name="  Dr. Chen ", scopes=[SEND])
        mail = await add_endpoint(desk, OPERATOR, chen.id, kind="email", address="chen@example.org")
        ward = await add_group(desk, OPERATOR, name="Ward 3", members=[anna.id, chen.id, anna.id])
        role = await add_role(desk, OPERATOR, name="Cardiology 1st", fallback=anna.id)
        shift = await add_shift(
            desk,
            OPERATOR,
            role.id,
            person_id=chen.id,
            starts_at=now,
            ends_at=now + timedelta(hours=8),
        )
        key, text = await make_key(desk, OPERATOR, source="lab", scopes=[SEND])

    directory = await everybody(database_url)
    assert directory.version == 7
    assert directory.people[chen.id].name == "Dr. Chen"
    assert directory.endpoints_of[chen.id] == (mail,)
    assert directory.groups[ward.id].members == (anna.id, chen.id)
    held = on_call(directory.roles[role.id], directory, clock.now()).holder
    assert held is not None
    assert (held.person_id, held.source) == (shift.person_id, ids.write_id(ids.SHIFT, shift.id))
    assert caller_of_key(directory, text) == Caller(source="lab", scopes=frozenset({SEND}))
    with pytest.raises(KeyRefused):
        caller_of_key(directory, text[:-1] + ("A" if text[-1] != "A" else "E"))
    assert directory.keys[key.id].secret not in text.encode()


async def test_every_change_is_told_and_none_tells_a_secret(database_url: str) -> None:
    """Each change has its fact in a chain that begins with its own beginning; the key's text is nowhere."""
    async with directory_desk(database_url, FakeClock()) as desk:
        anna = await add_person(desk, OPERATOR, name="Anna")
        await set_status(desk, OPERATOR, anna.id, Status.BUSY)
        key, text = await make_key(desk, OPERATOR, source="lab", scopes=[SEND])
        await revoke_key(desk, OPERATOR, key.id)

    async with reading(database_url) as connection:
        rows = await connection.fetch("SELECT seq, kind, body FROM facts ORDER BY seq")
        heads = await connection.fetchval("SELECT count(*) FROM inbox_heads")
    assert [row["kind"] for row in rows] == [
        "ChainBegun", "DirectoryChanged", "DirectoryChanged", "KeyMade", "KeyRevoked",
    ]  # fmt: skip
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5]
    assert json.loads(rows[2]["body"]) == {"what": "status_set", "by": "cli", "version": 2, "status": "busy"}
    assert not any(text[-43:] in row["body"] for row in rows)  # the secret: it may have any sign of base64url
    assert heads == 1


async def test_living_groups_and_roles_have_names_of_their_own(database_url: str) -> None:
    """A name is taken whatever its case, and free again when its bearer is disabled; people may share names."""
    async with directory_desk(database_url, FakeClock()) as desk:
        ward = await add_group(desk, OPERATOR, name="Ward 3")
        await add_role(desk, OPERATOR, name="Charge nurse", fallback="desk")
        with pytest.raises(Refused) as taken:
            await add_group(desk, OPERATOR, name="WARD 3")
        with pytest.raises(Refused) as also_taken:
            await add_role(desk, OPERATOR, name="charge nurse", fallback="desk")
        await change_group(desk, OPERATOR, ward.id, disabled=True)
        await add_group(desk, OPERATOR, name="ward 3")
        with pytest.raises(Refused) as no_way_back:
            await change_group(desk, OPERATOR, ward.id, disabled=False)
        await add_person(desk, OPERATOR, name="Anna")
        await add_person(desk, OPERATOR, name="Anna")

    assert {taken.value.code, also_taken.value.code, no_way_back.value.code} == {Code.NAME_TAKEN}
    directory = await everybody(database_url)
    assert len(directory.names["anna"]) == 2
    assert directory.version == 6, "what was refused has no version"


async def test_changes_change_what_they_name_and_nothing_else(database_url: str) -> None:
    """None leaves a field as it is; members come and go; a fallback is never taken away; a shift cancelled."""
    clock = FakeClock()
    async with directory_desk(database_url, clock) as desk:
        anna = await add_person(desk, OPERATOR, name="Anna", title="day nurse", scopes=[SEND])
        ben = await add_person(desk, OPERATOR, name="Ben")
        mail = await add_endpoint(desk, OPERATOR, ben.id, kind="email", address="ben@example.org")
        ward = await add_group(desk, OPERATOR, name="Ward 3", members=[anna.id])
        role = await add_role(desk, OPERATOR, name="Charge nurse", fallback=anna.id)
        shift = await add_shift(
            desk, OPERATOR, role.id, person_id=ben.id, starts_at=clock.now(), ends_at=clock.now() + timedelta(hours=8)
        )
        changed = await change_person(desk, OPERATOR, anna.id, title="charge nurse")
        assert (changed.name, changed.title, changed.scopes) == ("Anna", "charge nurse", frozenset({SEND}))
        await change_person(desk, OPERATOR, anna.id, disabled=True)
        await change_endpoint(desk, OPERATOR, mail.id, disabled=True)
        await change_group(desk, OPERATOR, ward.id, add=[ben.id], remove=[anna.id])
        with pytest.raises(Refused) as refused:
            await change_role(desk, OPERATOR, role.id, no_fallback=True)
        assert refused.value.code is Code.FALLBACK_REQUIRED
        await change_role(desk, OPERATOR, role.id, fallback=ids.write_id(ids.GROUP, ward.id))
        await cancel_shift(desk, OPERATOR, shift.id)
        await cancel_shift(desk, OPERATOR, shift.id)

    directory = await everybody(database_url)
    assert directory.people[anna.id].disabled
    assert not directory.active_endpoints(ben.id, "email")
    assert directory.groups[ward.id].members == (ben.id,)
    changed_role = directory.roles[role.id]
    assert (changed_role.fallback, changed_role.fallback_to) == (None, ids.write_id(ids.GROUP, ward.id))
    assert on_call(directory.roles[role.id], directory, clock.now()).holder is None


async def test_a_status_ends_by_itself_and_everybody_may_set_their_own(database_url: str) -> None:
    """Ben needs no scope for his own status, and has none for Anna's."""
    clock = FakeClock()
    async with directory_desk(database_url, clock) as desk:
        anna = await add_person(desk, OPERATOR, name="Anna")
        ben = await add_person(desk, OPERATOR, name="Ben")
        himself = Caller(source="dev_x", scopes=frozenset({SEND}), person_id=ben.id)
        after = await set_status(desk, himself, ben.id, Status.OFF, clock.now() + timedelta(hours=1), cover="hold")
        with pytest.raises(Refused) as refused:
            await set_status(desk, himself, anna.id, Status.OFF)
        with pytest.raises(Refused) as past:
            await set_status(desk, himself, ben.id, Status.OFF, clock.now())

    assert after.status_at(clock.now()) is Status.OFF
    assert after.status_at(clock.now() + timedelta(hours=1)) is Status.AVAILABLE
    assert (refused.value.code, past.value.code) == (Code.NOT_PERMITTED, Code.INVALID)


async def test_nobody_gives_a_scope_that_they_lack(database_url: str) -> None:
    """A key that may change the directory cannot make one that may more."""
    clerk = Caller(source="hr", scopes=frozenset({DIRECTORY}))
    async with directory_desk(database_url, FakeClock()) as desk:
        with pytest.raises(Refused) as key:
            await make_key(desk, clerk, source="hr2", scopes=[DIRECTORY, SEND])
        with pytest.raises(Refused) as person:
            await add_person(desk, clerk, name="Mallory", scopes=["messages:code"])
        with pytest.raises(Refused) as unknown:
            await add_person(desk, OPERATOR, name="Anna", scopes=["everything"])
        with pytest.raises(Refused) as nobody:
            await add_person(desk, Caller(source="lab", scopes=frozenset({SEND})), name="Anna")
        await make_key(desk, clerk, source="hr2", scopes=[DIRECTORY])

    assert [key.value.code, person.value.code, nobody.value.code] == [Code.NOT_PERMITTED] * 3
    assert unknown.value.code is Code.INVALID


async def test_what_names_nobody_is_refused_whole(database_url: str) -> None:
    """An unknown member, fallback, holder or person: nothing is half done."""
    clock = FakeClock()
    async with directory_desk(database_url, clock) as desk:
        anna = await add_person(desk, OPERATOR, name="Anna")
        nobody = UUID(int=7)
        later = clock.now() + timedelta(hours=1)
        role = await add_role(desk, OPERATOR, name="Charge nurse", fallback="desk")
        for attempt in (
            add_group(desk, OPERATOR, name="Ward 3", members=[anna.id, nobody]),
            add_role(desk, OPERATOR, name="Cardiology", fallback=nobody),
            add_shift(desk, OPERATOR, role.id, person_id=nobody, starts_at=clock.now(), ends_at=later),
            add_shift(desk, OPERATOR, nobody, person_id=anna.id, starts_at=clock.now(), ends_at=later),
            add_endpoint(desk, OPERATOR, nobody, kind="email", address="a@example.org"),
            change_person(desk, OPERATOR, nobody, name="Nobody"),
        ):
            with pytest.raises(Refused) as refused:
                await attempt
            assert refused.value.code is Code.NOT_FOUND

    assert (await everybody(database_url)).version == 2


async def test_after_an_unknown_commit_a_new_chain_names_the_old_one(database_url: str) -> None:
    """Nobody knows whether the chain grew, so it ends; the next change works, and the facts still verify."""
    clock = FakeClock()
    opened: list[DurableConnection] = []

    async def open_counted() -> DurableConnection:
        opened.append(await open_app(database_url))
        return opened[-1]

    desk = DirectoryDesk(Ledger("test/directory", open_connection=open_counted, patience_s=PATIENT_S), clock)
    await add_person(desk, OPERATOR, name="Anna")

    async def lose(change: Change) -> None:
        change.connection.terminate()
        await change.connection.execute("SELECT 1")

    with pytest.raises(Unknown):
        await desk.change(OPERATOR, lose)
    await add_person(desk, OPERATOR, name="Ben")
    await desk.close()

    async with reading(database_url) as connection:
        begun = await connection.fetch("SELECT writer, body FROM facts WHERE kind = 'ChainBegun' ORDER BY at, seq")
    afters = {row["writer"].hex: json.loads(row["body"])["after"] for row in begun}
    assert len(opened) == 2
    assert len(afters) == 2
    (first,) = [writer for writer, after in afters.items() if after is None]
    assert f"{first}:2" in afters.values()


@pytest.mark.parametrize("statement", ["UPDATE", "DELETE", "TRUNCATE", "DROP"])
async def test_the_app_cannot_change_or_remove_a_fact(database_url: str, statement: str) -> None:
    """Neither through the table nor through any of its partitions."""
    async with directory_desk(database_url, FakeClock()) as desk:
        await add_person(desk, OPERATOR, name="Anna")
    async with reading(database_url) as connection:
        tables = [row[0] for row in await connection.fetch(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'facts'::regclass"
        )]  # fmt: skip
        assert len(tables) > 10
        for table in ("facts", *tables):
            sql = {
                "UPDATE": f"UPDATE {table} SET body = ''",
                "DELETE": f"DELETE FROM {table}",
                "TRUNCATE": f"TRUNCATE {table}",
                "DROP": f"DROP TABLE {table}",
            }[statement]
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(sql)
