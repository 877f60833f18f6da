"""What a client says is read strictly, and written anew."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.gateway.requests import HEAD_MAX, Refusal, Requests

UPGRADE = (
    b"GET /nats HTTP/1.1\r\nHost: ward.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: abc\r\nSec-WebSocket-Version: 13\r\n"
)


def read(*parts: bytes, secure: bool = True) -> bytes:
    requests = Requests("192.0.2.7", secure=secure)
    return b"".join(requests.feed(part) for part in parts)


def lines(written: bytes) -> list[bytes]:
    return written.partition(b"\r\n\r\n")[0].split(b"\r\n")


def refused(*parts: bytes) -> int:
    with pytest.raises(Refusal) as refusal:
        read(*parts)
    return refusal.value.status


def test_what_the_client_says_of_itself_is_not_believed() -> None:
    """Only we say who a client is and how it came; what it claims is dropped."""
    head = lines(
        read(
            b"GET /v1/people HTTP/1.1\r\nHost: ward.example\r\nX-Forwarded-For: 10.0.0.1\r\n"
            b"Forwarded: for=10.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Real-IP: 10.0.0.1\r\nCookie: a=b\r\n\r\n"
        )
    )

    assert head[0] == b"GET /v1/people HTTP/1.1"
    assert sorted(head[1:]) == [
        b"cookie: a=b", b"host: ward.example", b"x-forwarded-for: 192.0.2.7", b"x-forwarded-proto: https",
    ]  # fmt: skip


def test_headers_that_the_connection_names_end_here() -> None:
    """A client may not have headers of ours dropped behind us, nor its host."""
    head = lines(read(b"GET / HTTP/1.1\r\nHost: w\r\nConnection: close, x-secret, host\r\nX-Secret: 1\r\n\r\n"))

    assert b"x-secret: 1" not in head
    assert b"host: w" in head
    assert b"connection: close" in head


def test_bodies_go_on_with_one_length() -> None:
    """Whole or chunked, and the next request of the connection after it."""
    whole = b"POST /v1/m HTTP/1.1\r\nHost: w\r\nContent-Length: 5\r\n\r\nhello"
    chunked = (
        b"POST /v1/m HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTr: 1\r\n\r\n"
    )
    written = read(whole + chunked + whole)

    assert written.count(b"POST /v1/m HTTP/1.1") == 3
    assert written.count(b"content-length: 5\r\n\r\nhello") == 2
    assert b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nPOST" in written


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: w\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nContent-Length: +4\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nTransfer-Encoding : chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nX: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\nX: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nX: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nHost: v\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\nHost: w\r\n\r\n",
        b"CONNECT w:443 HTTP/1.1\r\nHost: w\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
        b"\x16\x03\x01 no TLS was expected here\r\n\r\n",
    ],
)
def test_what_can_be_read_in_two_ways_does_not_go_on(head: bytes) -> None:
    """Request smuggling: a head that the server behind might read otherwise is refused."""
    assert refused(head) in (400, 501)


def test_a_head_has_an_end() -> None:
    """Neither one long line nor many headers fill our memory."""
    assert refused(b"GET / HTTP/1.1\r\nHost: w\r\nX: ", b"a" * HEAD_MAX) == 431
    assert refused(b"GET /" + b"a" * HEAD_MAX, b"a") == 431
    assert refused(b"GET / HTTP/1.1\r\nHost: w\r\n" + b"X: 1\r\n" * 101 + b"\r\n") == 431
    assert refused(*[b"GET / HTTP/1.1\r\nHost: w\r\n"] + [b"X: %s\r\n" % (b"a" * 900)] * 30) == 431


def test_a_browser_of_our_own_page_is_let_through_to_nats() -> None:
    """After its head nothing is read any more; a page of somebody else gets no connection."""
    requests = Requests("192.0.2.7", secure=True)
    written = requests.feed(UPGRADE + b"Origin: https://Ward.example\r\n\r\n\x82\x01")

    assert requests.blind
    assert lines(written)[0] == b"GET /nats HTTP/1.1"
    assert {b"connection: Upgrade", b"upgrade: websocket", b"sec-websocket-key: abc"} <= set(lines(written))
    assert written.endswith(b"\r\n\r\n\x82\x01")
    assert requests.feed(b"\x00anything") == b"\x00anything"
    assert refused(UPGRADE + b"Origin: https://mallory.example\r\n\r\n") == 403
    assert refused(UPGRADE + b"Origin: null\r\n\r\n") == 403


def test_nats_is_spoken_on_connections_of_its_own() -> None:
    """A connection that has asked for something else stays what it is; nothing but /nats changes its protocol."""
    get = b"GET / HTTP/1.1\r\nHost: ward.example\r\n\r\n"

    assert refused(get + UPGRADE + b"\r\n") == 400
    assert refused((UPGRADE + b"\r\n").replace(b"/nats", b"/v1/people")) == 400
    assert refused((UPGRADE + b"\r\n").replace(b"GET", b"POST")) == 400


@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_how_the_bytes_are_cut_changes_nothing(cuts: list[int]) -> None:
    """The same goes on, whatever the network does to the pieces."""
    said = (
        b"POST /v1/m?x=1 HTTP/1.1\r\nHost: w\r\nContent-Length: 5\r\n\r\nhello"
        b"GET / HTTP/1.1\r\nHost: w\r\nAccept: a\r\n\r\n"
    )
    edges = sorted({0, len(said), *(min(cut, len(said)) for cut in cuts)})
    pieces = [said[a:b] for a, b in itertools.pairwise(edges)]

    assert read(*pieces) == read(said)
