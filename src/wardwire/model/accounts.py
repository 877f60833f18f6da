"""Accounts: with what a person signs in, what they then may, and for how long. Pure.

Passwords: 15 characters where they stand alone, 8 beside a second factor, no rules of composition, none of the
commonest, none of one's own names. Source: NIST SP 800-63B-4 §3.1.1.2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from wardwire.model.errors import Code, Refused
from wardwire.model.rights import AccessRole

ALONE = 15
BESIDE_SECOND_FACTOR = 8
LONGEST = 256
MAX_UNITS = 100
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,79}")
_PARTS = re.compile(r"[^\W\d_]{4,}")
# Fewer different characters than this are a pattern, not a password.
_DIFFERENT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """With what a person signs in. Of a person there is at most one.

    Attributes:
        units: What a unit manager manages.
        password: Whether there is one; `long` whether it may stand alone.
        second_factor: Whether an authenticator app is set up.
    """

    id: UUID
    person_id: UUID
    login: str
    roles: frozenset[AccessRole]
    units: frozenset[UUID] = frozenset()
    password: bool = False
    long: bool = False
    second_factor: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """That somebody is signed in. It ends by itself when it is idle, and when it is old."""

    id: UUID
    account_id: UUID
    person_id: UUID
    made_at: datetime
    seen_at: datetime
    address: str
    agent: str
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """How long a session lasts: unused, and in all."""

    idle: timedelta = timedelta(minutes=30)
    age: timedelta = timedelta(hours=12)

    def over(self, session: Session, now: datetime) -> bool:
        """Whether a session has ended."""
        return session.ended or now - session.seen_at >= self.idle or now - session.made_at >= self.age


def clean_login(text: str) -> str:
    """Return a name to sign in with in its normal form.

    Raises:
        Refused: `INVALID`.
    """
    login = unicodedata.normalize("NFKC", text).strip().lower()
    if not _LOGIN.fullmatch(login):
        raise Refused(Code.INVALID, "2 to 80 of a-z, 0-9 and . _ @ + -, a letter or digit first", pointer="/login")
    return login


def check_roles(roles: Iterable[str], units: Collection[UUID]) -> frozenset[AccessRole]:
    """Return access roles that a person can have.

    Raises:
        Refused: `INVALID`.
    """
    wanted = frozenset(roles)
    known = frozenset(AccessRole) - {AccessRole.INTEGRATION}
    if not wanted or not wanted <= known:
        raise Refused(Code.INVALID, f"one or more of {', '.join(sorted(known))}", pointer="/roles")
    manager = AccessRole.UNIT_MANAGER in wanted
    if manager is not bool(units) or len(units) > MAX_UNITS:
        detail = f"a unit manager has 1 to {MAX_UNITS} units, and nobody else has any"
        raise Refused(Code.INVALID, detail, pointer="/units")
    return frozenset(AccessRole(role) for role in wanted)


def normal_password(text: str) -> str:
    """Return a password as it is hashed: typed on another keyboard it is still the same (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def check_password(
    text: str, *, alone: bool, names: Iterable[str], common: Collection[str], pointer: str = "/password"
) -> None:
    """Refuse a password that is too short, too common, or made of one's own names.

    Args:
        alone: There is no second factor beside it.
        names: What the person is called here: name, login; and the product's own.
        common: The commonest, in small letters.

    Raises:
        Refused: `PASSWORD_WEAK`, never with the password.
    """
    password = normal_password(text)
    least = ALONE if alone else BESIDE_SECOND_FACTOR
    if len(password) < least:
        more = f"; with a second factor {BESIDE_SECOND_FACTOR}" if alone else ""
        raise _weak(f"at least {least} characters{more}", pointer)
    if len(password) > LONGEST:
        raise _weak(f"at most {LONGEST} characters", pointer)
    folded = password.casefold()
    if folded in common or folded.rstrip("0123456789!?.#$*-_") in common:
        raise _weak("this is one of the commonest passwords", pointer)
    if len(set(folded)) < _DIFFERENT:
        raise _weak(f"at least {_DIFFERENT} different characters", pointer)
    for part in sorted({part.casefold() for name in names for part in _PARTS.findall(name)}):
        if part in folded:
            raise _weak("it contains one of your own names, or the name of this system", pointer)


def _weak(detail: str, pointer: str) -> Refused:
    return Refused(Code.PASSWORD_WEAK, detail, pointer=pointer)
