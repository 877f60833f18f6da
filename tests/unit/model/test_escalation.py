"""The life of an escalation: what follows from what, to the second."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.model.samples import ANNA, BEN, CHEN, DORA, EVA, OKAFOR, T0
from wardwire.model import ids
from wardwire.model.alert import (
    AGAIN,
    SETTLED_AFTER,
    UNANSWERED,
    Alarm,
    Call,
    Called,
    Circumstances,
    Command,
    Decided,
    Escalation,
    Event,
    Free,
    Over,
    Page,
    Record,
    Ring,
    Silence,
    State,
    Tell,
)  # fmt: skip
from wardwire.model.delivery import Delivery, Happened
from wardwire.model.delivery import Event as Said
from wardwire.model.delivery import State as Stands
from wardwire.model.delivery import step as deliver
from wardwire.model.escalation import TRANSITIONS, begin, fold, next_due, step
from wardwire.model.message import Offered
from wardwire.model.policy import Answer, Ends, Policy, Quorum, Step
from wardwire.model.priority import Kind, Priority
from wardwire.model.promise import promise_escalation
from wardwire.model.simulation import Ahead
from wardwire.testing.nights import simulate

S = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ROLE = UUID(int=0x200)
MESSAGE = UUID(int=0x700)
# Who holds the role after a hand-over.
HOLDERS: tuple[Called, ...] = ()
PEOPLE = {"Anna": ANNA, "Ben": BEN, "Chen": CHEN, "Okafor": OKAFOR, "Dora": DORA, "Eva": EVA, "desk": DORA}


def whom(target: str, _: Step) -> Call:
    """`Anna+Ben` means both; `nobody` nobody; `off Anna` is useless to wait for; `role Anna` is a role's holder."""
    if target == "nobody":
        return Call(target, empty="group_empty")
    if target == ids.write_id(ids.ROLE, ROLE):  # at the hand-over: by its id
        return Call(target, HOLDERS, ROLE)
    absent = "status_off" if target.startswith("off ") else ""
    names = target.removeprefix("off ").removeprefix("role ").split("+")
    people = tuple(Called(PEOPLE[name], "named", absent) for name in names)
    return Call(target, people, ROLE if target.startswith("role ") else None)


class Night:
    """One alert with its deliveries, moved by hand."""

    def __init__(self, *steps: Step, named: tuple[Called, ...] = (), **policy: Any) -> None:
        self.now = T0
        self.deliveries: dict[UUID, Delivery] = {}
        fresh = Escalation(
            MESSAGE, 1, State.RUNNING, Policy(UUID(int=9), "p", 1, steps, **policy), Priority.HIGH, T0, T0
        )
        self.turned: dict[UUID, UUID] = {}
        self.log: list[tuple[float, Command]] = []
        self.alarmed = False
        self._take(begin(fresh, whom, T0, named))

    def _take(self, decided: Decided) -> None:
        self.escalation = decided.escalation
        for command in decided.commands:
            self.log.append(((self.now - T0).total_seconds(), command))
            match command:
                case Alarm(kind) if kind == UNANSWERED:
                    self.alarmed = True
                case Over():
                    self.alarmed = False
                case Page(person):
                    self.deliveries[person] = Delivery(
                        MESSAGE, person, 1, Stands.PENDING, 0, (), Kind.ALERT, Priority.HIGH, None,
                        Offered(accept_decline=True), escalates=1,
                    )  # fmt: skip
                case Ring(person):
                    self.say(person, Said.RING)
                case Free(person):
                    self.say(person, Said.TAKE)
                case Silence(holders):
                    for person in self.deliveries:
                        if person not in holders:
                            self.say(person, Said.TAKE)

    def say(self, person: UUID, said: Said) -> None:
        self.deliveries[person] = deliver(self.deliveries[person], Happened(said), self.now).delivery

    def look(self, ended: str = "") -> None:
        given = Circumstances(self.deliveries, whom, self.turned, ended, alarmed=self.alarmed)
        self._take(fold(self.escalation, given, self.now))

    def hear(self, person: UUID, said: Said, *, at: float) -> None:
        """Let time pass up to `at`, and somebody say something then."""
        self.until(at)
        self.say(person, said)
        self.look()

    def until(self, at: float) -> None:
        """Let time pass, looking whenever it is due."""
        end = T0 + timedelta(seconds=at)
        while (due := next_due(self.escalation, self.now, None)) is not None and due <= end:
            self.now = due
            self.look()
        self.now = end

    def did(self, *kinds: type[Command]) -> list[tuple[float, Any]]:
        """What was commanded, and when."""
        return [(at, c) for at, c in self.log if isinstance(c, kinds or (Page, Ring, Alarm))]

    def called(self) -> list[tuple[float, UUID]]:
        return [(at, c.person_id) for at, c in self.did(Page, Ring)]

    def alarms(self) -> list[float]:
        return [at for at, _ in self.did(Alarm)]


def one(*targets: str, wait: timedelta = MINUTE, **fields: Any) -> Step:
    """A step."""
    return Step(targets, wait, **fields)


def test_silence_goes_from_step_to_step_and_ends_at_the_desk() -> None:
    """The end of a policy is never empty. One alarm asks; cleared though nobody answers, it is raised anew."""
    night = Night(one("Anna", wait=2 * MINUTE), one("Ben"))
    night.until(600)
    assert night.called() == [(0, ANNA), (120, BEN)]
    assert night.alarms() == [180]
    assert night.escalation.state is State.EXHAUSTED
    night.alarmed = False
    night.until(900)
    assert night.alarms() == [180, 180 + 4 * AGAIN.total_seconds()]


def test_the_desk_is_asked_no_more_when_somebody_has_it_or_it_is_over() -> None:
    """Somebody accepts at last, hands it back, and nobody answers again: another alarm. Then its source ends it."""
    night = Night(one("Anna"))
    night.hear(ANNA, Said.ACCEPT, at=100)
    assert [(at, over.why) for at, over in night.did(Over)] == [(100, "answered")]
    night.hear(ANNA, Said.HAND_BACK, at=200)
    night.until(300)
    assert night.alarms() == [60, 200]
    night.look("cleared")
    assert [(at, over.why) for at, over in night.did(Over)] == [(100, "answered"), (300, "cleared")]


def test_an_empty_step_is_skipped_at_once_with_its_reason() -> None:
    """Nobody is a black hole; and whoever is off gets it silently."""
    night = Night(one("nobody"), one("off Anna"), one("Ben"))
    assert night.called() == [(0, ANNA), (0, BEN)]
    bodies = [record.body for _, record in night.did(Record)]
    assert [body["empty"] for body in bodies[:2]] == [{"nobody": "group_empty"}, {"off Anna": "status_off"}]


def test_a_policy_that_finds_nobody_at_all_tells_the_desk_at_once() -> None:
    """Even if it would go round."""
    night = Night(one("nobody"), one("nobody"), loops=20)
    assert (night.called(), night.alarms()) == ([], [0])


def test_a_decline_goes_on_at_once_when_nobody_else_of_the_step_is_left() -> None:
    """Not after the wait."""
    night = Night(one("Anna+Ben"), one("Chen"))
    night.hear(ANNA, Said.DECLINE, at=5)
    assert CHEN not in night.deliveries
    night.hear(BEN, Said.DECLINE, at=7)
    assert night.called()[-1] == (7, CHEN)


def test_whoever_cannot_be_reached_is_not_waited_for() -> None:
    """Unreachable is like a decline, except that a device that comes back still counts."""
    night = Night(one("Anna"), one("Chen"))
    night.deliveries[ANNA] = replace(night.deliveries[ANNA], state=Stands.UNREACHABLE)
    night.now += 10 * S
    night.look()
    assert night.called()[-1] == (10, CHEN)
    night.hear(ANNA, Said.ACCEPT, at=12)
    assert (night.escalation.state, night.escalation.holders) == (State.HELD, (ANNA,))


def test_an_answer_silences_the_others_and_names_the_holder() -> None:
    """Also those of earlier steps."""
    night = Night(one("Anna"), one("Ben+Chen"))
    night.hear(BEN, Said.ACCEPT, at=80)
    assert night.did(Silence) == [(80, Silence((BEN,)))]
    assert {p.int: d.state for p, d in night.deliveries.items() if p != BEN} == {1: "taken", 3: "taken"}
    night.until(80 + 14 * 60)
    assert night.alarms() == []


def test_read_ends_nothing_unless_the_policy_says_so() -> None:
    """A look at the screen is no answer."""
    night = Night(one("Anna"), one("Ben"))
    night.hear(ANNA, Said.SEEN, at=5)
    assert night.escalation.state is State.RUNNING
    other = Night(one("Anna", answer=Answer.READ), one("Ben"))
    other.hear(ANNA, Said.SEEN, at=5)
    assert other.escalation.state is State.HELD


def test_a_step_for_all_waits_for_all_and_goes_on_when_one_declines() -> None:
    """An accept that does not yet end it leaves the others ringing."""
    night = Night(one("Anna+Ben", ends=Ends.ALL), one("Chen"))
    night.hear(ANNA, Said.ACCEPT, at=5)
    assert (night.escalation.state, night.did(Silence)) == (State.RUNNING, [])
    night.hear(BEN, Said.ACCEPT, at=9)
    assert night.escalation.holders == (ANNA, BEN)
    other = Night(one("Anna+Ben", ends=Ends.ALL), one("Chen"))
    other.hear(ANNA, Said.DECLINE, at=5)
    assert other.called()[-1] == (5, CHEN)


TEAM = one(
    "Chen", "Okafor", "Anna+Ben+Eva", ends=Ends.QUORUM, wait=5 * MINUTE,
    quorum=(Quorum("Chen"), Quorum("Okafor", 1, "Dora"), Quorum("Anna+Ben+Eva", 2)),
)  # fmt: skip


def test_a_team_is_complete_when_every_part_is() -> None:
    """Leader 1, airway 1, nurses 2; a third nurse does not stand for the leader."""
    night = Night(TEAM)
    for at, person in ((5, ANNA), (6, BEN), (7, EVA), (8, OKAFOR)):
        night.hear(person, Said.ACCEPT, at=at)
        assert night.escalation.state is State.RUNNING
    night.hear(CHEN, Said.ACCEPT, at=9)
    assert night.escalation.state is State.HELD


def test_who_has_come_of_a_team_ends_no_later_step_alone() -> None:
    """The nurses came, the doctors did not: the next one is called and waited for, and then the desk."""
    night = Night(TEAM, one("Dora"))
    night.hear(ANNA, Said.ACCEPT, at=5)
    night.until(300)
    assert night.called()[-1] == (300, DORA)
    night.hear(BEN, Said.ACCEPT, at=310)
    assert not night.escalation.holders
    night.hear(DORA, Said.ACCEPT, at=320)
    assert night.escalation.state is State.HELD

    silent = Night(TEAM, one("Dora"))
    silent.hear(ANNA, Said.ACCEPT, at=5)
    silent.until(360)
    assert (silent.escalation.state, silent.alarms()[-1]) == (State.EXHAUSTED, 360)


def test_a_team_that_is_complete_after_all_has_it() -> None:
    """The last of it accepts while the next step is out; so does the last one of two who were both asked for."""
    night = Night(TEAM, one("Dora"))
    for at, person in ((5, ANNA), (6, BEN), (7, OKAFOR), (310, CHEN)):
        assert night.escalation.state is State.RUNNING
        night.hear(person, Said.ACCEPT, at=at)
    assert (night.escalation.state, set(night.escalation.holders)) == (State.HELD, {ANNA, BEN, OKAFOR, CHEN})
    both = Night(one("Anna+Ben", ends=Ends.ALL), one("Chen"))
    both.hear(ANNA, Said.ACCEPT, at=5)
    both.until(70)
    assert not both.escalation.holders
    both.hear(BEN, Said.ACCEPT, at=80)
    assert both.escalation.state is State.HELD


def test_a_missing_part_of_a_team_alarms_once_and_calls_its_backup() -> None:
    """In its own time, or as soon as nobody of it is left."""
    night = Night(TEAM)
    night.until(60)
    assert sorted((at, alarm.part) for at, alarm in night.did(Alarm)) == [
        (30, "Anna+Ben+Eva"), (30, "Chen"), (30, "Okafor"),
    ]  # fmt: skip
    assert [call for call in night.called() if call[0]] == [(30, DORA)]
    other = Night(TEAM)
    other.hear(OKAFOR, Said.DECLINE, at=4)
    assert [(at, alarm.part) for at, alarm in other.did(Alarm)] == [(4, "Okafor")]
    assert other.called()[-1] == (4, DORA)
    for at, person in ((5, DORA), (6, CHEN), (7, ANNA), (8, EVA)):
        other.hear(person, Said.ACCEPT, at=at)
    assert other.escalation.state is State.HELD


def test_a_team_that_cannot_be_complete_is_told_at_once() -> None:
    """Chen is not there at all: nobody waits half a minute to say so."""
    parts = (Quorum("off Chen", backup="Dora"), Quorum("Anna"))
    night = Night(one("off Chen", "Anna", ends=Ends.QUORUM, quorum=parts), one("Ben"))
    assert [(at, alarm.part) for at, alarm in night.did(Alarm)] == [(0, "off Chen")]
    assert night.called() == [(0, CHEN), (0, ANNA), (0, DORA)]
    assert night.escalation.version == 1


def test_a_hand_back_resumes_and_rings_those_who_fell_silent() -> None:
    """The step has its whole time anew; whoever handed back is not called again."""
    night = Night(one("Anna+Ben", wait=MINUTE), one("Chen"))
    night.hear(ANNA, Said.ACCEPT, at=10)
    night.hear(ANNA, Said.HAND_BACK, at=100)
    assert night.called()[-1] == (100, BEN)
    night.until(200)
    assert night.called()[2:] == [(100, BEN), (160, CHEN)]


def test_a_hand_back_with_nobody_else_in_the_step_goes_on_at_once() -> None:
    """There is nobody to wait for."""
    night = Night(one("Anna"), one("Chen"))
    night.hear(ANNA, Said.ACCEPT, at=10)
    night.hear(ANNA, Said.HAND_BACK, at=100)
    assert night.called()[-1] == (100, CHEN)


def test_still_active_asks_the_holder_and_silence_goes_on() -> None:
    """*Keep* is asked again after the same time; silence calls the next step."""
    night = Night(one("Anna"), one("Ben"), still_active=5 * MINUTE, ask_wait=MINUTE)
    night.hear(ANNA, Said.ACCEPT, at=10)
    night.until(310)
    assert night.did(Tell) == [(310, Tell(ANNA, "still_active"))]
    night.hear(ANNA, Said.KEEP, at=340)
    night.until(640)
    assert night.did(Tell)[1:] == [(640, Tell(ANNA, "still_active"))]
    night.until(700)
    assert night.called()[-1] == (700, BEN)
    night.hear(ANNA, Said.KEEP, at=710)
    assert (night.escalation.state, night.escalation.holders) == (State.HELD, (ANNA,))


def test_done_closes_and_settled_closes_when_nothing_is_asked() -> None:
    """An alert does not stay open for ever."""
    night = Night(one("Anna"), still_active=None)
    night.hear(ANNA, Said.ACCEPT, at=10)
    night.until(9 + SETTLED_AFTER.total_seconds())
    assert night.escalation.state is State.HELD
    night.until(10 + SETTLED_AFTER.total_seconds())
    assert (night.escalation.state, night.escalation.closed_why) == (State.CLOSED, "answered")
    night.hear(ANNA, Said.HAND_BACK, at=11 + SETTLED_AFTER.total_seconds())
    assert night.alarms() == [11 + SETTLED_AFTER.total_seconds()]
    other = Night(one("Anna"))
    other.hear(ANNA, Said.ACCEPT, at=10)
    other.hear(ANNA, Said.DONE, at=20)
    assert (other.escalation.state, other.escalation.closed_why) == (State.CLOSED, "done")


def test_an_open_alert_follows_its_role() -> None:
    """The next holder is called, the former is told; held by somebody else, nobody is rung."""
    night = Night(one("role Chen"), one("Ben"))
    night.turned, night.now = {ROLE: OKAFOR}, T0 + 20 * S
    night.look()
    assert night.called() == [(0, CHEN), (20, OKAFOR)]
    assert night.did(Tell) == [(20, Tell(CHEN, "handed_over"))]
    held = Night(one("role Chen+Ben"))
    held.hear(BEN, Said.ACCEPT, at=5)
    held.turned = {ROLE: OKAFOR}
    held.look()
    assert (held.escalation.state, OKAFOR in held.deliveries) == (State.HELD, False)
    his = Night(one("role Chen", wait=MINUTE), one("Ben"))
    his.hear(CHEN, Said.ACCEPT, at=5)
    his.turned, his.now = {ROLE: OKAFOR}, T0 + 30 * S
    his.look()
    assert (his.escalation.state, his.called()[-1]) == (State.RUNNING, (30, OKAFOR))
    his.until(90)
    assert his.called()[-1] == (90, BEN)


def test_a_former_holder_is_let_go_once_a_device_of_the_next_one_has_it() -> None:
    """H268: not when the next one is called, nor when they are not reached; nor who is called otherwise, too."""
    night = Night(one("role Chen", wait=10 * MINUTE), one("Ben"))
    night.turned, night.now = {ROLE: OKAFOR}, T0 + 20 * S
    night.look()
    assert night.escalation.marks == 2, "a receipt matters now"
    night.hear(OKAFOR, Said.DEADLINE, at=25)
    assert night.deliveries[CHEN].state is Stands.PENDING
    night.hear(OKAFOR, Said.CONFIRMED, at=30)
    assert night.did(Free) == [(30, Free(CHEN, OKAFOR))]
    assert (night.deliveries[CHEN].state, night.escalation.leaving) == (Stands.TAKEN, ())
    again = Night(one("role Chen"), one("Chen"))
    again.turned, again.now = {ROLE: OKAFOR}, T0 + 20 * S
    again.look()
    again.until(60)
    assert again.called()[-1] == (60, CHEN)
    again.hear(OKAFOR, Said.CONFIRMED, at=65)
    assert again.did(Free) == []
    both = Night(one("role Chen", "Chen", wait=10 * MINUTE), one("Ben"))
    both.turned, both.now = {ROLE: OKAFOR}, T0 + 20 * S
    both.look()
    both.hear(OKAFOR, Said.CONFIRMED, at=30)
    assert both.did(Free) == []


def test_a_next_holder_whom_nothing_reaches_is_called_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """H162: with nobody else in the step the next one begins at once; with others it goes on without them."""
    monkeypatch.setattr("tests.unit.model.test_escalation.HOLDERS", (Called(OKAFOR, "role", "no_endpoint"),))
    night = Night(one("role Chen"), one("Ben"))
    night.turned, night.now = {ROLE: OKAFOR}, T0 + 20 * S
    night.look()
    assert night.called() == [(0, CHEN), (20, OKAFOR), (20, BEN)]
    both = Night(one("role Chen", "Anna", ends=Ends.ALL), one("Ben"))
    both.turned, both.now = {ROLE: OKAFOR}, T0 + 20 * S
    both.look()
    assert both.escalation.people == (ANNA,)
    both.hear(ANNA, Said.ACCEPT, at=30)
    assert both.escalation.state is State.HELD


def test_a_step_rings_again_before_the_next_one() -> None:
    """So often as the policy says, only those who have not answered."""
    night = Night(one("Anna+Ben", repeat=2, ends=Ends.ALL), one("Chen"))
    night.hear(ANNA, Said.ACCEPT, at=30)
    night.until(300)
    assert night.called()[2:] == [(60, BEN), (120, BEN), (180, CHEN)]


def test_steps_go_round_as_often_as_the_policy_says() -> None:
    """And whoever declined is left in peace."""
    night = Night(one("Anna"), one("Ben"), loops=2)
    night.hear(ANNA, Said.DECLINE, at=1)
    night.until(1000)
    assert night.called() == [(0, ANNA), (1, BEN), (61, BEN), (121, BEN)]
    assert night.alarms()[0] == 181


@pytest.mark.parametrize("why", ["cleared", "cancelled", "recalled", "expired"])
def test_an_end_closes_from_every_state(why: str) -> None:
    """And nothing follows it."""
    for prepare in (lambda n: None, lambda n: n.hear(ANNA, Said.ACCEPT, at=5), lambda n: n.until(100)):
        night = Night(one("Anna"))
        prepare(night)
        night.look(ended=why)
        assert (night.escalation.state, night.escalation.closed_why) == (State.CLOSED, why)
        before = len(night.log)
        night.until(100_000)
        assert len(night.log) == before


def test_the_named_belong_to_the_first_step_even_if_it_is_empty() -> None:
    """`to` beside a policy."""
    night = Night(one("nobody"), one("Ben"), named=(Called(ANNA, "named"),))
    night.until(60)
    assert night.called() == [(0, ANNA), (60, BEN)]


def test_what_is_promised_is_what_happens_in_silence() -> None:
    """To the second: the promise comes from the same rules."""
    steps = (one("Anna", wait=2 * MINUTE, repeat=1), one("nobody"), one("Ben+Chen", wait=30 * S))
    night = Night(*steps)
    first = Decided(night.escalation, tuple(command for _, command in night.log))
    ahead = Ahead(lambda now, roles: Circumstances({}, whom), lambda now, roles: None)
    promised = promise_escalation(first, ahead, T0)
    night.until(400)
    paged = {at: {c.person_id for t, c in night.did(Page, Ring) if t == at} for at, _ in night.did(Page, Ring)}
    assert {line.after.total_seconds(): set(line.people) for line in promised if line.people} == {
        at: who for at, who in paged.items() if at != 120
    } | {120.0: {ANNA}}
    assert (promised[-1].after.total_seconds(), promised[-1].how) == (night.alarms()[0], "desk")


@drawn(state=st.sampled_from(State), event=st.sampled_from(Event))
def test_an_event_that_the_table_does_not_have_changes_nothing(state: State, event: Event) -> None:
    """The table is the whole truth."""
    policy = Policy(UUID(int=9), "p", 1, (one("Anna"), one("Ben")))
    before = Escalation(MESSAGE, 1, state, policy, Priority.HIGH, T0, T0, step=0, holders=(ANNA,))
    after = step(before, event, Circumstances({}, whom, ended="cancelled"), T0).escalation
    wanted = TRANSITIONS.get((state, event))
    assert (after is before) if wanted is None else (after.state in (wanted, State.EXHAUSTED, state))


@drawn(seed=st.integers(0, 2**32))
def test_to_look_twice_is_to_look_once(seed: int) -> None:
    """Level-triggered: what has been taken is not taken again, whatever has happened."""
    night = Night(one("Anna", "nobody"), TEAM, one("Ben"), loops=1)
    for nth in range(6):
        people = sorted(night.deliveries)
        person = people[(seed >> nth) % len(people)]
        said = (Said.ACCEPT, Said.DECLINE, Said.SEEN, Said.HAND_BACK)[(seed >> (2 * nth)) % 4]
        try:
            night.hear(person, said, at=(nth + 1) * ((seed >> nth) % 50 + 1) + nth * 100)
        except Exception as refused:
            assert "Refused" in repr(type(refused))
        before = (night.escalation, len(night.log))
        night.look()
        assert (night.escalation, len(night.log)) == before


def test_a_thousand_alerts_none_in_silence() -> None:
    """The small run; the hundred thousand are in test_nights."""
    assert simulate(7, 1000).ends.total() == 1000
