"""`wardwire policy`: escalation policies, from files that a person can read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardwire.cli import policy_drafts
from wardwire.cli.database import Desk, at_desk, find_place, look
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings
from wardwire.cli.policy_file import File, Which, find_any, read_file
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import policies
from wardwire.model import ids
from wardwire.model.policy import Policy, check_policy
from wardwire.store.policies import text_of

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Escalation policies: check, add, change, list; draft, simulate, publish; versions and the way back.",
)
app.registered_commands += policy_drafts.app.registered_commands


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
        return await policies.add_policy(
            at.desk,
            at.caller,
            policy_drafts.grounds_of(at, settings),
            name=name,
            approval=approval,
            **wanted.fields(),
        )

    settings = read_settings(config, data, None).settings
    approval = settings.policies.approval
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
    settings = read_settings(config, data, None).settings
    approval = settings.policies.approval

    async def work(at: Desk) -> Policy:
        found = find_any(policy, at.directory)
        never = "still_active" in fields and fields["still_active"] is None
        told = {"name": name, "disabled": disabled, "never_still_active": never, "approval": approval, **fields}
        return await policies.change_policy(
            at.desk, at.caller, policy_drafts.grounds_of(at, settings), found.id, **told
        )

    _done(at_desk(find_place(config, data), work), json_)


@app.command("show")
def show(policy: Which, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Show a policy step by step."""

    async def work(at: Desk) -> Policy:
        return find_any(policy, at.directory)

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
