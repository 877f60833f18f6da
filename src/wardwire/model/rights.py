"""Who may do what: one pure rule, asked by every door through access."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Kind, Priority

SEND = "messages:send"
CODE = "messages:code"  # `code` needs a scope of its own
READ = "messages:read"
WATCH = "boards:watch"
CANCEL = "messages:cancel"
DIRECTORY = "directory:write"
SYNC = "directory:sync"
AUDIT = "audit:read"
ALARMS = "alarms:take"
ACCOUNTS = "accounts:write"
ADMINISTER = "accounts:admin"  # an administrator needs a scope of its own: who makes one may do all

SCOPES = {
    SEND: "submit messages up to priority high",
    CODE: "submit messages of priority code",
    READ: "read messages and traces of any sender",
    WATCH: "see on a board which alerts run, without what they say",
    CANCEL: "cancel and recall messages of any sender",
    DIRECTORY: "change people, groups, roles and registration codes",
    SYNC: "keep people and groups as another directory has them (SCIM)",
    AUDIT: "read and verify facts",
    ALARMS: "see, take and clear technical alarms",
    ACCOUNTS: "add and change accounts, end sessions; not those of administrators",
    ADMINISTER: "make administrators, and change their accounts",
}
# What everybody may who has a registered device; `code` is given by name.
PERSON_SCOPES = frozenset({SEND})


class AccessRole(StrEnum):
    """What somebody is here, as far as rights ask; model/matrix.py says what each may do."""

    CLINICIAN = "clinician"
    OPERATOR = "operator"
    UNIT_MANAGER = "unit_manager"
    INTEGRATION = "integration"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as access has made sure.

    Attributes:
        source: The identity space of the caller's submissions.
        person_id: Set when a person speaks, through a device or signed in.
        device_id: The device through which the person speaks.
        roles: Of their account; without one a person is a clinician, and a key an integration.
        units: Those that a unit manager manages.
        session_id: By which they are signed in.
        broken: By which break-glass access they read what is not theirs, while it lasts.
        passed: What the door (access/door.py) has let them do by this request. What is asked for on the way behind
            it is a scope only where nobody was asked before; "" = nobody was.
    """

    source: str
    scopes: frozenset[str]
    person_id: UUID | None = None
    device_id: UUID | None = None
    roles: frozenset[AccessRole] = frozenset()
    units: frozenset[UUID] = frozenset()
    session_id: UUID | None = None
    broken: UUID | None = None
    passed: str = ""


SYSTEM = Caller(source="wardwire", scopes=frozenset(SCOPES))


def may_submit(caller: Caller, kind: Kind, priority: Priority) -> None:
    """Refuse a caller who may not send this.

    Raises:
        Refused: `NOT_PERMITTED`, naming the scope that is missing.
    """
    require(caller, SEND)
    if priority is Priority.CODE:
        require(caller, CODE)
    if kind in (Kind.TECHNICAL_ALARM, Kind.CANARY, Kind.COPY, Kind.TEST) and caller is not SYSTEM:
        raise Refused(Code.NOT_PERMITTED, "only the system itself sends messages of this kind", pointer="/kind")


def may_read(caller: Caller, sender: UUID | None, source: str, recipients: frozenset[UUID]) -> bool:
    """Whether a caller may see a message: its sender, its source, its recipients, and who reads for all."""
    if READ in caller.scopes or caller.source == source:
        return True
    return caller.person_id is not None and (caller.person_id == sender or caller.person_id in recipients)


def source_to_read(caller: Caller, source: str | None) -> str | None:
    """Return of which source a caller may list what was sent; None = of every one.

    Raises:
        Refused: `NOT_PERMITTED` when another one's is asked for without the scope.
    """
    if READ in caller.scopes or caller.broken is not None:
        return source
    if source not in (None, caller.source):
        raise Refused(Code.NOT_PERMITTED, f"other sources need the scope {READ}", parameter="source", scope=READ)
    return caller.source


def may_cancel(caller: Caller, sender: UUID | None, source: str) -> bool:
    """Whether a caller may take a message back: its sender, on any of their devices, or by scope."""
    if CANCEL in caller.scopes or caller.source == source:
        return True
    return caller.person_id is not None and caller.person_id == sender


def require_passed(caller: Caller, scope: str) -> None:
    """Refuse a caller whom no door has let through to here, and who has not the scope either."""
    if not caller.passed:
        require(caller, scope)


def require(caller: Caller, scope: str) -> None:
    """Refuse a caller without a scope."""
    if scope not in caller.scopes:
        raise Refused(Code.NOT_PERMITTED, f"this needs the scope {scope}", scope=scope)
