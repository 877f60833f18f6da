"""What a device keeps of itself, and how it is registered over HTTP."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from wardwire.carrier import nkeys
from wardwire.client.card import Card, DeviceKeys, Place
from wardwire.client.enrol import enrol, revoke
from wardwire.client.memory import Memory
from wardwire.devices.frames import Cursor, Event
from wardwire.devices.proof import read_bytes, registered_bytes
from wardwire.devices.register import Registration, code_digest
from wardwire.model.errors import Code, Refused, Unavailable

PLACE = Place(
    device=f"dev_{7:032x}",
    person=f"per_{8:032x}",
    name="Ben",
    server="nats://127.0.0.1:4222",
    site_x25519="A" * 43,
)


def test_a_card_is_for_its_owner_alone_and_is_never_overwritten(tmp_path: Path) -> None:
    """Mode 0600 from the first byte on; reading it gives the same keys; it shows no secret."""
    path = tmp_path / "ben.json"
    card = Card(DeviceKeys.make(), PLACE)
    card.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        card.save(path)
    again = Card.load(path)
    assert again.place == PLACE
    assert again.name == f"{7:032x}"
    assert again.keys.signing.public == card.keys.signing.public
    assert again.keys.x25519 == card.keys.x25519
    assert card.keys.signing.seed() not in repr(card.keys)
    path.write_text("{}")
    with pytest.raises(ValueError):
        Card.load(path)


def test_a_registration_proves_both_keys(tmp_path: Path) -> None:
    """The nkey signs the code and the other key."""
    keys = DeviceKeys.make()
    request = keys.registration("7kq4m-xw2pd", name="phone", app="1")
    signed = registered_bytes(code_digest("7KQ4MXW2PD"), keys.x25519)
    assert nkeys.verify(request.nkey, nkeys.Kind.USER, signed, read_bytes(request.proof))


class Site(BaseHTTPRequestHandler):
    """Answers as the site would: with a place, or with the problem that the code names."""

    asked: list[tuple[str, str | None, bytes]]

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, self.headers.get("Authorization"), body))
        code = msgspec.json.decode(body).get("code", "")
        if code in Code.__members__.values():
            self._answer(503 if code == "unavailable" else 422, {"code": code, "detail": "no"})
        elif code == "nonsense":
            self._answer(200, [1])
        else:
            self._answer(201, PLACE)

    def _answer(self, status: int, body: object) -> None:
        content = msgspec.json.encode(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a small HTTP server."""
    Site.asked = []
    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_enrolling_gives_a_card(site: str) -> None:
    """The site's answer and the keys that were made here."""
    card = await enrol(site + "/", "7KQ4M-XW2PD", "phone", app="1")
    assert card.place == PLACE
    [(path, _, body)] = Site.asked
    assert path == "/v1/devices/register"
    request = msgspec.json.decode(body, type=Registration)
    assert (request.nkey, request.name) == (card.keys.signing.public, "phone")


async def test_what_the_site_refuses_is_refused_here(site: str) -> None:
    """With its own code; a site that is away or speaks otherwise is unavailable."""
    with pytest.raises(Refused) as refused:
        await enrol(site, "code_expired", "phone")
    assert refused.value.code is Code.CODE_EXPIRED
    for address, code in ((site, "unavailable"), (site, "nonsense"), ("http://127.0.0.1:1", "x")):
        with pytest.raises(Unavailable):
            await enrol(address, code, "phone")
    with pytest.raises(Refused):
        await enrol("ftp://site", "x", "phone")


async def test_revoking_shows_a_key(site: str) -> None:
    """As any other system would."""
    await revoke(site, PLACE.device, "lost", key="ww_live_1")
    [(path, key, body)] = Site.asked
    assert (path, key, body) == (f"/v1/devices/{PLACE.device}/revoke", "Bearer ww_live_1", b'{"why":"lost"}')


def test_a_memory_survives_a_restart(tmp_path: Path) -> None:
    """The cursor and what was shown; a torn or foreign file is a memory of nothing."""
    path = tmp_path / "ben.state"
    memory = Memory(path)
    assert memory.cursor is None
    memory.keep(Event(epoch=1, seq=4, event="read", id="msg_1"))
    memory.moved(Cursor(epoch=1, seq=9))
    again = Memory(path)
    assert (again.cursor, again.shown) == (Cursor(epoch=1, seq=9), [])
    path.write_bytes(b'{"cursor":')
    assert Memory(path).cursor is None
