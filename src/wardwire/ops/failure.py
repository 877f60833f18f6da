"""The one way in which an engine says that it cannot start: a code, a sentence, and what to do about it."""

from __future__ import annotations


class StartFailed(Exception):
    """
    Something outside our code keeps an engine from starting.

    Attributes:
        code: Stable word for scripts and tests (`port_busy`, `disk_full`, `other_major`, ...).
        sentence: What was found, with the names and numbers of this machine.
        remedy: What the reader can do now.
    """

    def __init__(self, code: str, sentence: str, remedy: str) -> None:
        super().__init__(f"{sentence} {remedy}")
        self.code = code
        self.sentence = sentence
        self.remedy = remedy
