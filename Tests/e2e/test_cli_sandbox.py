"""`kinora sandbox`: everything in one folder, restarted when it dies, gone when it ends."""

import json
import os
import signal
import socket
import stat
import subprocess
import time

import pytest

from kinora_kit import Sandbox, alive, eventually, kinora


@pytest.fixture
def box(tmp_path):
    """Makes sandboxes that end with the test."""
    made = []

    def make(*options, directory=tmp_path / "box", **more):
        made.append(Sandbox(directory, *options, **more))
        return made[-1]

    yield make
    for sandbox in made:
        if sandbox.process and sandbox.process.poll() is None:
            sandbox.stop()


def curl(*words):
    done = subprocess.run(
        ["curl", "-q", "-sS", *words], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_writes_its_environment_and_ends_with_all_its_children(box):
    sandbox = box("--speed", 20)
    env = sandbox.env
    assert set(env) == {
        "KINORA_SOCKET", "KINORA_SIM", "KINORAD_PID", "KINORA_SIM_PID", "KINORA_SIM_TLS",
        "KINORA_SIM_CA"}
    with sandbox.http() as client:
        assert client.get("/readyz").status_code == 200
    assert os.readlink(f"/proc/{env['KINORAD_PID']}/exe").endswith("/kinorad")
    assert os.readlink(f"/proc/{env['KINORA_SIM_PID']}/exe").endswith("/kinora-sim")
    words = open(f"/proc/{env['KINORA_SIM_PID']}/cmdline").read().split("\0")
    assert words[words.index("--time-scale") + 1] == "20"
    # What it told on standard output is what it wrote.
    told = open(f"{sandbox.directory}.log").read()
    assert all(f"{name}={value}" in told for name, value in env.items())
    assert sandbox.stop() == 0
    assert not (sandbox.directory / "env").exists()
    for name in ("KINORAD_PID", "KINORA_SIM_PID"):
        assert not alive(env[name])


def test_modes_and_keys(box):
    sandbox = box()
    assert stat.S_IMODE(os.stat(sandbox.socket).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(sandbox.directory).st_mode) == 0o700
    for key in (sandbox.directory / "keys").iterdir():
        assert key.read_text().startswith(("sk-sandbox-", '{"type":"service_account"'))
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_killed_daemon_is_started_again_with_its_pid_in_the_environment(box):
    sandbox = box("--speed", 20)
    before = sandbox.env
    old, new = sandbox.kill_daemon()
    assert not alive(old) and alive(new)
    sandbox.get("/v1/videos")
    os.kill(int(before["KINORA_SIM_PID"]), signal.SIGKILL)
    eventually(lambda: sandbox.env["KINORA_SIM_PID"] != before["KINORA_SIM_PID"])
    assert sandbox.sim == before["KINORA_SIM"]
    done = sandbox.kinora("generate", "after all that", "-d", 1, cwd=sandbox.directory)
    assert done.code == 0, done


def test_the_same_folder_goes_on_with_its_jobs(box):
    sandbox = box()
    identifier = sandbox.kinora("generate", "a long one", "-d", 4, "--detach").out.strip()
    sim = sandbox.sim
    assert sandbox.stop() == 0
    sandbox.start()
    assert sandbox.sim == sim
    done = sandbox.kinora("watch", identifier)
    assert done.code == 0 and done.out == f"{identifier} completed\n", done
    assert len(sandbox.creations("/sample")) == 1


def test_children_of_a_killed_sandbox_end_too(box):
    sandbox = box()
    env = sandbox.env
    sandbox.process.kill()
    sandbox.process.wait()
    for name in ("KINORAD_PID", "KINORA_SIM_PID"):
        eventually(lambda: not alive(env[name]), 30, f"the end of {name}")
    sandbox.start()
    assert sandbox.stop() == 0


def test_two_sandboxes_do_not_share_a_folder(box):
    sandbox = box()
    done = kinora("sandbox", "--dir", sandbox.directory)
    assert done.code == 1 and "another sandbox" in done.err
    assert sandbox.get("/v1/version")["version"]


def test_a_second_configuration_is_merged_over_the_first(box, tmp_path):
    extra = tmp_path / "extra.yaml"
    extra.write_text("budgets: {host: {usd_per_day: 0.02}}\n")
    sandbox = box("--config", extra)
    done = sandbox.kinora("generate", "too dear", "-d", 5, "--detach")
    assert done.code == 5 and "kinora usage" in done.err, done
    assert sandbox.kinora("generate", "cheap", "-d", 1, "--detach").code == 0


def test_a_bad_configuration_ends_it_with_78_and_every_error(box, tmp_path):
    extra = tmp_path / "extra.yaml"
    extra.write_text("limits: {max_queue: 3}\nbudgets: {hots: {usd_per_day: 1}}\n")
    done = kinora("sandbox", "--dir", tmp_path / "box", "--config", extra)
    assert done.code == 78 and "refuses its configuration" in done.err, done
    assert f"{extra}:1:" in done.err and f"{extra}:2:" in done.err


def test_a_folder_too_deep_for_a_socket(box, tmp_path):
    deep = tmp_path / ("d" * 100)
    sandbox = box(directory=deep)
    assert sandbox.socket.startswith(f"/tmp/kinora-{os.getuid()}-")
    assert "more than 107 bytes" in open(f"{deep}.log").read()
    folder = os.path.dirname(sandbox.socket)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    sandbox.get("/v1/version")
    assert sandbox.stop() == 0 and not os.path.exists(folder)


def test_the_front_speaks_http2_and_shows_a_page_to_the_rest(box):
    """What is simulated of an edge: [T30]."""
    sandbox = box()
    env = sandbox.env
    url = f"{env['KINORA_SIM_TLS']}/openrouter/api/v1/videos/models"
    page = curl("--cacert", env["KINORA_SIM_CA"], "--http1.1", "-w", "%{http_code}", url)
    assert page.startswith("<!DOCTYPE html>") and page.endswith("200")
    answer = curl("--cacert", env["KINORA_SIM_CA"], "--http2", "-w", "\n%{http_version}", url)
    body, version = answer.rsplit("\n", 1)
    assert version == "2"
    json.loads(body)
    done = subprocess.run(["curl", "-q", "-sS", url], capture_output=True, timeout=20)
    assert done.returncode == 60, "the certificate must be our own CA's"


def test_it_is_ready_soon(box):
    begin = time.monotonic()
    box()
    assert time.monotonic() - begin < 5


def test_the_port_can_be_chosen_and_must_be_free(box, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert box("--port", port).sim == f"http://127.0.0.1:{port}"
    done = kinora("sandbox", "--dir", tmp_path / "other", "--port", port)
    assert done.code == 2 and f"{port} is taken" in done.err


def test_config_check_is_the_daemons_own(tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(f"version: 1\nstate_dir: {tmp_path}\n")
    bad.write_text("version: 1\nlimist: {}\nlisten: 3\n")
    assert kinora("config", "check", good).code == 0
    done = kinora("config", "check", bad)
    assert done.code == 78 and f"{bad}:2:1: " in done.err and f"{bad}:3:" in done.err
    assert "limits" in done.err
    assert kinora("config", "check", tmp_path / "none.yaml").code == 78
