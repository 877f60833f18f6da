"""Files for browsers: found by their exact path, kept by the browser as long as they may be."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from wardwire.console.app import make_pages
from wardwire.console.files import read_files
from wardwire.console.replies import safe_path
from wardwire.console.shipped import STYLE, TEMPLATES
from wardwire.console.words import ENGLISH, GERMAN

SCRIPT = b"export const ward = 3;\n" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a bundler writes, and what must not be served beside it."""
    web = tmp_path / "webapp"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>Phone</title>")
    (web / "assets" / "index-B3dfA9x1.js").write_bytes(SCRIPT)
    (web / "sw.js").write_text("self")
    (web / "tone.unknown").write_bytes(b"\x00")
    (web / ".hidden").write_text("x")
    (web / "index-B3dfA9x1.js.map").write_text("x")
    (tmp_path / "secret.txt").write_text("x")
    (web / "link.txt").symlink_to(tmp_path / "secret.txt")
    return web


@pytest.fixture
async def browser(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a site with this folder and nothing else."""
    transport = httpx.ASGITransport(app=make_pages(read_files(folder), {}))
    async with httpx.AsyncClient(transport=transport, base_url="https://ward.example") as client:
        yield client


async def test_every_answer_lets_nothing_in_but_our_own(browser: httpx.AsyncClient) -> None:
    """No inline script, no other origin, no frame; the live connection goes to our own host."""
    for path in ("/", "/sw.js", "/nothing", "/console"):
        headers = (await browser.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self';" in policy
        assert "connect-src 'self' wss://ward.example;" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"] == "max-age=31536000"
    strange = await browser.get("/", headers={"Host": "a; script-src *"})
    assert "script-src" not in strange.headers["content-security-policy"]


async def test_what_never_changes_is_kept_and_what_may_is_asked_for(browser: httpx.AsyncClient) -> None:
    """Pages are never stored, hashed files for a year, all else is asked for and answered with *not modified*."""
    page, script, worker = [await browser.get(path) for path in ("/", "/assets/index-B3dfA9x1.js", "/sw.js")]

    assert page.headers["cache-control"] == "no-store"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.headers["service-worker-allowed"] == "/"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    again = await browser.get("/sw.js", headers={"If-None-Match": f'W/{worker.headers["etag"]}, "other"'})
    assert (again.status_code, again.content) == (304, b"")
    assert (await browser.get("/sw.js", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_file_goes_out_packed_to_who_takes_it(browser: httpx.AsyncClient, folder: Path) -> None:
    """Packed once at the start; HEAD says the same without the content."""
    path = "/assets/index-B3dfA9x1.js"
    packed = await browser.get(path)
    plain = await browser.get(path, headers={"Accept-Encoding": "gzip;q=0, br"})
    head = await browser.head(path)

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content == SCRIPT
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT, 9))
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == "Accept-Encoding"
    assert (head.headers["content-length"], head.content) == (packed.headers["content-length"], b"")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/link.txt", "/.hidden", "/assets",
     "/assets/", "/index-B3dfA9x1.js.map", "//secret.txt", "/INDEX.HTML", "/%00"],
)  # fmt: skip
async def test_nothing_else_of_the_machine_is_served(browser: httpx.AsyncClient, path: str) -> None:
    """There is no way from an address to a file but the list that was made at the start."""
    assert (await browser.get(f"https://ward.example{path}")).status_code == 404


async def test_methods_that_are_not_served_are_named(browser: httpx.AsyncClient) -> None:
    """405 with what is allowed."""
    answer = await browser.delete("/")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_an_app_that_is_not_built_says_how_to_build_it(browser: httpx.AsyncClient) -> None:
    """In the browser's language."""
    english, german = [
        await browser.get("/console", headers={"Accept-Language": wanted}) for wanted in ("fr, en;q=0.5", "de-CH")
    ]

    assert english.status_code == german.status_code == 503
    assert "make web" in english.text
    assert "<title>The app is not built yet" in english.text
    assert "<title>Die App ist noch nicht gebaut" in german.text


def test_both_catalogues_say_the_same_things() -> None:
    """Nothing is said in one language only; each page that is shipped can be put together."""
    assert ENGLISH.keys() == GERMAN.keys()
    assert all(ENGLISH.values())
    assert all(GERMAN.values())
    assert {"base.html", "login.html", "setup.html", "sheet.html", "status.html"} <= TEMPLATES.keys()
    assert b"prefers-color-scheme: dark" in STYLE.body


@pytest.mark.parametrize("path", ["//mallory.example", "/\\mallory.example", "https://mallory.example", "", "/a\nb"])
def test_one_is_sent_on_to_our_own_pages_only(path: str) -> None:
    """A link to our sign-in leads nowhere else."""
    assert safe_path(path) == "/"
    assert safe_path("/console?a=1") == "/console?a=1"
