"""What clients and devices wrote down while faults happened: the evidence that `checker` judges.

Every client and every device keeps a file of its own, one JSON object a line, in the order in which it saw
things. A line is written out before the next thing is done, so that a killed client leaves all it knew. An
answer that did not come in time is *unknown*, never a failure.

Times are seconds of one machine's monotonic clock; only their differences mean something.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec


class Outcome(StrEnum):
    """What one try came to, as its client could tell."""

    OK = "ok"  # a message id was given back: it is stored
    REFUSED = "refused"  # a code was given back: this try kept nothing
    UNKNOWN = "unknown"  # no answer, or one that says so: to be repeated with the same identity


class Attempt(msgspec.Struct, frozen=True, kw_only=True, tag="attempt", tag_field="kind"):
    """A try begins. Written before the first byte is sent."""

    client: str
    n: int  # counts this client's tries, from 1
    source: str
    external_id: str
    digest: str
    t_inv: float
    op: str = "send"


class Operation(msgspec.Struct, frozen=True, kw_only=True, tag="operation", tag_field="kind"):
    """A try has ended, with what its client knows. `n` = 0: no `Attempt` was written for it."""

    client: str
    source: str
    external_id: str
    digest: str
    t_inv: float
    t_ret: float
    outcome: Outcome
    op: str = "send"
    n: int = 0
    message: str | None = None  # only and always with `ok`
    code: str | None = None  # of a refusal or an unknown, as answered


class Seen(msgspec.Struct, frozen=True, kw_only=True, tag="seen", tag_field="kind"):
    """A device received a numbered event. `shown`: the person now sees an item that was not there before."""

    device: str
    person: str
    epoch: int
    seq: int
    event: str
    message: str
    shown: bool
    t: float = 0.0


class Condensed(msgspec.Struct, frozen=True, kw_only=True, tag="condensed", tag_field="kind"):
    """A device was told that the events `first..last` come as the last one of each message only."""

    device: str
    first: int
    last: int


class Status(msgspec.Struct, frozen=True, kw_only=True, tag="status", tag_field="kind"):
    """A sender was shown the state of one message for one person."""

    client: str
    message: str
    person: str
    state: str


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag="answered", tag_field="kind"):
    """A person's answer to a message was acknowledged to their device, with the state that their delivery has now."""

    device: str
    person: str
    message: str
    state: str
    t_inv: float
    t_ret: float


class Died(msgspec.Struct, frozen=True, kw_only=True, tag="died", tag_field="kind"):
    """The harness killed this client: its last try may have no end, and counts as unknown."""

    client: str


Record = Attempt | Operation | Seen | Condensed | Status | Answered | Died

_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class Recorder:
    """Appends records to one file; a record is with the operating system when `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._encoder = msgspec.json.Encoder()

    def write(self, record: Record) -> None:
        """Append one record. Survives a SIGKILL of this process, not a power cut."""
        os.write(self._file, self._encoder.encode(record) + b"\n")

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_history(paths: Iterable[Path]) -> list[Record]:
    """Read files one after the other; the order within each is kept.

    A last line without its end is left out: its writer was killed in the middle of it.

    Raises:
        msgspec.MsgspecError: Any other line is not a record.
    """
    return [record for path in sorted(paths) for record in _read_file(path)]


def operations(records: Iterable[Record], op: str | None = None) -> Iterator[Operation]:
    """Pick the ended tries, of one kind of operation or of all."""
    return (r for r in records if isinstance(r, Operation) and (op is None or r.op == op))


def longest_gap_s(records: Iterable[Record]) -> float:
    """Return the longest time, in seconds, between two following *ok* answers; 0 with fewer than two."""
    times = sorted(o.t_ret for o in operations(records) if o.outcome is Outcome.OK)
    return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


def _read_file(path: Path) -> Iterator[Record]:
    lines = path.read_bytes().split(b"\n")
    lines.pop()  # empty after the last newline, or the torn line of a killed writer
    return (_decoder.decode(line) for line in lines)
