"""Devices at the edge, cores behind the leaf: who gets in, what they may say, how they are put out."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.carrier.nats_clients import FAST
from tests.conformance.carrier.test_connection import Witness
from wardwire.carrier.callout import Callout, CalloutLimits, DeviceGrant, LoginInfo
from wardwire.carrier.connection import Connection, State, Target
from wardwire.carrier.errors import NoResponders
from wardwire.carrier.kick import Presence, SystemAccount
from wardwire.carrier.login import Login
from wardwire.carrier.nkeys import KeyPair, Kind
from wardwire.carrier.wire import Timing
from wardwire.ops.nats import NatsPair


@dataclass
class Site:
    """A core's three connections, its callout, and who is registered."""

    edge_url: str
    core: Connection
    system: SystemAccount
    callout: Callout
    devices: dict[str, str] = field(default_factory=dict)
    logins: dict[str, LoginInfo] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def register(self) -> tuple[str, KeyPair]:
        """Register a new device."""
        device, key = os.urandom(16).hex(), KeyPair.generate(Kind.USER)
        self.devices[key.public] = device
        return device, key

    def connect(self, key: KeyPair, witness: Witness | None = None, timing: Timing = FAST) -> Connection:
        """Begin to connect as the holder of this key."""
        target = Target(servers=[self.edge_url], name="phone", login=Login.by_key(key), timing=timing)
        if witness is None:
            connection = Connection(target)
        else:
            connection = Connection(target, on_state=witness.on_state, on_error=witness.on_error)
        connection.start()
        return connection


def connect(url: str, seed: str) -> Connection:
    """Begin to connect to the core server."""
    login = Login.by_key(KeyPair.from_seed(seed))
    connection = Connection(Target(servers=[url], name="test", login=login, timing=FAST))
    connection.start()
    return connection


@pytest.fixture
async def site(nats_pair: NatsPair) -> AsyncIterator[Site]:
    """A core that is connected and answers the callout."""
    logins = nats_pair.logins()
    core, auth, sys = (connect(logins.url, seed) for seed in (logins.core, logins.callout, logins.kick))
    made: list[Site] = []

    async def authorise(nkey: str, _info: LoginInfo) -> DeviceGrant | None:
        device = made[0].devices.get(nkey)
        return DeviceGrant(device=device) if device else None

    def authorise_password(info: LoginInfo) -> DeviceGrant | None:
        if info.password == "explode":
            raise RuntimeError("a fault of ours")
        return DeviceGrant(device=info.user) if info.password == "token" else None

    callout = Callout(
        auth,
        issuer=KeyPair.from_seed(logins.issuer),
        authorise=authorise,
        authorise_password=authorise_password,
        on_login=lambda device, info: made[0].logins.__setitem__(device, info),
        on_refused=lambda _info, why: made[0].refusals.append(why),
        now=lambda: datetime.now(UTC),
        spread=random.Random(1),
    )
    made.append(Site(logins.edge_url, core, SystemAccount(sys), callout))
    callout.start()
    for connection in (core, auth, sys):
        await connection.ready(5)
    await auth.flush()
    yield made[0]
    await callout.stop()
    for connection in (core, auth, sys):
        await connection.close()


async def test_a_registered_device_gets_in_and_talks_with_the_core(site: Site) -> None:
    """Up by its one subject, down by its own; the server and cid of the login are remembered."""
    device, key = site.register()
    loop = asyncio.get_running_loop()
    up: asyncio.Future[tuple[str, bytes]] = loop.create_future()
    down: asyncio.Future[bytes] = loop.create_future()
    site.core.subscribe("d.*.up", lambda s, _r, p, _n: up.set_result((s, p)), queue="core")
    phone = site.connect(key)
    phone.subscribe(f"d.{device}.down.>", lambda _s, _r, p, _n: down.set_result(p) if p else None)
    await phone.ready(5)
    await phone.flush()
    await site.core.flush()
    await interest(site, device)
    phone.publish(f"d.{device}.up", b"hello")
    assert await asyncio.wait_for(up, 5) == (f"d.{device}.up", b"hello")
    site.core.publish(f"d.{device}.down.m", b"welcome")
    assert await asyncio.wait_for(down, 5) == b"welcome"
    login, info = site.logins[device], phone.info
    assert info is not None
    assert (login.server_id, login.client_id) == (info.server_id, info.client_id)
    assert login.kind == "nats"
    await phone.close()


async def interest(site: Site, device: str) -> None:
    """Wait until the device's subscription is known behind the leaf (its hello would show it)."""
    async with asyncio.timeout(30):
        while True:
            absent: list[str] = []
            watch = site.core.watch_absent("rep.probe", absent.append)
            site.core.publish(f"d.{device}.down.probe", b"", "rep.probe.1")
            await site.core.flush()
            await site.core.flush()
            watch.unsubscribe()
            if not absent:
                return


async def test_absence_of_a_device_is_known_at_once_through_the_import(site: Site) -> None:
    """Both ways: as a request, and through the reply prefix of a plain publish."""
    device, _ = site.register()
    with pytest.raises(NoResponders):
        await site.core.request(f"d.{device}.down.m", b"x", timeout_s=5)
    absent: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    site.core.watch_absent("rep.core1", absent.set_result)
    site.core.publish(f"d.{device}.down.m", b"x", "rep.core1.77")
    assert await asyncio.wait_for(absent, 5) == "77"


async def test_foreign_subjects_are_refused_at_the_edge(site: Site) -> None:
    """Mallory's registered device hears and says nothing but its own."""
    anna, _ = site.register()
    _, key = site.register()
    witness = Witness()
    heard: list[str] = []
    site.core.subscribe("d.*.up", lambda s, *_: heard.append(s))
    phone = site.connect(key, witness)
    await phone.ready(5)
    for subject in (f"d.{anna}.up", f"d.{anna}.down.m", "core.wake", "$SYS.REQ.USER.AUTH", "rep.core1.1"):
        phone.publish(subject, b"I am Anna")
    for subject in (f"d.{anna}.down.>", "d.*.up", ">", "_INBOX.>", "$SYS.>"):
        phone.subscribe(subject, lambda *_: None)
    await phone.flush()
    await site.core.flush()
    denied = [str(error) for error in witness.errors if "Permissions Violation" in str(error)]
    assert len(denied) == 10
    assert heard == []
    await phone.close()


async def test_an_unknown_key_and_no_key_are_refused(site: Site) -> None:
    """The client is told no more than that."""
    witness = Witness()
    stranger = site.connect(KeyPair.generate(Kind.USER), witness)
    assert "Authorization Violation" in await witness.saw(State.REFUSED)
    await stranger.close()
    assert "unknown or revoked" in site.refusals
    nobody_witness = Witness()
    nobody = Connection(Target(servers=[site.edge_url], name="x", timing=FAST), on_state=nobody_witness.on_state)
    nobody.start()
    await nobody_witness.saw(State.REFUSED)
    await nobody.close()
    assert "no key and no password" in site.refusals


async def test_a_registered_key_without_its_signature_is_refused(site: Site) -> None:
    """To know a public key is not to hold it."""
    _, key = site.register()
    witness = Witness()
    login = Login(nkey=key.public, sign=KeyPair.generate(Kind.USER).sign)
    thief = Connection(
        Target(servers=[site.edge_url], name="x", login=login, timing=FAST),
        on_state=witness.on_state,
    )
    thief.start()
    await witness.saw(State.REFUSED)
    await thief.close()
    assert any("not signed" in why for why in site.refusals)


@pytest.mark.parametrize(("password", "let_in"), [("token", True), ("wrong", False), ("explode", False)])
async def test_a_short_lived_token_lets_in_who_cannot_sign(site: Site, *, password: str, let_in: bool) -> None:
    """And a fault of ours while deciding lets nobody in."""
    device, _ = site.register()
    witness = Witness()
    login = Login.by_password(device, password)
    badge = Connection(
        Target(servers=[site.edge_url], name="x", login=login, timing=FAST),
        on_state=witness.on_state,
    )
    badge.start()
    await witness.saw(State.CONNECTED if let_in else State.REFUSED)
    assert (device in site.logins) is let_in
    await badge.close()


async def test_a_kicked_device_is_gone_within_a_second_and_stays_out_when_revoked(site: Site) -> None:
    """Revoked first, then kicked: closed at once, and no second login; others stay."""
    device, key = site.register()
    _, other_key = site.register()
    witness = Witness()
    phone, other = site.connect(key, witness), site.connect(other_key)
    await phone.ready(5)
    await other.ready(5)
    del site.devices[key.public]
    login, loop = site.logins[device], asyncio.get_running_loop()
    began = loop.time()
    assert await site.system.kick(login.server_id, login.client_id) is True
    await witness.saw(State.DISCONNECTED)
    assert loop.time() - began < 1.0
    await witness.saw(State.REFUSED)
    assert other.connected
    await phone.close()
    await other.close()
    assert await site.system.kick(login.server_id, login.client_id) is False
    assert await site.system.kick("NOBODY", 1) is False


async def test_a_device_is_kicked_wherever_it_is_connected(site: Site) -> None:
    """Two connections with one key, from any core's login: both are closed, nobody else's."""
    device, key = site.register()
    _, other_key = site.register()
    witnesses = [Witness(), Witness()]
    phones = [site.connect(key, witness) for witness in witnesses]
    other = site.connect(other_key)
    for phone in (*phones, other):
        await phone.ready(5)
    del site.devices[key.public]
    assert await site.system.kick_device(site.logins[device].server_id, device) == 2
    for witness in witnesses:
        await witness.saw(State.REFUSED)
    assert other.connected
    for phone in (*phones, other):
        await phone.close()


async def test_connections_are_listed_and_their_coming_and_going_is_heard(site: Site) -> None:
    """Each with its device's name; the list runs over pages."""
    news: asyncio.Queue[Presence] = asyncio.Queue()
    site.system.watch("EDGE", news.put_nowait)
    await site.core.flush()
    registered = [site.register() for _ in range(5)]
    phones = [site.connect(key) for _, key in registered]
    for phone in phones:
        await phone.ready(5)
    login = site.logins[registered[0][0]]
    listed = await site.system.connections(login.server_id, account="EDGE", page=2)
    names = {connection.device: connection.cid for connection in listed}
    assert {device for device, _ in registered} <= set(names)
    assert names[registered[0][0]] == login.client_id
    await phones[0].close()
    async with asyncio.timeout(30):
        while True:
            presence = await news.get()
            if presence.device == registered[0][0] and not presence.connected:
                break
    assert presence.client_id == login.client_id
    assert presence.reason
    for phone in phones[1:]:
        await phone.close()


async def test_a_login_lasts_as_long_as_its_jwt(site: Site) -> None:
    """The lifetime is a backstop that the server keeps; the device comes back by itself."""
    site.callout._limits = CalloutLimits(lifetime=timedelta(seconds=2))
    _, key = site.register()
    witness = Witness()
    phone = site.connect(key, witness)
    await witness.saw(State.CONNECTED, 2)
    assert any("Expired" in str(error) for error in witness.errors)
    await phone.close()


async def test_without_a_callout_nobody_gets_in_and_afterwards_everybody(site: Site) -> None:
    """No answer is a refusal; the device tries on and is in as soon as a core is back."""
    await site.callout.stop()
    _, key = site.register()
    witness = Witness()
    phone = site.connect(key, witness, Timing(connect_s=0.3, retry_s_min=0.02, retry_s_max=0.1))
    await witness.saw(State.REFUSED)
    assert not phone.connected
    site.callout.start()
    await phone.ready(10)
    await phone.close()


async def test_a_stampede_of_500_logins_gets_in(site: Site) -> None:
    """All at once after an outage, and the core still answers others in between."""
    registered = [site.register() for _ in range(500)]
    loop = asyncio.get_running_loop()
    began = loop.time()
    phones = [site.connect(key) for _, key in registered]
    await asyncio.gather(*(phone.ready(15) for phone in phones))
    took = loop.time() - began
    assert len({site.logins[device].client_id for device, _ in registered}) == 500
    assert site.callout.waiting == 0
    print(f"500 logins in {took:.2f} s")
    await asyncio.gather(*(phone.close() for phone in phones))
