"""Codes, devices, sessions, and the ledger that commits them with their facts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from wardwire.client.card import DeviceKeys
from wardwire.devices.logins import Place
from wardwire.devices.rate import Buckets
from wardwire.devices.register import Registered, Registration, issue_code, register_device, revoke_device
from wardwire.model.errors import Code, Refused, Unavailable, Unknown
from wardwire.model.facts import GENESIS, FactKind, link
from wardwire.store.chain import Draft
from wardwire.store.durable import DurableConnection, open_durable
from wardwire.store.ledger import Ledger
from wardwire.store.registration import list_devices
from wardwire.store.sessions import SessionRow, list_limited, load_sessions, lock_sessions, put_sessions
from wardwire.testing.patience import PATIENT_S
from wardwire.testing.ward import Ward


@pytest.fixture
async def ward(database_url: str) -> AsyncIterator[Ward]:
    """A fresh ward."""
    async with Ward(database_url) as ward:
        yield ward


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Ledger]:
    """A ledger of its own."""

    async def open_connection() -> DurableConnection:
        return await open_durable(database_url, without_standby="degraded")

    ledger = Ledger("test/ledger", open_connection=open_connection, patience_s=PATIENT_S)
    yield ledger
    await ledger.close()


def wide() -> Buckets:
    """A bound that nobody reaches."""
    return Buckets(1_000, 1_000)


async def register(ward: Ward, ledger: Ledger, request: Registration, rates: Buckets | None = None) -> Registered:
    """Register a device."""
    return await register_device(ledger, ward.clock, request, source="10.0.0.7", rates=rates or wide())


async def code_for(ward: Ward, ledger: Ledger, person: UUID) -> str:
    """Issue a code."""
    return (await issue_code(ledger, ward.clock, person_id=person, source="test", rates=wide())).code


async def test_a_code_is_kept_as_its_digest_alone(ward: Ward, ledger: Ledger) -> None:
    """Ten letters that nobody mistakes, for ten minutes; the code itself stands in no table and no fact."""
    issued = await issue_code(ledger, ward.clock, person_id=ward.ben.id, source="key", rates=wide())
    assert issued.expires_at - ward.clock.now() == timedelta(minutes=10)
    letters = issued.code.replace("-", "")
    assert len(letters) == 10
    assert not set(letters) & set("ILOU01")
    rows = await ward.connection.fetch("SELECT digest::text || person_id::text AS text FROM registration_codes")
    facts = await ward.connection.fetch("SELECT body AS text FROM facts WHERE kind = 'CodeIssued'")
    assert len(facts) == 1
    assert all(letters not in row["text"] for row in [*rows, *facts])


async def test_a_registered_device_is_in_the_directory_with_its_fact(ward: Ward, ledger: Ledger) -> None:
    """Device, code, version and fact are one transaction."""
    code, keys = await code_for(ward, ledger, ward.ben.id), DeviceKeys.make()
    registered = await register(ward, ledger, keys.registration(code, name="phone", app="1.0"))
    await ward.people.refresh(ward.connection)
    device = ward.people.directory.devices[registered.device_id]
    assert (device.person_id, device.nkey, device.x25519) == (ward.ben.id, keys.signing.public, keys.x25519)
    assert registered.person == "Ben"
    [fact] = await ward.connection.fetch("SELECT * FROM facts WHERE kind = 'DeviceRegistered'")
    assert (fact["person_id"], fact["device_id"]) == (ward.ben.id, registered.device_id)
    listed = next(one for one in await list_devices(ward.connection, ward.ben.id, 10) if one.id == device.id)
    assert (listed.name, listed.app_version) == ("phone", "1.0")


async def test_a_code_that_is_not_good_says_the_same_words_whatever_is_wrong(ward: Ward, ledger: Ledger) -> None:
    """Never issued, used, too old, followed by another one: no word tells them apart."""
    used, keys = await code_for(ward, ledger, ward.ben.id), DeviceKeys.make()
    await register(ward, ledger, keys.registration(used, name="phone", app=""))
    followed = await code_for(ward, ledger, ward.ben.id)
    late = await code_for(ward, ledger, ward.ben.id)
    ward.clock.advance(timedelta(minutes=10))
    details = set()
    for code, expected in (
        (used, Code.CODE_EXPIRED), (followed, Code.CODE_EXPIRED), (late, Code.CODE_EXPIRED),
        ("22222-22222", Code.NOT_AUTHENTICATED), ("", Code.NOT_AUTHENTICATED),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            await register(ward, ledger, DeviceKeys.make().registration(code, name="phone", app=""))
        assert refused.value.code is expected
        details.add(refused.value.detail)
    assert len(details) == 1


async def test_wrong_codes_are_bounded_by_source(ward: Ward, ledger: Ledger) -> None:
    """After a few nothing more is tried, not even a right one; right ones alone are not bounded."""
    rates = Buckets(0.1, 3)
    for _ in range(3):
        with pytest.raises(Refused):
            await register(ward, ledger, DeviceKeys.make().registration("22222-22222", name="x", app=""), rates)
    code = await code_for(ward, ledger, ward.ben.id)
    request = DeviceKeys.make().registration(code, name="phone", app="")
    with pytest.raises(Refused) as refused:
        await register(ward, ledger, request, rates)
    assert refused.value.code is Code.RATE_LIMITED
    ward.clock.advance(timedelta(seconds=11))
    await register(ward, ledger, request, rates)


async def test_registration_believes_only_who_holds_the_key(ward: Ward, ledger: Ledger) -> None:
    """Somebody else's key, a key that agrees with all, no key at all: refused, and the code stays good."""
    code, keys = await code_for(ward, ledger, ward.ben.id), DeviceKeys.make()
    good = keys.registration(code, name="phone", app="")
    fields = {name: getattr(good, name) for name in good.__struct_fields__}
    for change, expected in (
        ({"nkey": DeviceKeys.make().signing.public}, Code.PROOF_INVALID),
        ({"nkey": "U" * 56}, Code.INVALID),
        ({"x25519": "AAAA"}, Code.INVALID),
        ({"x25519": "A" * 43}, Code.PROOF_INVALID),
        ({"proof": "A" * 86}, Code.PROOF_INVALID),
        ({"name": " "}, Code.INVALID),
        ({"name": "a\x00b"}, Code.INVALID),
    ):
        with pytest.raises(Refused) as refused:
            await register(ward, ledger, Registration(**(fields | change)))
        assert refused.value.code is expected, change
    await register(ward, ledger, good)
    other = await code_for(ward, ledger, ward.anna.id)
    with pytest.raises(Refused) as twice:
        await register(ward, ledger, keys.registration(other, name="phone", app=""))
    assert twice.value.code is Code.CONFLICT


async def test_revocation_is_committed_before_anybody_is_kicked(ward: Ward, ledger: Ledger) -> None:
    """The connection of the last session is closed; a repeat changes nothing and kicks again."""
    device = ward.ben.device
    assert device is not None
    row = SessionRow(device, uuid4(), b"n" * 16, ward.clock.now(), "NSERVER", 7, 0, 0, False)
    await put_sessions(ward.connection, [row])
    kicked: list[Place] = []

    async def kick(server_id: str, client_id: int) -> bool:
        [there] = await ward.connection.fetch("SELECT revoked_at FROM devices WHERE id = $1", device)
        assert there["revoked_at"] is not None
        kicked.append(Place(server_id, client_id))
        return True

    announced: list[UUID] = []
    for expected in (True, False):
        changed = await revoke_device(
            ledger, ward.clock, device_id=device, why="lost", by="Dora", kick=kick, announce=announced.append
        )
        assert changed is expected
    assert kicked == [Place("NSERVER", 7)] * 2
    assert announced == [device] * 2
    await ward.people.refresh(ward.connection)
    assert ward.people.directory.active_devices(ward.ben.id) == ()
    with pytest.raises(Refused) as refused:
        await revoke_device(
            ledger, ward.clock, device_id=uuid4(), why="", by="", kick=kick, announce=announced.append
        )
    assert refused.value.code is Code.NOT_FOUND


async def test_a_session_takes_the_place_of_the_one_before(ward: Ward) -> None:
    """One row a device; a revoked device gets none."""
    devices = [member.device for member in (ward.anna, ward.ben) if member.device]
    assert await lock_sessions(ward.connection, [(device, 0) for device in devices]) == dict.fromkeys(devices)
    rows = [
        SessionRow(device, uuid4(), b"n" * 16, ward.clock.now(), "N", nth, -3, 0, nth == 1)
        for nth, device in enumerate(devices)
    ]
    await put_sessions(ward.connection, rows)
    assert await load_sessions(ward.connection, devices) == {row.device_id: row for row in rows}
    assert await list_limited(ward.connection) == [devices[1]]
    later = rows[0]._replace(session_id=uuid4(), client_id=9, replaced=1)
    await put_sessions(ward.connection, [later])
    assert (await lock_sessions(ward.connection, [(device, 0) for device in devices]))[devices[0]] == later
    await ward.revoke(ward.ben)
    assert set(await lock_sessions(ward.connection, [(device, 0) for device in devices])) == {devices[0]}


async def test_a_ledger_chains_the_facts_of_all_its_transactions(ward: Ward, ledger: Ledger) -> None:
    """One chain, begun by its own fact; work that is refused leaves no link behind."""

    async def one(_connection: asyncpg.Connection) -> tuple[int, list[Draft]]:
        return 7, [Draft(FactKind.CODE_ISSUED, None, ward.ben.id, None, "{}")]

    async def none(_connection: asyncpg.Connection) -> tuple[int, list[Draft]]:
        raise Refused(Code.NOT_FOUND)

    assert await ledger.commit(ward.clock.now(), one) == 7
    with pytest.raises(Refused):
        await ledger.commit(ward.clock.now(), none)
    assert await ledger.commit(ward.clock.now(), one) == 7
    rows = await ward.connection.fetch(
        "SELECT * FROM facts WHERE writer = (SELECT writer FROM facts WHERE kind = 'CodeIssued' LIMIT 1) ORDER BY seq"
    )
    assert [row["kind"] for row in rows] == ["ChainBegun", "CodeIssued", "CodeIssued"]
    head = GENESIS
    for row in rows:
        values = [row[name] for name in ("at", "kind", "message_id", "person_id", "device_id", "body")]
        head = link(head, row["writer"], row["seq"], *values)
        assert head == row["hash"]


async def test_a_ledger_whose_connection_breaks_goes_on_with_another_chain(ward: Ward, ledger: Ledger) -> None:
    """The new chain names the one before; whether the broken work was kept is *unknown*."""

    async def one(_connection: asyncpg.Connection) -> tuple[None, list[Draft]]:
        return None, [Draft(FactKind.CODE_ISSUED, None, ward.ben.id, None, "{}")]

    async def cut(connection: asyncpg.Connection) -> tuple[None, list[Draft]]:
        connection.terminate()
        return await one(connection)

    await ledger.commit(ward.clock.now(), one)
    with pytest.raises((Unknown, Unavailable)):
        await ledger.commit(ward.clock.now(), cut)
    await ledger.commit(ward.clock.now(), one)
    begun = await ward.connection.fetch(
        "SELECT body FROM facts WHERE kind = 'ChainBegun' AND body LIKE '%test/ledger%' ORDER BY at, writer"
    )
    assert len(begun) == 2
    assert sum('"after": null' in row["body"] for row in begun) == 1
