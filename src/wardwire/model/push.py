"""Where a browser lets itself be woken by Web Push: what is taken as such, and what is not. Pure.

Somebody's browser names the address that we shall call. So it must be one of the open network: https on its usual
port, by name; never a number, a short name or a name of this house. Whoever calls looks again where the name leads.

Source: RFC 8030 (addresses), RFC 8291 section 2 (keys: an uncompressed point of P-256, and 16 bytes).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from wardwire.model.errors import Code, Refused

ENDPOINT_MAX = 1_024
POINT_BYTES, AUTH_BYTES = 65, 16
_UNCOMPRESSED = 0x04
# https, a name, its usual port, and printable characters that are no fragment.
_ENDPOINT = re.compile(r"https://([^/?#@:\s]+)(?::443)?(?:/[!-\"$-~]*)?\Z")
# The last part of a name of the open network begins with a letter: no number of an address does.
_HOST = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])\Z", re.IGNORECASE
)
_OURS = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".intranet", ".corp", ".test", ".invalid")


class Subscription(NamedTuple):
    """A browser's address, and the keys that what is sent there is sealed with."""

    endpoint: str
    p256dh: bytes
    auth: bytes

    @property
    def host(self) -> str:
        """The push service: all of the address that is ever written down."""
        return _host_of(self.endpoint)


def read_subscription(endpoint: str, p256dh: str, auth: str) -> Subscription:
    """Read what a browser says; keys are base64url without padding.

    Raises:
        Refused: `INVALID` with the pointer. That the point lies on its curve is not looked at here.
    """
    _check_endpoint(endpoint)
    point = _read(p256dh, POINT_BYTES, "/p256dh")
    if point[0] != _UNCOMPRESSED:
        raise Refused(Code.INVALID, "not an uncompressed point", pointer="/p256dh")
    return Subscription(endpoint, point, _read(auth, AUTH_BYTES, "/auth"))


def _check_endpoint(endpoint: str) -> None:
    if len(endpoint) > ENDPOINT_MAX or not _ENDPOINT.match(endpoint):
        raise _refused(f"https on its usual port, without a name, a password or a fragment, at most {ENDPOINT_MAX}")
    host = _host_of(endpoint)
    if not _HOST.match(host) or host.endswith(_OURS):
        raise _refused("by a name of the open network, as push services have")


def _host_of(endpoint: str) -> str:
    found = _ENDPOINT.match(endpoint)
    return found[1].lower() if found else ""


def _refused(detail: str) -> Refused:
    return Refused(Code.INVALID, detail, pointer="/endpoint")


def _read(text: str, length: int, pointer: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != length or "=" in text:
        raise Refused(Code.INVALID, f"not {length} bytes in base64url", pointer=pointer)
    return raw
