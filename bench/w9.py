"""W9: search over 100,000 people, as somebody types, against plain PostgreSQL in the same run; and how long building
the index holds the event loop.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

import asyncpg

from bench.result import Report, Result
from wardwire.directory.finder import Finder
from wardwire.model import directory as merge
from wardwire.model import ids
from wardwire.model.details import Details
from wardwire.model.people import Directory, Person
from wardwire.model.words import words_of
from wardwire.ops.failure import StartFailed
from wardwire.ops.postgres import Postgres
from wardwire.ops.postgres_throwaway import throwaway_postgres
from wardwire.ops.roles import run_apart
from wardwire.store.directory import Changes

PEOPLE = 100_000
LIMIT = 20
NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)

_GIVEN = """
Anna Ben Carla David Elena Felix Grace Hannah Ivan Julia Karl Laura Maria Noah Olga Peter Quentin Rosa Samuel
Tara Umar Vera William Xenia Yusuf Zoe Chiara Dmitri Esther Fatima Giorgio Hiroshi Ingrid Jamal Katarzyna
Leonardo Mehmet Nikolai Oluwaseun Priya Rahel Siobhan Thomas Ursula Viktor Wanda Aleksandra Bartholomew
Christopher Dominique
"""
_ROOTS = """
Acker Baum Berg Blum Brand Brunn Castel Dahl Eber Eich Fels Finke Fried Garten Gold Gross Haber Hart Heiden
Hirsch Holz Kauf Kirch Klein Koval Kraus Lang Lauter Lieb Linden Lund Mayer Morgen Nov Okon Oster Petr Rosen
Sand Schul Silber Stein Stern Stoll Thor Urban Vogel Wald Weiss Winter Wolf Zeller Zimmer Ander Johan Erik
Magnus Fernand Rodrig Gonz
"""
_ENDS = """
er mann son berg bach feld thal hoff ski ova ov ez ini elli stein wald ing sen et eau kamp stad wick ton dorf
"""
_TITLES = ("day nurse", "night nurse", "cardiologist", "surgeon", "charge nurse", "radiologist", "porter", "midwife")

_SCHEMA = """
CREATE TABLE people (id uuid PRIMARY KEY, name text NOT NULL, title text NOT NULL, sort text COLLATE "C" NOT NULL);
CREATE TABLE words (word text COLLATE "C" NOT NULL, sort text COLLATE "C" NOT NULL, person uuid NOT NULL);
"""
_INDEXES = "CREATE INDEX ON words (word, sort, person); ANALYZE"
_TRIGRAMS = "CREATE EXTENSION pg_trgm; CREATE INDEX ON people USING gin (name gin_trgm_ops); ANALYZE"
_PREFIX = """
SELECT p.id, p.name, p.title FROM words w JOIN people p ON p.id = w.person
WHERE w.word >= $1 AND w.word < $2 ORDER BY w.word, w.sort LIMIT 20
"""
_FUZZY = """
SELECT id, name, title FROM people WHERE $1 <% name ORDER BY word_similarity($1, name) DESC, sort LIMIT 20
"""

Ask = Callable[[str], Awaitable[object]]


def run_w9(report: Report, *, full: bool) -> None:
    """Measure W9."""
    people = make_people(PEOPLE)
    finder, longest = asyncio.run(build(people))
    report.add(
        Result(
            "w9.block",
            "W9 longest CPU between two turns of the loop, index built",
            longest,
            "",
            2,
            False,
            "ms",
        )
    )
    with peer() as (server, fuzzy):
        run_apart(compare(report, finder, people, server.dsn(user="postgres"), fuzzy=fuzzy, turns=9 if full else 5))


def make_people(count: int) -> list[Person]:
    """Make up people; the same each time."""
    chance = random.Random(9)
    givens, roots, ends = _GIVEN.split(), _ROOTS.split(), _ENDS.split()
    made = []
    for nth in range(count):
        given, family = chance.choice(givens), chance.choice(roots) + chance.choice(ends)
        if chance.random() < 0.1:
            family += "-" + chance.choice(roots) + chance.choice(ends)
        details = Details(given=given, family=family, phones=(str(1_000_000 + nth),))
        name, title = f"{given} {family}", chance.choice(_TITLES)
        made.append(Person(id=ids.make_id((nth + 1).to_bytes(16, "big")), name=name, title=title, details=details))
    return made


async def build(people: Sequence[Person]) -> tuple[Finder, float]:
    """Build the index beside a task that wants its turn; returns how long it waited at most, in ms of CPU."""
    directory = Directory()
    merge.merge_people(directory, people)
    finder = Finder(lambda: directory, lambda: NOW)
    nothing: dict[str, Any] = {field.name: [] for field in fields(Changes)}
    finder.changed(Changes(**(nothing | {"version": 1, "people": list(people)})))
    # The collector's pauses are the process's, not the index's.
    gc.disable()
    waits: list[float] = []
    done = asyncio.Event()

    async def turn() -> None:
        before = time.thread_time()
        while not done.is_set():
            await asyncio.sleep(0)
            now = time.thread_time()
            waits.append(now - before)
            before = now

    turning = asyncio.create_task(turn())
    await finder.catch_up()
    done.set()
    await turning
    gc.enable()
    return finder, max(waits) * 1e3


@contextmanager
def peer() -> Iterator[tuple[Postgres, bool]]:
    """Start the floor: a PostgreSQL with pg_trgm where this machine has one; whether it has."""
    try:
        with throwaway_postgres(major=15, roles=False) as server:
            yield server, True
    except StartFailed:
        with throwaway_postgres(roles=False) as server:
            yield server, False


async def compare(
    report: Report, finder: Finder, people: Sequence[Person], dsn: str, *, fuzzy: bool, turns: int
) -> None:
    """Ask both the same, in turns."""
    chance = random.Random(10)
    connection = await asyncpg.connect(dsn)
    try:
        await fill(connection, people, fuzzy=fuzzy)
        prefix, slip = await connection.prepare(_PREFIX), await connection.prepare(_FUZZY) if fuzzy else None

        async def ours(query: str) -> object:
            return finder.find(query, LIMIT)

        async def begins(query: str) -> object:
            return await prefix.fetch(query, query + "\U0010ffff")

        words = [chance.choice(words_of(chance.choice(people).name)) for _ in range(400)]
        typed = [word[: chance.randint(2, 6)] for word in words]
        await take_turns(report, "prefix", "W9 prefix", typed, ours, begins, 1.0, turns)
        if slip is None:
            return
        asked = slip

        async def nearly(query: str) -> object:
            return await asked.fetch(query)

        mistyped = [mistype(word, chance) for word in words if len(word) > 4]
        await take_turns(report, "fuzzy", "W9 fuzzy", mistyped, ours, nearly, 0.2, turns)
    finally:
        await connection.close()


async def fill(connection: asyncpg.Connection, people: Sequence[Person], *, fuzzy: bool) -> None:
    """Put the same people into the floor, with the indexes that it needs."""
    await connection.execute(_SCHEMA)
    rows = [(p.id, p.name, p.title, f"{p.details.family} {p.details.given}".lower()) for p in people]
    await connection.copy_records_to_table("people", records=rows)
    words = [(word, sort, one) for one, name, _, sort in rows for word in words_of(name)]
    await connection.copy_records_to_table("words", records=words)
    await connection.execute(_INDEXES)
    if fuzzy:
        await connection.execute(_TRIGRAMS)


def mistype(word: str, chance: random.Random) -> str:
    """Let a finger slip once."""
    at = chance.randrange(1, len(word) - 1)
    match chance.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + chance.choice("aeiourstn") + word[at:]
        case 2:
            return word[:at] + chance.choice("aeiourstn") + word[at + 1 :]
        case _:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


async def take_turns(
    report: Report, id: str, title: str, queries: Sequence[str], ours: Ask, floor: Ask, goal: float, turns: int
) -> None:
    """Ask all queries of the one, then of the other, again and again; the result is the median of the ratios."""
    found: dict[str, list[list[float]]] = {"ours": [], "floor": []}
    for nth in range(turns + 1):
        for name, ask in (("ours", ours), ("floor", floor)):
            took = [await clocked(ask, query) for query in queries]
            if nth:  # the first turn is for the caches
                found[name].append(took)
    for part, of in (("", median), (".p99", lambda took: quantiles(took, n=100)[98])):
        ratios = [of(one) / of(other) for one, other in zip(found["ours"], found["floor"], strict=True)]
        text = f"{title}, {'p99' if part else 'median'}"
        report.add(Result(f"w9.{id}{part}", text, median(ratios), "plain PostgreSQL", goal, False))
    for name, each in found.items():
        p50, p99 = median(median(one) for one in each), median(quantiles(one, n=100)[98] for one in each)
        report.note(f"{title}, {name}", {"p50 ms": p50 * 1e3, "p99 ms": p99 * 1e3})


async def clocked(ask: Ask, query: str) -> float:
    """Return how long one answer took."""
    began = time.perf_counter()
    await ask(query)
    return time.perf_counter() - began
