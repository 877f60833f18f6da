"""Keys of integrations: made once, shown once, revoked at once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.scopes import check_scopes
from wardwire.model import ids
from wardwire.model.credentials import SECRET_BYTES, digest_secret, read_key, write_key
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.names import clean_source
from wardwire.model.people import ApiKey
from wardwire.model.rights import Caller
from wardwire.store import keys as store


async def make_key(desk: DirectoryDesk, caller: Caller, *, source: str, scopes: Iterable[str]) -> tuple[ApiKey, str]:
    """Make a key for an integration; returns it, and its text, which is kept nowhere.

    A source may have several keys: a new one is made, put in place, and the old one revoked.

    Raises:
        Refused: `INVALID`, `NOT_PERMITTED` (a scope that the caller lacks).
    """
    source = clean_source(source)
    wanted = check_scopes(caller, scopes)
    if not wanted:
        raise Refused(Code.INVALID, "a key without a scope is of no use", pointer="/scopes")
    secret = secrets.token_bytes(SECRET_BYTES)

    async def work(change: Change) -> tuple[ApiKey, str]:
        key_id = ids.new_id(change.now)
        text = write_key(key_id, secret)
        parts = read_key(text)
        assert parts is not None
        key = ApiKey(id=key_id, source=source, secret=digest_secret(parts.secret), scopes=wanted)
        await store.insert_key(change.connection, key, change.version, change.now)
        told = {"key": ids.write_id(ids.KEY, key_id), "source": source, "scopes": sorted(wanted)}
        change.record("key_made", told, kind=FactKind.KEY_MADE)
        return key, text

    return await desk.change(caller, work)


async def revoke_key(desk: DirectoryDesk, caller: Caller, key_id: UUID) -> ApiKey:
    """Revoke a key; twice is no fault. Cores refuse it as soon as they have heard of this version.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`.
    """

    async def work(change: Change) -> ApiKey:
        key = await store.revoke_key(change.connection, key_id, change.version, change.now)
        if key is None:
            raise Refused(Code.NOT_FOUND, "there is no such key")
        told = {"key": ids.write_id(ids.KEY, key_id), "source": key.source}
        change.record("key_revoked", told, kind=FactKind.KEY_REVOKED)
        return key

    return await desk.change(caller, work)
