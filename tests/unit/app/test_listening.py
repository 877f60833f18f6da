"""A listener that cannot be opened is told, tried again, and harms nothing else."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from wardwire.adapters.contract import Adapter, Given
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.registration import REGISTRATION
from wardwire.app.listeners import find_unusable, plan_listeners
from wardwire.app.listening import TRY_AGAIN_S, Listening
from wardwire.settings import Hl7, Settings
from wardwire.testing.clock import FakeClock
from wardwire.testing.conformance.intake import FakeIntake


class Alarms:
    """Keeps what is told of listeners."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def shut(self, name: str, text: str) -> None:
        """One is shut."""
        self.told.append(f"{name}: {text}")

    async def opened(self, name: str) -> None:
        """One is open."""
        self.told.append(f"{name} is open")


@pytest.fixture
def alarms() -> Alarms:
    """What is told."""
    return Alarms()


def maker(options: Hl7, folder: Path) -> Callable[[], Adapter]:
    """What makes the listener of these settings."""
    given = Given("hl7", "core", FakeIntake(), FakeClock(), DeadLetters(folder / "letters"))
    return lambda: REGISTRATION.make(options, given)


async def test_a_broken_table_is_told_once_and_the_door_opens_when_it_is_mended(
    tmp_path: Path, alarms: Alarms
) -> None:
    """It is read anew at each try, ever more seldom."""
    table = tmp_path / "mapping.toml"
    table.write_text("[[rules]]\nnmae = 'x'\n")
    options = Hl7(listen="127.0.0.1:0", table=table)
    listening = Listening("hl7", "hl7", "127.0.0.1:0", maker(options, tmp_path), alarms=alarms, clock=FakeClock())
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 7:
            table.write_text("")

    assert not await listening.open()
    shut = listening.told()
    assert (shut.state, "mapping.toml cannot be used" in shut.why) == ("shut", True)
    await listening.keep_trying(sleep)

    assert slept == [*TRY_AGAIN_S, 30.0, 30.0]
    assert (listening.told().state, listening.told().why) == ("open", "")
    assert [line.partition(":")[0] for line in alarms.told] == ["hl7", "hl7 is open"]
    assert "wardwire hl7 try" in alarms.told[0]
    await listening.close()


async def test_a_busy_address_and_a_fault_of_ours_are_told_too(tmp_path: Path, alarms: Alarms) -> None:
    """Whatever it is, nothing is raised."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        listening = Listening(
            "hl7", "hl7", address, maker(Hl7(listen=address), tmp_path), alarms=alarms, clock=FakeClock()
        )
        assert not await listening.open()
        assert f"{address} cannot be listened on" in listening.told().why

    def broken() -> Adapter:
        raise ZeroDivisionError

    assert not await Listening("b", "hl7", "", broken, alarms=alarms, clock=FakeClock()).open()
    assert "ZeroDivisionError" in alarms.told[-1]


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
