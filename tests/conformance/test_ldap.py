"""H175 to H179: people of an OpenLDAP directory are taken in from a terminal; a real slapd on the other side."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.engines import FreshDatabase
from tests.store.test_commands import Terminal
from tests.ward import reading
from wardwire.testing.slapd import ADMIN, PEOPLE, Slapd, add_person, throwaway_slapd

pytestmark = pytest.mark.needs_slapd


@pytest.fixture(scope="module")
def slapd() -> Iterator[Slapd]:
    """One for all stories; each fills it anew."""
    with throwaway_slapd() as server:
        yield server


class Site(Terminal):
    """A terminal on a site whose settings name the directory."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path, slapd: Slapd) -> None:
        super().__init__(capsys)
        self._file = folder / "wardwire.toml"
        self.settings = {
            "servers": slapd.secure,
            "authority": str(slapd.authority),
            "bind_dn": ADMIN,
            "password_file": str(slapd.password_file),
            "base": PEOPLE,
            "page": 7,
        }

    def sync(self, *words: str, **settings: object) -> tuple[int, str]:
        """Take in what is there."""
        self._write(settings)
        return self("directory", "sync", "--config", str(self._file), *words)

    def sync_json(self, *words: str, **settings: object) -> Any:
        """Take in what is there; returns what was told as JSON."""
        self._write(settings)
        return self.json("directory", "sync", "--config", str(self._file), *words)

    def asked(self, *words: str) -> tuple[int, str]:
        """Ask something else of the directory."""
        return self("directory", *words, "--config", str(self._file))

    def people(self) -> dict[str, Any]:
        """Everybody, by name."""
        return {one["name"]: one for one in self.json("people", "list")["people"]}

    def _write(self, settings: dict[str, object]) -> None:
        told = {**self.settings, **settings}
        lines = [f"{key} = {_toml(value)}" for key, value in told.items()]
        self._file.write_text("[ldap]\n" + "\n".join(lines) + "\n")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'{key} = "{text}"' for key, text in value.items()) + " }"
    return str(value) if isinstance(value, int) else f'"{value}"'


@pytest.fixture
def site(
    commands_site: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    slapd: Slapd,
) -> Site:
    """A site that takes its people from the directory."""
    monkeypatch.setenv("COLUMNS", "200")
    return Site(capsys, tmp_path, slapd)


def nurses(count: int) -> list[dict[str, Any]]:
    """So many."""
    return [
        {"uid": f"n{n}", "displayName": f"Nurse {n}", "title": "nurse", "telephoneNumber": f"+49 30 47{n:02}"}
        for n in range(count)
    ]


def test_people_are_looked_at_taken_in_and_kept_new(site: Site, slapd: Slapd) -> None:
    """A dry run changes nothing; the same again has nothing to do; what changed there is changed here."""
    slapd.fill([*nurses(15), {"uid": "chen", "displayName": "Dr. Chen", "departmentNumber": ["Cardiology", "ICU"]}])
    site("people", "add", "Anna")
    status, said = site.sync("--dry-run")
    assert (status, said.splitlines()[0]) == (0, "16 add, 0 change, 0 disable, 0 stay"), site.said
    assert list(site.people()) == ["Anna"]
    assert site.sync()[1] == "16 add, 0 change, 0 disable, 0 stay"
    assert site.people()["Dr. Chen"]["departments"] == ["Cardiology", "ICU"]
    assert site.people()["Nurse 3"]["phones"] == ["+49 30 4703"]
    assert site.sync("--whole")[1] == "0 add, 0 change, 0 disable, 16 stay"

    with slapd.writing() as connection:
        connection.modify(f"uid=n3,{PEOPLE}", {"title": [("MODIFY_REPLACE", ["charge nurse"])]})
        connection.modify_dn(f"uid=n4,{PEOPLE}", "uid=somebody-else")
        connection.delete(f"uid=n5,{PEOPLE}")
        add_person(connection, {"uid": "eva", "displayName": "Eva"})
    told = site.sync_json("--whole")
    assert [len(told[what]) for what in ("add", "change", "disable")] == [1, 1, 1]
    people = site.people()
    assert (people["Nurse 3"]["title"], people["Nurse 5"]["disabled"]) == ("charge nurse", True)
    assert not people["Nurse 4"]["disabled"], "a new DN is not a new person"
    assert not people["Anna"]["disabled"], "another's people are no business of this source"
    assert site.json("audit", "verify")["good"]


def test_between_two_whole_readings_only_what_has_changed_is_read(site: Site, slapd: Slapd) -> None:
    """Who was deleted is seen by the next whole one, and is not taken for one who left before."""
    slapd.fill(nurses(12))
    assert site.sync_json()["whole"] is True
    with slapd.writing() as connection:
        connection.delete(f"uid=n5,{PEOPLE}")
        add_person(connection, {"uid": "eva", "displayName": "Eva"})
    told = site.sync_json()
    assert (told["whole"], [one["name"] for one in told["add"]], told["disable"]) == (False, ["Eva"], [])
    assert [one["name"] for one in site.sync_json("--whole")["disable"]] == ["Nurse 5"]


def test_many_who_leave_must_be_confirmed_and_nobody_at_all_never_is(site: Site, slapd: Slapd) -> None:
    """A directory that was cut short, or a filter that finds nobody, disables nobody by itself."""
    slapd.fill(nurses(10))
    site.sync()
    slapd.fill([])
    assert site.sync("--whole", "--allow-removals", "100")[0] == 1
    assert "names nobody" in site.said
    with slapd.writing() as connection:
        for one in nurses(5):
            add_person(connection, one)
    status, _ = site.sync("--whole")
    assert status == 1
    assert "more than 10% of those who are known would be disabled; nothing was changed" in site.said
    assert not any(one["disabled"] for one in site.people().values())
    told = json.loads(site.asked("report", "--json")[1])
    assert (told["state"], told["pending"], len(told["disable"])) == ("refused", {"removals": 10, "known": 10}, 10)
    site.asked("report")
    assert f"10 of 10 would be disabled. If they have left: wardwire directory confirm {told['id']}" in site.said
    assert site.asked("confirm", "syn_" + "0" * 32)[0] == 1
    assert "waits to be confirmed" in site.said
    status, said = site.asked("confirm", told["id"])
    assert (status, said.splitlines()[0]) == (0, "5 add, 0 change, 10 disable, 0 stay")
    done = json.loads(site.asked("report", "--json")[1])
    assert (done["state"], done["added"], done["disabled"], done["pending"]) == ("done", 5, 10, None)


def test_who_leaves_with_open_messages_is_told(site: Site, slapd: Slapd, fresh_database: FreshDatabase) -> None:
    """So that somebody sees to them."""
    slapd.fill(nurses(11))
    site.sync()
    gone = site.people()["Nurse 9"]

    async def open_something() -> None:
        async with reading(fresh_database.logins.app) as connection:
            await connection.execute(
                "INSERT INTO deadlines (message_id, person_id, kind, ref, lane, due_at, visible_at)"
                " VALUES ($1, $2, 'confirm', $1, 2, '2099-01-01Z', '2099-01-01Z')",
                UUID(int=1), UUID(hex=gone["id"][4:]),
            )  # fmt: skip

    asyncio.run(open_something())
    with slapd.writing() as connection:
        connection.delete(f"uid=n9,{PEOPLE}")
    assert [one["name"] for one in site.sync_json("--whole", "--dry-run")["open_messages"]] == ["Nurse 9"]
    assert site.sync("--whole")[0] == 0
    assert "Nurse 9 leaves, and has open messages" in site.said


def test_what_is_wrong_with_an_entry_keeps_that_one_as_it_is_and_is_named(site: Site, slapd: Slapd) -> None:
    """One wrong number keeps nobody else from being reached, two of one id are nobody; many faults change nothing."""
    slapd.fill([one | {"employeeNumber": f"{n}"} for n, one in enumerate(nurses(40))])
    site.sync(id="employeeNumber")
    with slapd.writing() as connection:
        connection.modify(f"uid=n3,{PEOPLE}", {"telephoneNumber": [("MODIFY_REPLACE", ["ask at the desk"])]})
        connection.modify(f"uid=n4,{PEOPLE}", {"employeeNumber": [("MODIFY_REPLACE", ["5"])]})
        connection.modify(f"uid=n6,{PEOPLE}", {"title": [("MODIFY_REPLACE", ["RN"])]})
        connection.delete(f"uid=n7,{PEOPLE}")
    told = site.sync_json("--whole", id="employeeNumber")
    assert {(one["where"][:6], one["detail"]) for one in told["faults"]} == {
        ("uid=n3", "not a number or an extension, such as +49 30 1234 or 4711"),
        ("uid=n4", "2 entries have the id 5"),
        ("uid=n5", "2 entries have the id 5"),
    }
    assert ([one["name"] for one in told["change"]], told["disable"]) == (["Nurse 6"], [])
    assert (site.people()["Nurse 6"]["title"], site.people()["Nurse 3"]["phones"]) == ("RN", ["+49 30 4703"])

    with slapd.writing() as connection:
        connection.modify(f"uid=n4,{PEOPLE}", {"employeeNumber": [("MODIFY_REPLACE", ["4"])]})
    assert [one["name"] for one in site.sync_json("--whole", id="employeeNumber")["disable"]] == ["Nurse 7"]
    assert site.sync("--whole", id="title")[0] == 1
    assert "entries cannot be taken, first uid=n" in site.said


def test_groups_follow_with_their_people(site: Site, slapd: Slapd) -> None:
    """Also groups in groups; one that names nobody any more stays, a cycle is named, one that is gone is disabled."""
    groups = {"groups_base": f"ou=groups,{PEOPLE}"}
    slapd.fill(nurses(6))

    def put(connection: Any, name: str, *members: str) -> None:
        connection.add(f"cn={name},ou=groups,{PEOPLE}", "groupOfNames", {"member": list(members)})

    with slapd.writing() as connection:
        connection.add(f"ou=groups,{PEOPLE}", "organizationalUnit")
        put(connection, "Team", f"cn=Cardiology,ou=groups,{PEOPLE}", f"uid=n0,{PEOPLE}")
        put(connection, "Cardiology", *(f"UID=n{n}, {PEOPLE}" for n in range(1, 4)))
        put(connection, "Strangers", "cn=somebody")
    status, said = site.sync("--dry-run", **groups)
    assert (status, site.json("group", "list")["groups"]) == (0, []), site.said
    status, said = site.sync(**groups)
    assert said.splitlines()[-1] == "groups: 2 add, 0 change, 0 disable, 0 stay", site.said
    assert f"cn=Strangers,ou=groups,{PEOPLE}, group: it names nobody whom we know" in site.said
    shown = {one["name"]: one for one in site.json("group", "list")["groups"]}
    assert sorted(shown) == ["Cardiology", "Team"]
    assert site.sync("--whole", **groups)[1].splitlines()[-1] == "groups: 0 add, 0 change, 0 disable, 2 stay"

    with slapd.writing() as connection:
        connection.modify(
            f"cn=Cardiology,ou=groups,{PEOPLE}",
            {"member": [("MODIFY_REPLACE", [f"uid=n4,{PEOPLE}", f"cn=Team,ou=groups,{PEOPLE}"])]},
        )
    status, said = site.sync("--whole", **groups)
    assert "a group would stand in itself" in site.said
    with slapd.writing() as connection:
        connection.modify(
            f"cn=Cardiology,ou=groups,{PEOPLE}", {"member": [("MODIFY_REPLACE", [f"uid=gone,{PEOPLE}"])]}
        )
        connection.delete(f"cn=Team,ou=groups,{PEOPLE}")
    assert site.sync_json("--whole", **groups)["groups"]["disable"] == []
    assert site.people()["Nurse 1"]["disabled"] is False
    told = site.sync_json("--whole", "--allow-removals", "50", **groups)
    assert (told["groups"]["change"], told["groups"]["disable"]) == ([], ["Team"])
    assert [one["where"].split(",")[0] for one in told["faults"]] == ["cn=Cardiology", "cn=Strangers"]


def test_letters_of_another_encoding_are_a_fault_of_that_entry(site: Site, slapd: Slapd) -> None:
    """What is not UTF-8 is not guessed at."""
    slapd.fill([*nurses(12), {"uid": "x", "displayName": "Jörg"}])
    fields = {"name": "displayName", "location": "audio"}
    with slapd.writing() as connection:
        connection.modify(f"uid=n2,{PEOPLE}", {"audio": [("MODIFY_REPLACE", [b"caf\xe9"])]})
    told = site.sync_json(fields=fields)
    assert [(one["where"], one["detail"]) for one in told["faults"]] == [(f"uid=n2,{PEOPLE}", "it is not UTF-8")]
    assert "Jörg" in site.people()
    assert "Nurse 2" not in site.people()


def test_a_name_is_no_filter(site: Site, slapd: Slapd) -> None:
    """Whoever is asked for by name is asked for by that name alone."""
    slapd.fill([*nurses(3), {"uid": "odd", "displayName": "Chen (locum)*"}])
    assert site.sync_json("--who", "*)(uid=*")["add"] == []
    assert site.sync_json("--who", "N*")["add"] == []
    assert [one["name"] for one in site.sync_json("--who", "Chen (locum)*")["add"]] == ["Chen (locum)*"]
    assert list(site.people()) == ["Chen (locum)*"]


@pytest.mark.parametrize("servers", ["secure", "plain"])
def test_an_unknown_certificate_is_not_believed(site: Site, slapd: Slapd, servers: str, tmp_path: Path) -> None:
    """Neither over ldaps nor by StartTLS; and without TLS only this very machine is spoken to."""
    slapd.fill(nurses(2))
    address = getattr(slapd, servers)
    assert site.sync(servers=address)[0] == 0
    status, _ = site.sync(servers=address, authority="/etc/ssl/certs/ca-certificates.crt")
    assert status == 1
    assert "CERTIFICATE_VERIFY_FAILED" in site.said
    assert site.sync(servers="ldap://dc1.ward.example", tls="none")[0] == 2
    assert "none is for a server of this machine alone" in site.said


def test_a_server_that_is_away_is_followed_by_the_next_and_a_wrong_password_is_told(site: Site, slapd: Slapd) -> None:
    """Nothing changes where nobody lets us in."""
    slapd.fill(nurses(2))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = f"ldaps://127.0.0.1:{nobody.getsockname()[1]}"
        assert site.sync("--dry-run", servers=f"{away}, {slapd.secure}")[0] == 0
        status, _ = site.sync(servers=away)
        assert status == 1
        assert "no server lets us in" in site.said
    assert site.sync(bind_dn=f"cn=nobody,{PEOPLE}")[0] == 1
    assert "invalidCredentials" in site.said
    assert site.people() == {}


def test_a_server_that_goes_away_in_the_middle_changes_nothing(site: Site, slapd: Slapd) -> None:
    """Neither adds the first half, nor disables the second."""
    slapd.fill(nurses(40))
    with cut_after(slapd.plain, 6_000) as address:
        status, _ = site.sync("--allow-removals", "100", servers=address, tls="none", page=5)
    assert status == 1
    assert "Nothing was changed" in site.said
    assert site.people() == {}
    (standing,) = site.json("directory", "sources")["sources"]
    assert (standing["done_at"], standing["held_until"], standing["mark"]) == (None, None, "")


def test_a_server_that_is_too_slow_is_broken_off(site: Site, slapd: Slapd) -> None:
    """It keeps nothing waiting for ever."""
    slapd.fill(nurses(2))
    with cut_after(slapd.plain, 200, hold=True) as address:
        status, _ = site.sync(servers=address, tls="none", within_s=2)
    assert status == 1
    assert "reading took longer than 2 s" in site.said


class cut_after:
    """A line to a server that breaks, or falls silent, after so many bytes of its answers."""

    def __init__(self, address: str, bytes_: int, *, hold: bool = False) -> None:
        self._there = ("127.0.0.1", int(address.rpartition(":")[2]))
        self._left = bytes_
        self._hold = hold
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []

    def __enter__(self) -> str:
        threading.Thread(target=self._run, daemon=True).start()
        return f"ldap://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_: Sequence[object]) -> None:
        for each in (self._listener, *self._open):
            each.close()

    def _run(self) -> None:
        ours, _ = self._listener.accept()
        theirs = socket.create_connection(self._there)
        self._open += [ours, theirs]
        threading.Thread(target=self._pass, args=(ours, theirs), daemon=True).start()
        while data := theirs.recv(1024):
            if self._left < len(data):
                if not self._hold:
                    ours.shutdown(socket.SHUT_RDWR)
                return
            self._left -= len(data)
            ours.sendall(data)

    def _pass(self, ours: socket.socket, theirs: socket.socket) -> None:
        try:
            while data := ours.recv(1024):
                theirs.sendall(data)
        except OSError:
            pass
