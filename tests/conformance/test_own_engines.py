"""A site on PostgreSQL and NATS of the hospital's own, set up by what `wardwire engines` writes; two on a server."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from tests.engines import wait_for
from tests.faults.site import WHOLE, Served
from tests.store.test_commands import Terminal
from wardwire.cli.main import main
from wardwire.cli.site import migrate
from wardwire.ops.account import drop_account
from wardwire.ops.binaries import find_nats
from wardwire.ops.failure import StartFailed
from wardwire.ops.nats import NatsLogins
from wardwire.ops.ports import free_port
from wardwire.ops.postgres import SUPERUSER, Postgres
from wardwire.ops.postgres_throwaway import temporary_home, throwaway_postgres
from wardwire.ops.probe import probe_nats
from wardwire.ops.reach import reach_database, reach_nats
from wardwire.ops.remote import with_password
from wardwire.ops.roles import DatabaseLogins, run_apart
from wardwire.ops.roles import logins as logins_by_role

TENANTS = ("city_hospital", "lake_clinic")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL that is somebody else's: none of our roles is there yet."""
    with throwaway_postgres(roles=False) as server:
        yield server


@pytest.fixture(scope="module")
def settings(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What the settings [database] of each tenant are: the script was run as it was written, twice."""
    found = {}
    for tenant in TENANTS:
        folder = tmp_path_factory.mktemp(tenant)
        found[tenant] = engines("database", tenant, str(folder), "--host", f"127.0.0.1:{server.plan.port}")[
            "database"
        ]
        for _ in range(2):
            psql(server, folder / f"{tenant}.sql")
    return found


def engines(*words: str) -> dict[str, dict[str, str]]:
    """Run `wardwire engines`; returns the settings that it prints."""
    from io import StringIO
    from unittest.mock import patch

    with patch("sys.stdout", new=StringIO()) as out:
        assert main(["engines", *words]) == 0
    return tomllib.loads(out.getvalue())


def psql(server: Postgres, script: Path) -> None:
    """Run a script as an administrator does."""
    program = server.plan.binaries.tool("psql")
    done = subprocess.run(
        [
            str(program),
            "--no-psqlrc",
            "--quiet",
            "--dbname",
            server.dsn(user=SUPERUSER, tcp=True),
            "--file",
            str(script),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def logins_of(told: dict[str, str]) -> DatabaseLogins:
    """The four addresses, with their passwords."""
    parts = {"app": "", "owner": "owner_", "sealer": "sealer_", "readonly": "readonly_"}
    return DatabaseLogins(
        **{
            role: with_password(told[f"{prefix}dsn"], Path(told[f"{prefix}password_file"]).read_text())
            for role, prefix in parts.items()
        }
    )


async def ask(dsn: str, query: str) -> object:
    """Ask one thing."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["owner", "app", "sealer", "readonly"])
def test_no_login_of_a_tenant_comes_into_the_database_of_another(
    settings: dict[str, dict[str, str]], role: str
) -> None:
    """Whatever a query says: it is the server that does not let them connect."""
    ours, theirs = TENANTS
    dsn = getattr(logins_of(settings[ours]), role)
    assert run_apart(ask(dsn, "SELECT current_database()")) == ours

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        run_apart(ask(dsn.replace(f"/{ours}?", f"/{theirs}?"), "SELECT 1"))


def test_rights_within_a_database_are_those_of_the_roles(settings: dict[str, dict[str, str]]) -> None:
    """The schema is made by the owner's login; the app's reads facts and cannot change one, as anywhere."""
    logins = logins_of(settings[TENANTS[1]])
    migrate(logins)
    assert run_apart(ask(logins.app, "SELECT count(*) FROM wardwire.facts")) == 0
    assert run_apart(ask(logins.app, "SHOW synchronous_commit")) == "on"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        run_apart(ask(logins.app, "DELETE FROM wardwire.facts"))
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        run_apart(ask(logins.readonly, "DELETE FROM wardwire.messages"))


def test_a_server_whose_roles_log_in_themselves_is_refused(server: Postgres, tmp_path: Path) -> None:
    """Whoever is a member of them would come into that site's database."""
    engines("database", "other", str(tmp_path))
    run_apart(ask(server.dsn(user=SUPERUSER, tcp=True), "ALTER ROLE wardwire_app LOGIN"))
    try:
        with pytest.raises(AssertionError, match="would see its database"):
            psql(server, tmp_path / "other.sql")
    finally:
        run_apart(ask(server.dsn(user=SUPERUSER, tcp=True), "ALTER ROLE wardwire_app NOLOGIN"))


@contextmanager
def nats_pair(folder: Path) -> Iterator[dict[str, str]]:
    """Both NATS servers, started as an administrator starts them; gives the settings [nats]."""
    names = ("edge", "leaf", "core", "monitor", "websocket")
    ports = {name: free_port() for name in names}
    words = [word for name in names for word in (f"--{name}", f"127.0.0.1:{ports[name]}")]
    told = engines("nats", str(folder), *words)["nats"]
    with ExitStack() as stack:
        for name in ("edge", "core"):
            process = subprocess.Popen(
                [str(find_nats()), "--config", str(folder / f"{name}.conf")], stderr=subprocess.DEVNULL
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            wait_for(lambda name=name: probe_nats("127.0.0.1", ports[name]), patience_s=20, what=name)
        yield told


def test_a_page_travels_over_engines_that_are_not_ours(
    settings: dict[str, dict[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`serve` starts no engine, brings the schema up, and a device's message is stored in the tenant's database."""
    ours = settings[TENANTS[0]]
    with nats_pair(tmp_path / "nats") as nats:
        sets = [
            f"{section}.{key}={value}"
            for section, told in (("database", ours), ("nats", nats))
            for key, value in told.items()
        ]
        site = Served(temporary_home(drop_account()), *sets, program=WHOLE)
        try:
            site.start()
            site.until_ready()
            assert [site.part(name) for name in ("postgres", "nats-edge", "nats-core")] == [None] * 3
            here = Terminal(capsys)
            at = ("--data", str(site.home))
            api = f"http://127.0.0.1:{site.api}"
            for who in ("Anna", "Ben"):
                assert here("people", "add", who, *at)[0] == 0, here.said
                code = here.json("people", "code", who, *at)["code"]
                card = str(tmp_path / f"{who}.card")
                assert here("device", "enrol", code, "--url", api, "--card", card)[0] == 0, here.said
            status, _ = here(
                "device", "send", "Ben", "--text", "Bed 12, please.", "--card", str(tmp_path / "Anna.card")
            )
            assert status == 0, here.said
        finally:
            site.remove()
    assert run_apart(ask(logins_of(ours).readonly, "SELECT count(*) FROM wardwire.messages")) == 1


def test_a_database_that_does_not_answer_is_said_in_a_sentence(
    settings: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    """Nothing is started beside it, and no address shows its password."""
    ours = {
        key: value.replace(f":{port_in(value)}/", f":{free_port()}/") for key, value in settings[TENANTS[0]].items()
    }
    site = Served(temporary_home(drop_account()), *(f"database.{key}={value}" for key, value in ours.items()))
    try:
        site.start()
        assert site.until_ended() == 1
        assert "cannot be reached" in site.words
        assert "Traceback" not in site.words
        assert Path(ours["owner_password_file"]).read_text() not in site.words
    finally:
        site.remove()


def test_a_database_that_does_not_flush_is_refused(tmp_path: Path) -> None:
    """Nobody is told *stored* by one that may forget it; a wrong password is another sentence."""
    with throwaway_postgres(fsync=False) as server:
        logins = logins_by_role(server.plan, tcp=True)
        with pytest.raises(StartFailed, match=r"database\.owner_dsn: 127\.0\.0\.1 does not flush"):
            run_apart(reach_database(logins))
        with pytest.raises(StartFailed, match=r"database\.dsn: 127\.0\.0\.1 refuses the login"):
            run_apart(reach_database(replace(logins, owner="", app=re.sub(r":[^:@]+@", ":wrong@", logins.app))))


def test_nats_that_does_not_greet_is_said_with_its_setting() -> None:
    """Before the database is touched."""
    silent = f"nats://127.0.0.1:{free_port()}"
    logins = NatsLogins(url=silent, edge_url=silent, core="", callout="", kick="", bulk="", issuer="")
    with pytest.raises(StartFailed, match=r"nats\.url: no NATS server greets"):
        reach_nats(logins)


def port_in(value: str) -> str:
    """The port of an address; "-" where there is none."""
    return value.partition("@127.0.0.1:")[2].partition("/")[0] or "-"


def test_a_pair_beyond_the_loopback_has_tls_on_every_listener(tmp_path: Path) -> None:
    """Without certificates it is refused; with them the servers take their configuration, the leaf's too."""
    words = ["nats", str(tmp_path / "pair"), "--edge", "edge.ward.example:4222", "--leaf", "edge.ward.example:7422"]
    assert main(["engines", *words]) == 1
    certificate = ["--edge-certificate", "/etc/tls/edge.pem", "--edge-key", "/etc/tls/edge.key"]
    told = engines(*words, *certificate, "--authority", "/etc/tls/authority.pem")["nats"]
    assert (told["edge_url"], told["url"]) == ("tls://edge.ward.example:4222", "nats://127.0.0.1:4223")
    assert (tmp_path / "pair" / "edge.conf").read_text().count('cert_file: "/etc/tls/edge.pem"') == 2
    assert '"tls://leaf-edge:' in (tmp_path / "pair" / "core.conf").read_text()


@pytest.mark.parametrize("name", ["", "City", "a-b", "x" * 41, "a;drop"])
def test_a_name_that_would_need_quotes_is_refused(name: str, tmp_path: Path) -> None:
    """Before anything is written."""
    assert main(["engines", "database", name, str(tmp_path / "out")]) != 0
    assert not (tmp_path / "out").exists()


def test_the_script_holds_no_password(tmp_path: Path) -> None:
    """It may be sent to an administrator."""
    engines("database", "city", str(tmp_path))
    script = (tmp_path / "city.sql").read_text()
    assert all(file.read_text() not in script for file in tmp_path.glob("*.password"))
    assert json.dumps(script).count("SCRAM-SHA-256$4096:") == 4
