"""Watches the one port as browsers see it: when it is away, or its certificate ends soon, the desk is told.

Nobody behind the port would notice otherwise: the core is well while every phone that comes through it is deaf.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509

from wardwire.engine.upkeep import LastingAlarm
from wardwire.flow.ports import Rules, Writer
from wardwire.model.clock import Clock

LOOK_EVERY_S = 10.0
PATIENCE_S = 5.0
# The supervisor starts a front that died within a few seconds; what takes longer needs a person.
AWAY_AFTER_S = 20.0
ENDS_SOON = timedelta(days=21)
AWAY, ENDING = "front_away", "front_certificate"


class Shown(NamedTuple):
    """What the front showed to somebody who came. `ends`: of its certificate; None = it speaks without TLS."""

    ends: datetime | None


Look = Callable[[], Awaitable[Shown | None]]
"""Goes to the front as a browser would; None = it does not answer."""


class FrontWatch:
    """Run `round` every few seconds (engine/upkeep.keep).

    Args:
        address: Where it listens: names the alarm, so that several machines have one each.
    """

    def __init__(self, look: Look, address: str, *, clock: Clock, writer: Writer, rules: Callable[[], Rules]) -> None:
        self._look = look
        self._address = address
        self._clock = clock
        self._away = LastingAlarm(AWAY, address, writer=writer, rules=rules)
        self._ending = LastingAlarm(ENDING, address, writer=writer, rules=rules)
        self._away_since: float | None = None

    async def round(self) -> None:
        """Look once."""
        shown, monotonic = await self._look(), self._clock.monotonic()
        if shown is None:
            if self._away_since is None:
                self._away_since = monotonic
            if monotonic - self._away_since >= AWAY_AFTER_S:
                self._away.lasts(_away(self._address))
            return
        self._away_since = None
        self._away.over("it answers")
        now = self._clock.now()
        if shown.ends is not None and shown.ends - now <= ENDS_SOON:
            self._ending.lasts(_ending(shown.ends, now))
        else:
            self._ending.over("another certificate is shown")


def look_at(host: str, port: int, *, tls: bool) -> Look:
    """Make a look at this address: an answer counts, whatever it says; a connection alone may wait in its queue.

    Whose certificate it shows is for browsers to judge; here only until when it holds.
    """
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    request = f"HEAD / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    async def look() -> Shown | None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                reader, writer = await asyncio.open_connection(host, port, ssl=context if tls else None)
                session = writer.get_extra_info("ssl_object")
                shown = session.getpeercert(binary_form=True) if session is not None else None
                try:
                    writer.write(request)
                    if not await reader.readline():
                        return None
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return None
        return Shown(x509.load_der_x509_certificate(shown).not_valid_after_utc if shown else None)

    return look


def _away(address: str) -> str:
    return (
        f"The port for browsers and phones, {address}, does not answer. Whoever reaches us through it hears nothing"
        " and can send nothing. Look at the process front and its log, and at what stands between."
    )


def _ending(ends: datetime, now: datetime) -> str:
    left = (ends - now) // timedelta(days=1)
    when = f"ends in {left} days, on {ends:%d %b %Y}" if left >= 0 else f"has ended on {ends:%d %b %Y}"
    return (
        f"The certificate of the port for browsers and phones {when}. Without a new one no phone comes in. Put a new"
        " one in the place of front.tls_certificate and front.tls_key, which are read again by themselves; our own"
        " authority makes one at the next start of `wardwire serve`."
    )
