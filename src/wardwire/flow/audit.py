"""Step 6: verifies the chains of facts, row by row as they come: nothing was changed, taken out, put in between,
reordered, or cut off at the end.

`Walk` is pure; `verify` feeds it from the database in batches, in one snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.flow.proofs import SIGNED, Signed, find_false, read_signed
from wardwire.model.anchor import Anchored
from wardwire.model.facts import GENESIS, Fact, FactKind, link
from wardwire.store.fact_reads import count_facts, read_chains
from wardwire.store.sealing import SealedHead, sealed_heads

# Of one cause many rows may suffer: so many findings are kept, all are counted.
MOST_FINDINGS = 100
_PROOFS_AT_ONCE = 500
# A head is sealed up to so long after its fact: of a chain that ended just before `since`, nothing need be there.
_SEAL_DELAY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it was written. `seq` is the first bad record of its kind."""

    kind: str
    writer: UUID
    seq: int
    at: datetime | None
    text: str


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What a verification found."""

    facts: int = 0
    chains: int = 0
    heads: int = 0
    proofs: int = 0
    found: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return self.found == 0

    def add(self, finding: Finding) -> None:
        """Take a finding in."""
        self.found += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


class _Expected(NamedTuple):
    hash: bytes
    origin: str


class Walk:
    """Walks over facts in the order (writer, seq). Say `end` after the last one."""

    def __init__(
        self,
        verdict: Verdict,
        *,
        sealed: Iterable[SealedHead] = (),
        anchored: Iterable[Anchored] = (),
        since: datetime | None = None,
    ) -> None:
        """With `since`, chains may have begun before: their first fact seen is then believed."""
        self._verdict = verdict
        self._since = since
        self._expected: dict[UUID, dict[int, _Expected]] = {}
        self._afters: list[tuple[UUID, UUID, int]] = []
        self._last: dict[UUID, int] = {}
        self._writer: UUID | None = None
        self._seq = 0
        self._head = GENESIS
        self._broken = False
        for writer, seq, digest, at in sealed:
            self._expect(writer, seq, digest, at, "sealed head")
        for at, writer, seq, digest in anchored:
            self._expect(writer, seq, digest, at, "anchor")

    def take(self, fact: Fact) -> None:
        """Check the next fact."""
        self._verdict.facts += 1
        if fact.writer != self._writer:
            self._begin(fact)
        elif fact.seq != self._seq + 1:
            self._misplaced(fact)
        elif self._hash_of(fact) != fact.hash:
            self._find("altered", fact, "this fact, or the one before it, was changed after it was written")
        self._seq, self._head = fact.seq, fact.hash
        expected = self._expected.get(fact.writer, {}).pop(fact.seq, None)
        if expected is not None and expected.hash != fact.hash:
            self._find("altered", fact, f"the {expected.origin} says otherwise: the chain was written anew")

    def end(self) -> None:
        """Close the last chain, and look for what is not there at all."""
        self._close()
        for writer, ahead in self._expected.items():
            if ahead and writer not in self._last:
                text = f"the chain is gone: it had {max(ahead)} facts by its {ahead[max(ahead)].origin}"
                self._verdict.add(Finding(kind="chain_gone", writer=writer, seq=1, at=None, text=text))
        if self._since is None:
            self._check_successors()

    def _begin(self, fact: Fact) -> None:
        self._close()
        self._writer, self._broken = fact.writer, False
        self._verdict.chains += 1
        if fact.seq == 1:
            self._head = GENESIS
            if self._hash_of(fact) != fact.hash:
                self._find("altered", fact, "this fact was changed after it was written")
            self._note_beginning(fact)
        elif self._since is None:
            self._find("missing", fact, f"the first {fact.seq - 1} facts of the chain are gone")

    def _note_beginning(self, fact: Fact) -> None:
        if fact.kind != FactKind.CHAIN_BEGUN:
            self._find("altered", fact, "the chain does not begin with its beginning")
            return
        try:
            after = json.loads(fact.body).get("after")
            if after:
                writer, _, seq = str(after).partition(":")
                self._afters.append((fact.writer, UUID(hex=writer), int(seq)))
        except ValueError:
            self._find("altered", fact, "the beginning of the chain cannot be read")

    def _misplaced(self, fact: Fact) -> None:
        if fact.seq <= self._seq:
            self._find("reordered", fact, "this number stands twice in the chain")
        else:
            gone = fact.seq - self._seq - 1
            told = f"{self._seq + 1}" if gone == 1 else f"{self._seq + 1} to {fact.seq - 1}"
            self._find("missing", fact, f"{gone} facts before this one are gone: {told}")

    def _close(self) -> None:
        if self._writer is None:
            return
        self._last[self._writer] = self._seq
        ahead = {seq: one for seq, one in self._expected.get(self._writer, {}).items() if seq > self._seq}
        if ahead:
            last = max(ahead)
            text = f"the tail is cut off: {self._seq} facts are there, {last} by the {ahead[last].origin}"
            self._verdict.add(Finding(kind="cut", writer=self._writer, seq=self._seq + 1, at=None, text=text))

    def _check_successors(self) -> None:
        for writer, before, seq in self._afters:
            if self._last.get(before, 0) < seq:
                text = f"it follows {before.hex}:{seq}, which is not there to its end"
                self._verdict.add(Finding(kind="predecessor_gone", writer=writer, seq=1, at=None, text=text))

    def _expect(self, writer: UUID, seq: int, digest: bytes, at: datetime, origin: str) -> None:
        if self._since is not None and at < self._since + _SEAL_DELAY:
            return
        self._verdict.heads += 1
        of_writer = self._expected.setdefault(writer, {})
        known = of_writer.get(seq)
        if known is not None and known.hash != digest:
            text = f"the {known.origin} and the {origin} say different things of this fact"
            self._verdict.add(Finding(kind="heads_differ", writer=writer, seq=seq, at=at, text=text))
            return
        of_writer[seq] = _Expected(digest, origin)

    def _hash_of(self, fact: Fact) -> bytes:
        return link(
            self._head, fact.writer, fact.seq, fact.at, fact.kind, fact.message_id, fact.person_id, fact.device_id,
            fact.body,
        )  # fmt: skip

    def _find(self, kind: str, fact: Fact, text: str) -> None:
        """Keep the first finding of a chain: what follows it follows from it."""
        if not self._broken:
            self._broken = True
            self._verdict.add(Finding(kind=kind, writer=fact.writer, seq=fact.seq, at=fact.at, text=text))


async def verify(
    connection: asyncpg.Connection,
    *,
    anchored: Iterable[Anchored] = (),
    since: datetime | None = None,
    proofs: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Verify everything, or what happened since an instant; reads one snapshot.

    Args:
        connection: Of a role that may read: wardwire_readonly suffices.
        proofs: Also check each device's signature of what it sent and answered: some 100 µs each.
        progress: Called now and then with how many facts were read, of how many.
    """
    verdict = Verdict()
    waiting: list[Signed] = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        walk = Walk(verdict, sealed=await sealed_heads(connection), anchored=anchored, since=since)
        total = await count_facts(connection, since) if progress else 0
        async for batch in read_chains(connection, since):
            for fact in batch:
                walk.take(fact)
                if proofs and fact.kind in SIGNED and (signed := read_signed(fact)) is not None:
                    waiting.append(signed)
            while len(waiting) >= _PROOFS_AT_ONCE:
                await _check(connection, verdict, waiting[:_PROOFS_AT_ONCE])
                del waiting[:_PROOFS_AT_ONCE]
            if progress:
                progress(verdict.facts, total)
        walk.end()
        if waiting:
            await _check(connection, verdict, waiting)
    return verdict


async def _check(connection: asyncpg.Connection, verdict: Verdict, several: list[Signed]) -> None:
    verdict.proofs += len(several)
    for signed, why in await find_false(connection, several):
        verdict.add(Finding(kind="proof", writer=signed.writer, seq=signed.seq, at=signed.at, text=why))
