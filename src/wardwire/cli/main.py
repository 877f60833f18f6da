"""
The program `wardwire`: finds the command and hands over to its module.

A command is one line in `COMMANDS`; its module is imported only when it is called, so that the first output
comes at once. The module has a Typer named `app`.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence

from wardwire.cli.exits import Exit

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("wardwire.cli.demo", "Show a living hospital, in this terminal."),
    "simulate": ("wardwire.cli.simulate", "Play a day of the sample hospital on a running site."),
    "serve": ("wardwire.cli.serve", "Run everything on this machine."),
    "core": ("wardwire.cli.core", "Run one core process; serve does this for you."),
    "front": ("wardwire.cli.front", "The one HTTPS port; serve does this for you."),
    "cores": ("wardwire.cli.cores", "The core processes, and when each was last heard."),
    "device": ("wardwire.cli.device", "A terminal as a device: enrol, listen, send, answer."),
    "devices": ("wardwire.cli.devices", "Devices: which there are, their groups, how they behave."),
    "lost": ("wardwire.cli.lost", "Lost devices: report one, and see whether it has wiped itself."),
    "people": ("wardwire.cli.people", "People, their status, e-mail addresses and device codes."),
    "directory": ("wardwire.cli.directory", "People of other directories (LDAP): take them in, see how it went."),
    "badge": ("wardwire.cli.badge", "Badges with which people take shared devices."),
    "endpoint": ("wardwire.cli.endpoint", "Pagers, phones, e-mail: where people are reached, and when."),
    "group": ("wardwire.cli.group", "Groups of people."),
    "role": ("wardwire.cli.role", "Roles, and who holds them when."),
    "oncall": ("wardwire.cli.oncall", "Who is on call; rotations and overrides."),
    "statuses": ("wardwire.cli.statuses", "What each status means: what rings, what goes to the cover."),
    "place": ("wardwire.cli.place", "Units, rooms and beds, and who has them."),
    "preferences": ("wardwire.cli.preferences", "How people want to be tried, and what would ring when."),
    "search": ("wardwire.cli.search", "Find people, roles, groups and places as they are typed."),
    "policy": ("wardwire.cli.policy", "Escalation policies."),
    "account": ("wardwire.cli.account", "Accounts: who signs in, as what; passwords, second factors, sessions."),
    "replay": ("wardwire.cli.replay", "Run a past day against another policy."),
    "reminder": ("wardwire.cli.reminder", "Alerts at set times, until somebody cancels them."),
    "key": ("wardwire.cli.key", "API keys for other systems."),
    "adapters": ("wardwire.cli.adapters", "Listeners for other systems, and what came in by them."),
    "hl7": ("wardwire.cli.hl7", "HL7: try a sample message, send one."),
    "message": ("wardwire.cli.message", "Send, list and cancel messages over HTTP."),
    "trace": ("wardwire.cli.trace", "Retell one message: each hop with time, node and reason."),
    "audit": ("wardwire.cli.audit", "Verify that no fact was changed, removed or reordered."),
    "escalations": ("wardwire.cli.escalations", "Alerts that are open: who is asked, and what comes next."),
    "drill": ("wardwire.cli.drill", "Drills: how they went."),
    "alarms": ("wardwire.cli.alarms", "Technical alarms: who sees to them, and what is over."),
    "archive": ("wardwire.cli.archive", "The days that are kept; take old ones away."),
    "clock": ("wardwire.cli.clock", "The site's clock; adopt a real step."),
    "config": ("wardwire.cli.config", "Explain and check the settings."),
    "engines": ("wardwire.cli.engines", "Use PostgreSQL and NATS of your own."),
    "backup": ("wardwire.cli.backup", "Create, verify and restore backups."),
    "disk": ("wardwire.cli.disk", "Show the room that is left; give up the ballast in need."),
}

EXAMPLES = """\
Examples:
  wardwire demo
  wardwire serve
  wardwire config explain nats.edge_listen
  wardwire backup create /srv/backup/monday"""


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command line; the exit status is one of `Exit`.

    Results go to stdout, talk goes to stderr.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if "--no-color" in words:
        words.remove("--no-color")
        os.environ["NO_COLOR"] = "1"
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return Exit.OK if words else Exit.USAGE
    if words[0] in ("-V", "--version"):
        from wardwire import __version__

        print(f"wardwire {__version__}")
        return Exit.OK
    if words[0] not in COMMANDS:
        print(unknown(words[0]), file=sys.stderr)
        return Exit.USAGE
    return _run(words[0], words[1:])


def overview() -> str:
    """Render the list of commands, examples first."""
    width = max(map(len, COMMANDS))
    rows = [f"  {name:<{width}}  {about}" for name, (_, about) in COMMANDS.items()]
    options = "  --version, --help, --no-color; each command has its own --help"
    return "\n".join(
        [
            "Wardwire: clinical messages that arrive, and prove it.",
            "",
            EXAMPLES,
            "",
            "Commands:",
            *rows,
            "",
            "Options:",
            options,
        ]
    )


def unknown(word: str) -> str:
    """Say that there is no such command, and which one was meant."""
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else " See: wardwire --help"
    return f"There is no command {word!r}.{hint}"


def _run(name: str, words: list[str]) -> int:
    import typer

    from wardwire.cli.failures import failures

    module = importlib.import_module(COMMANDS[name][0])
    command = typer.main.get_command(module.app)
    with failures(as_json="--json" in words) as outcome:
        try:
            command.main(words, prog_name=f"wardwire {name}")
        except SystemExit as end:
            outcome.status = end.code if isinstance(end.code, int) else Exit.FAILED
    return outcome.status
