"""Signatures, session keys and MACs: both sides agree, and nobody else does."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.devices import proof
from wardwire.model.errors import Code, Refused

SITE = X25519PrivateKey.from_private_bytes(bytes(range(32)))
PHONE = X25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
SESSION = UUID("0193a1b2-c3d4-75f6-8718-293a4b5c6d7e")
NONCE = b"n" * 16


def public(key: X25519PrivateKey) -> bytes:
    """The public half."""
    return key.public_key().public_bytes_raw()


def test_both_sides_come_to_the_same_key() -> None:
    """The core from its own key and the device's public one, the device the other way round."""
    core = proof.session_key(SITE, public(PHONE), nonce=NONCE, session=SESSION)
    device = proof.session_key(PHONE, public(SITE), nonce=NONCE, session=SESSION)
    assert core == device
    assert core.hex() == "4ec65e9e2e099b8ee0b67d6466055a99ffde39326df6414eb536adbba7899a48"


def test_another_nonce_or_session_is_another_key() -> None:
    """A key is good for one session alone."""
    keys = {
        proof.session_key(SITE, public(PHONE), nonce=nonce, session=session)
        for nonce in (NONCE, b"m" * 16)
        for session in (SESSION, UUID(int=SESSION.int + 1))
    }
    assert len(keys) == 4


def test_a_key_that_agrees_with_everybody_is_refused() -> None:
    """The all-zero public key would give a secret that everybody knows."""
    for bad in (bytes(32), b"short"):
        with pytest.raises(Refused) as refused:
            proof.session_key(SITE, bad, nonce=NONCE, session=SESSION)
        assert refused.value.code is Code.PROOF_INVALID


def test_the_mac_is_hmac_sha256_cut_to_16_bytes() -> None:
    """The prepared halves come to what the standard's own function gives, for bodies of any length."""
    mac = proof.Mac(b"k" * 32)
    for body in (b"", b"{}", b"x" * 63, b"x" * 64, b"x" * 10_000):
        expected = hmac.digest(b"k" * 32, body, "sha256")[:16]
        assert mac.write(body).decode() == proof.write_bytes(expected)
        assert mac.check(body, proof.write_bytes(expected))


@pytest.mark.parametrize("written", ["", "A" * 22, "A" * 21, "é" * 22, "A" * 5_000])
def test_any_other_mac_is_none(written: str) -> None:
    """Short, long, foreign or not even ASCII: it is refused and does no harm."""
    assert not proof.Mac(b"k" * 32).check(b"{}", written)


def test_a_signature_is_over_device_and_body() -> None:
    """Another body or another device makes another statement."""
    key = Ed25519PrivateKey.generate()
    device, body = "ab" * 16, b'{"t":"send"}'
    signature = key.sign(b"wardwire/1\n" + device.encode() + b"\n" + hashlib.sha256(body).digest())
    verify = proof.verify_signature
    assert verify(key.public_key(), device, body, signature)
    assert not verify(key.public_key(), "cd" * 16, body, signature)
    assert not verify(key.public_key(), device, body + b" ", signature)
    assert not verify(key.public_key(), device, body, bytes(64))


@pytest.mark.parametrize("text", ["a=", "a", "ab+/", "ä", "a b", "a\n"])
def test_what_is_not_base64url_is_refused(text: str) -> None:
    """One spelling only; and what was written is read again."""
    with pytest.raises(Refused) as refused:
        proof.read_bytes(text)
    assert refused.value.code is Code.INVALID
    assert proof.read_bytes(proof.write_bytes(b"\xff\xfe\x00")) == b"\xff\xfe\x00"
