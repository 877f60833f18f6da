"""A real OpenLDAP for a while: Debian's slapd with mdb in a folder of its own, on free ports of the loopback."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3

from wardwire.ops import process
from wardwire.ops.account import Account, drop_account, hand_over
from wardwire.ops.authority import ensure_authority, server_certificate
from wardwire.ops.child import last_line
from wardwire.ops.ports import free_port
from wardwire.ops.postgres_throwaway import temporary_home

PROGRAM, SLAPADD = Path("/usr/sbin/slapd"), Path("/usr/sbin/slapadd")
SUFFIX = "dc=ward,dc=example"
PEOPLE = f"ou=people,{SUFFIX}"
ADMIN, PASSWORD = f"cn=admin,{SUFFIX}", "secret"

_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
sizelimit size.soft=unlimited size.hard=unlimited
TLSCACertificateFile {authority}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
maxsize 1073741824
suffix "{suffix}"
rootdn "{admin}"
rootpw {password}
directory {data}
dbnosync
index objectClass,entryUUID,modifyTimestamp,displayName eq
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slapd:
    """One that runs.

    Attributes:
        plain, secure: Its addresses, `ldap://…` (also with StartTLS) and `ldaps://…`.
        authority: The certificate that its own is signed by.
        password_file: Holds the password of ADMIN.
    """

    plain: str
    secure: str
    authority: Path
    password_file: Path

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """A connection that may write."""
        place = ldap3.Server(self.plain, get_info=ldap3.NONE)
        with ldap3.Connection(place, ADMIN, PASSWORD, raise_exceptions=True, check_names=False) as connection:
            yield connection

    def fill(self, people: Iterable[Mapping[str, str | bytes | Sequence[str | bytes]]]) -> None:
        """Have exactly these people: each with `uid`, and what else it has; `sn` and `cn` are made where missing."""
        with self.writing() as connection:
            self.empty(connection)
            connection.add(PEOPLE, "organizationalUnit")
            for one in people:
                add_person(connection, one)

    def empty(self, connection: Any) -> None:
        """Have nobody, and no tree for them."""
        with suppress(ldap3.core.exceptions.LDAPNoSuchObjectResult):
            connection.search(PEOPLE, "(objectClass=*)", attributes=["1.1"])
            for each in sorted(connection.response, key=lambda entry: -len(entry["dn"])):
                connection.delete(each["dn"])


def add_person(connection: Any, one: Mapping[str, str | bytes | Sequence[str | bytes]]) -> str:
    """Add one; returns the DN."""
    dn = f"uid={one['uid']!s},{PEOPLE}"
    connection.add(dn, "inetOrgPerson", {"sn": "N.", "cn": one["uid"], **one})
    return dn


@contextmanager
def throwaway_slapd(*, load: Callable[[Path], None] | None = None) -> Iterator[Slapd]:
    """Start one; stop it and remove its folder afterwards. As root it runs as `nobody`.

    Args:
        load: Writes all that is in it as LDIF; otherwise it is empty but for its root.
    """
    account = drop_account()
    folder = temporary_home(account)
    ports = free_port(), free_port()
    try:
        authority = ensure_authority(folder, "ward", account)
        tls = server_certificate(authority, "slapd", ["127.0.0.1"])
        data = folder / "data"
        data.mkdir()
        hand_over(data, account)
        configuration = folder / "slapd.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                authority=authority.certificate,
                certificate=tls.certificate,
                key=tls.key,
                suffix=SUFFIX,
                admin=ADMIN,
                password=PASSWORD,
                data=data,
            )
        )
        hand_over(configuration, account)
        plain, secure = f"ldap://127.0.0.1:{ports[0]}", f"ldaps://127.0.0.1:{ports[1]}"
        log = folder / "slapd.log"
        (folder / "password").write_text(PASSWORD)
        if load is not None:
            load(folder / "people.ldif")
            _run([str(SLAPADD), "-q", "-f", str(configuration), "-l", str(folder / "people.ldif")], account)
        child = process.spawn(
            [str(PROGRAM), "-f", str(configuration), "-h", f"{plain} {secure}", "-d", "0"],
            account=account,
            log=log,
            death_signal=signal.SIGKILL,
        )
        try:
            _wait(ports[0], child.poll, log)
            found = Slapd(
                plain=plain, secure=secure, authority=authority.certificate, password_file=folder / "password"
            )
            if load is None:
                with found.writing() as connection:
                    connection.add(SUFFIX, ["dcObject", "organization"], {"o": "Ward", "dc": "ward"})
            yield found
        finally:
            process.end(child.pid, signals=((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)), wait=child.poll)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(argv: Sequence[str], account: Account | None) -> None:
    child = process.spawn(argv, account=account, log=None, death_signal=signal.SIGKILL)
    if child.wait(timeout=120):
        raise RuntimeError(f"{argv[0]} ended with {child.returncode}")


def _wait(port: int, ended: Any, log: Path) -> None:
    for _ in process.polls(30):
        if ended() is not None:
            raise RuntimeError(f"slapd ended at once: {last_line(log)}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
    raise TimeoutError("slapd does not listen")
