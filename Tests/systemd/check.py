"""The installed daemon under a real systemd: what the units promise, seen from outside."""

import json
import os
import pathlib
import re
import signal
import socket
import sys
import threading
import time

from harness import (
    SOCKET, UNIT, Connection, call, check, completed, create, get, pid, run, run_checks, show,
    simulator_log, submits, systemctl, wait_until, write)

CONFIG = "/etc/kinora/kinora.yaml"


@check("systemd-analyze verify finds nothing to say")
def verify():
    for unit in ("kinora.service", "kinora.socket"):
        result = run(
            "systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
            f"/usr/lib/systemd/system/{unit}")
        assert result.stderr == "", result.stderr


@check("the first connection starts the daemon, on the socket named unix [P5]")
def activation():
    assert show("ActiveState", "kinora.socket") == "active"
    assert show("ActiveState") == "inactive"
    assert call("GET", "/livez")[0] == 200
    wait_until("READY", lambda: show("ActiveState") == "active", 10)
    facts = os.stat(SOCKET)
    assert facts.st_mode & 0o777 == 0o660, oct(facts.st_mode)
    # The daemon holds the very socket that systemd listens on: no second one was bound.
    listeners = [line for line in open("/proc/net/unix") if line.rstrip().endswith(SOCKET)]
    assert sum(" 00010000 " in line for line in listeners) == 1, listeners


@check("READY is said when requests are answered, and STATUS has counts [P8]")
def ready():
    job = create("there at READY", seconds=10)
    systemctl("restart", UNIT)
    # Type=notify: restart returns at READY=1, so nothing is waited for here.
    assert re.search(r"\b1 open job", show("StatusText")), show("StatusText")
    status, text = call("GET", "/readyz?verbose")
    assert status == 200, text
    assert get(f"/v1/videos/{job}")["status"] in ("queued", "in_progress")
    completed(job)
    wait_until("the next status", lambda: "0 open job" in show("StatusText"))


@check("the installed programs need no toolchain [P1]")
def standalone():
    assert os.listdir("/opt") == [] if os.path.isdir("/opt") else True
    maps = pathlib.Path(f"/proc/{pid()}/maps").read_text()
    runtime = set(re.findall(r"\S*/libswiftCore\.so", maps))
    assert runtime == {"/usr/lib/kinora/swift/libswiftCore.so"}, runtime


@check("a video comes out of the sandboxed daemon through every transport [P7]")
def videos():
    jobs = [create(f"a boat {n}", model, seconds=4) for n, model in enumerate(models())]
    for job in jobs:
        video = completed(job)
        assert video["kinora"]["artifacts"][0]["bytes"] > 1000, video


def models():
    """A text-to-video model of each provider."""
    found = {}
    for model in get("/v1/models")["data"]:
        facts = model["kinora"]
        if "text-to-video" in facts["kinds"] and not facts.get("retired_at"):
            if facts.get("ready", True):
                found.setdefault(model["owned_by"], model["id"])
    assert set(found) == {"sample", "openrouter", "google"}, found
    return [found["sample"], found["openrouter"], found["google"]]


@check("keys come by LoadCredential and are nowhere else [P14]")
def credentials():
    create_log = simulator_log()
    sent = [entry for entry in create_log if "sk-canary-openrouter" in json.dumps(entry["headers"])]
    assert sent, "the provider never saw the key"
    process = pathlib.Path(f"/proc/{pid()}")
    for name in ("environ", "cmdline"):
        assert b"sk-canary" not in (process / name).read_bytes(), name
    journal = run("journalctl", "-b", "-o", "export", "--no-pager").stdout
    assert "sk-canary" not in journal, "in the journal"
    for path in pathlib.Path("/var/lib/kinora").rglob("*"):
        if path.is_file():
            assert b"sk-canary" not in path.read_bytes(), path


@check("the journal gets structured entries [P21]")
def journal():
    lines = run(
        "journalctl", "-u", UNIT, "-b", "-o", "json", "--no-pager", "_TRANSPORT=journal").stdout
    entries = [json.loads(line) for line in lines.splitlines()]
    ours = [entry for entry in entries if "KINORA_EVENT" in entry]
    assert ours, lines[:2000]
    for entry in ours:
        assert entry["PRIORITY"] in "234567" and entry["MESSAGE"], entry


@check("descriptors, privileges and dumps are as the unit says")
def limits():
    process = pathlib.Path(f"/proc/{pid()}")
    files = re.search(r"Max open files\s+(\d+)", (process / "limits").read_text())
    assert int(files.group(1)) >= 20000, files.group(0)
    status = (process / "status").read_text()
    for name, wanted in (("NoNewPrivs", "1"), ("Seccomp", "2"), ("CapEff", "0" * 16)):
        assert re.search(rf"^{name}:\s+{wanted}$", status, re.M), name
    # Not dumpable: the kernel gives its files in /proc to root.
    assert (process / "environ").stat().st_uid == 0, "the uid may read its environment"
    assert run("id", "-u", "kinora").stdout.strip() == re.search(
        r"^Uid:\s+(\d+)", status, re.M).group(1)


@check("two uids are two principals, and who may not open the socket is nobody [P5]")
def principals():
    def request(user, method, path, body=None):
        words = ["runuser", "-u", user, "--", "curl", "-sS", "--unix-socket", SOCKET,
                 "-w", "\n%{http_code}", "-X", method, f"http://kinora{path}"]
        if body:
            words += ["-H", "content-type: application/json", "-d", json.dumps(body)]
        return run(*words, check=False)
    body = {"model": "sample/clip", "prompt": "alice's own", "seconds": 1}
    made = request("alice", "POST", "/v1/videos", body)
    text, status = made.stdout.rsplit("\n", 1)
    assert status == "200", made.stdout
    path = f"/v1/videos/{json.loads(text)['id']}"
    assert request("alice", "GET", path).stdout.endswith("\n200")
    foreign = request("bob", "GET", path).stdout
    missing = request("bob", "GET", "/v1/videos/video_" + "0" * 32).stdout
    assert foreign.endswith("\n404") and missing.endswith("\n404"), foreign
    assert json.loads(request("bob", "GET", "/v1/videos").stdout.rsplit("\n", 1)[0])["data"] == []
    assert get(path)["id"] in path
    assert request("mallory", "GET", "/livez").returncode == 7
    admin = request("alice", "POST", "/v1/pause").stdout
    assert admin.endswith("\n403"), admin


def host_cap():
    """What the host may spend in a day, as it is in force now."""
    body = {"model": "sample/clip", "prompt": "a price", "seconds": 1}
    status, quote = call("POST", "/v1/quote", body)
    assert status == 200, quote
    return {entry["scope"]: entry["cap_microusd"] for entry in quote["budget"]}["host"]


@check("reload puts a good file in force, and a bad one leaves the old in force and says so [P4]")
def reload():
    text = pathlib.Path(CONFIG).read_text()
    before = pid()
    try:
        write(CONFIG, text + "budgets: {host: {usd_per_day: 77}}\n")
        systemctl("reload", UNIT)
        assert host_cap() == 77_000_000
        write(CONFIG, text + "bugdets: {}\n")
        bad = systemctl("reload", UNIT, check=False)
        assert bad.returncode != 0
        said = run("journalctl", "-u", UNIT, "-b", "-n", "30", "--no-pager").stdout
        assert "budgets" in said, said
        assert host_cap() == 77_000_000
        wait_until("the fault in the status", lambda: "bugdets" in show("StatusText"))
        # The same by signal, which cannot tell the sender: the journal and the status do.
        write(CONFIG, text)
        systemctl("kill", "--signal=HUP", "--kill-whom=main", UNIT)
        wait_until("the reload", lambda: host_cap() is None)
    finally:
        write(CONFIG, text)
    assert pid() == before and show("ActiveState") == "active"


@check("restarts under running jobs lose none, submit none twice and refuse no connection [P9]")
def restarts():
    prompts = [f"restart {n} of many" for n in range(12)]
    jobs = [create(prompt, models()[n % 2], seconds=4) for n, prompt in enumerate(prompts)]
    refused, stop = [], threading.Event()

    def knock():
        while not stop.is_set():
            try:
                with socket.socket(socket.AF_UNIX) as one:
                    one.settimeout(20)
                    one.connect(SOCKET)
            except OSError as error:
                refused.append(repr(error))
            time.sleep(0.01)
    knocker = threading.Thread(target=knock)
    knocker.start()
    try:
        for kill in (False, True, False, True):
            time.sleep(0.4)
            if kill:
                old = pid()
                os.kill(old, signal.SIGKILL)
                wait_until("the next process", lambda: pid() not in (0, old))
            else:
                systemctl("restart", UNIT)
        for job in jobs:
            completed(job, 90)
    finally:
        stop.set()
        knocker.join()
    for prompt in prompts:
        sent = submits(prompt)
        assert len(sent) == 1, f"{prompt}: {len(sent)} submits"
    assert refused == [], refused[:3]


@check("a hanging daemon is killed by the watchdog and its jobs go on [P8]")
def watchdog():
    job = create("while it hangs", seconds=6)
    wait_until("the submit", lambda: submits("while it hangs"))
    old, restarts_before = pid(), int(show("NRestarts"))
    os.kill(old, signal.SIGSTOP)
    wait_until("the restart", lambda: int(show("NRestarts")) > restarts_before, 20)
    completed(job, 60)
    assert pid() != old
    assert len(submits("while it hangs")) == 1
    said = run("journalctl", "-u", UNIT, "-b", "--no-pager").stdout
    assert "Watchdog timeout" in said


@check("the watchdog is fed while the daemon is idle and while it works")
def fed():
    before = pid()
    time.sleep(7)
    assert pid() == before


@check("stop drains, leaves no process behind, and the next connection starts it again [P9]")
def stop():
    create("across a stop", seconds=3)
    begin = time.monotonic()
    systemctl("stop", UNIT)
    assert time.monotonic() - begin < 15
    assert show("Result") == "success", show("Result")
    assert run("pgrep", "-u", "kinora", check=False).stdout == ""
    assert show("ActiveState", "kinora.socket") == "active"
    for job in get("/v1/videos")["data"]:
        completed(job["id"])
    assert len(submits("across a stop")) == 1


@check("an event stream ends at a restart and resumes without a gap")
def events():
    job = create("told as it goes", seconds=4)
    seen = []
    follow(f"/v1/videos/{job}/events", None, seen, 2)
    systemctl("restart", UNIT)
    completed(job)
    follow(f"/v1/videos/{job}/events", seen[-1], seen, 10_000)
    every = []
    follow(f"/v1/videos/{job}/events", "0", every, 10_000)
    assert seen == every and len(every) >= 4, (seen, every)


def follow(path, last, seen, count):
    """Appends the ids of a stream until `count` of them came or it ends."""
    connection = Connection()
    connection.request("GET", path, headers={"Last-Event-ID": last} if last else {})
    response = connection.getresponse()
    for line in response:
        if line.startswith(b"id:"):
            seen.append(line[3:].strip().decode())
            count -= 1
            if count == 0:
                break
    connection.close()


@check("a broken configuration ends with 78 and is not tried again")
def broken():
    text = pathlib.Path(CONFIG).read_text()
    try:
        write(CONFIG, "version: 1\nprovders: {}\n")
        assert systemctl("restart", UNIT, check=False).returncode != 0
        wait_until("the failure", lambda: show("ActiveState") == "failed", 10)
        assert show("ExecMainStatus") == "78" and show("NRestarts") == "0"
        said = run("journalctl", "-u", UNIT, "-b", "-n", "20", "--no-pager").stdout
        assert "providers" in said, said
    finally:
        write(CONFIG, text)
        systemctl("reset-failed", UNIT)
        systemctl("reset-failed", "kinora.socket", check=False)
        systemctl("restart", "kinora.socket")
    assert call("GET", "/livez")[0] == 200


import check_sockets  # noqa: E402,F401  its checks come last

if __name__ == "__main__":
    sys.exit(1 if run_checks() else 0)
