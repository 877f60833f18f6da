"""What each screen is held against: axe's rules for WCAG 2.2 AA, and that nothing is wider than the screen.

`make test` asks axe in one width of each theme, the narrowest or the widest; `make test-web-full` in all of them.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import Page

FULL = os.environ.get("WEB_FULL", "") == "1"
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
LOADED = "typeof axe === 'object'"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The board sets its theme once a second, by the hour: it is set again right before axe looks.
ASK = """
([theme, rules]) => {
  if (theme) document.documentElement.dataset.theme = theme;
  return axe.run({ runOnly: { type: 'tag', values: rules } });
}
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def looked_at(theme: str, widths: Sequence[int]) -> Sequence[int]:
    """The widths in which axe is asked in this theme; `widths` from the narrowest to the widest."""
    if FULL:
        return widths
    return {"light": widths[:1], "dark": widths[-1:]}.get(theme, ())


def violations(found: dict[str, Any], where: str) -> list[str]:
    """What axe objects to, each with where it is."""
    return [f"{where}: {one['id']} {[node['target'] for node in one['nodes']]}" for one in found["violations"]]


async def look(
    page: Page,
    name: str,
    theme: str,
    widths: Sequence[int],
    picture: Callable[[str], Awaitable[None]],
    *,
    height: int = 1080,
    forced: bool = False,
) -> list[str]:
    """What is wrong with what is on the screen; keeps a picture where axe looks. `forced` sets the page's theme."""
    wrong = []
    if not await page.evaluate(LOADED):
        await page.evaluate(AXE.read_text())
    for width in widths:
        await page.set_viewport_size({"width": width, "height": height})
        wide = await page.evaluate(TOO_WIDE)
        if wide > 0:
            wrong.append(f"{name} at {width}: {wide} px too wide")
        if width in looked_at(theme, widths):
            await picture(f"{name}-{width}")
            found = await page.evaluate(ASK, [theme if forced else "", RULES])
            wrong += violations(found, f"{name} {theme} at {width}")
    return wrong
