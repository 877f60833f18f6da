"""Engines that are not ours: their addresses must be safe, their passwords come from files. Pure."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

from wardwire.ops.failure import StartFailed
from wardwire.ops.ports import is_loopback

SAFE_MODES = ("require", "verify-ca", "verify-full")


def dsn_hosts(dsn: str) -> list[str]:
    """List the hosts of a PostgreSQL address; a folder is a socket of this machine, none means that too."""
    parts = urlsplit(dsn)
    named = parse_qs(parts.query).get("host", [])
    listed = ",".join(named) or parts.netloc.rpartition("@")[2]
    return [_without_port(host) for host in listed.split(",") if host]


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.startswith("/") else host.partition(":")[0]


def require_tls_dsn(dsn: str, *, key: str) -> None:
    """
    Refuse a database beyond this machine without TLS.

    Raises:
        StartFailed: `tls_required`.
    """
    outside = [host for host in dsn_hosts(dsn) if not host.startswith("/") and not is_loopback(host)]
    mode = parse_qs(urlsplit(dsn).query).get("sslmode", [""])[0]
    if outside and mode not in SAFE_MODES:
        raise StartFailed(
            "tls_required",
            f"{key} reaches {', '.join(outside)} without requiring TLS.",
            "Add sslmode=verify-full (and sslrootcert=...) to it.",
        )


def require_tls_nats(url: str, *, key: str) -> None:
    """
    Refuse a NATS server beyond this machine without TLS.

    Raises:
        StartFailed: `tls_required`.
    """
    for one in url.split(","):
        parts = urlsplit(one.strip())
        if parts.scheme not in ("tls", "wss") and not is_loopback(parts.hostname or ""):
            raise StartFailed(
                "tls_required",
                f"{key} reaches {parts.hostname or one} without TLS.",
                "Write tls:// instead of nats://.",
            )


def with_password(dsn: str, password: str | None) -> str:
    """Put a password into an address; None leaves it as it is. Several hosts stay several."""
    if password is None:
        return dsn
    joint = "&" if urlsplit(dsn).query else "?"
    return f"{dsn}{joint}password={quote(password, safe='')}"
