"""Codes of authenticator apps, by the vectors of the RFC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.access.second_factor import uri_of
from wardwire.model.totp import STEP_S, code_of, match, step_at, write_secret

SECRET = b"12345678901234567890"
NOW = datetime(2026, 11, 24, 9, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_rfc(second: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1, the last six digits."""
    assert code_of(SECRET, second // STEP_S) == code


def test_a_code_is_good_half_a_minute_early_and_late_and_once() -> None:
    """Spaces are no fault; what was used, or is older, is."""
    now = step_at(NOW)
    assert match(SECRET, code_of(SECRET, now), NOW, used=0) == now
    assert match(SECRET, code_of(SECRET, now - 1), NOW, used=0) == now - 1
    assert match(SECRET, code_of(SECRET, now + 1), NOW, used=0) == now + 1
    assert match(SECRET, code_of(SECRET, now - 2), NOW, used=0) is None
    assert match(SECRET, f" {code_of(SECRET, now)[:3]} {code_of(SECRET, now)[3:]}", NOW, used=0) == now
    assert match(SECRET, code_of(SECRET, now), NOW, used=now) is None
    assert match(SECRET, code_of(SECRET, now - 1), NOW, used=now) is None


@given(st.text(max_size=12), st.integers(0, 10**6))
def test_what_is_no_code_of_now_matches_never(text: str, later: int) -> None:
    """Whatever is typed."""
    at = NOW + timedelta(seconds=later)
    good = {code_of(SECRET, step_at(at) + around) for around in (-1, 0, 1)}
    assert (match(SECRET, text, at, used=0) is None) or "".join(text.split()) in good


def test_an_app_reads_the_address() -> None:
    """Names are escaped."""
    assert write_secret(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert uri_of(SECRET, issuer="St. Mary's", login="anna").startswith(
        "otpauth://totp/St.%20Mary%27s%3Aanna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=St.%20Mary%27s"
    )
