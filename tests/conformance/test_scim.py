"""Our SCIM before a judge of others: scim2-tester adds, changes and removes whatever our schemas promise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import httpx
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import CheckResult, Status, check_server

from tests.stories.test_rest import opened
from wardwire.model.rights import SYNC
from wardwire.testing.ward import Ward

# RFC 7644 §3.4.3 lets a server leave out the search over all kinds at once.
LEFT_OUT = {"search_with_attributes"}
_FINE = {Status.SUCCESS, Status.ACCEPTABLE}


def judge(client: httpx.AsyncClient, key: str, loop: asyncio.AbstractEventLoop) -> list[CheckResult]:
    """Let the judge ask a server that runs in this loop; runs in a thread of its own."""

    async def ask(environ: dict[str, Any], body: bytes) -> httpx.Response:
        url = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
        headers = {"Authorization": f"Bearer {key}", "If-Match": environ.get("HTTP_IF_MATCH", "*")}
        if body:
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        return await client.request(environ["REQUEST_METHOD"], url, content=body, headers=headers)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        asked = asyncio.run_coroutine_threadsafe(ask(environ, environ["wsgi.input"].read()), loop)
        response = asked.result(60)
        start(f"{response.status_code} {response.reason_phrase}", list(response.headers.items()))
        return [response.content]

    return check_server(WSGISCIMClient(app, base_url="http://ward/scim/v2"))


async def test_a_judge_of_others_finds_nothing_that_is_not_as_the_rfc_says(database_url: str) -> None:
    """A hundred checks: discovery, users and groups made, read, searched, replaced, patched, removed."""
    async with Ward(database_url) as ward, opened(ward, database_url) as door:
        key = await door.key("judge", SYNC)
        results = await asyncio.to_thread(judge, door.client, key, asyncio.get_running_loop())
    found = [f"{one.title} {one.resource_type}: {one.reason}" for one in results if one.status not in _FINE]
    assert {one.partition(" ")[0] for one in found} <= LEFT_OUT, "\n".join(found)
    assert sum(one.status is Status.SUCCESS for one in results) > 90
