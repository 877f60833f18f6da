"""Writes what a device saw into a history, for the checker."""

from __future__ import annotations

from wardwire.devices.frames import Condensed, Event, StatusFrame
from wardwire.testing import history


class HistoryDiary:
    """A client.diary.Diary that writes to a `history.Recorder`. People are written as in dumps: 32 hex digits."""

    def __init__(self, recorder: history.Recorder, *, device: str, person: str) -> None:
        self._recorder = recorder
        self._device = device
        self._person = person.removeprefix("per_")

    def seen(self, event: Event, shown: bool) -> None:
        """Write a numbered event."""
        self._recorder.write(
            history.Seen(
                device=self._device,
                person=self._person,
                epoch=event.epoch,
                seq=event.seq,
                event=event.event,
                message=event.id,
                shown=shown,
            )
        )

    def condensed(self, page: Condensed) -> None:
        """Write that events come condensed."""
        self._recorder.write(history.Condensed(device=self._device, first=page.first, last=page.last))

    def status(self, status: StatusFrame) -> None:
        """Write how an own message stands."""
        self._recorder.write(
            history.Status(
                client=self._device,
                message=status.message,
                person=status.person.removeprefix("per_"),
                state=status.state,
            )
        )
