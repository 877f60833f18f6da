"""What people say of themselves through their devices: a status, until when, and who covers."""

from __future__ import annotations

from collections.abc import Callable

from wardwire.devices.answers import Answers
from wardwire.devices.frames import Done, SetStatus
from wardwire.devices.in_turn import InTurn
from wardwire.devices.session import Door, Session
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.people import set_status
from wardwire.model.people import Directory, Status


class Availability(InTurn[SetStatus]):
    """Sets people's own statuses, one after the other: each is a change of the directory."""

    def __init__(self, desk: DirectoryDesk, *, directory: Callable[[], Directory], answers: Answers) -> None:
        super().__init__("statuses", answers.fail, full="too many set their status now; nothing was kept")
        self._desk = desk
        self._directory = directory
        self._answers = answers

    async def _take(self, door: Door, session: Session, frame: SetStatus) -> None:
        directory = self._directory()
        caller = session.caller(directory)
        assert caller.person_id is not None
        person = await set_status(
            self._desk, caller, caller.person_id, Status(frame.status), frame.until, cover=frame.cover,
            directory=directory,
        )  # fmt: skip
        self._answers.done(door, session, Done(id=frame.id, message="", state=person.status))
