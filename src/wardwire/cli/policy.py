"""`wardwire policy`: escalation policies, from files that a person can read."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from wardwire.app.waits import waits_of
from wardwire.cli.database import Desk, at_desk, find_place, look
from wardwire.cli.exits import Exit
from wardwire.cli.names import read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings, say
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import policies
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.model.places import find_place as find_spot
from wardwire.model.policy import ASK_WAIT, STILL_ACTIVE, Policy, check_policy, find_policy
from wardwire.model.priority import Priority
from wardwire.model.simulation import Beyond, Happening, find_beyond, simulate_alert
from wardwire.ops.failure import StartFailed
from wardwire.store.policies import StepText, span_of, text_of

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Escalation policies: check, add, change, list.")

Which = Annotated[str, typer.Argument(help="A name, or an id pol_…", metavar="POLICY")]
File = Annotated[Path, typer.Argument(help="A TOML or JSON file with its steps.", exists=True, dir_okay=False)]

# Farther away nobody's shifts are known.
FARTHEST = timedelta(days=3653)
MOST_ROWS = 100


class PolicyFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What stands in a policy's file; docs/howto/policies.md shows one."""

    steps: tuple[StepText, ...]
    loops: int = 0
    still_active_s: float | None = STILL_ACTIVE.total_seconds()
    ask_wait_s: float = ASK_WAIT.total_seconds()
    never_ask_again: bool = False

    def fields(self) -> dict[str, Any]:
        """Return it as the directory takes it."""
        return {
            "steps": tuple(step.step() for step in self.steps),
            "loops": self.loops,
            "still_active": None if self.never_ask_again else span_of(self.still_active_s),
            "ask_wait": timedelta(seconds=self.ask_wait_s),
        }


def read_file(path: Path) -> PolicyFile:
    """Read a policy's file.

    Raises:
        StartFailed: `policy_unreadable`, with the place of the fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text)
        return msgspec.convert(raw, PolicyFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise StartFailed(
            "policy_unreadable", f"{path} is no policy: {error}.", "See docs/howto/policies.md for an example."
        ) from error


@app.command("check")
def check(file: File, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Check a file against the directory as it is now; nothing is changed."""
    wanted = read_file(file)

    async def work(at: Desk) -> None:
        fields = wanted.fields()
        check_policy(Policy(id=ids.new_id(at.clock.now()), name=file.stem, version=0, **fields), at.directory)

    at_desk(find_place(config, data), work)
    print(f"{file} can be used: {len(wanted.steps)} steps, then the operators' desk")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Its name, unlike that of any other living policy.")],
    file: File,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Add a policy.

    Example: wardwire policy add "Monitor alarm" monitor-alarm.toml
    """
    wanted = read_file(file)

    async def work(at: Desk) -> Policy:
        return await policies.add_policy(at.desk, at.caller, at.directory, name=name, **wanted.fields())

    _done(at_desk(find_place(config, data), work), json_)


@app.command("change")
def change(
    policy: Which,
    file: Annotated[Path | None, typer.Argument(help="Its new steps.", exists=True, dir_okay=False)] = None,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether it can be named.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Change a policy; alerts that run go on by the version that they began with."""
    fields = read_file(file).fields() if file else {}

    async def work(at: Desk) -> Policy:
        found = _find(policy, at.directory)
        never = "still_active" in fields and fields["still_active"] is None
        told = {"name": name, "disabled": disabled, "never_still_active": never, **fields}
        return await policies.change_policy(at.desk, at.caller, at.directory, found.id, **told)

    _done(at_desk(find_place(config, data), work), json_)


@app.command("simulate")
def simulate(
    policy: Annotated[str, typer.Argument(help="A name, an id pol_…, or a file that is not entered yet.")],
    place: Annotated[str, typer.Option(help="Where it would be, e.g. bed:4W-12.")] = "",
    at: Annotated[str, typer.Option("--at", help="E.g. 2026-12-13T03:00; by default now.")] = "",
    priority: Annotated[Priority, typer.Option(help="Of the alert.")] = Priority.HIGH,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Show whom an alert would call, and when, if nobody answered. Nothing is changed, nobody is called.

    The status is 1 when at the end nobody at the operators' desk could hear of it (`unreachable_end`).

    Example: wardwire policy simulate monitor-alarm.toml --place bed:4W-12 --at 2026-12-13T03:00
    """
    draft = Path(policy) if Path(policy).suffix in (".toml", ".json") else None
    wanted = read_file(draft) if draft else None
    settings = read_settings(config, data, None).settings

    async def work(here: Desk) -> tuple[Directory, tuple[Happening, ...], tuple[Beyond, ...]]:
        directory, now = here.directory, here.clock.now()
        if wanted is not None and draft is not None:
            tried = Policy(id=ids.new_id(now), name=draft.stem, version=0, **wanted.fields())
            check_policy(tried, directory)
        else:
            tried = _find(policy, directory)
        begin = read_instant(at) if at else now
        if abs(begin - now) > FARTHEST:
            raise Refused(Code.INVALID, "an instant within ten years of now is needed", pointer="/at")
        spot = find_spot(place, directory, "/place") if place else None
        desk = settings.site.desk
        lines = simulate_alert(tried, directory, at=begin, priority=priority, place=spot, desk=desk)
        return directory, lines, find_beyond(lines, tried, priority, directory, waits_of(settings))

    directory, found, beyond = at_desk(find_place(config, data), work)
    begin, end = found[0].at, found[-1]
    if json_:
        print_json(
            {
                "happenings": [_happening(line, directory) for line in found],
                "worst_case_s": (end.at - begin).total_seconds(),
                "unreachable_end": not end.people,
                "beyond": [
                    {"step": one.step, "person": directory.person_name(one.person), "endpoints": one.kinds}
                    for one in beyond
                ],
            }
        )
    else:
        rows = [_row(line, begin, directory) for line in found[:MOST_ROWS]]
        print_table(("at", "after", "step", "calls", "why"), rows, empty="")
        if len(found) > MOST_ROWS:
            print(f"… and {len(found) - MOST_ROWS} more lines: --json has all.")
        print(f"Worst case: the operators' desk hears of it after {_span(end.at - begin)}.")
        for one in beyond:
            who = directory.person_name(one.person)
            print(f"Step {one.step} is over before {who} is tried by {', '.join(one.kinds)}: let it wait longer.")
    if not end.people:
        say("unreachable_end: at that moment nobody at the operators' desk can be reached. See site.desk.")
        raise typer.Exit(Exit.FAILED)


@app.command("show")
def show(policy: Which, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Show a policy step by step."""

    async def work(at: Desk) -> Policy:
        return _find(policy, at.directory)

    found = at_desk(find_place(config, data), work)
    if json_:
        print_json(_shown(found))
        return
    rows = [
        (nth, ", ".join(step.targets), f"{step.wait.total_seconds():g} s", step.answer, step.ends, step.repeat or "")
        for nth, step in enumerate(found.steps, start=1)
    ]
    print_table(("step", "asks", "waits for", "answer", "ends with", "repeats"), rows, empty="")
    again = f"All of it {found.loops} times again. " if found.loops else ""
    print(f"{again}Then a technical alarm at the operators' desk. Version {found.version}.")


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List policies."""
    directory, _ = at_desk(find_place(config, data), look)
    found = sorted(directory.policies.values(), key=lambda policy: policy.name.casefold())
    if json_:
        print_json({"policies": [_shown(policy) for policy in found]})
        return
    rows = []
    for policy in found:
        units = [place.name for place in directory.places.values() if place.policy == policy.id]
        state = "disabled" if policy.disabled else ""
        written = ids.write_id(ids.POLICY, policy.id)
        rows.append((written, policy.name, len(policy.steps), policy.version, ", ".join(sorted(units)), state))
    print_table(("id", "name", "steps", "version", "of units", ""), rows, empty="There is no policy yet.")


def _find(text: str, directory: Directory) -> Policy:
    """Find a policy, also one that is disabled when it is named by its id."""
    if text.startswith(f"{ids.POLICY}_"):
        found = directory.policies.get(ids.read_id(ids.POLICY, text))
        if found is not None:
            return found
    return find_policy(text, directory, "")


def _shown(policy: Policy) -> dict[str, object]:
    return {
        "id": ids.write_id(ids.POLICY, policy.id),
        "name": policy.name,
        "version": policy.version,
        "steps": [text_of(step) for step in policy.steps],
        "loops": policy.loops,
        "still_active_s": policy.still_active.total_seconds() if policy.still_active else None,
        "ask_wait_s": policy.ask_wait.total_seconds(),
        "disabled": policy.disabled,
    }


def _done(policy: Policy, json_: bool) -> None:
    written = ids.write_id(ids.POLICY, policy.id)
    if json_:
        print_json({"id": written, "name": policy.name, "version": policy.version, "disabled": policy.disabled})
    else:
        print(f"{written} {policy.name}, version {policy.version}{': disabled' if policy.disabled else ''}")


def _happening(line: Happening, directory: Directory) -> dict[str, object]:
    return {
        "at": line.at,
        "step": line.step,
        "round": line.round,
        "why": line.why,
        "people": [{"id": ids.write_id(ids.PERSON, who), "name": directory.people[who].name} for who in line.people],
        "empty": dict(line.empty),
        "desk": line.desk,
        "part": line.part,
    }


def _row(line: Happening, begin: datetime, directory: Directory) -> tuple[object, ...]:
    names = ", ".join(directory.people[who].name for who in line.people) or "nobody"
    reasons = [line.why, *([line.part] if line.part else []), *(f"{target}: {why}" for target, why in line.empty)]
    who = f"the desk ({names})" if line.desk else names
    return f"{line.at.astimezone():%a %d %b %H:%M:%S}", _span(line.at - begin), line.step, who, "; ".join(reasons)


def _span(span: timedelta) -> str:
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"
