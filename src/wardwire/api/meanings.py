"""What statuses mean at this site, over HTTP."""

from __future__ import annotations

import msgspec

from wardwire.api.directory import changed, read_operation, write_operation
from wardwire.api.operation import Answer, Call, Operation
from wardwire.api.versions import etag, expected_version
from wardwire.directory.meanings import set_meaning
from wardwire.model.coverage import MEANINGS, Meaning, Meant, meaning_of
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory, Status
from wardwire.model.priority import Priority


class MeaningIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`rings`: of which priorities devices make themselves heard; `code` is always among them. `covered`: alerts of
    which go to the cover, where there is one; a `code` rings both.
    """

    rings: list[Priority]
    covered: list[Priority]


class MeaningOut(msgspec.Struct, frozen=True):
    """What a status means. `usual`: nobody has said otherwise here."""

    status: str
    rings: list[str]
    covered: list[str]
    usual: bool
    version: int


class MeaningsOut(msgspec.Struct, frozen=True):
    """What every status means."""

    data: list[MeaningOut]


def show_meaning(status: Status, directory: Directory) -> MeaningOut:
    """Say what a status means here."""
    meaning, meant = meaning_of(directory, status), directory.meanings.get(status)
    return MeaningOut(
        status=status.value,
        rings=[one.value for one in Priority if one in meaning.rings],
        covered=[one.value for one in Priority if one in meaning.covered],
        usual=meant is None or meant.rings is None,
        version=meant.version if meant else 0,
    )


async def list_meanings(call: Call) -> Answer:
    """List what statuses mean."""
    directory = call.deps.rules().directory
    return Answer(body=MeaningsOut([show_meaning(status, directory) for status in MEANINGS]))


async def put_meaning(call: Call) -> Answer:
    """Say what a status means here."""
    body: MeaningIn = call.body
    return await _set(call, Meaning(frozenset(body.rings), frozenset(body.covered)))


async def reset_meaning(call: Call) -> Answer:
    """Let a status mean what is usual."""
    return await _set(call, None)


async def _set(call: Call, meaning: Meaning | None) -> Answer:
    status = next((one for one in MEANINGS if one == call.path["status"]), None)
    if status is None:
        raise Refused(Code.NOT_FOUND, "there is no such status")
    after: Meant = await set_meaning(call.deps.desk, call.caller, status, meaning, expected=expected_version(call))
    await call.deps.refresh()
    shown = show_meaning(after.status, call.deps.rules().directory)
    return await changed(call, Answer(body=shown, headers=etag(after.version)))


_PATH = "/v1/statuses/{status}/meaning"
OPERATIONS: tuple[Operation, ...] = (
    read_operation(
        "listMeanings", "/v1/statuses", "List what each status means here: what rings, what goes to the cover.",
        list_meanings, MeaningsOut,
    ),
    write_operation(
        "setMeaning", "PUT", _PATH, "Say what a status means at this site. It never silences `code`.",
        put_meaning, MeaningIn, 200, MeaningOut, Code.NOT_FOUND, Code.COMMIT_UNKNOWN, guarded=True,
        example={"rings": ["code", "high", "medium"], "covered": ["medium", "low"]},
    ),
    write_operation(
        "resetMeaning", "DELETE", _PATH, "Let a status mean what is usual again.",
        reset_meaning, None, 200, MeaningOut, Code.NOT_FOUND, Code.COMMIT_UNKNOWN, guarded=True,
    ),
)  # fmt: skip
