"""The app beyond Chromium: enrol, receive, answer, away and back, in Firefox and in WebKitGTK as Debian has them."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from tests.web.ground import ACCEPT, Ward
from tests.web.strangers import Stranger, open_firefox, open_webkit
from wardwire.model import ids

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_webapp]

# Words for scripts in the page: wait until something is there; a button by its words; the row of a message.
WORDS = """
const until = async (look) => {
  for (const end = Date.now() + 60_000; ; await new Promise((done) => setTimeout(done, 50))) {
    const found = look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not there: ${look} in: ${document.body.innerText}`);
  }
};
const named = (words, within = document) =>
  [...within.querySelectorAll("button")].find((one) => one.textContent.trim() === words);
const row = (text) => [...document.querySelectorAll("li.item")].find((one) => one.textContent.includes(text));
const says = (text, words) => row(text)?.textContent.includes(words);
const live = () => document.querySelector(".link.live");
"""


async def do(browser: Stranger, script: str) -> Any:
    """Run a script that knows those words."""
    return await browser.run(WORDS + script)


@pytest.mark.parametrize(
    "opening",
    [
        pytest.param(open_firefox, id="firefox", marks=pytest.mark.needs_firefox),
        pytest.param(open_webkit, id="webkit", marks=pytest.mark.needs_webkit),
    ],
)
async def test_the_app_in_another_browser(ward: Ward, opening: Any, request: pytest.FixtureRequest) -> None:
    """A page is answered; what is answered while the site is away waits, and arrives once when it is back."""
    person = await ward.site.add_person(f"Dr. Chen {request.node.callspec.id}")
    to = ids.write_id(ids.PERSON, person)
    started: AbstractAsyncContextManager[Stranger] = opening()
    async with started as browser:
        await browser.go(f"{ward.front.url}/#enrol={await ward.code(person)}")
        await do(browser, '(await until(() => named("Add device"))).click();')
        await do(browser, '(await until(() => named("Open the inbox"))).click(); await until(live);')

        await ward.anna.page(to, "Potassium 6.9", timeout_s=60, responses=ACCEPT)
        await do(browser, 'named("Accept", await until(() => row("Potassium 6.9"))).click();')
        await do(browser, 'await until(() => says("Potassium 6.9", "You accepted"));')

        second = await ward.anna.page(to, "Bed 12, please.", timeout_s=60, responses=ACCEPT)
        await do(browser, 'await until(() => row("Bed 12, please."));')
        ward.front.cut()
        try:
            await do(browser, "await until(() => !live());")
            await do(browser, 'named("Accept", row("Bed 12, please.")).click();')
            await do(browser, 'await until(() => says("Bed 12, please.", "Accept: waiting to be sent"));')
        finally:
            ward.front.restore()
        await do(browser, 'await until(live); await until(() => says("Bed 12, please.", "You accepted"));')
        answered = await ward.site.fetch(
            "SELECT count(*) AS n FROM responses WHERE message_id = $1", ids.read_id(ids.MESSAGE, second.message)
        )
        assert answered[0]["n"] == 1
