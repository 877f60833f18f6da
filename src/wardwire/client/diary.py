"""What a client writes down of what it was shown: a hook for whoever checks that nothing was lost or doubled."""

from __future__ import annotations

from typing import Protocol

from wardwire.devices.frames import Condensed, Event, StatusFrame


class Diary(Protocol):
    """Told of everything in the order in which the person sees it, before the application is."""

    def seen(self, event: Event, shown: bool) -> None:
        """An event was applied; `shown`: the person now sees a message that was not there before."""
        ...

    def condensed(self, page: Condensed) -> None:
        """Events come as the last one of each message only."""
        ...

    def status(self, status: StatusFrame) -> None:
        """The person sees how one of their own messages stands."""
        ...


class NoDiary:
    """Writes nothing down."""

    def seen(self, event: Event, shown: bool) -> None:
        """Nothing."""

    def condensed(self, page: Condensed) -> None:
        """Nothing."""

    def status(self, status: StatusFrame) -> None:
        """Nothing."""
