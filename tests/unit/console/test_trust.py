"""Our own authority's certificate, as phones take it."""

from __future__ import annotations

import plistlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from wardwire.console.app import make_pages
from wardwire.console.trust import trust_pages
from wardwire.ops.authority import ensure_authority


@pytest.fixture
def authority(tmp_path: Path) -> str:
    """A certificate as a site has it."""
    return ensure_authority(tmp_path, "Ward 3", None).certificate.read_text()


@pytest.fixture
async def browser(authority: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a site with this certificate."""
    transport = httpx.ASGITransport(app=make_pages({}, trust_pages("Ward <3>", authority)))
    async with httpx.AsyncClient(transport=transport, base_url="https://ward.example") as client:
        yield client


async def test_each_system_is_given_the_same_certificate_as_it_takes_it(
    browser: httpx.AsyncClient, authority: str
) -> None:
    """DER, PEM and a profile, each with the type by which a phone knows what to do; never the key."""
    certificate = x509.load_pem_x509_certificate(authority.encode())
    found = {name: await browser.get(f"/trust/wardwire.{name}") for name in ("crt", "pem", "mobileconfig")}

    assert {name: answer.headers["content-type"] for name, answer in found.items()} == {
        "crt": "application/x-x509-ca-cert",
        "pem": "application/x-pem-file",
        "mobileconfig": "application/x-apple-aspen-config",
    }
    assert found["crt"].content == certificate.public_bytes(Encoding.DER)
    assert found["pem"].text == authority
    assert "PRIVATE" not in found["pem"].text
    profile = plistlib.loads(found["mobileconfig"].content)
    assert profile["PayloadType"] == "Configuration"
    assert profile["PayloadContent"][0]["PayloadType"] == "com.apple.security.root"
    assert profile["PayloadContent"][0]["PayloadContent"] == found["crt"].content


async def test_the_page_shows_what_is_to_be_compared(browser: httpx.AsyncClient, authority: str) -> None:
    """The fingerprint, in both languages, with the steps, each told and drawn."""
    certificate = x509.load_pem_x509_certificate(authority.encode())
    english, german = [
        await browser.get("/trust", headers={"Accept-Language": language}) for language in ("en", "de")
    ]

    for page in (english, german):
        assert certificate.fingerprint(hashes.SHA256()).hex(":").upper() in page.text
        assert page.text.count("<li>") == page.text.count('class="phone"') == page.text.count('class="tap"') == 5
    assert "Certificate Trust Settings" in english.text
    assert "Zertifikatsvertrauenseinstellungen" in german.text


async def test_where_nothing_is_to_be_trusted_nothing_is_given() -> None:
    """A site with a certificate of the hospital's own has none of ours to install."""
    transport = httpx.ASGITransport(app=make_pages({}, trust_pages("Ward 3", "")))
    async with httpx.AsyncClient(transport=transport, base_url="https://ward.example") as client:
        assert "nothing to install" in (await client.get("/trust")).text
        assert (await client.get("/trust/wardwire.crt")).status_code == 404
