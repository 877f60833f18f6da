"""A listener that cannot be opened is told, tried again, and harms nothing else."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from wardwire.adapters.contract import Adapter, Given
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.registration import REGISTRATION
from wardwire.app.listeners import find_unusable, plan_listeners
from wardwire.app.listening import Listening
from wardwire.settings import Hl7, Settings
from wardwire.testing.clock import FakeClock
from wardwire.testing.conformance.intake import FakeIntake


def maker(options: Hl7, folder: Path) -> Callable[[], Adapter]:
    """What makes the listener of these settings."""
    given = Given("hl7", "core", FakeIntake(), FakeClock(), DeadLetters(folder / "letters"))
    return lambda: REGISTRATION.make(options, given)


async def test_a_broken_table_is_read_anew_ever_more_seldom_until_it_is_mended(tmp_path: Path) -> None:
    """Why it is shut, and since when, is told."""
    table, clock = tmp_path / "mapping.toml", FakeClock()
    table.write_text("[[rules]]\nnmae = 'x'\n")
    tries: list[float] = []
    make = maker(Hl7(listen="127.0.0.1:0", table=table), tmp_path)

    def counted() -> Adapter:
        tries.append(clock.monotonic())
        return make()

    listening = Listening("hl7", "hl7", "127.0.0.1:0", counted, clock=clock)
    for _ in range(90):
        await listening.keep_open()
        clock.advance(timedelta(seconds=1))

    assert tries == [0, 1, 3, 8, 18, 48, 78]
    shut = listening.told()
    assert (shut.state, "mapping.toml cannot be used" in shut.why) == ("shut", True)
    assert "wardwire hl7 try" in shut.why
    table.write_text("")
    clock.advance(timedelta(seconds=30))
    await listening.keep_open()
    assert (listening.told().state, listening.told().why) == ("open", "")
    await listening.close()


async def test_a_busy_address_and_a_fault_of_ours_are_told_too(tmp_path: Path) -> None:
    """Whatever it is, nothing is raised."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        listening = Listening("hl7", "hl7", address, maker(Hl7(listen=address), tmp_path), clock=FakeClock())
        await listening.keep_open()
        assert f"{address} cannot be listened on" in listening.told().why

    def broken() -> Adapter:
        raise ZeroDivisionError

    listening = Listening("b", "hl7", "", broken, clock=FakeClock())
    await listening.keep_open()
    assert "ZeroDivisionError" in listening.told().why


def test_every_listener_is_planned_and_checked(tmp_path: Path) -> None:
    """Those without an address are not; what cannot be used is named with its section."""
    own = Hl7(listen="127.0.0.1:1", charset="klingon")
    further = {
        "lab": Hl7(listen="127.0.0.1:2", table=tmp_path / "none.toml"),
        "tls": Hl7(listen="127.0.0.1:3", tls_certificate=tmp_path / "none.pem", tls_key=tmp_path / "none.key"),
        "up": Hl7(listen="127.0.0.1:5", source="../up"),
        "well": Hl7(listen="127.0.0.1:4"),
    }
    settings = Settings(hl7=Hl7(listen=own.listen, charset=own.charset, also=further))

    assert [planned.name for planned in plan_listeners(settings)] == [
        "hl7",
        "hl7-lab",
        "hl7-tls",
        "hl7-up",
        "hl7-well",
    ]
    assert [(planned.section, error.code) for planned, error in find_unusable(settings)] == [
        ("hl7", "hl7_charset"),
        ("hl7.also.lab", "hl7_table"),
        ("hl7.also.tls", "hl7_tls"),
        ("hl7.also.up", "hl7_source"),
    ]
    assert plan_listeners(Settings()) == []
