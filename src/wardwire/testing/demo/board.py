"""What there is to see of a running ward: rows, counts, latencies, a story. No I/O, no clock: it is told the time.

Times are monotonic seconds unless a name says otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wardwire.model.delivery import RESPONDED, State
from wardwire.model.priority import Priority

ROWS_MAX = 200
EARLY_MAX = 1_000
MINUTE_S = 60.0

# How far a delivery has come; what is told late never moves it back.
_FAR = {
    State.PENDING: 0,
    State.UNREACHABLE: 1,
    State.DELIVERED: 2,
    State.READ: 3,
    State.TAKEN: 3,
    **dict.fromkeys(RESPONDED, 4),
    State.CANCELLED: 5,
    State.CLEARED: 5,
    State.EXPIRED: 5,
    State.TAKEN: 3,
}


@dataclass(slots=True)
class Standing:
    """How a message stands with one person."""

    name: str
    state: State = State.PENDING
    response: str = ""


@dataclass(slots=True)
class Row:
    """One message as its sender sees it.

    Attributes:
        asks: An answer is wanted.
        yours: The person at the terminal answers it.
        known: It is stored, though no phone of ours has sent it.
        in_reach: A recipient's device was connected when it was sent, so that its way can be measured.
        stored_ms, delivered_ms: From the sending to the sender's knowing that.
    """

    sender: str
    to: str
    priority: Priority
    text: str
    sent_at: float
    asks: bool = False
    in_reach: bool = True
    chat: bool = False
    alarm: bool = False
    known: bool = False
    yours: bool = False
    message: str = ""
    stored_ms: float | None = None
    delivered_ms: float | None = None
    refused: str = ""
    ended: str = ""
    people: dict[str, Standing] = field(default_factory=dict)
    changed_at: float = 0.0


class Quantiles(NamedTuple):
    """Of the last minute, in milliseconds; None when there was nothing."""

    p50: float | None
    p99: float | None


class Told(NamedTuple):
    """A story, as GET /v1/messages/{id}/trace told it, and the row that it is about."""

    row: Row
    story: dict[str, Any]


class Question(NamedTuple):
    """What waits for the person at the terminal; `options` are shown as 1, 2, 3 …"""

    message: str
    row: Row
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Counted from the database, over this run: messages, and deliveries of them (message x person)."""

    stored: int = 0
    delivered: int = 0
    answered: int = 0
    escalated: int = 0
    technical_alarms: int = 0
    lost: int = 0


class Running(NamedTuple):
    """An escalation that is open, as the database has it.

    Attributes:
        due_in_s: Seconds until it goes on by itself.
        parts: Of a team: each part with how many are there and how many are needed.
    """

    message: str
    priority: Priority
    what: str
    place: str
    state: str
    step: int
    steps: int
    who: str
    due_in_s: float
    parts: tuple[tuple[str, int, int], ...] = ()


class Board:
    """Keeps what is shown. `finished` is called once for each message that came to its end.

    Attributes:
        all_ms: Every measured way from send to the first delivered receipt, of this run.
    """

    def __init__(self, finished: Callable[[Row], None] = lambda row: None) -> None:
        self._finished = finished
        self.rows: deque[Row] = deque(maxlen=ROWS_MAX)
        self._by_message: dict[str, Row] = {}
        self._early: dict[str, list[tuple[str, str, str, float]]] = {}
        self._over: set[str] = set()
        self._stored: deque[tuple[float, float]] = deque()
        self._delivered: deque[tuple[float, float]] = deque()
        self.all_ms: list[float] = []
        self.acknowledged: list[str] = []
        self.counts = Counts()
        self.told: Told | None = None
        self.questions: deque[Question] = deque()
        self.off: list[str] = []
        self.connected = 0
        self.emails = 0
        self.hold = False
        self.running: list[Running] = []
        self.note = ""

    # What happens ------------------------------------------------------------------------------------------------

    def sent(self, row: Row) -> Row:
        """A message is on its way to the core."""
        row.changed_at = row.sent_at
        if len(self.rows) == ROWS_MAX:
            gone = self.rows[0].message
            self._by_message.pop(gone, None)
            self._over.discard(gone)
        self.rows.append(row)
        return row

    def stored(self, row: Row, message: str, people: Iterable[tuple[str, str]], now: float) -> None:
        """The sender was told that it is stored: from here on nothing may lose it."""
        row.message = message
        row.stored_ms = (now - row.sent_at) * 1000
        row.changed_at = now
        row.people = {person: Standing(name) for person, name in people}
        self._stored.append((now, row.stored_ms))
        self.acknowledged.append(message)
        self._by_message[message] = row
        for early in self._early.pop(message, ()):
            self.status(message, *early)

    def alarm(self, row: Row, message: str, person: str, name: str, *, technical: bool = True) -> None:
        """A device was given what no phone has sent: a system's alarm, or a technical one at the desk."""
        self.sent(row)
        row.message, row.alarm, row.in_reach = message, technical, False
        row.known = True
        row.people = {person: Standing(name, State.DELIVERED)}
        self._by_message[message] = row

    def also(self, message: str, person: str, name: str) -> None:
        """A message has reached one more person: an escalation has called them."""
        row = self._by_message.get(message)
        if row is not None and person not in row.people:
            row.people[person] = Standing(name, State.DELIVERED)

    def settled(self, message: str) -> None:
        """Nothing is to be asked about it any more: it was answered elsewhere."""
        self.questions = deque(question for question in self.questions if question.message != message)

    def refused(self, row: Row, why: str) -> None:
        """Nothing was kept of it."""
        row.refused = why

    def status(self, message: str, person: str, state: str, response: str, at: float) -> None:
        """The sender was told how it stands; that may come before the sender knows its id."""
        row = self._by_message.get(message)
        if row is None:
            if len(self._early) < EARLY_MAX:
                self._early.setdefault(message, []).append((person, state, response, at))
            return
        standing = row.people.get(person)
        if standing is None:
            return
        new = State(state)
        back = standing.state is State.ACCEPTED and new is State.READ  # handed back
        if _FAR[new] < _FAR[standing.state] and not back:
            return
        standing.state, standing.response = new, response
        row.changed_at = max(at, row.changed_at)
        if row.delivered_ms is None and _FAR[new] in (2, 3, 4):
            row.delivered_ms = (at - row.sent_at) * 1000
            if row.in_reach:
                self._delivered.append((at, row.delivered_ms))
                self.all_ms.append(row.delivered_ms)

    def end(self, row: Row, word: str) -> None:
        """Its sender took it back, or its time ran out."""
        row.ended = word

    def finish(self, row: Row) -> None:
        """Nothing more is expected of it; said once."""
        key = row.message or str(id(row))
        if key not in self._over:
            self._over.add(key)
            self._finished(row)

    # What is seen ------------------------------------------------------------------------------------------------

    def find(self, message: str) -> Row | None:
        """Return the row of a message, while it is shown."""
        return self._by_message.get(message)

    def latest(self, count: int) -> list[Row]:
        """Return the newest rows, newest first."""
        return list(self.rows)[-count:][::-1] if count > 0 else []

    def stored_ms(self, now: float) -> Quantiles:
        """From send to the sender's knowing that it is stored."""
        return _quantiles(self._stored, now)

    def delivered_ms(self, now: float) -> Quantiles:
        """From send to the sender's knowing that the first device has it."""
        return _quantiles(self._delivered, now)


def _quantiles(measured: deque[tuple[float, float]], now: float) -> Quantiles:
    while measured and measured[0][0] < now - MINUTE_S:
        measured.popleft()
    values = [value for _, value in measured]
    return Quantiles(quantile(values, 0.5), quantile(values, 0.99))


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that this share of them does not exceed (nearest rank); None of none."""
    if not values:
        return None
    rank = max(0, -int(-share * len(values) // 1) - 1)
    return sorted(values)[min(rank, len(values) - 1)]


def worth(row: Row) -> int:
    """How much there is to be told of a message: 3 yours, 2 not straight, 1 an answer or an alarm, 0 else."""
    if row.yours:
        return 3
    crooked = any(s.state in (State.UNREACHABLE, State.EXPIRED, State.DECLINED) for s in row.people.values())
    if crooked or row.ended or row.priority is Priority.CODE:
        return 2
    return 1 if row.asks or row.alarm else 0


# Words -------------------------------------------------------------------------------------------------------------

_STATE_WORDS = {
    State.PENDING: "on its way to {}",
    State.UNREACHABLE: "nothing reached {}",
    State.DELIVERED: "on {}'s phone",
    State.READ: "read by {}",
    State.ACCEPTED: "accepted by {}",
    State.DECLINED: "declined by {}",
    State.TAKEN: "taken by another than {}",
    State.CANCELLED: "taken back from {}",
    State.CLEARED: "over before {} answered",
    State.EXPIRED: "expired before {} answered",
    State.TAKEN: "another one has it, not {}",
}
_GOOD = frozenset({State.ACCEPTED, State.ANSWERED})


class Standpoint(NamedTuple):
    """How a message stands, in words; `tone` is `good`, `bad`, `busy` or `plain`."""

    words: str
    tone: str


def describe(row: Row) -> Standpoint:
    """Say how a message stands."""
    if row.refused:
        return Standpoint(f"refused: {row.refused}", "bad")
    if row.stored_ms is None and not row.known:
        return Standpoint("being sent", "busy")
    if row.ended:
        return Standpoint(row.ended, "plain")
    standings = list(row.people.values())
    if len(standings) == 1:
        return _describe_one(standings[0])
    return _describe_many(standings)


def _describe_one(standing: Standing) -> Standpoint:
    state, name = standing.state, standing.name
    if state is State.ANSWERED:
        return Standpoint(f"{name}: {standing.response}", "good")
    words = _STATE_WORDS[state].format(name)
    if state in _GOOD:
        return Standpoint(words, "good")
    if state in (State.UNREACHABLE, State.EXPIRED, State.DECLINED):
        return Standpoint(words, "bad")
    return Standpoint(words, "busy" if state is State.PENDING else "plain")


def _describe_many(standings: Sequence[Standing]) -> Standpoint:
    has_it = [standing.name for standing in standings if standing.state is State.ACCEPTED]
    if len(has_it) == 1 and any(standing.state is State.TAKEN for standing in standings):
        return Standpoint(f"{has_it[0]} has it", "good")
    far = [_FAR[standing.state] for standing in standings]
    parts = [f"on {sum(f >= 2 for f in far)} of {len(far)} phones"]
    answered = [standing for standing in standings if standing.state in RESPONDED]
    accepted = sum(standing.state is State.ACCEPTED for standing in answered)
    if accepted:
        parts.append(f"{accepted} accepted")
    if len(answered) > accepted:
        parts.append(f"{len(answered) - accepted} answered")
    missed = sum(standing.state is State.UNREACHABLE for standing in standings)
    if missed:
        parts.append(f"{missed} not reached")
    return Standpoint(", ".join(parts), "good" if answered else "bad" if missed else "plain")
