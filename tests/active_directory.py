"""A look-alike of Active Directory, as far as we read it: objectGUID, disabled accounts, update sequence numbers.

OpenLDAP has none of these. It speaks LDAP (RFC 4511) over plain TCP: bind, paged search (RFC 2696) with and, or, not,
equality, presence and greater-or-equal; an equality matches what it says and no pattern.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from ldap3.protocol import rfc2696, rfc4511
from pyasn1.codec.ber import encoder

from wardwire.sources.dialect import ACTIVE_DIRECTORY
from wardwire.sources.ldap import PAGED

SETTINGS = "CN=NTDS Settings,CN=DC1,CN=Configuration,DC=ward,DC=example"
DOMAIN = "DC=ward,DC=example"
PEOPLE, GROUPS = f"OU=Staff,{DOMAIN}", f"OU=Groups,{DOMAIN}"
# So many values of an attribute are given at once; Active Directory gives 1,500.
MOST_VALUES = 3
NORMAL, DISABLED = "512", "514"
ALL = 1 << 30
Entry = dict[str, list[bytes]]


class Part(NamedTuple):
    """A value of BER with its tag."""

    tag: int
    value: bytes


class LookAlike:
    """One domain controller.

    Attributes:
        invocation: Names this life of its database; another after a restore, and of another controller.
        asked: The filters of the searches below PEOPLE, as they were sent.
    """

    def __init__(self) -> None:
        self.invocation = UUID(int=7)
        self.usn = 1000
        self.entries: dict[str, Entry] = {}
        self.asked: list[bytes] = []
        self.port = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"ldap://127.0.0.1:{self.port}"

    def put(self, guid: int, name: str, *, control: str = NORMAL, **more: str) -> None:
        """Add or change an account."""
        self.usn += 1
        told = {"displayName": name, "userAccountControl": control, "uSNChanged": str(self.usn), **more}
        self.entries[f"CN=account {guid},{PEOPLE}"] = {
            "objectGUID": [UUID(int=guid).bytes_le],
            "objectClass": [b"top", b"person", b"user"],
            **{field: [text.encode()] for field, text in told.items()},
        }

    def group(self, guid: int, name: str, *members: str) -> None:
        """Add or change a group; `members` are DNs."""
        self.entries[f"CN={name},{GROUPS}"] = {
            "objectGUID": [UUID(int=guid).bytes_le],
            "objectClass": [b"top", b"group"],
            "cn": [name.encode()],
            "member": [member.encode() for member in members],
        }

    def remove(self, guid: int) -> None:
        """Delete an account; it shows in no search any more."""
        self.usn += 1
        del self.entries[f"CN=account {guid},{PEOPLE}"]

    def find(self, base: str, wanted: Part) -> list[tuple[str, Entry]]:
        """Search."""
        if not base:
            root = {
                "supportedCapabilities": ACTIVE_DIRECTORY,
                "highestCommittedUSN": str(self.usn),
                "dsServiceName": SETTINGS,
            }
            return [("", {name: [text.encode()] for name, text in root.items()})]
        if base == SETTINGS:
            return [(SETTINGS, {"invocationId": [self.invocation.bytes_le]})]
        self.asked.append(wanted.value)
        below = [(dn, entry) for dn, entry in sorted(self.entries.items()) if dn.endswith(base)]
        return [(dn, entry) for dn, entry in below if _holds(wanted, entry)]


@contextmanager
def look_alike() -> Iterator[LookAlike]:
    """One on a free port of the loopback."""
    controller = LookAlike()

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while message := _receive(self.rfile):
                self.wfile.write(b"".join(_answer(controller, message)))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Line) as server:
        controller.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield controller
        server.shutdown()


def _receive(line: Any) -> bytes:
    """Read one LDAPMessage; returns what is in it."""
    head = line.read(2)
    if len(head) < 2:
        return b""
    length = head[1] if head[1] < 0x80 else int.from_bytes(line.read(head[1] & 0x7F), "big")
    inside: bytes = line.read(length)
    return inside


def _parts(data: bytes) -> list[Part]:
    """Take BER apart: each value with its tag."""
    found, at = [], 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        found.append(Part(tag, data[at : at + length]))
        at += length
    return found


def _answer(controller: LookAlike, message: bytes) -> Iterator[bytes]:
    number, operation, *controls = _parts(message)
    told = int.from_bytes(number.value, "big")
    if operation.tag == 0x60:  # bindRequest
        yield _write(told, "bindResponse", _done(rfc4511.BindResponse()))
    elif operation.tag == 0x63:  # searchRequest
        base, *_, wanted, attributes = _parts(operation.value)
        found = controller.find(base.value.decode(), wanted)
        names = {part.value.decode().lower() for part in _parts(attributes.value)}
        size, at = _read_page(controls)
        for dn, entry in found[at : at + size]:
            yield _write(told, "searchResEntry", _entry(dn, entry, names))
        cookie = str(at + size).encode() if at + size < len(found) else b""
        yield _write(told, "searchResDone", _done(rfc4511.SearchResultDone()), cookie if size < ALL else None)


def _read_page(controls: Sequence[Part]) -> tuple[int, int]:
    for control in _parts(controls[0].value) if controls else ():
        name, *_, value = _parts(control.value)
        if name.value.decode() == PAGED:
            size, cookie = _parts(_parts(value.value)[0].value)
            return int.from_bytes(size.value, "big"), int(cookie.value or b"0")
    return ALL, 0


def _entry(dn: str, entry: Entry, wanted: set[str]) -> Any:
    made = rfc4511.SearchResultEntry()
    made["object"] = dn
    attributes = rfc4511.PartialAttributeList()
    for known, given in entry.items():
        for name, values in _ranged(known, given, wanted):
            one = rfc4511.PartialAttribute()
            one["type"] = name
            vals = rfc4511.Vals()
            vals.extend(rfc4511.AttributeValue(value) for value in values)
            one["vals"] = vals
            attributes.append(one)
    made["attributes"] = attributes
    return made


def _ranged(name: str, values: list[bytes], wanted: set[str]) -> Iterator[tuple[str, list[bytes]]]:
    for asked in wanted:
        plain, _, begin = asked.partition(";range=")
        if plain != name.lower() or not values:
            continue
        first = int(begin.removesuffix("-*") or 0)
        some = values[first : first + MOST_VALUES]
        if len(values) <= MOST_VALUES:
            yield name, values
        elif first + MOST_VALUES >= len(values):
            yield f"{name};range={first}-*", some
        else:
            yield f"{name};range={first}-{first + MOST_VALUES - 1}", some


def _done(response: Any) -> Any:
    response["resultCode"] = 0
    response["matchedDN"] = ""
    response["diagnosticMessage"] = ""
    return response


def _write(number: int, kind: str, response: Any, cookie: bytes | None = None) -> bytes:
    message = rfc4511.LDAPMessage()
    message["messageID"] = number
    message["protocolOp"] = rfc4511.ProtocolOp().setComponentByName(kind, response)
    if cookie is not None:
        page = rfc2696.RealSearchControlValue()
        page["size"], page["cookie"] = 0, cookie
        control = rfc4511.Control()
        control["controlType"], control["criticality"] = PAGED, False
        control["controlValue"] = encoder.encode(page)
        controls = rfc4511.Controls()
        controls.append(control)
        message["controls"] = controls
    written: bytes = encoder.encode(message)
    return written


def _holds(wanted: Part, entry: Mapping[str, list[bytes]]) -> bool:
    folded = {name.lower(): values for name, values in entry.items()}
    match wanted.tag:
        case 0xA0:
            return all(_holds(each, entry) for each in _parts(wanted.value))
        case 0xA1:
            return any(_holds(each, entry) for each in _parts(wanted.value))
        case 0xA2:
            return not _holds(_parts(wanted.value)[0], entry)
        case 0x87:
            return wanted.value.decode().lower() in folded
    name, value = (part.value for part in _parts(wanted.value))
    values = folded.get(name.decode().lower(), [])
    if wanted.tag == 0xA5:  # greaterOrEqual
        return any(int(each) >= int(value) for each in values)
    assert wanted.tag == 0xA3, "equalityMatch, and no pattern"
    return any(each.lower() == value.lower() for each in values)
