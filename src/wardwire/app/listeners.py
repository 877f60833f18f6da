"""Which listeners for other systems the settings name, and whether they could be opened. Opens nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

from wardwire.adapters.contract import NotUsable, Registration
from wardwire.adapters.registry import ADAPTERS
from wardwire.settings import Settings, listeners


class Planned(NamedTuple):
    """A listener that the settings name.

    Attributes:
        name: Such as `hl7`, or `hl7-laboratory` of a further one.
        section: The key of its settings.
    """

    name: str
    section: str
    registration: Registration
    options: Any


def plan_listeners(settings: Settings) -> list[Planned]:
    """List the listeners that the settings name."""
    return [
        Planned(section.replace(".also.", "-"), section, registration, options)
        for registration in ADAPTERS
        for section, options in listeners(registration.name, getattr(settings, registration.name)).items()
        if options.listen
    ]


def find_unusable(settings: Settings) -> list[tuple[Planned, NotUsable]]:
    """Say which listeners could not be opened as they are set, and why."""
    found = []
    for planned in plan_listeners(settings):
        try:
            planned.registration.check(planned.options)
        except NotUsable as error:
            found.append((planned, error))
    return found
