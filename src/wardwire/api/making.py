"""Makes something of the directory: once for each Idempotency-Key, where the caller gives one."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from wardwire.api.identity import REPLAYED, find_identity
from wardwire.api.operation import Answer, Call
from wardwire.directory.desk import DirectoryDesk, Once
from wardwire.model.rights import DIRECTORY, require_passed

T = TypeVar("T")
_ENCODE = msgspec.json.Encoder().encode


class _Made(msgspec.Struct):
    id: str = ""


_READ_ID = msgspec.json.Decoder(_Made).decode


async def make(
    call: Call,
    work: Callable[[DirectoryDesk], Awaitable[T]],
    show: Callable[[T], msgspec.Struct],
    *,
    at: str = "",
    keep: Callable[[T], msgspec.Struct] | None = None,
) -> Answer:
    """
    Make something, and answer with what it is once this core has seen it too.

    With a key that was used before the answer is the first one again, whatever has happened since; nothing is made.

    Args:
        work: Makes it, at the desk that it is given.
        show: Says what was made.
        at: Where things of its kind are: with its id, its Location.
        keep: What of the answer is kept for a repeat, where that is not all of it.

    Raises:
        Refused: As `work`; `ID_REUSED` for a key that made something else, `CONFLICT` while the first request with
            the key is still under way.
    """
    desk, key = call.deps.desk, find_identity(call)
    if key is None:
        made = await work(desk)
        await call.deps.refresh()
        return _answer(_ENCODE(show(made)), at)
    require_passed(call.caller, DIRECTORY)
    asked = hashlib.sha256(_ENCODE([call.operation, call.path, call.body])).digest()
    first = await desk.first_answer(call.caller, key, asked)
    if first is not None:
        return _answer(first.encode(), at, replayed=True)
    kept = keep or show
    made = await work(desk.once(Once(key, asked, lambda made: _ENCODE(kept(made)).decode())))
    await call.deps.refresh()
    return _answer(_ENCODE(show(made)), at)


def _answer(body: bytes, at: str, *, replayed: bool = False) -> Answer:
    headers = {"Location": f"{at}/{_READ_ID(body).id}"} if at else {}
    return Answer(body=body, status=201, headers=headers | (REPLAYED if replayed else {}))
