"""The port on which the front tells of itself."""

from __future__ import annotations

import pytest

from wardwire.app.front import FrontPort
from wardwire.engine.ops_port import PORTS_TRIED
from wardwire.gateway.front import Behind, Front
from wardwire.gateway.limits import Limits
from wardwire.ops.ports import LOOPBACK, bind


@pytest.fixture
def front() -> Front:
    """A front that serves nobody."""
    limits = Limits(connections=1, connections_total=1, heads_per_min=60)
    listening = bind(LOOPBACK, 0, what="A test", key="")
    return Front(listening, behind=Behind(http="", nats=None), limits=limits, context=lambda: None)


async def test_the_front_leaves_the_first_ports_to_the_cores(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is up first, and would take that of the API, which is scraped there; a taken one is passed over."""
    tried: list[int] = []

    async def start(host: str, port: int) -> int:
        tried.append(port)
        if len(tried) < 3:
            raise OSError
        return port

    port = FrontPort(front)
    monkeypatch.setattr(port, "start", start)
    await port.listen(LOOPBACK, 9464)
    assert tried == [9464 + PORTS_TRIED + nth for nth in range(3)]


def test_it_says_what_was_away_and_counts_without_names(front: Front) -> None:
    """Ready while what is behind was there; refused requests by their reason."""
    port = FrontPort(front)
    assert port.answer("GET", "/readyz")[0] == 200
    front.away["nats"] = True
    front.counts.refuse("429")
    status, _, body = port.answer("GET", "/readyz")
    assert (status, b"nats is away" in body) == (503, True)
    assert b'wardwire_front_refused_total{why="429"} 1.0' in port.answer("GET", "/metrics")[2]
    assert port.answer("POST", "/metrics")[0] == 405
    front._listening.close()
