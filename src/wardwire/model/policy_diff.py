"""What differs between two versions of a policy, in words that whoever signs it can read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from difflib import SequenceMatcher
from typing import NamedTuple

from wardwire.model.policy import Policy, Quorum, Step


class Difference(NamedTuple):
    """One difference.

    Attributes:
        what: What differs: `step 2`, `step 2 waits`, `loops`, `name`; steps by the newer version, or, where it has
            none of it, by the older one.
        before: As it was; "" = there was none.
        after: As it is; "" = there is none.
    """

    what: str
    before: str
    after: str


def diff_policies(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """Return what differs, steps in their order first; () = they do the same and bear one name."""
    return tuple(
        one for one in (*_steps(before.steps, after.steps), *_rest(before, after)) if one.before != one.after
    )


def _steps(before: tuple[Step, ...], after: tuple[Step, ...]) -> Iterator[Difference]:
    # Steps that ask the same people are the same step, whatever else of them has changed.
    asked = SequenceMatcher(None, [s.targets for s in before], [s.targets for s in after], autojunk=False)
    for _, begin, end, begin_after, end_after in asked.get_opcodes():
        was, now = before[begin:end], after[begin_after:end_after]
        for nth in range(max(len(was), len(now))):
            if nth >= len(was):
                yield Difference(f"step {begin_after + nth + 1}", "", write_step(now[nth]))
            elif nth >= len(now):
                yield Difference(f"step {begin + nth + 1}", write_step(was[nth]), "")
            else:
                at = f"step {begin_after + nth + 1}"
                old, new = dict(_parts(was[nth])), dict(_parts(now[nth]))
                yield from (Difference(f"{at} {part}", old[part], new[part]) for part in new)


def _rest(before: Policy, after: Policy) -> Iterator[Difference]:
    yield Difference("loops", str(before.loops), str(after.loops))
    yield Difference("still active after", write_span(before.still_active), write_span(after.still_active))
    yield Difference("holder answers within", write_span(before.ask_wait), write_span(after.ask_wait))
    yield Difference("name", before.name, after.name)


def write_step(step: Step) -> str:
    """Write a step on one line: only what is out of the ordinary beside whom it asks and how long."""
    plain = dict(_parts(Step((), step.wait)))
    special = [f"{part} {text}" for part, text in _parts(step) if text != plain[part] and part != "asks"]
    return ", ".join([f"asks {', '.join(step.targets)}", f"waits {write_span(step.wait)}", *special])


def _parts(step: Step) -> Iterator[tuple[str, str]]:
    yield "asks", ", ".join(step.targets)
    yield "waits", write_span(step.wait)
    yield "is answered by", step.answer.value
    yield "ends with", step.ends.value
    yield "needs", "; ".join(map(_write_part, step.quorum))
    yield "uses", ", ".join(step.endpoints) or "all endpoints"
    yield "rings again", f"{step.repeat} times"


def _write_part(part: Quorum) -> str:
    backup = f", else {part.backup}" if part.backup else ""
    return f"{part.n} of {part.role} within {write_span(part.within)}{backup}"


def write_span(span: timedelta | None) -> str:
    """Write a span of time as `1:30`, minutes and seconds; `never` for None."""
    if span is None:
        return "never"
    minutes, seconds = divmod(span.total_seconds(), 60)
    return f"{minutes:.0f}:{seconds:02.0f}"
