"""Sample messages from files, and the running site that is asked who would get them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wardwire.adapters.hl7.frame import FrameTooLarge
from wardwire.adapters.hl7.mapping import Table
from wardwire.app import hl7_trial as trial
from wardwire.app.hl7_trial import Reached, Tried, look_ahead
from wardwire.app.waits import waits_of
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.flow.ports import Rules
from wardwire.model.report import Report
from wardwire.model.stays import Movement
from wardwire.ops.failure import StartFailed
from wardwire.settings import Settings


def read_frames(file: Path) -> list[bytes]:
    """Read the frames of a file.

    Raises:
        StartFailed: `too_large`.
    """
    try:
        return trial.read_frames(file.read_bytes())
    except FrameTooLarge:
        raise _too_large(file) from None


def try_file(file: Path, table: Table, *, charset: str, source: str) -> list[Tried]:
    """Say what becomes of each message of a file. Raises as `read_frames`."""
    try:
        return trial.try_content(str(file), file.read_bytes(), table, charset=charset, source=source)
    except FrameTooLarge:
        raise _too_large(file) from None


def _too_large(file: Path) -> StartFailed:
    return StartFailed("too_large", f"{file} holds more than a frame may.", "1 MB is the most.")


def find_reached(
    settings: Settings, config: Path | None, data: Path | None, reports: Sequence[Report | Movement]
) -> list[Reached] | str:
    """Say who would get each of these reports now, and where patients would be, by the directory of the running site;
    else why nobody can say.
    """

    async def work(at: Desk) -> list[Reached]:
        rules = Rules(at.directory, waits_of(settings), settings.site.desk)
        return [await look_ahead(at.connection, rules, at.clock.now(), report) for report in reports]

    try:
        return at_desk(find_place(config, data), work)
    except (StartFailed, PermissionError) as error:
        return error.sentence if isinstance(error, StartFailed) else f"The site's database may not be asked: {error}."
