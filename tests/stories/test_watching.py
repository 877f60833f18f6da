"""What watches a core is told: alive, ready, and in figures; on a real database."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest

from tests.ward import open_app
from wardwire.engine.health import Prober, Vitals
from wardwire.engine.metrics import Metrics
from wardwire.engine.ops_port import OpsPort
from wardwire.testing.ward import Ward


async def ask(port: int, request: bytes) -> bytes:
    """Say something to the port and hear it to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_ready_means_that_a_durable_commit_has_just_succeeded(ward: Ward, database_url: str) -> None:
    """H26: Probed, it is ready; a second later without another probe it is not; with the database away neither."""
    prober = Prober(open_connection=lambda: open_app(database_url), clock=ward.clock)

    def vitals() -> Vitals:
        return Vitals(
            probed_at=prober.probed_at,
            durability=prober.durability,
            lanes_serving=ward.lanes.serving,
            deadlines_armed=prober.deadlines_armed,
            open_alarms=prober.open_alarms,
        )

    metrics = Metrics(clock=ward.clock, vitals=vitals, lanes=lambda: ward.lanes.writers, connected=lambda: 3)
    ops = OpsPort(clock=ward.clock, vitals=vitals, metrics=metrics.render)
    port = await ops.start("127.0.0.1", 0)
    await ward.send(ward.anna, ["Dr. Chen"])
    metrics.submitted("stored", "high")

    assert b" 503 " in await ask(port, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    await prober.round()
    answer = await ask(port, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (told["ready"], told["durability"], told["deadlines_armed"]) == (True, "degraded", 1)
    figures = await ask(port, b"GET /metrics HTTP/1.1\r\n\r\n")
    for line in (
        b'wardwire_submissions_total{outcome="stored",priority="high"} 1.0',
        b"wardwire_devices_connected 3.0",
        b"wardwire_ready 1.0",
        b'wardwire_lane_committed_total{lane="high/0"} 1.0',
    ):
        assert line in figures
    await ward.pass_time(seconds=1.5)
    assert b" 503 " in await ask(port, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    await prober.close()
    await ops.stop()


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET\r\n\r\n", b"x" * 20_000, b"HELO\r\n\r\n"])
async def test_what_is_no_request_is_closed_quietly(ward: Ward, noise: bytes) -> None:
    """Random bytes get no answer, and the next asker is answered."""
    ops = OpsPort(clock=ward.clock, vitals=Vitals, metrics=lambda: b"")
    port = await ops.start("127.0.0.1", 0)
    with contextlib.suppress(ConnectionError):
        assert await ask(port, noise) == b""
    assert (await ask(port, b"HEAD /livez HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
    assert (await ask(port, b"POST /livez HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 405")
    await ops.stop()
