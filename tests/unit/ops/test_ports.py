"""Free ports are found where no connection that goes out takes them."""

from __future__ import annotations

import socket

import pytest

from wardwire.ops import ports

LOWEST_GIVEN = 32_768  # Linux as it comes; others begin higher


def test_a_free_port_is_none_that_a_connection_may_get() -> None:
    """While a site started, a browser's connection had got the port that was kept for its server."""
    assert ports.FREE_PORTS.stop <= LOWEST_GIVEN
    assert all(ports.free_port() in ports.FREE_PORTS for _ in range(20))


def test_a_port_where_somebody_listens_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none of those that were tried is free, the system is asked for one."""
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "TRIES", 1)
        monkeypatch.setattr(ports, "FREE_PORTS", range(port, port + 1))
        assert ports.free_port() != port
