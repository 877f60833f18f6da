"""Many people with registered devices, entered straight into the directory: fast for thousands."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bench.shapes.voices import Party
from wardwire.carrier.nkeys import KeyPair, Kind
from wardwire.devices import proof
from wardwire.model import ids
from wardwire.model.rights import CODE
from wardwire.ops.engines import SITE_KEY, EngineLogins


@dataclass(frozen=True, slots=True)
class Staff:
    """Devices of new people; `group` is the written id of the group of the last ones, "" without one."""

    parties: list[Party]
    members: list[Party]
    group: str

    def pairs(self, count: int, **more: str) -> list[tuple[Party, Party]]:
        """Pair the first ones; `more` is added to what their voices are told."""
        first = [with_more(party, **more) for party in self.parties[: 2 * count]]
        return list(zip(first[::2], first[1::2], strict=True))


def with_more(party: Party, **more: str) -> Party:
    """Give the same device with more to be told to its voice."""
    return Party(name=party.name, seed=party.seed, more=party.more | more)


async def enter_staff(logins: EngineLogins, *, people: int, group: int) -> Staff:
    """Enter people and devices in one directory version. Keys are made here, as on a device."""
    site = X25519PrivateKey.from_private_bytes((logins.home / "secrets" / SITE_KEY).read_bytes())
    written = proof.write_bytes(site.public_key().public_bytes_raw())
    now = datetime.now(UTC)
    parties, persons, devices = [], [], []
    for number in range(people):
        person, device = ids.new_id(now), ids.new_id(now)
        signing, agreement = KeyPair.generate(Kind.USER), os.urandom(32)
        public = X25519PrivateKey.from_private_bytes(agreement).public_key().public_bytes_raw()
        persons.append((person, f"Nurse {number + 1}", [CODE]))
        devices.append((device, person, "phone", signing.public, public, now))
        more = {
            "device": ids.write_id(ids.DEVICE, device),
            "person": ids.write_id(ids.PERSON, person),
            "x25519": agreement.hex(),
            "site": written,
        }
        parties.append(Party(name=device.hex, seed=signing.seed(), more=more))
    members = [row[0] for row in persons[people - group :]]
    group_id = ids.new_id(now)
    connection = await asyncpg.connect(logins.database.owner, server_settings={"search_path": "wardwire"})
    try:
        async with connection.transaction():
            await _insert(connection, persons, devices, group_id if group else None, members)
        await connection.execute("ANALYZE people, devices, inbox_heads, groups")
    finally:
        await connection.close()
    return Staff(parties, parties[people - group :], ids.write_id(ids.GROUP, group_id) if group else "")


async def _insert(
    connection: asyncpg.Connection,
    persons: list[tuple[UUID, str, list[str]]],
    devices: list[tuple[UUID, UUID, str, str, bytes, datetime]],
    group: UUID | None,
    members: list[UUID],
) -> None:
    version = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
    await connection.copy_records_to_table(
        "people", records=[(*row, version) for row in persons], columns=("id", "name", "scopes", "version")
    )
    await connection.copy_records_to_table(
        "inbox_heads", records=[(row[0], 0) for row in persons], columns=("person_id", "seq")
    )
    await connection.copy_records_to_table(
        "devices",
        records=[(*row, version) for row in devices],
        columns=("id", "person_id", "name", "nkey", "x25519", "registered_at", "version"),
    )
    if group is not None:
        await connection.execute(
            "INSERT INTO groups (id, name, members, version) VALUES ($1, $2, $3, $4)",
            group, f"Everybody {group.hex[-6:]}", members, version,
        )  # fmt: skip
