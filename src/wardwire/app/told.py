"""What the API tells of the site itself: how this process is, and what the site runs on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

import msgspec
from cryptography import x509

from wardwire import __version__
from wardwire.api.site import CertificateOut, DoorOut, EngineOut, FeedOut, Look, PackageOut, SoftwareOut
from wardwire.app.ground import Ground
from wardwire.app.listeners import plan_listeners
from wardwire.app.watch import Watch
from wardwire.settings import Settings

LICENCE = "Apache-2.0"
LONGEST = 60
# What is needed only for an extra is not followed: `name; extra == "demo"`.
_NAME = re.compile(r"[A-Za-z0-9._-]+(?!.*extra ==)")


def look_at(watch: Watch) -> Look:
    """Say how this process is."""
    vitals = watch.vitals()
    return Look(
        durability=vitals.durability,
        room=vitals.room,
        disk_free=vitals.disk_share,
        conservation=vitals.conservation,
        canary=vitals.canary,
        canary_age_s=vitals.canary_age_s,
        canary_took_s=vitals.canary_took_s,
        attended=vitals.attended,
        commit_s=vitals.commit_s,
        open_alarms=vitals.open_alarms,
        deadlines_armed=vitals.deadlines_armed,
        deadlines_late=vitals.deadlines_late,
        doors=[msgspec.convert(door, DoorOut, from_attributes=True) for door in vitals.doors],
        feeds=[FeedOut(*feed) for feed in watch.feeds.standing()] if watch.feeds else [],
    )


async def tell_software(ground: Ground, postgres: str) -> SoftwareOut:
    """Say what the site runs on. `postgres`: the version of its database."""
    info, own = ground.nats.info, ground.settings
    engines = [
        EngineOut("PostgreSQL", postgres, "answers", not own.database.dsn),
        EngineOut("NATS", info.version if info else "", "connected" if info else "away", not own.nats.url),
    ]
    return SoftwareOut(
        version=__version__,
        licence=LICENCE,
        engines=engines,
        certificates=await asyncio.to_thread(lambda: list(read_certificates(own, ground.logins.home))),
        packages=await asyncio.to_thread(list_packages),
    )


def read_certificates(settings: Settings, home: Path) -> Iterator[CertificateOut]:
    """Read the certificates that the settings name, and our authority's; blocks."""
    named = {
        "front.tls_certificate": settings.front.tls_certificate,
        "api.tls_certificate": settings.api.tls_certificate,
        "nats.tls_certificate": settings.nats.tls_certificate,
        **{
            f"{planned.section}.tls_certificate": getattr(planned.options, "tls_certificate", None)
            for planned in plan_listeners(settings)
        },
    }
    for use, path in named.items():
        if path is not None:
            yield _read_certificate(use, path)


def _read_certificate(use: str, path: Path) -> CertificateOut:
    try:
        read = x509.load_pem_x509_certificate(path.read_bytes())
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        written = [str(name.value) for name in names]
    except x509.ExtensionNotFound:
        written = []
    except (OSError, ValueError) as error:
        return CertificateOut(use, [], "", None, f"{path.name} cannot be read: {type(error).__name__}")
    return CertificateOut(use, written, read.issuer.rfc4514_string(), read.not_valid_after_utc)


@lru_cache(maxsize=1)
def list_packages() -> list[PackageOut]:
    """List the packages that this needs, and what they need, with their licences as they say them; blocks."""
    found: dict[str, PackageOut] = {}
    wanted = ["wardwire"]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        try:
            told = metadata(name)
        except PackageNotFoundError:  # needed elsewhere: by another system, or an older Python
            continue
        found[name] = PackageOut(str(told["Name"]), str(told["Version"]), _licence_of(told))
        needs = told.get_all("Requires-Dist") or []
        wanted += [match[0].lower().replace("_", "-") for need in needs if (match := _NAME.match(need))]
    found.pop("wardwire", None)
    return sorted(found.values(), key=lambda one: one.name.lower())


def _licence_of(told: PackageMetadata) -> str:
    """Return the licence as an expression, by classifiers (`License :: OSI Approved :: MIT License`), or in words."""
    if told["License-Expression"]:
        return str(told["License-Expression"])
    named = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or () if one.startswith("License :: ")]
    named = [one for one in named if one != "OSI Approved"]
    words = str(told["License"] or "")
    return ", ".join(named) or (words if len(words) < LONGEST and "\n" not in words else "")
