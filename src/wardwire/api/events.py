"""A message's life as it happens, as server-sent events (WHATWG HTML, 9.2).

For programs of others: our own clients hear what devices hear.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec

from wardwire.api.messages import find_message
from wardwire.api.operation import Answer, Call, Operation
from wardwire.flow.following import Place, Told, read_on, read_place
from wardwire.flow.trace import Hop
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.ids import instant_of
from wardwire.model.matrix import Action
from wardwire.store.messages import Message

LOOK_S = 1.0
# Whoever comes back passes the door anew: a right that was taken away ends a stream within a minute.
STREAM_S = 60.0
SILENCE_S = 15.0
MOST_STREAMS = 64
MOST_OF_ONE = 8
# A fact bears the instant of its batch, which is committed within seconds, or not at all.
_LATE = timedelta(minutes=10)
_ENCODE = msgspec.json.Encoder().encode
# Streams that run in this process, by source.
_running: Counter[str] = Counter()


async def events(call: Call) -> Answer:
    """Tell what has happened to a message, and what happens."""
    place = read_place(call.headers.get("last-event-id", ""))
    if _running.total() >= MOST_STREAMS or _running[call.caller.source] >= MOST_OF_ONE:
        raise Unavailable(Code.OVERLOADED, "so many streams are open that no more are taken")
    first = await _read(call, place, whole=True)
    return Answer(body=_stream(call, first), media="text/event-stream")


async def _stream(call: Call, first: tuple[list[Told], Place]) -> AsyncIterator[bytes]:
    clock, source = call.deps.clock, call.caller.source
    _running[source] += 1
    try:
        yield b"retry: 1000\n\n"
        told, place = first
        begun = spoken = clock.monotonic()
        whole = True
        while clock.monotonic() - begun < STREAM_S:
            if told:
                spoken = clock.monotonic()
                yield b"".join(_event(one) for one in told)
            elif clock.monotonic() - spoken >= SILENCE_S:
                spoken = clock.monotonic()
                yield b": nothing new\n\n"
            if not told:
                whole = False
                await asyncio.sleep(LOOK_S)
            told, place = await _read(call, place, whole=whole)
    except (Unavailable, Refused):
        return  # the answer has begun: whoever listens comes back, and is told why
    finally:
        _running[source] -= 1
        if not _running[source]:
            del _running[source]


async def _read(call: Call, place: Place, *, whole: bool) -> tuple[list[Told], Place]:
    """Read on. The `whole` story is looked through until it was told to its end once."""
    message: Message = call.thing
    since = instant_of(message.id) - _LATE if whole else call.deps.clock.now() - _LATE
    return await call.read(lambda c: read_on(c, message, place, since, call.deps.rules().directory))


def _event(told: Told) -> bytes:
    return b"id: %s\nevent: hop\ndata: %s\n\n" % (told.place.encode(), _ENCODE(told.hop))


OPERATIONS = (
    Operation(
        id="followMessage",
        method="GET",
        path="/v1/messages/{message_id}/events",
        tag="messages",
        about="Follow a message as it goes on: each hop of its trace as a server-sent event `hop`. A stream ends "
        "after a minute; come back with the last `id` as `Last-Event-ID`, as browsers do, and nothing is missed.",
        action=Action.MESSAGE_TRACE,
        find=find_message,
        handler=events,
        answers={200: Hop},
        refuses=(Code.NOT_FOUND, Code.OVERLOADED),
        says="text/event-stream",
    ),
)
