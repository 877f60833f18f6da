"""What people say through their devices that is a transaction of its own: taken one after the other, in order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

import asyncpg

from wardwire.devices.gather import Gather
from wardwire.devices.session import Door, Session
from wardwire.model.errors import Code, Unavailable, WardwireError


class Asked(Protocol):
    """A frame that wants an answer."""

    @property
    def id(self) -> str: ...


F = TypeVar("F", bound=Asked)


class _Said(NamedTuple):
    door: Door
    session: Session
    frame: Asked


class InTurn(ABC, Generic[F]):
    """Takes frames of a kind. Each is answered: by `_take` when it is committed, or here with why not.

    Args:
        failed: Answers with why not.
        full: What is said when too many wait.
        away: What is said when the database does not answer; "" = `_take` lets no such error through.
    """

    def __init__(
        self,
        name: str,
        failed: Callable[[Door, str, WardwireError], None],
        *,
        full: str,
        away: str = "",
        most_waiting: int = 1_000,
    ) -> None:
        self._failed = failed
        self._full = full
        self._away = away
        self._gather: Gather[_Said] = Gather(name, self._take_all, largest=50, most_waiting=most_waiting)

    def put(self, door: Door, session: Session, frame: F) -> None:
        """Take what somebody says."""
        if not self._gather.put(_Said(door, session, frame)):
            self._failed(door, frame.id, Unavailable(Code.OVERLOADED, self._full))

    async def stop(self) -> None:
        """Forget what waits: it was not answered."""
        await self._gather.stop()

    @abstractmethod
    async def _take(self, door: Door, session: Session, frame: F) -> None:
        """Do it, and answer when it is committed. Raises `WardwireError`: why not."""

    async def _take_all(self, said: list[_Said]) -> None:
        for door, session, frame in said:
            try:
                await self._take(door, session, frame)  # type: ignore[arg-type]
            except WardwireError as error:
                self._failed(door, frame.id, error)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                if not self._away:
                    raise
                self._failed(door, frame.id, Unavailable(Code.UNAVAILABLE, self._away))
