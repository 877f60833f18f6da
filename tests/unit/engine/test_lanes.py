"""What the lanes do when one of their writers ends."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from wardwire.engine.lanes import Lanes


async def test_a_writer_that_ends_by_itself_is_not_passed_over() -> None:
    """Its lane would refuse everything for ever; so the watch raises, and the process begins anew."""

    async def broken() -> Any:
        raise ZeroDivisionError

    lanes = Lanes(open_connection=broken, clock=cast(Any, None), announcer=cast(Any, None), node="core")
    starting = asyncio.ensure_future(lanes.start())
    await asyncio.sleep(0)
    watching = asyncio.ensure_future(lanes.watch())

    with pytest.raises(RuntimeError, match="the writer core/"):
        await watching
    starting.cancel()
    await lanes.stop()
