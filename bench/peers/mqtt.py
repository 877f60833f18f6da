"""An MQTT 3.1.1 client, as lean as it can be: a persistent session, everything at QoS 1 both ways.

A device hears `m/<name>`. A round is done when the server has acknowledged the message (then it is durable) and the
receipt of the other device is there.
"""

from __future__ import annotations

import asyncio

from bench.peers.plain import TEXT, Plain
from bench.shapes.devices import Device, Heard
from bench.shapes.voices import Party, Sort

USER, PASSWORD = b"guest", b"guest"
CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGRESP = 0x10, 0x20, 0x30, 0x40, 0x80, 0x90, 0xD0
QOS_1, DUP = 0x02, 0x08
KEEP_ALIVE_S = 0  # none
_TEXT = TEXT.encode()
# The first letter of a payload.
_NEW, _RECEIVED = b"n", b"r"


def text(value: bytes) -> bytes:
    """Write a string with its length (1.5.3)."""
    return len(value).to_bytes(2, "big") + value


def packet(kind: int, body: bytes) -> bytes:
    """Write a packet with its remaining length (2.2.3)."""
    head, left = bytearray([kind]), len(body)
    while True:
        left, digit = left >> 7, left & 0x7F
        head.append(digit | 0x80 if left else digit)
        if not left:
            return bytes(head) + body


def split_packets(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Give the whole packets, each (first byte, body), and the rest that is not whole yet."""
    found: list[tuple[int, bytes]] = []
    at, size = 0, len(data)
    while at + 2 <= size:
        length, shift, begin = 0, 0, at + 1
        while begin < size:
            digit = data[begin]
            begin += 1
            length |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                break
        else:
            break
        if begin + length > size:
            break
        found.append((data[at], data[begin : begin + length]))
        at = begin + length
    return found, data[at:]


class MqttDevice(Device):
    """A device at RabbitMQ."""

    def __init__(self, party: Party, voice: Plain, heard: Heard) -> None:
        super().__init__(party, voice, heard)
        self._topic = text(b"m/" + voice.peer.name.encode())
        self._rest = b""
        self._number = 0
        self._open: dict[int, bytes] = {}  # packet -> request, b"" of a receipt
        self._early: set[bytes] = set()  # requests whose receipt came before their acknowledgement
        self._unstored: set[bytes] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # Protocol level 4; user name and password given, no clean session: it is kept, and so are its messages.
        head = text(b"MQTT") + bytes([4, 0xC0]) + KEEP_ALIVE_S.to_bytes(2, "big")
        self._out.append(packet(CONNECT, head + text(self.name.encode()) + text(USER) + text(PASSWORD)))
        self._write()

    def _wrap(self, request: bytes) -> bytes:
        self._unstored.add(request)
        return self._publish(request, b"%b%b %b" % (_NEW, request, _TEXT))

    def _publish(self, request: bytes, payload: bytes) -> bytes:
        self._number = self._number % 0xFFFF + 1
        self._open[self._number] = request
        return packet(PUBLISH | QOS_1, self._topic + self._number.to_bytes(2, "big") + payload)

    def _read(self, data: bytes) -> None:
        packets, self._rest = split_packets(self._rest + data)
        for first, body in packets:
            kind = first & 0xF0
            if kind == PUBLISH:
                self._hear(body)
            elif kind == PUBACK:
                self._acknowledged(self._open.pop(int.from_bytes(body[:2], "big"), b""))
            elif kind == CONNACK:
                if body[1]:
                    raise ConnectionError(f"{self.name} was refused: {body[1]}")
                own = text(b"m/" + self.name.encode())
                self._out.append(packet(SUBSCRIBE | 0x02, b"\x00\x01" + own + b"\x01"))
            elif kind == SUBACK:
                self._be_ready()

    def _hear(self, body: bytes) -> None:
        begin = 2 + int.from_bytes(body[:2], "big")
        self._out.append(packet(PUBACK, body[begin : begin + 2]))
        payload = body[begin + 2 :]
        if payload[:1] == _NEW:
            request = payload[1 : payload.index(b" ")]
            self._out.append(self._publish(b"", _RECEIVED + request))
            self._heard(self, Sort.NEW, b"", request)
        elif payload[1:] in self._unstored:
            self._early.add(payload[1:])
        else:
            self._heard(self, Sort.DELIVERED, b"", payload[1:])

    def _acknowledged(self, request: bytes) -> None:
        if not request:
            return
        self._unstored.discard(request)
        self._heard(self, Sort.STORED, request, request)
        if request in self._early:
            self._early.remove(request)
            self._heard(self, Sort.DELIVERED, b"", request)
