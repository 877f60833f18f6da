"""Identities: UUIDv7 values that sort by time, and how people and wires write them.

A written id is a prefix and 32 hex digits (`msg_0193…`): it says what it names and sorts like the value.
Source: RFC 9562 §5.7 (UUIDv7).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as _Uuid

from wardwire.model.errors import Code, Refused

MESSAGE = "msg"
THREAD = "thr"
PERSON = "per"
GROUP = "grp"
ROLE = "rol"
DEVICE = "dev"
DEVICE_GROUP = "dvg"
ENDPOINT = "ept"
KEY = "key"
ALARM = "alm"
SHIFT = "shf"
SWAP = "swp"
PLACE = "plc"
ASSIGNMENT = "asg"
POLICY = "pol"
ACCOUNT = "acc"
SESSION = "ses"
BROKEN = "brk"
DRAFT = "drf"
REMINDER = "rem"
PASSKEY = "psk"
SYNC = "syn"
HANDOVER = "hov"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LOW_61 = (1 << 61) - 1
_LOW_62 = (1 << 62) - 1
# Seeded by the system. An id names, it does not guard: it need not be unguessable.
_chance = Random().getrandbits


def make_id(value: bytes | str) -> UUID:
    """Make an id of 16 bytes or 32 hex digits. Raises ValueError on anything else.

    It is the driver's own UUID: equal to the standard one, hashed alike, and three to seven times as quick. The
    path makes, hashes and compares some fifty of them for a message.
    """
    made: UUID = _Uuid(value)
    return made


def new_id(now: datetime) -> UUID:
    """Make a UUIDv7 of this instant; two of one millisecond differ by 74 random bits."""
    milliseconds = (now - _EPOCH) // _MILLISECOND
    chance = _chance(74)
    value = milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0x2 << 62 | chance & _LOW_62
    return make_id(value.to_bytes(16, "big"))


def count_ids(now: datetime) -> Iterator[UUID]:
    """Make UUIDv7s of this instant, ascending in the order in which they are made, from a beginning by chance.

    Two counts of one millisecond begin 73 random bits apart (RFC 9562 §6.2, method 2).
    """
    milliseconds = (now - _EPOCH) // _MILLISECOND
    chance = _chance(73)
    value = milliseconds << 80 | 0x7 << 76 | (chance >> 61) << 64 | 0x2 << 62 | chance & _LOW_61
    for each in count(value):
        yield _Uuid(each.to_bytes(16, "big"))


def first_id_of(instant: datetime) -> UUID:
    """Return the smallest UUIDv7 of this instant: the bound of a partition, or of a search by time."""
    milliseconds = (instant - _EPOCH) // _MILLISECOND
    return make_id((milliseconds << 80).to_bytes(16, "big"))


def instant_of(value: UUID) -> datetime:
    """Return the instant, to the millisecond, at which a UUIDv7 was made."""
    return _EPOCH + (value.int >> 80) * _MILLISECOND


def write_id(prefix: str, value: UUID) -> str:
    """Write an id for people and wires, e.g. `msg_0193a1b2…`."""
    return f"{prefix}_{value.hex}"


def read_id(prefix: str, text: str) -> UUID:
    """Read what `write_id` wrote.

    Raises:
        Refused: `INVALID` when the prefix differs or the rest is not 32 hex digits.
    """
    head, _, digits = text.partition("_")
    # Of 32 characters the driver's UUID takes nothing but hex digits (the standard one also signs and underscores).
    if head == prefix and len(digits) == 32:
        try:
            return _Uuid(digits)  # type: ignore[no-any-return]
        except ValueError:
            pass
    raise Refused(Code.INVALID, f"not an id of the form {prefix}_<32 hex digits>")
