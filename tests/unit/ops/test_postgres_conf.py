"""What PostgreSQL is told, and what its last words mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardwire.ops.postgres import explain
from wardwire.ops.postgres_conf import HBA, SOCKET_PATH_LIMIT, render, settings_for, short_socket_folder

GIB = 2**30


def told(**changes: object) -> dict[str, str]:
    given: dict[str, object] = {
        "sockets": Path("/run/w"),
        "port": 5432,
        "tcp": False,
        "shared_memory": GIB,
        "system": "Linux",
        "release": "6.1.0-13-amd64",
        "more": {},
    }
    return settings_for(**(given | changes))  # type: ignore[arg-type]


def test_nothing_is_listened_on_but_the_socket() -> None:
    """An ordinary site has no port at all; where one is asked for it is the loopback's."""
    assert told()["listen_addresses"] == ""
    assert told(tcp=True)["listen_addresses"] == "127.0.0.1"
    assert "trust" not in HBA
    assert "0.0.0.0" not in HBA


def test_what_durability_needs_is_always_said() -> None:
    """An acknowledgement means flushed; a cancelled commit must be seen in English; no statement timeout."""
    settings = told()

    for key in ("fsync", "full_page_writes", "synchronous_commit", "wal_log_hints"):
        assert settings[key] == "on"
    assert settings["lc_messages"] == "C"
    assert "statement_timeout" not in settings


def test_the_log_never_carries_what_a_row_holds() -> None:
    """Details, statements and parameters stay out of the log: they hold patient content."""
    settings = told()

    assert settings["log_error_verbosity"] == "terse"
    assert settings["log_min_error_statement"] == "panic"
    assert settings["log_parameter_max_length_on_error"] == "0"


@pytest.mark.parametrize(("size", "kind"), [(None, "mmap"), (1 << 20, "mmap"), (GIB, "posix")])
def test_a_small_shared_memory_is_not_used(size: int | None, kind: str) -> None:
    """Containers have a /dev/shm of a few MB, or none."""
    assert told(shared_memory=size)["dynamic_shared_memory_type"] == kind


@pytest.mark.parametrize(
    ("kernel", "method"),
    [(("Linux", "6.1.0-13-amd64"), "syncfs"), (("Linux", "5.4.0"), None), (("Darwin", "24.1.0"), None)],
)
def test_a_crash_is_recovered_from_without_opening_every_file(kernel: tuple[str, str], method: str | None) -> None:
    """Nobody is called meanwhile; where the kernel would hide that a flush failed, it is done one by one."""
    system, release = kernel
    assert told(system=system, release=release).get("recovery_init_sync_method") == method


def test_the_sites_own_settings_win_and_quotes_are_doubled() -> None:
    """`[database.settings]` is said last; a quote cannot end the value early."""
    text = render(told(more={"shared_buffers": "1GB", "application_name": "it's"}))

    assert "shared_buffers = '1GB'" in text
    assert "application_name = 'it''s'" in text


def test_a_socket_path_that_is_too_long_moves_to_a_short_folder() -> None:
    """107 bytes is the limit of a socket's address; the short folder depends on the long name alone."""
    long = Path("/" + "ward/" * 30)
    short = short_socket_folder(long, port=5432, fallback=Path("/tmp"))

    assert short == short_socket_folder(long, port=5432, fallback=Path("/tmp"))
    assert len(str(short / ".s.PGSQL.65535").encode()) <= SOCKET_PATH_LIMIT
    assert short_socket_folder(Path("/run/w"), port=5432, fallback=Path("/tmp")) == Path("/run/w")


def test_the_limit_counts_bytes_not_letters() -> None:
    """A folder with umlauts reaches the limit sooner."""
    folder = Path("/" + "ö" * 50)

    assert short_socket_folder(folder, port=5432, fallback=Path("/tmp")) != folder


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("FATAL:  could not write lock file: No space left on device", "disk_full"),
        ("FATAL:  could not resize shared memory segment: No space left on device", "shared_memory"),
        ("FATAL:  database files are incompatible with server", "other_major"),
        ("LOG:  could not bind IPv4 address: Address already in use", "port_busy"),
        ("FATAL:  could not create lock file: Read-only file system", "folder_read_only"),
        ("LOG:  fine\nFATAL:  something new", "postgres_ended"),
        ("selecting dynamic shared memory implementation ... posix\nFATAL:  else", "postgres_ended"),
        ("", "postgres_ended"),
    ],
)
def test_the_last_words_of_a_server_become_a_sentence(words: str, code: str) -> None:
    """Each known end has a code, a sentence and a remedy; an unknown one is quoted."""
    failed = explain(words, data=Path("/d"), log=Path("/l"))

    assert failed.code == code
    assert failed.sentence.endswith((".", "else", "new", "nothing"))
    assert failed.remedy
