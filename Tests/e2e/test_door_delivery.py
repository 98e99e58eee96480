"""Doors that answer media as base64: what is counted for a tenant, and when a client should come again."""

import json
import socket

import pytest

from doors import ask_chat, clip, http, opened
from kinora_kit import eventually
from test_door_gateway import fields as gateway_fields
from test_tenants import check, counts

TENANT = {"X-Kinora-Tenant": "t1"}
STORAGE = {"prompt": "a mountain", "customer_id": 123, "save_to_db": False,
           "settings": {"video": {"model": "sample/clip", "duration_seconds": 1}}}


def clip_of(**more):
    return {**clip(**more), "user": "u1", "tenant": "t1"}


def chat(daemon):
    with http(daemon) as client:
        answer = client.post("/v1/chat/completions", json=clip_of())
    return answer, opened(answer.json()["choices"][0]["message"]["videos"][0]["video_url"]["url"], "video/mp4")


def chat_stream(daemon):
    with http(daemon) as client:
        answer = client.post("/v1/chat/completions", json=clip_of(content="streamed", stream=True))
    assert answer.text.rstrip().endswith("data: [DONE]")
    return answer, b"ftyp" if ";base64," in answer.text else b""


def storage(daemon):
    with http(daemon) as client:
        answer = client.post("/video/generate", json=STORAGE, headers=TENANT)
    return answer, opened(answer.json()["data"]["video_url"], "video/mp4")


def interaction(daemon):
    with http(daemon) as client:
        answer = client.post("/google/v1beta/interactions", headers=TENANT, json={
            "model": "sample/clip", "input": "an interaction"})
    return answer, json.dumps(answer.json()["steps"][-1]["content"][0]["data"]).encode()


def gateway(daemon):
    with http(daemon) as client:
        answer = client.post("/v4/ai/video-model", json={"prompt": "a gateway"},
                             headers={**gateway_fields(), **TENANT})
    return answer, b"base64" if '"type":"base64"' in answer.text else b""


def gateway_later(daemon):
    with http(daemon) as client:
        made = client.post("/v4/ai/video-model/start", json={"prompt": "a later one"},
                           headers={**gateway_fields(), **TENANT})
        assert made.headers["Retry-After"] == "2", made.headers

        def answer():
            return client.post("/v4/ai/video-model/status", json=made.json(), headers=gateway_fields())
        eventually(lambda: answer().json()["status"] == "completed", what="the clip")
        done = answer()
    return done, b"base64" if '"type":"base64"' in done.text else b""


@pytest.mark.parametrize("door, user", [
    (chat, "u1"), (chat_stream, "u1"), (storage, "customer-123"), (interaction, ""), (gateway, ""),
    (gateway_later, "")], ids=lambda value: getattr(value, "__name__", ""))
def test_an_answer_that_was_read_counts(daemon, sim, door, user):
    """A result inside an answer is delivered with the answer's last byte, as one that is read from /content."""
    answer, media = door(daemon)
    assert answer.status_code == 200 and media, answer.text[:300]
    eventually(lambda: counts(daemon, user) == (1, 0), what="the delivery")
    job, = daemon.jobs()
    assert job["kinora"]["tenant"] == "t1" and job["kinora"]["delivery"]["status"] == "delivered"
    check(daemon)


def test_pictures_count_as_pictures(daemon, sim):
    """The same for images, which have a quota of their own."""
    with http(daemon) as client:
        answer = client.post("/v1/images/generations", json={
            "model": "sample/still-image", "prompt": "a boat", "tenant": "t1", "user": "u1"})
    assert answer.status_code == 200 and answer.json()["data"][0]["b64_json"]

    def used():
        return daemon.get("/v1/tenants/t1/quota?user=u1")["image"]["user"]["used"]
    eventually(lambda: used() == 1, what="the delivery")
    assert counts(daemon) == (0, 0)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_has_nothing(daemon, sim, stream):
    """Who leaves in the middle of an answer keeps the reservation; the repeat gets the same file, and that counts."""
    body = clip_of(content="[pad:8000000]", stream=stream)
    data = json.dumps(body).encode()
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(60)
        wire.connect(str(daemon.socket))
        wire.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: kinora\r\nIdempotency-Key: gone\r\n"
                     b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        text = b""
        while b";base64," not in text:
            piece = wire.recv(1 << 16)
            assert piece, text[-300:]
            text += piece
    job, = daemon.jobs()
    assert job["status"] == "completed"
    # Its connection is known to be gone when the daemon has no other than ours.
    eventually(lambda: b"kinora_http_connections 1\n" in daemon.request("GET", "/metrics")[1],
               what="the end of the connection")
    assert counts(daemon) == (0, 1)
    again = ask_chat(daemon, body, Idempotency_Key="gone")
    assert again.status_code == 200 and again.headers["x-kinora-job"] == job["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    eventually(lambda: counts(daemon) == (1, 0), what="the delivery")
    check(daemon)


def test_an_address_is_no_delivery(daemon, sim):
    """An answer that only says where the file is delivers nothing; reading it there does."""
    body = clip_of(video_config={"response_format": "url"})
    answer = ask_chat(daemon, body).json()
    url = answer["choices"][0]["message"]["videos"][0]["url"]
    assert counts(daemon) == (0, 1)
    assert daemon.request("GET", url.split("kinora", 1)[1])[0] == 200
    eventually(lambda: counts(daemon) == (1, 0), what="the delivery")


def test_a_tenant_in_two_places(daemon, sim):
    """The header X-Kinora-Tenant names a tenant where a dialect has no field; two different names are refused."""
    status, body, _ = daemon.request("POST", "/v1/videos", {
        "model": "sample/clip", "prompt": "x", "tenant": "t2"}, TENANT)
    assert status == 400 and body["error"]["param"] == "X-Kinora-Tenant", body
    assert daemon.request("POST", "/v1/videos", {
        "model": "sample/clip", "prompt": "x", "tenant": "t1"}, TENANT)[0] == 200
    status, body, _ = daemon.request("POST", "/openrouter/api/v1/videos", {
        "model": "sample/clip", "prompt": "x"}, {"X-Kinora-Tenant": "a/b"})
    assert status == 400, body
    daemon.request("PUT", "/v1/tenants/t1", {"enabled": False})
    status, body, _ = daemon.request("POST", "/openrouter/api/v1/videos", {
        "model": "sample/clip", "prompt": "x"}, TENANT)
    assert (status, body["error"]["metadata"]["code"]) == (403, "video_disabled"), body


def mcp(prompt):
    """The message by which a host of the Model Context Protocol asks for a video and waits for nothing."""
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "generate_video",
        "arguments": {"prompt": prompt, "model": "slow/clip", "wait_seconds": 0}}}


# One way to submit through each door, and what of its client's dialect follows the job.
SUBMITS = {
    "/v1/videos": ({"model": "slow/clip", "prompt": "1"}, {}),
    "/openrouter/api/v1/videos": ({"model": "slow/clip", "prompt": "2"}, {}),
    "/google/v1beta/models/slow/clip:predictLongRunning": (
        {"instances": [{"prompt": "3"}]}, {}),
    "/google/v1beta/interactions": (
        {"model": "slow/clip", "input": "4", "background": True}, {}),
    "/v1/chat/completions": (
        {**clip("5"), "model": "slow/clip"}, {"Prefer": "respond-async"}),
    "/v1/images/generations": (
        {"model": "slow/still-image", "prompt": "6"}, {"Prefer": "respond-async"}),
    "/video/generate": (
        {"prompt": "7", "customer_id": 1, "settings": {"video": {"model": "slow/clip"}}},
        {"Prefer": "respond-async"}),
    "/v4/ai/video-model/start": ({"prompt": "8"}, gateway_fields("slow/clip")),
    "/v1/tools/generate_video": ({"prompt": "10", "model": "slow/clip", "wait_seconds": 0}, {}),
    "/v1/batches": ({"requests": [{"prompt": "11", "model": "slow/clip"}]}, {}),
    "/mcp": (mcp("12"), {}),
    # The last is refused, with a status of its own.
    "/api/generate/video/jobs": ({"prompt": "9", "model": "slow/clip"}, {}),
}


def test_limits_are_told_wherever_one_submits(daemons, sim):
    """Each door tells RateLimit and RateLimit-Policy with what it makes or refuses, and Retry-After with a job that
    goes on; polls of every dialect say Retry-After [A101]."""
    daemon = daemons(sim, speed=40, providers=f"""  slow:
    plugin: sample
    base_url: {sim.url}/sample/v1
    allow_private: true
    max_concurrent: 1
""")
    most = len(SUBMITS) - 1
    daemon.config.write_text(daemon.config.read_text().replace("max_queued: 0", f"max_queued: {most}"))
    daemon.start()
    sim.fault("stuck", provider="sample", phase="poll", times=100000)
    first = daemon.post("/v1/videos", {"model": "slow/clip", "prompt": "the one that runs"})[1]
    eventually(lambda: daemon.get(f"/v1/videos/{first['id']}")["kinora"]["state"] == "submitted",
               what="the first job at its provider")
    polls = []
    with http(daemon) as client:
        for number, (path, (body, headers)) in enumerate(SUBMITS.items(), 1):
            answer = client.post(path, json=body, headers=headers)
            told = answer.headers
            assert told["RateLimit-Policy"] == f'"queued";q={most};qu="concurrent-requests"', path
            if number > most:
                assert answer.status_code == 429 and "rate limit" in answer.text.lower(), answer.text
                assert told["RateLimit"] == '"queued";r=0' and int(told["Retry-After"]) > 0
                continue
            assert answer.status_code in (200, 202), answer.text
            assert told["RateLimit"] == f'"queued";r={most - number}', path
            # Neither speaks of one job that is asked for again by the same path.
            assert told.get("Retry-After") == (None if path in ("/mcp", "/v1/batches") else "2"), path
            polls.append((path, answer.json()))
        dialects = dict(polls)
        one = dialects["/google/v1beta/models/slow/clip:predictLongRunning"]["name"]
        two = dialects["/google/v1beta/interactions"]["id"]
        three = dialects["/openrouter/api/v1/videos"]["id"]
        for path in (f"/google/v1beta/{one}", f"/google/v1beta/interactions/{two}",
                     f"/openrouter/api/v1/videos/{three}", f"/v1/videos/{three}",
                     f"/api/generate/video/jobs/{three}"):
            assert int(client.get(path).headers["Retry-After"]) >= 2, path
        answer = client.post("/v4/ai/video-model/status", json=dialects["/v4/ai/video-model/start"],
                             headers=gateway_fields())
        assert answer.json()["status"] == "pending" and answer.headers["Retry-After"] == "2"
        # What is over is not to be asked again.
        daemon.post(f"/v1/videos/{three}/cancel")
        assert "Retry-After" not in client.get(f"/openrouter/api/v1/videos/{three}").headers
