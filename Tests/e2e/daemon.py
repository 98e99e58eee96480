"""Runs kinorad alone on a state directory, against a simulator, so that a test may kill it at will."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from simulator import ROOT, program

PLUGINS = Path(os.environ.get("KINORA_BUILD", ROOT / "build")) / "lib/kinora/plugins"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("kinora", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """One state directory and the daemons that own it one after another."""

    def __init__(self, directory, sim, speed=400, providers="", extra="", environment=None):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket = self.directory / "k.sock"
        self.environment = environment or {}
        # Put before kinorad: a program that sets limits, a wrapper. And more words for Popen.
        self.prefix = []
        self.popen = {}
        self.process = None
        self.config = self.directory / "kinora.yaml"
        keys = self.directory / "key"
        keys.write_text("sk-test-0001\n")
        keys.chmod(0o600)
        self.config.write_text(f"""version: 1
state_dir: {self.directory}/state
plugin_path: [{PLUGINS}]
listen:
  unix: {{path: {self.socket}, mode: "0600"}}
providers:
  sample:
    base_url: {sim}/sample/v1
    allow_private: true
    poll_speed: {speed}
  openrouter:
    base_url: {sim}/openrouter/api/v1
    allow_private: true
    poll_speed: {speed}
    credentials: {{api_key: {{file: {keys}}}}}
  google:
    base_url: {sim}/google
    allow_private: true
    poll_speed: {speed}
    credentials: {{api_key: {{file: {keys}}}}}
  openai-videos:
    base_url: {sim}/openai/v1
    allow_private: true
    poll_speed: {speed}
    credentials: {{api_key: {{file: {keys}}}}}
  zai:
    base_url: {sim}/zai/api/paas/v4
    allow_private: true
    poll_speed: {speed}
    credentials: {{api_key: {{file: {keys}}}}}
{providers}
defaults: {{model: sample/clip}}
limits: {{max_queued: 0}}
{extra}""")

    def start(self, ready=True, **variables):
        """Starts kinorad; `ready` waits until it answers (or has died)."""
        log = open(self.directory / "kinorad.log", "ab")
        self.process = subprocess.Popen(
            [*self.prefix, program("kinorad", "KINORAD_BIN"), "--config", str(self.config)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, **self.environment, **variables}, **self.popen)
        log.close()
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            try:
                if self.request("GET", "/readyz", timeout=5)[0] == 200:
                    return True
            except OSError:
                pass
            time.sleep(0.01)
        raise AssertionError(f"kinorad did not get ready: {self.log()[-2000:]}")

    def log(self):
        return (self.directory / "kinorad.log").read_text(errors="replace")

    def request(self, method, path, body=None, headers=None, timeout=60):
        """One request on a connection of its own: (status, parsed body or text, headers)."""
        connection = UnixConnection(self.socket, timeout)
        try:
            headers = dict(headers or {})
            data = None
            if body is not None:
                data = json.dumps(body)
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            raw = answer.read()
            kind = answer.headers.get("Content-Type", "")
            return answer.status, json.loads(raw) if "json" in kind else raw, answer.headers
        finally:
            connection.close()

    def get(self, path):
        status, body, _ = self.request("GET", path)
        assert status == 200, (status, body)
        return body

    def post(self, path, body=None, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", path, body if body is not None else {}, names)

    def jobs(self):
        """Every job, oldest first."""
        found, after = [], None
        while True:
            page = self.get("/v1/videos?order=asc&limit=1000" + (f"&after={after}" if after else ""))
            found += page["data"]
            if not page["has_more"]:
                return found
            after = page["last_id"]

    def kill(self, number=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def stop(self):
        return self.kill(signal.SIGTERM)

    def wait_dead(self, seconds=20):
        """Waits for the daemon to end by itself; None when it lives on."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


def over(job):
    """True when the job is over for its client."""
    return job["status"] in ("completed", "failed")
