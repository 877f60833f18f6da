"""The demo's screen: it fits, it has words for every colour, and it says what may be pressed."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from rich.console import Console

from wardwire.model.priority import Priority
from wardwire.testing.demo.board import Board, Counts, Question, Row, Running, Told
from wardwire.testing.demo.screen import draw, fitting, story_line, tag

HOPS = [
    {"at": "2026-03-01T02:14:07Z", "after_s": 0.0, "text": "stored for good on this machine alone"},
    {"at": "2026-03-01T02:14:07Z", "after_s": 0.0042, "text": "delivered to Dr. Chen's phone"},
    {"at": "2026-03-01T02:14:09Z", "after_s": 2.5, "text": "accepted by Dr. Chen"},
]


def busy_board() -> Board:
    """A board with a message of each priority, and a story."""
    board = Board()
    for nth, priority in enumerate(Priority):
        row = Row(sender="Anna", to="Dr. Chen", priority=priority, text="Please come to bed 12.", sent_at=float(nth))
        board.sent(row)
        board.stored(row, f"msg_{nth}", [("per_c", "Dr. Chen")], nth + 0.005)
    board.counts = Counts(stored=4, delivered=3)
    board.connected = 6
    board.running = [
        Running("msg_0", Priority.CODE, "Code blue", "ICU1-3", "running", 1, 1, "Anna", 12.2),
        Running("msg_1", Priority.HIGH, "Monitor alarm", "4W-12", "held", 2, 3, "Ben", 80.0),
        Running("msg_2", Priority.HIGH, "Monitor alarm", "4W-1", "exhausted", 3, 3, "", -1.0),
    ]
    board.told = Told(board.rows[1], {"hops": HOPS})
    return board


def render(board: Board, width: int, height: int) -> list[str]:
    """The lines of a screen."""
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, force_terminal=True, color_system=None)
    console.print(draw(board, now=5.0, elapsed_s=65.0, width=width, height=height), end="")
    return file.getvalue().removesuffix("\n").split("\n")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40), (60, 12), (40, 7), (200, 60), (20, 4)])
@pytest.mark.parametrize("asked", [False, True], ids=["quiet", "asked"])
def test_every_size_of_terminal_is_filled_and_none_overflows(width: int, height: int, asked: bool) -> None:
    """No line is longer than the terminal, and there are as many as it has."""
    board = busy_board()
    if asked:
        board.questions.append(Question("msg_1", board.rows[1], ("accept", "decline", "In five minutes")))
    lines = render(board, width, height)

    assert len(lines) == height
    assert max(map(len, lines)) <= width


def test_everything_is_there_at_eighty_by_twenty_four() -> None:
    """Phones, messages, figures, the story, and the keys."""
    text = "\n".join(render(busy_board(), 80, 24))

    for word in (
        "6 phones connected",
        "01:05",
        "Anna → Dr. Chen",
        "on its way to Dr. Chen",
        "send → stored 5.0 / 5.0",
    ):
        assert word in text
    for word in ("lost 0", "The last story", "+4.2 ms Delivered to Dr. Chen's phone", " m ", " q "):
        assert word in text


def test_a_priority_is_never_colour_alone() -> None:
    """Word, shape and mark tell them apart without any colour."""
    words = {tag(priority).plain for priority in Priority}

    assert len(words) == len(Priority)
    assert all(priority.upper() in tag(priority).plain for priority in Priority)


def test_a_question_shows_what_may_be_pressed() -> None:
    """Each offered answer has its number."""
    board = busy_board()
    board.questions.append(Question("msg_1", board.rows[1], ("accept", "decline", "In five minutes")))
    text = "\n".join(render(board, 80, 24))

    assert "A message for you, Dr. Chen" in text
    assert " 1  Accept    2  Decline    3  In five minutes" in text
    assert "1-3  answer" in text


def test_a_long_story_shows_its_beginning_and_its_end() -> None:
    """What is left out lies between the first and the last hops."""
    texts = [f"hop {n}" for n in range(10)]

    assert fitting(texts, 60, 10) == set(range(10))
    assert fitting(texts, 60, 5) == {0, 7, 8, 9}
    assert fitting([], 60, 5) == set()


def test_without_a_terminal_a_story_is_one_line() -> None:
    """Time, priority, who and whom, what, how quick, and how it ended."""
    row = busy_board().rows[1]
    row.people["per_c"].name = "Dr. Chen"

    assert story_line(row, datetime(2026, 3, 1, 2, 14, 7)) == (
        "02:14:07  HIGH    Anna → Dr. Chen: “Please come to bed 12.” stored in 5.0 ms; on its way to Dr. Chen"
    )


def test_running_escalations_say_where_they_are_and_when_they_go_on() -> None:
    """The countdown, who has it, and that nobody has."""
    text = "\n".join(render(busy_board(), 120, 40))

    for word in ("12 s", "step 1 of 1, Anna accepted", "Ben has it", "the operators' desk is asked", "3 open"):
        assert word in text
    assert "None is open" in "\n".join(render(Board(), 120, 40))
