"""Asks another system's server over HTTPS, once: in a thread, with a time limit, a size limit, and no redirects."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from wardwire.model.errors import Code, Unavailable

PATIENCE_S = 5.0
MAX_BYTES = 256 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Https:
    """Fetches by HTTPS; plain HTTP to this machine alone.

    Args:
        authority: The certificate (PEM) to trust; None = those of this machine.
    """

    def __init__(self, authority: Path | None = None) -> None:
        self._trust = ssl.create_default_context(cafile=str(authority) if authority else None)

    async def fetch(self, url: str, form: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
        """Get a document, or post a form; returns the body of a 200.

        Raises:
            Unavailable: It did not answer in time, or not with 200, or with too much.
        """
        try:
            async with asyncio.timeout(2 * PATIENCE_S):
                return await asyncio.to_thread(self._ask, url, form, dict(headers or {}))
        except (OSError, TimeoutError, http.client.HTTPException, ValueError) as error:
            host = urlsplit(url).hostname
            raise Unavailable(Code.UNAVAILABLE, f"{host} did not answer ({type(error).__name__})") from error

    def _ask(self, url: str, form: bytes | None, headers: dict[str, str]) -> bytes:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=self._trust)
        elif parts.scheme == "http" and host in _LOOPBACK:
            connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
        else:
            raise ValueError("not https")
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(
                "GET" if form is None else "POST", path, form, {"Accept": "application/json", **headers}
            )
            response = connection.getresponse()
            body = response.read(MAX_BYTES + 1)
        finally:
            connection.close()
        if response.status != 200 or len(body) > MAX_BYTES:
            raise ValueError(f"status {response.status}, {len(body)} bytes")
        return body
