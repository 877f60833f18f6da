"""What may be a name, an address, a source."""

from __future__ import annotations

import pytest

from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_address, clean_name, clean_source


@pytest.mark.parametrize("name", ["Anna", " Dr. Chen ", "李医生", "Cardiology 1st", "O’Neill", "ICU: nurse"])
def test_names_of_people_and_places_are_taken(name: str) -> None:
    """In any script; without the space around them."""
    assert clean_name(name) == name.strip()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", Code.TEXT_BLANK),
        (" \u200b ", Code.TEXT_BLANK),
        ("...", Code.TEXT_BLANK),
        ("x" * 121, Code.TEXT_TOO_LONG),
        ("a\nb", Code.INVALID),
        ("group: all", Code.INVALID),
        ("Role:Cardiology", Code.INVALID),
        ("per_" + "0" * 32, Code.INVALID),
    ],
)
def test_what_could_not_be_meant_or_seen_is_no_name(name: str, code: Code) -> None:
    """A name that reads as something else would send a page astray."""
    with pytest.raises(Refused) as refused:
        clean_name(name)
    assert refused.value.code is code


@pytest.mark.parametrize("address", ["a@b.example", "dr.chen+ward@mail.example.org", "x_y@localhost"])
def test_mailboxes_are_taken(address: str) -> None:
    """As they are."""
    assert clean_address("email", f" {address} ") == address


@pytest.mark.parametrize(
    "address", ["a", "@b", "a@", "a b@c", "a@b\r\nRCPT TO:<x@y>", "<a@b>", "a@b,c@d", "a@-b", "ä@b", "a..b@c", "a@b>"]
)
def test_what_could_do_more_than_name_a_mailbox_is_refused(address: str) -> None:
    """An address stands in headers and envelopes."""
    with pytest.raises(Refused):
        clean_address("email", address)


@pytest.mark.parametrize("source", ["", "Lab", "dev_x", "wardwire", "a b", "-x", "x" * 61])
def test_a_source_is_not_to_be_confused(source: str) -> None:
    """Devices and the system itself have identities of their own."""
    with pytest.raises(Refused):
        clean_source(source)
