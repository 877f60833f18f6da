"""A small client of the HTTP interface, with a key: how the demo's operator and its laboratory talk to Wardwire."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import msgspec

from wardwire.model.errors import Code, Refused, Unavailable

TIMEOUT_S = 10.0


class Rest:
    """Requests of one key. Each runs in a thread; proxies of the environment are passed over."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    async def get(self, path: str, **query: str) -> Any:
        """Read. Raises `Refused` with the site's code, or `Unavailable`."""
        asked = f"?{urllib.parse.urlencode(query)}" if query else ""
        return await asyncio.to_thread(self._ask, "GET", path + asked, None, "")

    async def post(self, path: str, body: Any = None, *, identity: str = "") -> Any:
        """Write; `identity` is the Idempotency-Key: the same again is the same. Raises as `get`."""
        return await asyncio.to_thread(self._ask, "POST", path, body, identity)

    async def patch(self, path: str, body: Any) -> Any:
        """Change. Raises as `get`."""
        return await asyncio.to_thread(self._ask, "PATCH", path, body, "")

    def _ask(self, method: str, path: str, body: Any, identity: str) -> Any:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        if identity:
            headers["Idempotency-Key"] = identity
        content = None if body is None else msgspec.json.encode(body)
        request = urllib.request.Request(self._url + path, content, headers, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                read = answer.read()
        except urllib.error.HTTPError as error:
            raise _problem(error.code, error.read()) from None
        except (OSError, ValueError) as error:
            raise Unavailable(Code.UNAVAILABLE, f"no answer ({type(error).__name__})") from error
        return msgspec.json.decode(read) if read else None


def _problem(status: int, body: bytes) -> Refused | Unavailable:
    try:
        problem = msgspec.json.decode(body)
        code, detail = Code(problem["code"]), str(problem.get("detail", ""))
    except (msgspec.DecodeError, ValueError, KeyError, TypeError):
        return Unavailable(Code.UNAVAILABLE, f"the site answered {status}")
    return Unavailable(code, detail) if status >= 500 else Refused(code, detail)
