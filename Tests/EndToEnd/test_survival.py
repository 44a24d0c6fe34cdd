"""What is lost when something dies or changes under load."""

import os
import signal

import pytest

from mesh import fetch, wait_until
from resources import WEB, service, split

pytestmark = pytest.mark.timeout(240)


def two_instances(mesh):
    mesh.apply(WEB)
    first = mesh.service("web", "one", labels=["version=v1"], protocol="http")
    second = mesh.service("web", "two", labels=["version=v2"], protocol="http")
    mesh.until_names("http://web/", {"one", "two"})
    return first, second


def test_kill_9_of_the_control_plane_and_its_restart_fail_no_request(mesh):
    two_instances(mesh)
    load = mesh.load("http://web/")
    load.wait_more(300)
    mesh.control.kill9()
    load.wait_more(1000)
    mesh.start_control()
    load.wait_more(1000)
    # It is in charge again: a change gets through.
    mesh.apply(split("web", {"web-v1": 1, "web-v2": 0}))
    mesh.until_served("http://web/", accept=lambda answer: answer.json()["name"] == "one")
    load.wait_more(300)
    counts = load.finish()
    assert counts["failed"] == 0, counts


def test_kill_9_of_one_of_two_instances_fails_fewer_than_one_in_a_thousand(mesh):
    first, _ = two_instances(mesh)
    load = mesh.load("http://web/", workers=4)
    load.wait_more(2500)
    first.kill9()
    load.wait_more(2500)
    counts = load.finish()
    total = counts["ok"] + counts["failed"]
    assert counts["failed"] * 1000 < total, counts
    assert counts["by"]["two"] > 2000, counts


def test_sigterm_of_an_instance_fails_no_request(mesh):
    first, _ = two_instances(mesh)
    load = mesh.load("http://web/")
    load.wait_more(500)
    assert first.stop() == 0
    load.wait_more(1000)
    third = mesh.service("web", "three", labels=["version=v1"], protocol="http")
    mesh.until_names("http://web/", {"two", "three"})
    load.wait_more(500)
    assert third.stop() == 0
    load.wait_more(300)
    counts = load.finish()
    assert counts["failed"] == 0, counts


def test_a_thousand_weight_changes_fail_no_request(mesh):
    two_instances(mesh)
    mesh.apply(split("web", {"web-v1": 50, "web-v2": 50}))
    load = mesh.load("http://web/", workers=4)
    load.wait_more(200)
    for step in range(1000):
        weight = step % 101
        answer = fetch(
            mesh.api, "/api/v1/resources/HTTPRoute/default/web", "PUT",
            headers={"content-type": "application/yaml"},
            body=split("web", {"web-v1": weight, "web-v2": 100 - weight or 1}).replace("---\n", ""))
        assert answer.status in (200, 201), answer
    load.wait_more(500)
    mesh.apply(split("web", {"web-v1": 0, "web-v2": 1}))
    mesh.until_served("http://web/", accept=lambda answer: answer.json()["name"] == "two")
    counts = load.finish()
    assert counts["failed"] == 0, counts


def test_a_sidecar_starts_from_its_last_good_configuration(mesh):
    """The caller's sidecar dies while the control plane is away, and comes back with what it knew."""
    two_instances(mesh)
    caller = mesh.probe
    assert mesh.get("http://web/").status == 200
    kept = mesh.folder / "run" / "tulle" / caller.environment["TULLE_WORKLOAD"] / "xds"
    wait_until(
        lambda: kept.exists() and "outbound|80||web".encode() in b"".join(file.read_bytes() for file in kept.iterdir()),
        15, what="the configuration is on disk")
    mesh.control.kill9()
    old = caller.sidecar()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: caller.sidecar() != old, 10, what="a new sidecar")
    mesh.until_served("http://web/", timeout=20)
    mesh.start_control()
    mesh.until_served("http://web/")


def test_a_service_that_comes_and_goes_under_load_harms_nobody(mesh):
    two_instances(mesh)
    mesh.apply(service("shop", {"app": "web"}))
    mesh.until_served("http://shop/")
    steady = mesh.load("http://web/", workers=4)
    unsteady = mesh.load("http://shop/", workers=4)
    steady.wait_more(200)
    sidecars = [load.workload.sidecar() for load in (steady, unsteady)]
    for _ in range(15):
        mesh.cli("delete", "service", "shop")
        steady.wait_more(30)
        mesh.apply(service("shop", {"app": "web"}))
        unsteady.wait_more(10)
    assert [load.workload.sidecar() for load in (steady, unsteady)] == sidecars
    counts = steady.finish()
    assert counts["failed"] == 0, counts
    # What asked while there was no such service was told so; nothing was left without an answer.
    errors = unsteady.finish()["errors"]
    assert all("error=" in error for error in errors), errors
