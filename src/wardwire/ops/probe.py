"""
Ask an engine over its own wire whether it is ready, without a client library.

Each probe opens a connection, says one sentence, reads the answer and hangs up.
"""

from __future__ import annotations

import json
import socket
import struct
from enum import Enum
from pathlib import Path


class Readiness(Enum):
    """What a PostgreSQL server says when it is knocked at."""

    READY = "ready"  # asked for a password: it takes logins
    STARTING = "starting"  # recovering, or shutting down (SQLSTATE 57P03)
    SILENT = "silent"  # nobody listens, or a frozen server that accepts and says nothing


def postgres_socket(folder: Path, port: int) -> Path:
    """Name the socket file that a server of this port makes in this folder."""
    return folder / f".s.PGSQL.{port}"


def probe_postgres(folder: Path, port: int, *, patience_s: float = 2.0) -> Readiness:
    """
    Knock at a PostgreSQL server's socket, as pg_isready does.

    Source: PostgreSQL documentation, "Message Flow", start-up.
    """
    text = b"user\0postgres\0database\0postgres\0\0"
    packet = struct.pack("!ii", len(text) + 8, 196608) + text
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(patience_s)
            line.connect(str(postgres_socket(folder, port)))
            line.sendall(packet)
            answer = line.recv(1024)
    except OSError:
        return Readiness.SILENT
    if answer[:1] == b"R":
        return Readiness.READY
    if answer[:1] == b"E":
        return Readiness.STARTING if b"C57P03\0" in answer else Readiness.READY
    return Readiness.SILENT


def probe_nats(host: str, port: int, *, patience_s: float = 2.0) -> bool:
    """Tell whether a NATS server greets on this port (its INFO line comes first, before any TLS)."""
    try:
        with socket.create_connection((host, port), timeout=patience_s) as line:
            return line.recv(5) == b"INFO "
    except OSError:
        return False


def count_leaves(host: str, monitor_port: int, *, patience_s: float = 2.0) -> int:
    """Count the leaf connections of a NATS server, by its monitoring port; 0 when it does not answer."""
    try:
        with socket.create_connection((host, monitor_port), timeout=patience_s) as line:
            line.sendall(b"GET /leafz HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: line.recv(65536), b""))
        return int(json.loads(answer.partition(b"\r\n\r\n")[2])["leafnodes"])
    except (OSError, ValueError, KeyError):
        return 0
