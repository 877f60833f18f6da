"""
What an administrator runs so that a site keeps its messages in a PostgreSQL of the hospital's own. Pure.

A site has a database of its own, and logins that may connect to that one alone: several sites on one server (tenants)
cannot see each other, whatever a query says. The rights within a database belong to four roles of the server that
nobody logs in as; a site's logins are members of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote

from wardwire.ops.failure import StartFailed
from wardwire.ops.ports import is_loopback
from wardwire.ops.roles import APP, OWNER, READONLY, ROLES, SEALER, SESSION

# The settings of each role, as [database] names them: address, and file of the password.
SETTINGS = {
    APP: ("dsn", "password_file"),
    OWNER: ("owner_dsn", "owner_password_file"),
    SEALER: ("sealer_dsn", "sealer_password_file"),
    READONLY: ("readonly_dsn", "readonly_password_file"),
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ROUNDS = 4096


def require_name(database: str) -> None:
    """
    Refuse a name that would have to be quoted somewhere.

    Raises:
        StartFailed: `usage`.
    """
    if not _NAME.fullmatch(database):
        raise StartFailed(
            "usage", f"{database!r} is no name for a database here.", "Take a to z, 0 to 9 and _, 40 at most."
        )


def login_of(role: str, database: str) -> str:
    """Name the login that a site has for a role."""
    return f"{role}_{database}"


def make_verifier(password: str, salt: bytes) -> str:
    """Make what PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 7677): no script or log has the password."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_ROUNDS}:{salt_text}${stored_text}:{server_text}"


def render_sql(database: str, verifiers: Mapping[str, str]) -> str:
    """
    Write the script for psql; run again it changes nothing but the passwords.

    Args:
        database: See `require_name`.
        verifiers: Of each of ROLES, what `make_verifier` made of its password.
    """
    lines = [
        f"-- The database {database} of a Wardwire site. For a superuser: psql -f database.sql postgres",
        "\\set ON_ERROR_STOP on",
        "DO $$ BEGIN",
        f"  IF EXISTS (SELECT FROM pg_roles WHERE rolname IN ({_listed(ROLES)}) AND rolcanlogin) THEN",
        "    RAISE EXCEPTION 'a site whose logins are the roles themselves is on this server: whoever shares it with"
        " that site would see its database';",
        "  END IF;",
        "END $$;",
    ]
    for role in ROLES:
        lines.append(_if_missing("pg_roles WHERE rolname", role, f"CREATE ROLE {role} NOLOGIN"))
    for role in ROLES:
        login = login_of(role, database)
        lines += [
            _if_missing("pg_roles WHERE rolname", login, f"CREATE ROLE {login}"),
            f"ALTER ROLE {login} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT PASSWORD '{verifiers[role]}';",
            f"GRANT {role} TO {login};",
            *(f"ALTER ROLE {login} SET {key} = '{value}';" for key, value in SESSION[role].items()),
        ]
    made = f"CREATE DATABASE {database} OWNER {login_of(OWNER, database)} TEMPLATE template0 ENCODING UTF8"
    lines += [
        _if_missing("pg_database WHERE datname", database, made),
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;",
        f"GRANT CONNECT ON DATABASE {database} TO {', '.join(login_of(role, database) for role in ROLES)};",
    ]
    return "\n".join(lines) + "\n"


def render_settings(database: str, hosts: str, password_files: Mapping[str, str]) -> str:
    """
    Write the section [database] of the settings.

    Args:
        hosts: `host:port` by commas, the primary and its standbys; or the folder of a socket.
        password_files: Of each of ROLES.
    """
    lines = ["[database]"]
    for role, (address, password) in SETTINGS.items():
        lines += [
            f'{address} = "{_address(role, hosts, database)}"',
            f'{password} = "{password_files[role]}"',
        ]
    return "\n".join(lines) + "\n"


def _address(role: str, hosts: str, database: str) -> str:
    login = login_of(role, database)
    if hosts.startswith("/"):
        return f"postgresql://{login}@/{database}?host={quote(hosts)}"
    inside = all(is_loopback(host.rpartition(":")[0] or host) for host in hosts.split(","))
    tls = "" if inside else "&sslmode=verify-full"
    # Sessions of the reader are read-only by themselves, also on the primary.
    which = "primary" if role == READONLY else "read-write"
    return f"postgresql://{login}@{hosts}/{database}?target_session_attrs={which}{tls}"


def _if_missing(where: str, name: str, statement: str) -> str:
    return f"SELECT '{statement}' WHERE NOT EXISTS (SELECT FROM {where} = '{name}') \\gexec"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
