"""The checker's answer: counts, and each violation by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Invariant(StrEnum):
    """What must hold after every fault, once the system has healed."""

    NO_ACKED_LOSS = "I1"  # what was answered *ok* is there, once
    NO_VISIBLE_DUPLICATE = "I2"  # nobody is shown one message twice
    DELIVERED_OR_ARMED = "I3"  # delivered, ended, or a deadline stands
    STEP = "I4"  # each step of an escalation begins once and rings everybody of it once
    ORDER = "I5"  # inboxes are dense; devices see their numbers in order, without a hole
    NO_SILENT_FAILURE = "I6"  # every try has its answer; nothing is kept that nobody may have sent
    IN_TIME = "I8"  # no step begins early, late, or after somebody has it
    STATUS_FORWARD = "I9"  # a status never goes backwards
    IDENTITY = "identity"  # one identity, one message, one content


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One breach. `subject` is the identity, message, person or client it happened to.

    `late` says that it came, only too late: a machine that had too much else to do may be to blame.
    """

    invariant: Invariant
    what: str
    subject: str
    detail: str = ""
    late: bool = False

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.invariant}: {self.what}: {self.subject}{detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Counts of tries and identities, and all violations found.

    `lost` counts identities that were acknowledged and are not there; `unknown_kept` those that were never
    acknowledged although they are there: allowed, and the reason why a sender repeats.
    """

    attempted: int = 0
    ok: int = 0
    refused: int = 0
    unknown: int = 0
    acknowledged: int = 0
    unknown_kept: int = 0
    violations: tuple[Violation, ...] = field(default=())

    @property
    def held(self) -> bool:
        """Whether no invariant was broken."""
        return not self.violations

    @property
    def late(self) -> bool:
        """Whether nothing was wrong but that something came too late."""
        return not self.held and all(v.late for v in self.violations)

    @property
    def lost(self) -> int:
        """How many acknowledged identities are not there."""
        return len({v.subject for v in self.of(Invariant.NO_ACKED_LOSS)})

    def of(self, *invariants: Invariant) -> tuple[Violation, ...]:
        """Return the violations of these invariants."""
        return tuple(v for v in self.violations if v.invariant in invariants)

    def without(self, invariants: Iterable[Invariant]) -> tuple[Violation, ...]:
        """Return the violations of all other invariants."""
        others = frozenset(invariants)
        return tuple(v for v in self.violations if v.invariant not in others)

    def assert_held(self) -> None:
        """Raise AssertionError with the verdict as text when an invariant was broken."""
        assert self.held, str(self)

    def __str__(self) -> str:
        head = (
            f"attempted {self.attempted} = ok {self.ok} + refused {self.refused} + unknown {self.unknown}; "
            f"acknowledged {self.acknowledged}, lost {self.lost}, unknown yet kept {self.unknown_kept}"
        )
        kinds = Counter(f"{v.invariant} {v.what}" for v in self.violations)
        sums = [f"  {kind}: {count}" for kind, count in sorted(kinds.items())]
        return "\n".join([head, *sums, *(f"    {v}" for v in self.violations[:20])])
