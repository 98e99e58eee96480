"""Runs `kinora sandbox` and `kinora` as a user would, and talks to the daemon's socket."""

import json
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path

import httpx

from simulator import program


def alive(pid):
    """True while the process runs; a zombie does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def eventually(check, seconds=30, what="it"):
    """Waits until `check()` gives something true, and gives that."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)


class Done:
    """How a command ended: `code`, `out`, `err`."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}\n--- out\n{self.out}--- err\n{self.err}"

    @property
    def json(self):
        return json.loads(self.out)


def kinora(*words, socket=None, cwd=None, timeout=60, stdin=b"", **variables):
    """Runs the command line without a terminal; `stdin` are the bytes that it finds there."""
    environment = {**os.environ, **variables}
    environment.pop("KINORA_SOCKET", None)
    if socket:
        environment["KINORA_SOCKET"] = str(socket)
    done = subprocess.run(
        [program("kinora", "KINORA_BIN"), *(w if isinstance(w, bytes) else str(w) for w in words)],
        input=stdin, capture_output=True, cwd=cwd, timeout=timeout, env=environment)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


class Terminal:
    """A command on a pseudo terminal: both outputs are seen as a person sees them."""

    def __init__(self, words, socket, cwd):
        self.text = ""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            path = program("kinora", "KINORA_BIN")
            os.execve(path, [path, *map(str, words)], {
                **os.environ, "KINORA_SOCKET": str(socket), "TERM": "xterm"})

    def read(self, seconds=0.1):
        if select.select([self.descriptor], [], [], seconds)[0]:
            try:
                self.text += os.read(self.descriptor, 65536).decode()
            except OSError:
                return False
        return True

    def expect(self, words, seconds=20):
        end = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < end and self.read(), f"{words!r} is not in {self.text!r}"

    def send(self, text):
        os.write(self.descriptor, text.encode())

    def end(self, seconds=60):
        """Reads to the end; gives the exit code."""
        end = time.monotonic() + seconds
        while self.read():
            assert time.monotonic() < end, self.text
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(status)


class Sandbox:
    """One `kinora sandbox` in a folder, with its daemon and its simulator."""

    def __init__(self, directory, *options, environment=None, start=True, prefix=()):
        self.directory = Path(directory)
        self.options = [str(option) for option in options]
        self.environment = environment or {}
        # Put before kinora: a program that takes something away.
        self.prefix = list(prefix)
        self.process = None
        if start:
            self.start()

    def start(self):
        (self.directory / "env").unlink(missing_ok=True)
        self.log = open(f"{self.directory}.log", "ab")
        self.process = subprocess.Popen(
            [*self.prefix, program("kinora", "KINORA_BIN"), "sandbox", "--dir", str(self.directory),
             *self.options],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={**os.environ, **self.environment})
        eventually(
            lambda: (self.directory / "env").exists() or self.process.poll() is not None, 60,
            "the sandbox's start")
        assert self.process.poll() is None, Path(f"{self.directory}.log").read_text()[-4000:]
        return self

    @property
    def env(self):
        """The file DIR/env as it is now."""
        lines = (self.directory / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def socket(self):
        return self.env["KINORA_SOCKET"]

    @property
    def sim(self):
        return self.env["KINORA_SIM"]

    def stop(self):
        """SIGTERM; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self.log.close()
        return status

    def kill_daemon(self, number=signal.SIGKILL):
        """Ends kinorad and waits for its successor; gives the old and the new pid."""
        old = self.env["KINORAD_PID"]
        os.kill(int(old), number)
        new = eventually(
            lambda: self.env["KINORAD_PID"] != old and self.env["KINORAD_PID"], 30, "the restart")
        return int(old), int(new)

    def kinora(self, *words, **more):
        return kinora(*words, socket=self.socket, **more)

    def terminal(self, *words, cwd):
        return Terminal(words, self.socket, cwd)

    def http(self, **more):
        """A client of the daemon's HTTP API."""
        transport = httpx.HTTPTransport(uds=self.socket)
        return httpx.Client(transport=transport, base_url="http://kinora", timeout=60, **more)

    def get(self, path):
        with self.http() as client:
            return client.get(path).raise_for_status().json()

    def post(self, path, body=None):
        with self.http() as client:
            return client.post(path, json=body or {}).raise_for_status().json()

    # The simulator's control routes.

    def creations(self, prefix="/"):
        """The paid requests that the simulator received."""
        log = httpx.get(f"{self.sim}/_sim/log", timeout=60).raise_for_status().json()
        return [entry for entry in log
                if entry["method"] == "POST" and entry["path"].startswith(prefix)
                and not entry["path"].startswith("/_sim")]

    def fault(self, fault, **order):
        answer = httpx.post(f"{self.sim}/_sim/fault", json={"fault": fault, **order}, timeout=60)
        assert answer.status_code == 200, answer.text

    def clear_faults(self):
        httpx.delete(f"{self.sim}/_sim/fault", timeout=60).raise_for_status()
