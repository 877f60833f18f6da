"""Which frame is handled when more comes in than can be."""

from __future__ import annotations

import asyncio

from wardwire.devices.precedence import Precedence

LOW = b'{"v":1,"body":{"t":"send","priority":"low"},"s":"0","n":%d}'
CODE = b'{"v":1,"body":{"t":"receipt","p":"code"},"s":"0"}'
HIGH = b'{"v":1,"body":{"t":"send","priority":"high"},"s":"0"}'
HELLO = b'{"v":1,"body":{"t":"hello"}}'
SPOOF = b'{"v":1,"body":{"t":"send","priority":"low","text":"{\\"p\\":\\"code\\"}"},"s":"0"}'


class Door:
    """A doorway that writes down what it handles."""

    def __init__(self, *, most_waiting: int = 100) -> None:
        self.handled: list[bytes] = []
        self.refused: list[bytes] = []
        self.held = False
        self.precedence = Precedence(
            lambda _subject, payload: self.handled.append(payload),
            lambda _subject, payload: self.refused.append(payload),
            lambda: self.held,
            slice=3,
            most_waiting=most_waiting,
        )

    def hear(self, *payloads: bytes) -> None:
        """Take frames as one read of the socket gives them."""
        for payload in payloads:
            self.precedence.put("d.x.up", "", payload, 0)


def lows(count: int) -> list[bytes]:
    """Make frames that can be told apart."""
    return [LOW % number for number in range(count)]


async def turn() -> None:
    """Let the loop turn once."""
    await asyncio.sleep(0)


async def test_alone_a_frame_is_handled_at_once() -> None:
    """No frame waits for a turn of the loop while there is little to do."""
    door = Door()
    door.hear(*lows(3))
    assert door.handled == lows(3)


async def test_the_many_are_handled_slice_after_slice_in_their_order() -> None:
    """The loop is free between two slices."""
    door = Door()
    door.hear(*lows(8))
    assert door.handled == lows(3)
    await turn()
    assert door.handled == lows(6)
    await turn()
    assert door.handled == lows(8)
    assert door.precedence.waiting == 0


async def test_one_that_comes_later_does_not_overtake_those_that_wait() -> None:
    """Not even when the slice would have room for it."""
    door = Door()
    door.hear(*lows(4))
    await turn()
    door.held = True
    door.hear(*lows(7)[4:])
    door.held = False
    for _ in range(3):
        await turn()
    assert door.handled == lows(7)


async def test_code_high_and_hellos_go_before_them() -> None:
    """Whatever waits, they are handled at once."""
    door = Door()
    door.hear(*lows(6), CODE, HIGH, HELLO, SPOOF)
    assert door.handled == [*lows(3), CODE, HIGH, HELLO]
    await turn()
    await turn()
    assert door.handled == [*lows(3), CODE, HIGH, HELLO, *lows(6)[3:], SPOOF]


async def test_the_many_wait_while_they_are_held() -> None:
    """And go on when they are not."""
    door = Door()
    door.hear(*lows(5))
    door.held = True
    for _ in range(5):
        await turn()
    assert door.handled == lows(3)
    door.hear(CODE)
    assert door.handled == [*lows(3), CODE]
    door.held = False
    await asyncio.wait_for(until(lambda: len(door.handled) == 6), 5)
    assert door.handled == [*lows(3), CODE, *lows(5)[3:]]


async def test_what_there_is_no_room_for_is_refused() -> None:
    """Nothing grows without bound, and nobody is left without an answer."""
    door = Door(most_waiting=2)
    door.hear(*lows(7))
    assert door.handled == lows(3)
    assert door.refused == lows(7)[5:]


async def test_what_waits_at_the_end_is_forgotten() -> None:
    """Nobody was answered, so everybody asks again."""
    door = Door()
    door.hear(*lows(7))
    door.precedence.stop()
    await turn()
    assert door.handled == lows(3)


async def until(so: object) -> None:
    """Let the loop turn until it is so."""
    while not so():  # type: ignore[operator]
        await turn()
