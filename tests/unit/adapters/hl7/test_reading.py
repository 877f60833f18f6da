"""Messages are read as devices write them; whatever the bytes are, nothing is raised but `NotHl7`."""

from __future__ import annotations

import contextlib
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.adapters.hl7.harm import harm
from tests.unit.adapters.hl7.samples import ALARM, RESULT, with_phase
from wardwire.adapters.hl7.ack import Answer, Fault, owed, render_ack
from wardwire.adapters.hl7.batch import split_frame
from wardwire.adapters.hl7.heard import Heard, hear, read_instant
from wardwire.adapters.hl7.mapping import BadTable, Mapped, Table, map_message, read_table
from wardwire.adapters.hl7.tokens import SEGMENTS_MAX, Marks, NotHl7, parse, read_escapes, write_text
from wardwire.model.priority import Priority
from wardwire.model.report import Phase, Report, check_report

NOW = datetime(2026, 12, 2, 0, 40, tzinfo=UTC)
CST = timezone(timedelta(hours=-6))


def heard(text: str | bytes) -> Heard:
    """What a message says."""
    return hear(parse(text if isinstance(text, bytes) else text.encode()))


def mapped(text: str | bytes, table: str = "") -> Mapped:
    """What becomes of a message."""
    data = text if isinstance(text, bytes) else text.encode()
    return map_message(parse(data), data, read_table(table), source="monitors")


def test_an_alarm_is_read_facet_by_facet() -> None:
    """IHE PCD-04 as it is written."""
    said = heard(ALARM)
    assert (said.phase, said.priority, said.key, said.event) == (
        Phase.START,
        Priority.HIGH,
        "GW7|ICU|a91",
        "MDC_EVT_LO",
    )
    assert (said.unit, said.room, said.bed, said.patient) == ("4 West", "4W-R6", "4W-12", "4711")
    assert (said.text, said.value, said.kind) == ("SpO2 low", "82 % (90-100)", "SP")
    assert said.at == datetime(2026, 12, 1, 18, 39, 59, tzinfo=CST)


@pytest.mark.parametrize(
    ("phase", "state", "wanted"),
    [
        ("start", "active", Phase.START),
        ("present", "active", Phase.START),
        ("tpoint", "active", Phase.START),
        ("continue", "Active", Phase.CONTINUE),
        ("update", "latched", Phase.UPDATE),
        ("escalate", "active", Phase.ESCALATE),
        ("deescalate", "active", Phase.DEESCALATE),
        ("end", "inactive", Phase.END),
        ("stop", "active", Phase.END),
        ("update", "inactive", Phase.END),
        ("end", "latched", Phase.END),
        ("acknowledged", "active", Phase.NOTE),
        ("of a newer edition", "active", Phase.CONTINUE),
    ],
)
def test_phases_are_those_of_the_life_of_an_alert(phase: str, state: str, wanted: Phase) -> None:
    """Acknowledged at the bedside ends nothing; an inactive state ends whatever the phase says."""
    said = heard(with_phase(phase, state=state))
    assert said.phase is wanted
    assert said.latched is (state == "latched")


def test_facets_are_found_by_name_by_code_and_by_number() -> None:
    """Devices leave one or the other out, and older ones put priority and kind into OBX-8 of the event."""
    for old, new in (("68481^MDC_ATTR_EVENT_PHASE^MDC", "68481"), ("68481^MDC_ATTR_EVENT_PHASE^MDC", "99999^OWN^L")):
        assert heard(with_phase("end").replace(old.encode(), new.encode())).phase is Phase.END
    older = "\r".join(line for line in ALARM.split("\r") if "|6|" not in line[:6] and "OBX|7" not in line)
    older = "\r".join(line for line in older.split("\r") if not line.startswith("OBX|6"))
    said = heard(older.replace("SpO2 low||||||R", "SpO2 low|||H~PM~ST|||R"))
    assert (said.letter, said.kind, said.priority) == ("PM", "ST", Priority.MEDIUM)


def test_a_priority_that_nobody_knows_is_high() -> None:
    """Rather called for nothing than not called."""
    assert heard(with_phase("start", priority="20")).priority is Priority.HIGH
    assert heard(with_phase("start", priority="PL")).priority is Priority.LOW


def test_a_technical_alarm_has_its_event_in_the_value() -> None:
    """OBX-3 says alarm, OBX-5 says which."""
    text = ALARM.replace(
        "196670^MDC_EVT_LO^MDC|1.1.1.1.1|SpO2 low",
        "196616^MDC_EVT_ALARM^MDC|1.1.1.1.1|196636^MDC_EVT_DISCONN^MDC",
    )
    assert (heard(text).event, heard(text).code, heard(text).text) == (
        "MDC_EVT_DISCONN", "196636", "MDC_EVT_DISCONN",
    )  # fmt: skip


def test_a_watchdog_rings_nobody() -> None:
    """The source only says that it is there."""
    assert heard(ALARM.replace("196670^MDC_EVT_LO", "196614^MDC_EVT_ACTIVE")).phase is None


def test_only_critical_results_are_told() -> None:
    """By their flag; the patient's number is the record's, and stands apart."""
    said = heard(RESULT)
    assert (said.phase, said.text, said.flag) == (Phase.START, "Potassium 6.8 mmol/L", "HH")
    assert (said.patient, said.service, said.test) == ("4711", "CAR", "Potassium")
    assert heard(RESULT.replace("|HH|", "|H|")).why == "no critical value"
    assert heard(RESULT.replace("|HH|||F|", "|HH|||C|")).text.endswith("(corrected)")
    assert heard(RESULT.replace("ORU^R01", "ADT^A04")).phase is None


def test_character_sets_and_marks_are_the_messages_own() -> None:
    """As MSH-18 says; what is not so written is read all the same, and marked."""
    latin = RESULT.replace("Potassium^LN", "Kalium m\xe4\xdfig^LN").encode("latin-1")
    assert heard(latin).test == "Kalium m\xe4\xdfig"
    utf16 = RESULT.encode("utf-16")
    assert heard(utf16).patient == "4711"
    wrong = parse(ALARM.replace("SpO2 low", "S\xe4ttigung").encode("latin-1"))
    assert (wrong.charset, wrong.guessed) == ("cp1252", True)
    own = RESULT.replace("|", "!").replace("^", ":").replace("!:~\\&!", "!:~\\&!")
    assert heard(own).text == "Potassium 6.8 mmol/L"
    assert heard(RESULT.replace("\r", "\n")).patient == heard(RESULT.replace("\r", "\r\n")).patient == "4711"


def test_escapes_are_read_and_written() -> None:
    """What is unknown stays as it stands; a mark in a text never becomes one of the message."""
    marks = Marks()
    assert read_escapes(r"a\F\b\S\c\.br\d\X41\e\Z9\f", marks) == "a|b^c\ndAe\\Z9\\f"
    assert read_escapes("5\\", marks) == "5\\"
    for text in ("a|b^c~d&e\\f", "two\nlines", "plain"):
        assert read_escapes(write_text(text, marks), marks) == text


@pytest.mark.parametrize("data", [b"", b"MSH", b"MSH|", b"PID|1", b"MSH|^^\\&|", b"\x00\xff", b"MSHx^~\\&x"])
def test_what_has_no_header_is_not_hl7(data: bytes) -> None:
    """Nobody would know whom to answer."""
    with pytest.raises(NotHl7):
        parse(data)


def test_instants_need_their_offset() -> None:
    """Without one nobody knows the zone."""
    assert read_instant("20261201184000.123-0600") == datetime(2026, 12, 1, 18, 40, tzinfo=CST)
    assert read_instant("202612011840-0600") == datetime(2026, 12, 1, 18, 40, tzinfo=CST)
    for text in ("", "20261201184000", "2026", "20261399000000+0100", "x" * 19):
        assert read_instant(text) is None


def test_original_and_enhanced_senders_get_what_they_asked_for() -> None:
    """AA or CA, sides swapped, MSA-2 as it came; ERR with place, code and words."""
    result, alarm = parse(RESULT.encode()), parse(ALARM.encode())
    assert (owed(result, Answer.COMMITTED), owed(alarm, Answer.COMMITTED)) == (("AA",), ("CA",))
    assert render_ack(result, "AA", control_id="1", now=NOW).decode() == (
        "MSH|^~\\&|WARDWIRE|HOSP|LIS|HOSP|20261202004000+0000||ACK^R01^ACK|1|P|2.5.1||||||8859/1\rMSA|AA|K-771\r"
    )
    fault = Fault(204, "PV1^1^3", "there is no bed 4W|12")
    told = render_ack(alarm, "CE", control_id="2", now=NOW, fault=fault).decode().split("\r")
    assert told[1:] == [
        "MSA|CE|A1001", "ERR||PV1^1^3|204^Unknown key identifier^HL70357|E||||there is no bed 4W\\F\\12", "",
    ]  # fmt: skip
    for words, good, bad in (
        ("AL|NE", ("CA",), ("CE",)),
        ("NE|NE", (), ()),
        ("ER|NE", (), ("CE",)),
        ("SU|NE", ("CA",), ()),
        ("AL|AL", ("CA", "AA"), ("CE",)),
        ("NE|AL", ("AA",), ("AE",)),
        ("|AL", ("AA",), ("AE",)),
        ("XX|", ("CA",), ("CE",)),
    ):
        asked = parse(ALARM.replace("|AL|NE|", f"|{words}|").encode())
        assert (owed(asked, Answer.COMMITTED), owed(asked, Answer.REFUSED)) == (good, bad)


TABLE = """
[[rules]]
name = "leads off"
when = { event = "MDC_EVT_DISCONN", unit = "4 *" }
ignore = true

[[rules]]
name = "intensive care"
when = { unit = ["icu *", "4 West"], letter = ["PH"], type = "ORU^R40" }
policy = "Monitor alarm {unit}"
priority = "code"
bed = "{unit}/{bed}"

[[rules]]
name = "laboratory"
when = { type = "ORU^R01" }
to = ["role:{service} 1st"]
subject = "Critical: {test}"

[otherwise]
name = "anything else"
text = "{text} {value}"
"""


def test_the_first_rule_that_fits_decides() -> None:
    """Patterns, whatever their case; texts are filled with what the message says."""
    report = mapped(ALARM, TABLE).report
    assert report is not None
    assert (report.policy, report.priority, report.bed, report.unit) == (
        "Monitor alarm 4 West", Priority.CODE, "bed:4 West/4W-12", "unit:4 West",
    )  # fmt: skip
    lab = mapped(RESULT, TABLE).report
    assert lab is not None
    assert (lab.to, lab.subject, lab.source_key, lab.patient) == (
        ("role:CAR 1st",),
        "Critical: Potassium",
        "",
        "4711",
    )
    assert mapped(with_phase("start", priority="PM"), TABLE).rule == "anything else"
    off = mapped(ALARM.replace("196670^MDC_EVT_LO", "196636^MDC_EVT_DISCONN"), TABLE)
    assert (off.report, off.rule) == (None, "leads off")


def test_an_identity_is_of_the_whole_message() -> None:
    """Devices count anew after a restart: the same number with other content is another message."""
    first, again = mapped(ALARM).report, mapped(ALARM).report
    other = mapped(ALARM.replace("|82|", "|81|")).report
    assert first is not None and again is not None and other is not None  # noqa: PT018
    assert first.external_id == again.external_id != other.external_id
    assert first.source_key == other.source_key == "GW7|ICU|a91"
    check_report(first)


def test_messages_of_a_test_system_reach_only_whom_a_rule_names_for_them() -> None:
    """MSH-11 T or D: never a nurse whose alarm it only looks like."""
    text = ALARM.replace("|P|2.6|", "|T|2.6|")
    assert mapped(text).report is None
    table = '[[rules]]\nname = "trials"\nwhen = { processing = ["T", "D"] }\nto = ["person:Eva"]\n'
    report = mapped(text, table).report
    assert report is not None
    assert (report.test, report.to) == (True, ("person:Eva",))
    assert mapped(ALARM, table).rule == "otherwise"


@pytest.mark.parametrize(
    "text",
    [
        "rules = 1",
        "[[rules]]\nname = 'a'\nwhen = { colour = 'red' }",
        "[[rules]]\nname = 'a'\ntext = '{nobody}'",
        "[[rules]]\nwhen = {}",
        "not toml",
    ],
)
def test_a_table_that_cannot_be_used_says_why(text: str) -> None:
    """With words for whoever edits it."""
    with pytest.raises(BadTable, match=r"\w"):
        read_table(text)


PIECES = st.sampled_from(
    [
        "|",
        "^",
        "~",
        "&",
        "\\",
        "\r",
        "\n",
        "MSH",
        "OBX",
        "PV1",
        "OBR",
        "PH",
        "start",
        "\\F\\",
        "\\X0G\\",
        "1.3",
        "\x00",
    ]
)
NOISE = st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join)


@settings(max_examples=3_000)
@given(st.one_of(st.binary(max_size=200), NOISE.map(lambda s: f"MSH|^~\\&|{s}".encode("utf-8", "replace"))))
def test_noise_never_crashes(data: bytes) -> None:
    """Tokenizer, reading, mapping and acknowledgement."""
    _through(data)


@settings(max_examples=2_000)
@given(st.sampled_from([ALARM, RESULT]), st.data())
def test_harmed_messages_never_crash(text: str, data: st.DataObject) -> None:
    """Bytes changed, cut out, doubled."""
    raw = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
        if not raw:
            break
    _through(bytes(raw))


@pytest.mark.parametrize("text", [ALARM, RESULT], ids=["alarm", "result"])
def test_truncated_at_each_byte_nothing_crashes(text: str) -> None:
    """A line that broke anywhere."""
    for size in range(len(text)):
        _through(text[:size].encode())


def _through(data: bytes) -> None:
    with contextlib.suppress(NotHl7):
        message = parse(data)
        outcome = map_message(message, data, Table(), source="fuzz")
        render_ack(message, "AE", control_id="1", now=NOW, fault=Fault(102, "MSH^1", outcome.why))
        if outcome.report is not None:
            assert len(outcome.report.text) <= 4_000
            assert outcome.report.subject.isprintable()
            assert outcome.report.source_key.isprintable()


def handed(text: str, table: Table | None = None) -> Report | None:
    """What is handed in of a message."""
    data = text.encode()
    return map_message(parse(data), data, table or Table(), source="hl7").report


def test_two_senders_that_count_alike_have_alerts_of_their_own() -> None:
    """Else the alarm of the second would be taken for a repeat of the first, and ring nobody."""
    one, other = handed(ALARM), handed(ALARM.replace("|GW7^", "|GW8^", 1))
    assert one is not None
    assert other is not None
    assert one.source_key != other.source_key


def test_keys_that_are_cut_off_alike_stay_apart() -> None:
    """A long one is known by its digest."""
    keys = set()
    for end in ("1", "2"):
        report = handed(ALARM.replace("^a91&", f"^{'a' * 300}{end}&"))
        assert report is not None
        assert len(report.source_key) <= 200
        keys.add(report.source_key)
    assert len(keys) == 2


def test_an_alarm_without_a_name_is_known_by_its_device_and_event() -> None:
    """So that its end finds its beginning."""
    nameless = ALARM.replace("a91.2^GW7^00A037FFFE000012^EUI-64", "").replace("^a91&GW7&00A0&EUI-64", "")
    nameless += "OBX|8||69965^MDC_DEV_MON^MDC|1.0.0.0|||||||X|||||||00A037FFFE000099\r"
    start, end = handed(nameless), handed(nameless.replace("|start|", "|end|"))
    assert start is not None
    assert end is not None
    assert start.source_key == end.source_key == "GW7|ICU|00A037FFFE000099/MDC_EVT_LO/MDC_PULS_OXIM_SAT_O2"


def test_an_event_that_stands_in_the_structure_alone_is_read() -> None:
    """`ORU^^ORU_R40`, and never taken for something that rings nobody."""
    assert handed(ALARM.replace("ORU^R40^ORU_R40", "ORU^^ORU_R40")) is not None


def test_a_sub_id_of_one_number_is_no_facet() -> None:
    """Another OBX in front does not become the event."""
    extra = ALARM.replace("OBX|1|ST|196670", "OBX|9|ST|1^X^L|1|nothing\rOBX|1|ST|196670")
    report = handed(extra)
    assert report is not None
    assert report.subject == "SpO2 low"


def test_an_advisory_is_low_whatever_else_it_says() -> None:
    """SA, IHE PCD."""
    report = handed(ALARM.replace("|PH|", "||").replace("|SP|", "|SA|"))
    assert report is not None
    assert report.priority is Priority.LOW


def test_a_corrected_result_is_told_where_a_rule_asks_for_it() -> None:
    """Somebody may have been called because of the value that it takes back. A deleted one is none."""
    corrected = RESULT.replace("|HH|||F|", "|N|||C|")
    assert handed(corrected) is None
    table = read_table('[[rules]]\nname = "x"\nwhen = { status = "corrected" }\nto = ["role:Cardiology 1st"]\n')
    report = handed(corrected, table)
    assert report is not None
    assert "(corrected)" in report.text
    assert handed(RESULT.replace("|HH|||F|", "|HH|||D|"), table) is None


def test_a_place_that_a_rule_names_holds_for_messages_without_one() -> None:
    """Monitors of one room often say nothing of it."""
    placeless = ALARM.replace("|4 West^4W-R6^4W-12^HOSP", "|")
    fixed = handed(placeless, read_table('[[rules]]\nname = "x"\nbed = "ICU-3"\nunit = "ICU"\n'))
    assert fixed is not None
    assert (fixed.bed, fixed.unit) == ("bed:ICU-3", "unit:ICU")
    usual = handed(placeless)
    assert usual is not None
    assert (usual.bed, usual.unit) == ("", "")


def test_plain_bytes_that_claim_to_be_utf_16_are_read_as_they_are() -> None:
    """Read as they claim, they would be noise, and their sender would hear nothing."""
    assert handed(ALARM.replace("UNICODE UTF-8", "UNICODE UTF-16")) is not None


def test_a_message_of_too_many_segments_is_known_to_be_cut() -> None:
    """What stands behind might matter."""
    assert parse((ALARM + "NTE|1\r" * SEGMENTS_MAX).encode()).cut
    assert not parse(ALARM.encode()).cut


def test_messages_of_one_frame_are_split_byte_for_byte() -> None:
    """With wrappers around, or one after the other; a single message and noise stay as they are."""
    one, two = ALARM.encode(), RESULT.encode()
    batch = b"FHS|^~\\&|GW7\rBHS|^~\\&|GW7\r" + one + b"BTS|1\rBHS|^~\\&|GW7\r" + two + b"BTS|1\rFTS|2\r"
    assert split_frame(batch) == split_frame(one + two) == [one, two]
    assert split_frame(b"BHS|^~\\&|GW7\r" + one + b"BTS|1\r") == [one]
    for whole in (one, b"", b"noise MSH|", one[:40] + b"MSH" + one[40:]):
        assert split_frame(whole) == [whole]
    assert split_frame(b"BHS|^~\\&|GW7\rBTS|0\r") == []


def test_ten_thousand_harmed_messages_crash_nothing() -> None:
    """Seeded; memory stays bounded, and most are messages still. `make faults FULL=1` takes a million."""
    harm(1_000, 0)
    tracemalloc.start()
    harm(1_000, 2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
    assert 5_000 < harm(10_000, 1) < 20_000
