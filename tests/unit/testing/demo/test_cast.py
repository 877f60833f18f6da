"""Who takes part in the demo has a phone, works there, and is on duty."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wardwire.testing.demo.cast import ALWAYS, LIVE_UNITS, choose_cast
from wardwire.testing.hospital.day import Absence, Alarm, CodeCall, Consult, Critical, Exchange, Talk, overture
from wardwire.testing.hospital.house import only
from wardwire.testing.hospital.plan import make_hospital

CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 12, 1, 18, 40, tzinfo=CHICAGO)
HOSPITAL = make_hospital(4)


def test_everybody_who_may_be_called_has_a_phone() -> None:
    """Nurses of the played units, whoever is on call, the code team, and the six of every story; at any hour."""
    for hours in range(0, 96, 7):
        cast = choose_cast(HOSPITAL, now=NOW + timedelta(hours=hours), zone=CHICAGO)
        phones = set(cast.phones)
        assert {unit.name for unit in cast.units} == set(LIVE_UNITS) == set(cast.nurses)
        assert phones <= set(HOSPITAL.workers)
        assert phones >= {*ALWAYS, cast.desk, *(nurse for crew in cast.nurses.values() for nurse in crew)}
        assert len(phones) < 90


def test_the_overture_shows_one_of_each_in_the_played_units() -> None:
    """Whoever looks for ten seconds has seen all kinds."""
    cast = choose_cast(HOSPITAL, now=NOW, zone=CHICAGO)
    seen = [at.what for at in overture(only(HOSPITAL, cast.units))]
    assert [type(what) for what in seen] == [Alarm, Consult, Critical, Talk, CodeCall, Absence, Exchange]
    assert all(what.bed.unit in LIVE_UNITS for what in seen if not isinstance(what, Talk | Absence | Exchange))
