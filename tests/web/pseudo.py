"""Walks a screen that shows words which no language has: what is cut, and which words stand in no catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.async_api import Page

_LOOK = """
(known) => {
  const cut = [], foreign = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const plain = new RegExp("[A-Za-z]{2,}", "g");
  while (walker.nextNode()) {
    const node = walker.currentNode, box = node.parentElement, text = node.textContent.trim();
    if (!text || !box.checkVisibility() || box.closest("script, style, noscript")) continue;
    let rest = text.replace(/\\b[0-9a-f]{8,}\\b/g, " ");  // an id
    for (const word of known) rest = rest.replaceAll(word, " ");
    const words = rest.match(plain);
    if (words) foreign.push(`${words.join(" ")} (${text})`);
    if (box.closest(".hidden") || box.closest("option")) continue;
    const style = getComputedStyle(box);
    if (style.overflowX !== "visible" && box.scrollWidth > box.clientWidth + 1) cut.push(text);
    const range = document.createRange();
    range.selectNodeContents(node);
    const at = range.getBoundingClientRect();
    if (at.right > document.documentElement.clientWidth + 1 || at.left < -1) cut.push(text);
  }
  for (const one of document.querySelectorAll("[aria-label], [placeholder], [title]"))
    for (const name of ["aria-label", "placeholder", "title"]) {
      let rest = one.getAttribute(name) ?? "";
      for (const word of known) rest = rest.replaceAll(word, " ");
      if (rest.match(plain) && one.checkVisibility()) foreign.push(`${name}: ${rest}`);
    }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1) cut.push("the page itself");
  return { cut: [...new Set(cut)], foreign: [...new Set(foreign)] };
}
"""


async def look(page: Page, known: Iterable[str] = ()) -> None:
    """Fail where something is cut, or a word is no catalogue's.

    Args:
        known: What is data and no word of ours: names, texts, units. The longest first where one is in another.
    """
    found = await page.evaluate(_LOOK, sorted(known, key=len, reverse=True))
    assert found == {"cut": [], "foreign": []}, found
