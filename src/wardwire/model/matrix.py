"""Who may do what: one table, action by access role, and how far each reaches. Pure; asked in access/door.py.

An *access role* is what an account may do here. It is not a *role*, which is a function that somebody is on call for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from wardwire.model.people import Directory
from wardwire.model.places import PlaceKind
from wardwire.model.rights import (
    ACCOUNTS,
    ADMINISTER,
    ALARMS,
    AUDIT,
    CANCEL,
    CODE,
    DIRECTORY,
    READ,
    SEND,
    SYNC,
    WATCH,
    AccessRole,
    Caller,
)


class Reach(IntEnum):
    """How far a right reaches. `UNIT` holds for one's own as well."""

    NO = 0
    OWN = 1
    UNIT = 2
    ANY = 3

    @property
    def words(self) -> str:
        """How it stands in a table for people."""
        return ("–", "own", "own unit", "any")[self]


class Action(StrEnum):
    """What can be asked for. Each operation of each door is one of these."""

    MESSAGE_SEND = "message.send"
    MESSAGE_CODE = "message.code"
    MESSAGE_READ = "message.read"
    MESSAGE_TRACE = "message.trace"
    MESSAGE_CANCEL = "message.cancel"
    ALERT_READ = "alert.read"
    BOARD_WATCH = "board.watch"
    ALARM_READ = "alarm.read"
    ALARM_TAKE = "alarm.take"
    DESK_HAND_OVER = "desk.hand_over"
    PAPER_ENTER = "paper.enter"
    DIRECTORY_READ = "directory.read"
    CONTACT_READ = "contact.read"
    STATUS_SET = "status.set"
    PREFERENCE_SET = "preference.set"
    ENDPOINT_TEST = "endpoint.test"
    BED_ASSIGN = "bed.assign"
    SHIFT_WRITE = "shift.write"
    SHIFT_SWAP = "shift.swap"
    POLICY_WRITE = "policy.write"
    DIRECTORY_WRITE = "directory.write"
    DIRECTORY_SYNC = "directory.sync"
    SCOPE_GIVE = "scope.give"
    KEY_MANAGE = "key.manage"
    DEVICE_ENROL = "device.enrol"
    DEVICE_READ = "device.read"
    DEVICE_REVOKE = "device.revoke"
    DEVICE_CHECK_OUT = "device.check_out"
    DEVICE_CHECK_IN = "device.check_in"
    SITE_READ = "site.read"
    AUDIT_READ = "audit.read"
    ACCOUNT_OWN = "account.own"
    ACCOUNT_MANAGE = "account.manage"
    ACCOUNT_ADMINISTER = "account.administer"
    SESSION_END = "session.end"
    GLASS_BREAK = "glass.break"
    GLASS_SEE = "glass.see"


ABOUT: Mapping[Action, str] = MappingProxyType(
    {
        Action.MESSAGE_SEND: "send up to `high`",
        Action.MESSAGE_CODE: "send `code`",
        Action.MESSAGE_READ: "read what was said, and how it stands",
        Action.MESSAGE_TRACE: "retell its way, without its content",
        Action.MESSAGE_CANCEL: "take it back",
        Action.ALERT_READ: "see open alerts, and drills",
        Action.BOARD_WATCH: "see live on a board which alerts run, without what they say",
        Action.ALARM_READ: "see technical alarms",
        Action.ALARM_TAKE: "take and clear them",
        Action.DESK_HAND_OVER: "hand the operators' desk over, and take it over",
        Action.PAPER_ENTER: "enter pages that were made by hand while the site was away",
        Action.DIRECTORY_READ: "see who there is, and who is on call",
        Action.CONTACT_READ: "see addresses",
        Action.STATUS_SET: "set a status",
        Action.PREFERENCE_SET: "say how somebody wants to be tried",
        Action.ENDPOINT_TEST: "send a test to one endpoint of somebody",
        Action.BED_ASSIGN: "say who has which bed",
        Action.SHIFT_WRITE: "say who holds a role when (own: of roles that one owns)",
        Action.SHIFT_SWAP: "offer and answer swaps of shifts (own: what one gives, takes, or owns the role of)",
        Action.POLICY_WRITE: "draft, simulate, approve and publish policies",
        Action.DIRECTORY_WRITE: "change people, groups, roles, places, policies, mapping tables",
        Action.DIRECTORY_SYNC: "keep people and groups as another directory has them, by SCIM",
        Action.SCOPE_GIVE: "give a scope that one has not oneself",
        Action.KEY_MANAGE: "make, list and revoke API keys",
        Action.DEVICE_ENROL: "let a person's device in",
        Action.DEVICE_READ: "see the register of devices",
        Action.DEVICE_REVOKE: "put a device out",
        Action.DEVICE_CHECK_OUT: "give a unit's shared device to somebody",
        Action.DEVICE_CHECK_IN: "take a shared device back",
        Action.SITE_READ: "see how the site is, and figures of what was sent",
        Action.AUDIT_READ: "read and verify facts",
        Action.ACCOUNT_OWN: "change one's own password and second factor",
        Action.ACCOUNT_MANAGE: "add, change and disable accounts",
        Action.ACCOUNT_ADMINISTER: "make administrators, and change their accounts",
        Action.SESSION_END: "list and end sessions",
        Action.GLASS_BREAK: "read what is not one's own in an emergency, for a time and with a reason",
        Action.GLASS_SEE: "see who did, and end it",
    }
)


class Row(NamedTuple):
    """A line of the table: how far an action reaches for each access role.

    Attributes:
        scope: The scope with which a key, or a person, reaches any; "" = there is none.
        hidden: What lies beyond one's reach is as if it were not there (404); otherwise it is refused (403).
    """

    clinician: Reach
    operator: Reach
    unit_manager: Reach
    integration: Reach
    auditor: Reach
    administrator: Reach
    scope: str
    hidden: bool

    def by(self, role: AccessRole) -> Reach:
        """Return how far it reaches for an access role."""
        reach: Reach = getattr(self, role)
        return reach


_, OWN, UNIT, ANY = Reach
SHOWN, HIDDEN = False, True

# Whatever does not stand here nobody may. An integration has a key; what its scopes say comes on top of its column.
MATRIX: Mapping[Action, Row] = MappingProxyType(
    {
        #                          clin. oper. manag. integ. audit. admin. scope     otherwise
        Action.MESSAGE_SEND:    Row(ANY,  ANY,  ANY,  _,    _,    _,    SEND,      SHOWN),
        Action.MESSAGE_CODE:    Row(_,    ANY,  _,    _,    _,    _,    CODE,      SHOWN),
        Action.MESSAGE_READ:    Row(OWN,  ANY,  OWN,  OWN,  _,    _,    READ,      HIDDEN),
        Action.MESSAGE_TRACE:   Row(OWN,  ANY,  OWN,  OWN,  ANY,  ANY,  READ,      HIDDEN),
        Action.MESSAGE_CANCEL:  Row(OWN,  ANY,  OWN,  OWN,  _,    _,    CANCEL,    HIDDEN),
        Action.ALERT_READ:      Row(OWN,  ANY,  OWN,  OWN,  _,    _,    READ,      HIDDEN),
        Action.BOARD_WATCH:     Row(_,    ANY,  UNIT, _,    _,    _,    WATCH,     SHOWN),
        Action.ALARM_READ:      Row(_,    ANY,  _,    _,    ANY,  ANY,  ALARMS,    SHOWN),
        Action.ALARM_TAKE:      Row(_,    ANY,  _,    _,    _,    ANY,  ALARMS,    SHOWN),
        Action.DESK_HAND_OVER:  Row(_,    ANY,  _,    _,    _,    _,    "",        SHOWN),
        Action.PAPER_ENTER:     Row(_,    ANY,  _,    _,    _,    _,    "",        SHOWN),
        Action.DIRECTORY_READ:  Row(ANY,  ANY,  ANY,  ANY,  ANY,  ANY,  "",        SHOWN),
        Action.CONTACT_READ:    Row(OWN,  ANY,  OWN,  _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.STATUS_SET:      Row(OWN,  ANY,  UNIT, _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.PREFERENCE_SET:  Row(OWN,  ANY,  UNIT, _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.ENDPOINT_TEST:   Row(OWN,  ANY,  UNIT, _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.BED_ASSIGN:      Row(_,    ANY,  UNIT, _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.SHIFT_WRITE:     Row(OWN,  ANY,  OWN,  _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.SHIFT_SWAP:      Row(OWN,  ANY,  OWN,  _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.POLICY_WRITE:    Row(_,    _,    UNIT, _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.DIRECTORY_WRITE: Row(_,    _,    _,    _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.DIRECTORY_SYNC:  Row(_,    _,    _,    _,    _,    ANY,  SYNC,      SHOWN),
        Action.SCOPE_GIVE:      Row(_,    _,    _,    _,    _,    ANY,  "",        SHOWN),
        Action.KEY_MANAGE:      Row(_,    _,    _,    _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.DEVICE_ENROL:    Row(_,    _,    _,    _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.DEVICE_READ:     Row(OWN,  ANY,  ANY,  _,    OWN,  ANY,  DIRECTORY, SHOWN),
        Action.DEVICE_REVOKE:   Row(OWN,  ANY,  _,    _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.DEVICE_CHECK_OUT: Row(_,   ANY,  UNIT, _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.DEVICE_CHECK_IN: Row(OWN,  ANY,  UNIT, _,    _,    ANY,  DIRECTORY, SHOWN),
        Action.SITE_READ:       Row(_,    ANY,  ANY,  _,    ANY,  ANY,  READ,      SHOWN),
        Action.AUDIT_READ:      Row(_,    _,    _,    _,    ANY,  _,    AUDIT,     SHOWN),
        Action.ACCOUNT_OWN:     Row(OWN,  OWN,  OWN,  _,    OWN,  OWN,  "",        SHOWN),
        Action.ACCOUNT_MANAGE:  Row(_,    _,    _,    _,    _,    ANY,  ACCOUNTS,  SHOWN),
        Action.ACCOUNT_ADMINISTER: Row(_, _,    _,    _,    _,    ANY,  ADMINISTER, SHOWN),
        Action.SESSION_END:     Row(OWN,  OWN,  OWN,  _,    OWN,  ANY,  ACCOUNTS,  HIDDEN),
        Action.GLASS_BREAK:     Row(ANY,  ANY,  ANY,  _,    ANY,  _,    "",        SHOWN),
        Action.GLASS_SEE:       Row(OWN,  OWN,  OWN,  _,    ANY,  ANY,  "",        HIDDEN),
    }
)  # fmt: skip


# What break-glass access opens: reading, and nothing else.
BREAKABLE = frozenset({Action.MESSAGE_READ, Action.MESSAGE_TRACE, Action.ALERT_READ})


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a thing is, as far as rights ask: of a source, of people, of units. Of nobody by default."""

    source: str = ""
    people: frozenset[UUID] = frozenset()
    units: frozenset[UUID] = frozenset()


def reach_of(caller: Caller, action: Action) -> Reach:
    """Return how far a caller reaches: the farthest of their access roles and scopes. Pure.

    Who speaks through their own device, and has no account, is a clinician. A key is an integration.
    """
    row = MATRIX[action]
    if (row.scope and row.scope in caller.scopes) or (caller.broken is not None and action in BREAKABLE):
        return Reach.ANY
    roles: Iterable[AccessRole] = caller.roles
    if not caller.roles:
        roles = (AccessRole.CLINICIAN if caller.person_id is not None else AccessRole.INTEGRATION,)
    return max(row.by(role) for role in roles)


def reaches(caller: Caller, action: Action, owners: Iterable[Owner]) -> bool:
    """Whether a caller may do this to all of these. To none of nobody's, unless they reach any."""
    reach = reach_of(caller, action)
    if reach is Reach.ANY:
        return True
    asked = list(owners)
    return reach is not Reach.NO and bool(asked) and all(_covers(caller, reach, owner) for owner in asked)


def _covers(caller: Caller, reach: Reach, owner: Owner) -> bool:
    if owner.source and owner.source == caller.source:
        return True
    if caller.person_id is not None and caller.person_id in owner.people:
        return True
    return reach is Reach.UNIT and not caller.units.isdisjoint(owner.units)


def scopes_of(roles: Iterable[AccessRole]) -> frozenset[str]:
    """Return the scopes that access roles amount to: those of which they may do everything, wherever."""
    held = frozenset(roles)
    amount: dict[str, bool] = {}
    for row in MATRIX.values():
        whole = any(row.by(role) is Reach.ANY for role in held)
        amount[row.scope] = amount.get(row.scope, True) and whole
    return frozenset(scope for scope, whole in amount.items() if scope and whole)


def unit_of(directory: Directory, place_id: UUID) -> UUID | None:
    """Return the unit in which a place lies, or which it is; None when it lies in none."""
    seen: set[UUID] = set()
    place = directory.places.get(place_id)
    while place is not None and place.kind is not PlaceKind.UNIT and place.id not in seen:
        seen.add(place.id)
        place = directory.places.get(place.parent) if place.parent else None
    return place.id if place is not None and place.kind is PlaceKind.UNIT else None
