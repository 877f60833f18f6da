"""What LDAP servers do each in their own way: who somebody is for ever, who has left, and what has changed since.

Active Directory: `objectGUID` (16 bytes, little endian first), `userAccountControl` bit 2, and `uSNChanged`, which
counts for one domain controller alone. Others: `entryUUID` (RFC 4530) and `modifyTimestamp` (RFC 4512 §3.4). Who was
deleted, or has left the filter, shows in no change: only a whole reading sees it.
Sources: MS-ADTS 3.1.1.3.4.6 (capabilities), 3.1.1.1.9 (update sequence numbers), 2.2.16 (userAccountControl).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import ldap3

ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"
DISABLED = 0x2
# Servers that copy from each other write a little late what happened before.
LATE = timedelta(minutes=5)

Values = Mapping[str, Sequence[bytes]]
"""By the attribute's name in small letters."""

_TIME = re.compile(r"\d{14}")


class Dialect(Protocol):
    """How one server does it; told of each entry in turn."""

    attributes: frozenset[str]
    own_id: str
    """The attribute by which the server itself names an entry for ever; groups are known by it."""

    def read_own_id(self, values: Values) -> str:
        """Return who an entry is by `own_id`."""

    def read_id(self, values: Values) -> str:
        """Return who an entry is; "" = it does not say."""

    def is_gone(self, values: Values) -> bool:
        """Whether an entry's person has left by its own word."""

    def changed_since(self, mark: str) -> str:
        """Return the filter of what has changed since a mark; "" = it cannot tell, all must be read."""

    def mark(self) -> str:
        """Return the mark from which the next reading can go on; "" = it must be whole."""


def read_dialect(connection: Any, id_attribute: str = "") -> Dialect:
    """Ask a server what it is (its root, RFC 4512 §5.1)."""
    root = _read_entry(
        connection, "", ("supportedCapabilities", "highestCommittedUSN", "dsServiceName", "objectClass")
    )
    if ACTIVE_DIRECTORY.encode() not in root.get("supportedcapabilities", ()):
        return Standard(id_attribute)
    usn = _text(root, "highestcommittedusn")
    invocation = _text_of_guid(
        _read_entry(connection, _text(root, "dsservicename"), ("invocationId",)).get("invocationid")
    )
    return ActiveDirectory(id_attribute, invocation=invocation, usn=int(usn) if usn.isdigit() else None)


class Standard:
    """A server as the RFCs have it."""

    own_id = "entryuuid"

    def read_own_id(self, values: Values) -> str:
        """Return what the server wrote."""
        return _text(values, self.own_id)

    def __init__(self, id_attribute: str = "") -> None:
        self._id = (id_attribute or "entryUUID").lower()
        self._latest = ""
        self.attributes = frozenset({self._id, "modifytimestamp"})

    def read_id(self, values: Values) -> str:
        """Return who it is, and remember when it was changed."""
        self._latest = max(self._latest, _text(values, "modifytimestamp"))
        return _text(values, self._id)

    def is_gone(self, values: Values) -> bool:
        """There is no common word for it: who has left is deleted, or outside the filter."""
        return False

    def changed_since(self, mark: str) -> str:
        """By the server's own clock, whose seconds are counted twice rather than never."""
        if not mark.startswith("time ") or not _TIME.fullmatch(mark[5:]):
            return ""
        self._latest = mark[5:] + "Z"
        since = datetime.strptime(mark[5:], "%Y%m%d%H%M%S").replace(tzinfo=UTC) - LATE
        return f"(modifyTimestamp>={since:%Y%m%d%H%M%S}Z)"

    def mark(self) -> str:
        """The latest change that was seen."""
        return f"time {self._latest[:14]}" if _TIME.match(self._latest) else ""


class ActiveDirectory:
    """Active Directory; its numbers are those of this domain controller in this life of its database."""

    own_id = "objectguid"

    def read_own_id(self, values: Values) -> str:
        """Return it as Windows writes it."""
        return _text_of_guid(values.get(self.own_id))

    def __init__(self, id_attribute: str = "", *, invocation: str, usn: int | None) -> None:
        self._id = (id_attribute or "objectGUID").lower()
        self._invocation = invocation
        self._usn = usn  # as of before the reading: what is changed during it is read again
        self.attributes = frozenset({self._id, "useraccountcontrol"})

    def read_id(self, values: Values) -> str:
        """Return who it is, as Windows writes it."""
        if self._id == self.own_id:
            return self.read_own_id(values)
        return _text(values, self._id)

    def is_gone(self, values: Values) -> bool:
        """A disabled account is one of somebody who has left."""
        control = _text(values, "useraccountcontrol")
        return control.lstrip("-").isdigit() and bool(int(control) & DISABLED)

    def changed_since(self, mark: str) -> str:
        """Of the same controller alone."""
        kind, _, rest = mark.partition(" ")
        invocation, _, usn = rest.partition(" ")
        if kind != "usn" or not usn.isdigit() or not self._invocation or invocation != self._invocation:
            return ""
        return f"(uSNChanged>={int(usn) + 1})"

    def mark(self) -> str:
        """What it had counted when we began."""
        return f"usn {self._invocation} {self._usn}" if self._invocation and self._usn is not None else ""


def read_ranged(connection: Any, dn: str, name: str, values: Values) -> list[bytes]:
    """Return all values of an attribute of which a server gives only so many at once (MS-ADTS 3.1.1.3.1.3.3).

    Args:
        values: What came with the entry: `member`, or `member;range=0-1499` of more than fit.
    """
    found: list[bytes] = list(values.get(name, ()))
    while (part := next((key for key in values if key.startswith(f"{name};range=")), None)) is not None:
        found += values[part]
        _, _, last = part.partition("=")[2].partition("-")
        if last == "*":
            break
        values = _read_entry(connection, dn, (f"{name};range={int(last) + 1}-*",))
    return found


def _read_entry(connection: Any, dn: str, names: Sequence[str]) -> dict[str, Sequence[bytes]]:
    connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=list(names))
    entries = [each for each in connection.response or () if each["type"] == "searchResEntry"]
    return {name.lower(): value for each in entries[:1] for name, value in each["raw_attributes"].items()}


def _text(values: Values, name: str) -> str:
    found = values.get(name)
    return found[0].decode("utf-8", "replace") if found else ""


def _text_of_guid(found: Sequence[bytes] | None) -> str:
    return str(UUID(bytes_le=found[0])) if found and len(found[0]) == 16 else ""
