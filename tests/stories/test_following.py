"""H300: a program follows a message as it happens, comes back where it was, and misses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec

from tests.conformance.test_contract import served
from tests.stories.test_rest import opened, told
from wardwire.api import events as events_of
from wardwire.api.app import make_api
from wardwire.flow.statement import Responses
from wardwire.model.delivery import Event
from wardwire.model.rights import READ, SEND
from wardwire.testing.ward import Ward

PATIENCE_S = 30
ACCEPT = Responses(accept_decline=True)


async def hops(answer: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """The events of a stream: the id of each, and what it says."""
    place = ""
    async for line in answer.aiter_lines():
        if line.startswith("id: "):
            place = line[4:]
        elif line.startswith("data: "):
            yield place, msgspec.json.decode(line[6:])


async def some(stream: AsyncIterator[tuple[str, dict[str, Any]]], last: str) -> list[tuple[str, dict[str, Any]]]:
    """The events up to one of this kind."""
    seen = []
    async with asyncio.timeout(PATIENCE_S):
        async for one in stream:
            seen.append(one)
            if one[1]["what"] == last:
                return seen
    raise AssertionError(f"no {last}: {seen}")


async def test_each_hop_is_told_once_as_it_happens(ward: Ward, database_url: str) -> None:
    """What was, then what comes; after a minute the stream ends, and from its last id on nothing is told again."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority="high", text="Potassium 6.9", responses=ACCEPT)
    async with opened(ward, database_url) as door:
        key = await door.key("desk", READ)
        path, headers = f"/v1/messages/{stored.message}/events", {"Authorization": f"Bearer {key}"}
        trace = (await door.get(key, f"/v1/messages/{stored.message}/trace")).json()["hops"]
        async with served(make_api(door.deps)) as url, httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as client:
            async with client.stream("GET", path, headers=headers) as answer:
                assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
                stream = hops(answer)
                first = await some(stream, trace[-1]["what"])
                assert [hop for _, hop in first] == trace
                await ward.pass_time(seconds=3)
                await ward.say(ward.chen, stored, Event.CONFIRMED)
                ((_, hop),) = await some(stream, "Delivered")
                assert (hop["person"], round(hop["after_s"])) == (ward.chen.wire, 3)
                assert "Potassium" not in str([first, hop])
                ward.clock.advance(timedelta(seconds=events_of.STREAM_S))
                async with asyncio.timeout(PATIENCE_S):
                    assert [one async for one in stream] == []
            await ward.say(ward.chen, stored, Event.ACCEPT)
            # Whoever comes back after each event gets exactly what came after it.
            whole = (await door.get(key, f"/v1/messages/{stored.message}/trace")).json()["hops"]
            for at in (0, len(first) - 1):
                again = {**headers, "Last-Event-ID": first[at][0]}
                async with client.stream("GET", path, headers=again) as answer:
                    assert [hop for _, hop in await some(hops(answer), "Answered")] == whole[at + 1 :]


async def test_a_stream_is_refused_as_any_request(ward: Ward, database_url: str) -> None:
    """No right, no message, a place that is none, too many streams: a problem, and nothing hangs."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], text="Potassium 6.9")
    path = f"/v1/messages/{stored.message}/events"
    async with opened(ward, database_url) as door:
        reader, other = await door.key("desk", READ), await door.key("lab", SEND)
        assert told(await door.get(other, path)) == (
            404,
            "not_found",
        )  # another source's: it is not even said to exist
        assert told(await door.get(reader, "/v1/messages/msg_none/events")) == (404, "not_found")
        for wrong in ("7", "x" * 4_000, "0" * 32 + "-1.", ".".join(["0" * 32 + "-1"] * 65)):
            answer = await door.client.get(
                path, headers={"Authorization": f"Bearer {reader}", "Last-Event-ID": wrong}
            )
            assert told(answer) == (422, "invalid")
        headers = {"Authorization": f"Bearer {reader}"}
        async with served(make_api(door.deps)) as url, httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as client:
            running = [client.stream("GET", path, headers=headers) for _ in range(events_of.MOST_OF_ONE)]
            lines = [(await one.__aenter__()).aiter_lines() for one in running]
            assert [await anext(one) for one in lines] == ["retry: 1000"] * events_of.MOST_OF_ONE
            refused = await client.get(path, headers=headers)
            assert told(refused) == (503, "overloaded")
            assert "retry-after" in refused.headers
            for one in running:
                await one.__aexit__(None, None, None)
            async with asyncio.timeout(PATIENCE_S):
                status = 503
                while status == 503:  # until the server has seen that they went
                    async with client.stream("GET", path, headers=headers) as answer:
                        status = answer.status_code
            assert status == 200
