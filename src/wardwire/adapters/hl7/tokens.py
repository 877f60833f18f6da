"""HL7 v2 messages as segments, fields, components: cut, never judged. Whatever the bytes are, nothing is raised but
`NotHl7`, and what is not there reads as "".

Numbers are those of the standard, from 1; MSH-1 is the field separator itself. Source: HL7 v2.6 chapter 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SEGMENTS_MAX = 10_000
_LINES = re.compile("\r\n|\r|\n")

# Table 0211, and how devices write it.
_CHARSETS = {
    "": "ascii",
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "GB 18030-2000": "gb18030",
    "ISO IR87": "iso2022_jp",
    **{f"8859/{n}": f"iso8859-{n}" for n in (*range(1, 12), 13, 14, 15)},
}


class NotHl7(Exception):
    """The bytes do not begin with a header: nobody knows whom to answer."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The five characters that a message says it is written with."""

    field: str = "|"
    component: str = "^"
    repeat: str = "~"
    escape: str = "\\"
    sub: str = "&"


class Segment:
    """One segment; its fields are cut when they are asked for."""

    __slots__ = ("_fields", "_first", "_marks", "name", "text")

    def __init__(self, text: str, marks: Marks) -> None:
        self.text = text
        self._marks = marks
        self.name = text[:3]
        self._first = 1 if self.name == "MSH" else 0  # MSH-1 is the separator itself, and no piece between two
        self._fields: list[str] | None = None

    def field(self, number: int) -> str:
        """Return a field as it stands, with its marks; "" when it is not there."""
        fields = self._fields
        if fields is None:
            fields = self._fields = self.text.split(self._marks.field)
        at = number - self._first
        if 0 < at < len(fields):
            return fields[at]
        return self._marks.field if self._first and number == 1 else ""

    def repeats(self, number: int) -> list[str]:
        """Return the repetitions of a field as they stand; [] of an empty one."""
        text = self.field(number)
        return text.split(self._marks.repeat) if text else []

    def get(self, number: int, component: int = 1, sub: int = 1) -> str:
        """Return one value of a field's first repetition, its escapes read; "" when it is not there."""
        text = self.field(number)
        if not text:
            return ""
        marks = self._marks
        if marks.repeat in text:
            text = text.partition(marks.repeat)[0]
        if component != 1 or marks.component in text:
            text = part_of(text, marks.component, component)
        if sub != 1 or marks.sub in text:
            text = part_of(text, marks.sub, sub)
        return read_escapes(text, marks) if marks.escape in text else text

    def value(self, number: int) -> str:
        """Return a whole field as text, its escapes read: of what is free text and may hold other marks."""
        return read_escapes(self.field(number), self._marks)


class Message:
    """A message that has a header.

    Attributes:
        charset: Of its bytes, as Python names it.
        guessed: It was not written in the character set that it names.
        cut: It has more segments than are read.
    """

    __slots__ = ("charset", "cut", "guessed", "marks", "msh", "segments")

    def __init__(
        self, segments: list[Segment], marks: Marks, *, charset: str, guessed: bool, cut: bool = False
    ) -> None:
        self.segments = segments
        self.marks = marks
        self.msh = segments[0]
        self.charset = charset
        self.guessed = guessed
        self.cut = cut

    def first(self, name: str) -> Segment:
        """Return the first segment of a name; an empty one when there is none."""
        return next((segment for segment in self.segments if segment.name == name), Segment("", self.marks))

    def all(self, name: str) -> list[Segment]:
        """Return all segments of a name."""
        return [segment for segment in self.segments if segment.name == name]

    @property
    def kind(self) -> str:
        """MSH-9 as `ORU^R40`; an event that is left out may stand in the structure, `ORU^^ORU_R40`."""
        kind, event = self.msh.get(9), self.msh.get(9, 2)
        return f"{kind}^{event or self.msh.get(9, 3).removeprefix(f'{kind}_')}"


def part_of(text: str, mark: str, number: int) -> str:
    """Return the n-th part of a text, from 1; "" when there are fewer."""
    if number == 1:
        return text.partition(mark)[0]
    parts = text.split(mark, number)
    return parts[number - 1] if number <= len(parts) else ""


def read_escapes(text: str, marks: Marks) -> str:
    """Read what stands for a mark, a line break, or bytes in hex; what is unknown stays as it is (v2.6 §2.7)."""
    if marks.escape not in text:
        return text
    parts = text.split(marks.escape)
    # Between every two escape characters stands a sequence; an odd one at the end is a plain character.
    read = [parts[0]]
    for nth in range(1, len(parts), 2):
        if nth + 1 == len(parts):
            read.append(marks.escape + parts[nth])
            break
        read.append(_read_sequence(parts[nth], marks) + parts[nth + 1])
    return "".join(read)


def _read_sequence(sequence: str, marks: Marks) -> str:
    known = {
        "F": marks.field, "S": marks.component, "T": marks.sub, "R": marks.repeat, "E": marks.escape,
        ".br": "\n", "H": "", "N": "",
    }  # fmt: skip
    if sequence in known:
        return known[sequence]
    if sequence[:1] == "X":
        try:
            return bytes.fromhex(sequence[1:]).decode("latin-1")
        except ValueError:
            pass
    return f"{marks.escape}{sequence}{marks.escape}"


def write_text(text: str, marks: Marks) -> str:
    """Write a text so that no mark in it is taken for one."""
    letters = {marks.escape: "E", marks.field: "F", marks.component: "S", marks.sub: "T", marks.repeat: "R"}
    written = [f"{marks.escape}{letters[char]}{marks.escape}" if char in letters else char for char in text]
    return f"{marks.escape}.br{marks.escape}".join(_LINES.split("".join(written)))


def parse(data: bytes, *, charset: str = "utf-8") -> Message:
    """Cut a message.

    Args:
        charset: Of messages that name none and hold more than ASCII.

    Raises:
        NotHl7: It has no header.
    """
    text, used, guessed = _decode(data, charset)
    text = text.lstrip("\r\n \t\ufeff")
    if text[:3] != "MSH" or len(text) < 8 or text[3].isalnum() or text[3].isspace():
        raise NotHl7
    field = text[3]
    written = text[4:].partition(field)[0]
    if not written or len(written) > 5 or len({field, *written}) != len(written) + 1:
        raise NotHl7
    usual = Marks()
    all_four = written + "^~\\&"[len(written) :]
    marks = Marks(field, *all_four[:4]) if (field, written[:4]) != ("|", "^~\\&") else usual
    lines = _LINES.split(text, SEGMENTS_MAX)
    cut = len(lines) > SEGMENTS_MAX and bool(lines[-1].strip())
    segments = [Segment(line, marks) for line in lines[:SEGMENTS_MAX] if line.strip()]
    return Message(segments, marks, charset=used, guessed=guessed, cut=cut)


def _decode(data: bytes, default: str) -> tuple[str, str, bool]:
    """Decode as MSH-18 says, else as the endpoint is set, else as cp1252, which reads anything."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace"), "utf-16", False
    header = re.split(rb"[\r\n]", data.lstrip(b"\r\n \t"), maxsplit=1)[0]
    fields = header.split(header[3:4]) if len(header) > 4 else []
    named = fields[17].split(b"~")[0].decode("ascii", "replace").strip().upper() if len(fields) > 17 else ""
    known = _CHARSETS.get(named, default)
    if known == "utf-16" and fields:
        known = default  # its header could be read byte by byte, so it is none
    for nth, candidate in enumerate((known, default, "utf-8")):
        try:
            return data.decode(candidate), candidate, nth > 0 and named != ""
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", "replace"), "cp1252", True
