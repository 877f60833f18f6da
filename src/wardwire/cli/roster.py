"""`wardwire people import`: a list of people from another system, taken in whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, say
from wardwire.cli.tables import print_json, print_table
from wardwire.directory.importing import import_people, name_busy
from wardwire.model import ids
from wardwire.model.names import clean_source
from wardwire.model.people import Person
from wardwire.model.roster import Changes, Unfit, compare, read_roster
from wardwire.ops.failure import StartFailed

MOST_SHOWN = 50


def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file; its first row names the columns.", metavar="FILE.csv")],
    source: Annotated[str, typer.Option(help="The system that it comes from: whose ids these are.")] = "csv",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    confirm_removals: Annotated[
        bool, typer.Option("--confirm-removals", help="More than a tenth has left, and that is right.")
    ] = False,
    encoding: Annotated[str, typer.Option(help="Of the file, e.g. cp1252; by default UTF-8.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Take in a list of people: new ones are added, others changed, and who is no longer in it is disabled, not erased.

    Columns: id, name; title, given, family, preferred, spoken, sort, departments, location, languages, phones, photo.

    Example: wardwire people import staff.csv --source hr --dry-run
    """
    clean_source(source)
    try:
        rows = read_roster(file.read_bytes(), encoding)
    except OSError as error:
        raise StartFailed(
            "usage", f"{file} cannot be read ({error.strerror}).", "Name a file that is there."
        ) from error
    except Unfit as unfit:
        for problem in unfit.problems:
            say(f"{file.name}, {problem}")
        raise StartFailed("file_unfit", f"{unfit.problems[0]}.", "Nothing was changed. Mend the file.") from None

    async def work(at: Desk) -> tuple[Changes, list[Person]]:
        changes = compare(rows, at.directory.everybody(), source)
        busy = await name_busy(at.connection, changes.disable)
        if changes.many_leave and not dry_run and not confirm_removals:
            raise StartFailed(
                "removals_unconfirmed",
                f"{changes}: more than a tenth of those whom {source} knows would be disabled; nothing was changed.",
                "Look with --dry-run who they are; if they have left, say --confirm-removals.",
            )
        if not dry_run:
            await import_people(at.desk, at.caller, changes, source=source)
        return changes, busy

    changes, busy = at_desk(find_place(config, data), work)
    if json_:
        print_json({**tell_changes(changes, busy), "dry_run": dry_run})
    else:
        show_changes(changes, busy, dry_run=dry_run)


def show_changes(changes: Changes, busy: Sequence[Person], *, dry_run: bool) -> None:
    """Print what was changed, or would be."""
    print(str(changes))
    rows = _lines(changes)
    if dry_run and rows:
        print_table(("what", "name", "id"), rows[:MOST_SHOWN], empty="")
        if len(rows) > MOST_SHOWN:
            say(f"and {len(rows) - MOST_SHOWN} more; --json lists all")
    for person in busy:
        say(f"{person.name} leaves, and has open messages: {_name(person)['id']}")


def tell_changes(changes: Changes, busy: Sequence[Person]) -> dict[str, object]:
    """Say as JSON what was changed, or would be, and who of those who leave has something open."""
    return {
        "add": [{"name": row.name, "external_id": row.id} for row in changes.add],
        "change": [_name(after) for _, after in changes.change],
        "disable": [_name(person) for person in changes.disable],
        "same": changes.same,
        "open_messages": [_name(person) for person in busy],
    }


def _name(person: Person) -> dict[str, str]:
    return {"id": ids.write_id(ids.PERSON, person.id), "name": person.name}


def _lines(changes: Changes) -> list[tuple[str, str, str]]:
    return [
        *(("add", row.name, row.id) for row in changes.add),
        *(("change", after.name, ids.write_id(ids.PERSON, after.id)) for _, after in changes.change),
        *(("disable", person.name, ids.write_id(ids.PERSON, person.id)) for person in changes.disable),
    ]
