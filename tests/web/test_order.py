"""The app puts events in the same order as the device in Python, whatever comes: late, twice, condensed, anew."""

from __future__ import annotations

import random
import shutil
from typing import Any

import msgspec
import pytest
from playwright.async_api import async_playwright

from wardwire.client.order import Order
from wardwire.devices.frames import Condensed, Cursor, Event

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_webapp]

SCRIPTS = 2_000


def make_script(dice: random.Random) -> dict[str, Any]:
    """Some frames of a radio that drops, doubles and reorders, and of a core that begins anew now and then."""
    epoch, first = 1, dice.randint(0, 5)
    cursor = dice.choice([None, {"epoch": epoch, "seq": first}])
    steps: list[dict[str, Any]] = []
    for _ in range(dice.randint(1, 25)):
        kind = dice.random()
        if kind < 0.75:
            seq = first + dice.randint(0, 9)
            steps.append({"take": {"t": "event", "epoch": epoch, "seq": seq, "event": "new", "id": f"msg_{seq}"}})
        elif kind < 0.95:
            begin = first + dice.randint(0, 4)
            last = begin + dice.randint(0, 6)
            seqs = sorted(dice.sample(range(begin, last + 1), dice.randint(0, last - begin + 1)))
            page: dict[str, Any] = {"t": "condensed", "epoch": epoch, "first": begin, "last": last, "seqs": seqs}
            if dice.random() < 0.5:
                page |= {"reset": True, "asked": dice.choice([None, cursor, {"epoch": 1, "seq": first + 1}])}
            steps.append({"condensed": page})
        elif dice.random() < 0.5:
            epoch += 1
        else:
            steps.append({"estranged": True})
    return {"cursor": cursor, "steps": steps}


def play(script: dict[str, Any]) -> list[dict[str, Any]]:
    """What the device in Python makes of a script."""
    order = Order(script["cursor"] and msgspec.convert(script["cursor"], Cursor))
    told = []
    for step in script["steps"]:
        applied: list[Event] = []
        if "take" in step:
            applied = order.take(msgspec.convert(step["take"], Event))
        elif "condensed" in step:
            applied = order.drain() if order.condensed(msgspec.convert(step["condensed"], Condensed)) else []
        else:
            order.estranged = True
        told.append(
            {
                "applied": [[event.epoch, event.seq] for event in applied],
                "cursor": order.cursor and {"epoch": order.cursor.epoch, "seq": order.cursor.seq},
                "behind": order.behind,
            }
        )
    return told


async def test_both_devices_put_events_in_the_same_order(built_pages: str) -> None:
    """Two thousand scripts, by a fixed seed: the same is applied, at the same step, and the same is missing."""
    dice = random.Random(20261128)
    scripts = [make_script(dice) for _ in range(SCRIPTS)]
    async with async_playwright() as started:
        chromium = shutil.which("chromium")
        browser = await started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"{built_pages}/order.html")
        await page.wait_for_function("window.ready", timeout=30_000)
        told = await page.evaluate("scripts => playAll(scripts)", scripts)
        await browser.close()
    assert any(step["applied"] for script in told for step in script)
    for script, ours in zip(scripts, told, strict=True):
        assert ours == play(script), script
