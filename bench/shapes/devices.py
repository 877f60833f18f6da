"""Devices of the load maker, as lean as they can be: a socket, our parser or a WebSocket codec, and a voice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from bench.shapes.voices import Party, Sort, Voice
from wardwire.carrier.login import Login
from wardwire.carrier.nkeys import KeyPair
from wardwire.carrier.protocol import PING, PONG, Err, Info, Message, Parser, Ping, Pong, render_connect

NATS = f"{__name__}:NatsDevice"
WEBSOCKET = f"{__name__}:WebSocketDevice"
AGAIN_S = 0.5
Heard = Callable[["Device", Sort, bytes, bytes], None]


class Device(asyncio.Protocol):
    """A connected device; all that it says while it handles a batch goes out as one write."""

    def __init__(self, party: Party, voice: Voice, heard: Heard) -> None:
        self.name = party.name
        self.voice = voice
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard = heard
        self._out: list[bytes] = []
        self._batch = False
        self._transport: asyncio.Transport | None = None

    def say(self, frame: bytes) -> None:
        """Send a frame to the core."""
        self._out.append(self._wrap(frame))
        if not self._batch:
            self._write()

    def _write(self) -> None:
        assert self._transport is not None
        if self._out:
            self._transport.write(b"".join(self._out))
            self._out.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"{self.name} was not let in: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._batch = True
        self._read(data)
        self._batch = False
        self._write()

    def _take(self, payload: bytes) -> None:
        sort, request, message = self.voice.hear(payload)
        if sort is Sort.NEW:
            self._out.append(self._wrap(self.voice.receipt(message)))
        elif sort is Sort.READY:
            self._be_ready()
        elif sort is Sort.AGAIN:
            loop = asyncio.get_running_loop()
            loop.call_later(AGAIN_S, lambda: self.say(self.voice.receipt(message)))
        self._heard(self, sort, request, message)

    def _be_ready(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    def _wrap(self, frame: bytes) -> bytes:
        raise NotImplementedError

    def _read(self, data: bytes) -> None:
        raise NotImplementedError


class NatsDevice(Device):
    """A device at the edge server, logged in by the signature of its nonce."""

    def __init__(self, party: Party, voice: Voice, heard: Heard) -> None:
        super().__init__(party, voice, heard)
        self._key = KeyPair.from_seed(party.seed)
        self._feed = Parser().feed
        self._head = f"PUB d.{party.name}.up ".encode()
        self._info = Info()

    def _wrap(self, frame: bytes) -> bytes:
        return b"%b%d\r\n%b\r\n" % (self._head, len(frame), frame)

    def _read(self, data: bytes) -> None:
        for event in self._feed(data):
            if type(event) is Message:
                self._take(event.payload)
                continue
            match event:
                case Ping():
                    self._out.append(PONG)
                case Info() if not self._info.server_id:
                    self._info = event
                    options = Login.by_key(self._key).options(event.nonce)
                    options |= {"verbose": False, "pedantic": False, "protocol": 1, "lang": "bench"}
                    sub = f"SUB d.{self.name}.down.> 1\r\n".encode()
                    self._out += [render_connect(options), sub, PING]
                case Pong() if not self.ready.done():
                    opening = self.voice.opening(self._info.server_id, self._info.client_id)
                    self._out += [self._wrap(frame) for frame in opening]
                    if not opening:
                        self._be_ready()
                case Err(text):
                    raise ConnectionError(text)


class WebSocketDevice(Device):
    """A device on the core's own WebSocket; masked with zeros, which the standard allows and costs nothing."""

    def __init__(self, party: Party, voice: Voice, heard: Heard) -> None:
        super().__init__(party, voice, heard)
        self._rest = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self._transport is not None
        self._transport.write(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def _wrap(self, frame: bytes) -> bytes:
        size = len(frame)
        if size < 126:
            return bytes((0x82, 0x80 | size)) + b"\0\0\0\0" + frame
        return b"\x82\xfe" + size.to_bytes(2, "big") + b"\0\0\0\0" + frame

    def _read(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        at, size = 0, len(data)
        if not self._upgraded:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            self._upgraded, at = True, end + 4
            self._out.append(self._wrap(self.name.encode()))
        while at + 2 <= size:
            length, begin = data[at + 1], at + 2
            if length == 126:
                if at + 4 > size:
                    break
                length, begin = data[at + 2] << 8 | data[at + 3], at + 4
            stop = begin + length
            if stop > size:
                break
            payload = data[begin:stop]
            at = stop
            if payload == b"welcome":
                self._be_ready()
            else:
                self._take(payload)
        self._rest = data[at:]
