"""Reads people of an LDAP directory: page by page, over TLS, in a thread of its own, never longer than it may.

What only some servers know (Active Directory's ids, marks and disabled accounts) is in dialect.py. Referrals are not
followed: what another server holds is a base of another source. Sources: RFC 4511, 4513, 4515, 2696.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ldap3
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from pyasn1.error import PyAsn1Error

from wardwire.model.syncing import Found, FoundGroup, Mapped, Reading
from wardwire.sources.contract import Progress, SourceFailed, read_password
from wardwire.sources.dialect import Dialect, read_dialect, read_ranged

CONNECT_S = 10
# Silence in the middle of an answer.
SILENCE_S = 30
# groupOfNames and Active Directory; groupOfUniqueNames. In small letters.
MEMBERS = ("member", "uniquemember")
PAGED = "1.2.840.113556.1.4.319"
USUAL: Mapped = {
    "name": ("displayName", "cn"),
    "title": ("title",),
    "given": ("givenName",),
    "family": ("sn",),
    "departments": ("department", "departmentNumber"),
    "location": ("physicalDeliveryOfficeName", "l"),
    "languages": ("preferredLanguage",),
    "phones": ("telephoneNumber", "mobile", "pager"),
}
"""Which attributes are which of our fields, unless the settings say otherwise."""

# What may come out of the library beside its own errors when bytes are garbage, or its socket is taken away.
_BROKEN = (LDAPException, PyAsn1Error, OSError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapPlan:
    """What is to be read, and how.

    Attributes:
        servers: Addresses such as ldaps://dc1.ward.example, tried in turn.
        tls: Required; False is for the loopback.
        id: The attribute that names somebody for ever; "" = the server's own.
        groups_bases: Where groups are; none = groups are not read. They are read when all is.
        page: Entries asked for at once.
        within_s: For all of it.
    """

    servers: Sequence[str]
    bases: Sequence[str]
    filter: str
    tls: bool = True
    authority: Path | None = None
    bind_dn: str = ""
    password_file: Path | None = None
    id: str = ""
    groups_bases: Sequence[str] = ()
    groups_filter: str = ""
    mapped: Mapped
    page: int = 500
    within_s: float = 600.0


class LdapSource:
    """A source of people (contract.Source)."""

    def __init__(self, plan: LdapPlan) -> None:
        self._plan = plan
        self.mapped: Mapped = {field: tuple(name.lower() for name in names) for field, names in plan.mapped.items()}

    async def read(self, mark: str, progress: Progress, *, who: str = "") -> Reading:
        """Read people; see `Source.read`."""
        line = _Line()
        try:
            async with asyncio.timeout(self._plan.within_s):
                return await asyncio.to_thread(self._read, line, mark, progress, who)
        except TimeoutError:
            raise SourceFailed(
                f"reading took longer than {self._plan.within_s:g} s", "Raise within_s, or ask for less by filter."
            ) from None
        finally:
            line.cut()  # the thread ends with its socket

    def _read(self, line: _Line, mark: str, progress: Progress, who: str) -> Reading:
        try:
            with line.opened(self._plan) as connection:
                return self._read_all(connection, mark, progress, who)
        except _BROKEN as error:
            raise SourceFailed(f"it could not be read ({_say(error)})") from error

    def _read_all(self, connection: Any, mark: str, progress: Progress, who: str) -> Reading:
        dialect = read_dialect(connection, self._plan.id)
        changed = "" if who else dialect.changed_since(mark)
        wanted = _all_of(self._plan.filter, changed, self._called(who))
        names = sorted({name for names in self.mapped.values() for name in names} | dialect.attributes)
        found: dict[str, Found] = {}  # by DN: bases may lie in each other
        for base in self._plan.bases:
            for page in self._pages(connection, base, wanted, names):
                found |= {each["dn"]: _entry(each, dialect) for each in page}
                progress(len(found))
        whole = not changed and not who
        groups = self._groups(connection, dialect) if whole and self._plan.groups_bases else None
        return Reading(found=list(found.values()), groups=groups, whole=whole, mark="" if who else dialect.mark())

    def _groups(self, connection: Any, dialect: Dialect) -> list[FoundGroup]:
        found: dict[str, FoundGroup] = {}
        for base in self._plan.groups_bases:
            for page in self._pages(connection, base, self._plan.groups_filter, [dialect.own_id, "cn", *MEMBERS]):
                for each in page:
                    values = {name.lower(): value for name, value in each["raw_attributes"].items() if value}
                    members = [
                        dn.decode("utf-8", "replace")
                        for name in MEMBERS
                        for dn in read_ranged(connection, each["dn"], name, values)
                    ]
                    name = (values.get("cn") or [b""])[0].decode("utf-8", "replace")
                    found[each["dn"]] = FoundGroup(each["dn"], dialect.read_own_id(values), name, members)
        return list(found.values())

    def _called(self, who: str) -> str:
        if not who:
            return ""
        literal = escape_filter_chars(who)
        return f"(|{''.join(f'({name}={literal})' for name in self.mapped['name'])})"

    def _pages(self, connection: Any, base: str, wanted: str, names: Sequence[str]) -> Iterator[list[Any]]:
        cookie: bytes | None = None
        while cookie != b"":
            connection.search(
                base,
                wanted,
                attributes=names,
                dereference_aliases=ldap3.DEREF_NEVER,
                paged_size=self._plan.page,
                paged_criticality=True,
                paged_cookie=cookie,
            )
            result = connection.result
            if result["result"] != 0:
                raise SourceFailed(f"{base} could not be read ({result['description']} {result['message']})".strip())
            yield [each for each in connection.response if each["type"] == "searchResEntry"]
            connection.response = None
            cookie = result["controls"][PAGED]["value"]["cookie"]


def _entry(each: Any, dialect: Dialect) -> Found:
    values = {name.lower(): value for name, value in each["raw_attributes"].items() if value}
    return Found(each["dn"], dialect.read_id(values), values, dialect.is_gone(values))


def _all_of(*filters: str) -> str:
    given = [each if each.startswith("(") else f"({each})" for each in filters if each]
    return given[0] if len(given) == 1 else f"(&{''.join(given)})"


def _say(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class _Line:
    """The connection of one reading; `cut` ends it from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self._over = False

    @contextlib.contextmanager
    def opened(self, plan: LdapPlan) -> Iterator[Any]:
        """Connect to the first server that lets us in."""
        failed: list[str] = []
        for server in plan.servers:
            try:
                connection = self._open(server, plan)
            except _BROKEN as error:
                failed.append(f"{server}: {_say(error)}")
                continue
            try:
                yield connection
            finally:
                with contextlib.suppress(*_BROKEN):
                    connection.unbind()
            return
        raise SourceFailed(
            f"no server lets us in ({'; '.join(failed)})", "Is it there, and are name and password right?"
        )

    def _open(self, server: str, plan: LdapPlan) -> Any:
        url = urlsplit(server)
        secure = url.scheme == "ldaps"
        place = ldap3.Server(
            url.hostname,
            port=url.port or (636 if secure else 389),
            use_ssl=secure,
            tls=_Verified(plan.authority) if plan.tls else None,
            get_info=ldap3.NONE,
            connect_timeout=CONNECT_S,
        )
        connection = ldap3.Connection(
            place,
            user=plan.bind_dn or None,
            password=read_password(plan.password_file),
            auto_bind=ldap3.AUTO_BIND_NONE,
            auto_referrals=False,
            check_names=False,
            raise_exceptions=True,
            read_only=True,
            receive_timeout=SILENCE_S,
        )
        with self._lock:
            if self._over:
                raise TimeoutError("it is too late")
            self._connection = connection
        connection.open(read_server_info=False)
        if plan.tls and not secure:
            connection.start_tls(read_server_info=False)
        connection.bind(read_server_info=False)
        return connection

    def cut(self) -> None:
        """Take the socket away; nothing happens when it is closed already."""
        with self._lock:
            self._over = True
            socket = getattr(self._connection, "socket", None)
        if socket is not None:
            with contextlib.suppress(OSError, ValueError):
                socket.shutdown(2)


class _Verified(ldap3.Tls):  # type: ignore[misc]
    """TLS as Python makes it: the chain and the name are verified, whatever the library would do."""

    def __init__(self, authority: Path | None) -> None:
        super().__init__()
        self._context = ssl.create_default_context(cafile=authority)

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Put TLS on a connection's socket."""
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=connection.server.host)
