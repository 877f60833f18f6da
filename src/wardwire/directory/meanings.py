"""Changes to what statuses mean at this site; each is a fact, with what was and what is."""

from __future__ import annotations

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model.coverage import MEANINGS, Meaning, Meant, check_meaning
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Status
from wardwire.model.rights import Caller
from wardwire.store import meanings as store


async def set_meaning(
    desk: DirectoryDesk, caller: Caller, status: Status, meaning: Meaning | None, *, expected: int | None = None
) -> Meant:
    """Say what a status means here; None = what is usual again.

    Args:
        expected: The version that the caller has read; None = whichever it is.

    Raises:
        Refused: `INVALID` (it would silence `code`), `CHANGED_SINCE`, `NOT_PERMITTED`.
    """
    if meaning is not None:
        check_meaning(status, meaning)

    async def work(change: Change) -> Meant:
        before = await store.lock_meaning(change.connection, status)
        if expected is not None and expected != (before.version if before else 0):
            raise Refused(Code.CHANGED_SINCE, "it was changed since you read it", parameter="If-Match")
        rings, covered = meaning or (None, None)
        after = Meant(status, rings, covered, change.version)
        await store.put_meaning(change.connection, after)
        told = {"status": status.value, "before": _told(before.meaning if before else MEANINGS[status])}
        change.record("status_meaning_set", {**told, "after": _told(after.meaning), "usual": meaning is None})
        return after

    return await desk.change(caller, work)


def _told(meaning: Meaning) -> dict[str, list[str]]:
    return {"rings": sorted(meaning.rings), "covered": sorted(meaning.covered)}
