"""Our own authority's certificate, for phones that are to trust it: as each system takes it, each step drawn.

Who installs it believes what we sign, so the page shows its fingerprint: it is compared with what the administrator
reads on the server itself, because a page alone proves nothing before the certificate is trusted.
"""

from __future__ import annotations

import plistlib
from uuid import UUID, uuid5

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from wardwire.console.app import Page, Pages
from wardwire.console.replies import Asked, Reply
from wardwire.console.words import render

# Names the profile by its certificate, so that installing it again replaces it.
_PROFILES = UUID("6f1c1f0e-8a63-5c0e-9c36-0a4a2b7d9d52")


def trust_pages(site: str, authority: str) -> Pages:
    """
    Make the pages.

    Args:
        authority: The certificate (PEM); "" = phones trust ours anyway, and there is nothing to install.
    """

    async def nothing(asked: Asked) -> Reply:
        return render("message.html", asked, title="trust", text="trust_not_needed")

    if not authority:
        return {"/trust": {"GET": nothing}}
    certificate = x509.load_pem_x509_certificate(authority.encode())
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    async def show(asked: Asked) -> Reply:
        return render("trust.html", asked, site=site, fingerprint=fingerprint)

    der = certificate.public_bytes(Encoding.DER)
    return {
        "/trust": {"GET": show},
        "/trust/wardwire.crt": {"GET": _download(der, "application/x-x509-ca-cert")},
        "/trust/wardwire.pem": {"GET": _download(authority.encode(), "application/x-pem-file")},
        "/trust/wardwire.mobileconfig": {
            "GET": _download(write_profile(site, der, fingerprint), "application/x-apple-aspen-config")
        },
    }


def write_profile(site: str, der: bytes, fingerprint: str) -> bytes:
    """Write a configuration profile for iOS and macOS that installs a root certificate; not signed.

    Source: Apple, Configuration Profile Reference: `com.apple.security.root`.
    """
    about = {"PayloadVersion": 1, "PayloadOrganization": site}
    root = {
        **about,
        "PayloadType": "com.apple.security.root",
        "PayloadIdentifier": "org.wardwire.trust.root",
        "PayloadUUID": str(uuid5(_PROFILES, fingerprint)),
        "PayloadDisplayName": f"{site}: Wardwire",
        "PayloadCertificateFileName": "wardwire.crt",
        "PayloadContent": der,
    }
    profile = {
        **about,
        "PayloadType": "Configuration",
        "PayloadIdentifier": "org.wardwire.trust",
        "PayloadUUID": str(uuid5(_PROFILES, f"profile {fingerprint}")),
        "PayloadDisplayName": f"{site}: Wardwire",
        "PayloadDescription": f"SHA-256 {fingerprint}",
        "PayloadContent": [root],
    }
    return plistlib.dumps(profile)


def _download(body: bytes, media: str) -> Page:
    async def give(asked: Asked) -> Reply:
        return Reply(body=body, media=media)

    return give
