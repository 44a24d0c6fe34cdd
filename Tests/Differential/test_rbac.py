"""Access control: on the same rules tulle-proxy decides as Envoy does, says the same of it, and counts the same."""

import os

import pytest

from rbac_cases import GROUPS
from rbac_stage import RBACStage
from support.processes import wait_until

DENIED = b"RBAC: access denied"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    peer = os.environ.get("DIFFERENTIAL_PEER", "tulle")
    stage = RBACStage(tmp_path_factory.mktemp("rbac"), kinds=("envoy", peer))
    yield stage
    stage.close()


def decisions() -> int:
    return sum(len(group["ask"]) for group in GROUPS.values())


def was_denied(seen: dict) -> bool:
    return seen.get("body") == DENIED or seen.get("echo") == b"" or "grpc-status" in seen


@pytest.mark.parametrize("name", GROUPS)
def test_same_decisions(name, stage):
    group = GROUPS[name]
    seen = [[side.ask(name, number, question) for number, question in enumerate(group["ask"])] for side in stage.sides]
    for question, expected, actual in zip(group["ask"], *seen):
        assert actual == expected, f"{name}, {question}: Envoy answers {expected}, tulle-proxy {actual}"
    denied = sum(map(was_denied, seen[0]))
    # A group of which all pass, or none, would agree by accident; those that are meant so say it.
    assert 0 < denied < len(seen[0]) or group.get("one_sided"), f"{denied} of {len(seen[0])} are denied"


def test_there_are_enough_of_them():
    assert decisions() >= 200


def test_same_logs_counters_and_metrics(stage, request):
    """Behind all decisions: each is logged with the policy that made it, and counted under Envoy's names."""
    asked = {item.callspec.params["name"] for item in request.session.items if item.originalname == "test_same_decisions"}
    theirs, ours = stage.sides
    expected = sum(len(group["ask"]) for name, group in GROUPS.items() if name in asked)
    # A connection that is refused before it is HTTP leaves no line with either.
    silent = sum(1 for name in asked & {"network-before-http"} for question in GROUPS[name]["ask"] if question["source"] == "127.0.1.1")
    wait_until(lambda: len(theirs.logged()) >= expected - silent and len(ours.logged()) >= expected - silent, 20,
               what=f"{expected - silent} log lines; there are {len(theirs.logged())} and {len(ours.logged())}")
    assert ours.logged() == theirs.logged()
    assert ours.counters() == theirs.counters()
    assert ours.metrics() == theirs.metrics()


def test_a_refusal_names_its_policy_to_those_who_are_known(stage):
    """The last test, since what it asks is counted on one side alone."""
    if stage.sides[1].kind != "tulle":
        return
    asked = {("principal-exact", "job"): "no policy allows this request", ("principal-exact", "nobody"): "access denied",
             ("principal-regex", "web"): "policy any-sa denies this request"}
    for (name, who), details in asked.items():
        seen = stage.sides[1].ask(name, 0, {"target": "/", "who": who}, ("proxy-status",))
        assert seen["proxy-status"] == f'tulle; error=http_request_denied; details="{details}"'
