"""Whoever changes the record is found: edits, deletions, insertions, a cut tail, a chain written anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.engines import FreshDatabase
from tests.ward import reading
from wardwire.carrier.nkeys import Kind, write_public
from wardwire.devices.proof import write_bytes
from wardwire.engine.proof_watch import ProofWatch
from wardwire.engine.sealer import Sealer
from wardwire.flow.answer import Say, Signed
from wardwire.flow.audit import Verdict, verify
from wardwire.flow.statement import Responses, Statement, submission_of, write_statement
from wardwire.flow.submit import Submit
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.anchor import Anchored, read_lines
from wardwire.model.delivery import Event, Happened
from wardwire.model.facts import GENESIS, link
from wardwire.model.priority import Lane, Priority
from wardwire.model.rights import SEND, Caller
from wardwire.testing.ward import Ward


@asynccontextmanager
async def as_owner(database: FreshDatabase) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who may do anything to the database."""
    async with reading(database.logins.owner) as connection:
        yield connection


async def some_messages(ward: Ward) -> None:
    """A little life: three messages, delivered and answered."""
    for _ in range(3):
        stored = await ward.send(ward.anna, ["Dr. Chen"])
        await ward.say(ward.chen, stored, Event.CONFIRMED)


async def judged(database: FreshDatabase, anchored: list[Anchored] | None = None, **options: object) -> Verdict:
    """Verify as the role that only reads."""
    async with reading(database.logins.readonly) as connection:
        return await verify(connection, anchored=anchored or (), **{"proofs": False, **options})  # type: ignore[arg-type]


def anchors(folder: Path) -> list[Anchored]:
    """What the one file in the folder says."""
    (path,) = folder.iterdir()
    with path.open() as lines:
        return list(read_lines(lines))


def sealer(ward: Ward, database: FreshDatabase, folder: Path | None, alarms: list[str]) -> Sealer:
    """Seal as the role that can do nothing else."""

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(database.logins.sealer, server_settings={"search_path": "wardwire"})

    return Sealer(
        connect=connect, clock=ward.clock, folder=folder, alarm=lambda kind, subject, text: alarms.append(text)
    )


async def test_an_untouched_record_verifies(ward: Ward, fresh_database: FreshDatabase, tmp_path: Path) -> None:
    """Chains, seals and anchors agree."""
    await some_messages(ward)
    seals = sealer(ward, fresh_database, tmp_path, [])
    await seals.round()
    await seals.round()
    await seals.close()

    anchored = anchors(tmp_path)
    verdict = await judged(fresh_database, anchored)
    assert verdict.good, verdict.findings
    assert (verdict.facts, verdict.chains) == (8, 2)
    assert len(anchored) == 2, "what has not grown is not sealed again"


EDIT = "UPDATE facts SET body = '{}' WHERE kind = 'Delivered' AND seq = 3"
MOVE = "UPDATE facts SET at = at + interval '1 second' WHERE seq = 2"
RENAME = "UPDATE facts SET person_id = gen_random_uuid() WHERE kind = 'Delivered' AND seq = 2"
DELETE = "DELETE FROM facts WHERE seq = 2 AND kind = 'Delivered'"
HEAD = "DELETE FROM facts WHERE seq = 1 AND writer = (SELECT writer FROM facts WHERE kind = 'Stored' LIMIT 1)"
SWAP = (
    "UPDATE facts f SET body = o.body FROM facts o WHERE f.kind = 'Stored' AND o.kind = 'Stored'"
    " AND f.writer = o.writer AND f.seq <> o.seq AND f.seq IN (2, 3) AND o.seq IN (2, 3)"
)


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (EDIT, "altered"), (MOVE, "altered"), (RENAME, "altered"), (SWAP, "altered"), (DELETE, "missing"),
        (HEAD, "missing"),
    ],
)  # fmt: skip
async def test_a_harmed_record_names_its_first_bad_fact(
    ward: Ward, fresh_database: FreshDatabase, harm: str, kind: str
) -> None:
    """H24: Even the owner of the database cannot do it unseen."""
    await some_messages(ward)
    async with as_owner(fresh_database) as owner:
        assert not (await owner.execute(harm)).endswith(" 0")
    verdict = await judged(fresh_database)
    assert kind in {finding.kind for finding in verdict.findings}
    assert not verdict.good


async def test_a_cut_tail_is_found_by_the_seal_and_by_the_anchor(
    ward: Ward, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """H24: The chain itself still fits; what stands elsewhere tells. If the seal is cut too, the file tells."""
    await some_messages(ward)
    seals = sealer(ward, fresh_database, tmp_path, [])
    await seals.round()
    await seals.close()
    async with as_owner(fresh_database) as owner:
        await owner.execute("DELETE FROM facts WHERE kind = 'Stored' AND seq = 4")
    assert [f.kind for f in (await judged(fresh_database)).findings] == ["cut"]
    async with as_owner(fresh_database) as owner:
        await owner.execute("DELETE FROM audit_heads")
    assert (await judged(fresh_database)).good
    assert [f.kind for f in (await judged(fresh_database, anchors(tmp_path))).findings] == ["cut"]


async def test_a_chain_that_was_written_anew_is_found_by_its_seal(ward: Ward, fresh_database: FreshDatabase) -> None:
    """Whoever forges all hashes after an edit has a chain that fits, but not the one that was sealed."""
    await some_messages(ward)
    alarms: list[str] = []
    seals = sealer(ward, fresh_database, None, alarms)
    await seals.round()
    async with as_owner(fresh_database) as owner:
        await owner.execute(EDIT)
        rows = await owner.fetch(
            "SELECT writer, seq, at, kind, message_id, person_id, device_id, body FROM facts ORDER BY writer, seq"
        )
        head, writer = GENESIS, None
        for row in rows:
            head = link(GENESIS if row["writer"] != writer else head, *row)
            writer = row["writer"]
            await owner.execute("UPDATE facts SET hash = $1 WHERE writer = $2 AND seq = $3", head, writer, row["seq"])
    verdict = await judged(fresh_database)
    assert [(f.kind, "sealed head" in f.text) for f in verdict.findings] == [("altered", True)]
    await seals.round()
    await seals.close()
    assert len(alarms) == 1


async def test_a_chain_that_is_gone_is_missed_by_its_successor_and_its_seal(
    ward: Ward, fresh_database: FreshDatabase
) -> None:
    """A process life cannot be taken out of the record."""
    await some_messages(ward)
    await ward.lanes.stop()
    await ward.lanes.start()
    await some_messages(ward)
    assert (await judged(fresh_database)).good
    async with as_owner(fresh_database) as owner:
        begun = await owner.fetch("SELECT writer, body FROM facts WHERE kind = 'ChainBegun'")
        (first,) = [r["writer"] for r in begun if "high" in r["body"]
                    and json.loads(r["body"])["after"] is None]  # fmt: skip
        await owner.execute("DELETE FROM facts WHERE writer = $1", first)
    assert {f.kind for f in (await judged(fresh_database)).findings} == {"predecessor_gone"}


async def test_only_what_happened_since_can_be_verified(ward: Ward, fresh_database: FreshDatabase) -> None:
    """Days that were archived are not missed; what is asked for is verified all the same."""
    await some_messages(ward)
    ward.clock.advance(timedelta(minutes=2))
    since = ward.clock.now()
    await some_messages(ward)
    verdict = await judged(fresh_database, since=since)
    assert (verdict.good, verdict.facts) == (True, 6)
    async with as_owner(fresh_database) as owner:
        await owner.execute("UPDATE facts SET body = '{}' WHERE kind = 'Delivered' AND seq = 6")
    assert not (await judged(fresh_database, since=since)).good


async def signed(ward: Ward, sign: Callable[[bytes], bytes], text: str) -> None:
    """Send as Anna's device does: the statement with its signature."""
    statement = Statement(id=uuid4().hex, to=("Dr. Chen",), priority=Priority.HIGH, text=text)
    content = write_statement(statement)
    caller = ward.caller(ward.anna)
    assert caller.device_id is not None
    proof = sign(b"wardwire/1\n" + caller.device_id.hex.encode() + b"\n" + hashlib.sha256(content).digest())
    submission = submission_of(statement, source=caller.source, content=content, proof=proof)
    await ward._answer(lambda done: Submit(submission, caller, ward.rules, done), pair=True)


async def test_a_false_signature_is_a_fact_and_an_alarm_and_found_again(
    ward: Ward, fresh_database: FreshDatabase
) -> None:
    """H25: One message is Anna's own; one was signed with another key; one was changed after it was stored."""
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    nkey = write_public(Kind.USER, key.public_key().public_bytes_raw())
    await ward.connection.execute("UPDATE devices SET nkey = $1 WHERE id = $2", nkey, ward.anna.device)
    await signed(ward, key.sign, "genuine")
    await signed(ward, other.sign, "forged")
    await signed(ward, key.sign, "genuine, and changed later")
    async with as_owner(fresh_database) as owner:
        await owner.execute(
            "UPDATE messages SET content ="
            " convert_to(replace(convert_from(content, 'UTF8'), 'later', 'LATER'), 'UTF8')"
        )
    seals = sealer(ward, fresh_database, None, [])
    await seals.round()
    async with asyncpg.create_pool(
        fresh_database.logins.app, min_size=1, max_size=1, server_settings={"search_path": "wardwire"}
    ) as pool:
        watch = ProofWatch(pool=pool, writer=ward.lanes, rules=ward.rules, clock=ward.clock)
        await watch.round(limit=2)
        await watch.round(limit=2)
        await watch.round(limit=2)
        await ward.quiet()
    await seals.close()

    assert (watch.checked, watch.false) == (3, 2)
    assert await ward.connection.fetchval("SELECT count(*) FROM facts WHERE kind = 'ProofFailed'") == 2
    assert await ward.connection.fetchval("SELECT count(*) FROM alarms WHERE kind = 'proof'") == 2
    verdict = await judged(fresh_database, proofs=True)
    assert sorted(f.text for f in verdict.findings) == [
        "its device has not signed it", "what is stored is not what its device signed",
    ]  # fmt: skip


LAB = Caller(source="lab", scopes=frozenset({SEND}))


def own_key(key: Ed25519PrivateKey) -> str:
    """The nkey of a device's key."""
    return write_public(Kind.USER, key.public_key().public_bytes_raw())


async def respond(ward: Ward, stored: Stored, sign: Callable[[bytes], bytes], event: Event, **said: object) -> None:
    """Answer as Dr. Chen's device does: the frame's body with its signature, as the door hands them on."""
    device = ward.chen.device
    assert device is not None
    body = json.dumps({"t": "response", "id": uuid4().hex, "message": stored.message, **said}).encode()
    signature = sign(b"wardwire/1\n" + device.hex.encode() + b"\n" + hashlib.sha256(body).digest())
    happened = Happened(event=event, device_id=device, answer=str(said.get("text", "")))
    await ward._answer(
        lambda done: Say(
            ids.read_id(ids.MESSAGE, stored.message),
            ward.chen.id,
            happened,
            lane=Lane.REST,
            rules=ward.rules,
            done=done,
            signed=Signed(body, write_bytes(signature)),
        )
    )


ANSWERS_HARMED = {
    "nothing": ("SELECT 1 FROM responses", None),
    "changed": (
        "UPDATE responses SET body = convert_to(replace(convert_from(body, 'UTF8'), 'accept', 'decline'), 'UTF8')",
        "what is stored is not what its device signed",
    ),
    "taken away": ("DELETE FROM responses", "what its device signed is not kept any more"),
    "archived": ("WITH gone AS (DELETE FROM responses) DELETE FROM messages", None),
}


@pytest.mark.parametrize(("harm", "why"), ANSWERS_HARMED.values(), ids=ANSWERS_HARMED)
async def test_an_answer_proves_itself_later(
    ward: Ward, fresh_database: FreshDatabase, harm: str, why: str | None
) -> None:
    """H65: What Dr. Chen has answered is kept as the device signed it; whoever changes it is found."""
    key = Ed25519PrivateKey.generate()
    await ward.connection.execute("UPDATE devices SET nkey = $1 WHERE id = $2", own_key(key), ward.chen.device)
    stored = await ward.send(LAB, ["Dr. Chen"], responses=Responses(accept_decline=True))
    await respond(ward, stored, key.sign, Event.ACCEPT, accept=True)
    async with as_owner(fresh_database) as owner:
        assert not (await owner.execute(harm)).endswith(" 0")
    verdict = await judged(fresh_database, proofs=True)
    assert [finding.text for finding in verdict.findings] == ([why] if why else [])
    assert verdict.proofs == 1


async def test_an_answer_that_nobody_gave_is_found_behind_the_path(ward: Ward, fresh_database: FreshDatabase) -> None:
    """H65: A core that lies writes what no device has said: with another's signature, or over another answer."""
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    await ward.connection.execute("UPDATE devices SET nkey = $1 WHERE id = $2", own_key(key), ward.chen.device)
    offered = Responses(accept_decline=True, free_text=True)
    first, second, third, fourth = [await ward.send(LAB, ["Dr. Chen"], responses=offered) for _ in range(4)]
    await respond(ward, first, other.sign, Event.ACCEPT, accept=True)
    await respond(ward, second, key.sign, Event.ACCEPT, decline=True)
    await respond(ward, third, key.sign, Event.ACCEPT, accept=True)
    await respond(ward, third, key.sign, Event.HAND_BACK, hand_back=True)
    await respond(ward, fourth, key.sign, Event.ANSWER, text="Give 40 mEq.")
    await respond(ward, fourth, key.sign, Event.ANSWER, text="Give 40 mEq.")

    seals = sealer(ward, fresh_database, None, [])
    await seals.round()
    async with asyncpg.create_pool(
        fresh_database.logins.app, min_size=1, max_size=1, server_settings={"search_path": "wardwire"}
    ) as pool:
        watch = ProofWatch(pool=pool, writer=ward.lanes, rules=ward.rules, clock=ward.clock)
        for _ in range(5):
            await watch.round(limit=2)
        await ward.quiet()
    await seals.close()

    assert (watch.checked, watch.false) == (5, 2)
    verdict = await judged(fresh_database, proofs=True)
    assert sorted(f.text for f in verdict.findings) == [
        "its device has not signed it", "its device has signed another answer",
    ]  # fmt: skip
    facts = await ward.connection.fetchval("SELECT string_agg(body, '') FROM facts")
    assert "40 mEq" not in facts
    assert await ward.connection.fetchval("SELECT count(*) FROM responses") == 5
