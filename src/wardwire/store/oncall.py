"""Writes schedules of roles: rotations, swaps, moved shifts; their JSON form; and notices to whom a change concerns.

Runs inside the transaction of a change of the directory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_plan import Agreed, Layer, Rota, Swap, Window
from wardwire.model.people import Role, Shift
from wardwire.store.batch import NOBODY
from wardwire.store.deadlines import TELL
from wardwire.store.queries import load

_SQL = load("oncall")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class WindowText(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """`Window` as JSON: `{"weekdays": ["fri"], "from": "17:00", "to": "07:00"}`."""

    begin: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    weekdays: tuple[str, ...] = ()


class LayerText(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """`Layer` as JSON: what a person writes in a file, what REST takes and what is stored. Times are the wall's."""

    name: str
    participants: tuple[str, ...]
    starts: datetime
    length_h: float
    ends: datetime | None = None
    windows: tuple[WindowText, ...] = ()

    def layer(self, pointer: str) -> Layer:
        """Return it as the rules take it.

        Raises:
            Refused: `SCHEDULE_INVALID`, with the place of what is none.
        """
        windows = []
        for nth, window in enumerate(self.windows):
            hours = [_HOUR.fullmatch(text) for text in (window.begin, window.end)]
            if not all(hours) or any(day not in WEEKDAYS for day in window.weekdays):
                raise Refused(
                    Code.SCHEDULE_INVALID,
                    f"weekdays are {', '.join(WEEKDAYS)}, and hours are written 07:00",
                    pointer=f"{pointer}/windows/{nth}",
                )
            days = tuple(sorted({WEEKDAYS.index(day) for day in window.weekdays}))
            windows.append(Window(days, time.fromisoformat(window.begin), time.fromisoformat(window.end)))
        people = []
        for nth, written in enumerate(self.participants):
            try:
                people.append(ids.read_id(ids.PERSON, written))
            except Refused as refused:
                raise Refused(
                    Code.SCHEDULE_INVALID, refused.detail, pointer=f"{pointer}/participants/{nth}"
                ) from None
        try:
            length = timedelta(hours=self.length_h)
        except (OverflowError, ValueError):
            raise Refused(Code.SCHEDULE_INVALID, "this is no length", pointer=f"{pointer}/length_h") from None
        return Layer(self.name.strip(), tuple(people), self.starts, length, self.ends, tuple(windows))


def text_of(layer: Layer) -> LayerText:
    """Return a layer's JSON form."""
    return LayerText(
        name=layer.name,
        participants=tuple(ids.write_id(ids.PERSON, person) for person in layer.participants),
        starts=layer.starts,
        length_h=layer.length.total_seconds() / 3600,
        ends=layer.ends,
        windows=tuple(
            WindowText(
                begin=f"{one.begin:%H:%M}",
                end=f"{one.end:%H:%M}",
                weekdays=tuple(WEEKDAYS[day] for day in one.weekdays),
            )
            for one in layer.windows
        ),
    )


_READ_LAYERS = msgspec.json.Decoder(tuple[LayerText, ...]).decode
_ENCODE = msgspec.json.Encoder().encode


def role_from_row(row: Any) -> Role:
    """Read a role's row, without its shifts and swaps."""
    fields = dict(row)
    zone, layers = fields.pop("zone"), fields.pop("layers")
    for name in ("owners", "swappers", "viewers", "monitors"):
        fields[name] = frozenset(fields[name])
    rota = None
    if zone:
        rota = Rota(zone, tuple(text.layer(f"/layers/{nth}") for nth, text in enumerate(_READ_LAYERS(layers))))
    return Role(rota=rota, **fields)


def swap_from_row(row: Any) -> Swap:
    """Read a swap's row."""
    fields = dict(row)
    moved = fields.pop("moved")
    return Swap(
        **{**fields, "state": Agreed(fields["state"]), "said": tuple(fields["said"])},
        moved=tuple(moved) if moved else None,
    )


async def lock_role(connection: asyncpg.Connection, role_id: UUID, now: datetime) -> Role | None:
    """Read a role with its shifts that are not over and its live swaps; locks its row."""
    row = await connection.fetchrow(_SQL["lock"], role_id)
    if row is None:
        return None
    shifts = [Shift(**one) for one in await connection.fetch(_SQL["shifts"], role_id, now)]
    swaps = [swap_from_row(one) for one in await connection.fetch(_SQL["swaps"], role_id)]
    return replace(role_from_row(row), shifts=tuple(shifts), swaps=tuple(swaps))


async def find_swap(connection: asyncpg.Connection, swap_id: UUID) -> Swap | None:
    """Read a swap."""
    row = await connection.fetchrow(_SQL["swap"], swap_id)
    return swap_from_row(row) if row else None


async def write_rota(connection: asyncpg.Connection, role_id: UUID, rota: Rota | None, version: int) -> None:
    """Set the rotations of a role."""
    layers = _ENCODE([text_of(layer) for layer in rota.layers]).decode() if rota else "[]"
    await connection.execute(_SQL["set_rota"], role_id, rota.zone if rota else "", layers, version)


async def write_people(connection: asyncpg.Connection, role: Role, version: int) -> None:
    """Set who may do what with a role."""
    people = [sorted(found) for found in (role.owners, role.swappers, role.viewers, role.monitors)]
    await connection.execute(_SQL["set_people"], role.id, *people, version)


async def write_swap(connection: asyncpg.Connection, swap: Swap) -> None:
    """Write a swap as it is to be."""
    await connection.execute(
        _SQL["write_swap"], swap.id, swap.role_id, swap.shift, swap.giver, swap.taker, swap.shift_starts_at,
        swap.shift_ends_at, swap.starts_at, swap.ends_at, swap.state, swap.version, list(swap.said),
        list(swap.moved) if swap.moved else None,
    )  # fmt: skip


async def move_shift(connection: asyncpg.Connection, shift: Shift) -> None:
    """Write a shift's times, holder and version; one that was cancelled meanwhile stays so."""
    row = (shift.id, shift.starts_at, shift.ends_at, shift.person_id, shift.version)
    await connection.execute(_SQL["move_shift"], *row)


async def import_shifts(
    connection: asyncpg.Connection, role_id: UUID, shifts: Sequence[tuple[Shift, str]], version: int
) -> list[Shift]:
    """Add shifts of a calendar, each with the uid of its event; returns those that were not there yet."""
    rows = await connection.fetch(
        _SQL["import_shifts"], [shift.id for shift, _ in shifts], role_id, version,
        [shift.person_id for shift, _ in shifts], [shift.starts_at for shift, _ in shifts],
        [shift.ends_at for shift, _ in shifts], [uid for _, uid in shifts],
    )  # fmt: skip
    return [Shift(**row) for row in rows]


async def write_calendar(connection: asyncpg.Connection, role_id: UUID, digest: bytes, version: int) -> None:
    """Set the digest of the secret in the address of a role's calendar."""
    await connection.execute(_SQL["set_calendar"], role_id, digest, version)


async def look_again(connection: asyncpg.Connection, role_id: UUID, at: datetime) -> None:
    """Let open alerts that go through a role be looked at by this instant."""
    await connection.execute(_SQL["look_again"], role_id.hex, at)
    await connection.execute(_SQL["turn_again"], role_id, at)


class Notice(NamedTuple):
    """What a person is to be told."""

    id: UUID
    person_id: UUID
    text: str


async def add_notices(
    connection: asyncpg.Connection, notices: Sequence[Notice], at: datetime, *, kind: str = TELL
) -> None:
    """Let people be told at an instant; with the kind LEFT the desk is told of them."""
    await connection.executemany(_SQL["add_notice"], notices)
    await connection.executemany(_SQL["arm_notice"], [(one.id, one.person_id, NOBODY, at, kind) for one in notices])


async def find_notice(connection: asyncpg.Connection, notice_id: UUID) -> Notice | None:
    """Read a notice; None = it was told."""
    row = await connection.fetchrow(_SQL["notice"], notice_id)
    return Notice(*row) if row else None
