"""Starts kinora-sim as a process and speaks to its control routes."""

import json
import os
import signal
import subprocess
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]


def program(name, variable):
    """The path of a program: $variable, else in $KINORA_BUILD/bin."""
    if variable in os.environ:
        return os.environ[variable]
    return str(Path(os.environ.get("KINORA_BUILD", ROOT / "build")) / "bin" / name)


class Simulator:
    """One running kinora-sim. `url` has no slash at its end."""

    def __init__(self, directory, *options, port=0):
        self.directory = Path(directory)
        self.options = [str(option) for option in options]
        self.port = port
        self.url = None
        self.process = None
        self.start()

    def start(self):
        command = [
            program("kinora-sim", "KINORA_SIM_BIN"), "--listen", f"127.0.0.1:{self.port}",
            "--dir", str(self.directory), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        assert line[:1] == ["ready"], f"kinora-sim did not start: {line}"
        self.url = line[1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def kill(self):
        """SIGKILL, as a power cut for the process."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """SIGTERM; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(10)
        self.process.stdout.close()
        return status

    def restart(self):
        self.kill()
        self.start()

    # Control.

    def _get(self, path):
        return httpx.get(f"{self.url}/_sim/{path}", timeout=60).raise_for_status().json()

    def log(self):
        return self._get("log")

    def jobs(self):
        return self._get("jobs")

    def credentials(self, life=None):
        """Google's credential files: service_account, authorized_user, gemini."""
        return self._get("credentials" + (f"?life={life}" if life else ""))

    def token(self):
        """An access token of the simulated Google."""
        login = self.credentials()["authorized_user"]
        form = {"grant_type": "refresh_token", **login}
        return httpx.post(login["token_uri"], data=form, timeout=60).json()["access_token"]

    def faults(self):
        return self._get("faults")

    def fault(self, fault, provider=None, phase=None, times=1, **more):
        """Orders a fault; `more` is match, after, seconds."""
        order = {"fault": fault, "times": times, **more}
        if provider:
            order["provider"] = provider
        if phase:
            order["phase"] = phase
        answer = httpx.post(f"{self.url}/_sim/fault", json=order, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def clear_faults(self):
        httpx.delete(f"{self.url}/_sim/fault", timeout=60).raise_for_status()

    def reset(self):
        httpx.post(f"{self.url}/_sim/reset", timeout=60).raise_for_status()


def probe(path_or_bytes):
    """What ffprobe says of a file: format and streams. Fails when it is not playable."""
    data = path_or_bytes if isinstance(path_or_bytes, bytes) else Path(path_or_bytes).read_bytes()
    command = [
        "ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json",
        "-i", "pipe:0"]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr.decode()
    return json.loads(done.stdout)


def video_stream(data):
    """The video stream of a playable file, by ffprobe."""
    streams = [s for s in probe(data)["streams"] if s["codec_type"] == "video"]
    assert len(streams) == 1
    return streams[0]
