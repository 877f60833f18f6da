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

import httpx
import msgspec
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
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
from wardwire.api.app import Asgi, make_api
from wardwire.client.card import DeviceKeys
from wardwire.devices.registration import DeviceRegistration
from wardwire.model.rights import SCOPES
from wardwire.store.ledger import Ledger
from wardwire.testing.patience import PATIENT_S
from wardwire.testing.site import SITE_KEY

ROUNDS = int(os.environ.get("ROUNDS", "12"))
A_ROUND, STEPS = 10, 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Followed apart, so that they do not drown in the rest.
SCIM, SIGN_IN = "^/scim", "^/v1/(sign-in|devices/register)"


@asynccontextmanager
async def served(app: Asgi) -> AsyncIterator[str]:
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


def follow(schema: Any, address: str, key: str, rounds: int) -> Found:
    """Let schemathesis follow the links of the description."""
    found = Found(Counter(), [])
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

    for nth in range(rounds):
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


def ask_each(schema: Any, address: str) -> Found:
    """Let schemathesis ask for each operation alone: of those that lead nowhere by a link."""
    found = Found(Counter(), [])
    for operation in (one.ok() for one in schema.get_all_operations()):

        @seed(1)
        @settings(max_examples=A_ROUND, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy())
        def ask(case: schemathesis.Case[Any]) -> None:
            response = case.call(base_url=address)
            found.seen[case.operation.label, response.status_code] += 1
            try:
                case.validate_response(response, checks=CHECKS)
            except BaseExceptionGroup as wrong:
                found.wrong.append(f"{case.operation.label}: {wrong}")

        ask()
    return found


async def kick(server: str, client: int) -> bool:
    """Nobody is connected."""
    return True


@asynccontextmanager
async def contracted(desk: Desk, database_url: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Serve the interface with accounts and registration; gives its address and its description."""
    deps = desk.door.deps
    ledger = Ledger("story/contract", open_connection=lambda: open_app(database_url), patience_s=PATIENT_S)
    registration = DeviceRegistration(
        ledger=ledger, clock=deps.clock, connection=Wire(), kick=kick,  # type: ignore[arg-type]
        site_key=SITE_KEY, server="", refresh=deps.refresh,
    )  # fmt: skip
    document = (await desk.client.get("/openapi.json")).json()
    async with served(make_api(replace(deps, accounts=desk.at, registration=registration))) as address:
        yield address, document
    await ledger.close()


async def test_no_order_of_requests_breaks_what_the_description_says(desk: Desk, database_url: str) -> None:
    """People, groups, roles, places, policies, drafts, keys and messages are made, read, changed and ended."""
    key = await desk.door.key("contract", *SCOPES)
    async with contracted(desk, database_url) as (address, document):
        schema = schemathesis.openapi.from_dict(document).exclude(path_regex=f"{SCIM}|{SIGN_IN}")
        found = await asyncio.to_thread(follow, schema, address, key, ROUNDS)
    # It is not blind: some of it is done, and some of that to what was made before.
    assert not found.wrong, "\n\n".join(dict.fromkeys(found.wrong))
    done = {label for label, status in found.seen if status < 300}
    assert len(done) >= 8, sorted(done)
    assert any("{" in label for label in done), sorted(done)


async def test_provisioning_and_signing_in_are_as_described(desk: Desk, database_url: str) -> None:
    """SCIM makes, changes and takes back what it has made, and refuses by its own error; whoever signs in by nothing,
    or registers by no code, is refused as the description says.

    What schemathesis cannot come by is what somebody else has: a one-time code that was shown once, with a device's
    proof of its keys (the next test); a passkey's signature (tests/stories/test_passkeys.py); what a provider sends
    back (test_oidc.py).
    """
    key = await desk.door.key("contract", *SCOPES)
    async with contracted(desk, database_url) as (address, document):
        scim, sign_in = [
            schemathesis.openapi.from_dict(document).include(path_regex=path) for path in (SCIM, SIGN_IN)
        ]
        found = await asyncio.to_thread(follow, scim, address, key, max(2, ROUNDS // 4))
        asked = await asyncio.to_thread(ask_each, sign_in, address)
    assert not asked.wrong, "\n\n".join(dict.fromkeys(asked.wrong))
    assert not found.wrong, "\n\n".join(dict.fromkeys(found.wrong))
    done = {label for label, status in found.seen if status < 300}
    assert {"POST /scim/v2/Users", "POST /scim/v2/Groups"} <= done, sorted(done)
    assert any("_id}" in label for label in done), sorted(done)
    refused = {label for label, status in asked.seen if status >= 400}
    assert {"POST /v1/devices/register", "POST /v1/sign-in/passkey"} <= refused, sorted(refused)


async def test_only_whoever_holds_the_keys_registers_by_a_code(desk: Desk, database_url: str) -> None:
    """Whatever else is drawn beside a code that is good: refused as described, and the code stays good."""
    clerk, ward = await desk.door.key("clerk", *SCOPES), desk.ward
    async with contracted(desk, database_url) as (address, document):
        issued = await desk_post(address, clerk, f"/v1/people/{ward.ben.wire}/codes")
        good = msgspec.to_builtins(DeviceKeys.make().registration(issued["code"], name="phone", app="1.0"))
        described = document["paths"]["/v1/devices/register"]["post"]["responses"]
        keys = ("nkey", "x25519", "proof")
        drawn = st.text(max_size=90) | st.sampled_from([good[name] for name in keys] + ["", "A" * 43, "A" * 86])

        @seed(1)
        @settings(max_examples=40, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(keys), drawn)
        def ask(name: str, value: str) -> None:
            if value == good[name]:
                return
            answer = httpx.post(f"{address}/v1/devices/register", json=good | {name: value}, timeout=30)
            assert answer.status_code >= 400
            assert str(answer.status_code) in described
            assert answer.json()["code"] in ("invalid", "proof_invalid", "malformed")

        await asyncio.to_thread(ask)
        first, again = [await asyncio.to_thread(
            lambda: httpx.post(f"{address}/v1/devices/register", json=good, timeout=30)
        ) for _ in range(2)]  # fmt: skip
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["device"] == again.json()["device"]


async def desk_post(address: str, key: str, path: str) -> Any:
    """Ask for something with a key."""
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {key}"}) as client:
        answer = await client.post(path, timeout=30)
    assert answer.status_code == 201, answer.text
    return answer.json()
