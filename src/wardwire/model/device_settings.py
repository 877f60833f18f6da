"""How devices behave, as far as the site says so: tones, repeats, lock, retention. Pure.

Three layers, each over the one before: the site's, that of a device's group, the device's own. A layer may lock a
setting: what stands below it then says nothing. What no layer says has a default that is safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Word

Value = str | int


class Scope(Word):
    """Which layer."""

    SITE = "site"
    GROUP = "group"
    DEVICE = "device"


class Setting(NamedTuple):
    """One thing that can be set: one of `choices`, or a number between `least` and `most`."""

    key: str
    default: Value
    about: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0


NOTIFY = ("nothing", "priority", "sender")
PASSCODE = ("optional", "required")
TONES = ("alarm", "urgent", "chime", "soft")
# Nobody makes a resuscitation call silent, and what is urgent goes on until it is answered.
SETTINGS: Mapping[str, Setting] = {
    one.key: one
    for one in (
        Setting("tone.code", "alarm", "Tone of `code`; never silent.", TONES),
        Setting("tone.high", "urgent", "Tone of `high`; never silent.", TONES),
        Setting("tone.medium", "chime", "Tone of `medium`.", (*TONES, "silent")),
        Setting("tone.low", "soft", "Tone of `low`.", (*TONES, "silent")),
        Setting("repeat_s.code", 5, "`code` rings again after so many seconds, until answered.", least=2, most=30),
        Setting("repeat_s.high", 15, "`high` rings again after so many seconds, until answered.", least=5, most=120),
        Setting("repeat_s.medium", 60, "`medium` rings again after so many seconds; 0 = once.", most=3600),
        Setting("lock_after_s", 120, "The app locks itself when it was not used for so long.", least=15, most=3600),
        Setting("passcode", "optional", "Whether the app must have a passcode of its own.", PASSCODE),
        Setting("wipe_after_wrong", 10, "So many wrong passcodes in a row empty the device.", least=3, most=50),
        Setting("keep_days", 7, "Messages stay on the device for so many days.", least=1, most=90),
        Setting("notify", "priority", "What a locked screen says; never of a patient.", NOTIFY),
    )
}


class Layer(NamedTuple):
    """What one layer says. `locked`: settings about which those below say nothing."""

    values: Mapping[str, Value] = {}
    locked: frozenset[str] = frozenset()


class Effective(NamedTuple):
    """How a setting is for a device: since which layer says so (`default` = none), and who has locked it."""

    value: Value
    source: str
    locked_by: str = ""


class DeviceGroup(NamedTuple):
    """Devices that are set alike."""

    id: UUID
    name: str
    disabled: bool = False


NOTHING = Layer()
# Whose layer it is, where it is the site's.
SITE = UUID(int=0)


def check_layer(values: Mapping[str, Value], locked: Iterable[str]) -> Layer:
    """Return a layer of what was asked for.

    Raises:
        Refused: `INVALID`, with a pointer to the setting.
    """
    for key, value in values.items():
        setting = SETTINGS.get(key)
        if setting is None:
            raise Refused(Code.INVALID, "there is no such setting", pointer=f"/values/{key}", known=sorted(SETTINGS))
        if setting.choices:
            if value not in setting.choices:
                raise Refused(Code.INVALID, f"one of {', '.join(setting.choices)}", pointer=f"/values/{key}")
        elif not isinstance(value, int) or not setting.least <= value <= setting.most:
            detail = f"a whole number from {setting.least} to {setting.most}"
            raise Refused(Code.INVALID, detail, pointer=f"/values/{key}")
    held = frozenset(locked)
    if unknown := sorted(held - SETTINGS.keys()):
        raise Refused(Code.INVALID, "there is no such setting", pointer="/locked", unknown=unknown)
    return Layer(dict(values), held)


def resolve(site: Layer, group: Layer, device: Layer) -> dict[str, Effective]:
    """Return how each setting is for a device. What is kept of a setting that has gone says nothing."""
    layers = ((Scope.SITE, site), (Scope.GROUP, group), (Scope.DEVICE, device))
    found: dict[str, Effective] = {}
    for key, setting in SETTINGS.items():
        value, source, locked_by = setting.default, "default", ""
        for scope, layer in layers:
            if key in layer.values:
                value, source = layer.values[key], scope
            if key in layer.locked:
                locked_by = scope
                break
        found[key] = Effective(value, source, locked_by)
    return found
