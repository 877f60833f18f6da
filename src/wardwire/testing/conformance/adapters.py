"""What every adapter must do, whatever it speaks: one check each, by name.

    for name, check in CHECKS.items():
        await check(Subject.of(REGISTRATION))

`hold` plays one golden conversation, `hold_cut` the same cut off at each byte. A check that fails raises
AssertionError, with a sentence.
"""

from __future__ import annotations

import asyncio
import re
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from wardwire.adapters.contract import Health
from wardwire.model.report import Report
from wardwire.model.stays import Movement
from wardwire.testing.conformance.conversation import Conversation, differences
from wardwire.testing.conformance.intake import FakeIntake
from wardwire.testing.conformance.source import Source, Subject, opened

Check = Callable[[Subject], Awaitable[None]]
CHECKS: dict[str, Check] = {}
# No message of any system is so large: an adapter that has not closed the line by then takes anything.
MOST_SENT = 64 * 1024 * 1024
MOST_KEPT = 16 * 1024 * 1024
_CHUNK = b"A" * 65_536
# Where each ending of a report is counted.
_COUNTED = {"taken": "taken", "unplaced": "taken", "refused": "refused", "unavailable": "later", "unknown": "later"}


def _check(check: Check) -> Check:
    CHECKS[check.__name__] = check
    return check


@_check
async def registration_is_complete(subject: Subject) -> None:
    """A name, a sentence, and conversations in which something is taken, refused, and put off."""
    own = subject.registration
    assert re.fullmatch(r"[a-z][a-z0-9_]*", own.name), f"{own.name!r} is no name of a folder"
    assert own.golden.parent.name == own.name, f"its conversations are in {own.golden}, not in the folder {own.name}"
    assert own.about.endswith("."), "`about` is a sentence"
    conversations = subject.conversations()
    assert all(conversation.about for conversation in conversations), "a conversation does not say what it is of"
    endings = {ending.split()[0] for conversation in conversations for ending in conversation.endings}
    missing = {"taken", "refused", "unavailable", "unknown"} - endings
    assert not missing, f"in no conversation a report ends {', '.join(sorted(missing))}"


@_check
async def settings_are_described(subject: Subject) -> None:
    """A frozen section with `listen`, which opens nothing by itself; each setting has a sentence and a default."""
    section = subject.section
    assert is_dataclass(section), "the section of the settings is no dataclass"
    assert section.__doc__, "the section of the settings has no docstring"
    described = {each.name: each for each in fields(section)}
    assert {"listen", "source"} <= set(described), "it has no `listen` or no `source`"
    assert described["listen"].default == "", "it listens without being told to"
    for each in described.values():
        assert each.default is not MISSING or each.default_factory is not MISSING, f"{each.name} has no default"
        assert str(each.metadata.get("help", "")).endswith("."), f"{each.name} has no sentence"
    subject.registration.check(subject.options("127.0.0.1:0", {}))


@_check
async def health_is_reported(subject: Subject) -> None:
    """All begins at nought; what is taken, refused and put off is counted, and when a byte was heard last."""
    async with opened(subject) as trial:
        adapter = trial.adapter
        assert adapter.health == Health(), "a listener that has heard nothing has counted something"
        for conversation in subject.conversations():
            if conversation.settings:
                continue
            before = replace(adapter.health)
            source = await trial.play(conversation)
            assert adapter.health.connections == 1, "a connection is not counted"
            await source.end()
            assert adapter.health.connections == 0, "a connection that is closed is counted for ever"
            more = adapter.health.received - before.received
            assert more >= len(conversation.endings), f"{conversation.name}: {more} messages are counted as received"
            counted = Counter(_COUNTED[ending.split()[0]] for ending in conversation.endings)
            for name, count in counted.items():
                more = getattr(adapter.health, name) - getattr(before, name)
                assert more >= count, f"{conversation.name}: {name} rose by {more}, not by {count}"
        assert adapter.health.heard_at is not None, "when a byte was heard last is not told"


@_check
async def yes_comes_after_the_commit(subject: Subject) -> None:
    """Until a report is committed its sender hears nothing, also while others are answered."""
    conversation = _first_taken(subject)
    turn = conversation.turns[0]
    async with opened(subject, conversation.settings) as trial:
        intake = trial.intake
        intake.held = []
        source = await trial.connect()

        async def listen() -> None:
            await source.expect(turn)
            intake.log.append("answered")

        listening = asyncio.create_task(listen())
        await source.send(turn.sent)
        await _until(intake, 1)
        held, intake.held = intake.held, None
        # Another source is answered meanwhile: by then an answer that came too soon would have arrived.
        (await trial.play(conversation)).close()
        assert "answered" not in intake.log, "it was answered before the commit"
        intake.held = held
        intake.let_go()
        await listening
        source.close()


@_check
async def no_is_not_yes(subject: Subject) -> None:
    """What is refused, unavailable or unknown is answered otherwise than what is taken, and not counted as taken."""
    conversation = _first_taken(subject)
    turn = conversation.turns[0]
    for ending in ("refused place_unknown /bed", "unavailable", "unknown"):
        async with opened(subject, conversation.settings) as trial:
            trial.intake.end_with(ending)
            source = await trial.connect()
            await source.send(turn.sent)
            answered = await source.end()
            word = ending.split()[0]
            assert not re.fullmatch(turn.answer, answered), f"what is {word} is answered as what is taken"
            assert trial.adapter.health.taken == 0, f"what is {word} counts as taken"


@_check
async def what_is_refused_is_kept_and_told(subject: Subject) -> None:
    """A dead letter, and a technical alarm with no word of the message."""
    for conversation in subject.conversations():
        if not any(ending.startswith("refused") for ending in conversation.endings):
            continue
        async with opened(subject, conversation.settings) as trial:
            await (await trial.play(conversation)).end()
            assert trial.intake.alarms, "nobody is told of what was refused"
            assert trial.letters.all(), "what was refused is not kept"
            assert trial.adapter.health.letters, "what was kept is not counted"


@_check
async def a_repeat_makes_nothing_twice(subject: Subject) -> None:
    """A source that reconnects and repeats everything hands in the same identities, and is answered alike."""
    for conversation in subject.conversations():
        if set(conversation.endings) - {"taken"}:
            continue
        async with opened(subject, conversation.settings) as trial:
            await (await trial.play(conversation)).end()
            made = dict(trial.intake.made)
            await (await trial.play(conversation)).end()
            assert trial.intake.made == made, f"{conversation.name}: a repeat was made anew"


@_check
async def what_is_too_large_is_refused(subject: Subject) -> None:
    """A message without an end costs its connection, and no more memory than a message may have; others go on."""
    conversation = _first_taken(subject)
    async with opened(subject, conversation.settings) as trial:
        source = await trial.connect()
        tracemalloc.start()
        try:
            closed = await _flood(source, conversation.sent[:8])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert closed, f"it took {MOST_SENT >> 20} MB without an end"
        assert peak < MOST_KEPT, f"it kept {peak >> 20} MB of a message without an end"
        assert not trial.intake.reports, "a part of it was handed in"
        await (await trial.play(conversation)).end()


@_check
async def it_stops_and_starts_cleanly(subject: Subject) -> None:
    """What was handed in is answered, nothing is left running, the address is free; both may be repeated."""
    conversation = _first_taken(subject)
    turn = conversation.turns[0]
    before = asyncio.all_tasks()
    async with opened(subject, conversation.settings) as trial:
        adapter = trial.adapter
        address = adapter.address
        await adapter.start()
        assert adapter.address == address, "a second start opened another door"
        idle, source = await trial.connect(), await trial.connect()
        trial.intake.held = []
        await source.send(turn.sent)
        await _until(trial.intake, 1)
        stopping = asyncio.create_task(adapter.stop())
        await asyncio.sleep(0)
        trial.intake.let_go()
        await source.expect(turn)
        await stopping
        await adapter.stop()
        assert await idle.closed() == b"", "an idle line was answered"
        source.close()
        assert not await _listens(*address), "it still listens"
        left = {task for task in asyncio.all_tasks() - before if not task.done()}
        assert not left, f"it left running: {left}"
        await adapter.start()
        await (await trial.play(conversation)).end()


@_check
async def an_address_that_is_taken_is_an_os_error(subject: Subject) -> None:
    """Whoever opens it can say so, and try again."""
    async with opened(subject) as trial:
        host, port = trial.adapter.address
        other = subject.make(f"{host}:{port}", {}, trial.intake, trial.letters)
        try:
            await other.start()
        except OSError:
            return
        finally:
            await other.stop()
        raise AssertionError("two listen at one address")


async def hold(subject: Subject, conversation: Conversation) -> None:
    """Play a conversation: what is handed in and what is answered is as it says, to the byte."""
    async with opened(subject, conversation.settings) as trial:
        source = await trial.play(conversation)
        assert await source.end() == b"", f"{conversation.name}: more is answered than it says"
        wanted = [(turn.line, report) for turn in conversation.turns for report in turn.reports]
        reports = trial.intake.reports
        assert len(reports) == len(wanted), f"{conversation.name}: {len(reports)} reports, not {len(wanted)}"
        for report, (line, words) in zip(reports, wanted, strict=True):
            found = differences(report, words)
            assert not found, f"{conversation.name}:{line}: {'; '.join(found)}"
        for secret in conversation.secrets:
            assert secret not in str(trial.intake.alarms), f"{conversation.name}: an alarm says {secret}"


async def hold_cut(subject: Subject, conversation: Conversation) -> None:
    """Cut a conversation off at each byte: what was whole is taken and answered as ever, of the rest nothing."""
    with TemporaryDirectory() as folder:
        for nth, turn in enumerate(conversation.turns[conversation.cut_from :], start=conversation.cut_from):
            letters = Path(folder) / f"{nth}-"
            answers, reports = await _take_cut(subject, conversation, nth, turn.sent, letters)
            for length in range(len(turn.sent)):
                cut = await _take_cut(subject, conversation, nth, turn.sent[:length], Path(f"{letters}{length}"))
                at = f"{conversation.name}:{turn.line}, cut off after {length} bytes"
                assert answers.startswith(cut[0]), f"{at}: answered otherwise than when it is whole"
                assert reports[: len(cut[1])] == cut[1], f"{at}: a part of a message was handed in"


async def _take_cut(
    subject: Subject, conversation: Conversation, nth: int, sent: bytes, letters: Path
) -> tuple[bytes, list[Report | Movement]]:
    """Play the turns before one, and send a part of that; what comes of the part."""
    async with opened(subject, conversation.settings, letters=letters) as trial:
        source = await trial.connect()
        for turn in conversation.turns[:nth]:
            await trial.say(source, turn)
        before = len(trial.intake.reports)
        trial.intake.end_with(*conversation.turns[nth].all_endings)
        await source.send(sent)
        return await source.end(), trial.intake.reports[before:]


def _first_taken(subject: Subject) -> Conversation:
    """The first conversation that begins with one report that is taken, and answered."""
    for conversation in subject.conversations():
        first = conversation.turns[0]
        if len(first.reports) == 1 and not first.endings and first.answer:
            return conversation
    raise AssertionError("no conversation begins with a report that is taken, and answered")


async def _until(intake: FakeIntake, count: int) -> None:
    try:
        await intake.until(count)
    except TimeoutError:
        raise AssertionError("nothing was handed in") from None


async def _flood(source: Source, begin: bytes) -> bool:
    """Send without an end; whether the other side has closed before it was too much."""
    try:
        await source.send(begin)
        for _ in range(0, MOST_SENT, len(_CHUNK)):
            await source.send(_CHUNK)
    except ConnectionError:
        return True
    finally:
        source.close()
    return False


async def _listens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
