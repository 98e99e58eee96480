"""SIGTERM: what was begun is finished, what is new is told to come again, nothing is cut [P9]."""

import json
import os
import signal
import socket
import sys
import threading
import time

import pytest

from kinora_kit import eventually
from wire import Wire

HOST = b"Host: kinora\r\n"


def drain(daemon):
    daemon.process.send_signal(signal.SIGTERM)


def test_what_was_begun_is_finished(daemons, sim):
    """Requests whose first byte was read are answered; a POST is told to come again; streams end."""
    daemon = daemons(sim, speed=40).start()
    daemon.post("/v1/pause")
    job = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "stays"})[1]["id"]
    body = b'{"model":"sample/clip","prompt":"late"}'
    get, post, upload, wait, events, idle = (Wire(daemon.socket, 20) for _ in range(6))
    get.send(b"GET /v1/videos/" + job.encode())
    post.send(b"POST /v1/vid")
    upload.send(b"POST /v1/videos HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body) + body[:10])
    wait.send(b"GET /v1/videos/%s?wait=60 HTTP/1.1\r\n" % job.encode() + HOST + b"\r\n")
    events.send(b"GET /v1/events?after=0 HTTP/1.1\r\n" + HOST + b"\r\n")
    idle.send(b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n")
    assert idle.answer()[0] == 200
    time.sleep(0.3)
    start = time.monotonic()
    drain(daemon)
    # The long poll answers with the present state, the stream says good-bye and ends as a whole.
    status, fields, data = wait.answer()
    assert status == 200 and json.loads(data)["kinora"]["state"] == "queued"
    status, _, data = events.answer()
    last = data.decode().strip().splitlines()[-1]
    assert status == 200 and b"job.queued" in data and last.startswith(":"), data
    assert events.ended() and wait.ended() and idle.ended()
    assert time.monotonic() - start < 10
    get.send(b" HTTP/1.1\r\n" + HOST + b"\r\n")
    status, fields, data = get.answer()
    assert status == 200 and json.loads(data)["id"] == job and fields["connection"] == "close"
    post.send(b"eos HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
              b"Content-Length: %d\r\n\r\n" % len(body) + body)
    upload.send(body[10:])
    for wire in (post, upload):
        status, fields, data = wire.answer()
        error = json.loads(data)["error"]
        assert status == 503 and error["code"] == "draining" and int(fields["retry-after"]) > 0
        assert wire.ended()
    assert daemon.wait_dead(10) == 0
    assert not daemon.socket.exists()
    daemon.start()
    assert [row["prompt"] for row in daemon.jobs()] == ["stays"]
    assert sim.log() == []


class Crowd:
    """Clients that open a connection for each request, until told to stop."""

    def __init__(self, path, count):
        self.path, self.stop, self.answers = path, threading.Event(), []
        self.threads = [threading.Thread(target=self.work) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def work(self):
        while not self.stop.is_set():
            self.answers.append(self.one())

    def one(self):
        try:
            wire = Wire(self.path, 20)
        except (ConnectionRefusedError, FileNotFoundError):
            time.sleep(0.01)
            return "refused"
        try:
            with wire:
                wire.send(b"GET /v1/usage HTTP/1.1\r\n" + HOST + b"\r\n")
                return wire.answer()[0]
        except (EOFError, BrokenPipeError):
            return "cut"

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        return self.answers


def test_no_connection_is_cut(daemons, sim):
    """Whoever got a connection gets an answer; afterwards connecting fails, as it should."""
    daemon = daemons(sim).start()
    crowd = Crowd(daemon.socket, 8)
    time.sleep(0.3)
    drain(daemon)
    assert daemon.wait_dead(20) == 0
    daemon.start()
    eventually(lambda: crowd.answers[-8:] == [200] * 8, 10, "answers after the restart")
    answers = crowd.end()
    assert "cut" not in answers and set(answers) <= {200, 503, "refused"}, set(answers)


def test_inherited_socket_refuses_nobody(daemons, sim):
    """With a socket that somebody else holds a restart is not seen by any client."""
    daemon = daemons(sim)
    held = socket.socket(socket.AF_UNIX)
    held.bind(str(daemon.socket))
    held.listen(4096)
    # The protocol of sd_listen_fds(3): descriptor 3, its name, and the pid that it is meant for.
    daemon.prefix = [
        sys.executable, "-c",
        "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update("
        "LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='unix');"
        "os.execv(sys.argv[2], sys.argv[2:])", str(held.fileno())]
    daemon.popen = {"pass_fds": [held.fileno()]}
    daemon.start()
    crowd = Crowd(daemon.socket, 8)
    for _ in range(3):
        time.sleep(0.2)
        drain(daemon)
        assert daemon.wait_dead(20) == 0
        daemon.start()
    time.sleep(0.2)
    answers = crowd.end()
    held.close()
    assert daemon.socket.is_socket()
    assert set(answers) == {200} and len(answers) > 30, (set(answers), len(answers))


def test_paid_request_is_waited_for(daemons, sim):
    """A new claim is not made, the one under way is waited for, others see 503 at once."""
    daemon = daemons(sim, speed=40).start()
    sim.fault("slow", "sample", "submit", times=1, seconds=2)
    first = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "under way"})[1]["id"]
    eventually(lambda: sim.log(), 10, "the submit")
    start = time.monotonic()
    drain(daemon)
    assert daemon.wait_dead(15) == 0 and time.monotonic() - start > 1
    daemon.start()
    job = daemon.get(f"/v1/videos/{first}?wait=30")
    assert job["status"] == "completed" and job["kinora"]["attempt"] == 1
    assert len([entry for entry in sim.log() if entry["method"] == "POST"]) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_no_harm(daemons, sim, number):
    daemon = daemons(sim).start()
    for _ in range(5):
        if daemon.process.poll() is None:
            daemon.process.send_signal(number)
        time.sleep(0.01)
    assert daemon.wait_dead(15) == 0
