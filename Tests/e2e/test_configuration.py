"""Configurations that are wrong, reloads of good and bad ones, and who sees what."""

import json
import os
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import pytest

from kinora_kit import eventually, kinora
from simulator import program

# Text after `version: 1`; then what is said, as LINE:COLUMN and words, in the order of lines.
WRONG = {
    "unknown-key": ("providerz: {}", ["2:1 unknown key providerz: did you mean providers?"]),
    "unknown-inside": ("listen:\n  unix: {pth: /x}", ["3:10 did you mean path?"]),
    "tab": ("\tstate_dir: /x", ["2:1 tab"]),
    "twice": ("state_dir: /a\nstate_dir: /b", ["3:1 state_dir stands twice"]),
    "list": ("- a", ["2:1 "]),
    "cut": ("state_dir: [", ["3:1 "]),
    "not-utf8": (b"state_dir: ab\xff", ["2:14 UTF-8"]),
    "mode": ("listen:\n  unix: {mode: \"rw\"}", ["3:16 listen.unix.mode: must be octal"]),
    "path-too-long": ("listen:\n  unix:\n    path: /" + "p" * 107, ["4:11 at most 107 bytes"]),
    "tcp-open": ("listen:\n  tcp: {address: 0.0.0.0:80, keys_file: /k}",
                 ["3:18 must be a loopback address"]),
    "tcp-without-keys": ("listen:\n  tcp: {address: 127.0.0.1:80}", ["3:8 keys_file: is missing"]),
    "any-origin": ("listen:\n  tcp: {address: 127.0.0.1:80, keys_file: /k, cors_origins: ['*']}",
                   ["3:61 listen.tcp.cors_origins: * must be one page's origin"]),
    "plain-http": ("providers:\n  x: {base_url: http://example.com}",
                   ["3:17 needs allow_private: true"]),
    "loopback": ("providers:\n  x: {base_url: https://127.0.0.1/}", ["3:17 allow_private"]),
    "no-url": ("providers:\n  x: {base_url: example.com}", ["3:17 must be an absolute https"]),
    "transport": ("providers:\n  x: {transport: crul}", ["3:18 auto, urlsession, curl, libcurl"]),
    "urlsession-ca": ("providers:\n  x:\n    transport: urlsession\n    ca_file: /ca.pem",
                      ["4:16 neither ca_file nor proxy"]),
    "two-sources": ("providers:\n  x:\n    credentials: {api_key: {file: /a, env: B}}",
                    ["4:28 one of file, folder, systemd or env"]),
    "speed": ("providers:\n  x: {base_url: https://a.example, poll_speed: 4}",
              ["3:48 for sandboxes"]),
    "money": ("budgets: {host: {usd_per_day: lots}}", ["2:31 amount in dollars"]),
    "range": ("limits: {max_queued: -1}", ["2:22 from 0 to"]),
    "itself": ("a: &a [*a]", ["2:4 nested too deep"]),
    "bomb": ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "\n".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]" for n in range(8)),
             ["2: aliases make the file too large"]),
    "three-at-once": ("stat_dir: /x\nlisten:\n  unix: {pth: /y}\nlimits: {max_queued: -1}",
                      ["2:1 did you mean state_dir?", "4:10 did you mean path?", "5:22 from 0 to"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_configuration(tmp_path, name):
    """Everything that is wrong, in one run, as file:line:column; exit 78; nothing is made."""
    text, expected = WRONG[name]
    path = tmp_path / "kinora.yaml"
    path.write_bytes(b"version: 1\n" + (text if isinstance(text, bytes) else text.encode()) + b"\n")
    said = []
    for words in (["--check-config"], []):
        start = time.monotonic()
        done = subprocess.run(
            [program("kinorad", "KINORAD_BIN"), "--config", str(path), *words],
            capture_output=True, text=True, timeout=20)
        assert done.returncode == 78 and time.monotonic() - start < 5, done
        said.append(done.stderr)
    lines = said[0].splitlines()
    assert said[1] == said[0], "checking and starting do not say the same"
    assert len(lines) == len(expected) or name in ("list",), said[0]
    for line, words in zip(lines, expected):
        place, _, message = words.partition(" ")
        assert line.startswith(f"{path}:{place}") and ": error: " in line and message in line, line
    checked = kinora("config", "check", path)
    assert checked.code == 78 and lines[0] in checked.err, checked
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kinora.yaml"]


def test_missing_file_and_late_errors(tmp_path, daemons, sim):
    """A file that is not there, a credential that no plugin knows, a plugin that is not there."""
    done = subprocess.run([program("kinorad", "KINORAD_BIN"), "--config", str(tmp_path / "no.yaml")],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 78 and "no.yaml:1:1: error: cannot be read" in done.stderr, done
    daemon = daemons(sim)
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("    credentials: {api_key:", "    credentials: {apikey:"))
    done = subprocess.run(
        [program("kinorad", "KINORAD_BIN"), "--config", str(daemon.config), "--check-config"],
        capture_output=True, text=True, timeout=20)
    assert done.returncode == 78 and "apikey" in done.stderr and "api_key" in done.stderr, done
    daemon.config.write_text(text.replace("defaults:", "  runway: {}\ndefaults:"))
    daemon.start()
    status, body, _ = daemon.post("/v1/videos", {"model": "runway/gen", "prompt": "x"})
    assert status in (400, 503) and "kinora-runway.so" in json.dumps(body), body
    assert sim.log() == []


def test_state_directory_that_cannot_be(tmp_path, daemons, sim):
    """A state directory that others may write, or that is a file, is refused in words."""
    daemon = daemons(sim)
    state = daemon.directory / "state"
    state.mkdir()
    state.chmod(0o777)
    daemon.start()
    assert daemon.process.returncode == 78 and "chmod 0700" in daemon.log(), daemon.log()
    assert list(state.iterdir()) == []
    state.rmdir()
    state.write_text("")
    daemon.start()
    assert daemon.process.returncode in (69, 78) and str(state) in daemon.log(), daemon.log()


def test_another_daemons_directory_is_left_alone(daemon):
    """A second daemon is refused before it has written a byte where the first one works."""
    def files():
        return {path.name: (path.stat().st_mtime_ns, path.stat().st_size)
                for path in (daemon.directory / "state").rglob("*") if path.is_file()}
    before = files()
    done = subprocess.run([daemon.process.args[0], "--config", str(daemon.config)],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 69 and f"pid {daemon.process.pid}" in done.stderr, done
    assert files() == before


def test_bad_reload_keeps_the_old(daemons, sim):
    """A bad file changes nothing and says so, by SIGHUP and by the command, under load."""
    daemon = daemons(sim, speed=40, extra="budgets: {host: {usd_per_day: 5}}\n").start()
    job = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "goes on [render:30]"})[1]["id"]
    before, good = daemon.get("/v1/config"), daemon.config.read_text()
    # One error is enough to leave everything as it was, also the part that is right.
    daemon.config.write_text(
        good.replace("usd_per_day: 5", "usd_per_day: 7").replace("max_queued: 0", "max_queue: 0"))
    line = good[:good.index("max_queued")].count("\n") + 1
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: "reload.failed" in daemon.log(), 10, "the complaint")
    assert f"{daemon.config}:{line}:10" in daemon.log() and "did you mean max_queued?" in daemon.log()
    assert daemon.get("/v1/config") == before
    status, body, _ = daemon.post("/v1/reload")
    assert (status, body["error"]["code"]) == (400, "configuration") and body["errors"], body
    done = kinora("reload", socket=daemon.socket)
    assert done.code == 78 and f"{daemon.config}:{line}:10" in done.err, done
    assert daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "meanwhile"})[0] == 200
    daemon.config.write_text(good.replace("usd_per_day: 5", "usd_per_day: 7"))
    done = kinora("reload", socket=daemon.socket)
    assert done.code == 0, done
    assert daemon.get("/v1/config")["budgets"]["host"]["usd_per_day"] == "7.00"
    rows = [row for row in daemon.get("/v1/usage")["data"] if row["scope"] == "host"]
    assert rows[0]["cap_microusd"] == 7_000_000
    assert daemon.get(f"/v1/videos/{job}?wait=30")["status"] == "completed"


def test_a_provider_goes_and_comes_back_by_reload(daemons, sim):
    """Jobs of a provider that a reload takes away wait or are held; nothing is refunded or repeated."""
    daemon = daemons(sim, speed=40).start()
    job = daemon.post("/v1/videos", {
        "model": "google/gemini-omni-1.1-flash", "prompt": "left alone [render:30]"})[1]["id"]
    eventually(lambda: daemon.get(f"/v1/videos/{job}")["kinora"]["state"] == "running", 20, "running")
    good = daemon.config.read_text()
    at = good.index("  google:")
    daemon.config.write_text(good[:at] + good[good.index("\ndefaults:", at) + 1:])
    assert daemon.post("/v1/reload")[0] == 200
    held = eventually(lambda: (body := daemon.get(f"/v1/videos/{job}"))["kinora"]["state"] == "held"
                      and body, 20, "the hold")
    assert held["kinora"]["cost"]["reserved_microusd"] > 0 and held["kinora"]["provider_id"]
    status, body, _ = daemon.post(
        "/v1/videos", {"model": "google/gemini-omni-1.1-flash", "prompt": "x"})
    assert status == 400 and body["error"]["code"] == "model_unknown"
    daemon.config.write_text(good)
    assert daemon.post("/v1/reload")[0] == 200
    daemon.post(f"/v1/videos/{job}/resolve", {
        "action": "adopt", "provider_id": held["kinora"]["provider_id"]})
    assert daemon.get(f"/v1/videos/{job}?wait=30")["kinora"]["state"] == "completed"
    assert len([e for e in sim.log() if e["method"] == "POST"]) == 1


class As:
    """A client with another uid: curl under setpriv."""

    def __init__(self, uid, socket):
        self.uid, self.socket = uid, socket

    def __call__(self, method, path, body=None):
        words = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "curl",
                 "-sS", "-X", method, "-w", "\n%{http_code}", "--unix-socket", str(self.socket),
                 *(["--json", json.dumps(body)] if body is not None else []), f"http://kinora{path}"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done
        text, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(text) if text.startswith("{") else text


def test_two_uids_are_two_principals(daemons, sim):
    """Each uid sees its own jobs; another's is answered exactly as one that never was [S1] [S6]."""
    if os.geteuid() != 0:
        warnings.warn("not root: nobody can be somebody else here")
        return
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        daemon = daemons(sim, speed=40)
        text = daemon.config.read_text()
        daemon.config.write_text(
            text.replace(f"{{path: {daemon.socket}, mode: \"0600\"}}",
                         f"{{path: {folder}/k.sock, mode: \"0666\"}}"))
        daemon.socket = Path(folder) / "k.sock"
        daemon.start()
        ann, bob = As(40001, daemon.socket), As(40002, daemon.socket)
        wish = {"model": "sample/clip", "prompt": "one's own"}
        jobs = {who: [who("POST", "/v1/videos", wish)[1]["id"] for _ in range(2)]
                for who in (ann, bob)}
        for who in (ann, bob):
            listed = [row["id"] for row in who("GET", "/v1/videos")[1]["data"]]
            assert sorted(listed) == sorted(jobs[who])
            for job in jobs[who]:
                done = who("GET", f"/v1/videos/{job}?wait=30")[1]
                assert done["status"] == "completed" and done["kinora"]["client"] == f"uid:{who.uid}"

        def words(answer, job):
            status, body = answer
            body.pop("request_id")
            return status, json.dumps(body).replace(job, "JOB")
        foreign, missing = jobs[bob][0], "video_" + "7" * 32
        for method, path in [("GET", ""), ("GET", "?wait=1"), ("GET", "/content"), ("GET", "/events"),
                             ("GET", "/evidence"), ("POST", "/cancel"), ("DELETE", "")]:
            answers = [words(ann(method, f"/v1/videos/{job}{path}"), job)
                       for job in (foreign, missing)]
            assert answers[0] == answers[1] and answers[0][0] == 404, (method, path, answers)
        resolve = {"action": "give_up"}
        assert words(ann("POST", f"/v1/videos/{foreign}/resolve", resolve), foreign) == words(
            ann("POST", f"/v1/videos/{missing}/resolve", resolve), missing)
        source = {**wish, "source": {"job": foreign}}
        assert words(ann("POST", "/v1/videos", source), foreign) == words(
            ann("POST", "/v1/videos", {**wish, "source": {"job": missing}}), missing)
        assert ann("GET", f"/v1/videos?after={foreign}")[0] == ann(
            "GET", f"/v1/videos?after={missing}")[0]
        # Money: only the own scope; administration: not at all.
        scopes = {row["scope"] for row in ann("GET", "/v1/usage")[1]["data"]}
        assert not any("40002" in scope for scope in scopes), scopes
        for method, path in [("GET", "/v1/config"), ("GET", "/v1/doctor"), ("POST", "/v1/reload"),
                             ("POST", "/v1/pause"), ("POST", "/v1/resume")]:
            status, body = ann(method, path)
            assert status == 403 and body["error"]["code"] == "forbidden", (path, body)
        # The overflow uid stands for nobody; root and the daemon's uid see all.
        assert As(65534, daemon.socket)("GET", "/v1/videos")[0] == 403
        assert len(daemon.jobs()) == 4
        status, same = bob("POST", "/v1/videos", wish)
        assert status == 200 and same["id"] not in jobs[ann]
