"""What users write: services, routes, weights, filters and policies, seen from a caller."""

import time
from collections import Counter

from mesh import PROGRAMS, PYTHON, fetch, wait_until
from resources import WEB, service, split
from support.ports import free_port


def start_two_versions(mesh):
    mesh.apply(WEB)
    mesh.service("web", "one", labels=["version=v1"], protocol="http")
    mesh.service("web", "two", labels=["version=v2"], protocol="http")
    mesh.until_names("http://web/", {"one", "two"})
    mesh.until_served("http://web-v1/")
    mesh.until_served("http://web-v2/")


def names(mesh, url: str, count: int = 40, **more) -> Counter:
    return Counter(mesh.get(url, **more).json()["name"] for _ in range(count))


def test_weights(mesh):
    start_two_versions(mesh)
    mesh.apply(split("web", {"web-v1": 100, "web-v2": 0}))
    wait_for_only(mesh, "one")
    mesh.apply(split("web", {"web-v1": 0, "web-v2": 1}))
    wait_for_only(mesh, "two")
    mesh.apply(split("web", {"web-v1": 75, "web-v2": 25}))
    mesh.until_names("http://web/", {"one", "two"})
    counted = names(mesh, "http://web/", 200)
    assert 110 < counted["one"] < 185, counted


def wait_for_only(mesh, name: str):
    wait_until(lambda: set(names(mesh, "http://web/", 20)) == {name}, 10, what=f"only {name} answers")


def test_matches_filters_and_redirects(mesh):
    start_two_versions(mesh)
    mesh.apply("""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{group: "", kind: Service, name: web}]
  rules:
    - matches: [{headers: [{name: x-version, value: "2"}]}]
      backendRefs: [{name: web-v2, port: 80}]
    - matches: [{path: {type: Exact, value: /old}}]
      filters:
        - type: RequestRedirect
          requestRedirect: {hostname: new.example, statusCode: 301}
    - matches: [{path: {type: PathPrefix, value: /api}}]
      filters:
        - type: URLRewrite
          urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /v1}}
        - type: RequestHeaderModifier
          requestHeaderModifier: {set: [{name: x-added, value: "yes"}], remove: [x-removed]}
        - type: ResponseHeaderModifier
          responseHeaderModifier: {add: [{name: x-route, value: api}]}
      backendRefs: [{name: web-v1, port: 80}]
    - matches: [{path: {type: RegularExpression, value: "/re/[0-9]+"}}]
      backendRefs: [{name: web-v2, port: 80}]
    - matches: [{method: DELETE}]
      backendRefs: [{name: web-v2, port: 80}]
    - backendRefs: [{name: web-v1, port: 80}]
""")
    mesh.until_served("http://web/old", status=301)
    assert mesh.get("http://web/", headers={"x-version": "2"}).json()["name"] == "two"
    assert mesh.get("http://web/").json()["name"] == "one"
    assert mesh.get("http://web/old").headers["location"] == "http://new.example/old"
    answer = mesh.get("http://web/api/items?q=1", headers={"x-removed": "1"})
    assert answer.json()["path"] == "/v1/items?q=1"
    seen = {name.lower(): value for name, value in answer.json()["headers"].items()}
    assert seen["x-added"] == "yes" and "x-removed" not in seen
    assert answer.headers["x-route"] == "api"
    assert mesh.get("http://web/re/12").json()["name"] == "two"
    assert mesh.get("http://web/re/x").json()["name"] == "one"


def test_a_routes_timeout(mesh):
    mesh.apply(service("web"))
    mesh.service("web", protocol="http")
    mesh.until_served("http://web/")
    mesh.apply("""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{group: "", kind: Service, name: web}]
  rules:
    - backendRefs: [{name: web, port: 80}]
      timeouts: {request: 200ms}
""")
    answer = mesh.until_served("http://web/slow?s=1", status=504)
    assert "proxy-status" in answer.headers, answer


def test_hand_listed_endpoints(mesh, processes):
    port = free_port()
    processes.start(PYTHON, PROGRAMS / "service.py", "--name", "outside", "--port", port)
    mesh.apply(f"""
apiVersion: v1
kind: Service
metadata: {{name: legacy}}
spec:
  ports: [{{name: http, port: 80, appProtocol: http}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: legacy-1
  labels: {{kubernetes.io/service-name: legacy}}
addressType: IPv4
endpoints: [{{addresses: ["127.0.0.1"]}}]
ports: [{{name: http, port: {port}}}]
""")
    assert mesh.until_served("http://legacy/").json()["name"] == "outside"


def test_a_policy_of_balancing(mesh):
    start_two_versions(mesh)
    mesh.apply("""
apiVersion: tulle.dev/v1alpha1
kind: BackendPolicy
metadata: {name: web}
spec:
  targetRefs: [{kind: Service, name: web}]
  loadBalancing: {policy: RoundRobin}
""")
    mesh.until_names("http://web/", {"one", "two"})
    counted = names(mesh, "http://web/", 60)
    assert 20 <= counted["one"] <= 40, counted


def test_an_unknown_service_is_answered_quickly_with_its_cause(mesh):
    assert mesh.probe.environment
    began = time.monotonic()
    answer = mesh.get("http://nobody.default.svc/")
    assert time.monotonic() - began < 6
    assert answer.status in (404, 502, 503), answer
    assert "nobody" in answer.headers.get("proxy-status", "") or "error=" in answer.headers.get("proxy-status", ""), answer


def test_a_file_in_the_watched_directory(mesh):
    mesh.service("web", "one", labels=["version=v1"], protocol="http")
    path = mesh.resources / "web.yaml"
    path.write_text(service("shop", {"app": "web"}))
    mesh.until_served("http://shop/")
    path.write_text(service("store", {"app": "web"}))
    mesh.until_served("http://store/")
    path.unlink()
    wait_until(lambda: mesh.get("http://store/").status != 200, 15, what="the service is gone")


def test_resources_survive_kill_9(mesh):
    mesh.apply(WEB + split("web", {"web-v1": 1, "web-v2": 3}))
    before = mesh.cli("get", "HTTPRoute", "web", "-o", "json").stdout
    mesh.control.kill9()
    mesh.start_control()
    assert mesh.cli("get", "HTTPRoute", "web", "-o", "json").stdout == before
    assert fetch(mesh.api, "/api/v1/resources/HTTPRoute/default/web").status == 200
