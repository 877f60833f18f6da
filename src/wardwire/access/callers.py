"""Credentials -> Caller: one door for every edge. Devices say who they are by their session; systems by a key."""

from __future__ import annotations

from uuid import UUID

from wardwire.model import ids
from wardwire.model.credentials import read_key, secret_matches
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.model.rights import Caller

_NOBODY = bytes(32)


def caller_of_key(directory: Directory, text: str) -> Caller:
    """Return who holds a key.

    An unknown key takes as long as a known one with a wrong secret, and is answered with the same words.

    Raises:
        KeyRefused: `NOT_AUTHENTICATED`.
    """
    parts = read_key(text)
    if parts is None:
        raise KeyRefused(None)
    key = directory.keys.get(parts.key_id)
    matches = secret_matches(parts.secret, key.secret if key else _NOBODY)
    if key is None or key.revoked or not matches:
        raise KeyRefused(key.id if key else None)
    return Caller(source=key.source, scopes=key.scopes)


class CredentialRefused(Refused):
    """A credential that is not, or no longer, good. `who` is whose it would be, when there is such: worth a fact."""

    def __init__(self, detail: str, who: str) -> None:
        super().__init__(Code.NOT_AUTHENTICATED, detail)
        self.who = who


class KeyRefused(CredentialRefused):
    """A key that is not, or no longer, good. `key_id` is set when there is such a key."""

    def __init__(self, key_id: UUID | None) -> None:
        who = ids.write_id(ids.KEY, key_id) if key_id else ""
        super().__init__("this key is not known, or no longer", who)
        self.key_id = key_id
