"""
Our own certificate authority: made at the first start, so that nothing beyond the loopback is without TLS.

Devices and callers are given `authority.pem` and trust nothing else. A hospital that has an authority of its
own sets certificate and key in the settings instead. P-256 throughout: every client of this field reads it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wardwire.ops.account import Account, private_folder
from wardwire.ops.failure import StartFailed
from wardwire.ops.nats_conf import Tls
from wardwire.ops.secrets import keep, write_private

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)  # what browsers accept at most
RENEW_BEFORE = timedelta(days=60)
_BACKDATED = timedelta(hours=1)  # a device's clock may be slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """
    Files of the authority in one folder.

    Attributes:
        certificate: What devices trust; public.
    """

    folder: Path
    account: Account | None

    @property
    def certificate(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def key(self) -> Path:
        return self.folder / "authority.key"


def ensure_authority(home: Path, site: str, account: Account | None) -> Authority:
    """
    Find the authority below `home/tls`, or make it.

    Raises:
        StartFailed: `authority_broken` when its key is gone but its certificate is there; a new one would
            silently shut out every device that trusts the old one.
    """
    authority = Authority(folder=private_folder(home / "tls", account), account=account)
    if authority.certificate.exists():
        if authority.key.exists():
            return authority
        raise StartFailed(
            "authority_broken",
            f"The key of our certificate authority is missing in {authority.folder}.",
            "Restore it from a backup; or remove authority.pem too, and register every device anew.",
        )
    # The key comes first: a crash before the certificate leaves a key, which the next start goes on with.
    raw = keep(authority.key, lambda: _key_bytes(ec.generate_private_key(ec.SECP256R1())), account)
    key = serialization.load_pem_private_key(raw, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{site[:40]} Wardwire authority")])
    now = datetime.now(UTC)
    usage = _key_usage(sign=False, certificates=True)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(authority.certificate, certificate.public_bytes(serialization.Encoding.PEM), account)
    return authority


def server_certificate(authority: Authority, name: str, hosts: Sequence[str]) -> Tls:
    """
    Give a listener its certificate for these names; made anew when they change or its end is near.

    Args:
        name: Of the listener, and of its files ("edge", "api").
        hosts: Host names and IP addresses by which it is reached; the loopback is always among them.
    """
    wanted = sorted({*hosts, "localhost", "127.0.0.1", "::1"})
    tls = Tls(certificate=authority.folder / f"{name}.pem", key=authority.folder / f"{name}.key")
    if not _still_good(tls, wanted, datetime.now(UTC)):
        _issue(authority, tls, wanted)
    return tls


def local_address() -> str:
    """Return the address of this machine that others of its network would use; "" when it has none. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that is nobody's
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _still_good(tls: Tls, hosts: Sequence[str], now: datetime) -> bool:
    if not (tls.certificate.exists() and tls.key.exists()):
        return False
    try:
        certificate = x509.load_pem_x509_certificates(tls.certificate.read_bytes())[0]
    except ValueError:
        return False
    named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return list(named) == [_general_name(host) for host in hosts] and (
        certificate.not_valid_after_utc - now > RENEW_BEFORE
    )


def _issue(authority: Authority, tls: Tls, hosts: Sequence[str]) -> None:
    signer = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"wardwire {tls.key.stem}")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(min(now + SERVER_LIFE, issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(sign=True, certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    chain = certificate.public_bytes(serialization.Encoding.PEM) + authority.certificate.read_bytes()
    write_private(tls.key, _key_bytes(key), authority.account)
    write_private(tls.certificate, chain, authority.account)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _key_usage(*, sign: bool, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
