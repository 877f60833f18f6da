"""Puts the canaries together: a device session of our own at the edge, its person in the directory, and the watch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import msgspec
import structlog

from wardwire import __version__
from wardwire.app.devices import read_site_key
from wardwire.app.ground import Ground
from wardwire.app.http import authority_of
from wardwire.client.card import Card, DeviceKeys, Place
from wardwire.client.device import Device
from wardwire.devices import proof
from wardwire.devices.doorway import DIRECTORY
from wardwire.directory.canary import APP, EMAIL, enter_device, enter_mailbox, has_device, has_mailbox
from wardwire.directory.desk import DirectoryDesk
from wardwire.engine.canary import LOOK_EVERY_S, CanaryWatch
from wardwire.engine.upkeep import keep
from wardwire.model import ids
from wardwire.model.canary import NAME, PEOPLE, Rhythm
from wardwire.model.errors import Unavailable
from wardwire.store.registration import DeviceRow

CARD = "canary.json"

log = structlog.get_logger("wardwire.app")


@contextlib.asynccontextmanager
async def open_canary(
    ground: Ground, tasks: asyncio.TaskGroup, amiss: Callable[[str], None]
) -> AsyncIterator[CanaryWatch | None]:
    """Let canaries fly until left; None where the site wants none, or where its card cannot be used: then `amiss`
    is told. Messages go on without canaries.
    """
    own = ground.settings.canary
    rhythm = Rhythm(*(timedelta(seconds=s) for s in (own.every_s, own.unit_every_s, own.email_every_s, own.within_s)))
    mailbox = own.mailbox if own.email_every_s and ground.settings.smtp.host else ""
    if not own.every_s and not mailbox:
        yield None
        return
    async with contextlib.AsyncExitStack() as stack:
        ledger = ground.ledger("canary")
        stack.push_async_callback(ledger.close)
        try:
            card = _card(ground)
        except (OSError, ValueError) as error:
            log.error("canary_card_unusable", reason=error)
            amiss(f"the card of its canary (secrets/{CARD}) cannot be used")
            yield None
            return
        nest = _Nest(ground, DirectoryDesk(ledger, ground.clock), card, mailbox)
        device = Device(card, app=f"wardwire-canary/{__version__}")
        stack.push_async_callback(device.close)
        watch = CanaryWatch(
            pool=ground.pool,
            clock=ground.clock,
            writer=ground.lanes,
            rules=ground.rules,
            rhythm=rhythm,
            channels=(APP, EMAIL) if mailbox else (APP,),
        )

        async def round() -> None:
            await nest.make()
            device.start()
            await watch.round()

        tasks.create_task(keep("canary", LOOK_EVERY_S, round, turns=ground.turns))
        tasks.create_task(_hear(device))
        yield watch


class _Nest:
    """The canaries' own people, with device and mailbox: entered once, and looked for at each start."""

    def __init__(self, ground: Ground, desk: DirectoryDesk, card: Card, mailbox: str) -> None:
        self._ground = ground
        self._desk = desk
        self._card = card
        self._mailbox = mailbox

    async def make(self) -> None:
        """Enter what is missing. Raises as every change of the directory; done, it costs nothing."""
        directory, card = self._ground.people.directory, self._card
        device_id = ids.read_id(ids.DEVICE, card.place.device)
        if not has_device(directory, device_id):
            row = DeviceRow(device_id, PEOPLE[APP], card.keys.signing.public, card.keys.x25519)
            await enter_device(self._desk, directory, row, app=__version__, name=self._ground.node.partition("-")[0])
            await self._refresh()
        if not has_mailbox(directory, self._mailbox):
            await enter_mailbox(self._desk, directory, self._mailbox)
            await self._refresh()

    async def _refresh(self) -> None:
        ground = self._ground
        async with ground.pool.acquire() as connection:
            await ground.people.refresh(connection)
        with contextlib.suppress(Unavailable):
            ground.nats.publish(DIRECTORY, b"")


def _card(ground: Ground) -> Card:
    """Read the card of this machine's canary, or make it. Where it connects is as for all devices of today."""
    path = ground.logins.home / "secrets" / CARD
    place = Place(
        device=ids.write_id(ids.DEVICE, ids.new_id(ground.clock.now())),
        person=ids.write_id(ids.PERSON, PEOPLE[APP]),
        name=NAME,
        server=ground.logins.nats.edge_url,
        site_x25519=proof.write_bytes(read_site_key(ground.logins.home).public_key().public_bytes_raw()),
        authority=authority_of(ground.logins.home, ground.logins.nats.edge_url),
    )
    if not path.exists():
        Card(DeviceKeys.make(), place).save(path)
    kept = Card.load(path)
    return Card(kept.keys, msgspec.structs.replace(place, device=kept.place.device))


async def _hear(device: Device) -> None:
    """Take what it hears: it has confirmed it by itself."""
    async for _ in device.events():
        pass
