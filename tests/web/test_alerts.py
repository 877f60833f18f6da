"""Alerts in the app: a team's call, ringing again, passing on, and everything that a message can be sent with."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.conformance.device_pair import make_device
from tests.web.ground import PATIENCE_MS, Phone, Ward
from tests.web.test_app import until
from wardwire.client.device import Device
from wardwire.devices.frames import Event
from wardwire.model.policy import Ends, Quorum, Step
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import CODE

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


async def hear(device: Device, event: str, message: str) -> Event:
    """Wait until a device is told something of a message; what comes before is passed over."""
    while True:
        heard = await device.next_event(PATIENCE_MS / 1_000)
        if (heard.event, heard.id) == (event, message):
            return heard


async def choose(phone: Phone, label: str, name: str) -> None:
    """Find somebody or something by the field of this label."""
    await phone.page.get_by_label(label, exact=True).fill(name)
    await phone.page.locator(".found").get_by_role("button", name=name).first.click()


async def test_a_team_is_seen_to_come(ward: Ward) -> None:
    """Who is there and which part is missing, live, in the row and in the message; whoever has it may end it."""
    leader = await ward.enrolled("Dr. Okafor")
    airway = await ward.site.add_person("Ivan Airway")
    await ward.site.add_unit("5 East")
    quorum = (Quorum("person:Dr. Okafor", within=MINUTE), Quorum("person:Ivan Airway", within=SECOND))
    step = Step(("person:Dr. Okafor", "person:Ivan Airway"), MINUTE, ends=Ends.QUORUM, quorum=quorum)
    await ward.site.add_policy("Code blue east", step)
    device = make_device(await ward.site.enrol(airway))
    await ward.stack.enter_async_context(device)
    called = await ward.anna.page(
        (), "Arrest, room 7", timeout_s=30, priority=Priority.CODE, policy="Code blue east", place="unit:5 East"
    )
    row = leader.row("Arrest, room 7")
    await expect(row).to_contain_text("0 of 2 there")
    await expect(row).to_contain_text("missing: Dr. Okafor, Ivan Airway")
    await leader.picture("team-row")
    await row.get_by_role("button", name="Accept").click()
    await expect(row).to_contain_text("1 of 2 there")
    await row.get_by_role("button", name="Arrest, room 7").click()
    team = leader.page.locator("ul.team li")
    await expect(team.filter(has_text="Dr. Okafor")).to_have_class("there")
    await expect(team.filter(has_text="Ivan Airway")).to_have_class("lacking")
    await expect(leader.page.get_by_role("alert")).to_contain_text("1 part is missing. The desk was told")
    await leader.picture("team")
    await expect(leader.button("All clear")).to_have_count(0)
    await hear(device, "new", called.message)
    await device.respond(called.message, "accept", timeout_s=30)
    await expect(leader.page.get_by_text("Everybody is there")).to_be_visible()
    await leader.button("All clear").click()
    await expect(leader.page.get_by_text("All clear, Dr. Okafor")).to_be_visible()
    assert (await hear(ward.anna, "all_clear", called.message)).deliveries[0].by == "Dr. Okafor"
    assert leader.errors == []


async def test_a_sender_sees_each_step_and_rings_again(ward: Ward) -> None:
    """Delivered and read, with the device; who has not answered is rung once more, and then not for a minute."""
    mallory = await ward.enrolled("Mallory")
    await mallory.open("New")
    await choose(mallory, "To", "Anna")
    await mallory.page.get_by_label("Text", exact=True).fill("Where are the keys?")
    await mallory.button("Send to Anna").click()
    row = mallory.row("Where are the keys?")
    await expect(row).to_contain_text("delivered")
    await row.get_by_role("button", name="Where are the keys?").click()
    steps = mallory.page.locator(".timeline li")
    await expect(steps.filter(has_text="Anna: delivered")).to_contain_text("device")
    await expect(mallory.page.get_by_text("No answer yet: Anna")).to_be_visible()
    written = await mallory.page.evaluate("decodeURIComponent(location.hash.split('/')[2])")
    ward.anna.receipt(written, "read")
    await expect(steps.filter(has_text="Anna: read")).to_have_count(1)
    await mallory.button("Ring again").click()
    assert (await hear(ward.anna, "ring", written)).rings
    await expect(mallory.page.get_by_role("button", name="Rung again. Once more in")).to_be_disabled()
    await mallory.picture("sender")
    await ward.anna.respond(written, "accept", timeout_s=30)
    await expect(steps.filter(has_text="Anna: accepted")).to_have_count(1)
    await expect(steps.filter(has_text="Anna: delivered")).to_have_count(2)
    assert mallory.errors == []


async def test_what_is_passed_on_stays_until_somebody_has_it(ward: Ward) -> None:
    """Dr. Chen passes Anna's page on to Ben; he sees Ben accept, and only then ends it at his side."""
    chen, ben = await ward.enrolled("Dr. Chen"), await ward.enrolled("Ben")
    await ward.page_to(chen, "Bed 3 is short of breath")
    await chen.row("Bed 3").get_by_role("button", name="Bed 3").click()
    await chen.button("Pass on").click()
    await choose(chen, "Whom", "Ben")
    await chen.picture("pass-on")
    await chen.button("Call Ben").click()
    got = ben.row("Bed 3 is short of breath")
    await expect(got).to_contain_text("From Dr. Chen")
    await expect(chen.button("Accept")).to_be_visible()
    await got.get_by_role("button", name="Accept").click()
    await expect(chen.page.get_by_role("button", name="Ben: accepted")).to_be_visible()
    await chen.picture("passed-on")
    await until(ward, ben.person, ["accepted"])


async def test_everything_that_a_message_can_have(ward: Ward) -> None:
    """Parts of an SBAR, own answers, a number, a place, a policy; a code is read back, and runs once at a place."""
    await ward.site.add_unit("6 North")
    await ward.site.add_policy("Rapid response", Step(("person:Anna",), MINUTE))
    dora = await ward.enrolled("Dora", scopes=[CODE])
    await dora.open("New")
    await choose(dora, "To", "Anna")
    await dora.button("SBAR in parts").click()
    await dora.page.get_by_label("Situation").fill("Short of breath")
    await dora.page.get_by_label("Recommendation").fill("Come and see")
    await dora.page.get_by_label("Responses").select_option("own")
    await dora.page.get_by_label("Answers, with commas between").fill("Coming, Ask 4417")
    await dora.page.get_by_text("Call back number, place, patient and more").click()
    await dora.page.get_by_label("Call back number", exact=True).fill("4417")
    await choose(dora, "Place", "6 North")
    await dora.page.get_by_label("Policy", exact=True).fill("Rapid response")
    await dora.page.get_by_label("high", exact=False).first.check()
    await dora.picture("compose-whole")
    await dora.button("Send to Anna").click()
    row = dora.row("Situation: Short of breath")
    await expect(row).to_contain_text("Recommendation: Come and see")
    while True:
        heard = await ward.anna.next_event(PATIENCE_MS / 1_000)
        if heard.event == "new" and heard.message and heard.message.text.startswith("Situation"):
            break
    assert heard.message.text == "Situation: Short of breath\nRecommendation: Come and see"
    assert (heard.message.responses.choices, heard.message.callback) == (("Coming", "Ask 4417"), "4417")
    assert [line.how for line in heard.message.promise][-1] == "desk"

    for nth in range(2):
        await dora.open("New")
        await choose(dora, "To", "Anna")
        await dora.page.get_by_label("Text", exact=True).fill(f"Arrest {nth}")
        await dora.page.get_by_text("Call back number, place, patient and more").click()
        await choose(dora, "Place", "6 North")
        await dora.page.get_by_label("Policy", exact=True).fill("Rapid response")
        await dora.page.get_by_label("CODE", exact=True).check()
        await dora.button("Send to Anna").click()
        await expect(dora.page.get_by_role("alert")).to_contain_text("You call CODE to Anna, at: 6 North.")
        await dora.picture("code-read-back")
        await dora.button("Call CODE to Anna").click()
    refused = dora.page.get_by_role("alert").filter(has_text="this call runs there already")
    await expect(refused).to_be_visible()
    await dora.picture("code-running")
    await refused.get_by_role("button", name="Add to the running call").click()
    await expect(refused).to_have_count(0)
    await expect(dora.row("Arrest 1")).to_contain_text("To Anna")
    assert dora.errors == []


async def test_whoever_is_called_sees_who_is_next(ward: Ward) -> None:
    """Counted down in the row; the person who may not call a code is not offered it."""
    eva = await ward.enrolled("Eva")
    await ward.site.add_policy("Consult eva", Step(("person:Eva",), MINUTE), Step(("person:Anna",), MINUTE))
    await ward.anna.page((), "A consult", timeout_s=30, priority=Priority.HIGH, policy="Consult eva")
    await expect(eva.row("A consult")).to_contain_text("Without your answer Anna is called in 0:")
    await eva.picture("next")
    await eva.open("New")
    await expect(eva.page.get_by_label("HIGH", exact=True)).to_be_visible()
    await expect(eva.page.get_by_label("CODE", exact=True)).to_have_count(0)


async def test_a_conversation_stands_with_its_message(ward: Ward) -> None:
    """What is written about a message is no answer to it; what comes back stands below it, in its order."""
    heidi = await ward.enrolled("Heidi")
    first = await ward.page_to(heidi, "Can you take bed 4?")
    await heidi.row("Can you take bed 4?").get_by_role("button", name="Can you take").click()
    await heidi.page.get_by_label("Write about this").fill("Which one is it?")
    await heidi.button("Send").click()
    said = heidi.page.locator("ol.talk li")
    await expect(said).to_have_text([re.compile("You.*Which one is it?")])
    while True:
        heard = await ward.anna.next_event(PATIENCE_MS / 1_000)
        if heard.event == "new" and heard.message and heard.message.reply_to == first:
            break
    assert (heard.message.kind, heard.message.text) == ("chat", "Which one is it?")
    await ward.anna.page(heidi.to, "The one at the window", kind=Kind.CHAT, reply_to=heard.id, timeout_s=30)
    await expect(said).to_have_text([re.compile("You.*Which one"), re.compile("Anna.*The one at the window")])
    await expect(heidi.button("Accept")).to_be_visible()
    await heidi.picture("conversation")


async def test_a_code_is_called_by_its_type_and_as_a_drill(ward: Ward) -> None:
    """H285: type, place, drill, read back; the button that calls lies free; who may not is not offered it."""
    dora = await ward.enrolled("Dora", scopes=[CODE])
    await ward.site.add_unit("7 South")
    quorum = (Quorum("person:Anna", within=MINUTE),)
    await ward.site.add_policy("Code white", Step(("person:Anna",), MINUTE, ends=Ends.QUORUM, quorum=quorum))
    await ward.site.add_policy("A mere consult", Step(("person:Anna",), MINUTE))
    await dora.open("New")
    await dora.page.get_by_role("link", name="Code call").click()
    await dora.page.get_by_label("Code white").check()
    await expect(dora.page.get_by_label("A mere consult")).to_have_count(0)
    await choose(dora, "Where", "7 South")
    await dora.page.get_by_label("This is a drill").check()
    await dora.picture("call-drill")
    await dora.button("Check: Code white, 7 South").click()
    await expect(dora.page.get_by_role("alert")).to_contain_text('You call a DRILL: "Code white. 7 South."')
    await dora.picture("call-drill-sure")
    await dora.page.get_by_label("This is a drill").uncheck()
    await dora.button("Check: Code white, 7 South").click()
    await expect(dora.page.get_by_role("alert")).to_contain_text("The whole team is called at once")
    button = dora.button("Call Code white now")
    await dora.picture("call-sure")
    box, bar = await button.bounding_box(), await dora.page.get_by_role("navigation").bounding_box()
    assert box is not None
    assert bar is not None
    assert box["y"] + box["height"] <= bar["y"]
    await dora.page.get_by_label("This is a drill").check()
    await dora.button("Check: Code white, 7 South").click()
    await dora.button("Call the drill now").click()
    await expect(dora.row("Code white · 7 South")).to_be_visible()
    while True:
        heard = await ward.anna.next_event(PATIENCE_MS / 1_000)
        if heard.event == "new" and heard.message and "Code white. 7 South." in heard.message.text:
            break
    assert (heard.message.priority, heard.message.subject.startswith("DRILL")) == ("code", True)
    assert dora.errors == []
    heidi = await ward.enrolled("Heidi")
    await heidi.open("New")
    await expect(heidi.page.get_by_role("link", name="Code call")).to_have_count(0)
    await heidi.page.goto(f"{ward.front.url}/#/message/msg_{'0' * 32}")
    await expect(heidi.page.get_by_text("Getting this message from the site.")).to_be_visible()
    await expect(heidi.page.get_by_text("This message is not on this device any more.")).to_be_visible()
