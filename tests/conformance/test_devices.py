"""Devices over the real pair of NATS servers, the callout and PostgreSQL: from registration to revocation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.conformance.device_pair import PATIENCE_S, Pair, Raw, make_device, take, until
from wardwire.client.card import DeviceKeys
from wardwire.client.closed import Closed
from wardwire.devices.frames import (
    Cancel,
    Condensed,
    Cursor,
    Done,
    ErrorFrame,
    Hello,
    Receipt,
    RefusedFrame,
    Response,
    Welcome,
    encode,
)
from wardwire.devices.proof import Mac
from wardwire.devices.register import guess_limits, issue_code, register_device
from wardwire.flow.audit import verify
from wardwire.flow.statement import Responses, Statement, write_statement
from wardwire.model import ids
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.priority import Priority
from wardwire.model.rights import CODE
from wardwire.ops.nats import NatsPair
from wardwire.testing.frames import FrameFaults, FrameRates
from wardwire.testing.site import Site, open_site

ACCEPT = Responses(accept_decline=True)


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core."""
    async with open_site(database_url, nats_pair.logins()) as site:
        yield site


@pytest.fixture
async def closing() -> AsyncIterator[AsyncExitStack]:
    """Whatever is entered here is left at the end of the test."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def pair(site: Site, closing: AsyncExitStack) -> Pair:
    """Anna and Ben are connected."""
    people = await site.add_person("Anna", scopes=[CODE]), await site.add_person("Ben")
    anna, ben = [make_device(await site.enrol(person)) for person in people]
    for device in (anna, ben):
        await closing.enter_async_context(device)
    return Pair(site, anna, ben, people)


async def test_a_message_travels_is_confirmed_and_answered(pair: Pair) -> None:
    """Anna's page reaches Ben's phone once, is confirmed, read, accepted, handed back; Anna sees each step live."""
    stored = await pair.anna.page(pair.to_ben, "Bed 12, please.", responses=ACCEPT, timeout_s=PATIENCE_S)
    event = await pair.ben.next_event(PATIENCE_S)
    assert (event.event, event.id) == ("new", stored.message)
    assert event.message is not None
    assert (event.message.text, event.message.sender.name) == ("Bed 12, please.", "Anna")
    assert event.rings
    assert 0 <= event.age_ms < 5_000
    await until(lambda: "delivered" in pair.statuses)
    pair.ben.receipt(stored.message, "read")
    await until(lambda: "read" in pair.statuses)
    done = await pair.ben.respond(stored.message, "accept", timeout_s=PATIENCE_S)
    assert done.state == "accepted"
    handed = await pair.ben.respond(stored.message, "hand_back", timeout_s=PATIENCE_S)
    assert handed.state == "read"
    assert [one.event for one in await take(pair.ben, 3)] == ["read", "answered", "handed_back"]
    await until(lambda: pair.ben.unanswered == 0 and len(pair.statuses) == 4)
    assert pair.statuses == ["delivered", "read", "accepted", "read"]
    async with pair.site.pool.acquire() as connection:
        verdict = await verify(connection)
    assert (verdict.proofs, verdict.findings) == (3, [])  # the page, the accept, the hand-back


async def test_what_is_read_on_one_device_shows_on_all(pair: Pair, closing: AsyncExitStack) -> None:
    """Ben has a phone and a desk: both are told, and an answer on one shows on the other, with who gave it."""
    desk = await closing.enter_async_context(make_device(await pair.site.enrol(pair.people[1], "desk")))
    stored = await pair.anna.page(pair.to_ben, "Bed 12, please.", responses=ACCEPT)
    assert [(await one.next_event(PATIENCE_S)).event for one in (pair.ben, desk)] == ["new", "new"]
    await pair.ben.respond(stored.message, "decline", timeout_s=PATIENCE_S)
    answered = await desk.next_event(PATIENCE_S)
    assert answered.event == "answered"
    assert [view.state for view in answered.deliveries] == ["declined"]
    assert answered.deliveries[0].device == pair.ben.card.place.device


async def test_events_come_in_order_whoever_sends(pair: Pair) -> None:
    """Forty messages sent at once arrive in one dense order, the same that the inbox keeps."""
    sent = await asyncio.gather(*(pair.anna.page(pair.to_ben, f"Page {nth}.") for nth in range(40)))
    events = await take(pair.ben, 40)
    assert [event.seq for event in events] == list(range(1, 41))
    assert {event.id for event in events} == {stored.message for stored in sent}
    kept = await pair.site.fetch("SELECT message_id FROM inbox WHERE person_id = $1 ORDER BY seq", pair.people[1])
    assert [event.id for event in events] == [ids.write_id(ids.MESSAGE, row["message_id"]) for row in kept]


async def test_a_device_that_was_away_resumes_by_its_cursor(pair: Pair, closing: AsyncExitStack) -> None:
    """What came meanwhile follows the welcome, once and in order, with its age; nothing else does."""
    await pair.anna.page(pair.to_ben, "Seen before.")
    await pair.ben.next_event(PATIENCE_S)
    await until(lambda: pair.ben.unanswered == 0)
    await pair.ben.close()
    sent = [await pair.anna.page(pair.to_ben, f"Page {nth}.") for nth in range(3)]
    back = make_device(pair.ben.card, cursor=pair.ben.cursor)
    await closing.enter_async_context(back)
    events = await take(back, 3)
    assert [event.id for event in events] == [stored.message for stored in sent]
    assert [event.seq for event in events] == [2, 3, 4]
    assert all(event.message is not None and event.rings for event in events)
    await until(lambda: back.unanswered == 0)
    states = await pair.site.fetch("SELECT DISTINCT state FROM deliveries WHERE person_id = $1", pair.people[1])
    assert [row["state"] for row in states] == ["delivered"]


async def test_a_cursor_of_the_future_or_another_epoch_begins_anew(pair: Pair, closing: AsyncExitStack) -> None:
    """It is told `cursor_ahead`, and is given the state as it is, condensed."""
    stored = await pair.anna.page(pair.to_ben, "Bed 12, please.")
    await pair.ben.next_event(PATIENCE_S)
    await until(lambda: pair.ben.unanswered == 0)
    await pair.ben.close()
    for cursor in (Cursor(epoch=1, seq=99), Cursor(epoch=7, seq=1)):
        raw = Raw(pair.ben.card, cursor=cursor)
        await closing.enter_async_context(raw.device)
        assert (await raw.answer(ErrorFrame)).code == Code.CURSOR_AHEAD
        page = await raw.answer(Condensed)
        assert (page.reset, page.first, page.last) == (True, 1, 1)
        event = await raw.device.next_event(PATIENCE_S)
        assert event.id == stored.message
        assert raw.device.cursor == Cursor(epoch=1, seq=1)
        await raw.device.close()


async def test_the_last_of_two_hellos_wins_and_both_are_shown(pair: Pair, closing: AsyncExitStack) -> None:
    """A second place with the same key takes over; the first is told and closed, and the facts name both."""
    second = make_device(pair.ben.card)
    await closing.enter_async_context(second)
    await until(lambda: pair.ben.ended is not None)
    assert str(pair.ben.ended) == Code.SESSION_REPLACED
    with pytest.raises(Closed):
        await pair.ben.page(pair.to_ben, "I am gone.")
    [replaced] = await pair.site.facts("SessionReplaced")
    assert replaced["device_id"] == ids.read_id(ids.DEVICE, pair.ben.card.place.device)
    await pair.anna.page(pair.to_ben, "Who hears this?")
    assert (await second.next_event(PATIENCE_S)).event == "new"
    [row] = await pair.site.fetch("SELECT replaced FROM sessions WHERE device_id = $1", replaced["device_id"])
    assert row["replaced"] == 1


async def test_a_revoked_device_is_closed_within_a_second_and_stays_out(pair: Pair) -> None:
    """Committed first, then closed: it hears nothing more, says nothing more, and is not let in again."""
    before = time.monotonic()
    assert await pair.site.revoke(pair.ben.card)
    await until(lambda: not pair.ben._connection.connected)
    assert time.monotonic() - before < 1.0
    await until(lambda: pair.ben.ended is not None)
    assert not await pair.site.revoke(pair.ben.card)
    assert len(await pair.site.facts("DeviceRevoked")) == 1
    await pair.site.refresh()
    again = make_device(pair.ben.card)
    again.start()
    await until(lambda: any("uthorization" in error for error in again.errors))
    assert not again.connected
    await again.close()
    stored = await pair.anna.page(pair.to_ben, "Nobody there.")
    assert stored.recipients[0].reach == "none"


async def test_a_device_reaches_its_own_subjects_alone(pair: Pair, closing: AsyncExitStack) -> None:
    """The server refuses foreign subjects, both ways; the core refuses a hello in another's name."""
    raw = Raw(await pair.site.enrol(pair.people[1], "third"))
    await closing.enter_async_context(raw.device)
    connection = raw.device._connection
    connection.publish(f"d.{pair.anna.card.name}.up", b"{}")
    connection.subscribe(f"d.{pair.anna.card.name}.down.>", lambda *_: None)
    connection.publish("core.session", b"x")
    await until(lambda: sum("ermissions" in error for error in raw.device.errors) == 3)
    info = connection.info
    assert info is not None
    hello = Hello(
        device=pair.anna.card.place.device, nonce="a" * 22, server_id=info.server_id, cid=info.client_id, clock_ms=0
    )
    raw.say(encode(hello), session="", mac="")
    refused = await raw.answer(RefusedFrame)
    assert (refused.code, refused.pointer, refused.id) == (Code.NOT_PERMITTED, "/device", "a" * 22)
    await pair.site.denials.settled()
    assert len(await pair.site.facts("AccessDenied")) == 1


async def test_a_hello_that_was_said_before_opens_nothing(pair: Pair, closing: AsyncExitStack) -> None:
    """Somebody repeats an earlier hello of Ben's: refused, and Ben's session goes on."""
    said: list[bytes] = []

    def overheard(frame: bytes) -> tuple[bytes]:
        said.append(frame)
        return (frame,)

    raw = Raw(await pair.site.enrol(pair.people[1], "third"), outgoing=overheard)
    await closing.enter_async_context(raw.device)
    first = said[0]
    raw.device.reconnect()
    await until(lambda: len(raw.all(Welcome)) == 2)
    session = raw.device.session
    raw.device.write_raw(first)
    assert (await raw.answer(RefusedFrame)).code == Code.PROOF_INVALID
    raw.device.write_raw(said[-1])  # the one that is open: its welcome is given again
    assert (await raw.answer(Welcome, 3)).session == session


async def test_a_frame_of_no_session_asks_for_a_hello(pair: Pair) -> None:
    """A wrong MAC and a session of nowhere are `session_unknown`; the client says hello and goes on by itself."""
    before = pair.anna.session
    pair.anna._session.mac = Mac(bytes(32))
    stored = await pair.anna.page(pair.to_ben, "In spite of that.", timeout_s=PATIENCE_S)
    assert pair.anna.session != before
    assert (await pair.ben.next_event(PATIENCE_S)).id == stored.message


async def test_too_many_frames_are_dropped_and_said_once(pair: Pair, closing: AsyncExitStack) -> None:
    """A flood of a thousand is answered once; after a moment the device is heard again."""
    raw = Raw(await pair.site.enrol(pair.people[1], "third"))
    await closing.enter_async_context(raw.device)
    for _ in range(1_000):
        raw.say(encode(Receipt(message=f"msg_{uuid4().hex}", kind="read")))
    limited = await raw.answer(ErrorFrame)
    assert limited.code == Code.RATE_LIMITED
    stored = await raw.device.page(pair.anna.card.place.person, "Still here.", timeout_s=PATIENCE_S)
    assert stored.message
    told = [frame.code for frame in raw.all(ErrorFrame)]
    assert told.count(Code.RATE_LIMITED) < 20


BAD = {
    "not JSON": (b"\x00\x01", Code.MALFORMED),
    "invalid UTF-8": (b'{"v":1,"s":"\xff","body":{}}', Code.MALFORMED),
    "nested deeply": (b'{"v":1,"body":' + b"[" * 30_000 + b"]" * 30_000 + b"}", Code.MALFORMED),
    "wrong type": (b'{"v":1,"s":7,"body":{}}', Code.INVALID),
    "unknown field": (b'{"v":1,"zz":7,"body":{}}', Code.INVALID),
    "field twice": (b'{"v":1,"body":{},"body":{"t":"beat","epoch":1,"seq":1}}', Code.MALFORMED),
    "of the future": (b'{"v":99,"body":{}}', Code.VERSION_UNSUPPORTED),
}


async def test_bad_frames_are_answered_with_a_code_and_change_nothing(pair: Pair, closing: AsyncExitStack) -> None:
    """Whatever a device sends, it hears a stable code, and the session goes on."""
    raw = Raw(await pair.site.enrol(pair.people[1], "third"))
    await closing.enter_async_context(raw.device)
    for nth, (frame, code) in enumerate(BAD.values(), start=1):
        raw.device.write_raw(frame)
        assert (await raw.answer(RefusedFrame, nth)).code == code
    count = len(BAD)
    to = pair.anna.card.place.person

    def stated(**fields: Any) -> bytes:
        return write_statement(
            Statement(**({"id": "1", "to": (to,), "priority": Priority.HIGH, "text": "x"} | fields))
        )

    twice, past = Responses(choices=("A", "a ")), datetime(2020, 1, 1, tzinfo=UTC)
    bodies: list[tuple[bytes, Code, str]] = [
        (b'{"t":"send","id":"7","to":["x"],"priority":"urgent"}', Code.INVALID, "/priority"),
        (b'{"t":"send","id":"7","to":[1],"priority":"low"}', Code.INVALID, "/to/0"),
        (b'{"t":"send","id":"7","to":["x"],"priority":"low","zz":1}', Code.INVALID, ""),
        (b'{"t":"zip","id":"7"}', Code.INVALID, "/t"),
        (b'{"t":"cancel","id":"7","message":"msg_1","message":"msg_2"}', Code.MALFORMED, ""),
        (b'{"t":"response","id":"7","message":"m",' + b" " * 16_384 + b'"accept":true}', Code.TOO_LARGE, ""),
        (b'{"t":"receipt","message":"msg_1","kind":"read"}', Code.INVALID, ""),
        (encode(Response(id="7", message=f"msg_{uuid4().hex}")), Code.INVALID, ""),
        (encode(Response(id="7", message=f"msg_{uuid4().hex}", accept=True)), Code.NOT_FOUND, ""),
        (encode(Cancel(id="7", message=f"msg_{uuid4().hex}")), Code.NOT_FOUND, ""),
        (stated(text="\u200b \n"), Code.TEXT_BLANK, "/text"),
        (stated(text="x" * 4_001), Code.TEXT_TOO_LONG, "/text"),
        (stated(to=("Nobody",)), Code.RECIPIENT_UNKNOWN, "/to/0"),
        (stated(priority=Priority.CODE), Code.NOT_PERMITTED, ""),
        (stated(responses=twice), Code.CHOICES_INVALID, "/responses/choices/1"),
        (stated(priority=Priority.LOW, expires_at=past), Code.EXPIRY_PAST, "/expires_at"),
        (stated(expires_at=past), Code.EXPIRY_NOT_ALLOWED, "/expires_at"),
    ]
    for body, code, pointer in bodies:
        raw.say(body)
        count += 1
        refused = await raw.answer(RefusedFrame, count)
        assert (refused.code, refused.pointer) == (code, pointer), body
    raw.say(stated(), sig="")
    assert (await raw.answer(RefusedFrame, count + 1)).code == Code.PROOF_INVALID
    raw.say(encode(Response(id="8", message=f"msg_{uuid4().hex}", accept=True)), sig="A" * 86)
    assert (await raw.answer(RefusedFrame, count + 2)).code == Code.PROOF_INVALID
    assert await pair.site.fetch("SELECT 1 FROM messages") == []
    stored = await raw.device.page(to, "And now a good one.", timeout_s=PATIENCE_S)
    assert stored.message


async def test_an_oversized_frame_is_refused_before_it_leaves(pair: Pair) -> None:
    """The server's limit is 64 kB: the client is told so, and its connection holds."""
    pair.anna.write_raw(b"x" * 65_537)
    assert any("65536" in error for error in pair.anna.errors)
    assert pair.anna.connected


async def test_the_same_id_is_the_same_message(pair: Pair) -> None:
    """A repeat gives the first result; other content under the id is refused."""
    statement = Statement(id="ward-7/1", to=(pair.to_ben,), priority=Priority.HIGH, text="Bed 12, please.")
    first = await pair.anna.send(statement, timeout_s=PATIENCE_S)
    again = await pair.anna.send(statement, timeout_s=PATIENCE_S)
    assert (again.message, again.replayed) == (first.message, True)
    other = Statement(id="ward-7/1", to=(pair.to_ben,), priority=Priority.HIGH, text="Bed 13, please.")
    with pytest.raises(Refused) as refused:
        await pair.anna.send(other, timeout_s=PATIENCE_S)
    assert refused.value.code is Code.ID_REUSED


async def test_a_response_that_is_repeated_is_answered_alike_and_does_nothing_again(
    pair: Pair, closing: AsyncExitStack
) -> None:
    """Accepted, handed back; the first accept comes once more, as radio will have it: it stays handed back."""
    raw = Raw(await pair.site.enrol(pair.people[1], "third"))
    await closing.enter_async_context(raw.device)
    stored = await pair.anna.page(pair.to_ben, "Bed 12, please.", responses=ACCEPT)
    accept = encode(Response(id="1", message=stored.message, accept=True))
    raw.say(accept)
    assert (await raw.answer(Done)).state == "accepted"
    raw.say(encode(Response(id="2", message=stored.message, hand_back=True)))
    assert (await raw.answer(Done, 2)).state == "read"
    raw.say(accept)
    assert (await raw.answer(Done, 3)) == (await raw.answer(Done, 1))
    [row] = await pair.site.fetch("SELECT state FROM deliveries")
    assert row["state"] == "read"


async def test_an_old_device_is_welcomed_as_limited_and_still_gets_code(pair: Pair, closing: AsyncExitStack) -> None:
    """It speaks a version below the minimum: it hears `code`, live and on resume, and nothing else."""
    await pair.ben.close()
    card = await pair.site.enrol(pair.people[1], "old")
    old = make_device(card, version=0)
    await closing.enter_async_context(old)
    assert old.welcome is not None
    assert old.welcome.limited
    await pair.anna.page(pair.to_ben, "Not for old ears.")
    code = await pair.anna.page(pair.to_ben, "Code blue, bed 12.", priority=Priority.CODE)
    event = await old.next_event(PATIENCE_S)
    assert event.id == code.message
    await old.close()
    back = make_device(card, version=0)
    await closing.enter_async_context(back)
    assert (await back.next_event(PATIENCE_S)).id == code.message
    await until(lambda: back.cursor == Cursor(epoch=1, seq=2))
    assert not back._hearing.waiting


async def test_nobody_connected_makes_the_deadline_due_now(pair: Pair) -> None:
    """All of Ben's devices are away: NATS says so, and Anna hears *unreachable* long before the wait is over."""
    await pair.ben.close()
    before = time.monotonic()
    stored = await pair.anna.page(pair.to_ben, "Anybody?", priority=Priority.MEDIUM)
    event = await pair.anna.next_event(PATIENCE_S)
    assert (event.event, event.id) == ("unreachable", stored.message)
    assert time.monotonic() - before < 10  # the wait of `medium` is 30 s
    await until(lambda: pair.anna.unanswered == 0)
    assert len(await pair.site.facts("SenderTold")) == 1


async def test_frames_may_be_lost_doubled_and_reordered(pair: Pair, closing: AsyncExitStack) -> None:
    """Radio at its worst, both ways: every message is shown once, in order, and confirmed."""
    rates = FrameRates(drop=0.1, duplicate=0.1, reorder=0.1)
    inward: FrameFaults[bytes] = FrameFaults(1, rates)
    outward: FrameFaults[bytes] = FrameFaults(2, rates)
    await pair.ben.close()
    ben = make_device(pair.ben.card, incoming=inward.take, outgoing=outward.take)
    await closing.enter_async_context(ben)
    sent = [await pair.anna.page(pair.to_ben, f"Page {nth}.") for nth in range(60)]
    new = []
    async with asyncio.timeout(PATIENCE_S * 2):
        async for event in ben.events():
            if event.event == "new":
                new.append(event.id)
            if len(new) == len(sent):
                break
    assert new == [stored.message for stored in sent]
    assert inward.dropped
    assert outward.dropped
    for faults in (inward, outward):
        faults.heal()
    await until(lambda: ben.unanswered == 0)
    states = await pair.site.fetch("SELECT DISTINCT state FROM deliveries")
    assert [row["state"] for row in states] == ["delivered"]


async def test_any_core_checks_any_frame(pair: Pair, nats_pair: NatsPair, closing: AsyncExitStack) -> None:
    """A second core joins and takes frames of sessions that the first has opened; one stops, and all goes on."""
    second = await closing.enter_async_context(open_site(pair.site.dsn, nats_pair.logins(), name="core-2"))
    sent = [await pair.anna.page(pair.to_ben, f"Page {nth}.", timeout_s=PATIENCE_S) for nth in range(30)]
    assert [event.id for event in await take(pair.ben, 30)] == [stored.message for stored in sent]
    assert second.doorway.frames > 0
    await pair.site.doorway.stop()
    await pair.anna.page(pair.to_ben, "The last one standing.", timeout_s=PATIENCE_S)
    await pair.ben.next_event(PATIENCE_S)


async def test_a_device_reconnects_without_end(pair: Pair) -> None:
    """The connection goes; it comes back with another session, and what was asked meanwhile is answered."""
    first = pair.anna.session
    pair.anna.reconnect()
    stored = await pair.anna.page(pair.to_ben, "Still there?", timeout_s=PATIENCE_S)
    assert (await pair.ben.next_event(PATIENCE_S)).id == stored.message
    assert pair.anna.session != first


async def test_a_code_brings_in_one_device(site: Site) -> None:
    """A code is good once, for ten minutes, and for the same keys again when the answer was lost."""
    person = await site.add_person("Dr. Chen")
    issued = await issue_code(site.ledger, site.clock, person_id=person, source="test", rates=guess_limits())
    keys = DeviceKeys.make()
    request = keys.registration(issued.code.lower().replace("-", " "), name="phone", app="1")
    first = await register_device(site.ledger, site.clock, request, source="a", rates=site.rates)
    again = await register_device(site.ledger, site.clock, request, source="a", rates=site.rates)
    assert (again.device_id, first.again, again.again) == (first.device_id, False, True)
    other = DeviceKeys.make().registration(issued.code, name="thief", app="1")
    with pytest.raises(Refused) as used:
        await register_device(site.ledger, site.clock, other, source="a", rates=site.rates)
    never = DeviceKeys.make().registration("AAAAA-AAAAA", name="thief", app="1")
    with pytest.raises(Refused) as wrong:
        await register_device(site.ledger, site.clock, never, source="a", rates=site.rates)
    assert (used.value.code, wrong.value.code) == (Code.CODE_EXPIRED, Code.NOT_AUTHENTICATED)
    assert used.value.detail == wrong.value.detail


async def test_a_hello_waits_for_nobody_who_is_away(site: Site) -> None:
    """Without a core that answers, a device is let in by nobody and says so."""
    card = await site.enrol(await site.add_person("Dora"))
    await site.doorway.stop()
    device = make_device(card)
    with pytest.raises(Unavailable):
        await device.connect(timeout_s=0.5)
    site.doorway.start()
    await device.welcomed(PATIENCE_S)
    await device.close()
