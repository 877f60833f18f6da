"""What a user and a group are here: their attributes, and what each may do (RFC 7643 §2, §4, §7).

One table: filters, paths, changes and what `/Schemas` says are all read from it. What it does not name is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: its name as it is written, and its characteristics (RFC 7643 §2.2).

    Attributes:
        kind: `string`, `boolean`, `dateTime`, `reference` or `complex`.
        refers: Of a reference, what it leads to.
        words: What it may be, where that is few.
        lasting: It is said once with its value, and never changed (`immutable`).
        fixed: It is ours alone to set: what a client says of it is passed over.
    """

    name: str
    kind: str = "string"
    about: str = ""
    many: bool = False
    exact: bool = False
    fixed: bool = False
    required: bool = False
    always: bool = False
    unique: bool = False
    parts: tuple[Attribute, ...] = ()
    refers: tuple[str, ...] = ("external",)
    words: tuple[str, ...] = ()
    lasting: bool = False

    def part(self, name: str) -> Attribute | None:
        """Return a part of it by its name, whatever its case."""
        return _named(self.parts, name)

    def told(self) -> Resource:
        """Say it as `/Schemas` does."""
        told: Resource = {
            "name": self.name,
            "type": self.kind,
            "multiValued": self.many,
            "description": self.about or self.name,
            "required": self.required,
            "caseExact": self.exact,
            "mutability": "readOnly" if self.fixed else "immutable" if self.lasting else "readWrite",
            "returned": "always" if self.always else "default",
            "uniqueness": "server" if self.unique else "none",
        }
        if self.words:
            told["canonicalValues"] = list(self.words)
        if self.kind == "reference":
            told["referenceTypes"] = list(self.refers)
        if self.kind == "complex":
            told["subAttributes"] = [part.told() for part in self.parts]
        return told


def _named(attributes: Iterable[Attribute], name: str) -> Attribute | None:
    wanted = name.lower()
    return next((one for one in attributes if one.name.lower() == wanted), None)


def _plural(name: str, about: str, kind: str = "string") -> Attribute:
    parts = (
        Attribute("value", kind, "The value itself."),
        Attribute("display", about="How it is shown."),
        Attribute("type", about="What it is: work, mobile, pager, home, other."),
        Attribute("primary", "boolean", "Whether it is the first choice."),
    )
    return Attribute(name, "complex", about, many=True, parts=parts)


COMMON = (
    Attribute("schemas", "reference", "Which schemas it is of.", many=True, exact=True, always=True),
    Attribute("id", about="Ours; it never changes.", exact=True, fixed=True, always=True, unique=True),
    Attribute("externalId", about="The client's own id; each client has its own.", exact=True),
    Attribute("meta", "complex", "About the resource.", fixed=True, parts=(
        Attribute("resourceType", exact=True, fixed=True),
        Attribute("created", "dateTime", fixed=True),
        Attribute("location", "reference", exact=True, fixed=True),
        Attribute("version", exact=True, fixed=True),
    )),
)  # fmt: skip

_USER = (
    Attribute("userName", about="What they sign in with elsewhere; one person's.", required=True, unique=True),
    Attribute("name", "complex", "The parts of the name.", parts=(
        Attribute("formatted"), Attribute("familyName"), Attribute("givenName"), Attribute("middleName"),
        Attribute("honorificPrefix"), Attribute("honorificSuffix"),
    )),
    Attribute("displayName", about="What colleagues call them, and messages are sent to."),
    Attribute("nickName", about="A name by which they are found too."),
    Attribute("title", about="E.g. day nurse."),
    Attribute("userType", about="Kept, and used for nothing."),
    Attribute("preferredLanguage", about="E.g. de or pt-BR."),
    Attribute("active", "boolean", "Whether they get messages; they do unless it is said.", required=True),
    _plural("emails", "Those of work become endpoints."),
    _plural("phoneNumbers", "work: a desk phone; mobile: SMS; pager: a pager such as wctp:8812. Others are kept."),
    _plural("photos", "The first one, at an https address, is shown.", "reference"),
)  # fmt: skip

_ENTERPRISE = (
    Attribute("employeeNumber"),
    Attribute("costCenter"),
    Attribute("organization"),
    Attribute("division"),
    Attribute("department", about="Becomes a department by which they are found."),
    Attribute("manager", "complex", "Kept, and used for nothing.", parts=(
        Attribute("value", exact=True), Attribute("$ref", "reference", exact=True, refers=("User",)),
        Attribute("displayName", fixed=True),
    )),
)  # fmt: skip

_GROUP = (
    Attribute("displayName", about="What messages are sent to.", required=True, unique=True),
    Attribute("members", "complex", "People and groups; at most 10,000 people.", many=True, parts=(
        Attribute("value", exact=True, lasting=True),
        Attribute("$ref", "reference", exact=True, refers=("User", "Group"), lasting=True),
        Attribute("type", words=("User", "Group"), lasting=True),
    )),
)  # fmt: skip

# What RFC 7643 knows of a user and we do not keep: what a client says of it is passed over, and no fault.
_NOT_KEPT = frozenset(
    {
        "addresses", "entitlements", "groups", "ims", "locale", "password", "profileurl", "roles", "timezone",
        "x509certificates",
    }
)  # fmt: skip


class Found(NamedTuple):
    """An attribute, and where it stands: `urn` is "" for the core schema."""

    urn: str
    attribute: Attribute


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: `Users` or `Groups`."""

    name: str
    endpoint: str
    urn: str
    about: str
    core: tuple[Attribute, ...]
    extensions: Mapping[str, tuple[Attribute, ...]]

    def split(self, path: str) -> tuple[str, str]:
        """Split a written attribute into its schema (as we write it, "" = the core's) and the rest."""
        for urn in (self.urn, *self.extensions):
            if path[: len(urn)].lower() == urn.lower() and path[len(urn) : len(urn) + 1] in (":", ""):
                return ("" if urn == self.urn else urn), path[len(urn) + 1 :]
        return "", path

    def find(self, urn: str, name: str) -> Attribute | None:
        """Return an attribute of a schema by its name, whatever its case."""
        return _named(self.extensions[urn] if urn else (*COMMON, *self.core), name)

    def passed_over(self, path: str) -> bool:
        """Whether it is known and not kept, or of an extension that is not ours."""
        _, rest = self.split(path)
        return rest.lower().startswith("urn:") or rest.partition(".")[0].partition("[")[0].lower() in _NOT_KEPT

    def attributes(self) -> Iterator[Found]:
        """Go through all attributes."""
        for attribute in (*COMMON, *self.core):
            yield Found("", attribute)
        for urn, attributes in self.extensions.items():
            for attribute in attributes:
                yield Found(urn, attribute)


USERS = Kind("User", "/Users", USER, "A person who can be reached.", _USER, {ENTERPRISE: _ENTERPRISE})
GROUPS = Kind("Group", "/Groups", GROUP, "People and groups who are called together.", _GROUP, {})
