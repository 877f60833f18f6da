"""The way to the devices over the real pair of servers: there, away, and back by another link."""

from __future__ import annotations

import asyncio

from wardwire.app.devices import edge_links
from wardwire.carrier.connection import Connection, Target
from wardwire.carrier.kick import SystemAccount
from wardwire.carrier.login import Login
from wardwire.carrier.nkeys import KeyPair
from wardwire.ops.nats_throwaway import throwaway_nats
from wardwire.testing.site import FAST

PATIENCE_S = 20.0


async def test_the_link_to_the_edge_is_seen_to_go_and_to_come_back() -> None:
    """H115: killed, there is none; started again, it is another link than before."""
    with throwaway_nats() as pair:
        logins = pair.logins()
        login = Login.by_key(KeyPair.from_seed(logins.kick))
        line = Connection(Target(servers=(logins.url,), name="test", login=login, inbox_prefix="rep", timing=FAST))
        line.start()
        await line.ready(PATIENCE_S)
        system = SystemAccount(line)
        async with asyncio.timeout(PATIENCE_S):
            while not (before := await edge_links(system)):
                pass
            pair.edge.kill()
            while await edge_links(system):
                pass
            pair.edge.start()
            while not (after := await edge_links(system)):
                pass
        await line.close()
        assert not before & after
        assert await edge_links(system) == frozenset()
