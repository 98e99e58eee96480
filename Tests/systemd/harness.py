"""What the checks stand on: systemctl, HTTP over the Unix socket, and the `ok`/`FAIL` lines."""

import http.client
import json
import os
import socket
import subprocess
import time
import traceback
import urllib.request

SOCKET = "/run/kinora/kinora.sock"
SIMULATOR = "http://127.0.0.1:9100"
UNIT = "kinora.service"


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path=SOCKET, timeout=30):
        super().__init__("kinora", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def call(method, path, body=None, timeout=30):
    """One request on a connection of its own: status and JSON (or text)."""
    connection = Connection(timeout=timeout)
    try:
        headers = {"content-type": "application/json"} if body is not None else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        data = response.read()
    finally:
        connection.close()
    try:
        return response.status, json.loads(data)
    except ValueError:
        return response.status, data.decode(errors="replace")


def get(path, timeout=30):
    status, answer = call("GET", path, timeout=timeout)
    assert status == 200, f"GET {path}: {status} {answer}"
    return answer


def create(prompt, model="sample/clip", seconds=2, **fields):
    """A new job; its id."""
    status, job = call(
        "POST", "/v1/videos", {"model": model, "prompt": prompt, "seconds": seconds, **fields})
    assert status == 200, f"POST /v1/videos: {status} {job}"
    return job["id"]


def wait_until(what, condition, seconds=30):
    """Polls until `condition()` is true."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def completed(job, seconds=60):
    """Waits for the job's end, over restarts; the finished job."""
    def ended():
        try:
            answer = get(f"/v1/videos/{job}")
        except OSError:
            return None
        return answer if answer["status"] in ("completed", "failed") else None
    answer = wait_until(f"the end of {job}", ended, seconds)
    assert answer["status"] == "completed", json.dumps(answer)
    return answer


def simulator_log():
    with urllib.request.urlopen(f"{SIMULATOR}/_sim/log", timeout=10) as response:
        return json.load(response)


def submits(prompt):
    """How many requests that make something named this prompt."""
    return [
        entry for entry in simulator_log()
        if entry["method"] == "POST" and prompt in json.dumps(entry["body"])]


def run(*command, check=True, **options):
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **options)
    if check:
        assert result.returncode == 0, (
            f"{' '.join(command)}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result


def systemctl(*words, check=True):
    return run("systemctl", *words, check=check)


def show(name, unit=UNIT):
    """One property of a unit."""
    return systemctl("show", "--value", "--property", name, unit).stdout.strip()


def pid():
    return int(show("MainPID"))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


_checks = []


def check(name):
    """Marks a function as the check of this name; they run in the order they are written."""
    def add(function):
        _checks.append((name, function))
        return function
    return add


def run_checks():
    """Runs all; the number of failures."""
    failures = 0
    for name, function in _checks:
        try:
            function()
            print(f"ok {name}", flush=True)
        except Exception:
            failures += 1
            print(f"FAIL {name}", flush=True)
            for line in traceback.format_exc().splitlines()[-12:]:
                print(f"  {line}", flush=True)
            # The next check begins with a unit that may be started.
            systemctl("reset-failed", UNIT, check=False)
    return failures
