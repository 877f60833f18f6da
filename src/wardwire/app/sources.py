"""Makes the sources of people that the settings name: how each is read, and how it is taken in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from wardwire.directory.syncing import Way
from wardwire.model.syncing import Mapped
from wardwire.settings import Ldap, Settings, listeners
from wardwire.sources.contract import Source


class Made(NamedTuple):
    """A source, the way it is taken in, and how often a core does it; None = by hand alone."""

    way: Way
    source: Source
    every: timedelta | None


def make_sources(settings: Settings) -> dict[str, Made]:
    """Make all of them, by name.

    Raises:
        OSError: A file with a password cannot be read.
    """
    found = [_ldap(one) for one in listeners("ldap", settings.ldap).values() if one.servers]
    return {made.way.name: made for made in found}


def _ldap(one: Ldap) -> Made:
    from wardwire.sources.ldap import USUAL, LdapPlan, LdapSource  # imported where a site has one

    plan = LdapPlan(
        servers=_parts(one.servers, ","),
        bases=_parts(one.base, ";"),
        filter=one.filter,
        tls=one.tls == "required",
        authority=one.authority,
        bind_dn=one.bind_dn,
        password=one.password_file.read_text(encoding="utf-8").strip() if one.password_file else "",
        id=one.id,
        mapped=_mapped(one.fields) or USUAL,
        page=one.page,
        within_s=one.within_s,
    )
    source = LdapSource(plan)
    return Made(_way(one, source), source, timedelta(minutes=one.every_min) if one.every_min else None)


def _way(one: Ldap, source: Source) -> Way:
    return Way(
        name=one.source,
        mapped=source.mapped,
        within=timedelta(seconds=one.within_s),
        whole_every=timedelta(hours=one.whole_every_h),
        removals=one.removals_percent / 100,
    )


def _mapped(fields: Mapping[str, str]) -> Mapped:
    return {field: _parts(names, ",") for field, names in fields.items()}


def _parts(text: str, by: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(by) if part.strip())
