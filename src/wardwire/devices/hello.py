"""Opens sessions: checks signed hellos, commits what they open, welcomes the devices, and kicks who was replaced.

Hellos that come together are committed together: a thousand devices that come back cost a few commits.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.devices import proof
from wardwire.devices.catchup import CatchUp
from wardwire.devices.frames import HEARS, MINIMUM, PROTOCOL, Bye, Down, Envelope, Hello, Welcome, encode
from wardwire.devices.gather import Gather
from wardwire.devices.kicks import LAST_WORD_S, Kicks
from wardwire.devices.logins import Logins, Place
from wardwire.devices.session import Door, Session, check_device, check_signature, signing_key
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, Unavailable, Unknown, WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.people import Device, Directory
from wardwire.model.rights import CODE
from wardwire.store.chain import Draft
from wardwire.store.inbox import read_heads
from wardwire.store.ledger import Ledger
from wardwire.store.lost import find_ordered
from wardwire.store.sessions import SessionRow, lock_sessions, put_sessions

MOST_NONCES = 100_000
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MILLISECOND = timedelta(milliseconds=1)

log = structlog.get_logger("wardwire.devices")


class _Hello(NamedTuple):
    door: Door
    envelope: Envelope
    hello: Hello


@dataclass(frozen=True, slots=True)
class _Checked:
    """A hello that is believed: whose it is, and the row that it asks for."""

    door: Door
    hello: Hello
    device: Device
    row: SessionRow


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a hello came to. `replaced`: a connection that must go."""

    row: SessionRow
    replaced: Place | None
    before: UUID | None
    head: int


class Greeter:
    """Takes hellos and answers each with a welcome or a reason.

    Args:
        ledger: Commits sessions with their facts.
        site_key: The site's X25519 key, the same in all cores.
        push_key: The site's public key for Web Push; "" = there is none.
        failed: Answers a hello that did not succeed: (door, nonce, why).
        opened: Hears of every session that was opened here: (door, session).
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        site_key: X25519PrivateKey,
        directory: Callable[[], Directory],
        clock: Clock,
        logins: Logins,
        kicks: Kicks,
        catchup: CatchUp,
        publish: Callable[[str, bytes], None],
        failed: Callable[[Door, str, WardwireError], None],
        opened: Callable[[Door, Session], None],
        push_key: str = "",
    ) -> None:
        self._ledger = ledger
        self._site_key = site_key
        self._directory = directory
        self._clock = clock
        self._logins = logins
        self._kicks = kicks
        self._catchup = catchup
        self._publish = publish
        self._failed = failed
        self._opened = opened
        self._push_key = push_key
        self._nonces: OrderedDict[bytes, UUID] = OrderedDict()
        self._gather: Gather[_Hello] = Gather("hellos", self._work, largest=100, most_waiting=20_000)
        self.welcomed = 0

    def put(self, door: Door, envelope: Envelope, hello: Hello) -> None:
        """Take a hello; answered later, or at once when too many wait."""
        if not self._gather.put(_Hello(door, envelope, hello)):
            self._failed(door, hello.nonce, Unavailable(Code.OVERLOADED, "too many devices say hello; try again"))

    async def settled(self) -> None:
        """Wait until every hello is answered."""
        await self._gather.settled()

    async def stop(self) -> None:
        """Answer no more hellos; the devices say them again."""
        await self._gather.stop()

    async def _work(self, hellos: list[_Hello]) -> None:
        checked: dict[UUID, _Checked] = {}
        for hello in hellos:
            try:
                one = self._check(*hello)
            except Refused as refused:
                self._failed(hello.door, hello.hello.nonce, refused)
                continue
            if one.device.id in checked:  # two of one device: one after the other, so that the last wins
                self._gather.put(hello)
                continue
            checked[one.device.id] = one
            await asyncio.sleep(0)  # some 0.2 ms of signature and key agreement each: pages go first
        if checked:
            await self._commit(checked)

    def _check(self, door: Door, envelope: Envelope, hello: Hello) -> _Checked:
        """Believe a hello, or refuse it."""
        device_id = ids.read_id(ids.DEVICE, hello.device)
        if device_id.hex != door.name:
            raise Refused(Code.NOT_PERMITTED, "a device speaks for itself only", pointer="/device")
        directory = self._directory()
        check_device(directory, device_id)
        device = directory.devices[device_id]
        check_signature(signing_key(device), device_id, envelope)
        nonce = proof.read_bytes(hello.nonce)
        if not 16 <= len(nonce) <= 32:
            raise Refused(Code.INVALID, "a nonce has 16 to 32 bytes", pointer="/nonce")
        now = self._clock.now()
        row = SessionRow(
            device_id=device_id,
            session_id=ids.new_id(now),
            client_nonce=nonce,
            opened_at=now,
            server_id=hello.server_id,
            client_id=hello.cid,
            offset_ms=hello.clock_ms - (now - _EPOCH) // _MILLISECOND,
            replaced=0,
            limited=envelope.v < MINIMUM,
            turn=device.turn,
        )
        return _Checked(door, hello, device, row)

    async def _commit(self, checked: dict[UUID, _Checked]) -> None:
        now = self._clock.now()

        async def work(connection: asyncpg.Connection) -> tuple[dict[UUID, _Opened | WardwireError], list[Draft]]:
            turns = sorted((id, one.device.turn) for id, one in checked.items())
            before = await lock_sessions(connection, turns)
            heads = await read_heads(connection, list({one.device.person_id for one in checked.values()}))
            results: dict[UUID, _Opened | WardwireError] = {}
            drafts: list[Draft] = []
            gone = checked.keys() - before.keys()
            lost = await find_ordered(connection, sorted(gone)) if gone else set()
            for device_id, one in checked.items():
                if device_id in lost:  # this core has not read it yet: its order, or who has it now
                    results[device_id] = Unavailable(Code.UNAVAILABLE, "the directory is changing; say hello again")
                    continue
                try:
                    opened = self._open(one, before, heads[one.device.person_id])
                except Refused as refused:
                    results[device_id] = refused
                    continue
                results[device_id] = opened
                drafts += _facts(one, opened, before[device_id])
            rows = [opened.row for opened in results.values() if isinstance(opened, _Opened)]
            if rows:
                await put_sessions(connection, rows)
            return results, drafts

        try:
            results = await self._ledger.commit(now, work)
        except (Unknown, Unavailable) as error:
            for one in checked.values():
                self._failed(one.door, one.hello.nonce, error)
            return
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.error("hello_failed", reason=error)
            gone = Unavailable(Code.UNAVAILABLE, "the session could not be opened; try again")
            for one in checked.values():
                self._failed(one.door, one.hello.nonce, gone)
            return
        for device_id, result in results.items():
            one = checked[device_id]
            if isinstance(result, WardwireError):
                self._failed(one.door, one.hello.nonce, result)
            else:
                self._welcome(one, result)
                await asyncio.sleep(0)

    def _open(self, one: _Checked, before: dict[UUID, SessionRow | None], head: int) -> _Opened:
        """Decide what a hello opens, beside the session that there is."""
        row = one.row
        if row.device_id not in before:
            raise Refused(Code.DEVICE_REVOKED, "this device is not registered any more")
        last = before[row.device_id]
        if last is None:
            return _Opened(row, None, None, head)
        if last.client_nonce == row.client_nonce:
            # The welcome was lost, and the same hello comes again: the same session.
            row = row._replace(session_id=last.session_id, replaced=last.replaced)
            return _Opened(row, None, None, head)
        there, here = Place(last.server_id, last.client_id), Place(row.server_id, row.client_id)
        older = here.server_id == there.server_id and here.client_id < there.client_id
        if older or self._nonces.get(row.client_nonce) == row.device_id:
            raise Refused(Code.PROOF_INVALID, "this hello was said before", pointer="/nonce")
        if there == here or self._logins.is_gone(there):
            return _Opened(row._replace(replaced=last.replaced), None, last.session_id, head)
        return _Opened(row._replace(replaced=last.replaced + 1), there, last.session_id, head)

    def _welcome(self, one: _Checked, opened: _Opened) -> None:
        row, device, door = opened.row, one.device, one.door
        self._nonces[row.client_nonce] = device.id
        if len(self._nonces) > MOST_NONCES:
            self._nonces.popitem(last=False)
        try:
            session = agree(self._site_key, device, row)
        except Refused as refused:
            self._failed(door, one.hello.nonce, refused)
            return
        if opened.replaced is not None and opened.before is not None:
            self._tell(door, Bye(why=Code.SESSION_REPLACED, session=opened.before.hex))
        self._opened(door, session)
        person = self._directory().people[device.person_id]
        self.welcomed += 1
        self._tell(
            door,
            Welcome(
                v=PROTOCOL,
                nonce=one.hello.nonce,
                session=session.written,
                epoch=self._ledger.epoch,
                head=opened.head,
                time=self._clock.now(),
                offset_ms=row.offset_ms,
                person=ids.write_id(ids.PERSON, person.id),
                name=person.name,
                limited=row.limited,
                hears=HEARS,
                may=(CODE,) if CODE in person.scopes else (),
                push=self._push_key,
            ),
        )
        if opened.replaced is not None:
            self._kicks.put(opened.replaced, after_s=LAST_WORD_S)
        cursor = one.hello.resume
        if cursor is None or cursor.seq != opened.head or cursor.epoch != self._ledger.epoch:
            self._catchup.resume(door, session, cursor)

    def _tell(self, door: Door, frame: Down) -> None:
        self._publish(door.down, encode(frame))


def agree(site_key: X25519PrivateKey, device: Device, row: SessionRow) -> Session:
    """Make the session of a row: any core comes to the same key.

    Raises:
        Refused: `PROOF_INVALID` when the device's registered key is none to agree with.
    """
    key = proof.session_key(site_key, device.x25519, nonce=row.client_nonce, session=row.session_id)
    return Session(device, row.session_id, proof.Mac(key), limited=row.limited)


def _facts(one: _Checked, opened: _Opened, last: SessionRow | None) -> list[Draft]:
    row, device = opened.row, one.device
    body: dict[str, object] = {
        "session": row.session_id.hex,
        "at": f"{row.server_id}/{row.client_id}",
        "offset_ms": row.offset_ms,
        "app": one.hello.app,
    }
    drafts = [Draft(FactKind.SESSION_OPENED, None, device.person_id, device.id, json.dumps(body))]
    if opened.replaced is not None and last is not None:
        body = {
            "session": last.session_id.hex,
            "at": f"{last.server_id}/{last.client_id}",
            "by": f"{row.server_id}/{row.client_id}",
        }
        drafts.append(Draft(FactKind.SESSION_REPLACED, None, device.person_id, device.id, json.dumps(body)))
    return drafts
