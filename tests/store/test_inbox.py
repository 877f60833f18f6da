"""What a device has missed, read from its person's inbox: in order, condensed, with all that is needed to tell it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from wardwire.devices.catchup import fit, judge_cursor, render_page
from wardwire.devices.frames import Cursor, Event, read_down
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event as Said
from wardwire.model.priority import Priority
from wardwire.store.inbox import InboxEvent, Page, read_heads, read_page
from wardwire.testing.ward import Ward


@pytest.fixture
async def ward(database_url: str) -> AsyncIterator[Ward]:
    """A fresh ward."""
    async with Ward(database_url) as ward:
        yield ward


def message_id(stored: Stored) -> UUID:
    """The id as a value."""
    return ids.read_id(ids.MESSAGE, stored.message)


def render(ward: Ward, page: Page) -> list[Event]:
    """Render a page and read it as a device would."""
    events = [read_down(frame) for frame in render_page(page, 1, ward.people.directory, ward.clock.now())]
    assert all(isinstance(event, Event) for event in events)
    return events  # type: ignore[return-value]


async def test_events_after_a_cursor_come_in_order_with_what_they_say(ward: Ward) -> None:
    """The first event of each message carries it; each says how the delivery stands now; ages are the server's."""
    first = await ward.send(ward.anna, [ward.ben.wire], text="One.")
    second = await ward.send(ward.anna, [ward.ben.wire], text="Two.")
    await ward.say(ward.ben, first, Said.SEEN)
    ward.clock.advance(timedelta(seconds=5))
    page = await read_page(ward.connection, ward.ben.id, after=0, upto=3, limit=100)
    events = render(ward, page)
    assert [(event.seq, event.event, event.id) for event in events] == [
        (1, "new", first.message), (2, "new", second.message), (3, "read", first.message)
    ]  # fmt: skip
    assert [event.message.text if event.message else None for event in events] == ["One.", "Two.", None]
    assert [event.deliveries[0].state for event in events] == ["read", "pending", "read"]
    assert [event.rings for event in events] == [False, True, False]  # what was read rings nobody
    assert all(5_000 <= event.age_ms < 6_000 for event in events)
    assert page.last == 3
    rest = await read_page(ward.connection, ward.ben.id, after=1, upto=3, limit=1)
    assert [event.seq for event in rest.events] == [2]
    assert rest.last == 2


async def test_a_page_costs_a_constant_number_of_queries(ward: Ward) -> None:
    """Whether it has one event or forty."""
    for nth in range(40):
        await ward.send(ward.anna, [ward.ben.wire], text=f"Page {nth}.")
    counts = []
    for upto in (1, 40):
        queries: list[object] = []
        ward.connection.add_query_logger(queries.append)
        await read_page(ward.connection, ward.ben.id, after=0, upto=upto, limit=100)
        await asyncio.sleep(0)  # loggers are called at the next turn
        ward.connection.remove_query_logger(queries.append)
        counts.append(len(queries))
    assert counts[0] == counts[1] == 3


async def test_condensed_gives_the_last_event_of_each_message(ward: Ward) -> None:
    """In the order of these last events, each with its message; holes are told apart from gaps by their numbers."""
    first = await ward.send(ward.anna, [ward.ben.wire], text="One.")
    second = await ward.send(ward.anna, [ward.ben.wire], text="Two.")
    await ward.say(ward.ben, first, Said.SEEN)
    third = await ward.send(ward.chen, [ward.ben.wire], text="Three.", priority=Priority.CODE)
    page = await read_page(ward.connection, ward.ben.id, after=0, upto=4, limit=100, condensed=True)
    assert [(event.seq, event.message_id) for event in page.events] == [
        (2, message_id(second)), (3, message_id(first)), (4, message_id(third))
    ]  # fmt: skip
    assert all(event.message is not None for event in render(ward, page))
    code = await read_page(ward.connection, ward.ben.id, after=0, upto=4, limit=100, condensed=True, code_only=True)
    assert [event.seq for event in code.events] == [4]
    assert code.last == 4
    cut = await read_page(ward.connection, ward.ben.id, after=0, upto=4, limit=2, condensed=True)
    assert ([event.seq for event in cut.events], cut.last) == ([2, 3], 3)


async def test_a_failure_names_whom_it_did_not_reach(ward: Ward) -> None:
    """The sender's own event tells of others' deliveries; nothing of them is told to anybody else."""
    stored = await ward.send(ward.anna, [ward.ben.wire, ward.okafor.wire], priority=Priority.HIGH)
    await ward.pass_time(seconds=11)
    heads = await read_heads(ward.connection, [ward.anna.id, ward.mallory.id])
    assert heads[ward.mallory.id] == 0
    page = await read_page(ward.connection, ward.anna.id, after=0, upto=heads[ward.anna.id], limit=100)
    event = render(ward, page)[0]
    assert (event.event, event.id) == ("unreachable", stored.message)
    assert {view.person for view in event.deliveries} == {ward.ben.wire, ward.okafor.wire}
    assert {view.state for view in event.deliveries} == {"unreachable"}


async def test_what_was_recalled_is_not_said_any_more(ward: Ward) -> None:
    """A device that comes late hears that it was, and not what it said."""
    stored = await ward.send(ward.anna, [ward.ben.wire], text="To the wrong person.")
    await ward.cancel(ward.caller(ward.anna), stored, recall=True)
    page = await read_page(ward.connection, ward.ben.id, after=0, upto=2, limit=100)
    events = render(ward, page)
    assert [event.event for event in events] == ["new", "recalled"]
    assert all(event.message is None and not event.rings for event in events)


def test_a_cursor_is_believed_only_within_this_history() -> None:
    """Of another epoch, ahead, or none at all: the device begins anew, at most so far back."""
    assert judge_cursor(Cursor(epoch=2, seq=7), 2, 9) == (7, "")
    assert judge_cursor(Cursor(epoch=1, seq=7), 2, 9)[0] == 0
    assert judge_cursor(Cursor(epoch=2, seq=10), 2, 9)[1]
    assert judge_cursor(None, 2, 50_000)[0] == 40_000


def test_a_page_ends_where_it_would_be_too_large() -> None:
    """By bytes, at an event; what is left comes with the next page. One event always fits."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    page = Page([InboxEvent(seq, 1, "new", UUID(int=seq), at) for seq in (3, 5, 9)], 12, {}, {}, {}, {})
    assert fit(page, [b"x"] * 3) == ([b"x"] * 3, 12)
    big = b"x" * 200_000
    assert fit(page, [big, big, b"x"]) == ([big], 3)
    assert fit(page, [big * 2, b"x", b"x"]) == ([big * 2], 3)
