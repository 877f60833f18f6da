"""What the load maker says over MLLP is what the door takes for an alarm of its bed."""

from __future__ import annotations

from bench.shapes.mllp import UNIT, write

from wardwire.adapters.hl7.frame import Deframer
from wardwire.adapters.hl7.mapping import Table, map_message
from wardwire.adapters.hl7.tokens import parse
from wardwire.model.report import Phase


def test_an_alarm_is_a_report_of_its_own_with_its_bed_and_unit() -> None:
    """Its control id is in the identity, by which the bench finds the message again; no two have one key."""
    keys = set()
    for number in (0, 1, 64):
        control, frame = write(number, 64)
        (data,) = Deframer().feed(frame)
        report = map_message(parse(data), data, Table(), source="hl7").report
        assert report is not None
        assert (report.phase, report.bed, report.unit) == (Phase.START, f"bed:B{number % 64}", f"unit:{UNIT}")
        assert report.external_id.split("|")[2] == control
        keys.add(report.source_key)
    assert len(keys) == 3
