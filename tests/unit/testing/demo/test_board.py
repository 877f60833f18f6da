"""The demo's board: what a message's row says as it travels, how latencies are taken, what is a story."""

from __future__ import annotations

import pytest

from wardwire.model.priority import Priority
from wardwire.testing.demo.board import Board, Row, describe, quantile, worth


def make_row(to: str = "Ben", *, at: float = 0.0, priority: Priority = Priority.HIGH, asks: bool = True) -> Row:
    """A message of Anna's."""
    return Row(sender="Anna", to=to, priority=priority, text="Please come.", sent_at=at, asks=asks)


def test_a_row_follows_its_message() -> None:
    """From being sent to being answered, always in words."""
    board, row = Board(), make_row()
    board.sent(row)
    said = [describe(row).words]
    board.stored(row, "msg_1", [("per_b", "Ben")], 0.004)
    for state, response in (("pending", ""), ("delivered", ""), ("read", ""), ("answered", "In 5 min")):
        board.status("msg_1", "per_b", state, response, 0.010)
        said.append(describe(row).words)

    assert said == ["being sent", "on its way to Ben", "on Ben's phone", "read by Ben", "Ben: In 5 min"]
    assert describe(row).tone == "good"
    assert (row.stored_ms, row.delivered_ms) == (4.0, 10.0)
    assert board.all_ms == [10.0]
    assert board.acknowledged == ["msg_1"]


def test_what_is_told_before_the_sender_knows_the_id_is_not_lost() -> None:
    """A status may overtake the answer to the submission; the way is then measured all the same."""
    board, row = Board(), make_row()
    board.sent(row)
    board.status("msg_1", "per_b", "delivered", "", 0.003)
    board.stored(row, "msg_1", [("per_b", "Ben")], 0.004)

    assert describe(row).words == "on Ben's phone"
    assert row.delivered_ms == 3.0


def test_a_late_word_moves_nothing_back_but_a_hand_back_does() -> None:
    """Receipts that come late change nothing; what was accepted can be given back."""
    board, row = Board(), make_row()
    board.sent(row)
    board.stored(row, "msg_1", [("per_b", "Ben")], 0.004)
    board.status("msg_1", "per_b", "accepted", "accept", 1.0)
    board.status("msg_1", "per_b", "delivered", "", 1.1)
    after_late_word = describe(row).words
    board.status("msg_1", "per_b", "read", "", 2.0)

    assert after_late_word == "accepted by Ben"
    assert describe(row).words == "read by Ben"


def test_a_group_is_counted() -> None:
    """How many phones, how many answers, how many were not reached."""
    board, row = Board(), make_row("Code team", priority=Priority.CODE)
    board.sent(row)
    board.stored(row, "msg_1", [("per_b", "Ben"), ("per_c", "Dr. Chen"), ("per_o", "Dr. Okafor")], 0.004)
    board.status("msg_1", "per_b", "accepted", "accept", 0.5)
    board.status("msg_1", "per_c", "delivered", "", 0.5)
    board.status("msg_1", "per_o", "unreachable", "", 0.5)

    assert describe(row).words == "on 2 of 3 phones, 1 accepted, 1 not reached"
    assert worth(row) == 2


def test_a_way_that_was_closed_is_not_measured() -> None:
    """Whose phone was off gets it later: that is shown, and is no latency of ours."""
    board, row = Board(), make_row()
    row.in_reach = False
    board.sent(row)
    board.stored(row, "msg_1", [("per_b", "Ben")], 0.004)
    board.status("msg_1", "per_b", "delivered", "", 7.0)

    assert row.delivered_ms == 7000.0
    assert board.all_ms == []


def test_latencies_are_of_the_last_minute() -> None:
    """What is older than a minute no longer counts."""
    board = Board()
    for nth, at in enumerate((0.0, 59.0, 61.0)):
        row = make_row(at=at)
        board.sent(row)
        board.stored(row, f"msg_{nth}", [], at + 0.010 * (nth + 1))

    assert board.stored_ms(62.0).p50 == pytest.approx(20.0)
    assert board.stored_ms(62.0).p99 == pytest.approx(30.0)
    assert board.delivered_ms(62.0) == (None, None)


def test_a_message_is_finished_once() -> None:
    """Its story is told once, however often its end is seen."""
    finished: list[Row] = []
    board, row = Board(finished.append), make_row()
    board.sent(row)
    board.stored(row, "msg_1", [("per_b", "Ben")], 0.004)
    board.finish(row)
    board.finish(row)

    assert finished == [row]


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [
        ([], 0.5, None),
        ([3.0], 0.99, 3.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 102)], 0.99, 100.0),
        ([2.0, 1.0], 1.0, 2.0),
    ],
)
def test_quantiles_are_by_the_nearest_rank(values: list[float], share: float, found: float | None) -> None:
    """The smallest value that the share does not exceed; nothing is made up between two."""
    assert quantile(values, share) == found
