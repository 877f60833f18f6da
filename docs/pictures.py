"""Renew the pictures of docs/ from the screenshots that the tests of browsers have kept: `make pictures`.

Each is made small enough to be tracked: JPEG, at most 1280 pixels wide.
"""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
SCREENS = ROOT / ".data" / "screens"
PICTURES = ROOT / "docs" / "pictures"
QUALITY = 60
WIDEST = 1280

# Which screenshot is which picture.
CHOSEN = {
    "demo-phone": "app-inbox",
    "team": "app-team",
    "locked": "app-locked",
    "console-accepted": "console",
    "console-code-running": "console-code",
    "console-away": "console-away",
    "board-code-1920-dark": "board",
    "admin-oncall-role-dark-1280": "admin-on-call",
    "admin-trace-dark-1280": "admin-trace",
}


def compress(page: Page, screenshot: Path, picture: Path) -> None:
    """Write a screenshot as a small picture."""
    data = base64.b64encode(screenshot.read_bytes()).decode()
    page.set_content(f'<style>body {{ margin: 0 }}</style><img src="data:image/png;base64,{data}">')
    image = page.locator("img")
    image.evaluate(f"(one) => one.decode().then(() => {{ one.width = Math.min(one.naturalWidth, {WIDEST}); }})")
    image.screenshot(path=picture, type="jpeg", quality=QUALITY)


def main() -> None:
    """Renew all of them; stops at the first screenshot that is not there."""
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDEST, "height": 900})
        for screenshot, picture in CHOSEN.items():
            compress(page, SCREENS / f"{screenshot}.png", PICTURES / f"{picture}.jpg")
        browser.close()


if __name__ == "__main__":
    main()
