"""An XMPP client, as lean as it can be: SASL PLAIN, bind, stream management, messages with receipts (XEP-0184).

It asks for each receipt to be archived (XEP-0334 `store`), as the product stores them, and answers the server's
requests of stream management: without that its queue fills up and messages bounce.
"""

from __future__ import annotations

import asyncio
import base64

from bench.peers.plain import TEXT, Plain
from bench.shapes.devices import Device, Heard
from bench.shapes.voices import Party, Sort

HOST = "bench.example"
PASSWORD = "bench"
RESOURCE = "phone"
_OPEN = (
    f"<?xml version='1.0'?><stream:stream to='{HOST}' version='1.0' xmlns='jabber:client'"
    " xmlns:stream='http://etherx.jabber.org/streams'>"
).encode()
_BIND = (
    "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
    f"<resource>{RESOURCE}</resource></bind></iq>"
).encode()
_AFTER_BIND = b"<enable xmlns='urn:xmpp:sm:3'/><presence/>"


def login(name: str) -> bytes:
    """Write SASL PLAIN (RFC 4616)."""
    text = base64.b64encode(f"\0{name}\0{PASSWORD}".encode()).decode()
    return f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{text}</auth>".encode()


def split_stanzas(data: bytes) -> tuple[list[bytes], bytes]:
    """Give the whole elements of a stream and the rest that is not whole yet.

    Opening tags of streams and XML declarations are elements here. No element may hold another one of its own name,
    which none of those that are asked for does.
    """
    found: list[bytes] = []
    at = 0
    while True:
        begin = data.find(b"<", at)
        close = data.find(b">", begin)
        if begin < 0 or close < 0:
            return found, data[at:]
        name = data[begin + 1 : close].split(maxsplit=1)[0].rstrip(b"/")
        end = close + 1
        if data[close - 1 : close] not in (b"/", b"?") and name[:1] != b"/" and name != b"stream:stream":
            end = data.find(b"</%b>" % name, close) + len(name) + 3
            if end < close:
                return found, data[begin:]
        found.append(data[begin:end])
        at = end


def attribute(stanza: bytes, name: bytes, since: int = 0) -> bytes:
    """Read an attribute from a place on; b"" without one."""
    at = stanza.find(b" %b=" % name, since)
    if at < 0:
        return b""
    begin = at + len(name) + 3
    return stanza[begin : stanza.index(stanza[begin - 1 : begin], begin)]


class XmppDevice(Device):
    """A device at ejabberd."""

    def __init__(self, party: Party, voice: Plain, heard: Heard) -> None:
        super().__init__(party, voice, heard)
        self._peer = voice.peer.name.encode()
        self._rest = b""
        self._logged_in = False
        self._stanzas = 0  # heard since stream management is on
        self._before = b"<message type='chat' to='%b@%b' id='" % (self._peer, HOST.encode())
        self._after = b"'><body>%b</body><request xmlns='urn:xmpp:receipts'/></message>" % TEXT.encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._out.append(_OPEN)
        self._write()

    def _wrap(self, request: bytes) -> bytes:
        return b"%b%b%b" % (self._before, request, self._after)

    def _receipt(self, request: bytes) -> bytes:
        return b"%br.%b'><received xmlns='urn:xmpp:receipts' id='%b'/><store xmlns='urn:xmpp:hints'/></message>" % (
            self._before,
            request,
            request,
        )

    def _read(self, data: bytes) -> None:
        stanzas, self._rest = split_stanzas(self._rest + data)
        for stanza in stanzas:
            if stanza.startswith(b"<message"):
                self._stanzas += 1
                self._message(stanza)
            elif stanza.startswith(b"<r "):
                self._out.append(b"<a xmlns='urn:xmpp:sm:3' h='%d'/>" % self._stanzas)
            elif stanza.startswith((b"<presence", b"<iq")):
                self._stanzas += 1
                if attribute(stanza, b"id") == b"bind":
                    self._out.append(_AFTER_BIND)
            else:
                self._negotiate(stanza)

    def _message(self, stanza: bytes) -> None:
        if (at := stanza.find(b"<received")) > 0:
            request = attribute(stanza, b"id", at)
            # Its archive has the message and the receipt before it hands the receipt on.
            self._heard(self, Sort.STORED, request, request)
            self._heard(self, Sort.DELIVERED, b"", request)
        elif b"type='error'" in stanza[:200]:
            self._heard(self, Sort.TROUBLE, b"", stanza)
        elif b"<request" in stanza:
            request = attribute(stanza, b"id")
            self._out.append(self._receipt(request))
            self._heard(self, Sort.NEW, b"", request)

    def _negotiate(self, stanza: bytes) -> None:
        if stanza.startswith(b"<stream:features"):
            self._out.append(_BIND if self._logged_in else login(self.name))
        elif stanza.startswith(b"<success"):
            self._logged_in = True
            self._out.append(_OPEN)
        elif stanza.startswith(b"<enabled"):
            self._stanzas = 0
            self._be_ready()
        elif stanza.startswith((b"<failure", b"<failed", b"<stream:error", b"</stream")):
            self._heard(self, Sort.TROUBLE, b"", stanza)
