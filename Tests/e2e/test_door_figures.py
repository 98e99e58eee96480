"""What waiting costs: memory of large answers, threads of many clients."""

import base64
import hashlib
import json
import re
import socket
import threading
import time
from pathlib import Path

from doors import ask_chat, clip
from kinora_kit import eventually


def status(daemon, name):
    """A figure of /proc: kibibytes, or a count."""
    text = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1))


def post(daemon, body, key):
    """A raw connection on which a chat request was sent."""
    data = json.dumps(body).encode()
    wire = socket.socket(socket.AF_UNIX)
    wire.settimeout(120)
    wire.connect(str(daemon.socket))
    wire.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: kinora\r\nConnection: close\r\n"
                 b"Content-Type: application/json\r\nIdempotency-Key: %s\r\n"
                 b"Content-Length: %d\r\n\r\n" % (key.encode(), len(data)) + data)
    return wire


def test_thirty_megabytes_are_not_held_in_memory(daemon, capsys):
    """Ten clients that read 30 MB data URLs slowly cost less than 2 MB of memory each [C28] [C64] [B60]."""
    body = clip("[pad:30000000]")
    job = ask_chat(daemon, {**body, "video_config": {"response_format": "url"}},
                   Idempotency_Key="large").headers["x-kinora-job"]
    artifact = daemon.get(f"/v1/videos/{job}")["kinora"]["artifacts"][0]
    assert artifact["bytes"] >= 30_000_000
    before = status(daemon, "VmRSS")
    wires = [post(daemon, body, "large") for _ in range(10)]
    heads = [wire.recv(200_000) for wire in wires]
    assert all(head.startswith(b"HTTP/1.1 200") for head in heads)
    peak, clips = 0, []

    def read(wire, text):
        while piece := wire.recv(1 << 16):
            text += piece
        # Without the sizes of the chunks, in which the base64 came.
        text = re.sub(rb"\r\n[0-9a-f]+\r\n", b"", text, flags=re.I)
        text = text[text.index(b";base64,") + 8:]
        clips.append(hashlib.sha256(base64.b64decode(text[:text.index(b'"')])).hexdigest())
    # One is read to its end; the others wait with their pipes full.
    reader = threading.Thread(target=read, args=(wires[0], heads[0]))
    reader.start()
    while reader.is_alive():
        peak = max(peak, status(daemon, "VmRSS"))
        time.sleep(0.02)
    for wire in wires:
        wire.close()
    assert clips == [artifact["sha256"]]
    assert peak - before < 10 * 2048, (before, peak)
    with capsys.disabled():
        print(f"\n10 clients of a 30 MB data URL: {peak - before} KiB more resident")


def test_a_thousand_waiting_clients_cost_no_threads(daemons, sim, capsys):
    """1,000 chat requests that wait for 1,000 jobs hold connections, not threads [B57] [C62]."""
    daemon = daemons(sim, speed=40, providers=f"""  slow:
    plugin: sample
    base_url: {sim.url}/sample/v1
    allow_private: true
    poll_speed: 40
    max_concurrent: 4
""").start()
    threads, memory = status(daemon, "Threads"), status(daemon, "VmRSS")
    wires = []
    for number in range(1000):
        body = {**clip(f"wish {number} [render:100000]"), "model": "slow/clip"}
        wires.append(post(daemon, body, f"k{number}"))
    eventually(lambda: len(daemon.jobs()) == 1000, seconds=120, what="a thousand jobs")
    eventually(lambda: status(daemon, "Threads") <= threads + 16, what="quiet threads")
    more, kib = status(daemon, "Threads") - threads, status(daemon, "VmRSS") - memory
    for wire in wires[:5]:
        wire.setblocking(False)
        try:
            assert wire.recv(1) == b"", "an answer came too early"
            raise AssertionError("the connection was closed")
        except BlockingIOError:
            pass
    # One of them is cancelled elsewhere, and its client hears of it.
    job = next(job["id"] for job in daemon.jobs() if job["prompt"].startswith("wish 999 "))
    assert daemon.post(f"/v1/videos/{job}/cancel")[0] == 200
    wires[-1].settimeout(60)
    assert b"409" in wires[-1].recv(100)
    for wire in wires:
        wire.close()
    with capsys.disabled():
        print(f"\n1,000 waiting clients: {more} threads and {kib / 1000:.1f} KiB a client more")
