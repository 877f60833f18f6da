"""A3 in the browser, by keys alone: a code call is made, filled, not begun twice, and cleared with a name.

What A3 says, and where it is held here; what a browser does not show is held by tests/stories/test_code_blue.py:

- F2, 1, Enter, Ctrl+Enter: one message, a delivery to each, phones ring: `test_a_code_call_by_keys_alone`.
- After 3 s who has not confirmed gets SMS and voice, nobody else; low chats beside, each stored: the same test.
- One of four accepts, the rest ring on: `1 of 4`, and the others' phones still have it to answer.
- In time nobody of a part: a technical alarm names it, the backup is paged: `test_a_part_that_does_not_come`; until
  then the row says *not yet*.
- All there: `4 of 4`. The same type and place again: *Add to the running call?*. All clear with Dora's name.
- A drill: DRILL in every text, marked in the log: `test_a_drill_is_never_taken_for_a_call`.
- Later accepts, and how much load it bears: not here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import cast
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.conformance.device_pair import make_device, until
from tests.web.ground import Ward
from tests.web.switchboard import Console, Switchboard, open_switchboard
from wardwire.client.device import Device
from wardwire.devices.frames import Event
from wardwire.flow.statement import Statement, submission_of, write_statement
from wardwire.flow.submit import Submit
from wardwire.model import ids
from wardwire.model.policy import Ends, Quorum, Step
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import SEND, Caller
from wardwire.testing.site import Site
from wardwire.testing.ward import Mail

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]

PARTS = (("Leader", 1), ("Airway", 1), ("Code nurses", 2))
WAIT = timedelta(minutes=10)
LATER = ("sms", "voice")
NUMBER = "+1 555 0100"
CHATS = 100


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def board(ward: Ward) -> AsyncIterator[Switchboard]:
    """The one port of the module's ward."""
    async with open_switchboard(ward) as board:
        yield board


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def team(ward: Ward) -> AsyncIterator[dict[str, Device]]:
    """A bed, a team by quorum that is called to it, and their phones."""
    site = ward.site
    above: UUID | None = None
    for kind, name in (("unit", "4 West"), ("room", "4W-R6"), ("bed", "4W-12")):
        place = uuid4()
        await site._change(
            "INSERT INTO places (id, kind, name, parent, version) VALUES ($2, $3, $4, $5, $1)",
            place, kind, name, above,
        )  # fmt: skip
        above = place
    async with AsyncExitStack() as stack:
        phones, groups = {}, {"Leader": ["Dr. Chen"], "Airway": ["Eva"], "Code nurses": ["Ben", "Mallory"]}
        for group, names in groups.items():
            members = [await site.add_person(name) for name in names]
            await site.add_group(group, members)
            for name, person in zip(names, members, strict=True):
                phones[name] = make_device(await site.enrol(person, f"{name}'s phone"))
                await stack.enter_async_context(phones[name])
        # Frank's phone is on, and never says that it has rung.
        frank = await site.add_person("Frank")
        await stack.enter_async_context(make_device(await site.enrol(frank, "Frank's phone"), receipts=False))
        for kind in LATER:
            await site._change(
                "INSERT INTO endpoints (id, person_id, kind, address, version) VALUES ($2, $3, $4, $5, $1)",
                uuid4(), frank, kind, NUMBER,
            )  # fmt: skip
            site.channels[kind] = Mail(kind)
        await site.add_group("Porters", [frank])
        parts = tuple(Quorum(f"group:{name}", n, within=WAIT) for name, n in PARTS)
        step = Step((*(part.role for part in parts), "group:Porters"), WAIT, ends=Ends.QUORUM, quorum=parts)
        await site.add_policy("Code blue: cardiac arrest, adult", step)
        soon = Quorum("group:Airway", 1, "group:Leader", timedelta(seconds=2))
        await site.add_policy("Trauma", Step((soon.role,), WAIT, ends=Ends.QUORUM, quorum=(soon,)))
        await site.add_policy("Nurse call", Step(("group:Code nurses",), WAIT))
        yield phones


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dora(board: Switchboard, team: dict[str, Device]) -> Console:
    """Dora at her console."""
    return await board.operator("Dora", "dora")


class Chats:
    """Somebody who talks to somebody else, beside it all."""

    def __init__(self, site: Site, talker: UUID, listener: UUID) -> None:
        self.site = site
        self.talker, self.listener = talker, listener
        self.stored = 0

    def say(self, count: int) -> None:
        """Put so much into the lanes at once; nobody waits for it."""
        site = self.site
        caller = Caller(source="talker", scopes=frozenset({SEND}), person_id=self.talker)
        to = (ids.write_id(ids.PERSON, self.listener),)
        for _ in range(count):
            statement = Statement(id=uuid4().hex, to=to, kind=Kind.CHAT, priority=Priority.LOW, text="Lunch?")
            submission = submission_of(statement, source=caller.source, content=write_statement(statement))
            site.lanes.put(Submit(submission, caller, site.rules, self._done))

    def _done(self, result: object, _replayed: bool) -> None:
        assert isinstance(result, str), result
        self.stored += 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chats(ward: Ward) -> AsyncIterator[Chats]:
    """Two who talk; what is said arrives."""
    talker, listener = [await ward.site.add_person(name) for name in ("Talker", "Listener")]
    async with make_device(await ward.site.enrol(listener)):
        yield Chats(ward.site, talker, listener)


async def calls(board: Switchboard) -> int:
    """How many messages of priority code there are."""
    rows = await board.ward.site.fetch("SELECT count(*) AS n FROM messages WHERE priority = 'code'")
    return int(rows[0]["n"])


async def test_a_code_call_by_keys_alone(
    board: Switchboard, team: dict[str, Device], dora: Console, chats: Chats
) -> None:
    """H227: F2, 1, Enter, Ctrl+Enter; a bouncing Enter sends nothing; the quorum fills; none is begun twice."""
    page = dora.page
    await dora.keys("F2")
    dialog = page.get_by_role("dialog", name="Code call")
    await expect(dialog).to_be_visible()
    await expect(dialog.get_by_role("button", name="1 Code blue: cardiac arrest, adult")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Nurse call")).to_have_count(0)
    await dora.keys("1")
    await page.keyboard.type("4w 12")
    await dora.keys("Enter")
    await expect(dialog.locator(".sentence")).to_have_text("Code blue: cardiac arrest, adult. 4W-12.")
    await expect(dialog).to_contain_text("5 people, 5 reachable")
    await dora.picture("code-confirm")
    await dora.keys("Enter", "Enter")
    assert await calls(board) == 0
    chats.say(CHATS)
    await dora.keys("Control+Enter")
    chats.say(CHATS)
    running = page.locator(".running .call")
    await expect(running).to_contain_text("0 of 4")
    await expect(running).to_contain_text(re.compile(r"Leader 0/1 not yet, \d+:\d\d left"))
    await expect(running).not_to_contain_text("missing")
    events = {name: await phone.next_event(60) for name, phone in team.items()}
    assert all(event.message and event.message.kind == "alert" for event in events.values())
    called = await board.ward.site.fetch(
        "SELECT count(DISTINCT message_id) AS messages, count(*) AS n FROM deliveries WHERE kind = 'alert'"
    )
    assert [(row["messages"], row["n"]) for row in called] == [(1, 5)]
    assert {event.message.text for event in events.values() if event.message} == {
        "Code blue: cardiac arrest, adult. 4W-12."
    }
    # Frank has not confirmed: after three seconds SMS and voice, for him alone.
    ways = [cast(Mail, board.ward.site.channels[kind]) for kind in LATER]
    await until(lambda: all(way.sent for way in ways))
    assert [[address for address, _ in way.sent] for way in ways] == [[NUMBER], [NUMBER]]
    tried = await board.ward.site.fetch(
        "SELECT intended_at - stored_at AS after FROM attempts JOIN messages ON id = message_id"
    )
    assert [row["after"] >= timedelta(seconds=3) for row in tried] == [True, True]
    await until(lambda: chats.stored == 2 * CHATS)
    await team["Ben"].respond(events["Ben"].id, "accept", timeout_s=60)
    await expect(running).to_contain_text("1 of 4")
    await dora.picture("code-running")
    grace = await board.operator("Grace", "grace")
    theirs = grace.page.locator(".running .call")
    await expect(theirs).to_contain_text("1 of 4")  # whoever sits at another desk sees it too
    await grace.picture("code-of-another")

    await dora.keys("F2", "1")
    await page.keyboard.type("4W-12")
    await dora.keys("Enter")
    await expect(dialog.locator(".sentence")).to_contain_text("4W-12")
    await dora.keys("Control+Enter")
    await expect(dialog).to_contain_text("Add to the running call?")
    await dora.picture("code-twice")
    await dora.keys("Control+Enter")
    await expect(dialog).to_have_count(0)
    rows = await board.ward.site.fetch("SELECT DISTINCT thread_id FROM messages WHERE priority = 'code'")
    assert len(rows) == 1  # joined, not begun

    for name in ("Dr. Chen", "Eva", "Mallory"):
        await team[name].respond(events[name].id, "accept", timeout_s=60)
    await expect(running.first).to_contain_text("4 of 4")
    await dora.keys("F7")
    clear = page.get_by_role("dialog", name="All clear")
    await expect(clear).to_contain_text("with your name: Dora")
    await dora.picture("code-clear")
    await dora.keys("Control+Enter")
    await expect(page.locator(".board .over", has_text="all clear")).to_be_visible()
    await expect(theirs).to_have_count(0)
    assert grace.errors == []
    ended = await board.ward.site.fetch("SELECT closed_why FROM escalations")
    assert [row["closed_why"] for row in ended] == ["all_clear"]
    assert dora.errors == []


async def test_a_part_that_does_not_come(board: Switchboard, team: dict[str, Device], dora: Console) -> None:
    """H262: when its time is over it is missing: the desk has an alarm that must be taken, the backup is called."""
    page = dora.page
    await dora.keys("F2", "2")
    await page.keyboard.type("4w 12")
    await dora.keys("Enter")
    await expect(page.get_by_role("dialog", name="Code call").locator(".sentence")).to_have_text("Trauma. 4W-12.")
    await dora.keys("Control+Enter")
    running = page.locator(".running .call", has_text="Trauma")
    await expect(running).to_contain_text("Airway 0/1 missing")
    alarm = page.locator(".alarms li", has_text="Airway missing")
    await expect(alarm).to_contain_text("Nobody has it")
    await dora.picture("code-missing")
    await dora.keys("Alt+a", "Enter")  # whatever else is wrong, this stands first
    await expect(alarm).to_contain_text("Dora has it since")
    while (event := await team["Dr. Chen"].next_event(60)).event != "new" or "Trauma" not in text_of(event):
        pass
    await dora.keys("F9")
    await expect(page.locator("#log-list > li", has_text="Trauma")).to_contain_text("CODE")
    await dora.keys("F7", "Control+Enter")
    await expect(running).to_have_count(0)
    assert dora.errors == []


def text_of(event: Event) -> str:
    """What a message says."""
    return event.message.text if event.message else ""


async def test_a_drill_is_never_taken_for_a_call(board: Switchboard, team: dict[str, Device], dora: Console) -> None:
    """H58: another frame, the word in every text; also with the place that a telephone system has told."""
    page = dora.page
    await page.evaluate("location.hash = '#caller=4412&place=4W-12'")
    await dora.keys("F2", "1", "Enter")
    dialog = page.get_by_role("dialog", name="Code call")
    await expect(dialog).to_contain_text("from caller 4412")
    await expect(dialog.locator(".sentence")).to_contain_text("4W-12")
    await dora.keys("d")
    await expect(dialog.locator(".sentence")).to_contain_text("DRILL")
    await dora.picture("code-drill")
    await dora.keys("Control+Enter")
    await expect(page.locator(".running .call.drill")).to_contain_text("DRILL")

    async def drilled(phone: Device) -> bool:
        while True:
            event = await phone.next_event(60)
            if event.event == "new" and event.message is not None and event.message.text.startswith("DRILL"):
                return event.message.callback == "4412"

    assert await drilled(team["Ben"])
    await dora.keys("F9")
    await expect(page.locator("#log-list > li").first).to_contain_text("DRILL")
    assert dora.errors == []
