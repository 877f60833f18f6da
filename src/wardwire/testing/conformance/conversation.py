"""Golden conversations: files of what a source sends and what it is answered, byte for byte.

    # Of what this conversation is; people read it.
    % set charset = "utf-8"         a setting of the listener, as TOML
    % encoding iso8859-1            how the text of this file goes over the line; utf-8 unless it says otherwise
    % line crlf                     what stands for the end of each line: cr, lf, crlf or none; cr unless it says so
    % secret 4711                   must never stand in an alarm
    % cut last                      its last turn alone is cut off at each byte: the others differ in words alone

    > {0B}MSH|^~\\&|GW7             the source sends this line
    > {1C}
    ! refused place_unknown /bed    so its first report ends: also `unavailable`, `unknown` and
                                    `unplaced`; else it is taken
    = phase: end; bed: bed:4W-12    a report that was handed in, in some of its words
    < {0B}MSH|^~\\&|{*}             what is answered; {*} stands for anything but a line end
    < MSA|CA|A1001
    < {1C}

A turn is what is sent, and below it what comes of it. {0B} is a byte in hex, {} at the end a line without its end.
Without `=` nothing may be handed in, without `<` nothing may be answered.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from wardwire.model.report import Report
from wardwire.model.stays import Movement

ENDS = {"cr": "\r", "lf": "\n", "crlf": "\r\n", "none": ""}
_SPECIAL = re.compile(r"(\{(?:[0-9A-F]{2})+\}|\{\*\})")
# One sign that stands for anything, in patterns and in what is shown of them.
_ANYTHING = rb"[^\r\n]*"


class Turn(NamedTuple):
    """One turn of the source, and what must come of it.

    Attributes:
        endings: How its reports end, in order; the others are taken.
        reports: What must be handed in, each as the words that are looked at.
        answer: What must be answered, as a pattern; `shown` is the same for people.
    """

    line: int
    sent: bytes
    endings: tuple[str, ...]
    reports: tuple[dict[str, str], ...]
    answer: bytes
    shown: str

    @property
    def all_endings(self) -> tuple[str, ...]:
        """How each of its reports ends."""
        return (*self.endings, *("taken",) * (len(self.reports) - len(self.endings)))


class Conversation(NamedTuple):
    """A file of turns; from `cut_from` on they are cut off at each byte."""

    name: str
    about: str
    settings: dict[str, Any]
    secrets: tuple[str, ...]
    cut_from: int
    turns: tuple[Turn, ...]

    @property
    def sent(self) -> bytes:
        """All that the source sends."""
        return b"".join(turn.sent for turn in self.turns)

    @property
    def endings(self) -> list[str]:
        """How all reports end, in order."""
        return [ending for turn in self.turns for ending in turn.all_endings]


class BadConversation(Exception):
    """A file that is none, with its line."""


def read_conversations(folder: Path) -> list[Conversation]:
    """Read all files of a folder, by name; files that begin with a dot are left out.

    Raises:
        BadConversation: One of them is none.
    """
    return [
        read_conversation(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".")
    ]


def read_conversation(path: Path) -> Conversation:
    """Read one file. Raises `BadConversation`."""
    about: list[str] = []
    settings: dict[str, Any] = {}
    secrets: list[str] = []
    encoding, end = "utf-8", "\r"
    cut_last = False
    turns: list[Turn] = []
    for number, (mark, text) in _lines(path):
        try:
            match mark:
                case "#":
                    about.append(text)
                case "%":
                    word, _, rest = text.partition(" ")
                    match word:
                        case "set":
                            settings |= tomllib.loads(rest)
                        case "encoding":
                            encoding = rest
                        case "line":
                            end = ENDS[rest]
                        case "cut" if rest == "last":
                            cut_last = True
                        case "secret":
                            secrets.append(rest)
                        case _:
                            raise ValueError(f"there is no % {word}")
                case ">":
                    if not turns or turns[-1].shown or turns[-1].reports or turns[-1].endings:
                        turns.append(Turn(number, b"", (), (), b"", ""))
                    turns[-1] = turns[-1]._replace(sent=turns[-1].sent + _sent(text, encoding, end))
                case "" if turns and turns[-1].sent:
                    turns.append(Turn(number, b"", (), (), b"", ""))
                case "!" | "=" | "<":
                    turns[-1] = _with(turns[-1], mark, text, encoding, end)
        except (ValueError, KeyError, IndexError, LookupError) as error:
            raise BadConversation(f"{path.name}:{number}: {error}") from error
    said = tuple(turn for turn in turns if turn.sent)
    return Conversation(path.name, " ".join(about), settings, tuple(secrets), len(said) - 1 if cut_last else 0, said)


def differences(report: Report | Movement, wanted: dict[str, str]) -> list[str]:
    """Say where a report is not as it is wanted; each of the words that are looked at."""
    return [
        f"{name} is {found!r}, not {value!r}"
        for name, value in wanted.items()
        if (found := _word(getattr(report, name, None))) != value
    ]


def _lines(path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        mark, text = line[:1], line[2:]
        if mark not in ("", *"#%>!=<") or line[1:2] not in ("", " "):
            raise BadConversation(f"{path.name}:{number}: a line begins with one of # % > ! = < and a blank")
        yield number, (mark, text)


def _with(turn: Turn, mark: str, text: str, encoding: str, end: str) -> Turn:
    if not turn.sent:
        raise ValueError("nothing was sent before it")
    match mark:
        case "!":
            return turn._replace(endings=(*turn.endings, text))
        case "=":
            words = dict(_pair(word) for word in text.split("; "))
            unknown = set(words) - {*Report._fields, *Movement._fields}
            if unknown:
                raise ValueError(f"a report has no {', '.join(sorted(unknown))}")
            return turn._replace(reports=(*turn.reports, words))
        case _:
            return turn._replace(answer=turn.answer + _pattern(text, encoding, end), shown=turn.shown + f"< {text}\n")


def _pair(word: str) -> tuple[str, str]:
    name, colon, value = word.partition(":")
    if not colon:
        raise ValueError(f"{word} is not of the form NAME: VALUE")
    return name.strip(), value.strip()


def _ended(text: str, end: str) -> tuple[str, str]:
    return (text[:-2], "") if text.endswith("{}") else (text, end)


def _sent(text: str, encoding: str, end: str) -> bytes:
    if "{*}" in text:
        raise ValueError("{*} stands only in answers")
    text, end = _ended(text, end)
    return b"".join(_bytes(part, encoding) for part in (*_SPECIAL.split(text), end))


def _pattern(text: str, encoding: str, end: str) -> bytes:
    text, end = _ended(text, end)
    return b"".join(
        _ANYTHING if part == "{*}" else re.escape(_bytes(part, encoding)) for part in (*_SPECIAL.split(text), end)
    )


def _bytes(part: str, encoding: str) -> bytes:
    return bytes.fromhex(part[1:-1]) if _SPECIAL.fullmatch(part) else part.encode(encoding)


def _word(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(map(_word, value))
        case datetime():
            return value.isoformat()
        case None:
            return ""
    return str(value)
