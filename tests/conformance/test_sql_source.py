"""People by a query: a real PostgreSQL of another system; of SQL Server and Oracle the way to their drivers."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from tests.store.test_commands import Terminal
from wardwire.ops.postgres import SUPERUSER, Postgres
from wardwire.ops.process import polls
from wardwire.sources.contract import SourceFailed
from wardwire.sources.sql import SqlPlan, SqlSource

MAPPED = {"name": ("full_name",), "title": ("title",), "departments": ("departments",)}
QUERY = "SELECT id, full_name, title, departments, gone FROM staff ORDER BY id"


async def execute(postgres: Postgres, *statements: str) -> None:
    """Do something in the other system's database."""
    connection = await asyncpg.connect(postgres.dsn("postgres", SUPERUSER))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def staff(postgres: Postgres) -> str:
    """A table of people in another database; its address."""
    rows = ", ".join(f"({n}, 'Nurse {n}', 'nurse', ARRAY['ICU'], false)" for n in range(12))
    asyncio.run(
        execute(
            postgres,
            "DROP TABLE IF EXISTS staff",
            "CREATE TABLE staff (id int, full_name text, title text, departments text[], gone boolean)",
            f"INSERT INTO staff VALUES {rows}, (99, 'Mallory', NULL, NULL, true)",
        )
    )
    return postgres.plan.dsn("postgres", SUPERUSER, tcp=True)


def source(url: str, query: str = QUERY, **more: Any) -> SqlSource:
    """A source by a query."""
    return SqlSource(SqlPlan(url=url, query=query, tls=False, mapped=MAPPED, **more))


async def fails(of: SqlSource, match: str, who: str = "") -> SourceFailed:
    """Reading it ends so."""
    with pytest.raises(SourceFailed, match=match) as failed:
        await of.read("", lambda count: None, who=who)
    return failed.value


def test_people_are_taken_in_from_a_terminal(
    commands_site: None,
    staff: str,
    postgres: Postgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As from any other directory: whole, compared, who is marked as gone is disabled."""
    wardwire = Terminal(capsys)
    (tmp_path / "wardwire.toml").write_text(
        f'[sql]\nurl = "{staff}"\ntls = "none"\nquery = "{QUERY}"\n'
        'fields = { name = "full_name", title = "title", departments = "departments" }\n'
    )
    words = ("directory", "sync", "--config", str(tmp_path / "wardwire.toml"))
    assert wardwire(*words)[1] == "12 add, 0 change, 0 disable, 0 stay", wardwire.said
    assert wardwire(*words)[1] == "0 add, 0 change, 0 disable, 12 stay"
    asyncio.run(
        execute(postgres, "UPDATE staff SET gone = true WHERE id = 3", "UPDATE staff SET title = 'RN' WHERE id = 4")
    )
    assert wardwire(*words)[1] == "0 add, 1 change, 1 disable, 10 stay"
    people = {one["name"]: one for one in wardwire.json("people", "list")["people"]}
    assert (people["Nurse 3"]["disabled"], people["Nurse 4"]["title"]) == (True, "RN")
    assert (people["Nurse 4"]["departments"], people["Nurse 4"]["external_ids"]) == (["ICU"], {"sql": "4"})


async def test_what_the_query_may_not_be_is_told(staff: str) -> None:
    """It only reads; it is bounded; its columns are those that are mapped; one person cannot be asked for."""
    await fails(source(staff, "DELETE FROM staff RETURNING *"), "ReadOnlySQLTransaction|DECLARE|syntax")
    await fails(source(staff, "SELECT nothing FROM staff"), "UndefinedColumn")
    await fails(source(staff, "SELECT id, full_name FROM staff"), "no column departments, title")
    await fails(source(staff, most=5), "more than 5 rows")
    await fails(source(staff), "cannot be asked for one person", who="Nurse 1")
    await fails(source(staff.replace(f"//{SUPERUSER}:", "//nobody:")), "could not be read")
    assert len((await source(staff).read("", lambda count: None)).found) == 13


async def test_a_query_that_takes_too_long_is_broken_off(staff: str) -> None:
    """Neither side goes on with it."""
    await fails(source(staff, "SELECT *, pg_sleep(60) FROM staff", within_s=1), "took longer than 1 s|QueryCanceled")
    connection = await asyncpg.connect(staff)
    try:
        for _ in polls(20):
            running = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND application_name <> ''"
            )
            if not running:
                break
        assert running == 0
    finally:
        await connection.close()


@pytest.mark.parametrize(("kind", "module"), [("sqlserver", "pytds"), ("oracle", "oracledb")])
async def test_a_driver_that_is_missing_is_named_with_its_extra(
    kind: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only few sites need one."""
    monkeypatch.setitem(sys.modules, module, None)
    failed = await fails(source(f"{kind}://u@127.0.0.1/staff"), f"needs {module}, which is not installed")
    assert failed.remedy == f"Install wardwire[{kind}]."


@pytest.mark.parametrize(("kind", "module"), [("sqlserver", "pytds"), ("oracle", "oracledb")])
async def test_rows_come_as_from_any_driver_of_python(
    kind: str, module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stand-in for the driver (PEP 249) on SQLite: what it is called with, and what becomes of its rows."""
    asked: dict[str, Any] = {}
    password = tmp_path / "password"
    password.write_text("s3cret\n")

    class Cursor(sqlite3.Cursor):
        def execute(self, statement: str, *more: Any) -> Any:
            return self if statement == "SET TRANSACTION READ ONLY" else super().execute(statement, *more)

    class Line(sqlite3.Connection):
        call_timeout = 0

        def cursor(self, *_: Any) -> Any:
            return super().cursor(Cursor)

    def connect(**given: Any) -> sqlite3.Connection:
        asked.update(given)
        return sqlite3.connect(":memory:", factory=Line)

    monkeypatch.setitem(sys.modules, module, SimpleNamespace(connect=connect, Error=sqlite3.Error))
    query = "SELECT 7 AS ID, 'Anna' AS FULL_NAME, 'nurse' AS TITLE, 'ICU; 4 West' AS DEPARTMENTS, 'N' AS GONE"
    url = f"{kind}://reader@127.0.0.1:4711/staff"
    (one,) = (await source(url, query, password_file=password).read("", lambda count: None)).found
    assert (one.id, one.gone, one.values["departments"]) == ("7", False, ("ICU", "4 West"))
    assert (asked["user"], asked["password"], asked["port"]) == ("reader", "s3cret", 4711)
    await fails(source(url, "SELECT nobody FROM sqlite_schema", password_file=password), "no such column: nobody")
