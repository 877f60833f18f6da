"""Ports on the loopback: find a free one, and say clearly when a wanted one is taken."""

from __future__ import annotations

import errno
import ipaddress
import random
import socket

from wardwire.ops.failure import StartFailed

LOOPBACK = "127.0.0.1"


# Below those that systems give to connections that go out: one of these could take a port that is kept for a server
# while it starts (Linux 32768, macOS and IANA 49152 and above).
FREE_PORTS = range(12_000, 32_000)
TRIES = 50


def free_port(host: str = LOOPBACK) -> int:
    """Give a port that nobody uses now. Another may take it before us: the start then says so."""
    for port in random.sample(FREE_PORTS, TRIES):
        if is_free(host, port):
            return port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_loopback(host: str) -> bool:
    """Tell whether an address reaches no further than this machine; of names only localhost does."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_free(host: str, port: int) -> bool:
    """Tell whether a port can be bound now."""
    try:
        require_free(host, port, what="", key="")
    except StartFailed:
        return False
    return True


def require_free(host: str, port: int, *, what: str, key: str) -> None:
    """Make sure that a port can be bound; arguments and errors as of `bind`."""
    bind(host, port, what=what, key=key).close()


def bind(host: str, port: int, *, what: str, key: str) -> socket.socket:
    """
    Bind a port, for whoever is to listen on it.

    Args:
        what: Who wants it, for the sentence ("The NATS server for devices").
        key: The setting that chooses it, for the remedy.

    Raises:
        StartFailed: `port_busy`, `port_denied` or `address_unknown`.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        return bound
    except OSError as error:
        bound.close()
        match error.errno:
            case errno.EADDRINUSE:
                code, why = "port_busy", "is in use by another program"
            case errno.EACCES | errno.EPERM:
                code, why = "port_denied", "may not be used by this user"
            case _:
                code, why = "address_unknown", f"cannot be used: {error.strerror or error}"
        raise StartFailed(
            code,
            f"{what} wants {host}:{port}, which {why}.",
            f"End that program (ss -ltnp shows it), or choose another address in the setting {key}.",
        ) from error
