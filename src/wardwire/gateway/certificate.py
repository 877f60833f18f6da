"""The certificate of the front: read at the start, and again when its files have changed."""

from __future__ import annotations

import ssl
from pathlib import Path

import structlog

log = structlog.get_logger("wardwire.gateway")

_State = tuple[tuple[int, int, int], ...]


class Certificate:
    """
    A certificate with its key, as files that somebody may renew under us.

    Raises:
        OSError, ssl.SSLError: They cannot be read now, or do not fit together.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._state = self._look()
        self.context = self._load()

    def renew(self) -> bool:
        """Take in what has changed; whether something has. New files that are broken leave the old ones in use."""
        try:
            state = self._look()
            if state == self._state:
                return False
            self._state = state
            self.context = self._load()
        except OSError as error:  # ssl.SSLError is one
            log.error("front_certificate_broken", why=type(error).__name__)
            return False
        log.info("front_certificate_renewed")
        return True

    def _look(self) -> _State:
        stats = [path.stat() for path in self._files]
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # WebSocket and HTTP/1.1 share this port; nobody may come with HTTP/2.
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(*self._files)
        return context
