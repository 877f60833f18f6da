"""What keeps `serve` from starting is said in a sentence, with what to do about it."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path

import pytest

from tests.faults.site import PARTS, pid_in, served
from tests.machine import mount_prefix
from wardwire.ops.account import drop_account
from wardwire.ops.binaries import find_postgres
from wardwire.ops.postgres import Postgres, PostgresPlan


def test_a_second_serve_on_one_folder_is_refused_with_the_pid() -> None:
    """The folder is locked as long as the first lives; the second names it and changes nothing."""
    with served() as first:
        first.start()
        first.until_ready()
        before = [first.part(name) for name in PARTS]
        with served(home=first.home) as second:
            second.start()

            assert second.until_ended() == 1

            assert "Wardwire runs already" in second.words
            assert pid_in(second.words) == first.pid
            second.remove = lambda: None  # type: ignore[method-assign]  # the folder is the first one's
        assert [first.part(name) for name in PARTS] == before


@pytest.mark.parametrize("key", ["nats.edge_listen", "api.listen"])
def test_a_busy_port_is_named_with_its_setting(key: str) -> None:
    """The sentence names address and setting; what had been started is stopped again."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with served(f"{key}={address}") as site:
            site.start()

            assert site.until_ended() == 1

            assert f"{address}, which is in use by another program" in site.words
            assert key.split(".")[1] in site.words
            assert [site.part(name) for name in PARTS] == [None] * len(PARTS)


@pytest.mark.needs_pg15
def test_data_of_another_major_is_not_touched() -> None:
    """Data that PostgreSQL 15 made is refused by 18, with both numbers and the ways out."""
    with served() as site:
        plan = PostgresPlan(home=site.home, binaries=find_postgres(major=15), account=drop_account())
        Postgres(plan).prepare()
        site.start()

        assert site.until_ended() == 1

        assert "was made by PostgreSQL 15; the programs here are 18" in site.words
        assert "pg_upgrade" in site.words


def test_a_folder_that_holds_something_else_is_left_alone() -> None:
    """A folder called postgres that is no database is not taken over."""
    with served() as site:
        (site.home / "postgres").mkdir()
        (site.home / "postgres" / "thesis.txt").write_text("mine")
        site.start()

        assert site.until_ended() == 1

        assert "holds something, but no PostgreSQL data" in site.words
        assert (site.home / "postgres" / "thesis.txt").read_text() == "mine"


def in_mounts(home: Path, mounts: str) -> list[str]:
    """
    Give a prefix that mounts something for one process alone.

    `{home}` stands for the folder, `{owner}` for who owns it. An ordinary user is root only for the mount, in a
    namespace of his own, and himself again before the process starts: it would try to drop to an account otherwise.
    """
    prefix = mount_prefix()
    assert prefix is not None
    account = drop_account()
    owner, again = (account.uid, "") if account else (0, f"unshare --user --map-user={os.getuid()} ")
    return [*prefix, "sh", "-c", f'{mounts.format(home=home, owner=owner)} && exec {again}"$0" "$@"']


@pytest.mark.needs_mounts
@pytest.mark.parametrize(
    ("mount", "sentence", "status"),
    [
        ("mount -t tmpfs -o ro none {home}", "mounted read-only", 1),
        ("mount -t tmpfs -o size=16m,mode=700,uid={owner} none {home}", "no room left", 1),
    ],
    ids=["read-only", "full"],
)
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, mount: str, sentence: str, status: int) -> None:
    """Read-only and full folders: what is wrong, where, and what to do."""
    with served() as site:
        site._prefix = in_mounts(site.home, mount)
        site.start()

        assert site.until_ended() == status

        assert sentence in site.words
        assert str(site.home) in site.words
        assert "choose another folder with --data" in site.words
        assert "Traceback" not in site.words


@pytest.mark.needs_mounts
def test_a_small_shared_memory_is_said_and_done_without() -> None:
    """With a /dev/shm of 1 MB (containers) the database shares memory through its folder, and says so."""
    with served() as site:
        site._prefix = in_mounts(site.home, "mount -t tmpfs -o size=1m,mode=1777 none /dev/shm")
        site.start()
        site.until_ready()

        assert "/dev/shm is small or missing" in site.words


def test_figures_are_not_shown_beyond_the_machine_without_tls() -> None:
    """ops.listen has no TLS of its own, so it stays on the loopback."""
    with served("ops.listen=0.0.0.0:9464") as site:
        site.start()

        assert site.until_ended() == 1

        assert "without TLS" in site.words


def test_devices_from_outside_get_tls_from_our_own_authority() -> None:
    """Beyond the loopback there is an authority and a certificate; a client that trusts it comes in."""
    with served() as site:
        site._sets = (*site._sets, f"nats.edge_listen=0.0.0.0:{site.edge}")
        site.start()
        site.until_ready()
        trust = ssl.create_default_context(cafile=str(site.home / "tls" / "authority.pem"))

        with socket.create_connection(("127.0.0.1", site.edge), timeout=5) as line:
            assert b'"tls_required":true' in line.recv(4096)
            with trust.wrap_socket(line, server_hostname="127.0.0.1") as secured:
                assert secured.version() in ("TLSv1.2", "TLSv1.3")
