"""AuthorizationPolicy in a running mesh: who may call whom, and what the refused are told."""

from mesh import PROGRAMS, PYTHON, fetch, proxied, wait_until
from resources import WEB

URL = "http://web/"


def policy(name: str, spec: str) -> str:
    return f"apiVersion: tulle.dev/v1alpha1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def start(mesh):
    mesh.apply(WEB)
    workload = mesh.service("web", "one", protocol="http")
    mesh.until_served(URL)
    return workload


def status(mesh, path: str = "", method: str = "GET", headers=None) -> int:
    return proxied(mesh.probe.http_proxy, method, URL + path, headers).status


def counters(workload) -> dict[str, int]:
    lines = (line.split(": ") for line in fetch(workload.admin, "/stats").text.splitlines() if ".rbac." in line)
    return {name.split(".rbac.")[1]: int(value) for name, value in lines}


def test_deny_then_allow_then_nothing(mesh):
    start(mesh)
    mesh.apply(policy("no-admin", """
  targetRefs: [{kind: Service, name: web}]
  action: DENY
  rules:
    - to: [{operation: {paths: ["/admin*", "/users/{*}/secret"]}}]
    - to: [{operation: {methods: [DELETE]}}]
      when: [{key: "request.headers[x-sure]", notValues: ["yes"]}]
"""))
    wait_until(lambda: status(mesh, "admin/x") == 403, 15, what="the DENY policy holds")
    assert status(mesh) == 200
    assert status(mesh, "x/../admin") == 403, "by another spelling of the path"
    assert status(mesh, "users/7/secret") == 403 and status(mesh, "users/7/8/secret") == 200
    assert status(mesh, method="DELETE") == 403 or status(mesh, method="DELETE", headers={"x-sure": "no"}) == 403
    assert status(mesh, method="DELETE", headers={"x-sure": "yes"}) == 200
    mesh.apply(policy("readers", """
  selector: {matchLabels: {app: web}}
  rules:
    - from: [{source: {ipBlocks: [127.0.0.0/8]}}]
      to: [{operation: {methods: [GET]}}]
"""))
    wait_until(lambda: status(mesh, method="POST") == 403, 15, what="the ALLOW policy holds")
    assert status(mesh) == 200
    assert status(mesh, "admin") == 403, "what one denies no other allows"
    assert status(mesh, method="DELETE", headers={"x-sure": "yes"}) == 403
    refused = proxied(mesh.probe.http_proxy, "POST", URL)
    assert refused.text == "RBAC: access denied"
    assert "error=http_request_denied" in refused.headers["proxy-status"]
    mesh.cli("delete", "authorizationpolicy", "readers")
    wait_until(lambda: status(mesh, method="POST") == 200, 15, what="the ALLOW policy is gone")
    mesh.cli("delete", "authorizationpolicy", "no-admin")
    wait_until(lambda: status(mesh, "admin") == 200, 15, what="the DENY policy is gone")


def test_who_is_not_known_is_no_principal(mesh):
    start(mesh)
    web, = [each for each in fetch(mesh.api, "/api/v1/workloads").json()["items"] if each["service"] == "web"]
    inbound = f"127.0.0.1:{web['ports'][0]['inbound']}"

    def nameless() -> int:
        return fetch(inbound, "/").status
    assert nameless() == 200
    mesh.apply(policy("mesh-only", """
  rules: [{from: [{source: {principals: ["*"]}}]}]
"""))
    wait_until(lambda: nameless() == 403, 15, what="nobody without a certificate may call")
    assert status(mesh) == 200, "who has one may"
    mesh.apply(policy("from-here", """
  rules: [{when: [{key: source.ip, values: [127.0.0.1]}]}]
"""))
    wait_until(lambda: nameless() == 200, 15, what="one of two ALLOW policies is enough")


def test_a_dry_run_counts_and_an_audit_too(mesh):
    workload = start(mesh)
    mesh.apply(policy("tried", """
  action: DENY
  dryRun: true
  rules: [{to: [{operation: {paths: [/later]}}]}]
"""))
    mesh.apply(policy("watched", """
  action: AUDIT
  rules: [{to: [{operation: {paths: [/seen]}}]}]
"""))
    wait_until(lambda: {"dry_run.shadow_denied", "audit.shadow_denied"} <= counters(workload).keys(), 15, what="both filters are there")
    before = counters(workload)
    assert status(mesh, "later") == 200 and status(mesh, "seen") == 200
    after = counters(workload)
    assert after["dry_run.shadow_denied"] == before["dry_run.shadow_denied"] + 1
    assert after["audit.shadow_denied"] == before["audit.shadow_denied"] + 1


def test_a_policy_says_what_became_of_it(mesh):
    start(mesh)
    mesh.apply(policy("web", "{rules: [{}]}"))

    def programmed():
        resource = fetch(mesh.api, "/api/v1/resources/authorizationpolicies/default/web")
        if resource.status != 200:
            return False
        return any(c["type"] == "Programmed" and c["status"] == "True" for c in resource.json()["status"]["conditions"])
    wait_until(programmed, 15, what="the sidecar has taken the policy")


def test_why_says_what_the_sidecars_do(mesh):
    """Every answer that `tulle authz why` gives for a set of policies is the one that a request gets."""
    start(mesh)
    stranger = mesh.run("stranger", PYTHON, PROGRAMS / "hold.py")
    web, = [each for each in fetch(mesh.api, "/api/v1/workloads").json()["items"] if each["service"] == "web"]
    inbound = f"127.0.0.1:{web['ports'][0]['inbound']}"
    mesh.apply(policy("no-admin", """
  targetRefs: [{kind: Service, name: web}]
  action: DENY
  rules:
    - to: [{operation: {paths: ["/admin*", "/users/{*}/secret"], notMethods: [OPTIONS]}}]
    - when: [{key: "request.headers[x-evil]", values: ["*"]}]
"""))
    mesh.apply(policy("readers", """
  rules:
    - from: [{source: {principals: ["cluster.local/ns/default/sa/probe"]}}]
      to: [{operation: {methods: [GET, OPTIONS]}}]
    - from: [{source: {namespaces: [default], notPrincipals: ["*/sa/probe"]}}]
      to: [{operation: {paths: ["/public/{**}"], hosts: ["w*"]}}]
    - to: [{operation: {methods: [HEAD]}}]
      when: [{key: source.ip, values: [127.0.0.0/8]}]
"""))
    mesh.apply(policy("tried", """
  action: DENY
  dryRun: true
  rules: [{}]
"""))
    wait_until(lambda: status(mesh, method="POST") == 403, 15, what="the policies hold")
    callers = {
        "probe": lambda *request: proxied(mesh.probe.http_proxy, *request).status,
        "stranger": lambda *request: proxied(stranger.http_proxy, *request).status,
        "nobody": lambda method, url, headers: fetch(inbound, url.removeprefix("http://web"), method,
                                                     headers={**headers, "host": "web"}).status}
    seen = set()
    for caller, send in callers.items():
        for method in ("GET", "POST", "HEAD", "OPTIONS"):
            for path in ("/", "/admin/x", "/users/7/secret", "/public/a/b", "/publicity"):
                for headers in ({}, {"x-evil": "1"}):
                    got = send(method, f"http://web{path}", headers)
                    options = [word for name, value in headers.items() for word in ("--header", f"{name}={value}")]
                    said = mesh.cli(
                        "authz", "why", "--from", caller, "--to", "web", "--method", method, "--path", path,
                        "--ip", "127.0.0.1", *options, check=False)
                    assert said.returncode == (1 if got == 403 else 0), (caller, method, path, headers, got, said.stdout)
                    seen.add(got == 403)
    assert seen == {True, False}
    shown = mesh.cli("authz", "why", "--from", "stranger", "--to", "web", check=False).stdout
    assert "none of its 1 ALLOW policies matches" in shown and "rule 1: to" in shown and "DENY (dry run) default/tried" in shown
    for wrong, words in ((("--from", "web", "--to", "gone"), "no workload of gone"),
                         (("--from", "gone", "--to", "web"), "no workload of gone"),
                         (("--from", "web", "--to", "web", "--port", "1"), "on port 1"),
                         (("--from", "web", "--to", "web", "--path", "x"), "begins with")):
        done = mesh.cli("authz", "why", *wrong, check=False)
        assert done.returncode != 0 and words in done.stderr, done.stderr
