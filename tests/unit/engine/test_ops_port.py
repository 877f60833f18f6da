"""Two processes of a machine that start at the same moment each have a port of their own."""

from __future__ import annotations

import socket
from typing import Any
from unittest.mock import patch

import pytest
import uvloop

from wardwire.engine.ops_port import OpsPort


def test_a_port_that_another_takes_between_bind_and_listen_is_taken() -> None:
    """Both have bound it; only `listen` tells, and a core that starts must hear of it: it takes the next port."""
    other = socket.socket()
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other.bind(("127.0.0.1", 0))
    port = other.getsockname()[1]
    bind = socket.socket.bind

    def bind_late(this: socket.socket, address: Any) -> None:
        bind(this, address)
        if address[1] == port:
            other.listen()

    async def start() -> int:
        ops = OpsPort(clock=Any, vitals=Any, metrics=Any)  # type: ignore[arg-type]
        return await ops.start("127.0.0.1", port)

    with other, patch.object(socket.socket, "bind", bind_late, create=True), pytest.raises(OSError, match="in use"):
        uvloop.run(start())
