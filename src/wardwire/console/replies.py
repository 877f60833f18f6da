"""What a browser asks, and what it is answered: read once, and with the same headers for safety each time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from wardwire.console.files import File
from wardwire.model.languages import choose_language

FORM_MAX = 16 * 1024
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_FEATURES = (
    "accelerometer bluetooth browsing-topics display-capture geolocation gyroscope hid magnetometer microphone"
)
_FEATURES += " midi payment serial usb"
_PERMISSIONS = ", ".join(f"{name}=()" for name in _FEATURES.split()) + ", camera=(self)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for a page.

    Attributes:
        form: What was typed, of a POST; each field once.
        origin: Ours, as the browser writes it: `https://host:port`.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    form: Mapping[str, str]
    address: str
    origin: str

    @property
    def from_our_page(self) -> bool:
        """Whether a change was asked for on a page of ours: nobody else's page can claim that (CSRF)."""
        if "origin" in self.headers:
            return self.headers["origin"] == self.origin
        return self.headers.get("sec-fetch-site") == "same-origin"

    @property
    def german(self) -> bool:
        """Whether German is wanted more than English; `?lang=` decides, then the browser."""
        wanted = self.query.get("lang") or self.headers.get("accept-language", "")
        return choose_language(wanted) == "de"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer."""

    body: bytes = b""
    status: int = 200
    media: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def go_to(path: str, **headers: str) -> Reply:
    """Send the browser on to a page of ours."""
    return Reply(status=303, headers={"Location": path, **headers})


def safe_path(path: str) -> str:
    """Return where to go on to, if that is a page of ours; else the first one."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if safe and len(path) <= 200 else "/"


def security_headers(origin: str) -> dict[str, str]:
    """Return the headers of every answer: nothing but our own files is loaded, run, framed or sent to."""
    scheme, _, host = origin.partition("://")
    # 'self' means the live connection as well, but older browsers do not know that.
    live = f" {'wss' if scheme == 'https' else 'ws'}://{host}" if _HOST.fullmatch(host) else ""
    return {
        "Content-Security-Policy": (
            f"default-src 'self'; connect-src 'self'{live}; object-src 'none'; base-uri 'none'; form-action 'self';"
            " frame-ancestors 'none'"
        ),
        "Strict-Transport-Security": "max-age=31536000",
        "X-Content-Type-Options": "nosniff",
        # Not `no-referrer`: a form of ours would then come without its origin.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": _PERMISSIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def serve_file(asked: Asked, file: File) -> Reply:
    """Answer with a file, or with the word that the browser has it already."""
    page = file.media.startswith("text/html")
    keep = "no-store" if page else "public, max-age=31536000, immutable" if file.forever else "no-cache"
    headers = {"Cache-Control": keep, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if file.worker:
        headers["Service-Worker-Allowed"] = "/"
    known = {tag.strip().removeprefix("W/") for tag in asked.headers.get("if-none-match", "").split(",")}
    if file.etag in known or "*" in known:
        return Reply(status=304, media=file.media, headers=headers)
    if file.packed is not None and _takes_gzip(asked.headers.get("accept-encoding", "")):
        return Reply(body=file.packed, media=file.media, headers={**headers, "Content-Encoding": "gzip"})
    return Reply(body=file.body, media=file.media, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.split(","):
        name, _, weight = part.strip().lower().partition(";")
        if name in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def read_pairs(text: str) -> dict[str, str]:
    """Read a query or a form; of a field that stands twice the first one counts."""
    pairs: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=40):
        pairs.setdefault(name, value)
    return pairs
