"""Front doors: from a provider's answer to a thousand watchers, what a dialect costs, large answers that wait."""

import json
import math
import selectors
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from figures.plugins import worked
from measure import MIB, Peak, median, memory, wait
from table import at_most
from world import UnixConnection

# Files of 20 MB, and how many of the clients read theirs to the end: the others hold it half read.
ANSWER_BYTES = 20_000_000
READERS = 8
# POSTs of each dialect a round.
POSTS = 500
# Progress that the provider tells in a round, a poll each.
STEPS = 10


def measure(world, plan):
    return latency(world, plan) + dialects(world, plan) + answers(world, plan)


class Teller:
    """A provider of the sample's dialect: each poll tells one permille more, and when that was said is kept."""

    def __init__(self):
        teller = self
        self.said = {}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body):
                data = json.dumps(body).encode()
                head = (f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(data)}\r\n\r\n").encode()
                now = time.monotonic()
                if "progress" in body:
                    teller.said[round(body["progress"] * 10)] = now
                self.wfile.write(head + data)

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(201, {"id": "told", "status": "queued"})

            def do_GET(self):
                self.answer(200, {
                    "id": "told", "status": "running", "progress": (len(teller.said) + 1) / 10})

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def latency(world, plan):
    """Every watcher follows the one job; a time counts when its bytes are read."""
    teller = Teller()
    host = world.kinorad(
        f"  told: {{plugin: sample, base_url: {teller.url}/v1, allow_private: true, poll_speed: 4}}\n")
    host.start()
    job = host.request("POST", "/v1/videos", {"model": "told/clip", "prompt": "watched"})["id"]
    wait("the first poll", 30, lambda: teller.said)
    selector = selectors.DefaultSelector()
    for _ in range(plan.watchers):
        wire = socket.socket(socket.AF_UNIX)
        wire.connect(str(host.socket))
        wire.sendall(f"GET /v1/videos/{job}/events HTTP/1.1\r\nHost: kinora\r\n\r\n".encode())
        wire.setblocking(False)
        selector.register(wire, selectors.EVENT_READ, bytearray())
    # What was said before all of them listened is only read.
    first, times = len(teller.said) + 2, []
    last = first + STEPS * plan.rounds
    end = time.monotonic() + 120
    expected = plan.watchers * (last - first)
    while len(times) < expected:
        if time.monotonic() > end:
            raise TimeoutError(f"{len(times)} of {expected} events came")
        for key, _ in selector.select(1):
            piece = key.fileobj.recv(65536)
            now = time.monotonic()
            if not piece:
                raise RuntimeError("a watcher was cut")
            key.data.extend(piece)
            *blocks, rest = key.data.split(b"\n\n")
            key.data[:] = rest
            for block in blocks:
                at = block.find(b'"progress_permille":')
                number = int(block[at + 20:].split(b"}")[0].split(b",")[0]) if at >= 0 else 0
                if first <= number < last:
                    times.append(now - teller.said[number])
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    host.stop()
    teller.server.shutdown()
    times.sort()
    p99 = times[math.ceil(len(times) * 0.99) - 1] * 1000
    return [at_most(
        f"provider's answer → {plan.watchers:,} event streams, p99", 100, p99, "ms",
        f" (median {median(times) * 1000:.1f})")]


def dialects(world, plan):
    """POSTs that only submit, by turns on a connection each; the daemon's processor time is what a dialect adds
    and no disk can hide."""
    host = world.kinorad()
    host.start()
    host.command("pause")
    paths = {"videos": "/v1/videos", "openrouter": "/openrouter/api/v1/videos"}
    times = {name: [] for name in paths}
    for turn in range(plan.rounds + 1):
        for name, path in paths.items():
            connection = UnixConnection(host.socket, 60)
            before = worked(host.pid)
            for number in range(POSTS):
                connection.request(
                    "POST", path, json.dumps({
                        "model": "sample/clip", "prompt": f"{name} {turn} {number}",
                        "aspect_ratio": "16:9", "resolution": "720p"}),
                    {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                assert answer.status in (200, 202), answer.status
            times[name].append((worked(host.pid) - before) / POSTS / 1e6)
            connection.close()
    host.stop()
    # The first round warms up.
    plain, door = (median(found[1:]) for found in times.values())
    return [at_most(
        "a door's POST beside POST /v1/videos, processor time added", 0.1, door - plain, "ms",
        f" ({door:.3f} beside {plain:.3f})", digits=3)]


def answers(world, plan):
    """Completions of one job wait for it on connections of their own, then each is answered with the file."""
    sim = world.simulator()
    host = world.kinorad(f"  sample: {{base_url: {sim.url}/sample/v1, allow_private: true, poll_speed: 4}}\n")
    host.start()
    time.sleep(plan.settle)
    base = memory(host.pid)
    grown = []
    for turn in range(min(plan.rounds, 3)):
        body = json.dumps({
            "model": "sample/clip", "modalities": ["video"],
            "messages": [{"role": "user", "content": f"[render:8] [pad:{ANSWER_BYTES}] {turn}"}]})
        head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: kinora\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\nIdempotency-Key: waiting-{turn}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        with Peak(host.pid) as peak:
            wires = []
            for _ in range(plan.waiting):
                wire = socket.socket(socket.AF_UNIX)
                wire.settimeout(300)
                wire.connect(str(host.socket))
                wire.sendall(head)
                wires.append(wire)
            for wire in wires:
                assert wire.recv(4096).startswith(b"HTTP/1.1 200"), "a completion failed"
            for wire in wires[:READERS]:
                count = 0
                while piece := wire.recv(1 << 20):
                    count += len(piece)
                assert count > ANSWER_BYTES * 4 // 3, count
        for wire in wires:
            wire.close()
        grown.append((peak.bytes - base) / MIB)
    host.stop()
    return [at_most(
        f"{plan.waiting} waiting completions, answers of 20 MB each: memory in all", 100,
        median(grown), "MiB")]
