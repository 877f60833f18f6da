"""Requests of one connection, read strictly and written anew for the server behind. Pure: bytes in, bytes out.

What is in doubt between us and the server behind is how requests are smuggled past a front: so every head is read
here (llhttp, without its leniencies), and what goes on was written by us: one length, our own X-Forwarded-*, no word
about the connection. Whoever asks for `/nats` to speak WebSocket is let through with the first head alone, and from
then on bytes are moved blindly.

Source: RFC 9112, 6.3 (length of a body), 9.3 and 9.6 (persistence); RFC 9110, 7.6.1 (Connection); RFC 6455, 4.1.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httptools

HEAD_MAX = 16 * 1024
HEADERS_MAX = 100
NATS_PATH = b"/nats"

# Of the connection, not of the request; and what only we may say.
_DROPPED = frozenset(
    (
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer", b"upgrade",
        b"transfer-encoding", b"content-length", b"http2-settings",
        b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port",
        b"x-real-ip",
    )
)  # fmt: skip


class Refusal(Exception):
    """A request that does not go on.

    Attributes:
        status: Of HTTP.
        why: For people.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Requests:
    """
    Reads what one client says.

    Args:
        address: Of the client, as we see it.
        secure: Whether the client came by TLS.

    Attributes:
        heads: How many heads were complete.
        blind: The first head asked for NATS over WebSocket: whatever follows is not for us to read.
        reading: A head has begun and is not complete.
    """

    def __init__(self, address: str, *, secure: bool) -> None:
        self.heads = 0
        self.blind = False
        self.reading = True  # nothing came yet: a connection that stays silent is as slow as half a head
        self._address = address.encode("ascii")
        self._scheme = b"https" if secure else b"http"
        self._parser = httptools.HttpRequestParser(self)
        self._out = bytearray()
        self._url = bytearray()
        self._begin()

    def feed(self, data: bytes) -> bytes:
        """
        Take in what came, and give what goes on to the server behind.

        Raises:
            Refusal: The connection is of no more use.
        """
        if self.blind:
            return data
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self.blind:
                raise Refusal(400, "this connection speaks HTTP/1.1 and cannot be upgraded here") from None
            self._out += data[upgrade.args[0] :]
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            raise (cause if isinstance(cause, Refusal) else Refusal(400, "this is no request")) from None
        except httptools.HttpParserError:
            raise Refusal(400, "this is no request of HTTP/1.1") from None
        if self.reading:
            self._unread += len(data)
            if self._unread > HEAD_MAX:
                raise Refusal(431, f"the head of the request is longer than {HEAD_MAX} bytes")
        out, self._out = bytes(self._out), bytearray()
        return out

    # What the parser calls -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A head begins."""
        self._begin()

    def on_url(self, url: bytes) -> None:
        """Take in (a part of) the target."""
        self._url += url
        self._measure(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header; what comes after the body (trailers) is dropped."""
        if not self.reading:
            return
        self._measure(len(name) + len(value) + 4)
        if b"\r" in value or b"\n" in value or b"\0" in value:
            raise Refusal(400, "a header has a line break in it")
        self._headers.append((name.lower(), value))
        if len(self._headers) > HEADERS_MAX:
            raise Refusal(431, f"more than {HEADERS_MAX} headers")

    def on_headers_complete(self) -> None:
        """Judge the head, and write it anew."""
        self.reading, self._unread = False, 0
        self.heads += 1
        method, url = self._parser.get_method(), bytes(self._url)
        if not (url.startswith(b"/") or (url == b"*" and method == b"OPTIONS")):
            raise Refusal(400, "the address of a request begins with /")
        hosts = self._all(b"host")
        if len(hosts) != 1:
            raise Refusal(400, "a request names its host once")
        lengths, codings = self._all(b"content-length"), self._all(b"transfer-encoding")
        if len(lengths) > 1 or len(codings) > 1 or (lengths and codings):
            raise Refusal(400, "the length of the body is said in two ways")
        if codings and codings[0].lower() != b"chunked":
            raise Refusal(501, "a body comes whole or chunked")
        self._chunked = bool(codings)
        lines = [b"%s: %s" % header for header in self._headers if header[0] not in self._left_out()]
        lines += [b"x-forwarded-for: " + self._address, b"x-forwarded-proto: " + self._scheme]
        if self._parser.should_upgrade():
            lines += self._judge_upgrade(method, url, hosts[0])
        elif not self._parser.should_keep_alive():
            lines.append(b"connection: close")
        if self._chunked:
            lines.append(b"transfer-encoding: chunked")
        elif lengths:
            lines.append(b"content-length: " + lengths[0])
        version = self._parser.get_http_version().encode("ascii")
        self._out += b"%s %s HTTP/%s\r\n%s\r\n\r\n" % (method, url, version, b"\r\n".join(lines))

    def on_body(self, body: bytes) -> None:
        """Pass on a part of a body."""
        self._out += b"%x\r\n%s\r\n" % (len(body), body) if self._chunked else body

    def on_message_complete(self) -> None:
        """End a body that was chunked."""
        if self._chunked:
            self._out += b"0\r\n\r\n"

    # --------------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.reading = True
        self._unread = 0
        self._size = 0
        self._chunked = False
        self._url = bytearray()
        self._headers: list[tuple[bytes, bytes]] = []

    def _measure(self, size: int) -> None:
        self._size += size
        if self._size > HEAD_MAX:
            raise Refusal(431, f"the head of the request is longer than {HEAD_MAX} bytes")

    def _all(self, name: bytes) -> list[bytes]:
        return [value for found, value in self._headers if found == name]

    def _left_out(self) -> frozenset[bytes]:
        """Name the headers that end here: those of every connection, and those that this one names."""
        named = {word.strip().lower() for value in self._all(b"connection") for word in value.split(b",")}
        return _DROPPED | (named - {b"host"})

    def _judge_upgrade(self, method: bytes, url: bytes, host: bytes) -> list[bytes]:
        """Let a browser of our own pages through to NATS; nothing else changes its protocol here."""
        kinds = [value.strip().lower() for value in self._all(b"upgrade")]
        if url != NATS_PATH or method != b"GET" or kinds != [b"websocket"] or self.heads > 1:
            raise Refusal(400, "this connection speaks HTTP/1.1 and cannot be upgraded here")
        origins = self._all(b"origin")
        if origins and [_host_of(origin) for origin in origins] != [host.strip().lower()]:
            raise Refusal(403, "a page of somebody else may not connect here")
        self.blind = True
        return [b"connection: Upgrade", b"upgrade: websocket"]


def _host_of(origin: bytes) -> bytes:
    try:
        return urlsplit(origin.decode("ascii")).netloc.lower().encode("ascii")
    except ValueError:
        return b""
