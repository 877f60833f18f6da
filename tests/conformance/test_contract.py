"""The HTTP interface does what its description says, whatever is asked of it and in whatever order.

schemathesis makes requests of the description, follows its links from what was made to what can be done with it, and
holds each answer against it: no fault of ours, no status, type or shape that is not described. Seeded: each run asks
the same. More: ROUNDS=100 make test T=tests/conformance/test_contract.py
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from litestar import Litestar
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.stories.test_accounts import Desk
from tests.stories.test_accounts import desk as desk
from tests.stories.test_shared_devices import Wire
from tests.ward import open_app
from wardwire.api.app import make_api
from wardwire.devices.registration import DeviceRegistration
from wardwire.model.rights import SCOPES
from wardwire.store.ledger import Ledger
from wardwire.testing.site import SITE_KEY

ROUNDS = int(os.environ.get("ROUNDS", "15"))
A_ROUND, STEPS = 10, 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# What stands on the hospital's provider, needs a device of its own, or is RFC 7644's, has stories of its own.
BEYOND = "^/(scim|v1/sign-in|v1/devices/register)"


@asynccontextmanager
async def served(app: Litestar) -> AsyncIterator[str]:
    """Serve an application on a free port of this machine; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


class Found(NamedTuple):
    """What schemathesis has seen: how often what was answered how, and what was not as it is described."""

    seen: Counter[tuple[str, int]]
    wrong: list[str]


def follow(document: dict[str, Any], address: str, key: str) -> Found:
    """Let schemathesis follow the links of the description."""
    found = Found(Counter(), [])
    schema = schemathesis.openapi.from_dict(document).exclude(path_regex=BEYOND)
    schema = schema.exclude(operation_id="revokeKey")  # it would revoke its own
    schema = schema.exclude(operation_id="followMessage")  # a stream: tests/stories/test_following.py
    schema.config.generation.update(modes=[schemathesis.GenerationMode.POSITIVE])

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
            return {"base_url": address, "headers": {"Authorization": f"Bearer {key}"}}

        def validate_response(self, response: Any, case: schemathesis.Case[Any], **_: Any) -> None:
            found.seen[case.operation.label, response.status_code] += 1
            try:
                case.validate_response(response, checks=CHECKS)
            except BaseExceptionGroup as wrong:
                found.wrong.append(f"{case.operation.label}: {wrong}")

    for nth in range(ROUNDS):
        # What is there grows from one round to the next: whoever draws the same again may come to another end.
        with contextlib.suppress(Flaky):
            seed(nth)(Machine).run(
                settings=settings(
                    max_examples=A_ROUND,
                    stateful_step_count=STEPS,
                    database=None,
                    deadline=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
            )
    return found


async def kick(server: str, client: int) -> bool:
    """Nobody is connected."""
    return True


async def test_no_order_of_requests_breaks_what_the_description_says(desk: Desk, database_url: str) -> None:
    """People, groups, roles, places, policies, drafts, keys and messages are made, read, changed and ended."""
    key = await desk.door.key("contract", *SCOPES)
    document = (await desk.client.get("/openapi.json")).json()
    deps = desk.door.deps
    ledger = Ledger("story/contract", open_connection=lambda: open_app(database_url))
    registration = DeviceRegistration(
        ledger=ledger, clock=deps.clock, connection=Wire(), kick=kick,  # type: ignore[arg-type]
        site_key=SITE_KEY, server="", refresh=deps.refresh,
    )  # fmt: skip
    async with served(make_api(replace(deps, accounts=desk.at, registration=registration))) as address:
        found = await asyncio.to_thread(follow, document, address, key)
    await ledger.close()
    # It is not blind: some of it is done, and some of that to what was made before.
    assert not found.wrong, "\n\n".join(dict.fromkeys(found.wrong))
    done = {label for label, status in found.seen if status < 300}
    assert len(done) >= 8, sorted(done)
    assert any("{" in label for label in done), sorted(done)
