"""The control plane's API and the CLI's tables, against a mesh with traffic."""

import json
import queue
import subprocess

import grpc
import pytest
import yaml
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf.json_format import ParseDict

from mesh import fetch, wait_until
from resources import WEB, split
from support.binaries import program


def test_api_is_described_and_healthy(mesh):
    assert fetch(mesh.api, "/healthz").status == 200
    description = fetch(mesh.api, "/openapi.json").json()
    assert description["openapi"].startswith("3.")
    # Every path without parameters that can be asked is there.
    for path, operations in description["paths"].items():
        if "get" in operations and "{" not in path and "watch" not in path:
            assert fetch(mesh.api, path).status == 200, path


def test_metrics_pass_promtool(mesh):
    mesh.service("web", protocol="http")
    mesh.until_served("http://web/")
    text = fetch(mesh.api, "/metrics").text
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, timeout=20)
    assert checked.returncode in (0, 3), checked.stderr


def test_output_formats(mesh):
    mesh.apply(WEB + split("web", {"web-v1": 1, "web-v2": 3}))
    table = mesh.cli("get", "services").stdout
    assert "web-v1" in table and "\x1b[" not in table
    rows = json.loads(mesh.cli("get", "Service", "web", "-o", "json").stdout)
    assert "web" in json.dumps(rows)
    document = yaml.safe_load(mesh.cli("get", "HTTPRoute", "web", "-o", "yaml").stdout)
    assert document["kind"] == "HTTPRoute"
    # What get prints, apply takes.
    text = mesh.cli("get", "HTTPRoute", "web", "-o", "yaml").stdout
    assert mesh.apply(text).returncode == 0
    mesh.cli("delete", "HTTPRoute", "web")
    assert mesh.cli("get", "HTTPRoute", "web", check=False).returncode != 0


def test_status_and_stat(mesh):
    mesh.apply(WEB)
    mesh.service("web", "one", labels=["version=v1"], protocol="http")
    load = mesh.load("http://web/", workers=2)
    load.wait_more(300)
    status = mesh.cli("status").stdout
    assert "web" in status

    def rows():
        done = mesh.cli("stat", "--once", "-o", "json", check=False)
        return done.returncode == 0 and "web" in done.stdout and done.stdout
    text = wait_until(rows, 15, what="tulle stat knows of web")
    assert json.loads(text)
    load.finish()


def test_a_refused_resource_shows_in_the_status(mesh):
    """A gRPC client that says no to what it got: the author hears of it, and the others go on."""
    mesh.apply(WEB)
    mesh.service("web", "one", labels=["version=v1"], protocol="http")
    mesh.until_served("http://web/")
    assert fetch(mesh.api, "/api/v1/status").json()["refusals"] == []
    refuse(mesh.xds, "outbound|80||web.default.svc.cluster.local", "not to my taste")
    refusals = wait_until(lambda: fetch(mesh.api, "/api/v1/status").json()["refusals"], 10, what="the refusal shows")
    assert "not to my taste" in json.dumps(refusals)
    assert "not to my taste" in mesh.cli("status", check=False).stdout
    assert mesh.get("http://web/").status == 200


def refuse(xds: str, cluster: str, reason: str):
    """Asks for a cluster over ADS and refuses it; the stream stays open until the test's process ends."""
    stream = ads(xds)
    request = {"typeUrl": CDS, "resourceNames": [cluster], "node": {"id": "critic"}}
    send, answers = stream
    send(request)
    answer = next(answers)
    send({"typeUrl": CDS, "resourceNames": [cluster], "responseNonce": answer.nonce, "errorDetail": {
        "code": 3, "message": reason}})


CDS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"


def ads(xds: str):
    """A state-of-the-world stream: a function that sends a request given as JSON, and the answers."""
    channel = grpc.insecure_channel(xds)
    waiting: queue.Queue = queue.Queue()
    call = channel.stream_stream(
        "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
        request_serializer=discovery_pb2.DiscoveryRequest.SerializeToString,
        response_deserializer=discovery_pb2.DiscoveryResponse.FromString)(iter(waiting.get, None), timeout=60)
    STREAMS.append((channel, waiting, call))
    return lambda request: waiting.put(ParseDict(request, discovery_pb2.DiscoveryRequest())), call


STREAMS: list = []


@pytest.fixture(autouse=True)
def end_streams():
    yield
    while STREAMS:
        channel, waiting, _ = STREAMS.pop()
        waiting.put(None)
        channel.close()


def test_check_says_what_is_wrong(mesh):
    done = mesh.cli("check", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    mesh.control.kill9()
    done = mesh.cli("check", check=False)
    assert done.returncode != 0 and mesh.api in done.stdout + done.stderr


def test_version_and_completion(mesh):
    assert mesh.cli("version").stdout.strip()
    assert "tulle" in mesh.cli("completion", "bash").stdout
