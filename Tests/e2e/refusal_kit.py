"""A daemon that must not be moved by anything it is sent, and the shape of its refusals."""

from contextlib import contextmanager

from daemon import Daemon
from simulator import Simulator
from wire import request

BASE = {"model": "sample/clip", "prompt": "bad input"}


@contextmanager
def untouchable(folder):
    """A daemon with a provider of each kind of trouble; `daemon.sim` is its simulator."""
    sim = Simulator(folder / "sim")
    daemon = Daemon(folder / "d", sim.url, providers=f"""
  keyless:
    plugin: openrouter
    base_url: {sim.url}/openrouter/api/v1
    allow_private: true
  lost-key:
    plugin: google
    base_url: {sim.url}/google
    allow_private: true
    credentials: {{api_key: {{file: {folder}/no-such-key}}}}
""").start()
    daemon.sim = sim
    yield daemon
    daemon.kill()
    sim.stop()


def untouched(daemon):
    """No money, no job, nothing on its way to a provider, the daemon alive."""
    assert all(row["reserved_microusd"] == 0 == row["spent_microusd"]
               for row in daemon.get("/v1/usage?day=all")["data"])
    assert daemon.jobs() == []
    assert daemon.sim.log() == []
    assert daemon.process.poll() is None and daemon.request("GET", "/livez")[0] == 200


def refused(answer, status, code, field, words=""):
    """Checks a refusal, and gives the values that it says are allowed."""
    got, body, headers = answer
    assert (got, body["error"]["code"], body["error"]["param"]) == (status, code, field), body
    assert body["status"] == status and body["detail"] == body["error"]["message"]
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-request-id"] == body["request_id"]
    assert words in body["detail"], body["detail"]
    assert "/state/" not in body["detail"], "a path of the daemon's own"
    if not field:
        return None
    entry = body["errors"][0]
    name = entry.get("pointer", entry.get("parameter", entry.get("header")))
    assert name.lstrip("/").replace("/", ".") == field
    return entry["allowed"]


def post(daemon, body, *fields, kind="application/json", host="Host: kinora", length=True):
    """POST /v1/videos with a head as it is told."""
    head = ["POST /v1/videos HTTP/1.1", *([host] if host else []), *fields]
    if kind:
        head.append(f"Content-Type: {kind}")
    if length:
        head.append(f"Content-Length: {len(body)}")
    return request(daemon.socket, "\r\n".join(head).encode() + b"\r\n\r\n" + body)
