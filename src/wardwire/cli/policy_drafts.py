"""`wardwire policy draft|simulate|publish|…`: a policy before it is used, what it was, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from wardwire.app.waits import waits_of
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.exits import Exit
from wardwire.cli.names import read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings, say
from wardwire.cli.policy_file import File, Which, find_any, read_file
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import drafts
from wardwire.directory.drafts import Published, Text
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.model.policy import Policy, check_policy
from wardwire.model.policy_diff import Difference, diff_policies, write_span
from wardwire.model.policy_draft import Draft, Version
from wardwire.model.priority import Priority
from wardwire.model.scene import Grounds, Outcome, Scene, check_scene, play
from wardwire.model.simulation import Happening
from wardwire.ops.failure import StartFailed
from wardwire.settings import Settings
from wardwire.store import drafts as store

app = typer.Typer(add_completion=False)

DraftId = Annotated[str, typer.Argument(help="An id drf_…, as `wardwire policy drafts` lists it.", metavar="DRAFT")]
Note = Annotated[str, typer.Option(help="Why, for whoever reads the versions later.")]
MOST_ROWS = 100


@app.command("draft")
def draft(
    file: File,
    of: Annotated[str, typer.Option("--of", help="The policy that it is to change: a name, or pol_…")] = "",
    name: Annotated[str, typer.Option(help="The name of a new policy.")] = "",
    into: Annotated[str, typer.Option("--into", help="A draft, drf_…, that is to say this instead.")] = "",
    note: Note = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Begin a draft of a policy, or rewrite one. Nobody is called by it.

    Example: wardwire policy draft monitor-alarm.toml --of "Monitor alarm" --note "90 s, then the charge nurse"
    """
    fields = read_file(file).fields()
    text = Text(name=name or None, never_still_active=fields["still_active"] is None, **fields)
    if sum(map(bool, (of, name, into))) != 1:
        raise StartFailed("usage", "What is it a draft of?", "Give one of --of, --name and --into.")
    settings = read_settings(config, data, None).settings

    async def work(at: Desk) -> Draft:
        grounds = grounds_of(at, settings)
        if into:
            return await drafts.change_draft(at.desk, at.caller, grounds, _id(into), text, note=note or None)
        policy_id = find_any(of, at.directory).id if of else None
        return await drafts.add_draft(at.desk, at.caller, grounds, text, policy_id=policy_id, note=note)

    made = at_desk(find_place(config, data), work)
    if json_:
        print_json(_draft(made))
    else:
        print(f"{ids.write_id(ids.DRAFT, made.id)} of {made.policy.name}, revision {made.revision}")
        say("Next: wardwire policy simulate DRAFT --place … --at …")


@app.command("drafts")
def list_drafts(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List the drafts that are open."""

    async def work(at: Desk) -> list[Draft]:
        return await store.list_open_drafts(at.connection, UUID(int=0), 1000)

    found = at_desk(find_place(config, data), work)
    if json_:
        print_json({"drafts": [_draft(one) for one in found]})
        return
    rows = [
        (
            ids.write_id(ids.DRAFT, one.id),
            one.policy.name,
            one.revision,
            one.author,
            "yes" if one.simulated == one.revision else "",
            one.approver if one.approved == one.revision else "",
            one.note,
        )
        for one in found
    ]
    columns = ("id", "policy", "revision", "by", "simulated", "approved by", "why")
    print_table(columns, rows, empty="There is no open draft.")


@app.command("simulate")
def simulate(
    policy: Annotated[str, typer.Argument(help="A name, an id pol_…, a draft drf_…, or a file that is not entered.")],
    place: Annotated[str, typer.Option(help="Where it would be, e.g. bed:4W-12.")] = "",
    at: Annotated[str, typer.Option("--at", help="E.g. 2026-12-13T03:00; by default now.")] = "",
    priority: Annotated[Priority, typer.Option(help="Of the alert.")] = Priority.HIGH,
    to: Annotated[list[str] | None, typer.Option("--to", help="Who is called beside the policy.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Show whom an alert would call, and when, if nobody answered. Nobody is called.

    With a draft, what is tried is kept, and tried again when the draft is published; otherwise nothing is changed.
    The status is 1 when the last step reaches nobody, or nobody at the operators' desk could hear of it
    (`unreachable_end`).

    Example: wardwire policy simulate monitor-alarm.toml --place bed:4W-12 --at 2026-12-13T03:00
    """
    path = Path(policy) if Path(policy).suffix in (".toml", ".json") else None
    wanted = read_file(path) if path else None
    settings = read_settings(config, data, None).settings

    async def work(here: Desk) -> tuple[Directory, Scene, Outcome]:
        now, grounds = here.clock.now(), grounds_of(here, settings)
        scene = Scene(read_instant(at) if at else now, place, priority, tuple(to or ()))
        if policy.startswith(f"{ids.DRAFT}_"):
            _, outcome = await drafts.simulate_draft(here.desk, here.caller, grounds, _id(policy), scene)
            return grounds.directory, scene, outcome
        if wanted is not None and path is not None:
            tried = Policy(id=ids.new_id(now), name=path.stem, version=0, **wanted.fields())
            check_policy(tried, grounds.directory)
        else:
            tried = find_any(policy, grounds.directory)
        check_scene(scene, now)
        return grounds.directory, scene, play(tried, scene, grounds)

    directory, scene, outcome = at_desk(find_place(config, data), work)
    if json_:
        print_json(_simulation(scene, outcome, directory))
    else:
        print_outcome(scene, outcome, directory)
    if not outcome.reaches_end:
        say("unreachable_end: the last step reaches nobody. Add `desk` to it.")
    elif not outcome.attended:
        say("unreachable_end: at that moment nobody at the operators' desk can be reached. See site.desk.")
    if not (outcome.reaches_end and outcome.attended):
        raise typer.Exit(Exit.FAILED)


@app.command("approve")
def approve(draft: DraftId, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Approve a draft, as a second person, as it is now."""

    async def work(at: Desk) -> Draft:
        return await drafts.approve_draft(at.desk, at.caller, _id(draft))

    approved = at_desk(find_place(config, data), work)
    if json_:
        print_json(_draft(approved))
    else:
        print(f"{draft} of {approved.policy.name}, revision {approved.revision}: approved by {approved.approver}")


@app.command("publish")
def publish(draft: DraftId, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Publish a draft: alerts that begin from now on go by it. Alerts that run keep the version that they have."""
    settings = read_settings(config, data, None).settings

    async def work(at: Desk) -> tuple[Published, Directory]:
        grounds, approval = grounds_of(at, settings), settings.policies.approval
        published = await drafts.publish_draft(at.desk, at.caller, grounds, _id(draft), approval=approval)
        return published, at.directory

    _print_published(*at_desk(find_place(config, data), work), json_)


@app.command("drop")
def drop(draft: DraftId, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Drop a draft."""

    async def work(at: Desk) -> None:
        await drafts.drop_draft(at.desk, at.caller, _id(draft))

    at_desk(find_place(config, data), work)
    print(f"{draft}: dropped")


@app.command("versions")
def versions(policy: Which, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List what a policy ever was, and what each version changed."""
    found = _versions(policy, config, data)
    before = [None, *(version.policy for version, _ in found)]
    told = [
        (version, at, diff_policies(former, version.policy) if former else ())
        for (version, at), former in zip(found, before, strict=False)
    ]
    if json_:
        print_json(
            {
                "versions": [
                    {"number": one.number, "made_at": at, "author": one.author, "approver": one.approver,
                     "note": one.note, "changes": [change._asdict() for change in changes]}
                    for one, at, changes in told
                ]
            }
        )  # fmt: skip
        return
    rows = [
        (
            f"v{one.number}",
            f"{at.astimezone():%a %d %b %Y %H:%M}",
            one.author,
            one.approver,
            one.note,
            _brief(changes),
        )
        for one, at, changes in told
    ]
    print_table(("number", "made", "by", "approved by", "why", "changes"), rows, empty="")


@app.command("diff")
def diff(
    policy: Annotated[str, typer.Argument(help="A name, an id pol_…, or a draft drf_…", metavar="POLICY|DRAFT")],
    before: Annotated[str, typer.Argument(help="E.g. v7; by default the one before the newest.")] = "",
    after: Annotated[str, typer.Argument(help="E.g. v8; by default the newest.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Say what differs between two versions of a policy, or what a draft would change.

    Example: wardwire policy diff "Monitor alarm" v7 v8
    """
    if policy.startswith(f"{ids.DRAFT}_"):

        async def work(at: Desk) -> tuple[Draft, Policy | None]:
            found = await store.read_draft(at.connection, _id(policy))
            if found is None:
                raise Refused(Code.NOT_FOUND, "there is no such draft")
            return found, at.directory.policies.get(found.policy.id)

        one, current = at_desk(find_place(config, data), work)
        found = diff_policies(current or one.policy._replace(steps=()), one.policy)
    else:
        known = {version.number: version.policy for version, _ in _versions(policy, config, data)}
        newer = read_number(after) if after else max(known)
        older = read_number(before) if before else max(1, newer - 1)
        for number in (older, newer):
            if number not in known:
                raise StartFailed(
                    "not_found", f"There is no version v{number}.", f"Versions are v1 to v{max(known)}."
                )
        found = diff_policies(known[older], known[newer])
    if json_:
        print_json({"changes": [change._asdict() for change in found]})
        return
    rows = [(one.what, one.before or "–", one.after or "–") for one in found]
    print_table(("what", "before", "after"), rows, empty="They do the same.")


@app.command("rollback")
def rollback(
    policy: Which,
    to: Annotated[str, typer.Argument(help="The version to go back to, e.g. v7.", metavar="VERSION")],
    note: Note = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Go back to an older version: simulated, and signed, like any other.

    Example: wardwire policy rollback "Monitor alarm" v7
    """
    settings, number = read_settings(config, data, None).settings, read_number(to)

    async def work(at: Desk) -> tuple[Published, Directory]:
        found = find_any(policy, at.directory)
        published = await drafts.roll_back(
            at.desk,
            at.caller,
            grounds_of(at, settings),
            found.id,
            number,
            approval=settings.policies.approval,
            note=note,
        )
        return published, at.directory

    _print_published(*at_desk(find_place(config, data), work), json_)


def read_number(text: str) -> int:
    """Read the number of a version: `v7` or `7`.

    Raises:
        StartFailed: `usage`.
    """
    digits = text.removeprefix("v")
    if not digits.isascii() or not digits.isdigit():
        raise StartFailed("usage", f"{text!r} is no version.", "Write v7, as `wardwire policy versions` lists them.")
    return int(digits)


def print_outcome(scene: Scene, outcome: Outcome, directory: Directory) -> None:
    """Print what would happen, line by line, and the worst case."""
    rows = [_row(line, scene.at, directory) for line in outcome.lines[:MOST_ROWS]]
    print_table(("at", "after", "step", "calls", "why"), rows, empty="")
    if len(outcome.lines) > MOST_ROWS:
        print(f"… and {len(outcome.lines) - MOST_ROWS} more lines: --json has all.")
    print(f"Worst case: the operators' desk hears of it after {_span(outcome.worst_case)}.")
    for one in outcome.beyond:
        who = directory.person_name(one.person)
        print(f"Step {one.step} is over before {who} is tried by {', '.join(one.kinds)}: let it wait longer.")


def _print_published(published: Published, directory: Directory, json_: bool) -> None:
    """Print what was played and what has become of a draft."""
    one, policy = published.draft, published.policy
    if json_:
        played = [_simulation(scene, outcome, directory) for scene, outcome in published.played]
        print_json({**_draft(one), "version": policy.version if policy else None, "simulations": played})
        return
    for scene, outcome in published.played:
        print(f"{scene.at.astimezone():%a %d %b %Y %H:%M} {scene.place}".rstrip())
        print_outcome(scene, outcome, directory)
    written = ids.write_id(ids.DRAFT, one.id)
    if policy is None:
        print(f"{written} of {one.policy.name} waits for the approval of somebody else than {one.author}.")
    else:
        print(f"{policy.name} is as {written} says, from now on; alerts that run keep what they have.")


def _versions(policy: str, config: Path | None, data: Path | None) -> list[tuple[Version, datetime]]:
    async def work(at: Desk) -> list[tuple[Version, datetime]]:
        return await store.list_versions(at.connection, find_any(policy, at.directory).id)

    return at_desk(find_place(config, data), work)


def grounds_of(at: Desk, settings: Settings) -> Grounds:
    """Return what an alert would be decided by now."""
    return Grounds(at.directory, settings.site.desk, waits_of(settings))


def _id(text: str) -> UUID:
    return ids.read_id(ids.DRAFT, text)


def _draft(one: Draft) -> dict[str, object]:
    return {
        "id": ids.write_id(ids.DRAFT, one.id),
        "policy": ids.write_id(ids.POLICY, one.policy.id),
        "name": one.policy.name,
        "revision": one.revision,
        "state": one.state,
        "author": one.author,
        "approver": one.approver if one.approved == one.revision else "",
        "simulated": one.simulated == one.revision,
        "note": one.note,
    }


def _simulation(scene: Scene, outcome: Outcome, directory: Directory) -> dict[str, object]:
    return {
        "at": scene.at,
        "place": scene.place,
        "happenings": [_happening(line, directory) for line in outcome.lines],
        "worst_case_s": outcome.worst_case.total_seconds(),
        "unreachable_end": not (outcome.reaches_end and outcome.attended),
        "beyond": [
            {"step": one.step, "person": directory.person_name(one.person), "endpoints": one.kinds}
            for one in outcome.beyond
        ],
    }


def _happening(line: Happening, directory: Directory) -> dict[str, object]:
    return {
        "at": line.at,
        "step": line.step,
        "round": line.round,
        "why": line.why,
        "people": [{"id": ids.write_id(ids.PERSON, who), "name": directory.person_name(who)} for who in line.people],
        "empty": dict(line.empty),
        "skipped": line.skipped,
        "desk": line.desk,
        "part": line.part,
    }


def _row(line: Happening, begin: datetime, directory: Directory) -> tuple[object, ...]:
    names = ", ".join(directory.person_name(who) for who in line.people) or "nobody"
    reasons = [line.why, *([line.part] if line.part else []), *(f"{target}: {why}" for target, why in line.empty)]
    who = f"the desk ({names})" if line.desk else f"{names} (passed over)" if line.skipped else names
    return f"{line.at.astimezone():%a %d %b %H:%M:%S}", _span(line.at - begin), line.step, who, "; ".join(reasons)


def _brief(changes: Sequence[Difference]) -> str:
    return "; ".join(f"{one.what}: {one.before or '–'} → {one.after or '–'}" for one in changes)


def _span(span: timedelta) -> str:
    return write_span(timedelta(seconds=round(span.total_seconds())))
