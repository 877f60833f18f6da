"""ejabberd as it must be to keep what the product keeps: everything in PostgreSQL, each message archived always."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from bench.peers.erlang import folder, running
from bench.peers.xmpp import HOST, PASSWORD
from bench.shapes.voices import Party
from wardwire.ops.account import drop_account, hand_over
from wardwire.ops.ports import free_port
from wardwire.ops.postgres import SUPERUSER, Postgres
from wardwire.ops.roles import run_apart

DATABASE = "ejabberd"
SCHEMA = Path("/usr/share/ejabberd/sql/pg.sql")
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
POOL = 16  # connections; more did not help


def configuration(port: int, database: Postgres) -> str:
    """Write ejabberd.yml (which JSON is). No shapers, no limits of queues, no TLS: no peer has any here."""
    listener = {
        "port": port, "ip": "127.0.0.1", "module": "ejabberd_c2s", "starttls": False, "access": "all",
        "shaper": "none", "max_fsm_queue": 100_000,
    }  # fmt: skip
    return json.dumps(
        {
            "hosts": [HOST],
            "loglevel": "error",
            "language": "en",
            "listen": [listener],
            "default_db": "sql",
            "new_sql_schema": False,
            "sql_type": "pgsql",
            "sql_server": "127.0.0.1",
            "sql_port": database.plan.port,
            "sql_database": DATABASE,
            "sql_username": SUPERUSER,
            "sql_password": database.plan.password(SUPERUSER),
            "sql_pool_size": POOL,
            "auth_method": ["sql"],
            "auth_password_format": "plain",
            "disable_sasl_mechanisms": ["digest-md5", "scram-sha-1", "x-oauth2"],
            "acl": {},
            "access_rules": {},
            "modules": {
                "mod_disco": {},
                "mod_mam": {"default": "always", "db_type": "sql", "assume_mam_usage": True},
                "mod_offline": {"db_type": "sql"},
                "mod_ping": {},
                "mod_roster": {"db_type": "sql"},
                "mod_stream_mgmt": {"max_ack_queue": 100_000, "resend_on_timeout": True},
            },
        },
        indent=1,
    )


@contextmanager
def running_ejabberd(database: Postgres, people: list[Party]) -> Iterator[tuple[int, int]]:
    """Run it with accounts for these devices; gives its port and pid."""
    run_apart(_fill(database, people, SCHEMA.read_text()))
    with folder() as home:
        port = free_port()
        config = home / "ejabberd.yml"
        config.write_text(configuration(port, database))
        hand_over(config, drop_account())
        environment = {
            "EJABBERD_CONFIG_PATH": str(config),
            "EJABBERD_LOG_PATH": str(home / "ejabberd.log"),
            "ERL_LIBS": LIBRARIES,
            "ERL_MAX_PORTS": "32000",
        }
        command = [
            "erl", "-noinput", "-sname", "wardwire-bench@localhost", "-kernel",
            "inet_dist_use_interface", "{127,0,0,1}", "+K", "true", "+P", "250000",
            "-mnesia", "dir", f'"{home}/mnesia"', "-s", "ejabberd",
        ]  # fmt: skip
        with running(command, home, port, environment) as pid:
            yield port, pid


async def count_archived(database: Postgres) -> int:
    """Count the rows of its archive."""
    connection = await asyncpg.connect(database.dsn(DATABASE))
    try:
        return int(await connection.fetchval("SELECT count(*) FROM archive"))
    finally:
        await connection.close()


async def _fill(database: Postgres, people: list[Party], schema: str) -> None:
    connection = await asyncpg.connect(database.dsn())
    try:
        await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(database.dsn(DATABASE))
    try:
        await connection.execute(schema)
        await connection.copy_records_to_table(
            "users", records=[(party.name, PASSWORD) for party in people], columns=("username", "password")
        )
        await connection.execute("ANALYZE users")
    finally:
        await connection.close()
