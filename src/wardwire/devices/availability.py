"""What people say of themselves through their devices: a status, until when, and who covers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from wardwire.devices.answers import Answers
from wardwire.devices.frames import Done, SetStatus
from wardwire.devices.gather import Gather
from wardwire.devices.session import Door, Session
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.people import set_status
from wardwire.model.errors import Code, Unavailable, WardwireError
from wardwire.model.people import Directory, Status


class _Said(NamedTuple):
    door: Door
    session: Session
    frame: SetStatus


class Availability:
    """Sets people's own statuses, one after the other: each is a change of the directory."""

    def __init__(self, desk: DirectoryDesk, *, directory: Callable[[], Directory], answers: Answers) -> None:
        self._desk = desk
        self._directory = directory
        self._answers = answers
        self._gather: Gather[_Said] = Gather("statuses", self._set, largest=50, most_waiting=1_000)

    def put(self, door: Door, session: Session, frame: SetStatus) -> None:
        """Take what somebody says; it is answered when it is committed."""
        if not self._gather.put(_Said(door, session, frame)):
            overloaded = Unavailable(Code.OVERLOADED, "too many set their status now; nothing was kept")
            self._answers.fail(door, frame.id, overloaded)

    async def stop(self) -> None:
        """Forget what waits: it was not answered, and is said again."""
        await self._gather.stop()

    async def _set(self, said: list[_Said]) -> None:
        for door, session, frame in said:
            directory = self._directory()
            try:
                caller = session.caller(directory)
                assert caller.person_id is not None
                person = await set_status(
                    self._desk, caller, caller.person_id, Status(frame.status), frame.until, cover=frame.cover,
                    directory=directory,
                )  # fmt: skip
            except WardwireError as error:
                self._answers.fail(door, frame.id, error)
                continue
            self._answers.done(door, session, Done(id=frame.id, message="", state=person.status))
