"""The NATS text protocol: what the parser takes, in how many pieces, and what it refuses."""

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.carrier import protocol
from wardwire.carrier.errors import ProtocolError
from wardwire.carrier.protocol import (
    Err,
    Info,
    Message,
    Okay,
    Parser,
    Ping,
    Pong,
    render_connect,
    render_hpub,
    render_pub,
    render_sub,
    render_unsub,
)

STREAM = (
    b'INFO {"server_id":"NA","server_name":"edge","client_id":7,"max_payload":65536,'
    b'"nonce":"abc","x":[1]}\r\n'
    b"+OK\r\n"
    b"MSG d.1.up 1 5\r\nhello\r\n"
    b"MSG d.1.up 12 rep.a.1 4\r\n\r\n\r\n\r\n"
    b"MSG empty 3 0\r\n\r\n"
    b"PING\r\n"
    b"HMSG rep.a.1 9 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"
    b"HMSG in.1 9 answer.2 21 24\r\nNATS/1.0\r\nName: A\r\n\r\nabc\r\n"
    b"-ERR 'Permissions Violation for Publish to \"core.x\"'\r\n"
    b"pong\r\n"
)
EVENTS = [
    Info(server_id="NA", server_name="edge", client_id=7, max_payload=65536, nonce="abc"),
    Okay(),
    Message(1, "d.1.up", "", b"hello"),
    Message(12, "d.1.up", "rep.a.1", b"\r\n\r\n"),
    Message(3, "empty", "", b""),
    Ping(),
    Message(9, "rep.a.1", "", b"", 503, b"NATS/1.0 503\r\n\r\n"),
    Message(9, "in.1", "answer.2", b"abc", 0, b"NATS/1.0\r\nName: A\r\n\r\n"),
    Err('Permissions Violation for Publish to "core.x"'),
    Pong(),
]


def test_a_whole_stream_is_read_at_once() -> None:
    """One piece of everything a server may send gives exactly these events."""
    assert Parser().feed(STREAM) == EVENTS


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_a_stream_cut_at_any_byte_gives_the_same_events(cut: int) -> None:
    """Where the network cuts the bytes changes nothing."""
    parser = Parser()
    assert parser.feed(STREAM[:cut]) + parser.feed(STREAM[cut:]) == EVENTS


def test_a_stream_byte_by_byte_gives_the_same_events() -> None:
    """Not even one byte at a time changes anything."""
    parser = Parser()
    events = [event for byte in STREAM for event in parser.feed(bytes([byte]))]
    assert events == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_a_stream_in_any_pieces_gives_the_same_events(cuts: list[int]) -> None:
    """Any cuts at all."""
    parser, edges = Parser(), [0, *sorted(cuts), len(STREAM)]
    events = [e for a, b in itertools.pairwise(edges) for e in parser.feed(STREAM[a:b])]
    assert events == EVENTS


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_arbitrary_bytes_never_raise_anything_else(pieces: list[bytes]) -> None:
    """Whatever comes, the parser waits or says ProtocolError."""
    parser = Parser()
    try:
        for piece in pieces:
            parser.feed(piece)
    except ProtocolError:
        pass


_WORDS = st.sampled_from([
    b"MSG ", b"HMSG ", b"INFO ", b"PING", b"+OK", b"-ERR ", b"\r\n", b" ", b"1", b"5", b"-1", b"99999999999",
    b"a.b", b"{", b"}", b'"', b"NATS/1.0", b"\xff", b"hello", b"\x00", b"503", b"16", b"[" * 2000,
])  # fmt: skip


@given(st.lists(_WORDS, max_size=40))
def test_almost_right_lines_never_raise_anything_else(words: list[bytes]) -> None:
    """The same, nearer to the real thing."""
    with contextlib.suppress(ProtocolError):
        Parser().feed(b"".join(words))


@pytest.mark.parametrize(
    "bad",
    [
        b"HTTP/1.1 200 OK\r\n",
        b"MSG a 1\r\n",
        b"MSG a x 1\r\n",
        b"MSG a 1 -1\r\n",
        b"MSG a 1 b 2 3\r\n",
        b"MSG \xff 1 1\r\n",
        b"MSG a 1 1\r\nxyz",
        b"MSG a 1 999999999\r\n",
        b"MSG a 1 " + b"9" * 5000 + b"\r\n",
        b"HMSG a 1 5 3\r\n",
        b"HMSG a 1 4 4\r\nHTTP\r\n",
        b"HMSGa 1 4 4 4\r\n",
        b"INFO {\r\n",
        b"INFO " + b"[" * 60000 + b"\r\n",
        b'INFO {"max_payload":"x"}\r\n',
        b"\r\n",
        b"PINGX\r\n",
        b"x" * (protocol.LINE_MAX + 1),
        b"INFO " + b"x" * protocol.INFO_MAX,
    ],
)
def test_what_is_not_nats_is_refused(bad: bytes) -> None:
    """Each of these ends the connection instead of being guessed at."""
    with pytest.raises(ProtocolError):
        Parser().feed(bad)


def test_a_payload_over_the_bound_is_refused_before_it_arrives() -> None:
    """Nobody makes us keep more than we said we would."""
    with pytest.raises(ProtocolError):
        Parser(payload_max=100).feed(b"MSG a 1 101\r\n")


def test_a_large_payload_is_not_joined_at_each_piece() -> None:
    """A megabyte in small pieces stays a list of pieces until it is whole."""
    parser = Parser()
    assert parser.feed(b"MSG a 1 1048576\r\n") == []
    for _ in range(1024):
        assert parser.feed(b"x" * 1024) == []
    assert len(parser._parts) > 1000
    (message,) = parser.feed(b"\r\n")
    assert isinstance(message, Message)
    assert message.payload == b"x" * 1048576


def test_commands_are_rendered_to_these_bytes() -> None:
    """Golden bytes of everything that a client sends."""
    assert render_pub("d.1.up", 2) == b"PUB d.1.up 2\r\n"
    assert render_pub("d.1.up", 0, "rep.1") == b"PUB d.1.up rep.1 0\r\n"
    assert render_hpub("a", b"x", {"A": "b"}) == b"HPUB a 18 19\r\nNATS/1.0\r\nA: b\r\n\r\nx\r\n"
    assert render_hpub("a", b"x", {}, "r") == b"HPUB a r 12 13\r\nNATS/1.0\r\n\r\nx\r\n"
    assert render_sub("d.*.up", 1, "core") == b"SUB d.*.up core 1\r\n"
    assert render_sub("d.*.up", 2) == b"SUB d.*.up 2\r\n"
    assert render_unsub(2) == b"UNSUB 2\r\n"
    assert render_connect({"verbose": False, "name": "x"}) == b'CONNECT {"verbose":false,"name":"x"}\r\n'


@pytest.mark.parametrize("headers", [{"A\r\nB": "c"}, {"A": "b\r\nC: d"}, {"": "b"}, {"A:": "b"}])
def test_headers_that_would_break_their_line_are_refused(headers: dict[str, str]) -> None:
    """No value smuggles in another header."""
    with pytest.raises(ValueError, match="header"):
        render_hpub("a", b"", headers)


@pytest.mark.parametrize("subject", ["", "a b", "a\r\nPUB b 0", "a\tb", "ä", "a\n"])
def test_subjects_that_would_break_their_line_are_refused(subject: str) -> None:
    """No subject smuggles in another command."""
    with pytest.raises(ValueError, match="subject"):
        protocol.check_subject(subject)
