"""Engines that are not ours: safe addresses, passwords from files."""

from __future__ import annotations

import pytest

from wardwire.ops.failure import StartFailed
from wardwire.ops.remote import dsn_hosts, require_tls_dsn, require_tls_nats, with_password


@pytest.mark.parametrize(
    ("dsn", "hosts"),
    [
        ("postgresql://u:p@a:5432,b:5433/w?target_session_attrs=read-write", ["a", "b"]),
        ("postgresql://u@/w?host=/run/pg", ["/run/pg"]),
        ("postgresql://u@[::1]:5432/w", ["::1"]),
        ("postgresql:///w", []),
    ],
)
def test_the_hosts_of_an_address_are_found(dsn: str, hosts: list[str]) -> None:
    """Several hosts, sockets and IPv6."""
    assert dsn_hosts(dsn) == hosts


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u@127.0.0.1/w",
        "postgresql://u@localhost:5432/w",
        "postgresql://u@/w?host=/run/pg",
        "postgresql://u@db.ward/w?sslmode=verify-full",
    ],
)
def test_a_safe_database_is_taken(dsn: str) -> None:
    """This machine, or TLS that is required."""
    require_tls_dsn(dsn, key="database.dsn")


@pytest.mark.parametrize("mode", ["", "?sslmode=prefer", "?sslmode=disable"])
def test_a_database_elsewhere_without_tls_is_refused(mode: str) -> None:
    """`prefer` is no requirement: an attacker in between simply says no."""
    with pytest.raises(StartFailed, match=r"reaches db\.ward without requiring TLS"):
        require_tls_dsn(f"postgresql://u@127.0.0.1,db.ward/w{mode}", key="database.dsn")


def test_a_nats_server_elsewhere_without_tls_is_refused() -> None:
    """nats:// is for the loopback."""
    require_tls_nats("nats://127.0.0.1:4222,tls://nats.ward:4222", key="nats.url")
    with pytest.raises(StartFailed, match=r"nats\.ward"):
        require_tls_nats("nats://nats.ward:4222", key="nats.url")


def test_a_password_joins_an_address_without_disturbing_it() -> None:
    """It is escaped, and other words of the address stay."""
    assert with_password("postgresql://u@a,b/w", "s&p=1") == "postgresql://u@a,b/w?password=s%26p%3D1"
    assert with_password("postgresql://u@a/w?sslmode=require", "x").endswith("?sslmode=require&password=x")
    assert with_password("postgresql://u@a/w", None) == "postgresql://u@a/w"
