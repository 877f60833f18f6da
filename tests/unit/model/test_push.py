"""What is taken for a browser's address, and what might lead into the house."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.model.errors import Code, Refused
from wardwire.model.push import read_subscription

POINT, AUTH = b"\x04" + bytes(64), bytes(16)
GOOD = "https://updates.push.services.example.com/wpush/v2/gAAAAA"


def written(raw: bytes) -> str:
    """In base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/a", "https://localhost/a", "https://10.0.0.1/a", "https://[::1]/a", "https://0x7f.1/a",
        "https://intranet/a", "https://db.hospital.local/a", "https://push.example.com:8443/a",
        "https://a@push.example.com/",
        "https://push.example.com/#a", "https://push.example.com /a", "https://push.example.com/\n",
        "ftp://push.example.com/",
        "https://push..example.com/", "https://" + "a" * 64 + ".com/", "https://push.example.com:x/", "https:///a",
        "https://push.example.com/" + "a" * 1_100, "https://2130706433/", "https://push.example.com./a",
        "//push.example.com/",
    ],
)  # fmt: skip
def test_addresses_that_nobody_calls(endpoint: str) -> None:
    """H283: of this machine, of the house, of a port of one's choice; the pointer says which field."""
    with pytest.raises(Refused) as refused:
        read_subscription(endpoint, written(POINT), written(AUTH))
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/endpoint")


@given(p256dh=st.binary(max_size=80), auth=st.binary(max_size=20))
def test_keys_have_their_lengths(p256dh: bytes, auth: bytes) -> None:
    """65 bytes that begin with 4, and 16; whatever else is refused and never raises otherwise."""
    try:
        read = read_subscription(GOOD, written(p256dh), written(auth))
    except Refused as refused:
        assert refused.code is Code.INVALID
        assert not (len(p256dh) == 65 and p256dh[0] == 4 and len(auth) == 16)
    else:
        assert (read.p256dh, read.auth, read.host) == (p256dh, auth, "updates.push.services.example.com")


@given(text=st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    """Refused, or taken as https to a named host."""
    try:
        read = read_subscription(text, written(POINT), written(AUTH))
    except Refused:
        return
    assert read.endpoint.startswith("https://")
    assert "." in read.host
