"""The primary is found among hosts that are frozen, gone, standbys, or primaries of the past."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wardwire.store import hosts
from wardwire.store.hosts import connect_to_primary, split_hosts

PAIR = "postgresql://app:secret@left:1,right:2/ward?target_session_attrs=read-write&application_name=x"


class Answering:
    """A host that is connected to, and answers with its timeline."""

    def __init__(self, timeline: int) -> None:
        self.timeline = timeline
        self.terminated = False

    async def fetchval(self, _sql: str) -> int:
        return self.timeline

    def terminate(self) -> None:
        self.terminated = True


def net(**answers: Answering | Exception | None) -> Any:
    """Connect to hosts by name: answering, failing, or None: silent for ever."""

    async def connect(dsn: str, **_options: Any) -> Any:
        answer = answers["left" if "@left" in dsn else "right"]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    return connect


def test_an_address_of_several_hosts_is_split() -> None:
    """Each host gets the login, the database and the other options; what chooses among hosts is left out."""
    assert split_hosts(PAIR) == [
        "postgresql://app:secret@left:1/ward?application_name=x",
        "postgresql://app:secret@right:2/ward?application_name=x",
    ]


def test_an_address_of_one_host_stays_as_it_is() -> None:
    """Nothing is read into a plain address."""
    one = "postgresql://app:secret@left:1/ward?target_session_attrs=read-write"
    assert split_hosts(one) == [one]


async def test_a_frozen_first_host_does_not_hide_the_second() -> None:
    """All hosts are asked at once, and a silent one is left behind."""
    right = Answering(2)
    async with asyncio.timeout(hosts.HOST_PATIENCE_S):
        assert await connect_to_primary(PAIR, connect=net(left=None, right=right)) is right


async def test_the_newest_timeline_wins() -> None:
    """An old primary that came back is passed over, whichever host it is, and its connection is closed."""
    for old_first in (True, False):
        old, new = Answering(1), Answering(2)
        connect = net(left=old, right=new) if old_first else net(left=new, right=old)
        assert await connect_to_primary(PAIR, connect=connect) is new
        assert old.terminated
        assert not new.terminated


async def test_a_standby_is_not_taken() -> None:
    """Where only a standby answers, nobody takes writes."""
    standby = Answering(-1)
    with pytest.raises(OSError, match="takes writes"):
        await connect_to_primary(PAIR, connect=net(left=OSError("gone"), right=standby))
    assert standby.terminated


async def test_cancelling_leaves_no_connection() -> None:
    """Whoever gives up leaves nothing open."""
    right = Answering(2)
    task = asyncio.ensure_future(connect_to_primary(PAIR, connect=net(left=None, right=right)))
    for _ in range(10):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert right.terminated
