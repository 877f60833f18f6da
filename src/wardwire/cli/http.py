"""A small HTTP client for commands: with a key from a file, problems as sentences, unknown outcomes repeated."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from wardwire.model.errors import MEANING, Code
from wardwire.ops.failure import StartFailed

PATIENCE_S = 10.0


class Reply(NamedTuple):
    """What was answered: never a problem."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Api:
    """The interface at `url`, asked with the key that stands in a file."""

    def __init__(self, url: str, key_file: Path, *, authority: Path | None = None) -> None:
        self._url = urlsplit(url)
        if self._url.scheme not in ("http", "https") or not self._url.hostname:
            raise StartFailed("usage", f"{url} is no address such as https://host:8080.", "Give --url.")
        try:
            self._key = key_file.read_text().strip()
        except OSError as error:
            raise StartFailed(
                "usage", f"The key file {key_file} cannot be read.", "Make a key: wardwire key add NAME --scope …"
            ) from error
        self._authority = authority

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Ask once.

        Raises:
            StartFailed: With the code of the problem, or `not_running` when nobody answers.
        """
        sent = {"Authorization": f"Bearer {self._key}", "Accept": "application/json", **(headers or {})}
        content = None
        if body is not None:
            content, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection = self._connect()
        try:
            connection.request(method, path, content, sent)
            response = connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise StartFailed(
                "not_running", f"{self._url.geturl()} does not answer ({error}).", "Is `wardwire serve` running?"
            ) from error
        finally:
            connection.close()
        told = json.loads(raw) if raw else None
        if response.status >= 400:
            raise _problem(told)
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, told)

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            trust = ssl.create_default_context(cafile=str(self._authority) if self._authority else None)
            return http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=trust)
        return http.client.HTTPConnection(host, port, timeout=PATIENCE_S)


def _problem(told: Any) -> StartFailed:
    problem = told if isinstance(told, dict) else {}
    code = str(problem.get("code", "internal"))
    detail = str(problem.get("detail", "The server answered with an error."))
    where = "; ".join(fault.get("pointer") or fault.get("parameter", "") for fault in problem.get("errors", ()))
    candidates = ", ".join(problem.get("candidates", ()))
    sentence = detail[0].upper() + detail[1:] + (f" ({where})" if where else "") + "."
    remedy = MEANING[Code(code)] if code in MEANING else "See the log of the server."
    if candidates:
        remedy += f" Candidates: {candidates}."
    if problem.get("message"):
        remedy += f" It is --add-to {problem['message']}."
    return StartFailed(code, sentence, remedy)
