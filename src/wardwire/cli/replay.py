"""`wardwire replay`: what another policy would have made of the alerts of a day that was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from wardwire.app.waits import waits_of
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings
from wardwire.cli.policy_drafts import read_number
from wardwire.cli.policy_file import find_any, read_file
from wardwire.cli.tables import print_json, print_table
from wardwire.flow.replaying import read_day
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.model.policy import Policy, check_policy
from wardwire.model.policy_diff import write_span
from wardwire.model.replay import Past, Replayed, Verdict, compare, replay, usual
from wardwire.model.scene import Grounds
from wardwire.ops.failure import StartFailed
from wardwire.store.drafts import list_versions, read_draft

app = typer.Typer(add_completion=False, help="Run a past day against another policy.")

MOST_ROWS = 200
Compared = tuple[Past, Replayed, Verdict]


@app.command()
def run(
    day: Annotated[str, typer.Argument(help="The day, e.g. 2026-12-09, by this machine's clock.")],
    policy: Annotated[str, typer.Option("--policy", help="A draft drf_…, a version v8, or a file of steps.")],
    of: Annotated[str, typer.Option("--of", help="Of a version or a file: the policy whose alerts they were.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Run the alerts of a past day, with the answers that people gave, against a draft or a version of their policy.

    Shows what would have been answered sooner, later, or not at all. Nothing is written, nobody is called.

    Example: wardwire replay 2026-12-09 --policy v8 --of "Monitor alarm"
    """
    begin, end = read_day_of(day)
    path = Path(policy) if Path(policy).suffix in (".toml", ".json") else None
    wanted = read_file(path) if path else None
    drafted = policy.startswith(f"{ids.DRAFT}_")
    if not drafted and not of:
        raise StartFailed("usage", "Whose alerts are to be replayed?", "Name the policy by --of.")
    settings = read_settings(config, data, None).settings

    async def work(at: Desk) -> tuple[Directory, Policy, list[Compared]]:
        # Whatever happens here, nothing is written.
        await at.connection.execute("SET default_transaction_read_only = on")
        grounds = Grounds(at.directory, settings.site.desk, waits_of(settings))
        if drafted:
            draft = await read_draft(at.connection, ids.read_id(ids.DRAFT, policy))
            if draft is None:
                raise Refused(Code.NOT_FOUND, "there is no such draft")
            tried = draft.policy
        elif wanted is not None:
            tried = find_any(of, at.directory)._replace(**wanted.fields())
        else:
            number, found = read_number(policy), find_any(of, at.directory)
            versions = {one.number: one.policy for one, _ in await list_versions(at.connection, found.id)}
            if number not in versions:
                raise Refused(Code.NOT_FOUND, f"there is no version v{number}: they are v1 to v{max(versions)}")
            tried = versions[number]
        check_policy(tried, at.directory)
        with _progress("reading") as told:
            pasts = await read_day(at.connection, begin, end, tried.id, grounds, told)
        usually, compared = usual(pasts), list[Compared]()
        with _progress("replaying") as told:
            for nth, past in enumerate(pasts, start=1):
                now = replay(past, tried, at.directory, desk=settings.site.desk, usually=usually)
                compared.append((past, now, compare(past, now)))
                told(nth, len(pasts))
        return at.directory, tried, compared

    directory, tried, compared = at_desk(find_place(config, data), work)
    counts = Counter(verdict for _, _, verdict in compared)
    if json_:
        print_json(
            {
                "day": day, "policy": ids.write_id(ids.POLICY, tried.id), "name": tried.name, "alerts": len(compared),
                "counts": {verdict.value: counts[verdict] for verdict in Verdict},
                "data": [_told(one, directory) for one in compared],
            }
        )  # fmt: skip
        return
    rows = [_row(one, directory) for one in compared if one[2] not in (Verdict.SAME, Verdict.NEITHER)]
    print_table(("id", "at", "where", "it was", "it would be", ""), rows[:MOST_ROWS], empty="No alert would differ.")
    if len(rows) > MOST_ROWS:
        print(f"… and {len(rows) - MOST_ROWS} more: --json has all.")
    said = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict)
    print(f"{len(compared)} alerts of {tried.name} on {day}, with these steps: {said}.")
    if any(now.supposed for _, now, _ in compared):
        print("* supposed: whoever has it was not called then, and is as quick as they were that day.")


def read_day_of(text: str) -> tuple[datetime, datetime]:
    """Read a day by this machine's clock; it may have 23 or 25 hours.

    Raises:
        StartFailed: `usage`.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise StartFailed("usage", f"{text!r} is no day.", "Write it as 2026-12-09.") from None
    begin = datetime.combine(day, time()).astimezone()
    return begin, datetime.combine(day + timedelta(days=1), time()).astimezone()


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show on stderr how far it is; nothing where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _row(one: Compared, directory: Directory) -> tuple[object, ...]:
    past, now, verdict = one
    where = directory.place_name(past.bed or past.unit)
    was, would = _outcome(past, directory), _outcome(now, directory)
    message = ids.write_id(ids.MESSAGE, past.message_id)
    return (
        message,
        f"{past.at.astimezone():%H:%M:%S}",
        where,
        was,
        f"{would}{'*' if now.supposed else ''}",
        verdict.value,
    )


def _outcome(one: Past | Replayed, directory: Directory) -> str:
    if one.taken_after is None:
        return "nobody" if one.desk_after is None else f"nobody; desk {_span(one.desk_after)}"
    return f"{_span(one.taken_after)} {', '.join(map(directory.person_name, one.taken_by))}"


def _span(span: timedelta) -> str:
    return write_span(timedelta(seconds=round(span.total_seconds())))


def _told(one: Compared, directory: Directory) -> dict[str, object]:
    past, now, verdict = one
    return {
        "message": ids.write_id(ids.MESSAGE, past.message_id),
        "at": past.at,
        "place": directory.place_name(past.bed or past.unit),
        "verdict": verdict.value,
        "was": _shown(past, directory),
        "would_be": _shown(now, directory) | {"supposed": now.supposed},
    }


def _shown(one: Past | Replayed, directory: Directory) -> dict[str, object]:
    return {
        "taken_s": one.taken_after.total_seconds() if one.taken_after is not None else None,
        "by": [directory.person_name(person) for person in one.taken_by],
        "desk_s": one.desk_after.total_seconds() if one.desk_after is not None else None,
    }
