"""What the two NATS servers are told."""

from __future__ import annotations

from pathlib import Path

from wardwire.ops.nats_conf import LEAVES, EdgeLimits, NatsKeys, Tls, render_core, render_edge

KEYS = NatsKeys(
    issuer="AISSUER",
    boot="UBOOT",
    leaf_passwords={account: f"secret-{account}" for account in LEAVES},
    core_users={account: f"U{account}" for account in ("CORE", "AUTH", "DSYS", "BULK")},
)
EDGE = render_edge(listen="127.0.0.1:4222", leaf_listen="127.0.0.1:7422", keys=KEYS)
CORE = render_core(listen="127.0.0.1:4333", monitor="127.0.0.1:8222", leaf_url="127.0.0.1:7422", keys=KEYS)


def test_the_edge_knows_no_key_of_a_core() -> None:
    """Whoever takes the edge finds the leaves' passwords and public keys; nothing that opens the core."""
    assert not any(key in EDGE for key in KEYS.core_users.values())
    assert 'issuer: "AISSUER"' in EDGE


def test_the_core_dials_only_what_it_was_told() -> None:
    """A compromised edge must not name addresses that the inside then dials."""
    assert "no_advertise: true" in EDGE
    assert CORE.count("ignore_discovered_servers: true") == len(LEAVES)


def test_a_login_can_wait_for_the_callout_without_dying_of_a_ping() -> None:
    """A client in waiting answers no PING: three of them last longer than the login may."""
    limits = EdgeLimits()

    assert 3 * limits.ping_s > limits.login_s


def test_only_what_devices_say_leaves_the_cage() -> None:
    """CORE takes `d.*.up` from EDGE and nothing else, and gives `d.*.down.>`."""
    assert 'imports: [ { stream: { account: EDGE, subject: "d.*.up" } } ]' in CORE
    assert CORE.count("account: EDGE, subject") == 1
    assert 'exports: [ { stream: "d.*.down.>", accounts: [ EDGE ] } ]' in CORE


def test_the_limits_of_a_device_stand_in_the_server_and_the_account() -> None:
    """Those of a user's JWT are not enforced behind a callout."""
    assert "max_payload: 65536" in EDGE
    assert "max_pending: 1MB" in EDGE
    assert "max_subs: 40" in EDGE


def test_browsers_are_let_in_by_the_same_callout_on_the_loopback() -> None:
    """TLS ends before it: the listener must never be reached from elsewhere."""
    text = render_edge(
        listen="0.0.0.0:4222", leaf_listen="127.0.0.1:7422", websocket_listen="127.0.0.1:8090", keys=KEYS
    )

    assert 'websocket {\n  listen: "127.0.0.1:8090"\n  no_tls: true' in text
    assert "no_auth_user" not in text
    assert "websocket" not in EDGE


def test_tls_stands_in_the_edge_when_it_is_given() -> None:
    """Certificate and key of the devices' listener."""
    tls = Tls(certificate=Path("/t/edge.pem"), key=Path("/t/edge.key"))
    text = render_edge(listen="0.0.0.0:4222", leaf_listen="127.0.0.1:7422", keys=KEYS, tls=tls)

    assert 'cert_file: "/t/edge.pem"' in text
    assert "tls {" not in EDGE
