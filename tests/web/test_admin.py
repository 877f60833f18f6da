"""Administration in a browser, as a site gives it: one site for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.web.office import Office, look, open_office, picture
from wardwire.ops.ports import free_port

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_webapp]

SAMPLE = """MSH|^~\\&|LAB|HOSP|WARDWIRE|HOSP|20261201184000||ORU^R01^ORU_R01|L1|P|2.5
PID|||4711^^^HOSP^MR
PV1||I
OBR|1||L1|POT^Potassium
OBX|1|NM|2823-3^Potassium^LN||6.9|mmol/l|3.5-5.1|HH|||F
"""


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """A site with its front, a listener for HL7, and a browser."""
    with open_office(f"hl7.listen=127.0.0.1:{free_port()}") as office:
        yield office


@pytest.fixture(scope="module")
def dora(office: Office) -> Page:
    """The page of Dora, who is signed in."""
    page = office.page(office.context())
    office.sign_in(page, "dora", "/admin#/overview")
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    return page


@pytest.fixture(scope="module")
def answered(office: Office) -> str:
    """A message from Anna's device to Ben's, who has answered it."""
    anna, ben = office.enrol("Anna"), office.enrol("Ben")
    words = ("Ben", "--text", "Potassium 6.9, bed 12.", "--choice", "Coming", "--priority", "high")
    sent: str = office.run("device", "send", *words, "--card", anna, here=False)["message"]
    office.run("device", "answer", sent, "Coming", "--card", ben, here=False)
    return sent


def test_a_wrong_password_lets_nobody_in_and_the_right_one_leads_back(office: Office) -> None:
    """Who opens a section without a session signs in first, hears of a wrong password, and comes to that section."""
    page = office.page(office.context())
    office.sign_in(page, "dora", "/admin#/overview", password="not the words of a nurse")
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    office.sign_in(page, "dora", "/admin#/overview")
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    expect(page.get_by_text("Dora", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto(f"{office.url}/admin")
    expect(page.get_by_label("Password")).to_be_visible()
    page.context.close()


def test_a_message_is_retold_from_sender_to_thumb(office: Office, dora: Page, answered: str) -> None:
    """Found in the list, on one page: to whom it was promised, who answered when, step by step; no content."""
    dora.get_by_role("navigation").get_by_text("Messages", exact=True).click()
    row = dora.get_by_role("row").filter(has_text="Anna")
    expect(row).to_contain_text("1 of 1 reached, 1 answered")
    wrong = look(dora, "admin-messages")
    row.get_by_role("link").click()
    expect(dora.get_by_role("heading", name="The way of a message")).to_be_visible()
    steps = dora.locator("section").filter(has_text="Step by step")
    expect(steps).to_contain_text("stored for good")
    expect(steps).to_contain_text("answered by Ben")
    assert "Potassium" not in dora.content()
    assert wrong + look(dora, "admin-trace") == []
    dora.goto(f"{office.url}/admin#/messages/msg_{'0' * 32}")
    expect(dora.get_by_role("alert")).to_contain_text("It is not there")


def test_the_frame_can_be_read_and_used(office: Office, dora: Page, answered: str) -> None:
    """Overview and reports in both themes and three widths; by keys, in German, and under the policy of the site."""
    dora.goto(f"{office.url}/admin#/overview")
    expect(dora.get_by_text("are taken", exact=True)).to_be_visible()
    expect(dora.get_by_role("img", name="PostgreSQL: ")).to_be_visible()
    dora.get_by_text("As a table").first.click()
    wrong = look(dora, "admin-overview")
    # What comes up is there without a hand, and nothing moves for whoever has frozen it.
    office.change_database(
        "INSERT INTO wardwire.alarms (id, kind, subject, detail, raised_at)"
        " VALUES (gen_random_uuid(), 'sample', 'LAB', 'LAB is silent.', now())"
    )
    expect(dora.get_by_text("LAB is silent.")).to_be_visible()
    dora.get_by_role("button", name="Freeze").first.click()
    expect(dora.get_by_role("button", name="Freeze").first).to_have_attribute("aria-pressed", "true")
    office.change_database("UPDATE wardwire.alarms SET cleared_at = now() WHERE subject = 'LAB'")
    dora.get_by_role("button", name="Refresh").first.click()
    expect(dora.get_by_text("LAB is silent.")).to_have_count(0)
    dora.goto(f"{office.url}/admin#/reports")
    expect(dora.get_by_role("row").filter(has_text="HIGH")).to_be_visible()
    assert wrong + look(dora, "admin-reports") == []
    with dora.expect_download() as saved:
        dora.get_by_role("button", name="Download CSV", exact=True).click()
    lines = saved.value.path().read_text().splitlines()
    assert lines[0].startswith("key,name,people,reached,asked,answered,")
    assert lines[1].startswith("high,HIGH,1,1,1,1,")
    dora.keyboard.press("Control+k")
    dora.get_by_label("A section, or the id of a message").fill("over")
    dora.keyboard.press("Enter")
    expect(dora.get_by_role("dialog")).to_have_count(0)
    dora.get_by_label("Language").select_option("Deutsch")
    expect(dora.get_by_role("heading", name="Überblick")).to_be_visible()
    dora.get_by_label("Sprache").select_option("English")
    assert office.complaints == []


def test_the_record_is_verified_and_a_change_is_found(office: Office, dora: Page, answered: str) -> None:
    """By a button; who signed in stands in the one log, who was entered in the other."""
    dora.goto(f"{office.url}/admin#/audit")
    expect(dora.get_by_role("row").filter(has_text="Signed in").first).to_be_visible()
    dora.get_by_label("Log", exact=True).select_option("admin")
    dora.get_by_role("button", name="Show", exact=True).click()
    expect(dora.get_by_role("row").filter(has_text="Directory changed").first).to_be_visible()
    dora.get_by_role("button", name="Verify", exact=True).click()
    expect(dora.get_by_text("All is as it was written")).to_be_visible()
    assert look(dora, "admin-audit") == []
    office.change_database("UPDATE wardwire.facts SET body = '{}' WHERE kind = 'Answered'")
    dora.get_by_role("button", name="Verify", exact=True).click()
    expect(dora.get_by_text("NOT as it was written")).to_be_visible()
    picture(dora, "admin-audit-bad")


def test_a_mapping_is_tried_on_a_sample_and_not_lost(office: Office, dora: Page, answered: str) -> None:
    """A table that cannot be read is named; a good one says who would be called; leaving it unsaved asks first."""
    dora.goto(f"{office.url}/admin#/system")
    expect(dora.get_by_role("row").filter(has_text="NATS")).to_contain_text("connected")
    wrong = look(dora, "admin-system")
    dora.goto(f"{office.url}/admin#/integrations")
    expect(dora.get_by_role("row").filter(has_text="hl7")).to_contain_text("open")
    wrong += look(dora, "admin-integrations")
    dora.get_by_role("link", name="hl7").click()
    table, sample = dora.get_by_label("Rules (TOML)"), dora.get_by_label("Sample message (HL7 v2)")
    table.fill("[[rules")
    sample.fill(SAMPLE)
    dora.get_by_role("button", name="Try", exact=True).click()
    expect(dora.get_by_role("alert")).to_contain_text("cannot be used")
    table.fill('[otherwise]\nname = "anything else"\nto = ["Ben"]\n')
    dora.get_by_role("button", name="Try", exact=True).click()
    tried = dora.get_by_role("article")
    expect(tried).to_contain_text("anything else")
    expect(tried.get_by_role("listitem").first).to_contain_text("Ben")
    assert wrong + look(dora, "admin-mapping") == []
    dora.get_by_role("navigation").get_by_text("Audit", exact=True).click()
    dialog = dora.get_by_role("dialog", name="Not saved")
    dialog.get_by_role("button", name="Stay here").click()
    expect(table).to_have_value('[otherwise]\nname = "anything else"\nto = ["Ben"]\n')

    # H302: what was tried can be put to use, and taken back; what was not tried cannot.
    use = dora.get_by_role("button", name="Put to use", exact=True)
    table.fill('[otherwise]\nname = "somebody else"\nto = ["Anna"]\n')
    expect(use).to_be_disabled()
    dora.get_by_role("button", name="Try", exact=True).click()
    expect(tried).to_contain_text("somebody else")
    use.click()
    dora.get_by_role("dialog", name="Put to use").get_by_role("button", name="Put to use").click()
    expect(dora.get_by_text("The file decides nothing.")).to_be_visible()
    expect(sample).to_have_value(SAMPLE)  # for the next change
    dora.get_by_text("Earlier versions").click()
    assert look(dora, "admin-mapping-used") == []
    dora.get_by_role("button", name="Let the file decide again").click()
    dora.get_by_role("dialog").get_by_role("button", name="Let the file decide again").click()
    expect(dora.get_by_text("This listener has no table")).to_be_visible()  # the editor has begun anew
    dora.get_by_text("Earlier versions").click()
    expect(dora.get_by_text("by Dora: the file's again")).to_be_visible()
    table.fill("[[rules")
    dora.get_by_role("navigation").get_by_text("Audit", exact=True).click()
    dialog.get_by_role("button", name="Leave and lose it").click()
    expect(dora.get_by_role("heading", name="Audit", exact=True)).to_be_visible()


def test_a_session_that_ends_loses_nothing(office: Office, dora: Page) -> None:
    """The page says so, and goes on where it was when its person is signed in again in another tab."""
    office.set_password("dora")
    dora.get_by_role("button", name="Refresh").first.click()
    expect(dora.get_by_role("heading", name="Your session has ended")).to_be_visible()
    other = office.page(dora.context)
    office.sign_in(other, "dora", "/login")
    expect(other.get_by_role("button", name="Sign in", exact=True)).to_have_count(0)
    other.close()
    dora.get_by_role("button", name="I am signed in again").click()
    dora.get_by_role("button", name="Try again").first.click()
    expect(dora.get_by_role("alert")).to_have_count(0)


def test_a_server_that_was_killed_is_said_and_comes_back(office: Office, dora: Page) -> None:
    """While it is away the page says so beside what it has; afterwards it goes on."""
    dora.goto(f"{office.url}/admin#/overview")
    expect(dora.get_by_text("are taken", exact=True)).to_be_visible()  # it is asked for anew, not for the first time
    refresh = dora.get_by_role("button", name="Refresh").first
    office.site.stop()
    refresh.click()
    expect(dora.get_by_role("alert").first).to_contain_text("does not answer")
    office.site.start()
    office.site.until_ready(patience_s=180)
    dora.get_by_role("button", name="Try again").first.click()
    expect(dora.get_by_role("alert")).to_have_count(0)
    assert office.complaints == []
