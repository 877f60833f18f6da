"""The product's lanes against the n-th failing query: every try is answered, and a repeat finds its message."""

from __future__ import annotations

import asyncio
import itertools

import asyncpg
import pytest

from tests.engines import FreshDatabase
from tests.faults.product import RANKS, ProductCore, ProductSubmitter, add_people, dump_product, person_id
from wardwire.testing.checker import judge
from wardwire.testing.history import Operation, Outcome
from wardwire.testing.nth import Failure, NthFailure


@pytest.mark.parametrize("how", list(Failure))
async def test_a_submission_survives_each_failing_query(fresh_database: FreshDatabase, how: Failure) -> None:
    """For n = 1, 2, 3 ..., from the opening of the lanes on: told within seconds, and stored exactly once."""
    owner, app = fresh_database.logins.owner, fresh_database.logins.app
    await add_people(owner, ["left"], 2)
    history: list[Operation] = []
    for n in itertools.count(1):
        faults = NthFailure(n, how)
        core = ProductCore("left", app, connect=faults.connect)
        async with asyncio.timeout(10):
            await core.start()
        submitter = ProductSubmitter(core, person_id("left", 1))
        for tries in range(100):
            answer = await submitter.submit("phone", f"{n}", "content")
            assert answer.code != "silent", f"no answer, n = {n}: {faults.failed_query}"
            history.append(
                Operation(
                    client="anna", source="phone", external_id=f"{n}", digest="content", t_inv=tries, t_ret=tries,
                    outcome=answer.outcome, message=answer.message, code=answer.code,
                )
            )  # fmt: skip
            if answer.outcome is Outcome.OK:
                break
            await asyncio.sleep(0.05)  # the lane opens its next connection
        assert answer.outcome is Outcome.OK, f"never answered ok, n = {n}: {faults.failed_query}"
        await core.stop()
        if not faults.fired:
            break
    connection = await asyncpg.connect(owner, server_settings={"search_path": "wardwire"})
    judge(history, await dump_product(connection), ranks=RANKS).assert_held()
    await connection.close()
    assert n > 10
