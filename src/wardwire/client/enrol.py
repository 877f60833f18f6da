"""Registers a device over HTTP with a one-time code; and puts one out, with a key that may."""

from __future__ import annotations

import asyncio
import ssl
import urllib.error
import urllib.request

import msgspec

from wardwire.client.card import Card, DeviceKeys, Place
from wardwire.model.errors import Code, Refused, Unavailable

PATH = "/v1/devices/register"
TIMEOUT_S = 10.0
ANSWER_MAX = 65_536


class _Problem(msgspec.Struct):
    code: str = ""
    detail: str = ""
    pointer: str = ""


async def revoke(url: str, device: str, why: str, *, key: str, tls: ssl.SSLContext | None = None) -> None:
    """Put a device out; when this returns it is committed, and its connection closed.

    Args:
        device: As written, `dev_…`.
        key: An API key with the scope `directory:write`.

    Raises:
        Refused, Unavailable: As the site answers.
    """
    path = f"/v1/devices/{device}/revoke"
    await asyncio.to_thread(_post, url.rstrip("/") + path, msgspec.json.encode({"why": why}), tls, key)


async def report_lost(
    url: str, device: str, order: str, why: str, *, key: str, tls: ssl.SSLContext | None = None
) -> bytes:
    """Report a device as lost; returns the site's answer (JSON). Arguments and errors as of `revoke`.

    Args:
        order: `lock` or `wipe`.
    """
    path = f"/v1/devices/{device}/lost"
    body = msgspec.json.encode({"order": order, "why": why})
    return await asyncio.to_thread(_post, url.rstrip("/") + path, body, tls, key)


async def enrol(
    url: str,
    code: str,
    name: str,
    *,
    app: str = "",
    keys: DeviceKeys | None = None,
    tls: ssl.SSLContext | None = None,
) -> Card:
    """Make keys, register them with a code, and return the device's card; the caller saves it.

    When no answer comes, repeat with the same `keys`: the code is then good for them once more.

    Args:
        url: The site's HTTP address, e.g. `http://127.0.0.1:8080`.

    Raises:
        Refused: The site says no, with its code.
        Unavailable: No answer; whether it was registered is not known.
    """
    keys = keys or DeviceKeys.make()
    body = msgspec.json.encode(keys.registration(code, name=name, app=app))
    answer = await asyncio.to_thread(_post, url.rstrip("/") + PATH, body, tls)
    try:
        return Card(keys, msgspec.json.decode(answer, type=Place))
    except msgspec.DecodeError as error:
        raise Unavailable(Code.UNAVAILABLE, "the site's answer could not be read") from error


def _post(url: str, body: bytes, tls: ssl.SSLContext | None, key: str = "") -> bytes:
    if not url.startswith(("http://", "https://")):
        raise Refused(Code.INVALID, "the site's address begins with http:// or https://")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=tls) as answer:
            read: bytes = answer.read(ANSWER_MAX)
            return read
    except urllib.error.HTTPError as error:
        raise _read_problem(error.code, error.read(ANSWER_MAX)) from None
    except (OSError, ValueError) as error:
        raise Unavailable(Code.UNAVAILABLE, f"no answer from the site ({type(error).__name__})") from error


def _read_problem(status: int, body: bytes) -> Refused | Unavailable:
    try:
        problem = msgspec.json.decode(body, type=_Problem)
        code = Code(problem.code)
    except (msgspec.DecodeError, ValueError):
        return Unavailable(Code.UNAVAILABLE, f"the site answered {status}")
    if status >= 500:
        return Unavailable(code, problem.detail)
    return Refused(code, problem.detail, pointer=problem.pointer)
