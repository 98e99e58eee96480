"""Results are files of ours: streamed to disk whatever their size, there when the provider's are gone."""

import hashlib

import httpx

from kinora_kit import eventually


def peak(daemon):
    """The most memory that the process ever had, bytes."""
    for line in open(f"/proc/{daemon.process.pid}/status", encoding="utf-8"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def test_two_hundred_megabytes_cost_no_memory(daemon, sim):
    """A video of 200 MB is made, stored and read again within 120 MB above idle, as binary MP4 [T17]."""
    small = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "small"})[1]["id"]
    assert daemon.get(f"/v1/videos/{small}?wait=60")["status"] == "completed"
    before = peak(daemon)
    job = daemon.post(
        "/v1/videos", {"model": "sample/clip", "prompt": "large [pad:200000000]"})[1]["id"]
    done = eventually(
        lambda: (body := daemon.get(f"/v1/videos/{job}?wait=60"))["status"] == "completed" and body,
        180, "the large one")
    artifact = done["kinora"]["artifacts"][0]
    assert artifact["bytes"] > 200_000_000 and artifact["mime"] == "video/mp4"
    digest, head = hashlib.sha256(), b""
    transport = httpx.HTTPTransport(uds=str(daemon.socket))
    with httpx.Client(transport=transport, base_url="http://kinora", timeout=120) as client:
        with client.stream("GET", f"/v1/videos/{job}/content") as answer:
            assert answer.headers["content-type"] == "video/mp4"
            for piece in answer.iter_bytes(1 << 20):
                digest.update(piece)
                head = head or piece
    assert digest.hexdigest() == artifact["sha256"] and head[4:8] == b"ftyp"
    assert peak(daemon) - before < 120_000_000, (before, peak(daemon))


def test_the_copy_stays_when_the_providers_is_gone(daemon, sim):
    """The provider forgets job and file; ours is served as before, also after a restart [A114]."""
    job = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "kept"})[1]["id"]
    done = daemon.get(f"/v1/videos/{job}?wait=60")
    assert done["status"] == "completed"
    made = sim.jobs()[0]["id"]
    sim.reset()
    assert httpx.get(f"{sim.url}/sample/v1/videos/{made}").status_code == 404
    sim.reset()
    for _ in range(2):
        status, data, headers = daemon.request("GET", f"/v1/videos/{job}/content")
        assert status == 200
        assert hashlib.sha256(data).hexdigest() == done["kinora"]["artifacts"][0]["sha256"]
        assert headers["ETag"].strip('"') == done["kinora"]["artifacts"][0]["sha256"]
        daemon.kill()
        daemon.start()
    assert sim.log() == []


def test_what_was_made_is_counted(daemon):
    """Results and video seconds are in /v1/usage and /metrics, also after a restart [A123]."""
    for seconds in (2, 3):
        job = daemon.post(
            "/v1/videos", {"model": "sample/clip", "prompt": "counted", "seconds": seconds})[1]["id"]
        assert daemon.get(f"/v1/videos/{job}?wait=60")["status"] == "completed"
    for _ in range(2):
        rows = daemon.get("/v1/usage?day=all")["data"]
        assert {row["scope"].split(":")[0] for row in rows} == {"host", "client"}
        for row in rows:
            assert row["results"] == 2 and abs(row["video_seconds"] - 5) < 0.3, row
        text = daemon.request("GET", "/metrics")[1].decode()
        figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
        assert figures["kinora_results_total"] == "2"
        assert abs(float(figures["kinora_video_seconds_total"]) - 5) < 0.3
        daemon.kill()
        daemon.start()
