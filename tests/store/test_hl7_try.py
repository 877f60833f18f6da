"""`wardwire hl7 try` on a real database: what becomes of samples, and who would get them now."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import FreshDatabase, write_engines
from tests.store.test_commands import Terminal
from tests.unit.adapters.hl7.samples import ALARM, RESULT, with_phase
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.frame import Deframer, render_frame
from wardwire.ops.engines import ENGINES_VARIABLE

POLICY = '[[steps]]\ntargets = ["bed:primary"]\nwait_s = 60\n[[steps]]\ntargets = ["Ben"]\nwait_s = 60\n'
BATCH = "FHS|^~\\&|GW7\rBHS|^~\\&|GW7\r" + ALARM + RESULT.replace("|HH|", "|N|") + "BTS|2\rFTS|1\r"


@pytest.fixture
def wardwire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal on a machine where nothing runs."""
    monkeypatch.setenv(ENGINES_VARIABLE, str(tmp_path / "engines.json"))
    monkeypatch.setenv("COLUMNS", "200")
    return Terminal(capsys)


@pytest.fixture
def ward(wardwire: Terminal, fresh_database: FreshDatabase, tmp_path: Path) -> Terminal:
    """The same on a running site: Anna has bed 4W-12, Ben is next."""
    write_engines(tmp_path / "engines.json", fresh_database.logins)
    (tmp_path / "policy.toml").write_text(POLICY)
    for words in (
        ("people", "add", "Anna", "--email", "anna@ward.example"),
        ("people", "add", "Ben", "--email", "ben@ward.example"),
        ("policy", "add", "Monitor alarm", str(tmp_path / "policy.toml")),
        ("place", "add", "unit", "4 West", "--policy", "Monitor alarm"),
        ("place", "add", "bed", "4W-12", "--in", "unit:4 West"),
        ("place", "assign", "bed:4W-12", "Anna"),
    ):
        assert wardwire(*words)[0] == 0, wardwire.said
    return wardwire


def sample(folder: Path, content: str | bytes, name: str = "sample.hl7") -> str:
    """Save a sample."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def test_a_sample_says_its_rule_and_who_would_get_it_now(ward: Terminal, tmp_path: Path) -> None:
    """By the same planner as a real alarm: whoever has the bed, and who is called when nobody answers."""
    status, said = ward("hl7", "try", sample(tmp_path, ALARM.replace("\r", "\n")))
    assert status == 0
    assert "Rule 'otherwise': start of the alert GW7|ICU|a91." in said
    (message,) = ward.json("hl7", "try", sample(tmp_path, ALARM))["messages"]
    assert (message["rule"], message["report"]["bed"]) == ("otherwise", "bed:4W-12")
    assert [one["name"] for one in message["reached"]["recipients"]] == ["Anna"]
    assert [(line["in_s"], line["who"]) for line in message["reached"]["promise"]][:2] == [(0, "Anna"), (60, "Ben")]


def test_batches_and_several_files_are_tried_message_by_message(ward: Terminal, tmp_path: Path) -> None:
    """Framed or not; what rings nobody says why, what begins nothing says so."""
    batch = sample(tmp_path, BATCH, "batch.hl7")
    framed = sample(
        tmp_path, render_frame(with_phase("end", control="A1003", state="inactive")) + render_frame(RESULT.encode())
    )
    tried = ward.json("hl7", "try", batch, framed)["messages"]
    assert [(Path(one["file"]).name, one["number"], one["control_id"]) for one in tried] == [
        ("batch.hl7", 1, "A1001"), ("batch.hl7", 2, "K-771"), ("sample.hl7", 1, "A1003"), ("sample.hl7", 2, "K-771"),
    ]  # fmt: skip
    assert [one["why"] for one in tried] == ["", "no critical value", "", ""]
    assert tried[2]["reached"] == {"open_alert": "", "refused": "", "recipients": [], "promise": []}
    said = ward("hl7", "try", batch, framed)[1]
    assert "batch.hl7 (2 of 2): K-771" in said
    assert "No such alert is open, and it begins none: it rings nobody." in said


def test_what_would_be_refused_or_is_not_taken_says_so_and_ends_with_one(ward: Terminal, tmp_path: Path) -> None:
    """Before a patient's alarm finds it out."""
    unknown = sample(tmp_path, ALARM.replace("4 West^4W-R6^4W-12", "9 Z^^9Z-99"))
    assert ward("hl7", "try", unknown)[0] == 1
    assert "It would be refused, and be a technical alarm: place_unknown" in ward("hl7", "try", unknown)[1]
    for content, why in (
        ("EVN|A01", "it is no HL7 message"),
        (ALARM.replace("|2.6|", "|3.0|"), "only version 2 is spoken here"),
        (ALARM.replace("|A1001|P|", "||P|"), "its control id (MSH-10) is missing"),
    ):
        status, said = ward("hl7", "try", sample(tmp_path, content))
        assert status == 1
        assert f"It is not taken: {why}" in said


def test_without_a_site_the_rest_is_told(wardwire: Terminal, tmp_path: Path) -> None:
    """A table can be written before anything runs."""
    status, said = wardwire("hl7", "try", sample(tmp_path, ALARM), "--data", str(tmp_path))
    assert status == 0
    assert "Rule 'otherwise'" in said
    assert "Who would get it cannot be said: Nothing has been started on" in said
    told = wardwire.json("hl7", "try", sample(tmp_path, ALARM), "--data", str(tmp_path))
    assert told["messages"][0]["reached"] is None
    assert "Nothing has been started" in told["reached_unknown"]


def test_a_sample_is_tried_as_its_listener_would_take_it(
    wardwire: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its own table and source; one that is not there is named."""
    table = sample(tmp_path, '[[rules]]\nname = "all of the laboratory"\nto = ["Ben"]\n', "laboratory.toml")
    monkeypatch.setenv("WARDWIRE__HL7__ALSO__LAB__LISTEN", "127.0.0.1:2576")
    monkeypatch.setenv("WARDWIRE__HL7__ALSO__LAB__TABLE", table)
    (message,) = wardwire.json("hl7", "try", sample(tmp_path, RESULT), "--listener", "hl7-lab")["messages"]
    assert (message["rule"], message["report"]["source"]) == ("all of the laboratory", "lab")
    assert wardwire("hl7", "try", sample(tmp_path, RESULT), "--listener", "lab")[0] == 2
    assert "Name one of hl7, hl7-lab." in wardwire.said


def test_what_was_refused_is_listed_and_sent_once_more(wardwire: Terminal, tmp_path: Path) -> None:
    """H253: nobody could send again what had been refused. Taken now, it is kept no longer."""
    letters = DeadLetters(tmp_path / "dead-letters" / "GW7")
    taken, refused = hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"b").hexdigest()
    letters.keep(taken, ALARM.encode())
    letters.keep(refused, RESULT.encode())
    listed = wardwire.json("hl7", "letters", "--data", str(tmp_path))["letters"]
    assert [(one["source"], one["kind"]) for one in listed] == [("GW7", "refused")] * 2
    assert "a91" not in wardwire("hl7", "letters", "--data", str(tmp_path))[1], "nothing of what they say"
    words = ("hl7", "replay", "GW7", "--data", str(tmp_path))
    with answering([b"MSH|^~\\&|\rMSA|AA|1\r", b"MSH|^~\\&|\rMSA|AE|2\r"]) as (port, heard):
        to = ("--to", f"127.0.0.1:{port}")
        assert wardwire(*words, *to, "--dry-run")[0] == 0
        assert heard == []
        status, said = wardwire(*words, *to)
    assert (status, heard) == (1, [ALARM.encode(), RESULT.encode()])
    assert "AA" in said
    assert "AE" in said
    assert [path.stem for path in letters.all()] == [refused]
    assert wardwire(*words, "--kind", "lost")[0] == 2
    assert wardwire(*words, *to)[0] != 0, "nobody listens there any more"
    assert [path.stem for path in letters.all()] == [refused]


@contextlib.contextmanager
def answering(answers: list[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """A door that gives one answer after the other; and what it heard."""
    heard: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        for answer in answers:
            with contextlib.suppress(OSError):
                line, _ = listener.accept()
                with line:
                    deframer, found = Deframer(), list[bytes]()
                    while not found:
                        found = deframer.feed(line.recv(65_536))
                    heard.extend(found)
                    line.sendall(render_frame(answer))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_table_is_put_to_use_at_a_terminal(ward: Terminal, tmp_path: Path) -> None:
    """H302: what is put to use decides for `try` as for the listener, until the file decides again."""
    good = tmp_path / "edited.toml"
    good.write_text('[otherwise]\nname = "edited"\nto = ["Ben"]\npriority = "high"\n')
    status, said = ward("hl7", "table", "show")
    assert (status, "There is no table" in said, "The file's is in force" in said) == (0, True, True)
    assert ward("hl7", "table", "put", sample(tmp_path, "[[rules", "broken.toml"))[0] != 0
    assert "cannot be used" in ward.said
    assert ward("hl7", "table", "put", str(good), "--listener", "lab")[0] != 0
    assert "There is no listener lab" in ward.said
    status, said = ward("hl7", "table", "put", str(good))
    assert (status, "is in force" in said) == (0, True)
    assert "Rule 'edited'" in ward("hl7", "try", sample(tmp_path, ALARM))[1]
    status, said = ward("hl7", "table", "show")
    assert (status, 'name = "edited"' in said, "cli:" in said) == (0, True, True)
    status, said = ward("hl7", "table", "reset")
    assert (status, "The file's table decides again" in said) == (0, True)
    assert "Rule 'edited'" not in ward("hl7", "try", sample(tmp_path, ALARM))[1]
