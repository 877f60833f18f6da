"""Writes how people want to be tried, and its JSON form. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model.errors import Code, Refused
from wardwire.model.people import Status
from wardwire.model.preferences import ALL_DAYS, MAY_PREFER, Preferences, Profile
from wardwire.model.priority import Priority
from wardwire.model.stages import Stage
from wardwire.store.queries import load
from wardwire.store.walls import read_days, read_minute, write_days, write_minute

_SQL = load("preferences")


class TryText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Endpoints that are tried together, and how long they have."""

    endpoints: tuple[str, ...]
    wait_s: float


class ProfileText(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """`Profile` as JSON: what a person writes in a file, what REST takes and what is stored.

    `hours` is `22:00-07:00`, by the wall clock of the zone; without it the whole day. `days` are those on which the
    hours begin. What is left out of `statuses`, `priorities` and `days` is all of them, but never `code`.
    """

    name: str
    tries: tuple[TryText, ...]
    statuses: tuple[Status, ...] = ()
    priorities: tuple[Priority, ...] = ()
    days: tuple[str, ...] = ()
    hours: str = ""
    quiet: bool = False

    def profile(self, pointer: str = "") -> Profile:
        """Return it as the rules take it.

        Raises:
            Refused: `INVALID` for days, hours or waits that are none.
        """
        begins, ends = _read_hours(self.hours, f"{pointer}/hours")
        days = read_days(self.days, f"{pointer}/days")
        try:
            tries = tuple(Stage(one.endpoints, timedelta(seconds=one.wait_s)) for one in self.tries)
        except (OverflowError, ValueError):
            raise Refused(Code.INVALID, "the wait is no span of time", pointer=f"{pointer}/tries") from None
        return Profile(
            name=self.name,
            tries=tries,
            statuses=frozenset(self.statuses or Status),
            priorities=frozenset(self.priorities or MAY_PREFER),
            days=days or ALL_DAYS,
            begins=begins,
            ends=ends,
            quiet=self.quiet,
        )


def read_profiles(profiles: tuple[ProfileText, ...]) -> tuple[Profile, ...]:
    """Read profiles, with the pointer of what is wrong."""
    return tuple(one.profile(f"/profiles/{nth}") for nth, one in enumerate(profiles))


def _read_hours(text: str, pointer: str) -> tuple[int, int]:
    """Read `22:00-07:00`; "" = the whole day."""
    if not text:
        return 0, 0
    try:
        begin, end = (read_minute(part) for part in text.split("-"))
    except ValueError:
        raise Refused(Code.INVALID, "hours are written 22:00-07:00", pointer=pointer) from None
    if begin == end:
        raise Refused(Code.INVALID, "hours that are none, or the whole day: leave them out", pointer=pointer)
    return begin, end


def text_of(profile: Profile) -> ProfileText:
    """Return a profile's JSON form."""
    hours = "" if profile.begins == profile.ends else f"{write_minute(profile.begins)}-{write_minute(profile.ends)}"
    return ProfileText(
        name=profile.name,
        tries=tuple(TryText(stage.kinds, stage.wait.total_seconds()) for stage in profile.tries),
        statuses=() if profile.statuses == frozenset(Status) else tuple(sorted(profile.statuses)),
        priorities=() if profile.priorities == MAY_PREFER else tuple(sorted(profile.priorities)),
        days=() if profile.days == ALL_DAYS else tuple(write_days(profile.days)),
        hours=hours,
        quiet=profile.quiet,
    )


_READ = msgspec.json.Decoder(tuple[ProfileText, ...]).decode
_ENCODE = msgspec.json.Encoder().encode


async def lock_preferences(connection: asyncpg.Connection, owner: UUID) -> Preferences | None:
    """Read somebody's preferences and lock their row; None = there never were any."""
    row = await connection.fetchrow(_SQL["lock"], owner)
    return preferences_of(row) if row else None


async def put_preferences(connection: asyncpg.Connection, preferences: Preferences) -> None:
    """Write somebody's preferences as they are to be."""
    written = _ENCODE([text_of(profile) for profile in preferences.profiles]).decode()
    await connection.execute(
        _SQL["put"], preferences.owner, preferences.kind, written, preferences.zone, preferences.version
    )


def preferences_of(row: asyncpg.Record) -> Preferences:
    """Make preferences of their row."""
    profiles = tuple(one.profile() for one in _READ(row["profiles"]))
    return Preferences(row["kind"], row["owner"], profiles, row["zone"], row["version"])
