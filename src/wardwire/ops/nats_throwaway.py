"""The pair of NATS servers for a while: a folder of their own, free ports, everything gone at the end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wardwire.ops.account import drop_account
from wardwire.ops.binaries import bring_nats, find_nats
from wardwire.ops.nats import NatsPair, NatsPlan, NatsPorts
from wardwire.ops.nats_conf import EdgeLimits
from wardwire.ops.ports import free_port
from wardwire.ops.postgres_throwaway import temporary_home


def free_ports() -> NatsPorts:
    """Choose ports that nobody listens on now."""
    return NatsPorts(edge=free_port(), leaf=free_port(), core=free_port(), monitor=free_port(), websocket=free_port())


@contextmanager
def throwaway_nats(*, home: Path | None = None, limits: EdgeLimits | None = None) -> Iterator[NatsPair]:
    """
    Start `edge` and `core`, joined by their leaves; stop them and remove their folder afterwards.

    As root they run as `nobody`. Enter it in a thread that outlives it (the main thread).

    Args:
        home: Use this folder, and leave it in place at the end.
    """
    account = drop_account()
    folder = home or temporary_home(account)
    try:
        program = bring_nats(find_nats(), folder / "engines", account)
        pair = NatsPair(
            NatsPlan(
                home=folder,
                program=program,
                ports=free_ports(),
                account=account,
                limits=limits or EdgeLimits(),
            )
        )
        pair.prepare()
        try:
            pair.edge.start()
            pair.edge.wait_ready()
            pair.core.start()
            pair.core.wait_ready()
            pair.wait_joined()
            yield pair
        finally:
            pair.core.stop()
            pair.edge.stop()
    finally:
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)
