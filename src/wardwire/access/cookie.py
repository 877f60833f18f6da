"""The cookie that a browser's session is kept in: no script sees it, and no other site can send it."""

from __future__ import annotations

COOKIE = "__Host-wardwire"


def cookie_of(token: str, more: str = "") -> str:
    """Write the cookie of a session."""
    return f"{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict{more}"


def no_cookie() -> str:
    """Take the cookie away."""
    return cookie_of("", "; Max-Age=0")
