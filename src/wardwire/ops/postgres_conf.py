"""
What PostgreSQL is told: our settings, who may log in, where its socket may lie. Pure: writes nothing.

Every choice that looks odd carries its reason; R-numbers are the design rules on durability and overload.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

SOCKET_PATH_LIMIT = 107  # bytes of sockaddr_un.sun_path, without its closing zero
SMALL_SHARED_MEMORY = 32 * 1024 * 1024

SETTINGS: Mapping[str, str] = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "dynamic_shared_memory_type": "posix",
    "max_parallel_workers_per_gather": "0",  # short queries only; and no need of /dev/shm
    "jit": "off",
    "password_encryption": "scram-sha-256",
    # Durability (R1-R5): an acknowledgement means that these hold.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "wal_log_hints": "on",  # pg_rewind brings an old primary back
    "max_wal_senders": "10",
    "hot_standby": "on",
    # Recycled segments, not new ones, under load; a new segment is written full of zeros first.
    "min_wal_size": "512MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "max_slot_wal_keep_size": "4GB",  # a dead standby must not fill the disk (R19)
    "restart_after_crash": "on",
    # Nobody holds rows for ever (F4, F26). No statement_timeout: it would cancel a waiting commit (R2).
    "idle_in_transaction_session_timeout": "60s",
    "deadlock_timeout": "200ms",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    # The log: English for our own reading of warnings, UTC, and no row contents (no patient content in logs).
    "lc_messages": "C",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "on",
    "log_lock_waits": "off",  # its message carries the statement
}

HBA = """\
# Written by Wardwire at every start. Passwords only, this machine only.
# TYPE  DATABASE     USER  ADDRESS        METHOD
local   all          all                  scram-sha-256
local   replication  all                  scram-sha-256
host    all          all   127.0.0.1/32   scram-sha-256
host    all          all   ::1/128        scram-sha-256
host    replication  all   127.0.0.1/32   scram-sha-256
"""


def is_small(shared_memory: int | None) -> bool:
    """Tell whether /dev/shm (its bytes, None when there is none) is too small to rely on."""
    return shared_memory is None or shared_memory < SMALL_SHARED_MEMORY


def settings_for(
    *,
    sockets: Path,
    port: int,
    tcp: bool,
    shared_memory: int | None,
    system: str,
    release: str,
    more: Mapping[str, str],
) -> dict[str, str]:
    """
    Put together what one server is told.

    Args:
        tcp: Listen on 127.0.0.1 too; otherwise on the socket alone.
        shared_memory: Size of /dev/shm in bytes; None when there is none. A small one is not used.
        system, release: Of the kernel, as `uname` names them.
        more: Said last, so it wins (tests, replication).
    """
    told = dict(SETTINGS)
    told["listen_addresses"] = "127.0.0.1" if tcp else ""
    told["port"] = str(port)
    told["unix_socket_directories"] = str(sockets)
    told["unix_socket_permissions"] = "0700"
    if system == "Linux" and _version(release) >= (5, 8):
        # After a crash all files are flushed before anybody is let in: at once, not one by one, which took 2.5 s of
        # 3.5 s with an empty database, and there are more files every day. Older kernels hide what then fails.
        told["recovery_init_sync_method"] = "syncfs"
    if is_small(shared_memory):
        told["dynamic_shared_memory_type"] = "mmap"
    told.update(more)
    return told


def _version(release: str) -> tuple[int, ...]:
    """Read the first two numbers of a kernel's release, such as 6.1.0-13-amd64."""
    return tuple(int(number) for number in re.findall(r"\d+", release)[:2])


def render(settings: Mapping[str, str]) -> str:
    """Write the settings as a configuration file; a quote within a value is doubled."""
    lines = [f"{key} = '{value.replace(chr(39), chr(39) * 2)}'" for key, value in settings.items()]
    return "\n".join(["# Written by Wardwire at every start; changes here are lost.", *lines, ""])


def short_socket_folder(wanted: Path, *, port: int, fallback: Path) -> Path:
    """
    Give the folder for the socket: the wanted one, or a short one below `fallback` when its path is too long.

    The short name depends only on the wanted one, so that every process finds the same.
    """
    if len(str(wanted / f".s.PGSQL.{port}").encode()) <= SOCKET_PATH_LIMIT:
        return wanted
    mark = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    return fallback / f"wardwire-{mark}"
