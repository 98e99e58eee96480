"""What kinorad says to OpenRouter and Google, read from the simulator's log."""

import json
import threading
import time
from datetime import datetime

from job_kit import done as made
from simulator import video_stream
from wire import Wire

VEO = "google/veo-3.1-generate-preview"


def asked(sim):
    return [f"{entry['method']} {entry['path']}" for entry in sim.log()]


def test_each_model_has_its_method(sim, daemon):
    """Veo by models/ID:predictLongRunning, Omni by interactions, a poll by the name given [C29] [C65]."""
    made(daemon, model=VEO, seconds=4)
    veo = asked(sim)
    assert veo[0] == "POST /google/v1beta/models/veo-3.1-generate-preview:predictLongRunning"
    prefix = "GET /google/v1beta/models/veo-3.1-generate-preview/operations/"
    assert any(line.startswith(prefix) for line in veo), veo
    sim.reset()
    made(daemon, model="google/gemini-omni-1.1-flash", seconds=4)
    assert asked(sim)[0] == "POST /google/v1beta/interactions"


def test_the_key_travels_in_its_header_alone(sim, daemon):
    """Operation and file are asked with x-goog-api-key, never with the key in an address [C36]."""
    made(daemon, model=VEO, seconds=4)
    entries = sim.log()
    assert len(entries) >= 3
    assert not [entry["path"] for entry in entries if "key=" in entry["path"]]
    assert {entry["headers"].get("x-goog-api-key") for entry in entries} == {"sk-test-0001"}


def test_pace(daemons, sim):
    """Google is polled every 10 s, a tenth more or less; here ten times faster [C56]."""
    daemon = daemons(sim, speed=10).start()
    made(daemon, model=VEO, seconds=4, prompt="[render:160]")
    polls = [datetime.fromisoformat(entry["at"].replace("Z", "+00:00")).timestamp()
             for entry in sim.log() if "/operations/" in entry["path"]]
    gaps = [later - one for one, later in zip(polls, polls[1:])]
    # Never earlier than 9 s; the lateness is that of a busy machine.
    assert len(gaps) >= 2 and all(0.89 <= gap <= 2 for gap in gaps), gaps


def test_a_credential_is_read_again(sim, daemon):
    """A key's file is looked up for each request; where it is from is shown, what it is never [C59]."""
    made(daemon, model=VEO, seconds=4)
    key = daemon.directory / "key"
    key.with_name("new").write_text("sk-test-0002\n")
    key.with_name("new").chmod(0o600)
    key.with_name("new").rename(key)
    sim.reset()
    made(daemon, model=VEO, seconds=4)
    assert {entry["headers"]["x-goog-api-key"] for entry in sim.log()} == {"sk-test-0002"}
    providers = daemon.get("/v1/providers")
    google = next(entry for entry in providers["data"] if entry["name"] == "google")
    assert google["credentials"][0]["name"] == "api_key" and google["credentials"][0]["found"]
    assert str(key) in google["credentials"][0]["source"]
    assert "sk-test" not in json.dumps(providers)


def test_a_key_outlives_its_model(sim, daemon):
    """What a key made is answered also when it could not be made today: no credential any more."""
    fields = {"model": VEO, "seconds": 4, "prompt": "a heron"}
    status, first, _ = daemon.post("/v1/videos", fields, Idempotency_Key="once")
    assert status == 202 or status == 200, first
    (daemon.directory / "key").unlink()
    status, again, headers = daemon.post("/v1/videos", fields, Idempotency_Key="once")
    assert (status, again["id"]) == (200, first["id"]), again
    assert headers["Idempotent-Replayed"] == "true"
    status, other, _ = daemon.post(
        "/v1/videos", {**fields, "prompt": "another"}, Idempotency_Key="once")
    assert status >= 400, other


def test_a_file_of_twenty_megabytes(sim, daemon):
    """A result of 20 MB arrives whole and plays [C64]."""
    done = made(daemon, model=VEO, seconds=4, prompt="[pad:20000000]")
    status, data, headers = daemon.request("GET", f"/v1/videos/{done['id']}/content")
    assert status == 200 and len(data) == int(headers["Content-Length"]) > 20_000_000
    assert video_stream(data)["codec_name"] == "h264"


def test_a_long_wait_is_kept_alive(sim, daemon):
    """A render of minutes: the event stream says something every 15 s, a held GET is answered [C62] [A109] [A113]."""
    job = daemon.post(
        "/v1/videos", {"model": VEO, "seconds": 4, "prompt": "[render:720]"})[1]["id"]
    lines = []

    def follow():
        with Wire(daemon.socket, 60) as wire:
            wire.send(b"GET /v1/videos/%s/events HTTP/1.1\r\nHost: kinora\r\n\r\n" % job.encode())
            while True:
                lines.append((time.monotonic(), wire.line()))
                if b"completed" in lines[-1][1]:
                    return
    begin = time.monotonic()
    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    assert daemon.get(f"/v1/videos/{job}?wait=60")["status"] == "completed"
    thread.join(20)
    assert not thread.is_alive()
    comments = [at - begin for at, line in lines if line.startswith(b":")]
    assert comments and comments[0] < 17, comments


def test_the_contract_moved(daemons, sim):
    """A 404 for the path itself is told as such, and nothing stays reserved [T27]."""
    daemon = daemons(sim, speed=40, providers=f"""
  old:
    plugin: openrouter
    base_url: {sim.url}/openrouter/api/alpha
    allow_private: true
    poll_speed: 40
    credentials: {{api_key: {{file: {sim.directory}/old.key}}}}
""")
    key = sim.directory / "old.key"
    key.write_text("sk-test-0001\n")
    key.chmod(0o600)
    daemon.start()
    sim.fault("not_found_once", provider="openrouter", phase="submit")
    job = daemon.post(
        "/v1/videos", {"model": "openrouter/google/veo-3.1", "prompt": "a heron", "seconds": 4})[1]
    done = daemon.get(f"/v1/videos/{job['id']}?wait=60")
    assert done["status"] == "failed", done
    assert "contract_changed" in done["error"]["message"], done["error"]
    assert "base_url" in done["error"]["message"]
    assert all(row["reserved_microusd"] == 0 for row in daemon.get("/v1/usage")["data"])
    # The form of spring 2026 is still spoken, by its path.
    made(daemon, model="old/google/veo-3.1", seconds=4)
    assert "POST /openrouter/api/alpha/videos" in asked(sim)
