"""The site's mapping table: which messages become which report or movement. Pure; the table is a file
that people edit.

Rules are tried in order and the first that fits decides; what no rule fits is answered as taken and rings nobody,
unless the table says otherwise. docs/howto/hl7.md leads through one.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from fnmatch import fnmatchcase
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from wardwire.adapters.hl7.heard import Heard, hear, read_local
from wardwire.adapters.hl7.tokens import Message
from wardwire.model.message import MAX_SUBJECT, MAX_TEXT
from wardwire.model.priority import Priority
from wardwire.model.report import MAX_SOURCE_KEY, Follow, Phase, Report
from wardwire.model.stays import Merge, Movement

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_GAP = re.compile(r"\s+([,;:])")
_FIELDS = frozenset(Heard._fields) - {
    "phase",
    "why",
    "at",
    "latched",
    "priority",
    "move",
    "recorded",
    "former",
    "also",
}
RULES_MAX = 1_000
_Globs = str | tuple[str, ...]


class When(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a message must say; each a pattern with * and ?, or several of which one must fit, whatever their case."""

    type: _Globs = ()
    app: _Globs = ()
    facility: _Globs = ()
    unit: _Globs = ()
    room: _Globs = ()
    bed: _Globs = ()
    service: _Globs = ()
    event: _Globs = ()
    code: _Globs = ()
    text: _Globs = ()
    test: _Globs = ()
    processing: _Globs = ()
    flag: _Globs = ()
    status: _Globs = ()
    letter: _Globs = ()
    kind: _Globs = ()

    def fits(self, heard: Heard) -> bool:
        """Whether a message says all that."""
        for name in self.__struct_fields__:
            wanted = getattr(self, name)
            if not wanted:
                continue
            said = getattr(heard, name).casefold()
            if not any(
                fnmatchcase(said, one.casefold()) for one in ((wanted,) if isinstance(wanted, str) else wanted)
            ):
                return False
        return True


class Rule(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What becomes of a message that fits.

    Texts may hold `{unit}`, `{bed}`, `{text}`, `{value}` and the other words of a message.

    Attributes:
        ignore: It is taken and rings nobody; the reason is shown by `wardwire hl7 try`.
        policy: By which policy it escalates; "" = that of the place's unit.
        to: Whom it is for, beside or instead of a policy.
        priority: Instead of the message's own.
        bed, unit: How the place is named in the directory; "" = it is not named.
        follow: Whether it goes where its patient is by the admission system; None = results do, alarms where they
            name no bed, and nothing whose place this rule leaves out.
    """

    name: str
    when: When = When()
    ignore: bool = False
    policy: str = ""
    to: tuple[str, ...] = ()
    priority: Priority | None = None
    bed: str = "{bed}"
    unit: str = "{unit}"
    subject: str = "{text}"
    text: str = "{text} {value}, {bed}"
    follow: Follow | None = None


class Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole table, with what holds for what no rule fits.

    Attributes:
        zone: Of the times of the admission system that name no offset; "" = this machine's.
    """

    rules: tuple[Rule, ...] = ()
    otherwise: Rule = Rule(name="otherwise")
    zone: str = ""


class Mapped(NamedTuple):
    """A message that becomes a report, or does not.

    Attributes:
        rule: The name of the rule that decided; "" when none was asked.
        report: None when it rings nobody; `why` says why.
        movement: What it says of where a patient is; None = nothing, or it is ignored.
    """

    heard: Heard
    rule: str
    report: Report | None
    why: str
    movement: Movement | None = None


class BadTable(Exception):
    """A table that cannot be used, with the place of the fault."""


def read_table(text: str) -> Table:
    """Read a table from TOML.

    Raises:
        BadTable: With a sentence for people.
    """
    try:
        table = msgspec.convert(tomllib.loads(text), Table)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadTable(str(error)) from error
    if len(table.rules) > RULES_MAX:
        raise BadTable(f"more than {RULES_MAX} rules")
    if table.zone and table.zone not in available_timezones():
        raise BadTable(f"there is no time zone {table.zone!r}; one is Europe/Berlin")
    for rule in (*table.rules, table.otherwise):
        for text_ in (rule.policy, rule.bed, rule.unit, rule.subject, rule.text, *rule.to):
            for word in _PLACEHOLDER.findall(text_):
                if word not in _FIELDS:
                    raise BadTable(f"rule {rule.name!r}: there is no {{{word}}}; use {', '.join(sorted(_FIELDS))}")
    return table


def map_message(message: Message, data: bytes, table: Table, *, source: str) -> Mapped:
    """Say what becomes of a message.

    Args:
        data: The message as it came: part of the report's identity, because devices count anew after a restart.
        source: The integration that it came by.
    """
    heard = hear(message)
    if heard.phase is None and heard.move is None:
        return Mapped(heard, "", None, heard.why)
    rule = next((rule for rule in table.rules if rule.when.fits(heard)), table.otherwise)
    if heard.processing in ("D", "T") and not rule.when.processing:
        return Mapped(heard, "", None, "a test message (MSH-11), and no rule asks for those")
    if heard.status == "corrected" and not heard.flag and not rule.when.status:
        # Many results are corrected, and few of them had called somebody: a rule must ask for them by their status.
        return Mapped(heard, "", None, "a corrected value that is not critical, and no rule asks for those")
    if rule.ignore:
        return Mapped(heard, rule.name, None, f"the rule {rule.name!r} ignores it")
    if heard.move is not None:
        return Mapped(heard, rule.name, None, heard.why, _movement(message, data, heard, rule, table, source))
    return Mapped(heard, rule.name, _report(message, data, heard, rule, source), "")


def _fill(heard: Heard, template: str) -> str:
    if "{" not in template:
        return template
    filled = _PLACEHOLDER.sub(lambda found: getattr(heard, found[1]), template)
    # What was empty leaves no gap and no lonely comma.
    return _GAP.sub(r"\1", " ".join(filled.split())).strip(" ,;:")


def _place(heard: Heard, kind: str, template: str) -> str:
    """Name a place. One that the rule itself names holds for messages that name none."""
    words = _PLACEHOLDER.findall(template)
    said = not words or (any(getattr(heard, word) for word in words) and (kind not in words or getattr(heard, kind)))
    name = _fill(heard, template) if said else ""
    return f"{kind}:{name}" if name else ""


def _identity(message: Message, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()[:32]
    return "|".join((*(_printable(message.msh.field(number))[:40] for number in (3, 4, 10)), digest))


def _origin(message: Message) -> str:
    application, control = (_printable(message.msh.get(number))[:60] for number in (3, 10))
    return f"HL7 message {control} of {application or 'an unnamed source'}"


def _movement(message: Message, data: bytes, heard: Heard, rule: Rule, table: Table, source: str) -> Movement:
    assert heard.move is not None
    return Movement(
        source=source,
        external_id=_identity(message, data),
        move=heard.move,
        patient=_line(heard.patient),
        authority=_line(heard.authority),
        bed=_place(heard, "bed", rule.bed),
        unit=_place(heard, "unit", rule.unit),
        at=read_local(heard.recorded, ZoneInfo(table.zone) if table.zone else None),
        former=tuple((_line(number), _line(authority)) for number, authority in heard.former),
        also=tuple(
            Merge(_line(stays[0]), _line(stays[1]), (_line(goes[0]), _line(goes[1]))) for stays, goes in heard.also
        ),
    )


def _follows(heard: Heard, rule: Rule) -> Follow:
    if rule.follow is not None:
        return rule.follow
    if not rule.bed and not rule.unit:
        return Follow.NEVER
    return Follow.FIRST if heard.type == "ORU^R01" else Follow.ELSE


def _report(message: Message, data: bytes, heard: Heard, rule: Rule, source: str) -> Report:
    def fill(template: str) -> str:
        return _fill(heard, template)

    return Report(
        source=source,
        external_id=_identity(message, data),
        source_key=_key(_printable(heard.key)),
        phase=heard.phase or Phase.START,
        priority=rule.priority or heard.priority,
        subject=_line(fill(rule.subject))[:MAX_SUBJECT],
        text=fill(rule.text)[:MAX_TEXT] or heard.type,
        bed=_place(heard, "bed", rule.bed),
        unit=_place(heard, "unit", rule.unit),
        policy=fill(rule.policy),
        to=tuple(target for template in rule.to if (target := fill(template))),
        patient=_line(heard.patient),
        authority=_line(heard.authority),
        follow=_follows(heard, rule),
        at=heard.at,
        latched=heard.latched,
        test=heard.processing in ("D", "T"),
        content=data,
        origin=_origin(message),
        rule=_printable(rule.name),
    )


def _key(key: str) -> str:
    """A key that is too long to be kept is known by its digest: cut off, two might be one."""
    if len(key) <= MAX_SOURCE_KEY:
        return key
    return f"{key[:100]}|{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "?" for char in text)


def _line(text: str) -> str:
    """One line: what would break it becomes a blank."""
    if text.isprintable():
        return text
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
