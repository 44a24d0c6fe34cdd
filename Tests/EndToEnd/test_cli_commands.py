"""The commands' exit statuses, formats and words."""

import json
import os
import pty
import subprocess

import pytest
import yaml

from mesh import wait_until
from support.binaries import binary
from support.ports import free_port

SERVICE = """apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http, appProtocol: http}]
"""
WRONG = SERVICE.replace("selector:", "selektor:")


def test_exit_statuses(mesh):
    (mesh.folder / "wrong.yaml").write_text(WRONG)
    (mesh.folder / "right.yaml").write_text(SERVICE)
    for status, words in [
        (0, ["apply", mesh.folder / "right.yaml"]),
        (2, ["aply"]),
        (2, ["get", "--nonsense"]),
        (2, ["apply"]),
        (3, ["apply", "-f", mesh.folder / "wrong.yaml"]),
        (3, ["validate", mesh.folder / "wrong.yaml"]),
        (5, ["get", "Service", "nobody"]),
        (5, ["delete", "Service", "nobody"]),
        (0, ["delete", "Service", "nobody", "--ignore-not-found"]),
        (125, ["run", "--nonsense"]),
        (125, ["run", "--service", "x"]),
        (125, ["run", "--service", "x", "--port", "http", "--", "true"]),
    ]:
        done = mesh.cli(*words, check=False)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"


def test_an_unreachable_control_plane_is_status_4_and_names_it(idle_mesh):
    for words in [["get"], ["status"], ["stat", "--once"], ["check"]]:
        done = idle_mesh.cli(*words, check=False)
        assert done.returncode == 4, f"{words}: {done.stdout}{done.stderr}"
        said = done.stdout + done.stderr
        assert idle_mesh.api in said and "tulle control" in said


def test_files_are_applied_all_or_none_and_errors_name_the_right_one(mesh):
    folder = mesh.folder / "several"
    folder.mkdir()
    (folder / "a.yaml").write_text(SERVICE)
    (folder / "b.yaml").write_text("# a line before\n" + WRONG.replace("web", "shop"))
    done = mesh.cli("apply", folder, check=False)
    assert done.returncode == 3
    assert "b.yaml:6:" in done.stderr and "selector" in done.stderr, done.stderr
    assert mesh.cli("get", "-o", "json").stdout.count('"kind"') == 0
    (folder / "b.yaml").unlink()
    assert "created" in mesh.cli("apply", folder).stdout
    assert "unchanged" in mesh.cli("apply", "-f", folder).stdout


def test_a_dry_run_changes_nothing(mesh):
    (mesh.folder / "right.yaml").write_text(SERVICE)
    assert "dry run" in mesh.cli("apply", "--dry-run", mesh.folder / "right.yaml").stdout
    assert mesh.cli("get", "Service", "web", check=False).returncode == 5


@pytest.mark.parametrize("words", [["get"], ["get", "workloads"], ["status"], ["stat", "--once"], ["check"], ["version"]])
def test_json_and_yaml(mesh, words):
    assert json.loads(mesh.cli(*words, "-o", "json").stdout) is not None
    assert mesh.cli(*words, "-o", "yaml").returncode == 0
    list(yaml.safe_load_all(mesh.cli(*words, "-o", "yaml").stdout))


def on_a_terminal(mesh, *words, **more) -> str:
    leader, follower = pty.openpty()
    subprocess.run(
        [str(binary("tulle")), *words], stdout=follower, stderr=follower, timeout=30,
        env={**os.environ, "TERM": "xterm", **mesh.environment, **more})
    os.close(follower)
    said = b""
    try:
        while piece := os.read(leader, 4096):
            said += piece
    except OSError:
        pass
    os.close(leader)
    return said.decode()


def test_colour_is_for_terminals_and_no_color_is_honoured(mesh):
    assert "\x1b[" in on_a_terminal(mesh, "check", NO_COLOR="")
    assert "\x1b[" not in on_a_terminal(mesh, "check", NO_COLOR="1")
    assert "\x1b[" not in mesh.cli("check").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(idle_mesh, shell):
    script = idle_mesh.cli("completion", shell).stdout
    assert "tulle" in script and "ready-timeout" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_every_flag_has_a_variable(mesh):
    port = free_port()
    done = subprocess.run(
        [str(binary("tulle")), "run", "--", "sh", "-c", "echo $TULLE_UPSTREAM_REDIS"], capture_output=True, text=True,
        timeout=30,
        env={**os.environ, **mesh.environment, "TULLE_SERVICE": "job", "TULLE_UPSTREAMS": f"redis:6379={port}",
             "TULLE_LABELS": "version=v9", "TULLE_CONCURRENCY": "2"})
    assert done.stdout == f"127.0.0.1:{port}\n", done.stderr


def test_check_tells_of_a_service_without_endpoints(mesh):
    mesh.apply(SERVICE)
    wait_until(lambda: "has no endpoint" in mesh.cli("check").stdout, 5, what="check tells of it")
    assert "mend:" in mesh.cli("check").stdout
