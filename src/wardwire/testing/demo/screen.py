"""Draws the board for a terminal of any size: messages, figures, a story, a question, hints. Pure: no I/O, no clock.

Priorities have a word, a shape and a mark beside their colour; states have words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from wardwire.model.priority import Priority
from wardwire.testing.demo.board import Board, Quantiles, Question, Row, Running, describe

WITH_TEXT = 100  # from this width on there is room for what the messages say
AIRY = 28  # from so many rows on there are blank ones between the parts
STORY_ROWS_MAX = 12
OPEN_ROWS = 7
TAG_WIDTH = 12

# The colours of IEC 60601-1-8, dark enough for their labels; a filled tag reads alike on dark and light screens.
_TAGS = {
    Priority.CODE: ("■ CODE", "bold white on #B3261E"),
    Priority.HIGH: ("■ HIGH   ***", "bold white on #B3261E"),
    Priority.MEDIUM: ("▲ MEDIUM **", "bold black on #F2C037"),
    Priority.LOW: ("● LOW    *", "bold white on #006C87"),
}
_TONES = {"good": "green", "bad": "bold red", "busy": "dim", "plain": ""}
_BANNER = "white on #B3261E"
_RULE = "bold"
_MEASURE = Console(width=200)  # only to break lines with
_HINTS = (("m", "a message for you, as Dr. Chen"), ("space", "hold the story"), ("q", "quit"))


def draw(board: Board, *, now: float, elapsed_s: float, width: int, height: int) -> RenderableType:
    """Draw everything for a screen of this size."""
    root = Layout()
    question = board.questions[0] if board.questions else None
    foot = [Layout(draw_hints(board, question, width), size=1)]
    if question is not None and height > question_height(question, width) + 5:
        foot.insert(0, Layout(draw_question(question), size=question_height(question, width)))
    head = Layout(draw_head(board, elapsed_s, width), size=1)
    room = height - 1 - sum(part.size or 0 for part in foot)
    story_rows = 0 if room < 12 else min(STORY_ROWS_MAX, max(5, room * 9 // 20))
    gap = 1 if room >= AIRY else 0
    # Escalations have their place also when there is none: nothing jumps.
    open_rows = 0 if room < AIRY else OPEN_ROWS
    message_rows = max(1, room - story_rows - open_rows - 2 - 2 * gap)
    parts = [head, Layout(draw_messages(board, now, width, message_rows - 1), size=message_rows + gap)]
    if open_rows:
        parts.append(Layout(draw_running(board, open_rows - 1), size=open_rows))
    parts.append(Layout(draw_figures(board, now), size=2 + gap))
    if story_rows:
        parts.append(Layout(draw_story(board, width, story_rows)))
    root.split_column(*parts, *foot)
    return root


def draw_head(board: Board, elapsed_s: float, width: int) -> Text:
    """The first line: what this is, whose phones are there, how long it runs."""
    phones = f"{board.connected} phones connected"
    if board.off:
        phones += f", {len(board.off)} without network"
    clock = f"{int(elapsed_s) // 60:02}:{int(elapsed_s) % 60:02} "
    text = Text(" Wardwire demo  Sample Hospital  ", style="bold reverse")
    text.append(phones)
    text.truncate(max(0, width - cell_len(clock) - 1), overflow="ellipsis")
    text.append(" " * max(0, width - text.cell_len - cell_len(clock)) + clock)
    return text


def draw_messages(board: Board, now: float, width: int, rows: int) -> RenderableType:
    """The newest messages, newest first; with what they say where there is room."""
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_edge=False, header_style=_RULE)
    table.add_column("Age", width=4, justify="right", no_wrap=True)
    table.add_column("Priority", width=TAG_WIDTH, no_wrap=True)
    table.add_column("From → to", ratio=5, no_wrap=True, overflow="ellipsis")
    if width >= WITH_TEXT:
        table.add_column("Message", ratio=7, no_wrap=True, overflow="ellipsis")
    table.add_column("How it stands", ratio=6, no_wrap=True, overflow="ellipsis")
    for row in board.latest(rows):
        stand = describe(row)
        cells: list[RenderableType] = [
            age(now - row.sent_at),
            tag(row.priority),
            Text(f"{row.sender} → {row.to}"),
            Text(stand.words, style=_TONES[stand.tone]),
        ]
        if width >= WITH_TEXT:
            cells.insert(3, Text(row.text, style="dim"))
        # `code` is a banner over the full width.
        if row.priority is Priority.CODE:
            cells = [Text(c.plain) if isinstance(c, Text) else c for c in cells]
        table.add_row(*cells, style=_BANNER if row.priority is Priority.CODE else "")
    if not board.rows:
        table.add_row("", "", Text("The first message is on its way."))
    return table


def draw_running(board: Board, rows: int) -> RenderableType:
    """Escalations that are open, the most urgent first: where each is, who has it, and when it goes on by itself."""
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_edge=False, header_style=_RULE)
    table.add_column("Goes on", width=8, justify="right", no_wrap=True)
    table.add_column("Priority", width=TAG_WIDTH, no_wrap=True)
    table.add_column(f"Escalations ({len(board.running)} open)", ratio=5, no_wrap=True, overflow="ellipsis")
    table.add_column("Where it stands", ratio=6, no_wrap=True, overflow="ellipsis")
    for one in board.running[: rows - 1]:
        table.add_row(countdown(one.due_in_s), tag(one.priority), Text(f"{one.place} {one.what}"), standing(one))
    if not board.running:
        table.add_row("", "", Text("None is open: every alert has been answered or is over.", style="dim"))
    return table


def countdown(seconds: float) -> str:
    """How long until something happens by itself."""
    if seconds <= 0:
        return "now"
    return f"{seconds:.0f} s" if seconds < 99.5 else f"{seconds / 60:.0f} m"


def standing(one: Running) -> Text:
    """Where an escalation stands, in words."""
    match one.state:
        case "held":
            return Text(f"{one.who or 'somebody'} has it", style=_TONES["good"])
        case "asked":
            return Text(f"{one.who or 'whoever has it'} is asked whether it is still theirs")
        case "exhausted":
            return Text("nobody has answered: the operators' desk is asked", style=_TONES["bad"])
        case _:
            accepted = f", {one.who} accepted" if one.who else ""
            return Text(f"step {one.step} of {one.steps}{accepted}")


def draw_figures(board: Board, now: float) -> Text:
    """Two lines: latencies of the last minute, and what the database counts of this run."""
    stored, delivered = board.stored_ms(now), board.delivered_ms(now)
    text = Text("Last minute ", style=_RULE, no_wrap=True, overflow="ellipsis", end="")
    text.append(f"send → stored {_both(stored)} ms, → on a phone {_both(delivered)} ms", style="not bold")
    text.append("  p50 / p99\n", style="dim not bold")
    counts = board.counts
    text.append("This run    ")
    shown = f"stored {counts.stored}  delivered {counts.delivered}  answered {counts.answered}  "
    shown += f"escalated {counts.escalated}  alarms {counts.technical_alarms}  "
    text.append(shown, style="not bold")
    text.append(f"lost {counts.lost}", style="bold red" if counts.lost else "bold green")
    return text


def draw_story(board: Board, width: int, rows: int) -> RenderableType:
    """The last story: its hops in sentences, the latest of them when there is not room for all."""
    told = board.told
    title = "Story held (space lets it go on)" if board.hold else "The last story"
    head = Text(title, style=_RULE, no_wrap=True, overflow="ellipsis")
    if told is None:
        return Group(head, Text("It is told when the first message has been answered.", style="dim"))
    head.append("  ").append_text(tag(told.row.priority))
    head.append(f"  {told.row.sender} → {told.row.to}", style="not bold")
    said = Text(f"“{told.row.text}”", style="italic", no_wrap=True, overflow="ellipsis")
    table = Table.grid(padding=(0, 1, 0, 0), expand=True)
    table.add_column(no_wrap=True, width=8)
    table.add_column(no_wrap=True, width=9, justify="right")
    table.add_column(ratio=1)
    hops = told.story.get("hops", [])
    shown = fitting([hop["text"] for hop in hops], width - 20, rows - 2)
    for nth, hop in enumerate(hops):
        if nth in shown:
            table.add_row(clock_time(hop["at"]), span(hop["after_s"]), hop["text"][:1].upper() + hop["text"][1:])
        elif nth - 1 in shown:
            table.add_row("", "", Text(f"… {len(hops) - len(shown)} more …", style="dim"))
    return Group(head, said, table)


def fitting(texts: Sequence[str], width: int, rows: int) -> set[int]:
    """Choose which hops are shown: all, or the first, a row that says how many are left out, and the last ones."""
    heights = [len(Text(text).wrap(_MEASURE, max(10, width))) for text in texts]
    if sum(heights) <= rows or not texts:
        return set(range(len(texts)))
    left, chosen = rows - heights[0] - 1, {0}
    for nth in range(len(texts) - 1, 0, -1):
        left -= heights[nth]
        if left < 0:
            break
        chosen.add(nth)
    return chosen


def draw_question(question: Question) -> Panel:
    """What waits for the person at the terminal."""
    row = question.row
    text = Text()
    text.append_text(tag(row.priority)).append(f"  from {row.sender}\n").append(f"{row.text}\n", style="bold")
    for number, option in enumerate(question.options, 1):
        text.append(f" {number} ", style="bold reverse").append(f" {option[:1].upper()}{option[1:]}   ")
    return Panel(text, title="A message for you, Dr. Chen: press a number", border_style="bold", title_align="left")


def question_height(question: Question, width: int) -> int:
    """How many rows it takes."""
    room = max(10, width - 4)
    options = sum(len(option) + 7 for option in question.options)
    return 3 + -(-cell_len(question.row.text) // room) + -(-options // room)


def draw_hints(board: Board, question: Question | None, width: int) -> Text:
    """The last line: what may be pressed, and what went wrong last."""
    text = Text(no_wrap=True, overflow="ellipsis")
    hints = list(_HINTS)
    if question is not None:
        hints[0] = ("1-" + str(len(question.options)), "answer")
    for key, what in hints:
        text.append(f" {key} ", style="bold reverse").append(f" {what}   ")
    if board.note and text.cell_len + cell_len(board.note) <= width:
        text.append(board.note, style="dim")
    return text


def tag(priority: Priority) -> Text:
    """A priority: shape, word, mark and colour."""
    words, style = _TAGS[priority]
    return Text(f"{words:<{TAG_WIDTH}}", style=style)


def age(seconds: float) -> str:
    """How long ago, in three characters or so."""
    if seconds < 1:
        return "now"
    return f"{seconds:.0f} s" if seconds < 99.5 else f"{seconds / 60:.0f} m"


def span(seconds: float) -> str:
    """Seconds since a message was stored; milliseconds while they matter."""
    if seconds < 1:
        return f"+{seconds * 1000:.1f} ms"
    return f"+{seconds:.2f} s"


def clock_time(written: str) -> str:
    """The time of day of an instant, here."""
    return datetime.fromisoformat(written).astimezone().strftime("%H:%M:%S")


def story_line(row: Row, at: datetime) -> str:
    """One message in one line, for those who have no terminal."""
    ways = [f"stored in {row.stored_ms:.1f} ms"] if row.stored_ms is not None else []
    if row.delivered_ms is not None and row.in_reach:
        ways.append(f"on a phone in {row.delivered_ms:.1f} ms")
    what = "; ".join([", ".join(ways), describe(row).words] if ways else [describe(row).words])
    return f"{at:%H:%M:%S}  {row.priority.upper():<6}  {row.sender} → {row.to}: “{row.text}” {what}"


def _both(values: Quantiles) -> str:
    return f"{_figure(values.p50)} / {_figure(values.p99)}"


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if value < 99.5 else f"{value:.0f}"
