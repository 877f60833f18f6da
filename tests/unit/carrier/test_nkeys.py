"""nkeys: spelled as NATS spells them, and nothing mistyped gets through."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.carrier.nkeys import KeyPair, Kind, NkeyError, read_public, verify, write_public

# Made with NATS's own tool `nk`; published in the NATS documentation as an example, so no secret of anybody.
SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
PUBLIC = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"


def test_a_seed_of_the_nats_tool_gives_its_public_key() -> None:
    """Our spelling is NATS's spelling, both ways."""
    key = KeyPair.from_seed(SEED)
    assert key.kind is Kind.USER
    assert key.public == PUBLIC
    assert key.seed() == SEED


@pytest.mark.parametrize(("kind", "letter"), [(Kind.USER, "U"), (Kind.ACCOUNT, "A"), (Kind.SERVER, "N")])
def test_the_first_letter_tells_the_kind(kind: Kind, letter: str) -> None:
    """U a user, A an account, N a server; a seed has it as second letter."""
    key = KeyPair.generate(kind)
    assert key.public[0] == letter
    assert key.seed()[:2] == "S" + letter
    assert write_public(kind, read_public(key.public, kind)) == key.public


def test_a_signature_holds_for_its_message_and_key_only() -> None:
    """Another message, key, kind or signature is refused, and a nonsense key as well."""
    key, other = KeyPair.generate(Kind.USER), KeyPair.generate(Kind.USER)
    signature = key.sign(b"nonce")
    assert verify(key.public, Kind.USER, b"nonce", signature)
    assert not verify(key.public, Kind.USER, b"another", signature)
    assert not verify(other.public, Kind.USER, b"nonce", signature)
    assert not verify(key.public, Kind.ACCOUNT, b"nonce", signature)
    assert not verify(key.public, Kind.USER, b"nonce", signature[:-1])
    assert not verify("U", Kind.USER, b"nonce", signature)


@pytest.mark.parametrize("at", range(len(PUBLIC)))
def test_one_mistyped_letter_is_noticed(at: int) -> None:
    """Wherever it is."""
    wrong = "A" if PUBLIC[at] != "A" else "B"
    with pytest.raises(NkeyError):
        read_public(PUBLIC[:at] + wrong + PUBLIC[at + 1 :], Kind.USER)


@given(st.text(max_size=80))
def test_no_text_raises_anything_else(text: str) -> None:
    """Whatever is handed in as a key, the answer is NkeyError."""
    with pytest.raises(NkeyError):
        KeyPair.from_seed(text)
    with pytest.raises(NkeyError):
        read_public(text, Kind.USER)


def test_a_seed_file_is_for_its_owner_only_and_never_overwritten(tmp_path: Path) -> None:
    """The file has mode 600; a second write does not lose the first key."""
    key, path = KeyPair.generate(Kind.ACCOUNT), tmp_path / "issuer.nk"
    key.to_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KeyPair.from_file(path).public == key.public
    with pytest.raises(FileExistsError):
        KeyPair.generate(Kind.ACCOUNT).to_file(path)


def test_a_key_does_not_show_its_seed() -> None:
    """Not in a log line, not in a traceback."""
    key = KeyPair.generate(Kind.USER)
    assert key.seed() not in repr(key)
