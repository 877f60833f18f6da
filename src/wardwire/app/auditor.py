"""Puts the auditor together: who reads, who keeps its signed reports, and where their files lie."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wardwire.app.ground import Ground
from wardwire.app.watch import Watch
from wardwire.engine.auditor import Auditor
from wardwire.ops.engines import REPORT_KEY
from wardwire.ops.secrets import replace_file
from wardwire.store.conservation import LeftOpen, SignedReport, keep_report, leave_open

PUBLIC_KEY = "reports-key.pem"


def anchors_folder(ground: Ground) -> Path:
    """Return the folder for what is kept outside the database, and make it."""
    folder = ground.settings.audit.anchors or ground.logins.home / "audit"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextlib.asynccontextmanager
async def _sealing(ground: Ground) -> AsyncIterator[asyncpg.Connection]:
    connection = await ground.sealing()
    try:
        yield connection
    finally:
        await connection.close(timeout=2)


def open_auditor(ground: Ground, watch: Watch) -> Auditor:
    """Make the auditor of this process, and let its health tell of it."""
    folder = anchors_folder(ground)
    seed = (ground.logins.home / "secrets" / REPORT_KEY).read_bytes()
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    replace_file(folder / PUBLIC_KEY, public, None)

    async def file(report: SignedReport) -> None:
        await asyncio.to_thread(write_report, folder, report)
        async with _sealing(ground) as connection:
            await keep_report(connection, report)

    async def leave(left: LeftOpen) -> None:
        async with _sealing(ground) as connection:
            await leave_open(connection, left, ground.clock.now())

    watch.auditor = Auditor(
        connect=ground.looking,
        clock=ground.clock,
        writer=ground.lanes,
        rules=ground.rules,
        file=file,
        leave=leave,
        key=key,
        node=ground.node,
    )
    return watch.auditor


def write_report(folder: Path, report: SignedReport) -> None:
    """Write a report and its signature (base64), on the disk when it returns; a later one of the day replaces it."""
    path = folder / f"conservation-{report.day:%Y%m%d}.json"
    replace_file(path, report.content, None)
    replace_file(path.with_suffix(".sig"), base64.b64encode(report.signature) + b"\n", None)
