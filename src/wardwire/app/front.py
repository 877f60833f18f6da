"""Puts the front together: its certificate, limits, figures, and the port on which it tells of itself."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from wardwire.engine.metrics import MEDIA_TYPE
from wardwire.engine.ops_port import PORTS_TRIED, TellingPort
from wardwire.gateway.certificate import Certificate
from wardwire.gateway.front import Behind, Front
from wardwire.gateway.limits import Limits
from wardwire.ops.failure import StartFailed
from wardwire.ops.ports import is_loopback
from wardwire.settings import Settings, split_address

CERTIFICATE_EVERY_S = 10

log = structlog.get_logger("wardwire.app")


async def run_front(
    settings: Settings, listening: socket.socket, behind: Behind, *, beat: Callable[[], None]
) -> None:
    """
    Run until cancelled.

    Args:
        beat: Called each second while its event loop turns.

    Raises:
        StartFailed: `tls_required`, `certificate_unusable`.
    """
    certificate = open_certificate(settings)
    own = settings.front
    limits = Limits(
        connections=own.address_connections,
        connections_total=own.connections,
        heads_per_min=own.address_requests_per_min,
    )

    def context() -> ssl.SSLContext | None:
        return certificate.context if certificate else None

    front = Front(listening, behind=behind, limits=limits, context=context)
    port = FrontPort(front)
    await port.listen(*split_address(settings.ops.listen))
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(front.serve())
            log.info("front_open", tls=certificate is not None)
            seconds = 0
            while True:
                beat()
                await asyncio.sleep(1)
                seconds += 1
                if certificate is not None and seconds % CERTIFICATE_EVERY_S == 0:
                    certificate.renew()
    finally:
        await port.stop()


def open_certificate(settings: Settings) -> Certificate | None:
    """
    Read the certificate; None for a front on the loopback that has none.

    Raises:
        StartFailed: `tls_required`, `certificate_unusable`.
    """
    own = settings.front
    if own.tls_certificate is None or own.tls_key is None:
        if not is_loopback(split_address(own.listen)[0]):
            raise StartFailed(
                "tls_required",
                f"The front would be reached on {own.listen} without TLS.",
                "Start it by `wardwire serve`, which makes a certificate, or set front.tls_certificate and"
                " front.tls_key.",
            )
        return None
    try:
        return Certificate(own.tls_certificate, own.tls_key)
    except OSError as error:
        raise StartFailed(
            "certificate_unusable",
            f"The front's certificate {own.tls_certificate} cannot be used: {error.strerror or 'not with this key'}.",
            "Mend front.tls_certificate and front.tls_key: PEM files that fit together, the certificate first.",
        ) from error


class FrontPort(TellingPort):
    """Tells how the front is: ready while what is behind it was there when somebody last asked for it."""

    def __init__(self, front: Front) -> None:
        super().__init__()
        self._front = front
        self._registry = CollectorRegistry()
        self._registry.register(_Figures(front))

    async def listen(self, host: str, first: int) -> None:
        """Listen on a port beyond those of the cores, which are slower to come up; without one the front goes on."""
        first += PORTS_TRIED
        for number in range(first, first + PORTS_TRIED):
            try:
                await self.start(host, number)
            except OSError:
                continue
            log.info("ops_port", port=number)
            return
        log.error("ops_port_taken", first=first, last=first + PORTS_TRIED - 1)

    def answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        """Answer a request: status, media type, body."""
        match path.partition("?")[0]:
            case _ if method not in ("GET", "HEAD"):
                return 405, "text/plain", b"GET only\n"
            case "/livez":
                return 200, "text/plain", b"alive\n"
            case "/readyz":
                front = self._front
                failing = [f"{name} is away" for name, away in front.away.items() if away]
                here = {"connections": front.limits.open, "nats": front.blind}
                told = json.dumps({"ready": not failing, "failing": failing, **here})
                return 503 if failing else 200, "application/json", told.encode() + b"\n"
            case "/metrics":
                return 200, MEDIA_TYPE, generate_latest(self._registry)
        return 404, "text/plain", b"/livez, /readyz, /metrics\n"


class _Figures(Collector):
    def __init__(self, front: Front) -> None:
        self._front = front

    def collect(self) -> list[GaugeMetricFamily | CounterMetricFamily]:
        """Say what is now, and what was done."""
        front, counts = self._front, self._front.counts
        refused = CounterMetricFamily(
            "wardwire_front_refused", "Connections and requests that were turned away.", labels=("why",)
        )
        for why, count in list(counts.refused.items()):
            refused.add_metric((why,), count)
        return [
            GaugeMetricFamily("wardwire_front_connections", "Connections now.", value=front.limits.open),
            GaugeMetricFamily("wardwire_front_nats_connections", "Of them, devices.", value=front.blind),
            CounterMetricFamily("wardwire_front_requests", "Heads that were read.", value=counts.requests),
            CounterMetricFamily("wardwire_front_away", "Times that what is behind was away.", value=counts.away),
            refused,
        ]
