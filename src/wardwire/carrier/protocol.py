"""The NATS client protocol as pure bytes and values: no socket, no clock.

`Parser.feed` takes bytes as they come and returns the events that are complete; the `render_*` functions
make what a client sends. Written for speed: the parser is the hot loop of a core (one `find`, one `split`,
no regular expression, no copy of the rest while a payload is still on its way).

Source: https://docs.nats.io/reference/reference-protocols/nats-protocol; ADR-4 (headers).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from wardwire.carrier.errors import ProtocolError

NO_RESPONDERS: Final = 503

LINE_MAX: Final = 4096  # the server's own default for max_control_line
INFO_MAX: Final = 65536  # an INFO lists the cluster's addresses and may be long
PAYLOAD_MAX: Final = 8 * 1024 * 1024

PING: Final = b"PING\r\n"
PONG: Final = b"PONG\r\n"


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says of itself; sent first, and again when something changes.

    `connect_urls` is left out on purpose: a compromised server must not name the addresses that we dial.
    """

    server_id: str = ""
    server_name: str = ""
    version: str = ""
    client_id: int = 0
    client_ip: str = ""
    max_payload: int = 1024 * 1024
    headers: bool = False
    nonce: str = ""
    auth_required: bool = False
    tls_required: bool = False
    tls_available: bool = False
    lame_duck: bool = msgspec.field(name="ldm", default=False)


class Message(msgspec.Struct, gc=False):
    """A message for one of our subscriptions.

    Attributes:
        reply: "" when the sender wants no answer.
        status: The status of a header line, 0 without one; 503 means *no responders*.
        headers: The raw block of headers, b"" without one.
    """

    sid: int
    subject: str
    reply: str
    payload: bytes
    status: int = 0
    headers: bytes = b""


class Ping(msgspec.Struct, frozen=True):
    """The server asks whether we live."""


class Pong(msgspec.Struct, frozen=True):
    """The server answers our oldest PING that is still open."""


class Okay(msgspec.Struct, frozen=True):
    """The server took a command (verbose mode only)."""


class Err(msgspec.Struct, frozen=True):
    """The server complains; the text without its quotes."""

    text: str


Event = Message | Info | Ping | Pong | Okay | Err

_PING = Ping()
_PONG = Pong()
_OKAY = Okay()
_read_info = msgspec.json.Decoder(Info).decode


class Parser:
    """Turns the server's bytes into events, bounded in every direction.

    How the bytes are cut changes nothing. After a `ProtocolError` the parser is spent.

    Args:
        payload_max: Bytes of headers and payload together that one message may have.
    """

    __slots__ = ("_need", "_parts", "_payload_max", "_size")

    def __init__(self, *, payload_max: int = PAYLOAD_MAX) -> None:
        self._parts: list[bytes] = []  # what is not yet complete; joined only when it can be
        self._size = 0
        self._need = 0  # bytes that the next event needs at least; 0 when not known
        self._payload_max = payload_max

    def feed(self, data: bytes) -> list[Event]:
        """Return all events that are complete with these bytes, in order.

        Raises:
            ProtocolError: Whatever the bytes are, nothing else; events of the same call are dropped.
        """
        if self._parts:
            self._parts.append(data)
            self._size += len(data)
            if self._size < self._need:
                return []
            data = b"".join(self._parts)
            self._parts.clear()
        events: list[Event] = []
        at = self._take(data, events)
        if at < len(data):
            self._parts.append(data[at:] if at else data)
            self._size = len(data) - at
        return events

    def _take(self, data: bytes, events: list[Event]) -> int:
        """Append the complete events of `data`; return where the first incomplete one begins."""
        append, find, at, size = events.append, data.find, 0, len(data)
        self._need = 0
        while at < size:
            end = find(b"\r\n", at)
            if end < 0:
                self._check_open_line(data, at)
                return at
            line = data[at:end]
            word = line[:4]
            if word == b"MSG ":
                try:
                    fields = line.split(b" ")
                    if len(fields) == 4:
                        _, subject, sid, length = fields
                        reply = ""
                    else:
                        _, subject, sid, answer, length = fields
                        reply = answer.decode("ascii")
                    count = int(length)
                    number = int(sid)
                    name = subject.decode("ascii")
                except ValueError:
                    raise ProtocolError("malformed MSG") from None
                if not 0 <= count <= self._payload_max or end - at > LINE_MAX:
                    raise ProtocolError("MSG over the bounds")
                begin = end + 2
                stop = begin + count
                if stop + 2 > size:
                    self._need = stop + 2 - at
                    return at
                if data[stop : stop + 2] != b"\r\n":
                    raise ProtocolError("payload without its end")
                append(Message(number, name, reply, data[begin:stop]))
                at = stop + 2
            elif word == b"HMSG":
                number, name, reply, before, count = self._read_hmsg(line)
                begin = end + 2
                split = begin + before
                stop = begin + count
                if stop + 2 > size:
                    self._need = stop + 2 - at
                    return at
                if data[stop : stop + 2] != b"\r\n":
                    raise ProtocolError("payload without its end")
                headers = data[begin:split]
                append(Message(number, name, reply, data[split:stop], _read_status(headers), headers))
                at = stop + 2
            else:
                append(_read_other(line))
                at = end + 2
        return at

    def _check_open_line(self, data: bytes, at: int) -> None:
        limit = INFO_MAX if data[at : at + 4].upper() == b"INFO" else LINE_MAX
        if len(data) - at > limit:
            raise ProtocolError("line over the bounds")

    def _read_hmsg(self, line: bytes) -> tuple[int, str, str, int, int]:
        """Read the line of an HMSG: sid, subject, reply, bytes of headers, bytes of all."""
        try:
            fields = line.split(b" ")
            if len(fields) == 5:
                word, subject, sid, head, length = fields
                reply = b""
            else:
                word, subject, sid, reply, head, length = fields
            before, count = int(head), int(length)
            read = (int(sid), subject.decode("ascii"), reply.decode("ascii"), before, count)
        except ValueError:
            raise ProtocolError("malformed HMSG") from None
        if not 0 <= before <= count <= self._payload_max or len(line) > LINE_MAX or word != b"HMSG":
            raise ProtocolError("HMSG over the bounds")
        return read


def _read_status(headers: bytes) -> int:
    """Return the status of `NATS/1.0 503 …`, 0 when the line has none."""
    if not headers.startswith(b"NATS/1.0"):
        raise ProtocolError("headers of an unknown version")
    code = headers[8:12].strip()
    return int(code) if code.isdigit() else 0


def _read_other(line: bytes) -> Event:
    """Read a line that is not a message; lower case is as good as upper."""
    word = line[:4].upper()
    if word == b"PING" and len(line) == 4:
        return _PING
    if word == b"PONG" and len(line) == 4:
        return _PONG
    if word == b"+OK" and len(line) == 3:
        return _OKAY
    if word == b"-ERR":
        return Err(line[4:].strip().strip(b"'").decode("utf-8", "replace"))
    if word == b"INFO" and len(line) <= INFO_MAX:
        try:
            return _read_info(line[4:])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ProtocolError("malformed INFO") from None
    raise ProtocolError("unknown command")


def check_subject(subject: str) -> None:
    """Refuse what would break the line: blanks, line ends, control characters, nothing at all.

    Raises:
        ValueError: It cannot be written as a subject.
    """
    if not subject.isascii() or not subject.isprintable() or " " in subject or not subject:
        raise ValueError(f"not a subject: {subject!r}")


def render_connect(options: dict[str, Any]) -> bytes:
    """Render CONNECT with these options."""
    return b"CONNECT " + msgspec.json.encode(options) + b"\r\n"


def render_pub(subject: str, size: int, reply: str = "") -> bytes:
    """Render the line of a PUB; payload and CRLF follow it. The subjects must have passed `check_subject`."""
    if reply:
        return f"PUB {subject} {reply} {size}\r\n".encode("ascii")
    return f"PUB {subject} {size}\r\n".encode("ascii")


def render_hpub(subject: str, payload: bytes, headers: dict[str, str], reply: str = "") -> bytes:
    """Render HPUB with these headers, in their order.

    Raises:
        ValueError: A name or value would break its line.
    """
    lines = ["NATS/1.0"]
    for name, value in headers.items():
        text = f"{name}: {value}"
        if ":" in name or not name or not text.isprintable():
            raise ValueError(f"not a header: {name!r}")
        lines.append(text)
    block = "\r\n".join(lines).encode() + b"\r\n\r\n"
    middle = f"{subject} {reply}" if reply else subject
    return f"HPUB {middle} {len(block)} {len(block) + len(payload)}\r\n".encode() + block + payload + b"\r\n"


def render_sub(subject: str, sid: int, queue: str = "") -> bytes:
    """Render SUB; with a queue, one member of it gets each message."""
    return f"SUB {subject} {queue} {sid}\r\n".encode() if queue else f"SUB {subject} {sid}\r\n".encode()


def render_unsub(sid: int) -> bytes:
    """Render UNSUB."""
    return f"UNSUB {sid}\r\n".encode()
