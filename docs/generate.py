"""Write those parts of the documents that the code already knows.

    python -m docs.generate           write them
    python -m docs.generate --check   change nothing; say what is out of date, and exit 1

A part is a function that renders Markdown and the place where it belongs: between `<!-- generated: NAME -->`
and `<!-- end -->` in a document that a person wrote. A new part is one line in `PARTS`.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from wardwire.model import escalation
from wardwire.model.alert import Event as AlertEvent
from wardwire.model.alert import State as AlertState
from wardwire.model.delivery import ENDED, TRANSITIONS, Delivery, Event, Happened, State, step
from wardwire.model.errors import MEANING, Code, Refused
from wardwire.model.matrix import ABOUT, MATRIX
from wardwire.model.message import ACCEPT, DECLINE, Offered
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import AccessRole
from wardwire.settings import Settings

DOCS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Part:
    """One generated passage: its document (relative to docs/), its name in the marks, and what renders it."""

    document: str
    name: str
    render: Callable[[], str]


def render_codes() -> str:
    """Render the table of codes, with the HTTP status of each as soon as the API has chosen them."""
    status = _http_status()
    if status is None:
        head = ["| code | meaning |", "|---|---|"]
        rows = [f"| `{code}` | {MEANING[code]} |" for code in Code]
    else:
        head = ["| code | HTTP | meaning |", "|---|---|---|"]
        rows = [f"| `{code}` | {status[code]} | {MEANING[code]} |" for code in Code]
    return "\n".join([*head, *rows])


def _http_status() -> Mapping[Code, int] | None:
    if importlib.util.find_spec("wardwire.api.problems") is None:
        return None
    status: Mapping[Code, int] = importlib.import_module("wardwire.api.problems").STATUS
    return status


def render_settings() -> str:
    """Render a table for each section of the settings: key, kind, default, and what it is for."""
    hints = typing.get_type_hints(Settings)
    sections = [_section(field.name, hints[field.name]) for field in dataclasses.fields(Settings)]
    return "\n\n".join(sections)


def _section(name: str, kind: type) -> str:
    rows = "\n".join(_setting_rows(name, kind))
    return f"## {name}\n\n{kind.__doc__}\n\n| key | kind | default | what for |\n|---|---|---|---|\n{rows}"


def _setting_rows(section: str, kind: type) -> Iterator[str]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        about = field.metadata
        default = field.default if field.default is not dataclasses.MISSING else ""
        shown = f"`{default}`" if default not in (None, "") else ""
        unit = f" ({about['unit']})" if about.get("unit") else ""
        help = str(about.get("help", "")).replace("|", "\\|")
        yield f"| `{section}.{field.name}` | {_kind(hints[field.name])}{unit} | {shown} | {help} |"


def _kind(hint: Any) -> str:
    """Say a type in an operator's words."""
    words = {bool: "yes or no", float: "number", int: "whole number", str: "text", Path: "path"}
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(f"`{choice}`" for choice in arguments)
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return " or ".join(_kind(one) for one in arguments if one is not type(None))
    return words.get(hint, "table")


def render_operations() -> str:
    """Render the table of the HTTP operations, from that of which the routes are made."""
    if importlib.util.find_spec("wardwire.api.app") is None:
        return ""
    operations = importlib.import_module("wardwire.api.app").OPERATIONS
    rows = []
    for one in operations:
        about, action = one.about.partition(".")[0], f"`{one.action}`" if one.action else "everybody"
        rows.append(f"| `{one.method} {one.path}` | {one.id} | {about}. | {action} |")
    return "\n".join(["| request | operation | what it does | action |", "|---|---|---|---|", *rows])


def render_rights() -> str:
    """Render who may do what, from the table by which it is decided."""
    roles = list(AccessRole)
    names = " | ".join(role.replace("_", " ") for role in roles)
    rows = []
    for action, row in MATRIX.items():
        reach = " | ".join(row.by(role).words for role in roles)
        scope = f"`{row.scope}`" if row.scope else ""
        rows.append(f"| `{action}` | {ABOUT[action]} | {reach} | {scope} | {404 if row.hidden else 403} |")
    head = f"| action | what it is | {names} | any with the scope | otherwise |"
    return "\n".join([head, f"|---|---|{'---|' * len(roles)}---|---|", *rows])


def render_diagram() -> str:
    """Draw the life of a delivery as Mermaid; what leads out of every state of a frame is drawn from the frame."""
    frames = {
        "live": frozenset(State) - ENDED,
        "open": frozenset(state for state, event in TRANSITIONS if event is Event.EXPIRE),
    }
    sources: dict[tuple[Event, State], set[State]] = {}
    for (before, event), after in TRANSITIONS.items():
        sources.setdefault((event, after), set()).add(before)
    arrows = ["[*] --> pending"]
    for (event, after), befores in sources.items():
        left = set(befores)
        for frame, inside in frames.items():
            if inside <= left:
                arrows.append(f"{frame} --> {after}: {event}")
                left -= inside
        more = ", next stage" if event is Event.DEADLINE else ""
        arrows += [f"{state} --> {after}: {event}{more}" for state in State if state in left]
    # The one step that the table leaves to the number of stages.
    arrows.append(f"{State.PENDING} --> {State.UNREACHABLE}: {Event.DEADLINE}, no stage left")
    arrows += [f"{state} --> [*]" for state in State if state in ENDED]
    inner = "\n".join(f"            {state}" for state in State if state in frames["open"])
    outer = "\n".join(f"        {state}" for state in State if state in frames["live"] - frames["open"])
    drawn = "\n".join(f"    {arrow}" for arrow in arrows)
    framed = f"    state live {{\n        state open {{\n{inner}\n        }}\n{outer}\n    }}"
    return f"```mermaid\nstateDiagram-v2\n{framed}\n{drawn}\n```"


def render_transitions() -> str:
    """Render what every event does in every state, as `step` decides it."""
    head = [f"| | {' | '.join(Event)} |", f"|---|{'---|' * len(Event)}"]
    rows = [f"| **{state}** | {' | '.join(_becomes(state, event) for event in Event)} |" for state in State]
    return "\n".join([*head, *rows])


def _becomes(state: State, event: Event) -> str:
    responses = {State.ACCEPTED: ACCEPT, State.DECLINED: DECLINE, State.ANSWERED: "another choice"}
    nobody = UUID(int=0)
    before = Delivery(
        message_id=nobody,
        person_id=nobody,
        version=1,
        state=state,
        stage=0,
        stages=(),
        kind=Kind.ALERT,
        priority=Priority.HIGH,
        sender_person=None,
        offered=Offered(accept_decline=True, free_text=True),
        response=responses.get(state),
        escalates=1,
    )
    try:
        after = step(before, Happened(event, answer="a choice"), datetime(2026, 1, 1, tzinfo=UTC)).delivery
    except Refused as refused:
        return f"`{refused.code}`"
    if event is Event.DEADLINE and after is not before:
        return f"next stage, or {after.state}"
    return "–" if after is before else after.state


def render_escalation() -> str:
    """Draw the life of an escalation as Mermaid."""
    arrows: dict[tuple[AlertState, AlertState], list[str]] = {}
    for (before, event), after in escalation.TRANSITIONS.items():
        arrows.setdefault((before, after), []).append(event)
    # What the table leaves to the steps that are left.
    passed = [AlertEvent.NOBODY_LEFT, AlertEvent.TIME_UP]
    arrows[AlertState.RUNNING, AlertState.EXHAUSTED] = [f"{', '.join(passed)}; no step left"]
    drawn = "\n".join(f"    {before} --> {after}: {', '.join(why)}" for (before, after), why in arrows.items())
    return f"```mermaid\nstateDiagram-v2\n    [*] --> {AlertState.RUNNING}\n{drawn}\n```"


PARTS = (
    Part("states.md", "escalation", render_escalation),
    Part("states.md", "diagram", render_diagram),
    Part("states.md", "transitions", render_transitions),
    Part("reference/rest.md", "operations", render_operations),
    Part("reference/access.md", "rights", render_rights),
    Part("reference/errors.md", "codes", render_codes),
    Part("reference/settings.md", "settings", render_settings),
)


def put(document: str, name: str, text: str) -> str:
    """Put a rendered text between its marks.

    Raises:
        ValueError: The document has not exactly one such pair of marks.
    """
    begin = f"<!-- generated: {name} -->"
    pattern = re.compile(re.escape(begin) + r"\n.*?(?=<!-- end -->)", re.DOTALL)
    if len(pattern.findall(document)) != 1:
        raise ValueError(f"needs exactly one {begin} … <!-- end -->")
    return pattern.sub(lambda _: f"{begin}\n{text}\n", document)


def outdated(docs: Path = DOCS, parts: tuple[Part, ...] = PARTS) -> dict[Path, str]:
    """Give each document that should read otherwise, with its new text."""
    fresh: dict[Path, str] = {}
    for part in parts:
        path = docs / part.document
        before = fresh.get(path) or path.read_text(encoding="utf-8")
        fresh[path] = put(before, part.name, part.render())
    return {path: text for path, text in fresh.items() if path.read_text(encoding="utf-8") != text}


def main(arguments: list[str]) -> int:
    """Write, or with `--check` only compare."""
    stale = outdated()
    if "--check" in arguments:
        for path in stale:
            print(f"docs/{path.relative_to(DOCS)} is out of date; run: make docs")
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote docs/{path.relative_to(DOCS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
