"""Who there is: people, groups, roles, devices; and the directory, one consistent view of them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.details import NO_DETAILS, Details
from wardwire.model.device_settings import DeviceGroup, Layer, Scope
from wardwire.model.membership import Rule
from wardwire.model.oncall_plan import Rota, Swap
from wardwire.model.places import Assignment, Place
from wardwire.model.policy import Policy
from wardwire.model.priority import Word
from wardwire.model.quiet import Quiet
from wardwire.model.shared_device import NOBODY

# Every kind of endpoint, in the order in which they are tried.
KINDS = ("app", "pager", "phone", "email", "sms", "voice")

if TYPE_CHECKING:
    from wardwire.model.coverage import Meant
    from wardwire.model.preferences import Preferences


class Status(Word):
    """What a person says of themselves now."""

    AVAILABLE = "available"
    BUSY = "busy"
    IN_PROCEDURE = "in_procedure"
    DO_NOT_DISTURB = "do_not_disturb"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who can send and be reached.

    Attributes:
        status_until: When the status ends by itself; None = until changed.
        status_since: When it began.
        cover: Who covers for them as long as it lasts, as model/coverage.py writes it; "" = nobody.
        scopes: What they may do beyond the common (model/rights.py).
        version: The directory's, at their last change.
    """

    id: UUID
    name: str
    title: str = ""
    status: Status = Status.AVAILABLE
    status_until: datetime | None = None
    scopes: frozenset[str] = frozenset()
    disabled: bool = False
    details: Details = NO_DETAILS
    version: int = 0
    cover: str = ""
    status_since: datetime | None = None

    def cover_at(self, now: datetime) -> str:
        """Return who covers for them at an instant: it ends with the status."""
        return "" if self.status_at(now) is Status.AVAILABLE else self.cover

    def status_at(self, now: datetime) -> Status:
        """Return the status at an instant: one that has run out is *available* again, by itself."""
        if self.status_until is not None and self.status_until <= now:
            return Status.AVAILABLE
        return self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A registered device: an endpoint of kind *app*. Its private keys never left it.

    Attributes:
        ordered: It is lost, and let in only to be told this (model/lost.py); "" = nothing, or it has confirmed it.
        ordered_at: Names the order.
        group_id: The group of devices that it is set alike with.
        turn: Counts who had it, of a device that a unit shares; 0 = it is not shared.
        unit_id: The unit that it belongs to. held_until: When it is taken back by itself.
    """

    id: UUID
    person_id: UUID
    name: str
    app_version: str
    nkey: str
    x25519: bytes
    revoked: bool = False
    ordered: str = ""
    ordered_at: datetime | None = None
    group_id: UUID | None = None
    turn: int = 0
    unit_id: UUID | None = None
    held_until: datetime | None = None

    @property
    def held(self) -> bool:
        """Whether somebody has it; a shared device may be nobody's."""
        return self.person_id != NOBODY

    @property
    def down(self) -> str:
        """The subject of what its person's device is told: of a shared one another for each who has it."""
        return f"d.{self.id.hex}.down.h{self.turn}" if self.turn else f"d.{self.id.hex}.down.m"

    @property
    def state(self) -> str:
        """Say how it stands: `active`, `revoked`, or `lost` until it has done what it was ordered."""
        return "lost" if self.ordered else "revoked" if self.revoked else "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A way to reach a person outside our own devices. `kind` names the channel, e.g. `email`.

    Attributes:
        verified_at: When somebody made sure that it reaches its person; None = nobody did.
        emergency_only: Used for `code` and `high` alone.
        until: Used before this instant, e.g. the old pager beside the new phone; None = without an end.
        quiet: When nothing but `code` and `high` is sent there.
    """

    id: UUID
    person_id: UUID
    kind: str
    address: str
    verified_at: datetime | None = None
    emergency_only: bool = False
    until: datetime | None = None
    quiet: tuple[Quiet, ...] = ()
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some people. Everybody in it is what model/groups.py says.

    Attributes:
        members: People who are in it by name; at most 10,000.
        groups: Groups whose people are in it too.
        rule: Whoever it finds is in it too.
    """

    id: UUID
    name: str
    members: tuple[UUID, ...]
    groups: tuple[UUID, ...] = ()
    rule: Rule | None = None
    rule_text: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Who holds a role in [starts_at, ends_at), entered by hand.

    Attributes:
        override: It goes before every swap, shift and rotation.
    """

    id: UUID
    role_id: UUID
    person_id: UUID
    starts_at: datetime
    ends_at: datetime
    version: int
    override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A function that somebody is on call for. Who it is at an instant: model/oncall.py.

    Attributes:
        fallback: The person who answers when nobody holds it.
        fallback_to: Who does where it is no person: a group (`grp_…`), or "" = the operators' desk.
        shifts: Entered by hand, overrides too.
        rota: Its rotations, if it has any.
        owners: Who may change its schedule, beside those who may change the directory.
        swappers: Who may take a shift of it without being on its schedule.
        viewers: Who may see its schedule; nobody named = everybody.
        monitors: Who gets silent copies of what goes through it, and is counted nowhere (flow/copies.py).
        calendar: The digest of the secret in its calendar's address; None = it has none.
    """

    id: UUID
    name: str
    fallback: UUID | None
    shifts: tuple[Shift, ...] = ()
    disabled: bool = False
    fallback_to: str = ""
    rota: Rota | None = None
    swaps: tuple[Swap, ...] = ()
    owners: frozenset[UUID] = frozenset()
    swappers: frozenset[UUID] = frozenset()
    viewers: frozenset[UUID] = frozenset()
    monitors: frozenset[UUID] = frozenset()
    calendar: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An integration's key: the digest of its secret, and what it may do."""

    id: UUID
    source: str
    secret: bytes
    scopes: frozenset[str]
    revoked: bool = False


@dataclass(slots=True)
class Directory:
    """Everybody, as of one version of the directory; what it holds is replaced, never changed in place.

    Attributes:
        names: Folded name (model/names.py) -> ids of people, groups and roles who bear it and are not disabled.
        worked_out: What somebody has worked out from this version, to have it again; whoever changes anything
            empties it (model/directory.py).
        assignments: Bed -> who has it when.
        place_names: `kind:folded name` -> ids, e.g. `bed:4w-12` (model/places.py: index_places).
        meanings: What statuses mean at this site, where it says so (model/coverage.py).
        preferences: Person, group or role -> how they want to be tried.
        unit_roles: Unit -> folded name of a function, e.g. `charge nurse` -> the role that it has for it.
        policy_names: Folded name -> id.
        matched: Group -> whom its rule finds (model/groups.py).
        settings_version: Counts the changes of what devices are set to.
        served: The kinds of endpoints that this site has a channel for; whoever composes a core says it.
    """

    version: int = -1
    people: dict[UUID, Person] = field(default_factory=dict)
    groups: dict[UUID, Group] = field(default_factory=dict)
    matched: dict[UUID, dict[UUID, None]] = field(default_factory=dict)
    roles: dict[UUID, Role] = field(default_factory=dict)
    devices: dict[UUID, Device] = field(default_factory=dict)
    devices_by_nkey: dict[str, UUID] = field(default_factory=dict)
    device_groups: dict[UUID, DeviceGroup] = field(default_factory=dict)
    device_layers: dict[tuple[Scope, UUID], Layer] = field(default_factory=dict)
    settings_version: int = 0
    devices_of: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    endpoints_of: dict[UUID, tuple[Endpoint, ...]] = field(default_factory=dict)
    keys: dict[UUID, ApiKey] = field(default_factory=dict)
    places: dict[UUID, Place] = field(default_factory=dict)
    assignments: dict[UUID, tuple[Assignment, ...]] = field(default_factory=dict)
    policies: dict[UUID, Policy] = field(default_factory=dict)
    preferences: dict[UUID, Preferences] = field(default_factory=dict)
    meanings: dict[Status, Meant] = field(default_factory=dict)
    unit_roles: dict[UUID, Mapping[str, UUID]] = field(default_factory=dict)
    names: dict[str, tuple[tuple[str, UUID], ...]] = field(default_factory=dict)
    worked_out: dict[Any, Any] = field(default_factory=dict)
    place_names: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)
    policy_names: Mapping[str, UUID] = field(default_factory=dict)
    served: frozenset[str] = frozenset(KINDS)

    def everybody(self) -> list[Person]:
        """Return all people: without the canaries, who are none (model/canary.py)."""
        return [person for person in self.people.values() if person.id not in ROBOTS]

    def person_name(self, person_id: UUID) -> str:
        """Return how a person is called; who is not known by the id as written."""
        person = self.people.get(person_id)
        return person.name if person else ids.write_id(ids.PERSON, person_id)

    def place_name(self, place_id: UUID | None) -> str:
        """Return how a place is called; "" for none."""
        place = self.places.get(place_id) if place_id else None
        return place.name if place else ""

    def active_devices(self, person_id: UUID) -> tuple[UUID, ...]:
        """Return the devices of a person that are not revoked."""
        return self.devices_of.get(person_id, ())

    def active_endpoints(self, person_id: UUID, kind: str) -> list[Endpoint]:
        """Return a person's endpoints of one kind that are not disabled."""
        return [e for e in self.endpoints_of.get(person_id, ()) if e.kind == kind and not e.disabled]
