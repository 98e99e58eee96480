"""Canary keys and prompts: after work and failures by every transport they are nowhere to be found.

The simulator's own record is where the keys belong; it is read only to prove that they arrived.
"""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from kinora_kit import eventually, kinora

# By which way each key comes in, and which transport carries it.
KEYS = {
    "by-curl": ("curl", "file", "canary-key-file-curl-7Qd1"),
    "by-libcurl": ("libcurl", "file", "canary-key-file-libcurl-9Zt2"),
    "by-urlsession": ("urlsession", "env", "canary-key-env-urlsession-4Kx3"),
    "by-systemd": ("auto", "systemd", "canary-key-systemd-8Wb4"),
    "refused": ("curl", "file", "bad-canary-key-refused-5Jm5"),
    "refused-lib": ("libcurl", "env", "bad-canary-key-refused-2Pv6"),
}
PROMPT = "canary prompt 3Fh7 of a walrus"
MODEL = {"by-urlsession": "gemini-omni-1.1-flash", "by-systemd": "gemini-omni-1.1-flash"}
SECRETS = [key for _, _, key in KEYS.values()]


def configuration(folder, sim):
    """A provider for each key, and the environment that brings the keys in."""
    text, environment = "", {"CREDENTIALS_DIRECTORY": str(folder / "credentials")}
    (folder / "credentials").mkdir(parents=True)
    for name, (transport, way, key) in KEYS.items():
        plugin = "google" if name in MODEL else "openrouter"
        path = folder / ("credentials" if way == "systemd" else ".") / name
        if way == "env":
            variable = "CANARY_" + name.upper().replace("-", "_")
            environment[variable] = key
            source = f"{{env: {variable}}}"
        else:
            path.write_text(key + "\n")
            path.chmod(0o400)
            source = f"{{systemd: {name}}}" if way == "systemd" else f"{{file: {path}}}"
        base = sim + ("/google" if plugin == "google" else "/openrouter/api/v1")
        text += f"""  {name}:
    plugin: {plugin}
    base_url: {base}
    allow_private: true
    poll_speed: 40
    transport: {transport}
    credentials: {{api_key: {source}}}
"""
    return text, environment


@pytest.fixture
def guarded(daemons, sim, tmp_path):
    providers, environment = configuration(tmp_path / "keys", sim.url)
    return daemons(sim, speed=40, providers=providers, environment=environment,
                   extra="log: {level: debug}\n").start()


def make(daemon, name, prompt=PROMPT):
    model = f"{name}/" + MODEL.get(name, "google/veo-3.1-lite")
    status, body, _ = daemon.post("/v1/videos", {"model": model, "prompt": prompt})
    assert status == 200, body
    return body["id"]


def ended(daemon, job):
    def look():
        body = daemon.get(f"/v1/videos/{job}")
        return body["status"] in ("completed", "failed") and body
    return eventually(look, 40, f"the end of {job}")


def descendants(pid):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            if parent == pid:
                found += [int(entry.name), *descendants(int(entry.name))]
    return found


def clean(what, data, words=SECRETS):
    data = data if isinstance(data, bytes) else str(data).encode()
    for word in words:
        assert word.encode() not in data, f"{word} is in {what}"


def test_argv_and_environment_of_curl(guarded, sim):
    """While a submit hangs: curl's argv is constant, its environment empty [T34] [P14]."""
    sim.fault("hang_before_accept", "openrouter", "submit")
    make(guarded, "by-curl", PROMPT + "\n url = file:///etc/hostname")
    eventually(lambda: any(e["method"] == "POST" for e in sim.log()), 20, "the submit")
    seen = 0
    for pid in descendants(guarded.process.pid):
        argv = Path(f"/proc/{pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        clean("argv", argv, [*SECRETS, "walrus", sim.url])
        clean("the environment", environment, [*SECRETS, "CANARY", "walrus"])
        words = argv.decode().split("\0")[:-1]
        if words and words[0].endswith("curl"):
            seen += 1
            assert words[1:3] == ["-q", "--config"] and words[3].startswith("/dev/fd/"), words
            assert len(words) == 4 and environment == b"", (words, environment)
            # Descriptors: the pipes and files of this request, and no socket or database of ours.
            links = [os.readlink(f"/proc/{pid}/fd/{fd.name}")
                     for fd in Path(f"/proc/{pid}/fd").iterdir()]
            assert not any("kinora.db" in link or "intents" in link for link in links), links
    assert seen == 1
    # The daemon's own words: options, not keys.
    clean("argv of kinorad", Path(f"/proc/{guarded.process.pid}/cmdline").read_bytes())
    clean("what ps shows", subprocess.run(["ps", "axww", "-o", "args"], capture_output=True).stdout)


def test_canaries(guarded, sim):
    """Jobs and failures by all transports; then no file, answer, log line or output holds a key [P14]."""
    jobs = [make(guarded, name) for name in KEYS]
    ends = {name: ended(guarded, job) for name, job in zip(KEYS, jobs)}
    for name, job in ends.items():
        expected = "failed" if name.startswith("refused") else "completed"
        assert job["status"] == expected, (name, job)
    used = {name: json.dumps(job["kinora"]["transports"]) for name, job in ends.items()}
    assert '"curl' in used["by-curl"] and '"libcurl' in used["by-libcurl"], used
    assert '"urlsession' in used["by-urlsession"], used
    # Failures in every phase, with answers that are shown to people.
    for name in ("by-curl", "by-libcurl", "by-urlsession"):
        provider = "google" if name in MODEL else "openrouter"
        for fault, phase in [("500", "poll"), ("html_200", "poll"), ("garbage_json", "poll"),
                             ("drop_before_accept", "fetch"), ("403", "submit"),
                             ("truncated_json_after_accept", "submit")]:
            sim.fault(fault, provider, phase)
            jobs.append(make(guarded, name))
            if phase == "submit":
                ended(guarded, jobs[-1])
        sim.clear_faults()
    errors = [guarded.post("/v1/videos", body)[1] for body in (
        {"model": "by-curl/none", "prompt": PROMPT},
        {"model": "by-curl/google/veo-3.1-lite", "prompt": PROMPT, "seconds": 999},
        {"model": "sample/clip-unpriced", "prompt": PROMPT})]

    # The keys arrived, in header fields and nowhere else: no URL, no body.
    log = sim.log()
    for name, (_, _, key) in KEYS.items():
        assert any(key in json.dumps(entry["headers"]) for entry in log), name
    for entry in log:
        clean("a URL", entry["path"])
        clean("a body", json.dumps(entry["body"]))

    def everywhere():
        for path in ("/v1/config", "/v1/doctor", "/v1/providers", "/v1/plugins", "/v1/usage",
                     "/v1/models", "/metrics", "/readyz?verbose"):
            _, body, fields = guarded.request("GET", path)
            yield path, json.dumps(body) if isinstance(body, dict) else body, True
            yield f"header of {path}", str(fields), True
        for error in errors:
            yield "an error", json.dumps(error), True
        for job in jobs:
            for path in ("", "/evidence", "/events"):
                status, body, _ = guarded.request("GET", f"/v1/videos/{job}{path}", headers={
                    "Connection": "close"}) if path != "/events" else (0, b"", None)
                yield f"{path} of a job", json.dumps(body) if isinstance(body, dict) else body, False
        for words in (["jobs"], ["providers"], ["config", "show"], ["doctor"], ["plugins"], ["usage"],
                      ["models"], ["show", jobs[0]], ["version"]):
            for more in ([], ["--json"]):
                done = kinora(*words, *more, socket=guarded.socket)
                yield f"kinora {words} {more}", done.out + done.err, words[0] not in ("jobs", "show")
        stream = subprocess.run(
            ["curl", "-sN", "-m", "1", "--unix-socket", str(guarded.socket),
             "http://kinora/v1/events?after=0"], capture_output=True)
        assert b"job.completed" in stream.stdout
        yield "the event stream", stream.stdout, True
    for what, data, is_public in everywhere():
        # A client's own job shows its prompt to that client; nothing else does.
        clean(what, data, [*SECRETS, "walrus"] if is_public else SECRETS)

    time.sleep(0.2)
    files = [path for path in (guarded.directory / "state").rglob("*") if path.is_file()]
    assert any(path.name == "kinora.db" for path in files)
    assert any(path.name == "intents.log" for path in files)
    for path in files:
        clean(path, path.read_bytes())
    clean("intents.log", (guarded.directory / "state/intents.log").read_bytes(), ["walrus"])
    guarded.stop()
    for path in (guarded.directory / "state").rglob("*"):
        if path.is_file():
            clean(path, path.read_bytes())
    clean("the log", guarded.log(), [*SECRETS, "walrus"])


def test_a_users_text_is_not_a_template(guarded, sim):
    """Text that looks like a credential's place passes byte for byte."""
    text = "{{credential:api_key}} \\u0000 {{credential:none}}"
    job = ended(guarded, make(guarded, "by-libcurl", text))
    assert job["status"] == "completed"
    sent = [e for e in sim.log() if e["method"] == "POST"][-1]["body"]
    assert text in json.dumps(sent) or text == (sent if isinstance(sent, dict) else
                                                json.loads(sent))["prompt"]


@pytest.mark.parametrize("content, mode, words", [
    ("sk-open\n", 0o644, "chmod"), ("", 0o400, "empty"), ("sk-1\nX-Evil: sk-2\n", 0o400, "line end"),
])
def test_key_files_that_are_not_taken(daemons, sim, tmp_path, content, mode, words):
    """A file that others can read, an empty one, one with a line in it: nothing is sent."""
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(mode)
    daemon = daemons(sim, speed=40, providers=f"""  odd:
    plugin: openrouter
    base_url: {sim.url}/openrouter/api/v1
    allow_private: true
    credentials: {{api_key: {{file: {path}}}}}
""").start()
    status, body, _ = daemon.post(
        "/v1/videos", {"model": "odd/google/veo-3.1-lite", "prompt": "x"})
    if status == 200:
        # Only the header's field shows that it cannot stand there: the job waits and says so.
        told = eventually(lambda: daemon.get(f"/v1/videos/{body['id']}")["kinora"]["note"], 10, "why")
    else:
        assert (status, body["error"]["code"]) == (400, "credential_missing"), body
        told = body["detail"]
    assert words in told and sim.log() == []
    assert not [line for line in content.split() if line in told]
