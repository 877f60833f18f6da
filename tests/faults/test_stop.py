"""Stopping a core in the middle of a commit claims neither that it was kept nor that it was not."""

from __future__ import annotations

import asyncio

from tests.engines import FreshDatabase
from tests.faults.product import ProductCore, ProductSubmitter, add_people, person_id
from wardwire.testing.history import Outcome
from wardwire.testing.nth import Failure, NthFailure


async def test_a_commit_that_is_cut_off_by_a_stop_is_unknown(fresh_database: FreshDatabase) -> None:
    """The sender is told *unknown*, and the same identity finds out at the next core."""
    await add_people(fresh_database.logins.owner, ["left"], 2)
    quiet = NthFailure(1_000_000, Failure.HANG)
    core = ProductCore("left", fresh_database.logins.app, connect=quiet.connect)
    await core.start()
    hanging = NthFailure(len(quiet.queries) + 1, Failure.HANG)
    await core.stop()

    core = ProductCore("left", fresh_database.logins.app, connect=hanging.connect)
    await core.start()
    submitter = ProductSubmitter(core, person_id("left", 1))
    answer = asyncio.ensure_future(submitter.submit("phone", "1", "content"))
    await hanging.hanging.wait()
    await core.stop()
    assert (await answer).outcome is Outcome.UNKNOWN

    core = ProductCore("left", fresh_database.logins.app)
    await core.start()
    assert (await ProductSubmitter(core, person_id("left", 1)).submit("phone", "1", "content")).outcome is Outcome.OK
    await core.stop()
