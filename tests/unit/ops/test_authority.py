"""Our own certificate authority."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509

from wardwire.ops.authority import ensure_authority, server_certificate
from wardwire.ops.failure import StartFailed


def test_an_authority_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """The second start finds the same; keys can be read by nobody else."""
    first = ensure_authority(tmp_path, "Ward 3", None)
    before = first.certificate.read_bytes()

    assert ensure_authority(tmp_path, "Ward 3", None).certificate.read_bytes() == before
    assert {stat.S_IMODE(path.stat().st_mode) for path in first.folder.iterdir()} == {0o600}
    assert stat.S_IMODE(first.folder.stat().st_mode) == 0o700


def test_a_certificate_names_every_way_to_the_listener(tmp_path: Path) -> None:
    """Names and addresses, the loopback among them; signed by the authority; no longer than browsers take."""
    authority = ensure_authority(tmp_path, "Ward 3", None)
    tls = server_certificate(authority, "edge", ["ward.example", "192.0.2.7"])

    certificate, issuer = x509.load_pem_x509_certificates(tls.certificate.read_bytes())
    certificate.verify_directly_issued_by(issuer)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"ward.example", "localhost"}
    assert {str(a) for a in names.get_values_for_type(x509.IPAddress)} == {"192.0.2.7", "127.0.0.1", "::1"}
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days <= 398


def test_a_certificate_is_made_anew_only_when_its_names_change(tmp_path: Path) -> None:
    """The same names keep the same key."""
    authority = ensure_authority(tmp_path, "Ward 3", None)
    before = server_certificate(authority, "edge", ["a"]).certificate.read_bytes()

    assert server_certificate(authority, "edge", ["a"]).certificate.read_bytes() == before
    assert server_certificate(authority, "edge", ["b"]).certificate.read_bytes() != before


def test_an_authority_without_its_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    """A new one would shut out every device that trusts the old one."""
    authority = ensure_authority(tmp_path, "Ward 3", None)
    authority.key.unlink()

    with pytest.raises(StartFailed, match="key of our certificate authority is missing"):
        ensure_authority(tmp_path, "Ward 3", None)


def test_a_crash_between_key_and_certificate_is_gone_on_from(tmp_path: Path) -> None:
    """The key is there, the certificate not yet: the next start makes it for the same key."""
    authority = ensure_authority(tmp_path, "Ward 3", None)
    key = authority.key.read_bytes()
    authority.certificate.unlink()

    again = ensure_authority(tmp_path, "Ward 3", None)

    assert again.certificate.exists()
    assert again.key.read_bytes() == key
