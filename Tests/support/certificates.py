"""Certificates for tests: good ones, and ones that are wrong in one way each."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def make_key(kind: str = "p256"):
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key({"p256": ec.SECP256R1, "p384": ec.SECP384R1}[kind]())


def name(common: str | None) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


def pem(*certificates) -> bytes:
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def key_pem(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Identity:
    """A certificate chain and the key of its leaf, in files."""

    def __init__(self, folder: Path, label: str, chain: list, key):
        self.certificate = chain[0]
        self.chain = folder / f"{label}.pem"
        self.key = folder / f"{label}.key"
        self.write(chain, key)

    def write(self, chain: list, key):
        """Replaces both files, each in one step, as whoever renews certificates does."""
        self.certificate = chain[0]
        for path, content in ((self.chain, pem(*chain)), (self.key, key_pem(key))):
            new = path.with_suffix(path.suffix + ".new")
            new.touch(mode=0o600)
            new.write_bytes(content)
            new.rename(path)

    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()


class Authority:
    """A root, or an intermediate below one."""

    def __init__(self, folder: Path, label: str, parent: "Authority | None" = None, is_ca: bool = True):
        self.folder = folder
        self.label = label
        self.parent = parent
        self.key = make_key()
        self.certificate = (parent or self)._sign(
            self.key.public_key(), name(label), is_ca=is_ca, subject_is_self=parent is None)
        self.path = folder / f"{label}.ca.pem"
        self.path.write_bytes(pem(self.certificate))

    def _sign(self, public, subject, *, is_ca=False, names=(), begin=-DAY, end=30 * DAY, usages=None,
              subject_is_self=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        issuer = subject if subject_is_self else self.certificate.subject
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
                   .serial_number(x509.random_serial_number()).not_valid_before(now + begin)
                   .not_valid_after(now + end)
                   .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True))
        if is_ca:
            builder = builder.add_extension(x509.KeyUsage(
                digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False,
                decipher_only=False), critical=True)
        if usages is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, label: str, *, uri=(), dns=(), ip=(), common=None, begin=-DAY, end=30 * DAY,
              usages=(ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH), key: str = "p256",
              send_parents: bool = True) -> Identity:
        chain, secret = self.sign(
            uri=uri, dns=dns, ip=ip, common=common, begin=begin, end=end, usages=usages, key=key,
            send_parents=send_parents)
        return Identity(self.folder, label, chain, secret)

    def sign(self, *, uri=(), dns=(), ip=(), common=None, begin=-DAY, end=30 * DAY,
             usages=(ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH), key: str = "p256",
             send_parents: bool = True):
        names = ([x509.UniformResourceIdentifier(u) for u in uri] + [x509.DNSName(d) for d in dns]
                 + [x509.IPAddress(ipaddress.ip_address(i)) for i in ip])
        secret = make_key(key)
        leaf = self._sign(secret.public_key(), name(common), names=names, begin=begin, end=end,
                          usages=list(usages) if usages is not None else None)
        chain, above = [leaf], self
        while send_parents and above.parent:
            chain.append(above.certificate)
            above = above.parent
        return chain, secret


def self_signed(folder: Path, label: str, *, uri=(), dns=()) -> Identity:
    lone = Authority(folder, label)
    names = [x509.UniformResourceIdentifier(u) for u in uri] + [x509.DNSName(d) for d in dns]
    leaf = lone._sign(lone.key.public_key(), name(label), names=names, subject_is_self=True)
    return Identity(folder, label, [leaf], lone.key)
