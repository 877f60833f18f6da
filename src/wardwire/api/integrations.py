"""Listeners for other systems over HTTP: mapping tables, samples that are tried, and what could not be taken.

Nothing is sent, kept or changed here, and no kept message is shown: it holds what patients' messages hold.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta

from wardwire.api.operation import Answer, Call, Operation
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.matrix import Action

MOST_SAMPLE = 24_000
MOST_TABLE = 20_000


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
    """A mapping table as its file has it now; the listener has what the file had when it was opened."""

    listener: str
    file: str
    text: str


class TryIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A sample message, or several, framed or not; and another table than the listener's."""

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

    async def table(self, listener: str) -> TableOut:
        """Read a mapping table."""
        ...

    async def try_(self, listener: str, sample: str, table: str | None, call: Call) -> list[TriedOut]:
        """Try a sample. Raises `Refused` (`INVALID`) for a table that cannot be used."""
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
    """Show a mapping table."""
    return Answer(body=await _of(call).table(call.path["listener"]))


async def try_(call: Call) -> Answer:
    """Try a sample."""
    body: TryIn = call.body
    return Answer(body=TriedAll(await _of(call).try_(call.path["listener"], body.sample, body.table, call)))


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
    return Operation(
        id=id, method=method, path=path, tag="integrations", about=about, handler=handler,  # type: ignore[arg-type]
        answers={200: answer}, action=Action.SITE_READ, **more,
    )  # fmt: skip


OPERATIONS = (
    _operation("listListeners", "GET", _PATH, "List the listeners for other systems.", list_, Listeners),
    _operation(
        "getMappingTable", "GET", f"{_PATH}/{{listener}}/table", "Show a listener's mapping table.", table, TableOut,
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
