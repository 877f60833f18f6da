"""The clients of the peers read streams that come in any pieces, and say what keeps the peers going."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from bench.__main__ import main
from bench.peers.install import CannotInstall, check_machine
from bench.peers.mqtt import CONNACK, PUBACK, PUBLISH, QOS_1, SUBACK, MqttDevice, packet, split_packets, text
from bench.peers.plain import Plain
from bench.peers.xmpp import XmppDevice, attribute, split_stanzas
from bench.shapes.devices import Device
from bench.shapes.voices import Party, Sort

STREAM = (
    b"<?xml version='1.0'?><stream:stream id='1' xmlns='jabber:client'><stream:features><bind/></stream:features>"
    b"<r xmlns='urn:xmpp:sm:3'/>\n<message id='a.1'><body>&lt;x&gt;</body><request xmlns='r'/></message>"
)
ANNA, BEN = Party(name="a" * 32), Party(name="b" * 32)
Heard = list[tuple[Sort, bytes, bytes]]


class Socket(asyncio.Transport):
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def take(self) -> bytes:
        """Give what was written since the last call."""
        written, self.written = self.written, b""
        return written


def connect(make: Callable[..., Device]) -> tuple[Device, Socket, Heard]:
    heard: Heard = []
    device = make(ANNA, Plain(ANNA, BEN), lambda _device, *what: heard.append(what))
    socket = Socket()
    device.connection_made(socket)
    return device, socket, heard


def test_stanzas_come_whole_in_whatever_pieces() -> None:
    """An element is given once, when it is whole."""
    whole, rest = split_stanzas(STREAM)
    assert rest == b""
    assert [one.split()[0].rstrip(b">") for one in whole] == [
        b"<?xml", b"<stream:stream", b"<stream:features><bind/></stream:features", b"<r", b"<message",
    ]  # fmt: skip
    for cut in range(len(STREAM)):
        first, rest = split_stanzas(STREAM[:cut])
        second, left = split_stanzas(rest + STREAM[cut:])
        assert (first + second, left) == (whole, b"")


def test_packets_come_whole_in_whatever_pieces() -> None:
    """Lengths of one to three bytes; a packet is given once, when it is whole."""
    packets = [(PUBLISH, b"x" * length) for length in (0, 127, 128, 16_384)]
    data = b"".join(packet(kind, body) for kind, body in packets)
    assert split_packets(data) == (packets, b"")
    for cut in range(400):
        first, rest = split_packets(data[:cut])
        second, left = split_packets(rest + data[cut:])
        assert (first + second, left) == (packets, b"")


async def test_an_xmpp_device_logs_in_confirms_and_answers_stream_management() -> None:
    """Receipts ask to be archived; the count of stanzas begins when stream management does."""
    device, socket, heard = connect(XmppDevice)
    assert b"<stream:stream" in socket.take()
    device.data_received(b"<stream:stream id='1'><stream:features></stream:features>")
    assert b"mechanism='PLAIN'" in socket.take()
    device.data_received(b"<success xmlns='x'/>")
    assert b"<stream:stream" in socket.take()
    device.data_received(b"<stream:stream id='2'><stream:features></stream:features>")
    assert b"<bind" in socket.take()
    device.data_received(b"<iq type='result' id='bind'><bind/></iq>")
    assert b"<enable" in socket.take()
    assert not device.ready.done()
    device.data_received(b"<enabled xmlns='urn:xmpp:sm:3'/>")
    assert device.ready.done()
    device.data_received(b"<message id='b.1'><body>x</body><request xmlns='r'/></message><r xmlns='s'/>")
    told = socket.take()
    assert b"<received xmlns='urn:xmpp:receipts' id='b.1'/><store" in told
    assert b"<a xmlns='urn:xmpp:sm:3' h='1'/>" in told
    device.data_received(b"<message id='r'><received xmlns='urn:xmpp:receipts' id='a.1'/></message>")
    device.data_received(b"<message type='error' id='x'></message>")
    assert heard[:3] == [(Sort.NEW, b"", b"b.1"), (Sort.STORED, b"a.1", b"a.1"), (Sort.DELIVERED, b"", b"a.1")]
    assert heard[3][0] is Sort.TROUBLE


async def test_an_mqtt_round_ends_when_it_is_acknowledged_and_confirmed() -> None:
    """A receipt that overtakes the server's acknowledgement does not end a round that may not be durable."""
    device, socket, heard = connect(MqttDevice)
    assert socket.take()[0] == 0x10
    device.data_received(packet(CONNACK, b"\0\0"))
    assert b"m/" + ANNA.name.encode() in socket.take()
    device.data_received(packet(SUBACK, b"\0\x01\x01"))
    assert device.ready.done()
    request, frame = device.voice.send()
    device.say(frame)
    ((first, body),), _ = split_packets(socket.take())
    assert first == PUBLISH | QOS_1
    number = body[2 + 34 : 4 + 34]
    device.data_received(packet(PUBLISH | QOS_1, text(b"m/a") + b"\0\x09r" + request))
    assert socket.take() == packet(PUBACK, b"\0\x09")
    assert heard == []
    device.data_received(packet(PUBACK, number))
    assert heard == [(Sort.STORED, request, request), (Sort.DELIVERED, b"", request)]


def test_an_attribute_is_read_in_either_quotes() -> None:
    """Servers write both."""
    assert attribute(b"""<a id='1' to="b'c">""", b"to") == b"b'c"
    assert attribute(b"<a id='1'>", b"to") == b""


def test_only_root_installs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is measured: it ends with 2 and one sentence."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(CannotInstall, match="root"):
        check_machine()
    monkeypatch.setattr("sys.argv", ["bench"])
    monkeypatch.setenv("PEERS", "1")
    assert main() == 2
    assert capsys.readouterr().err == "PEERS=1 installs ejabberd and RabbitMQ, and needs root for it.\n"
