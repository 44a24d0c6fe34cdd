"""tulle-proxy gets its own certificate: from the control plane's socket, with a join token, and from Istio's kind of authority."""

import concurrent.futures
import datetime
import ssl
import stat
import subprocess
import threading

import grpc
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from mesh import PROGRAMS, PYTHON, fetch, is_ready, listening, wait_until
from signing import METHOD, Request, Response
from standalone import address
from support.binaries import binary
from support.certificates import Authority, Identity, name, pem
from support.ports import free_port
from test_signing import roots, token
from test_tls import DOWNSTREAM, UPSTREAM, client, cluster, connect, http_filter, socket_of

CART = "spiffe://cluster.local/ns/shop/sa/cart"
WEB = "spiffe://cluster.local/ns/shop/sa/web"


def own(names=()) -> dict:
    """A TLS context of the proxy's own secrets."""
    wanted = {"match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": name}} for name in names]}
    return {"common_tls_context": {
        "tls_certificate_sds_secret_configs": [{"name": "default"}],
        "combined_validation_context": {
            "default_validation_context": wanted, "validation_context_sds_secret_config": {"name": "ROOTCA"}}}}


class Sidecar:
    """A tulle-proxy that shows its own certificate on `secure`, and shows it to `upstream` on `plain`."""

    def __init__(self, folder, processes, label: str, *flags, upstream: int, peers=(), secure_upstream=False, start=True):
        self.secure, self.plain, admin = (free_port() for _ in range(3))
        self.admin = f"127.0.0.1:{admin}"
        told = {"forward_client_cert_details": "SANITIZE_SET", "set_current_client_cert_details": {"uri": True}}
        towards = {"transport_socket": socket_of(UPSTREAM, own(peers))} if secure_upstream else {}
        configuration = {"admin": {"address": address(admin)}, "static_resources": {
            "listeners": [
                {"name": "secure", "address": address(self.secure), "filter_chains": [{
                    "transport_socket": socket_of(DOWNSTREAM, own() | {"require_client_certificate": True}),
                    "filters": http_filter("up", **told)}]},
                {"name": "plain", "address": address(self.plain), "filter_chains": [{"filters": http_filter("up")}]}],
            "clusters": [cluster("up", upstream, **towards)]}}
        self.path = folder / f"{label}.yaml"
        self.path.write_text(yaml.safe_dump(configuration))
        self.process = processes.start(binary("tulle-proxy"), "-c", self.path, *flags, name=label)
        if start:
            wait_until(self.ready, 20, what=f"{label} is ready")

    def ready(self) -> bool:
        return is_ready(self.process, self.admin)

    def until_said(self, *words: str, timeout: float = 20):
        wait_until(lambda: all(word in self.process.output() for word in words), timeout,
                   what=f"{words} in the log\n{self.process.output()}")

    def shown(self, trusts) -> x509.Certificate:
        """The certificate that it shows, however it takes ours."""
        context = client(trusts)
        with connect(self.secure, context) as secure:
            return x509.load_der_x509_certificate(secure.getpeercert(True))


def by_socket(mesh, account: str) -> list:
    return ["--signing-socket", mesh.data / "control.sock", "--service-account", account]


def by_token(mesh, folder, secret: str, *more) -> list:
    (folder / "roots.pem").write_bytes(roots(mesh))
    (folder / "token").write_text(secret + "\n")
    return ["--signing-address", mesh.signing, "--signing-roots", folder / "roots.pem",
            "--join-token-file", folder / "token", *more]


class Trust:
    """A root in a file, as `client` takes it."""

    def __init__(self, path):
        self.path = path


@pytest.fixture
def upstream(processes):
    port = free_port()
    processes.start(PYTHON, PROGRAMS / "service.py", "--name", "up", "--port", port)
    wait_until(lambda: listening(port), 10, what="the upstream listens")
    return port


@pytest.fixture
def trust(mesh, tmp_path):
    path = tmp_path / "mesh-roots.pem"
    path.write_bytes(roots(mesh))
    return Trust(path)


def uri(certificate) -> str:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    only, = names.get_values_for_type(x509.UniformResourceIdentifier)
    return only


def test_two_proxies_prove_to_each_other_who_they_are(mesh, tmp_path, processes, upstream, trust):
    cart = Sidecar(tmp_path, processes, "cart", *by_socket(mesh, "shop/cart"), upstream=upstream)
    web = Sidecar(tmp_path, processes, "web", *by_socket(mesh, "shop/web"), upstream=cart.secure,
                  secure_upstream=True, peers=[CART])
    assert uri(cart.shown(trust)) == CART and uri(web.shown(trust)) == WEB
    answer = fetch(f"127.0.0.1:{web.plain}", "/")
    assert answer.status == 200, answer
    headers = {key.lower(): value for key, value in answer.json()["headers"].items()}
    assert f"URI={WEB}" in headers["x-forwarded-client-cert"], headers
    other = Sidecar(tmp_path, processes, "other", *by_socket(mesh, "shop/web"), upstream=cart.secure,
                    secure_upstream=True, peers=[WEB])
    refused = fetch(f"127.0.0.1:{other.plain}", "/")
    assert refused.status == 503 and "tls_certificate_error" in refused.headers["proxy-status"]
    assert CART in refused.headers["proxy-status"]
    # The key is nowhere to be seen.
    for side in (cart, web, other):
        dump = fetch(side.admin, "/config_dump").text
        assert "PRIVATE KEY" not in dump + side.process.output()


def test_a_token_joins_once_and_the_certificate_renews_itself(mesh, tmp_path, processes, upstream, trust):
    secret = token(mesh)
    side = Sidecar(
        tmp_path, processes, "cart", *by_token(mesh, tmp_path, secret, "--certificate-lifetime-s", "6"), upstream=upstream)
    web = Sidecar(tmp_path, processes, "web", *by_socket(mesh, "shop/web"), upstream=side.secure, secure_upstream=True,
                  peers=[CART])
    serials, failures = set(), []

    done = threading.Event()

    def load() -> int:
        count = 0
        while not done.is_set():
            answer = fetch(f"127.0.0.1:{web.plain}", "/")
            count += 1
            if answer.status != 200:
                failures.append(answer)
        return count

    def renewed_twice() -> bool:
        certificate = side.shown(trust)
        assert uri(certificate) == CART
        serials.add(certificate.serial_number)
        return len(serials) >= 3

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        loads = [pool.submit(load) for _ in range(2)]
        try:
            wait_until(renewed_twice, 40, every=0.2, what="the certificate was renewed twice")
        finally:
            done.set()
        requests = sum(each.result() for each in loads)
    assert not failures and requests > 100, (requests, failures[:3])
    # A token of one use, and a certificate that lived longer than one life of 6 s.
    assert len(serials) >= 3, serials
    assert "certificate renewed" in side.process.output() and secret not in side.process.output()


def test_what_proves_nothing_serves_nobody_until_it_does(mesh, tmp_path, processes, upstream, trust):
    side = Sidecar(tmp_path, processes, "cart", *by_token(mesh, tmp_path, "tulle-join-0"), upstream=upstream, start=False)
    side.until_said("no certificate yet", "this proxy cannot prove who it is", "unauthenticated", "no join token")
    assert not listening(side.secure) and fetch(side.admin, "/ready").status == 503
    (tmp_path / "token").write_text(token(mesh))
    wait_until(side.ready, 40, what="the new token was taken")
    assert uri(side.shown(trust)) == CART


def test_the_wrong_account_is_not_served(mesh, tmp_path, processes, upstream):
    flags = by_token(mesh, tmp_path, token(mesh, "shop/web", uses=100), "--service-account", "shop/cart")
    side = Sidecar(tmp_path, processes, "cart", *flags, upstream=upstream, start=False)
    side.until_said(WEB, "this proxy is to be …/ns/shop/sa/cart")
    assert not listening(side.secure)


def test_a_control_plane_that_is_long_away(mesh, tmp_path, processes, upstream, trust):
    cart = Sidecar(tmp_path, processes, "cart", *by_socket(mesh, "shop/cart"), "--certificate-lifetime-s", "6",
                   upstream=upstream)
    web = Sidecar(tmp_path, processes, "web", *by_socket(mesh, "shop/web"), upstream=cart.secure, secure_upstream=True,
                  peers=[CART])
    assert fetch(f"127.0.0.1:{web.plain}", "/").status == 200
    mesh.control.kill9()
    expires = cart.shown(trust).not_valid_after_utc
    # Goes on while it may, and says what is coming.
    cart.until_said("warning the certificate is not renewed", "left=")
    if datetime.datetime.now(datetime.timezone.utc) < expires - datetime.timedelta(seconds=1):
        assert fetch(f"127.0.0.1:{web.plain}", "/").status == 200
    cart.until_said("error the certificate has EXPIRED and is not renewed")

    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        cart.shown(trust)
    fresh = Sidecar(tmp_path, processes, "fresh", *by_socket(mesh, "shop/web"), upstream=cart.secure,
                    secure_upstream=True, peers=[CART], start=False)
    fresh.until_said("no certificate yet", "cannot connect to")
    mesh.start_control()
    wait_until(fresh.ready, 60, what="the late proxy has its certificate")
    wait_until(lambda: cart.shown(None).not_valid_after_utc > expires, 60, what="renewed after the outage")
    assert fetch(f"127.0.0.1:{fresh.plain}", "/").status == 200


def test_a_proxy_that_is_started_again_proves_itself_by_what_it_kept(mesh, tmp_path, processes, upstream, trust):
    kept = tmp_path / "kept"
    flags = [*by_token(mesh, tmp_path, token(mesh)), "--cache-dir", kept]
    first = Sidecar(tmp_path, processes, "first", *flags, upstream=upstream)
    serial = first.shown(trust).serial_number
    file = kept / "identity.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(kept.stat().st_mode) == 0o700
    first.process.kill9()
    mesh.control.kill9()
    again = Sidecar(tmp_path, processes, "again", *flags, upstream=upstream)
    assert again.shown(trust).serial_number == serial
    again.until_said("warning the certificate is not renewed")
    # The token was of one use: what it kept is what renews it.
    mesh.start_control()
    wait_until(lambda: again.shown(trust).serial_number != serial, 60, what="renewed by what it kept")
    again.process.kill9()
    mesh.control.kill9()
    good = file.read_bytes()
    for wrong, mode in ((good[:-40], 0o600), (good.replace(b"PRIVATE", b"PRIVATF"), 0o600), (b"", 0o600), (good, 0o640)):
        file.write_bytes(wrong)
        file.chmod(mode)
        other = Sidecar(tmp_path, processes, "other", *flags, upstream=upstream, start=False)
        other.until_said("no certificate yet")
        assert not listening(other.secure)
        other.process.kill9()


# MARK: - Another make of authority


class StandIn:
    """A stand-in for istiod's signing service, on gRPC's own library: it answers what a test tells it to."""

    def __init__(self, folder, answer):
        self.root = Authority(folder, "istio-root")
        self.calls = []
        own = self.root.issue("istiod", dns=["localhost"])
        self._answer = answer
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        service, method = METHOD[1:].split("/")
        handler = grpc.unary_unary_rpc_method_handler(
            self._create, request_deserializer=Request.FromString, response_serializer=Response.SerializeToString)
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: handler})])
        credentials = grpc.ssl_server_credentials(
            [(own.key.read_bytes(), own.chain.read_bytes())], self.root.path.read_bytes(), False)
        self.port = self._server.add_secure_port("127.0.0.1:0", credentials)

    def _create(self, request, context):
        self.calls.append((dict(context.invocation_metadata()), request, context.auth_context()))
        csr = x509.load_pem_x509_csr(request.csr.encode())
        assert csr.is_signature_valid
        chain = self._answer(self.root, csr)
        return Response(cert_chain=chain)

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self._server.stop(None)


def signed(authority, public, *, uris=(CART,), life=datetime.timedelta(hours=1), begin=-datetime.timedelta(minutes=1)):
    names = [x509.UniformResourceIdentifier(each) for each in uris]
    certificate = authority._sign(public, name(None), names=names, begin=begin, end=life)
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def flags_for(stand_in, folder, host="localhost") -> list:
    (folder / "istio-token").write_text("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
    return ["--signing-address", f"{host}:{stand_in.port}", "--signing-roots", stand_in.root.path,
            "--join-token-file", folder / "istio-token"]


def test_an_authority_of_istios_kind_is_joined(tmp_path, processes, upstream):
    def answer(root, csr):
        assert not list(csr.subject) and not list(csr.extensions)
        assert isinstance(csr.signature_hash_algorithm, hashes.SHA256) and csr.public_key().curve.name == "secp256r1"
        return [signed(root, csr.public_key(), life=datetime.timedelta(seconds=5)), pem(root.certificate).decode()]
    with StandIn(tmp_path, answer) as istiod:
        side = Sidecar(tmp_path, processes, "cart", *flags_for(istiod, tmp_path), upstream=upstream)
        assert uri(side.shown(istiod.root)) == CART
        wait_until(lambda: len(istiod.calls) >= 2, 20, what="it renewed")
        first, second = istiod.calls[:2]
        assert first[0]["authorization"].startswith("Bearer eyJ") and first[1].validity_duration == 0
        assert "authorization" not in second[0]
        assert first[1].csr != second[1].csr, "a fresh key each time"


WRONG = {
    "another key": (lambda root, csr: [signed(root, root.key.public_key()), pem(root.certificate).decode()],
                    "is for another key"),
    "no root": (lambda root, csr: [signed(root, csr.public_key())], "a chain and its root are needed"),
    "nothing": (lambda root, csr: [], "0 certificates"),
    "no PEM": (lambda root, csr: ["leaf", "root"], "holds no certificate that can be read"),
    "a root that is none": (lambda root, csr: [signed(root, csr.public_key()), "root"], "root certificate"),
    "no name": (lambda root, csr: [signed(root, csr.public_key(), uris=["https://cart"]), pem(root.certificate).decode()],
                "0 SPIFFE IDs"),
    "two names": (lambda root, csr: [signed(root, csr.public_key(), uris=[CART, WEB]), pem(root.certificate).decode()],
                  "2 SPIFFE IDs"),
    "expired": (lambda root, csr: [
        signed(root, csr.public_key(), begin=-datetime.timedelta(hours=2), life=-datetime.timedelta(hours=1)),
        pem(root.certificate).decode()], "has expired already"),
    "too large": (lambda root, csr: ["x" * 300_000, ""], "resourceExhausted"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_an_authority_answers_wrongly_is_refused(tmp_path, processes, upstream, case):
    answer, words = WRONG[case]
    with StandIn(tmp_path, answer) as istiod:
        side = Sidecar(tmp_path, processes, "cart", *flags_for(istiod, tmp_path), upstream=upstream, start=False)
        side.until_said("no certificate yet", words)
        assert not listening(side.secure)


def test_an_authority_that_is_not_who_it_should_be_gets_no_token(tmp_path, processes, upstream):
    with StandIn(tmp_path, lambda root, csr: []) as istiod:
        other = Authority(tmp_path, "other-root")
        flags = flags_for(istiod, tmp_path)
        flags[3] = other.path
        side = Sidecar(tmp_path, processes, "stranger", *flags, upstream=upstream, start=False)
        side.until_said("not signed by a trusted authority")
        # Its certificate is for localhost, not for the address.
        named = Sidecar(tmp_path, processes, "named", *flags_for(istiod, tmp_path, "127.0.0.1"), upstream=upstream,
                        start=False)
        named.until_said("no certificate yet", "unavailable")
        assert not istiod.calls


@pytest.mark.parametrize("flags, words", [
    (["--signing-socket", "/s"], "--service-account"),
    (["--signing-socket", "/s", "--signing-address", "a:1"], "one of them"),
    (["--signing-socket", "/s", "--service-account", "cart"], "NAMESPACE/NAME"),
    (["--signing-socket", "/s", "--service-account", "shop/Cart!"], "NAMESPACE/NAME"),
    (["--signing-socket", "/s", "--service-account", "shop/cart", "--join-token-file", "t"], "on a socket the kernel"),
    (["--signing-socket", "/" + "s" * 107, "--service-account", "shop/cart"], "107 bytes"),
    (["--signing-address", "a:1"], "--signing-roots"),
    (["--signing-address", "a:1", "--signing-roots", "r"], "--join-token-file"),
    (["--signing-address", "a", "--signing-roots", "r", "--join-token-file", "t"], "HOST:PORT"),
    (["--signing-address", "a::1", "--signing-roots", "r", "--join-token-file", "t"], "HOST:PORT"),
    (["--join-token-file", "t"], "only"),
    (["--certificate-lifetime-s", "9"], "only"),
    (["--signing-socket", "/s", "--service-account", "shop/cart", "--certificate-lifetime-s", "0"], "1 or more")])
def test_flags_that_do_not_serve(flags, words):
    done = subprocess.run(
        [binary("tulle-proxy"), "-c", "none.yaml", *flags], capture_output=True, text=True, timeout=10)
    assert done.returncode == 64 and words in done.stderr, done.stderr
