"""Certificates from the control plane, by a client of Istio's API, read and verified by libraries that are not ours."""

import datetime
import ipaddress
import os
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import grpc
import h2.connection
import h2.events
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing import METHOD, Request, Response, Signing, new_key, request_for
from support.binaries import program
from support.certificates import Authority, Identity, key_pem, pem, self_signed
from support.processes import wait_until

CART = "spiffe://cluster.local/ns/shop/sa/cart"
MINUTE = datetime.timedelta(minutes=1)
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED
INVALID = grpc.StatusCode.INVALID_ARGUMENT


def token(mesh, account="shop/cart", **flags) -> str:
    options = [word for name, value in flags.items() for word in (f"--{name}", value)]
    return mesh.cli("token", "create", "--service-account", account, *options).stdout.strip()


def roots(mesh) -> bytes:
    return mesh.cli("ca", "bundle").stdout.encode()


def joined(mesh, seconds=0):
    """A key and the chain that a token got for it."""
    key = new_key()
    with Signing(mesh.signing, roots(mesh)) as signing:
        return key, signing.create(request_for(key), token=token(mesh), seconds=seconds)


def uris(certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def test_a_token_joins_and_the_certificate_is_an_svid(mesh, tmp_path):
    key, chain = joined(mesh)
    leaf, root = chain
    assert leaf.public_key() == key.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.critical and list(names.value) == [x509.UniformResourceIdentifier(CART)]
    assert list(leaf.subject) == []
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical and not constraints.value.ca
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature
    assert not usage.value.key_cert_sign and not usage.value.crl_sign and not usage.value.key_agreement
    assert set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == {
        ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    now = datetime.datetime.now(datetime.timezone.utc)
    assert MINUTE / 2 < now - leaf.not_valid_before_utc < 2 * MINUTE
    assert datetime.timedelta(hours=23, minutes=59) < leaf.not_valid_after_utc - now <= datetime.timedelta(hours=24)
    assert 64 < leaf.serial_number.bit_length() <= 128
    root_key = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert leaf.extensions.get_extension_for_class(
        x509.AuthorityKeyIdentifier).value.key_identifier == root_key.digest
    assert leaf.extensions.get_extension_for_class(
        x509.SubjectKeyIdentifier).value == x509.SubjectKeyIdentifier.from_public_key(key.public_key())

    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert isinstance(root.public_key().curve, ec.SECP256R1) and uris(root) == ["spiffe://cluster.local"]
    assert datetime.timedelta(days=3650) < root.not_valid_after_utc - now < datetime.timedelta(days=3654)
    (tmp_path / "leaf.pem").write_bytes(pem(leaf))
    (tmp_path / "roots.pem").write_bytes(roots(mesh))
    for purpose in ("sslclient", "sslserver"):
        done = subprocess.run(
            [program("openssl"), "verify", "-x509_strict", "-purpose", purpose, "-CAfile", tmp_path / "roots.pem",
             tmp_path / "leaf.pem"], capture_output=True, text=True, timeout=10)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_servers_own_certificate_names_it(idle_mesh):
    mesh = idle_mesh.start_control("--signing-name", "mesh.example", "--signing-name", "192.0.2.7")
    context = ssl.create_default_context(cadata=roots(mesh).decode())
    host, _, port = mesh.signing.rpartition(":")
    for name in (host, "localhost", socket.gethostname(), "mesh.example", "192.0.2.7"):
        with socket.create_connection((host, int(port)), 10) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secure:
                certificate = x509.load_der_x509_certificate(secure.getpeercert(True))
                assert secure.version() == "TLSv1.3"
    assert uris(certificate) == ["spiffe://cluster.local/ns/tulle-system/sa/tulle-control"]
    with socket.create_connection((host, int(port)), 10) as plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="other.example")
    old = ssl.create_default_context(cadata=roots(mesh).decode())
    with pytest.warns(DeprecationWarning):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((host, int(port)), 10) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain, server_hostname=host)


def test_a_certificate_renews_itself(mesh):
    key, chain = joined(mesh)
    fresh = new_key()
    with Signing(mesh.signing, roots(mesh), (key_pem(key), pem(*chain))) as signing:
        renewed = signing.create(request_for(fresh), SERVICE_ACCOUNT="admin", NAMESPACE="kube-system")[0]
        assert uris(renewed) == [CART] and renewed.public_key() == fresh.public_key()
    assert renewed.serial_number != chain[0].serial_number


def called_over(secure, csr: str) -> tuple[str, bytes]:
    """The gRPC status and the message of one call, over a connection of one's own."""
    message = Request(csr=csr).SerializeToString()
    connection = h2.connection.H2Connection()
    connection.initiate_connection()
    connection.send_headers(1, [
        (":method", "POST"), (":scheme", "https"), (":path", METHOD), (":authority", "localhost"),
        ("content-type", "application/grpc"), ("te", "trailers")])
    connection.send_data(1, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
    secure.sendall(connection.data_to_send())
    fields, body = {}, b""
    while octets := secure.recv(65536):
        for event in connection.receive_data(octets):
            if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                fields |= dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
            elif isinstance(event, h2.events.StreamEnded):
                return fields[b"grpc-status"].decode(), body[5:]
        secure.sendall(connection.data_to_send())
    raise AssertionError("the connection ended before the answer")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_resumed_session_is_still_who_began_it(mesh, tmp_path, version):
    key, chain = joined(mesh)
    identity = Identity(tmp_path, "cart", chain, key)
    context = ssl.create_default_context(cadata=roots(mesh).decode())
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(identity.chain, identity.key)
    host, _, port = mesh.signing.rpartition(":")
    session = None
    for resumes in (False, True):
        with socket.create_connection((host, int(port)), 10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as secure:
                status, answer = called_over(secure, request_for(key))
                assert secure.session_reused is resumes
                assert status == "0"
                leaf = x509.load_pem_x509_certificate(Response.FromString(answer).cert_chain[0].encode())
                assert uris(leaf) == [CART]
                session = secure.session


def test_who_connects_and_says_nothing_is_let_go(mesh):
    host, _, port = mesh.signing.rpartition(":")
    with socket.create_connection((host, int(port)), 10) as tcp, socket.socket(socket.AF_UNIX) as local:
        local.connect(str(mesh.data / "control.sock"))
        for silent in (tcp, local):
            silent.settimeout(20)
            while silent.recv(4096):
                pass


def test_a_control_plane_that_was_killed_still_takes_certificates_and_no_spent_token(mesh):
    key, spent = new_key(), token(mesh)
    with Signing(mesh.signing, roots(mesh)) as signing:
        chain = signing.create(request_for(key), token=spent)
    mesh.control.kill9()
    mesh.start_control()
    with Signing(mesh.signing, pem(chain[-1]), (key_pem(key), pem(*chain))) as signing:
        assert uris(signing.create(request_for(key))[0]) == [CART]
        code, words = signing.refusal(request_for(key), token=spent)
        assert code == UNAUTHENTICATED and "used already" in words


def test_lifetimes(idle_mesh):
    mesh = idle_mesh.start_control("--certificate-lifetime", "10m")
    now = datetime.datetime.now(datetime.timezone.utc)
    for seconds, wanted in ((0, 600), (120, 120), (86_400, 600), (1, 5)):
        life = joined(mesh, seconds)[1][0].not_valid_after_utc - now
        assert abs(life.total_seconds() - wanted) < 30, seconds
    with Signing(mesh.signing, roots(mesh)) as signing:
        assert signing.refusal(request_for(new_key()), token=token(mesh), seconds=-1)[0] == INVALID


def test_tokens_that_do_not_serve(mesh):
    csr = request_for(new_key())
    once, twice, revoked = token(mesh), token(mesh, uses=2), token(mesh)
    mesh.cli("token", "revoke", revoked.split("-")[2])
    short = token(mesh, ttl="1s", uses=1000)
    with Signing(mesh.signing, roots(mesh)) as signing:
        signing.create(csr, token=once)
        for _ in range(2):
            signing.create(csr, token=twice)
        forged = once[:-64] + "0" * 64
        for bearer, words in ((once, "used already"), (twice, "2 uses are spent"), (revoked, "was revoked"),
                              (forged, "not known"), ("tulle-join-0", "no join token"), ("", "no join token")):
            code, said = signing.refusal(csr, token=bearer)
            assert code == UNAUTHENTICATED and words in said, (bearer, said)

        def expired():
            try:
                signing.create(csr, token=short)
            except grpc.RpcError as error:
                return error
            return None
        error = wait_until(expired, 10, every=0.1, what="the token has expired")
        assert error.code() == UNAUTHENTICATED and "expired at" in error.details()
        assert signing.refusal(csr, headers=[("authorization", "Basic eDp5")])[0] == UNAUTHENTICATED
        assert signing.refusal(csr)[0] == UNAUTHENTICATED


def test_a_wrong_request_does_not_spend_the_token(mesh):
    key, other = new_key(), new_key()
    bearer = token(mesh)
    good = x509.load_pem_x509_csr(request_for(key).encode()).public_bytes(serialization.Encoding.DER)
    tampered = bytearray(good)
    tampered[-1] ^= 1

    def armoured(der: bytes) -> str:
        return ssl.DER_cert_to_PEM_cert(bytes(der)).replace("CERTIFICATE", "CERTIFICATE REQUEST")
    with Signing(mesh.signing, roots(mesh)) as signing:
        for csr, words in (
                ("", "not PEM"), ("nonsense", "not PEM"), (armoured(tampered), ""), (armoured(good[:-20]), "PKCS#10"),
                (key_pem(key).decode(), "PRIVATE KEY"), (request_for(key) * 2, "PEM"), (" " * 20_000, "at most 16384"),
                (request_for(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "RSA of 2048"),
                (request_for(ec.generate_private_key(ec.SECP521R1())), "P-256 or P-384")):
            code, said = signing.refusal(csr, token=bearer)
            assert code == INVALID and words in said, (csr[:40], said)
        # The gRPC library ends the stream of a message that is over the server's limit without more words.
        assert signing.refusal("x" * 100_000, token=bearer)[0] in (
            grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED)
        assert uris(signing.create(request_for(other), token=bearer)[0]) == [CART]


@pytest.mark.parametrize("make", [
    lambda: ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate,
    lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)], ids=["P-384", "Ed25519", "RSA"])
def test_keys_of_other_kinds(mesh, make):
    key = make()
    with Signing(mesh.signing, roots(mesh)) as signing:
        leaf, root = signing.create(request_for(key), token=token(mesh))
    assert leaf.public_key() == key.public_key()
    leaf.verify_directly_issued_by(root)


def test_client_certificates_that_prove_nothing(mesh, tmp_path):
    own = Authority(tmp_path, "theirs")
    mesh_root = x509.load_pem_x509_certificate(roots(mesh))
    # A root of our name and another key.
    forger = Authority(tmp_path, "forger")
    builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(mesh_root.subject).public_key(
        forger.key.public_key()).serial_number(7).not_valid_before(mesh_root.not_valid_before_utc).not_valid_after(
        mesh_root.not_valid_after_utc).add_extension(
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier(CART)]), True)
    forged = builder.sign(forger.key, hashes.SHA256())
    cases = [
        (own.issue("stranger", uri=[CART]), "not signed by this mesh's root"),
        (self_signed(tmp_path, "lone", uri=[CART]), "not signed by this mesh's root"),
        (own.issue("foreign", uri=["spiffe://other.org/ns/shop/sa/cart"]), "of another trust domain"),
        (own.issue("nameless", dns=["cart.shop"]), "0 URIs"),
        (own.issue("double", uri=[CART, CART]), "2 URIs"),
        (own.issue("old", uri=[CART], end=-MINUTE), "it expired at"),
        (own.issue("early", uri=[CART], begin=10 * MINUTE), "not valid before"),
    ]
    for identity, words in cases:
        with Signing(mesh.signing, roots(mesh), (identity.key.read_bytes(), identity.chain.read_bytes())) as signing:
            code, said = signing.refusal(request_for(new_key()))
            assert code == UNAUTHENTICATED and words in said, said
    with Signing(mesh.signing, roots(mesh), (key_pem(forger.key), pem(forged))) as signing:
        assert "not signed by this mesh's root" in signing.refusal(request_for(new_key()))[1]
    # A leaf of this mesh's does not make an authority of its holder.
    key, chain = joined(mesh)
    below = new_key()
    child = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(chain[0].subject).public_key(
        below.public_key()).serial_number(8).not_valid_before(chain[0].not_valid_before_utc).not_valid_after(
        chain[0].not_valid_after_utc).add_extension(
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier(CART.replace("cart", "admin"))]), True
    ).sign(key, hashes.SHA256())
    with Signing(mesh.signing, roots(mesh), (key_pem(below), pem(child, *chain))) as signing:
        assert signing.refusal(request_for(below))[0] == UNAUTHENTICATED


def test_an_expired_certificate_does_not_renew(idle_mesh):
    mesh = idle_mesh.start_control("--certificate-lifetime", "5s")
    key, chain = joined(mesh)

    def refused():
        # A connection each: the control plane's own certificate is renewed meanwhile, and must be taken.
        with Signing(mesh.signing, pem(chain[-1]), (key_pem(key), pem(*chain))) as signing:
            try:
                signing.create(request_for(key))
            except grpc.RpcError as error:
                return error
        return None
    error = wait_until(refused, 20, every=0.2, what="the certificate has expired")
    assert error.code() == UNAUTHENTICATED and "it expired at" in error.details()
    joined(mesh)


def test_who_is_denied_gets_nothing(mesh):
    key, chain = joined(mesh)
    serial = f"{chain[0].serial_number:x}"
    with Signing(mesh.signing, roots(mesh), (key_pem(key), pem(*chain))) as signing:
        mesh.cli("ca", "deny", serial)
        code, said = signing.refusal(request_for(key))
        assert code == DENIED and serial in said
        mesh.cli("ca", "deny", "--undo", serial)
        signing.create(request_for(key))
        mesh.cli("ca", "deny", CART)
        assert signing.refusal(request_for(key))[0] == DENIED
        assert signing.refusal(request_for(key), token=token(mesh))[0] == DENIED
        assert uris(signing.create(request_for(key), token=token(mesh, "shop/web"))[0]) == [CART.replace("cart", "web")]


def test_a_local_user_is_who_he_may_be(mesh):
    path = mesh.data / "control.sock"
    assert stat.S_ISSOCK(path.stat().st_mode)
    csr = request_for(new_key())
    with Signing(f"unix:{path}") as signing:
        assert uris(signing.create(csr, SERVICE_ACCOUNT="cart", NAMESPACE="shop")[0]) == [CART]
        assert uris(signing.create(csr, SERVICE_ACCOUNT="cart")[0]) == [CART.replace("shop", "default")]
        assert signing.refusal(csr)[0] == INVALID
        assert signing.refusal(csr, SERVICE_ACCOUNT="cart/../admin")[0] == INVALID
        assert signing.refusal(csr, SERVICE_ACCOUNT="tulle-control", NAMESPACE="tulle-system")[0] == DENIED
        # The mark by which the server knows a connection is not to be had by asking.
        assert uris(signing.create(csr, headers=[("tulle-connection", "1-2")], SERVICE_ACCOUNT="a")[0])
    with Signing(mesh.signing, roots(mesh)) as signing:
        assert signing.refusal(csr, SERVICE_ACCOUNT="cart", NAMESPACE="shop")[0] == UNAUTHENTICATED
    assert mesh.control.stop() == 0 and not path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_other_local_users(idle_mesh):
    socket_path = Path(f"/tmp/tulle-{os.getpid()}.sock")
    mesh = idle_mesh.start_control("--socket", socket_path, "--local-identity", "65534=shop/cart")
    csr = request_for(new_key())
    with Signing(f"unix:{socket_path}") as signing:
        code, said = signing.refusal(csr, SERVICE_ACCOUNT="cart", NAMESPACE="shop")
        assert code == DENIED and "user 0 may not be shop/cart" in said
    # Its interpreter may be root's alone, so it becomes the other user once all is loaded.
    script = (f"import os, sys; sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}\n"
              "from signing import METHOD, Request, Response, Signing, new_key, request_for\n"
              "os.setgid(65534); os.setuid(65534)\n"
              f"with Signing('unix:{socket_path}') as signing:\n"
              "    csr = request_for(new_key())\n"
              "    print(len(signing.create(csr, SERVICE_ACCOUNT='cart', NAMESPACE='shop')))\n"
              "    print(signing.refusal(csr, SERVICE_ACCOUNT='web', NAMESPACE='shop')[0].name)\n")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["2", "PERMISSION_DENIED"], done.stdout + done.stderr
    assert mesh.control.running()


def test_an_authority_of_the_users_own(idle_mesh, tmp_path):
    root = Authority(tmp_path, "corporate-root")
    issuer = Authority(tmp_path, "mesh-issuer", parent=root)
    chain, key = tmp_path / "chain.pem", tmp_path / "issuer.key"
    chain.write_bytes(pem(issuer.certificate, root.certificate))
    key.touch(mode=0o600)
    key.write_bytes(key_pem(issuer.key))
    mesh = idle_mesh.start_control("--ca-chain", chain, "--ca-key", key, "--trust-domain", "corp.example")
    assert roots(mesh) == pem(root.certificate)
    _, got = joined(mesh)
    assert got[1:] == [issuer.certificate, root.certificate]
    assert uris(got[0]) == ["spiffe://corp.example/ns/shop/sa/cart"]
    (tmp_path / "leaf.pem").write_bytes(pem(got[0]))
    (tmp_path / "between.pem").write_bytes(pem(got[1]))
    done = subprocess.run(
        [program("openssl"), "verify", "-CAfile", root.path, "-untrusted", tmp_path / "between.pem", tmp_path / "leaf.pem"],
        capture_output=True, text=True, timeout=10)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (mesh.data / "ca").exists()


def test_a_key_that_others_can_read_keeps_the_control_plane_from_starting(mesh):
    folder = mesh.data / "ca"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    secret = (folder / "key.pem").read_text().splitlines()[1]
    mesh.control.stop()
    (folder / "key.pem").chmod(0o640)
    done = mesh.cli("control", "--data", mesh.data, check=False)
    assert done.returncode == 1 and "key.pem" in done.stderr and "chmod 600" in done.stderr
    assert secret not in done.stderr + mesh.control.output()


def test_what_the_commands_say(mesh):
    made = mesh.cli("token", "create", "--service-account", "shop/cart", "--ttl", "2h", "--uses", "3")
    secret = made.stdout.strip()
    assert "3 uses" in made.stderr and secret not in made.stderr
    identity = secret.split("-")[2]
    listed = mesh.cli("token", "list").stdout
    assert identity in listed and "shop/cart" in listed and "active" in listed and "0/3" in listed
    assert secret[-64:] not in listed + mesh.cli("token", "list", "-o", "json").stdout
    key = new_key()
    with Signing(mesh.signing, roots(mesh)) as signing:
        leaf, root = signing.create(request_for(key), token=secret)
    assert "1/3" in mesh.cli("token", "list").stdout
    said = mesh.cli("ca", "status").stdout
    fingerprint = ":".join(f"{byte:02X}" for byte in root.fingerprint(hashes.SHA256()))
    assert fingerprint in said and f"{leaf.serial_number:x}" in said and CART in said and "1, of which 1 live" in said
    mesh.cli("ca", "deny", CART)
    assert "DENIED" in mesh.cli("ca", "status").stdout
    assert mesh.cli("ca", "deny", "--undo", CART).stdout
    for words, status in ((("token", "create", "--service-account", "cart"), 1), (("token", "revoke", "none"), 5),
                          (("ca", "deny", "--undo", CART), 5), (("ca", "deny", "cart"), 1),
                          (("token", "create", "--service-account", "a/b", "--ttl", "721h"), 2),
                          (("token", "create"), 2)):
        assert mesh.cli(*words, check=False).returncode == status, words
    assert secret[-64:] not in mesh.control.output()
