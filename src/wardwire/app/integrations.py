"""What the API tells of listeners for other systems: tables, trials of samples, and what could not be taken."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from wardwire.adapters.contract import NotUsable
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.frame import FrameTooLarge
from wardwire.adapters.hl7.mapping import BadTable, Table, read_table
from wardwire.adapters.hl7.registration import load_table
from wardwire.api.integrations import LetterOut, Letters, ListenerOut, TableOut, TriedOut, no_listener
from wardwire.api.operation import Call
from wardwire.app.hl7_trial import Reached, Tried, look_ahead, show, try_content
from wardwire.app.listeners import Planned, plan_listeners
from wardwire.model.errors import Code, Refused
from wardwire.settings import Settings
from wardwire.store.mapping_tables import MappingTable

MOST_LETTERS = 200


class Listeners:
    """Implements api/integrations.Integrations, for the listeners that the settings name."""

    def __init__(self, settings: Settings, home: Path) -> None:
        self._home = home
        self._planned = {planned.name: planned for planned in plan_listeners(settings)}

    async def listeners(self) -> list[ListenerOut]:
        """List them."""
        return await asyncio.to_thread(lambda: [self._show(planned) for planned in self._planned.values()])

    def _show(self, planned: Planned) -> ListenerOut:
        own = planned.options
        table = getattr(own, "table", None)
        letters = len(self._letters(planned).all())
        return ListenerOut(
            planned.name, planned.registration.name, own.listen, own.source, str(table) if table else "", letters
        )

    def _letters(self, planned: Planned) -> DeadLetters:
        return DeadLetters(self._folder(planned))

    def _folder(self, planned: Planned) -> Path:
        return self._home / "dead-letters" / str(planned.options.source)

    def _find(self, name: str) -> Planned:
        if name not in self._planned:
            raise no_listener(name)
        return self._planned[name]

    async def table(self, listener: str, edited: MappingTable | None) -> TableOut:
        """Show a mapping table: one that was edited, else the file's."""
        planned = self._find(listener)
        path: Path | None = getattr(planned.options, "table", None)
        if edited is not None:
            file = "" if path is None else str(path)
            return TableOut(listener, file, edited.text or "", edited.version, edited.made_at, edited.made_by)
        if path is None:
            return TableOut(listener, "", "")
        try:
            text = await asyncio.to_thread(path.read_text, "utf-8")
        except (OSError, ValueError) as error:
            raise Refused(Code.NOT_FOUND, f"{path} cannot be read: {type(error).__name__}") from error
        return TableOut(listener, str(path), text)

    def check(self, listener: str, table: str) -> None:
        """Look whether a listener can use a table."""
        self._find(listener)
        try:
            read_table(table)
        except BadTable as error:
            raise Refused(Code.INVALID, str(error), pointer="/text") from error

    async def try_(self, listener: str, sample: str, table: str | None, call: Call) -> list[TriedOut]:
        """Try a sample, and ask who would get what is handed in, by the places that it names alone."""
        planned = self._find(listener)
        own = planned.options
        rules = await asyncio.to_thread(_read_rules, own.table, table)
        try:
            content = sample.encode(own.charset, "replace")
            tried = await asyncio.to_thread(
                lambda: try_content("", content, rules, charset=own.charset, source=own.source)
            )
        except FrameTooLarge as error:
            raise Refused(Code.INVALID, "it holds more than a frame may", pointer="/sample") from error
        return [await self._tell(one, call) for one in tried]

    async def _tell(self, tried: Tried, call: Call) -> TriedOut:
        handed = (tried.mapped.report or tried.mapped.movement) if tried.mapped else None
        reached: Reached | None = None
        if handed is not None:
            rules, now = call.deps.rules(), call.deps.clock.now()
            reached = await call.read(lambda c: look_ahead(c, rules, now, handed, patients=False))
        told: dict[str, Any] = msgspec.to_builtins(show(tried, reached), str_keys=True)
        return TriedOut(
            number=told["number"],
            control_id=told["control_id"],
            not_taken=told["not_taken"],
            rule=told["rule"],
            why=told["why"],
            heard=told["heard"],
            report=told["report"] or told.get("movement"),
            reached=told["reached"],
        )

    async def letters(self, listener: str) -> Letters:
        """List what could not be taken, the newest first."""
        planned = self._find(listener)
        kept = await asyncio.to_thread(lambda: [_letter(path) for path in self._letters(planned).all()])
        return Letters(str(self._folder(planned)), kept[::-1][:MOST_LETTERS])


def _letter(path: Path) -> LetterOut:
    stat = path.stat()
    return LetterOut(path.name, datetime.fromtimestamp(stat.st_mtime, UTC), stat.st_size)


def _read_rules(own: Path | None, text: str | None) -> Table:
    try:
        return load_table(own) if text is None else read_table(text)
    except BadTable as error:
        raise Refused(Code.INVALID, str(error), pointer="/table") from error
    except NotUsable as error:
        raise Refused(Code.INVALID, f"{error.sentence} {error.remedy}", pointer="/table") from error
