"""What the API tells of the site itself: how this process is, and what the site runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import distributions
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
    """List the packages that are installed beside us, with their licences as they say them; blocks."""
    found = {
        str(one.metadata["Name"]): PackageOut(
            str(one.metadata["Name"]),
            one.version,
            str(one.metadata["License-Expression"] or _classified(one.metadata.get_all("Classifier") or [])),
        )
        for one in distributions()
    }
    return sorted(found.values(), key=lambda one: one.name.lower())


def _classified(classifiers: list[str]) -> str:
    """Return the licence that classifiers name: `License :: OSI Approved :: MIT License`."""
    licences = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    return ", ".join(licences)
