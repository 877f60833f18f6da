"""Changes to where people can be reached outside our own devices, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_address
from wardwire.model.people import Endpoint
from wardwire.model.quiet import MAX_QUIET, Quiet, read_quiet, write_quiet
from wardwire.model.rights import Caller
from wardwire.store import endpoints as store


async def add_endpoint(
    desk: DirectoryDesk,
    caller: Caller,
    person_id: UUID,
    *,
    kind: str,
    address: str,
    verified: bool = False,
    emergency_only: bool = False,
    until: datetime | None = None,
    quiet: Sequence[str] = (),
) -> Endpoint:
    """Add a way to reach a person outside our own devices; also by a kind that no channel serves yet.

    Raises:
        Refused: `INVALID`, `NOT_FOUND`, `TOO_MANY`, `NOT_PERMITTED`.
    """
    address, times = clean_address(kind, address), _quiet(quiet)

    async def work(change: Change) -> Endpoint:
        endpoint = Endpoint(
            id=ids.new_id(change.now),
            person_id=person_id,
            kind=kind,
            address=address,
            verified_at=change.now if verified else None,
            emergency_only=emergency_only,
            until=_ahead(until, change.now),
            quiet=times,
        )
        await store.insert_endpoints(change.connection, [endpoint], change.version)
        change.record("endpoint_added", _told(endpoint), person_id=person_id)
        return endpoint

    return await desk.change(caller, work)


async def change_endpoint(
    desk: DirectoryDesk,
    caller: Caller,
    endpoint_id: UUID,
    *,
    address: str | None = None,
    verified: bool | None = None,
    emergency_only: bool | None = None,
    until: datetime | None = None,
    no_until: bool = False,
    quiet: Sequence[str] | None = None,
    disabled: bool | None = None,
) -> Endpoint:
    """Change what is not None; another address is not verified. `no_until` takes the end away.

    Raises:
        Refused: `INVALID`, `NOT_FOUND`, `TOO_MANY`, `NOT_PERMITTED`.
    """
    times = None if quiet is None else _quiet(quiet)

    async def work(change: Change) -> Endpoint:
        before = await store.lock_endpoint(change.connection, endpoint_id)
        if before is None:
            raise Refused(Code.NOT_FOUND, "there is no such endpoint")
        where = before.address if address is None else clean_address(before.kind, address)
        known = before.verified_at if where == before.address else None
        after = replace(
            before,
            address=where,
            verified_at=known if verified is None else (known or change.now) if verified else None,
            emergency_only=before.emergency_only if emergency_only is None else emergency_only,
            until=None if no_until else before.until if until is None else _ahead(until, change.now),
            quiet=before.quiet if times is None else times,
            disabled=before.disabled if disabled is None else disabled,
        )
        await store.update_endpoint(change.connection, after, change.version, change.now)
        told = {**_told(after), "disabled": after.disabled}
        change.record("endpoint_changed", told, person_id=after.person_id)
        return after

    return await desk.change(caller, work)


def _quiet(texts: Sequence[str]) -> tuple[Quiet, ...]:
    if len(texts) > MAX_QUIET:
        raise Refused(Code.TOO_MANY, f"at most {MAX_QUIET} quiet times", pointer="/quiet")
    return tuple(read_quiet(text, f"/quiet/{nth}") for nth, text in enumerate(texts))


def _ahead(until: datetime | None, now: datetime) -> datetime | None:
    if until is not None and until.tzinfo is None:
        raise Refused(Code.INVALID, "an instant needs its offset, e.g. Z", pointer="/until")
    if until is not None and until <= now:
        raise Refused(Code.INVALID, "this instant has passed already", pointer="/until")
    return until


def _told(endpoint: Endpoint) -> dict[str, object]:
    return {
        "endpoint": ids.write_id(ids.ENDPOINT, endpoint.id),
        "kind": endpoint.kind,
        "address": endpoint.address,
        "verified": endpoint.verified_at is not None,
        "emergency_only": endpoint.emergency_only,
        "until": endpoint.until.isoformat() if endpoint.until else None,
        "quiet": [write_quiet(one) for one in endpoint.quiet] or None,
    }
