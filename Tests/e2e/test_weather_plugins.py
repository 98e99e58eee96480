"""Plugins that end the daemon, break their contract, or may not be loaded."""

import http.client
import os
import shutil
import signal
import time

import pytest

import c_plugins
from checker import judge
from kinora_kit import eventually, kinora
from simulator import ROOT


def make(daemon, prompt, model="trouble"):
    status, body, _ = daemon.post("/v1/videos", {"model": model, "prompt": prompt})
    assert status == 200, body
    return body["id"]


def make_fatal(daemon, prompt):
    """A job whose first step ends the daemon, perhaps before it has answered."""
    try:
        make(daemon, prompt)
    except (http.client.HTTPException, OSError):
        pass


def state(daemon, job):
    return daemon.get(f"/v1/videos/{job}")["kinora"]["state"]


def plugin(daemon, name="trouble"):
    return [row for row in daemon.get("/v1/plugins")["data"] if row["name"] == name][0]


@pytest.fixture
def troubled(daemons, sim):
    """A daemon with the plugin `trouble`, not started yet; `build(MENDED=1)` replaces the plugin."""
    daemon = daemons(sim, speed=40, providers=f"""
  trouble:
    base_url: {sim.url}/still/v1
    allow_private: true
""")
    folder = c_plugins.folder_beside(daemon)
    daemon.build = lambda **defines: c_plugins.compile(folder, **defines)
    daemon.build(MENDED=0)
    return daemon


def paid(sim):
    return [entry for entry in sim.log() if entry["path"].startswith("/still") and
            entry["method"] == "POST"]


@pytest.mark.parametrize("way", ["trap", "abort", "null"])
@pytest.mark.parametrize("moment", ["begin", "answer"])
def test_trap_costs_one_restart(troubled, sim, moment, way):
    """A plugin that ends the process is not called again: no crash loop, no second submit [R21] [P3]."""
    daemon = troubled.start()
    make_fatal(daemon, f"[trap:{moment}] [by:{way}]")
    assert daemon.wait_dead(20) in (-4, -5, -6, -11), daemon.process.returncode
    for turn in range(2):
        daemon.start()
        assert daemon.process.poll() is None
        job = daemon.jobs()[0]["id"]
        assert plugin(daemon)["state"] == "faulted"
        expected = ("queued",) if moment == "begin" else ("held",)
        eventually(lambda: state(daemon, job) in expected, 10, expected)
        # Everybody else's jobs are made as before.
        other = make(daemon, f"beside {moment} {way} {turn}", "sample/clip")
        assert daemon.get(f"/v1/videos/{other}?wait=30")["status"] == "completed"
        status, body, _ = daemon.post("/v1/videos", {"model": "trouble", "prompt": "x"})
        assert status == 503 and "faulted" in body["detail"], body
        daemon.kill()
    assert len(paid(sim)) == (0 if moment == "begin" else 1)
    held = "held" if moment == "answer" else "queued"
    # A mended file is another one: it is loaded, and what had not been sent goes on.
    daemon.build(MENDED=1)
    daemon.start()
    assert plugin(daemon)["state"] == "loaded"
    if held == "queued":
        eventually(lambda: state(daemon, job) == "completed", 90, "the mended job")
        assert len(paid(sim)) == 1
    else:
        time.sleep(0.5)
        assert state(daemon, job) == "held" and len(paid(sim)) == 1
        cost = daemon.get(f"/v1/videos/{job}")["kinora"]["cost"]
        assert cost["reserved_microusd"] == cost["quoted_microusd"] > 0


def test_stack_overflow_ends_too(troubled, sim):
    """A death without a mark is believed the second time: two restarts, then it is faulted."""
    daemon = troubled.start()
    make_fatal(daemon, "[trap:begin] [by:stack]")
    deaths = 0
    while deaths < 4:
        if daemon.wait_dead(5) is None:
            break
        deaths += 1
        daemon.start()
    assert 1 <= deaths <= 2 and plugin(daemon)["state"] == "faulted"
    assert paid(sim) == []


def test_broken_contract(troubled, sim):
    """A step without a verdict is a fault: the job's, then, after five, the plugin's."""
    daemon = troubled.start()
    for n in range(5):
        make(daemon, f"[silent] {n}")
    eventually(lambda: plugin(daemon)["state"] == "faulted", 20, "the plugin's fault")
    assert plugin(daemon)["faults"] >= 5 and paid(sim) == []
    assert "broke its contract" in plugin(daemon)["detail"]
    checks = {check["name"]: check for check in daemon.get("/v1/doctor")["checks"]}
    assert checks["plugin trouble"]["status"] == "fail"
    usage = [row for row in daemon.get("/v1/usage")["data"] if row["scope"] == "host"][0]
    assert usage["spent_microusd"] == 0


def test_slow_step(troubled):
    """A step over a second makes its plugin degraded, and everything else goes on meanwhile."""
    daemon = troubled.start()
    job = make(daemon, "[slow]")
    other = make(daemon, "beside", "sample/clip")
    start = time.monotonic()
    while state(daemon, job) != "completed":
        assert time.monotonic() - start < 20
        begun = time.monotonic()
        daemon.request("GET", "/livez")
        assert time.monotonic() - begun < 1
    assert daemon.get(f"/v1/videos/{other}?wait=30")["status"] == "completed"
    checks = {check["name"]: check for check in daemon.get("/v1/doctor")["checks"]}
    assert checks["plugin trouble"]["status"] == "warn", checks["plugin trouble"]


def test_files_that_are_not_loaded(troubled, tmp_path):
    """Each refusal has a state and says what differs and how to mend it [P4] [S11]."""
    daemon = troubled
    folder = daemon.directory / "plugins"
    include = tmp_path / "include"
    include.mkdir()
    header = (ROOT / "Sources/CKinoraPlugin/include/kinora_plugin.h").read_text()
    (include / "kinora_plugin.h").write_text(
        header.replace("#define KN_ABI_MAJOR 1u", "#define KN_ABI_MAJOR 2u"))
    shutil.copy(ROOT / "Sources/CKinoraPlugin/include/kinora_kit.h", include)
    still = (ROOT / "Plugins/Still/still.c").read_text()

    def variant(name, old, new):
        source = tmp_path / f"{name}.c"
        source.write_text(still.replace(old, new).replace("dev.kinora.still", f"dev.kinora.{name}"))
        return c_plugins.compile(folder, name, source)
    c_plugins.compile(folder, "newer", ROOT / "Plugins/Still/still.c", include=include)
    variant("entryless", "kinora_plugin_still", "kinora_plugin_other")
    variant("noteless", "KN_NOTE(0);", "")
    variant("open", "kinora_plugin_still", "kinora_plugin_open").chmod(0o777)
    (folder / "kinora-link.so").symlink_to(variant("target", "kinora_plugin_still",
                                                   "kinora_plugin_target"))
    (folder / "kinora-text.so").write_text("#!/bin/sh\n")
    (folder / "kinora-text.so").chmod(0o755)
    variant("json", "{\\\"hosts\\\"", "{{\\\"hosts\\\"").rename(folder / "kinora-garbled.so")
    daemon.start()
    for name, wanted, words in [
            ("newer", "incompatible", "ABI 2"), ("entryless", "missing-entry", "kinora_plugin_entryless"),
            ("noteless", "incompatible", "note"), ("open", "untrusted", "chmod"),
            ("link", "untrusted", "link"), ("text", "incompatible", "ELF"),
            ("target", "loaded", ""), ("trouble", "loaded", "")]:
        found = plugin(daemon, name)
        assert found["state"] == wanted and words in found["detail"], found
    assert plugin(daemon, "garbled")["state"] != "loaded"
    listed = kinora("plugins", socket=daemon.socket)
    assert listed.code == 0 and "untrusted" in listed.out and "ABI 2" in listed.out, listed
    job = make(daemon, "among them", "sample/clip")
    assert daemon.get(f"/v1/videos/{job}?wait=30")["status"] == "completed"


def test_a_reload_adds_a_plugin_and_a_provider(daemons, sim):
    """SIGHUP under running jobs: a new file is loaded, a new provider answers, nobody notices [P4]."""
    daemon = daemons(sim, speed=40)
    folder = c_plugins.folder_beside(daemon)
    daemon.start()
    running = [make(daemon, f"under way {n} [render:30]", "sample/clip") for n in range(5)]
    pid = daemon.process.pid
    c_plugins.compile(folder, MENDED=1)
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("defaults:", f"""  trouble:
    base_url: {sim.url}/still/v1
    allow_private: true
defaults:"""))
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: "trouble" in [row["name"] for row in daemon.get("/v1/providers")["data"]], 10,
               "the provider")
    assert plugin(daemon)["state"] == "loaded"
    job = make(daemon, "by the new one")
    assert daemon.get(f"/v1/videos/{job}?wait=30")["status"] == "completed"
    # A loaded file that is replaced is only noted: it takes effect at restart.
    time.sleep(0.01)
    c_plugins.compile(folder, MENDED=0)
    assert daemon.post("/v1/reload")[0] == 200
    assert plugin(daemon)["state"] == "changed" and "restart" in plugin(daemon)["detail"]
    job = make(daemon, "[trap:begin] by the old code")
    assert daemon.get(f"/v1/videos/{job}?wait=30")["status"] == "completed"
    for job in running:
        assert daemon.get(f"/v1/videos/{job}?wait=30")["status"] == "completed"
    assert daemon.process.pid == pid and os.path.exists(f"/proc/{pid}")
    assert not judge(daemon, sim.jobs(), running)
