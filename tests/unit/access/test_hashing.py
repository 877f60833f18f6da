"""Passwords are hashed beside the loop, one after another."""

from __future__ import annotations

import asyncio

import pytest

from wardwire.access.hashing import Hasher
from wardwire.model.errors import Code, Unavailable

CHEAP = 64


async def test_a_password_is_known_again_and_nothing_else_is() -> None:
    """Salted: the same one twice is two hashes; no hash is no password."""
    hasher = Hasher(memory_kib=CHEAP)
    one, two = await hasher.hash("blue kettle rain"), await hasher.hash("blue kettle rain")
    assert one != two
    assert one.startswith("$argon2id$v=19$m=64,t=3,p=4$")
    assert await hasher.check("blue kettle rain", one)
    assert await hasher.check("cafe\u0301 at noon here", await hasher.hash("caf\u00e9 at noon here"))
    assert not await hasher.check("blue kettle rainy", one)
    assert not await hasher.check("", one)
    assert not await hasher.check("blue kettle rain", None)
    assert not hasher.is_outdated(one)
    assert Hasher(memory_kib=2 * CHEAP).is_outdated(one)
    hasher.close()


async def test_there_is_no_queue_without_an_end() -> None:
    """Beyond it who signs in is told to come again; and afterwards there is room."""
    hasher = Hasher(memory_kib=CHEAP, most_waiting=2)
    known = await hasher.hash("blue kettle rain")
    asked = await asyncio.gather(*(hasher.check("blue kettle rain", known) for _ in range(5)), return_exceptions=True)
    refused = [one for one in asked if isinstance(one, Unavailable)]
    assert [one.code for one in refused] == [Code.OVERLOADED] * 2
    assert asked.count(True) == 3
    assert await hasher.check("blue kettle rain", known)
    hasher.close()


async def test_two_who_sign_in_at_once_do_not_hold_each_other_up() -> None:
    """H260: two hashers of one process, a thread each, as fast as they can; OpenSSL's own threads fail at that."""
    hashers = [Hasher(memory_kib=CHEAP) for _ in range(2)]
    known = await hashers[0].hash("blue kettle rain")
    async with asyncio.timeout(60):
        for _ in range(100):
            found = await asyncio.gather(*(hasher.check("blue kettle rain", known) for hasher in hashers * 5))
            assert found == [True] * 10
    for hasher in hashers:
        hasher.close()


@pytest.mark.parametrize(
    "known", ["", "x", "$argon2id$v=19$m=64,t=3,p=4$AAAA", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA"]
)
async def test_what_is_no_hash_fits_nothing(known: str) -> None:
    """A row that was spoilt lets nobody in."""
    hasher = Hasher(memory_kib=CHEAP)
    assert not await hasher.check("blue kettle rain", known)
    hasher.close()
