"""
What the two NATS servers are told, as text. Pure; nothing is written here.

`edge` stands where devices reach it and decides nothing; `core` stands with the cores and dials `edge`.
Four leaves join them, an account each, so that what one carries cannot be spoken on another:

    device ── edge: EDGE ══ leaf ══ core: EDGE ── only d.*.up in, d.*.down.> out ── CORE ── cores
              edge: AUTH ══ leaf ══ core: AUTH     the auth callout is answered by a core
              edge: SYS  ══ leaf ══ core: DSYS     a core closes a connection (KICK)
              edge: BULK ══ leaf ══ core: BULK     HTTP and files: no upload delays a page

EDGE on the core side is a cage: whatever a compromised edge server says, CORE hears only `d.*.up`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LEAVES = {"EDGE": "EDGE", "AUTH": "AUTH", "SYS": "DSYS", "BULK": "BULK"}  # account at edge -> account at core


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files of a listener's certificate."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """
    What one device, and all together, may take. Limits in a user's JWT are not enforced behind a callout.

    Attributes:
        max_payload: Bytes of one frame.
        max_pending: Bytes that may wait for one slow reader, before it is cut off and must resume.
        max_subscriptions: Of one connection; more cuts it off.
        login_s: A login may wait this long for the callout.
        ping_s: A login that waits cannot answer PING: (2 + 1) pings must last longer than `login_s`.
    """

    max_payload: int = 65536
    max_pending: str = "1MB"
    max_connections: int = 100_000
    max_subscriptions: int = 40
    login_s: int = 20
    ping_s: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsKeys:
    """The public halves that both servers know, and the leaves' passwords (by account at the edge)."""

    issuer: str
    boot: str
    leaf_passwords: Mapping[str, str]
    core_users: Mapping[str, str]  # account at core -> public user key


def render_edge(
    *,
    listen: str,
    leaf_listen: str,
    keys: NatsKeys,
    websocket_listen: str = "",
    limits: EdgeLimits | None = None,
    tls: Tls | None = None,
    leaf_tls: Tls | None = None,
    name: str = "edge",
) -> str:
    """
    Write the configuration of the server that devices reach.

    Args:
        listen, leaf_listen: "host:port".
        websocket_listen: "host:port" of the loopback, for browsers: the front (gateway/) stands before it, brings
            TLS, and lets in nobody's page but our own. "" = none. Logins are the same as on `listen`.
        tls, leaf_tls: Of the devices' listener and of the leaf's; needed where that is not loopback.
    """
    limits = limits or EdgeLimits()
    leaf_users = "\n".join(
        f'      {{ user: "leaf-{account.lower()}", password: "{password}", account: {account} }}'
        for account, password in keys.leaf_passwords.items()
    )
    return f"""\
# Written by Wardwire at every start; changes here are lost.
server_name: "{name}"
listen: "{listen}"
{_tls(tls)}{_websocket(websocket_listen)}max_payload: {limits.max_payload}
max_pending: {limits.max_pending}
max_connections: {limits.max_connections}
max_control_line: 1024
write_deadline: "2s"
ping_interval: "{limits.ping_s}s"
ping_max: 2
accounts {{
  EDGE {{ limits {{ max_payload: {limits.max_payload}, max_subs: {limits.max_subscriptions} }} }}
  AUTH {{ users: [ {{ nkey: "{keys.boot}" }} ] }}  # never used; an nkey user makes the server send a nonce
  BULK {{}}
  SYS {{}}
}}
system_account: SYS
authorization {{
  timeout: {limits.login_s}
  auth_callout {{ issuer: "{keys.issuer}", account: AUTH, auth_users: [ "{keys.boot}" ] }}
}}
leafnodes {{
  listen: "{leaf_listen}"
  {_tls(leaf_tls)}no_advertise: true
  authorization {{
    users: [
{leaf_users}
    ]
  }}
}}
"""


def render_core(
    *,
    listen: str,
    monitor: str,
    leaf_url: str,
    keys: NatsKeys,
    limits: EdgeLimits | None = None,
    tls: Tls | None = None,
    leaf_authority: Path | None = None,
    name: str = "core",
) -> str:
    """
    Write the configuration of the server that cores use; it dials the edge's leaf listener.

    The way down is a stream, not a service: a publish with a reply subject is answered by *no responders*
    just the same, but the server need not remember an answer that never comes (two minutes each).

    Args:
        listen, monitor: "host:port"; the monitor's on the loopback.
        leaf_url: "host:port" of the edge's leaf listener.
        tls: Of the cores' listener; needed when that is not loopback.
        leaf_authority: Certificates that the edge's is checked against, where its leaf listener has TLS.
    """
    limits = limits or EdgeLimits()
    users = {account: f'users: [ {{ nkey: "{key}" }} ]' for account, key in keys.core_users.items()}
    scheme, checked = ("tls", f'tls {{ ca_file: "{leaf_authority}" }}, ') if leaf_authority else ("nats-leaf", "")
    remotes = "\n".join(
        f'    {{ url: "{scheme}://leaf-{edge.lower()}:{keys.leaf_passwords[edge]}@{leaf_url}", {checked}'
        f"account: {core}, ignore_discovered_servers: true }}"
        for edge, core in LEAVES.items()
    )
    return f"""\
# Written by Wardwire at every start; changes here are lost.
server_name: "{name}"
listen: "{listen}"
{_tls(tls)}http: "{monitor}"
max_payload: 1MB
max_pending: 64MB
write_deadline: "5s"
ping_interval: "1s"  # a frozen edge is noticed after two
ping_max: 2
accounts {{
  CORE {{
    {users["CORE"]}
    imports: [ {{ stream: {{ account: EDGE, subject: "d.*.up" }} }} ]
    exports: [ {{ stream: "d.*.down.>", accounts: [ EDGE ] }} ]
  }}
  EDGE {{
    imports: [ {{ stream: {{ account: CORE, subject: "d.*.down.>" }} }} ]
    exports: [ {{ stream: "d.*.up", accounts: [ CORE ] }} ]
  }}
  AUTH {{ {users["AUTH"]} }}
  DSYS {{ {users["DSYS"]} }}
  BULK {{ {users["BULK"]} }}
  SYS {{}}
}}
system_account: SYS
authorization {{ timeout: 5 }}
leafnodes {{
  reconnect: "200ms"
  remotes: [
{remotes}
  ]
}}
"""


def _websocket(listen: str) -> str:
    if not listen:
        return ""
    return f"""\
websocket {{
  listen: "{listen}"
  no_tls: true
  compression: false
  handshake_timeout: "5s"
}}
"""


def _tls(tls: Tls | None) -> str:
    if tls is None:
        return ""
    return f"""\
tls {{
  cert_file: "{tls.certificate}"
  key_file: "{tls.key}"
  min_version: "1.2"
  timeout: 5
}}
"""
