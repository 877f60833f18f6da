"""What runs, live: who may watch, what a board is told, and that it is right again whatever was lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.conformance.device_pair import PATIENCE_S, Raw, make_device, take, until
from wardwire.client.device import Device
from wardwire.client.watching import View
from wardwire.devices import watching
from wardwire.devices.frames import RefusedFrame, Rows, Watch, Watched, encode
from wardwire.engine.upkeep import Alarm
from wardwire.flow.board import BoardRow
from wardwire.model import ids
from wardwire.model.errors import Refused
from wardwire.model.matrix import MATRIX, Action, Reach
from wardwire.model.policy import Step
from wardwire.model.priority import Priority
from wardwire.model.rights import ALARMS, CODE, READ, WATCH, AccessRole
from wardwire.ops.nats import NatsPair
from wardwire.testing.site import Site, open_site

LONG = timedelta(hours=2)


@pytest.fixture
async def site(database_url: str, nats_pair: NatsPair) -> AsyncIterator[Site]:
    """One core, with two units and a policy."""
    async with open_site(database_url, nats_pair.logins()) as site:
        await site.add_unit("4 West")
        await site.add_unit("4 East")
        await site.add_policy("Nurse call", Step(("person:Ben",), LONG))
        yield site


class House:
    """Anna pages, Ben answers, and a board hangs on the wall."""

    def __init__(self, site: Site, anna: Device, ben: Device, board: Device) -> None:
        self.site, self.anna, self.ben, self.board = site, anna, ben, board
        self.view = View()
        self.refused: list[Refused] = []

    def watch(self, place: str = "") -> None:
        """Begin a view."""

        def told(view: View, refused: Refused | None) -> None:
            if refused is not None:
                self.refused.append(refused)

        self.view = self.board.watch(place, told)

    async def alert(self, place: str = "unit:4 West", text: str = "K+ 6.9, bed 12", **fields: object) -> str:
        """Page by the policy."""
        stored = await self.anna.page((), text, policy="Nurse call", place=place, timeout_s=PATIENCE_S, **fields)
        return stored.message

    def row(self, message: str) -> BoardRow | None:
        """How an alert stands on the board."""
        return self.view.rows.get(message)


async def open_house(
    site: Site, stack: list[Device], *, scopes: Iterable[str] = (WATCH,), other: Site | None = None
) -> House:
    """Let them in."""
    people = {name: await site.add_person(name, scopes=[CODE]) for name in ("Anna", "Ben")}
    board = await site.add_person("Board 4 West", scopes=list(scopes))
    for person in (*people.values(), board):
        stack.append(make_device(await site.enrol(person)))
    if other is not None:
        await other.refresh()
    for device in stack:
        await device.connect()
    return House(site, stack[0], stack[1], stack[2])


@pytest.fixture
async def house(site: Site) -> AsyncIterator[House]:
    """Everybody is connected."""
    stack: list[Device] = []
    try:
        yield await open_house(site, stack)
    finally:
        for device in stack:
            await device.close()


async def test_a_board_follows_an_alert_to_its_end(house: House) -> None:
    """H220: nobody in the room knew which alerts ran and who had them. A board shows it, without what they say."""
    house.watch("unit:4 West")
    await until(lambda: house.view.whole)
    assert house.view.rows == {}
    message = await house.alert(subject="Mr. Sample, K+", priority=Priority.CODE, drill=True)
    await take(house.ben, 1)
    await until(lambda: (row := house.row(message)) is not None and row.cells and row.cells[0].letter == "D")
    row = house.row(message)
    assert row is not None
    assert row.next is not None
    assert (row.priority, row.state, row.title, row.unit, row.sender) == (
        "code", "running", "Nurse call", "4 West", "Anna",
    )  # fmt: skip
    assert ([cell.name for cell in row.cells], row.drill, row.subject, row.holders) == (["Ben"], True, "", [])
    assert row.next.what == "desk"
    assert b"Sample" not in encode(row)
    assert b"K+ 6.9" not in encode(row)  # of `6.9` alone a time may have it
    await house.ben.respond(message, "accept", timeout_s=PATIENCE_S)
    await until(lambda: (row := house.row(message)) is not None and row.state == "held")
    held = house.row(message)
    assert held is not None
    assert (held.holders, held.cells[0].letter) == (["Ben"], "A")
    await house.ben.respond(message, "done", timeout_s=PATIENCE_S)
    await until(lambda: message not in house.view.rows)
    assert house.view.gone == {message: "done"}
    assert house.view.whole


async def test_a_board_shows_its_place_and_the_whole_house_shows_all(house: House, site: Site) -> None:
    """H220: of another unit a board shows nothing; of the whole house it shows also what does not escalate."""
    west, east = await house.alert(), await house.alert("unit:4 East")
    simple = (await house.anna.page("Ben", "Please call me.", timeout_s=PATIENCE_S)).message
    house.watch("unit:4 West")
    await until(lambda: house.view.whole)
    assert list(house.view.rows) == [west]
    house.watch()
    await until(lambda: house.view.whole)
    assert set(house.view.rows) == {west, east, simple}
    await until(lambda: (row := house.row(simple)) is not None and row.cells[0].letter == "D")
    assert (house.view.rows[simple].title, house.view.rows[simple].state) == ("", "running")
    await house.anna.cancel(simple, timeout_s=PATIENCE_S)
    await until(lambda: simple not in house.view.rows)


async def test_who_may_watch_is_what_the_table_says(site: Site, house: House) -> None:
    """H140: by each access role: one's own unit, another's, and the whole house."""
    units = {row["name"]: row["id"] for row in await site.fetch("SELECT id, name FROM places")}
    row = MATRIX[Action.BOARD_WATCH]
    assert (row.operator, row.unit_manager, row.clinician) == (Reach.ANY, Reach.UNIT, Reach.NO)
    asked = (("unit:4 West", Reach.UNIT), ("unit:4 East", Reach.ANY), ("", Reach.ANY))
    for role in (None, *AccessRole):
        person = await site.add_person(f"Eva, {role}")
        if role is not None:
            async with site.pool.acquire() as connection:
                await connection.execute(
                    "INSERT INTO accounts (id, person_id, login, roles, units, made_at)"
                    " VALUES ($1, $2, $3, $4, $5, $6)",
                    uuid4(), person, str(role), [str(role)], [units["4 West"]], site.clock.now(),
                )  # fmt: skip
        reach = row.by(role or AccessRole.CLINICIAN)
        async with (raw := Raw(await site.enrol(person))).device:
            for nth, (place, needs) in enumerate(asked):
                raw.heard.clear()
                raw.say(encode(Watch(id=f"w{nth}", place=place)))
                if reach >= needs:
                    assert (await raw.answer(Rows)).id == f"w{nth}"
                else:
                    refused = await raw.answer(RefusedFrame)
                    assert (refused.id, refused.code) == (f"w{nth}", "not_permitted")


async def test_only_who_may_read_is_told_the_subject(site: Site) -> None:
    """H220: the sender's own words are for the operators' desk, not for a wall."""
    stack: list[Device] = []
    house = await open_house(site, stack, scopes=(WATCH, READ))
    message = await house.alert(subject="Potassium")
    house.watch()
    await until(lambda: house.view.whole)
    shown = house.row(message)
    assert shown is not None
    assert shown.subject == "Potassium"
    for device in stack:
        await device.close()


async def test_the_desk_is_told_that_alarms_have_changed(site: Site) -> None:
    """H261: raised, raised again, taken, over: the mark changes each time, for whoever may see alarms alone."""
    stack: list[Device] = []
    house = await open_house(site, stack, scopes=(WATCH, ALARMS))
    house.watch()
    await until(lambda: house.view.whole)
    seen = [house.view.frame.desk if house.view.frame else ""]
    assert seen[0]

    async def changed() -> None:
        await until(lambda: house.view.frame is not None and house.view.frame.desk not in ("", seen[-1]))
        assert house.view.frame is not None
        assert house.view.frame.desk not in seen
        seen.append(house.view.frame.desk)

    for _ in range(2):
        site.lanes.put(Alarm("feed", "lab", "The laboratory says nothing.", site.rules))
        await changed()
    async with site.pool.acquire() as connection:
        await connection.execute("UPDATE alarms SET taken_by = 'Dora', taken_at = now()")
    await changed()
    async with site.pool.acquire() as connection:
        await connection.execute("UPDATE alarms SET cleared_by = 'Dora', cleared_at = now()")
    await changed()
    # What came and went between two looks: whoever asked in between shows it, and must be told.
    async with site.pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO alarms (id, kind, subject, detail, raised_at, cleared_at)"
            " VALUES ($1, '', '', '', now(), now())",
            ids.new_id(site.clock.now()),
        )
    await changed()
    house.watch("unit:4 West")
    await until(lambda: house.view.whole)
    assert house.view.frame is not None
    assert house.view.frame.desk == ""
    for device in stack:
        await device.close()


@pytest.mark.parametrize("what", ["hole", "reconnect", "core"])
async def test_a_view_is_right_again_whatever_was_lost(house: House, site: Site, what: str) -> None:
    """H221: a lost frame, a lost connection, a core that has forgotten: the board asks anew, and shows what is so."""
    lose: list[bytes] = []

    def radio(payload: bytes) -> Iterable[bytes]:
        if lose == [b""] and b'"t":"rows"' in payload:
            lose.append(payload)
            return ()
        return (payload,)

    house.board._incoming = radio
    house.watch("unit:4 West")
    await until(lambda: house.view.whole)
    first = house.view.frame
    assert first is not None
    if what == "hole":
        lose.append(b"")
    elif what == "reconnect":
        house.board.reconnect()
    else:
        site.doorway.watching._watchers.clear()
    message = await house.alert()
    if what == "hole":
        await until(lambda: len(lose) == 2)
    if what != "reconnect":  # the next frame, or none for too long; without waiting for that
        house.board.view = house.view
        house.board._ask_view(house.view)
    await until(lambda: house.row(message) is not None and house.view.whole)
    assert house.view.frame is not None
    assert house.view.frame.id != first.id


async def test_a_hole_is_noticed_and_asked_about() -> None:
    """H221: a hole is asked about; a frame of a former view, or one that comes twice, is passed over."""
    view = View("unit:4 West")
    asked = view.ask(0.0)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    row = BoardRow(message="msg_1", priority="high", state="running", since=now)
    assert view.take(Rows(id=asked.id, n=1, time=now, rows=[row], whole=True, ack=True), 1.0) == Watched(asked.id, 1)
    assert view.take(Rows(id="w0", n=2, time=now), 2.0) is None
    assert view.take(Rows(id=asked.id, n=1, time=now), 2.0) is None
    again = view.take(Rows(id=asked.id, n=3, time=now), 3.0)
    assert isinstance(again, Watch)
    assert again.id != asked.id
    assert again.place == "unit:4 West"
    assert view.take(Rows(id=asked.id, n=2, time=now), 3.0) is None
    assert list(view.rows) == ["msg_1"]
    assert view.whole
    assert view.take(Rows(id=again.id, n=1, time=now, whole=True), 4.0) is None
    assert view.rows == {}
    assert not view.is_stale(19.0)
    assert view.is_stale(19.1)


async def test_a_slow_board_is_told_no_more_than_it_has_shown(
    house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H222: a screen that cannot follow costs no memory and loses nothing: it is told how things stand, later."""
    monkeypatch.setattr(watching, "PATIENCE_S", 600.0)
    async with (raw := Raw(await site.enrol(await site.add_person("Dora", scopes=[WATCH])))).device:
        raw.say(encode(Watch(id="w1", place="unit:4 West")))
        first = await raw.answer(Rows)
        assert (first.n, first.whole, first.ack) == (1, True, True)
        house.watch()
        messages = [await house.alert() for _ in range(3)]
        await until(lambda: house.view.whole and set(messages) <= set(house.view.rows))
        assert raw.all(Rows) == [first]
        await house.anna.cancel(messages[0], timeout_s=PATIENCE_S)
        await until(lambda: messages[0] not in house.view.rows)
        raw.say(encode(Watched(id="w1", n=1)))
        second = await raw.answer(Rows, 2)
        assert {row.message for row in second.rows} == set(messages[1:])
        assert second.gone == []


async def test_too_many_boards_are_told_to_ask_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """H222: the watchers of a core are bounded."""
    monkeypatch.setattr(watching, "MOST_WATCHERS", 0)
    house.watch()
    await until(lambda: any("overloaded" in error for error in house.board.errors))
    assert house.refused == []
    assert house.board.view is house.view


async def test_more_than_can_be_shown_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """H222: a board that cannot show all shows the worst, and says how many there are beyond."""
    monkeypatch.setattr(watching, "MOST_ROWS", 2)
    for _ in range(3):
        await house.alert(priority=Priority.MEDIUM)
    code = await house.alert(priority=Priority.CODE, force=True)
    house.watch("unit:4 West")
    await until(lambda: house.view.whole)
    assert code in house.view.rows
    assert (len(house.view.rows), house.view.more) == (2, 2)


async def test_whoever_may_no_longer_watch_sees_no_more(
    house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H223: a right that is taken away ends the view; a revoked board is told nothing more."""
    monkeypatch.setattr(watching, "RIGHTS_S", 0.0)
    house.watch("unit:4 West")
    await until(lambda: house.view.whole)
    person = ids.read_id(ids.PERSON, house.board.card.place.person)
    await site._change("UPDATE people SET scopes = '{}', version = $1 WHERE id = $2", person)
    await until(lambda: house.refused)
    assert house.refused[0].code == "not_permitted"
    assert house.board.view is None
    assert site.doorway.watching.watchers == 0


async def test_what_is_said_to_another_core_reaches_the_one_that_shows(
    database_url: str, nats_pair: NatsPair
) -> None:
    """H221: of several cores one shows a view; that it was shown may be said to any of them."""
    async with (
        open_site(database_url, nats_pair.logins()) as site,
        open_site(database_url, nats_pair.logins(), name="core-2") as other,
    ):
        await site.add_unit("4 West")
        await site.add_policy("Nurse call", Step(("person:Ben",), LONG))
        stack: list[Device] = []
        house = await open_house(site, stack, other=other)
        house.watch()
        await until(lambda: house.view.whole)
        for _nth in range(6):  # frames go to either of the two
            message = await house.alert()
            await until(lambda message=message: house.row(message) is not None)  # type: ignore[misc]
        cores = [one.doorway.watching for one in (site, other)]
        assert sorted(core.watchers for core in cores) == [0, 1]
        house.board.unwatch()
        await until(lambda: all(core.watchers == 0 for core in cores))
        for device in stack:
            await device.close()
