"""An auditor that trusts nobody: it reads by itself, and finds what would have been silence."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.engines import FreshDatabase
from wardwire.engine.auditor import Auditor, Report, decode_report
from wardwire.model import ids
from wardwire.model.conservation import Balance
from wardwire.model.delivery import Event
from wardwire.model.places import PlaceKind
from wardwire.model.policy import Step
from wardwire.store.conservation import LeftOpen, SignedReport, keep_report, leave_open, list_reports
from wardwire.testing.ward import Ward

KEY = Ed25519PrivateKey.generate()
SCHEMA = {"search_path": "wardwire"}


class Files(list[SignedReport]):
    """Where its reports go."""

    async def __call__(self, report: SignedReport) -> None:
        self.append(report)

    @property
    def last(self) -> Report:
        """What the last one says."""
        return decode_report(self[-1].content)


@pytest.fixture
def files() -> Files:
    """Nothing yet."""
    return Files()


@pytest.fixture
async def auditor(ward: Ward, fresh_database: FreshDatabase, files: Files) -> AsyncIterator[Auditor]:
    """One with a connection that can only read."""
    made = make_auditor(ward, fresh_database, files)
    yield made
    await made.close()


def make_auditor(ward: Ward, database: FreshDatabase, files: Files) -> Auditor:
    """One more."""

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(database.logins.readonly, server_settings=SCHEMA)

    async def leave(left: LeftOpen) -> None:
        sealer = await asyncpg.connect(database.logins.sealer, server_settings=SCHEMA)
        await leave_open(sealer, left, ward.clock.now())
        await sealer.close()

    return Auditor(
        connect=connect, clock=ward.clock, writer=ward.lanes, rules=ward.rules, file=files, leave=leave, key=KEY,
        node="core-1",
    )  # fmt: skip


async def harm(database: FreshDatabase, statement: str) -> None:
    """Do by hand what no core can."""
    owner = await asyncpg.connect(database.logins.owner, server_settings=SCHEMA)
    await owner.execute(statement)
    await owner.close()


async def alarms(ward: Ward) -> list[tuple[str, str]]:
    """Subject and text of what the auditor has raised."""
    await ward.settle()
    rows = await ward.connection.fetch("SELECT subject, detail FROM alarms WHERE kind = 'conservation' ORDER BY id")
    return [tuple(row) for row in rows]


async def test_the_law_holds_through_the_life_of_messages(ward: Ward, auditor: Auditor, files: Files) -> None:
    """H36: stored, confirmed, ended, unreached: each is counted, and nobody is called."""
    first = await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    second = await ward.send(ward.anna, ["Dr. Okafor"], priority="low")
    await ward.send(ward.ben, ["Anna"], priority="low")
    await auditor.round()
    assert auditor.books.total() == Balance()  # commits of this moment may still be under way
    await ward.pass_time(seconds=11)
    await auditor.round()
    assert auditor.books.total() == Balance(stored=3, armed=3)
    await ward.say(ward.chen, first, Event.CONFIRMED)
    await ward.cancel(ward.caller(ward.anna), second)
    await auditor.round()
    assert auditor.books.total() == Balance(stored=3, delivered=1, ended=1, armed=1)
    await ward.pass_time(minutes=10)
    await auditor.round()
    assert (auditor.books.lost, auditor.holds, await alarms(ward)) == (0, True, [])
    assert files.last.holds


async def test_a_deadline_that_was_taken_away_calls_a_person(
    ward: Ward, auditor: Auditor, files: Files, fresh_database: FreshDatabase
) -> None:
    """H36: harmed by hand, found by the next look; named once, at the desk, and in a report at once."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    await ward.pass_time(seconds=11)
    await auditor.round()
    await harm(fresh_database, "DELETE FROM deadlines")
    await auditor.round()
    await auditor.round()
    ((subject, text),) = await alarms(ward)
    assert subject == stored.message
    assert stored.message in text
    assert "new" in ward.events(ward.dora)
    assert (files.last.holds, files.last.difference) == (False, [stored.message])


async def test_a_loss_of_yesterday_is_found_after_a_start(
    ward: Ward, auditor: Auditor, fresh_database: FreshDatabase
) -> None:
    """What was harmed while no auditor was there is found by the first look of the next one."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    await harm(fresh_database, "DELETE FROM deadlines")
    ward.clock.advance(timedelta(hours=20))
    await auditor.round()
    assert [subject for subject, _ in await alarms(ward)] == [stored.message]


async def test_a_later_step_is_counted_and_one_that_cannot_come_calls_a_person(
    ward: Ward, auditor: Auditor, fresh_database: FreshDatabase
) -> None:
    """H36: recipients who are called long after the message was counted; and an alert whose next look is gone."""
    await ward.add_policy("Bed alarms", Step(("Anna",), timedelta(seconds=30)), Step(("Ben",), timedelta(minutes=30)))
    unit = await ward.add_place(PlaceKind.UNIT, "4 West", policy="Bed alarms")
    bed = await ward.add_place(PlaceKind.BED, "4W-12", inside=unit)
    taken = await ward.report("4711", bed=ids.write_id(ids.PLACE, bed))
    assert taken.message_id is not None
    await ward.pass_time(seconds=11)
    await auditor.round()
    assert auditor.books.units["4 West"].stored == 1
    await ward.pass_time(seconds=25)
    await auditor.round()
    assert (auditor.books.units["4 West"].stored, auditor.holds) == (2, True)
    await harm(fresh_database, "DELETE FROM deadlines WHERE kind = 'escalate'")
    await auditor.round()
    assert not auditor.holds
    assert [subject for subject, _ in await alarms(ward)] == [ids.write_id(ids.MESSAGE, taken.message_id)]


async def test_drills_are_counted_apart(ward: Ward, auditor: Auditor) -> None:
    """Never as real."""
    await ward.add_policy("Team", Step(("Anna",), timedelta(minutes=30)))
    await ward.send(ward.dora, [], policy="Team", drill=True)
    await ward.pass_time(seconds=11)
    await auditor.round()
    assert (auditor.books.tests.stored, auditor.books.units.get("", Balance()).stored) == (1, 0)


async def test_a_message_for_nobody_is_found(
    ward: Ward, auditor: Auditor, files: Files, fresh_database: FreshDatabase
) -> None:
    """Its delivery is gone, and nothing else will ever happen to it."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    await harm(fresh_database, "DELETE FROM deliveries")
    await ward.pass_time(seconds=11)
    await auditor.round()
    assert [subject for subject, _ in await alarms(ward)] == [stored.message]
    assert files.last.difference == [stored.message]


async def test_a_commit_that_was_held_up_is_not_overlooked(
    ward: Ward, auditor: Auditor, fresh_database: FreshDatabase
) -> None:
    """H36: a commit may wait for its standby, and be seen minutes after its message's id was made."""
    await auditor.round()
    held_up = await asyncpg.connect(fresh_database.logins.owner, server_settings=SCHEMA)
    transaction = held_up.transaction()
    await transaction.start()
    message_id = ids.new_id(ward.clock.now())
    await held_up.execute(
        "INSERT INTO messages (id, thread_id, kind, priority, source, external_id, content, stored_at)"
        " VALUES ($1, $1, 'alert', 'high', 'test', '1', '{}', $2)",
        message_id, ward.clock.now(),
    )  # fmt: skip
    for _ in range(12):
        await ward.pass_time(seconds=5)
        await auditor.round()
    assert auditor.behind_s > 60
    await transaction.commit()
    await auditor.round()
    assert [subject for subject, _ in await alarms(ward)] == [ids.write_id(ids.MESSAGE, message_id)]
    assert auditor.behind_s < 20
    await held_up.close()


async def test_an_alarm_that_could_not_be_kept_is_raised_again(
    ward: Ward, auditor: Auditor, fresh_database: FreshDatabase
) -> None:
    """The difference is not taken for told because the database was away in that moment."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    await ward.pass_time(seconds=11)
    await harm(fresh_database, "DELETE FROM deliveries; ALTER TABLE alarms RENAME TO alarms_away")
    await auditor.round()
    await ward.quiet()
    await harm(fresh_database, "ALTER TABLE alarms_away RENAME TO alarms")
    await auditor.round()
    assert [subject for subject, _ in await alarms(ward)] == [stored.message]


async def test_a_deadline_lost_before_a_long_stop_is_found_after_it(
    ward: Ward, auditor: Auditor, files: Files, fresh_database: FreshDatabase
) -> None:
    """H36: what was open when an auditor last looked is looked at again, however long ago that was."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    await ward.pass_time(seconds=61)
    await auditor.round()
    await harm(fresh_database, "DELETE FROM deadlines")
    ward.clock.advance(timedelta(hours=60))
    late = await ward.send(ward.ben, ["Anna"])
    ward.clock.advance(timedelta(hours=12))  # and one that no auditor has ever counted
    after = make_auditor(ward, fresh_database, files)
    await after.round()
    await after.close()
    assert [subject for subject, _ in await alarms(ward)] == [stored.message]
    assert late.message not in files.last.difference
    assert files.last.since < ward.clock.now() - timedelta(hours=70)


async def test_where_no_auditor_ever_was_everything_that_is_open_is_looked_at(
    ward: Ward, auditor: Auditor, fresh_database: FreshDatabase
) -> None:
    """H36: the first one of a site finds what was lost long before."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    await harm(fresh_database, "DELETE FROM deadlines")
    ward.clock.advance(timedelta(hours=60))
    await auditor.round()
    assert [subject for subject, _ in await alarms(ward)] == [stored.message]


async def test_the_alarm_is_over_when_the_law_holds_again(
    ward: Ward, auditor: Auditor, fresh_database: FreshDatabase
) -> None:
    """H36: the phone has confirmed it after all. Lost once more, it is told once more."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    await ward.pass_time(seconds=11)
    await auditor.round()
    for _ in range(2):
        mine = f"WHERE message_id = '{ids.read_id(ids.MESSAGE, stored.message)}'"
        await harm(
            fresh_database,
            f"CREATE TABLE kept AS SELECT * FROM deadlines {mine}; DELETE FROM deadlines {mine}",
        )
        await auditor.round()
        await ward.settle()
        assert [kind for kind, _ in await ward.alarms()] == ["conservation"]
        await harm(fresh_database, "INSERT INTO deadlines SELECT * FROM kept; DROP TABLE kept")
        await auditor.round()
        await ward.settle()
        assert await ward.alarms() == []
    assert [subject for subject, _ in await alarms(ward)] == [stored.message] * 2


async def test_the_alarm_about_a_message_for_nobody_stays(
    ward: Ward, auditor: Auditor, fresh_database: FreshDatabase
) -> None:
    """H36: no day's end and no restart makes it good; a person clears it."""
    await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    await harm(fresh_database, "DELETE FROM deliveries")
    await ward.pass_time(seconds=11)
    await auditor.round()
    ward.clock.advance(timedelta(hours=30))
    for one in (auditor, make_auditor(ward, fresh_database, Files())):
        await one.round()
        await one.close()
    await ward.settle()
    assert [kind for kind, _ in await ward.alarms()] == ["conservation"]


async def test_the_books_are_signed_kept_and_closed_each_day(
    ward: Ward, auditor: Auditor, files: Files, fresh_database: FreshDatabase
) -> None:
    """Whoever has the public key can tell that nobody has touched them; a core cannot change a kept one."""
    await auditor.round()
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority="low")
    await ward.say(ward.chen, stored, Event.CONFIRMED)  # or the desk is asked about it all day long
    await ward.pass_time(hours=24)
    await auditor.round()
    await auditor.round()
    days = [report.day for report in files]
    assert days == [days[0], days[0], days[0] + timedelta(days=1)]
    KEY.public_key().verify(files[1].signature, files[1].content)
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(files[1].signature, files[1].content + b" ")
    sealer = await asyncpg.connect(fresh_database.logins.sealer, server_settings=SCHEMA)
    for report in files:
        await keep_report(sealer, report)
    await sealer.close()
    assert await list_reports(ward.connection, days[0]) == [files[1]]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ward.connection.execute("UPDATE audit_reports SET content = ''")


def test_it_shares_no_word_with_the_writers() -> None:
    """Its states, kinds and questions are its own: a fault of theirs is not repeated here."""
    for path in ("src/wardwire/model/conservation.py", "src/wardwire/store/conservation.py"):
        tree = ast.parse(Path(path).read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        ours = {module for module in imported if module and module.startswith("wardwire")}
        assert ours <= {"wardwire.model.conservation", "wardwire.store.queries"}
