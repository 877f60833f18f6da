"""Listeners for other systems over HTTP: mapping tables, samples that are tried, and what could not be taken.

No kept message is shown: it holds what patients' messages hold.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta

from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.versions import etag, expected_version
from wardwire.directory.mapping_tables import author, set_mapping_table
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.matrix import Action
from wardwire.store.mapping_tables import MappingTable, newest_table, table_at, table_history

MOST_SAMPLE = 24_000
MOST_TABLE = 20_000
MOST_VERSIONS = 50
_VERSION = Query(name="version", kind="integer", about="An earlier version of the table.", least=1, most=999_999_999)


class ListenerOut(msgspec.Struct, frozen=True):
    """A listener that the settings name. `table`: the file of its mapping table; empty = units decide."""

    name: str
    adapter: str
    address: str
    source: str
    table: str
    letters: int


class Listeners(msgspec.Struct, frozen=True):
    """All listeners."""

    data: list[ListenerOut]


class TableOut(msgspec.Struct, frozen=True):
    """A mapping table. `version` 0: as the file that the settings name has it now (the listener has what it had when
    it was opened); else as it was edited here, when and by whom, and the file decides nothing.
    """

    listener: str
    file: str
    text: str
    version: int = 0
    made_at: datetime | None = None
    made_by: str = ""


class TableIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A mapping table that is to be put to use."""

    text: Annotated[str, Meta(min_length=1, max_length=MOST_TABLE)]


class TableVersion(msgspec.Struct, frozen=True):
    """When a table was put to use, and by whom. `file`: from then on the file's was in force again."""

    version: int
    made_at: datetime
    made_by: str
    file: bool


class TableVersions(msgspec.Struct, frozen=True):
    """The newest versions of a table, the newest first."""

    data: list[TableVersion]


class TryIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A sample message, or several, framed or not; and another table than that in force."""

    sample: Annotated[str, Meta(min_length=1, max_length=MOST_SAMPLE)]
    table: Annotated[str, Meta(max_length=MOST_TABLE)] | None = None


class TriedOut(msgspec.Struct, frozen=True):
    """What becomes of one message. `not_taken` says why it would be refused; `report` is what would be handed in, and
    `reached` who would get it now.
    """

    number: int
    control_id: str
    not_taken: str
    rule: str
    why: str
    heard: dict[str, Any]
    report: dict[str, Any] | None
    reached: dict[str, Any] | None


class TriedAll(msgspec.Struct, frozen=True):
    """What becomes of each message of a sample."""

    data: list[TriedOut]


class LetterOut(msgspec.Struct, frozen=True):
    """A message that could not be taken and was kept: where, since when, how long. Never what it says."""

    file: str
    kept_at: datetime
    bytes: int


class Letters(msgspec.Struct, frozen=True):
    """Messages that could not be taken, the newest first; `folder` is on the machine that has the listener."""

    folder: str
    data: list[LetterOut]


class Integrations(Protocol):
    """Knows the listeners of this machine: app/integrations.py. What names none raises `NOT_FOUND`."""

    async def listeners(self) -> list[ListenerOut]:
        """List them."""
        ...

    async def table(self, listener: str, edited: MappingTable | None) -> TableOut:
        """Show a mapping table: one that was edited, else the file's."""
        ...

    def check(self, listener: str, table: str) -> None:
        """Look whether a listener can use a table. Raises `Refused` (`INVALID`), with the place of the fault."""
        ...

    async def try_(self, listener: str, sample: str, table: str | None, call: Call) -> list[TriedOut]:
        """Try a sample; `table` None = by the file's. Raises `Refused` (`INVALID`) for one that cannot be used."""
        ...

    async def letters(self, listener: str) -> Letters:
        """List what could not be taken."""
        ...


def _of(call: Call) -> Integrations:
    if call.deps.integrations is None:
        raise Unavailable(Code.UNAVAILABLE, "this process knows no listeners")
    known: Integrations = call.deps.integrations
    return known


async def list_(call: Call) -> Answer:
    """List listeners."""
    return Answer(body=Listeners(await _of(call).listeners()))


async def table(call: Call) -> Answer:
    """Show a mapping table: that in force, or an earlier one."""
    version = call.query["version"]
    if version is None:
        return await _shown(call)
    found = await call.read(lambda c: table_at(c, call.path["listener"], version))
    if found is None or found.text is None:
        raise Refused(Code.NOT_FOUND, "there is no such version of this table")
    return await _tell(call, found, version)


async def put_table(call: Call) -> Answer:
    """Put a mapping table to use."""
    _of(call).check(call.path["listener"], call.body.text)
    return await _set(call, call.body.text)


async def reset_table(call: Call) -> Answer:
    """Let the file decide again."""
    await _of(call).table(call.path["listener"], None)  # it is there, and can be read
    return await _set(call, None)


async def _set(call: Call, text: str | None) -> Answer:
    await set_mapping_table(call.deps.desk, call.caller, call.path["listener"], text, expected=expected_version(call))
    return await _shown(call)


async def _shown(call: Call) -> Answer:
    edited = await call.read(lambda c: newest_table(c, call.path["listener"]))
    return await _tell(call, edited if edited and edited.text is not None else None, edited.version if edited else 0)


async def _tell(call: Call, edited: MappingTable | None, version: int) -> Answer:
    if edited is not None:
        edited = edited._replace(made_by=author(edited, call.deps.rules().directory))
    return Answer(body=await _of(call).table(call.path["listener"], edited), headers=etag(version))


async def versions(call: Call) -> Answer:
    """List when a table was put to use, and by whom."""
    known = {one.name for one in await _of(call).listeners()}
    if call.path["listener"] not in known:
        raise no_listener(call.path["listener"])
    found = await call.read(lambda c: table_history(c, call.path["listener"], MOST_VERSIONS))
    people = call.deps.rules().directory
    told = [TableVersion(one.version, one.made_at, author(one, people), one.text is None) for one in found]
    return Answer(body=TableVersions(told))


async def try_(call: Call) -> Answer:
    """Try a sample."""
    body: TryIn = call.body
    listener, table = call.path["listener"], body.table
    if table is None:
        newest = await call.read(lambda c: newest_table(c, listener))
        table = newest.text if newest else None
    return Answer(body=TriedAll(await _of(call).try_(listener, body.sample, table, call)))


async def letters(call: Call) -> Answer:
    """List what could not be taken."""
    return Answer(body=await _of(call).letters(call.path["listener"]))


def no_listener(name: str) -> Refused:
    """Say that there is no listener of this name."""
    return Refused(Code.NOT_FOUND, f"there is no listener {name[:60]!r}")


_PATH = "/v1/integrations"


def _operation(
    id: str, method: str, path: str, about: str, handler: object, answer: object, **more: Any
) -> Operation:
    more.setdefault("action", Action.SITE_READ)
    return Operation(
        id=id, method=method, path=path, tag="integrations", about=about, handler=handler,  # type: ignore[arg-type]
        answers={200: answer}, **more,
    )  # fmt: skip


OPERATIONS = (
    _operation("listListeners", "GET", _PATH, "List the listeners for other systems.", list_, Listeners),
    _operation(
        "getMappingTable", "GET", f"{_PATH}/{{listener}}/table", "Show the mapping table that is in force.", table,
        TableOut, refuses=(Code.NOT_FOUND,), query=(_VERSION,),
    ),
    _operation(
        "setMappingTable", "PUT", f"{_PATH}/{{listener}}/table",
        "Put a mapping table to use instead of the file's. The listener takes it within seconds; nothing is lost "
        "meanwhile, for its sources repeat what was not acknowledged.",
        put_table, TableOut, body=TableIn, guarded=True, action=Action.DIRECTORY_WRITE,
        refuses=(Code.NOT_FOUND, Code.COMMIT_UNKNOWN),
        example={"text": '[[rules]]\nname = "all alarms"\nwhen = { type = "ORU^R40" }\n'},
    ),
    _operation(
        "resetMappingTable", "DELETE", f"{_PATH}/{{listener}}/table", "Let the file's mapping table decide again.",
        reset_table, TableOut, guarded=True, action=Action.DIRECTORY_WRITE,
        refuses=(Code.NOT_FOUND, Code.COMMIT_UNKNOWN),
    ),
    _operation(
        "listMappingTables", "GET", f"{_PATH}/{{listener}}/table/versions",
        "List when a mapping table was put to use here, and by whom, the newest first.", versions, TableVersions,
        refuses=(Code.NOT_FOUND,),
    ),
    _operation(
        "tryMapping", "POST", f"{_PATH}/{{listener}}/try",
        "Say what becomes of sample messages, by the listener's table or another: which rule fits, what is handed "
        "in, and who would get it now by the place that it names. Nothing is sent or kept.",
        try_, TriedAll, body=TryIn, refuses=(Code.NOT_FOUND,),
        example={"sample": "MSH|^~\\&|GW|4 WEST|||20260301120000||ORU^R40^ORU_R40|1|P|2.6\r"},
    ),
    _operation(
        "listDeadLetters", "GET", f"{_PATH}/{{listener}}/letters",
        "List messages that could not be taken and were kept, without what they say.", letters, Letters,
        refuses=(Code.NOT_FOUND,),
    ),
)  # fmt: skip
