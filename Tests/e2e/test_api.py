"""The native face, by clients that somebody else wrote: openai, httpx, httpx-sse, curl."""

import concurrent.futures
import hashlib
import json
import os
import re
import struct
import subprocess
import time
import zlib

import httpx
import httpx_sse
import openai
import pytest

from daemon import over
from kinora_kit import eventually
from simulator import ROOT, probe



def png(width=64, height=36):
    """A real picture: random grey, so that no two are alike by chance."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\0" + os.urandom(width) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


PNG = png()


def client(daemon, **more):
    transport = httpx.HTTPTransport(uds=str(daemon.socket))
    return httpx.Client(transport=transport, base_url="http://kinora", timeout=60, **more)


def official(daemon, **more):
    return openai.OpenAI(
        api_key="not-looked-at", base_url="http://kinora/v1", http_client=client(daemon), **more)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_official_openai_client_makes_a_clip(daemon, tmp_path):
    """The unmodified openai package creates, polls and downloads over the socket [P5] [T45] [T81]."""
    videos = official(daemon).videos
    job = videos.create_and_poll(
        model="sample/clip", prompt="by the official client", seconds="4", size="1280x720",
        poll_interval_ms=50)
    assert job.status == "completed" and job.seconds == "4" and job.size == "1280x720"
    content = videos.download_content(job.id)
    path = tmp_path / "clip.mp4"
    content.write_to_file(path)
    assert probe(path)
    assert videos.retrieve(job.id).id == job.id
    assert job.id in [row.id for row in videos.list(limit=10).data]
    assert videos.delete(job.id).deleted
    with pytest.raises(openai.NotFoundError):
        videos.retrieve(job.id)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_official_openai_client_sends_an_image(daemon, sim):
    """A multipart first frame reaches the provider byte for byte [T46]."""
    job = official(daemon).videos.create(
        model="sample/clip", prompt="from an image", seconds="4",
        input_reference=("frame.png", PNG, "image/png"))
    done = daemon.get(f"/v1/videos/{job.id}?wait=30")
    assert done["status"] == "completed", done
    assert done["kinora"]["kind"] == "image-to-video"
    inputs = done["kinora"]["request"]["inputs"]
    assert inputs[0]["sha256"] == hashlib.sha256(PNG).hexdigest()
    import base64
    body = [entry for entry in sim.log() if entry["path"].endswith("/videos")
            and entry["method"] == "POST"][-1]["body"]
    assert base64.b64encode(PNG).decode() in json.dumps(body)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_official_openai_client_reads_the_errors(daemon):
    videos = official(daemon, max_retries=0).videos
    with pytest.raises(openai.BadRequestError) as caught:
        videos.create(model="sample/clip", prompt="x", seconds="99")
    assert caught.value.code == "bad_field" and caught.value.param == "seconds"
    with pytest.raises(openai.BadRequestError) as caught:
        videos.create(model="sample/nothing", prompt="x")
    assert caught.value.code == "model_unknown"


def test_idempotency_key(daemon, sim):
    """200 parallel posts with one key make one job, also after a restart; other fields are refused [P10]."""
    with client(daemon) as http:
        def post(_):
            return http.post(
                "/v1/videos", json={"model": "sample/clip", "prompt": "same key"},
                headers={"Idempotency-Key": "k1"})
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(post, range(200)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 199
        other = http.post("/v1/videos", json={"model": "sample/clip", "prompt": "other"},
                          headers={"Idempotency-Key": "k1"})
        assert other.status_code == 422
        assert other.json()["error"]["code"] == "idempotency_conflict"
    daemon.kill()
    daemon.start()
    status, body, headers = daemon.post(
        "/v1/videos", {"model": "sample/clip", "prompt": "same key"}, Idempotency_Key="k1")
    assert status == 200 and body["id"] == answers[0].json()["id"]
    assert headers["Idempotent-Replayed"] == "true"
    daemon.get(f"/v1/videos/{body['id']}?wait=30")
    assert sum(job["prompt"] == "same key" for job in sim.jobs()) == 1


def test_a_lost_answer_attaches(daemon):
    """Without a key: a marked repeat on a new connection attaches once; a plain equal wish is new."""
    body = {"model": "sample/clip", "prompt": "marked"}
    first = daemon.post("/v1/videos", body)[1]["id"]
    time.sleep(0.2)
    status, again, _ = daemon.request(
        "POST", "/v1/videos", body, {"x-stainless-retry-count": "1"})
    assert again["id"] == first and again["kinora"]["attached"] is True
    third = daemon.post("/v1/videos", body)[1]["id"]
    assert third != first


def test_list_pages_and_filters(daemon):
    daemon.post("/v1/pause")
    made = [daemon.post("/v1/videos", {
        "model": "sample/clip", "prompt": f"page {n}", "metadata": {"bot": f"b{n % 2}"}})[1]["id"]
        for n in range(7)]
    page = daemon.get("/v1/videos?limit=3")
    assert [job["id"] for job in page["data"]] == made[:-4:-1] and page["has_more"]
    rest = daemon.get(f"/v1/videos?limit=10&after={page['last_id']}")
    assert [job["id"] for job in rest["data"]] == made[3::-1] and not rest["has_more"]
    half = daemon.get("/v1/videos?order=asc&metadata%5Bbot%5D=b1")
    assert [job["id"] for job in half["data"]] == made[1::2]
    assert daemon.get("/v1/videos?status=completed")["data"] == []
    assert daemon.request("GET", "/v1/videos?limit=0")[0] == 400
    assert daemon.request("GET", "/v1/videos?after=video_none")[0] in (400, 404)


def test_content_ranges(daemon):
    job = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "ranges"})[1]["id"]
    status, body, _ = daemon.request("GET", f"/v1/videos/{job}/content")
    assert status == 409 and body["error"]["code"] == "not_ready"
    done = daemon.get(f"/v1/videos/{job}?wait=30")
    artifact = done["kinora"]["artifacts"][0]
    with client(daemon) as http:
        whole = http.get(f"/v1/videos/{job}/content")
        assert whole.headers["etag"].strip('"') == artifact["sha256"]
        assert hashlib.sha256(whole.content).hexdigest() == artifact["sha256"]
        assert whole.headers["content-type"] == "video/mp4"
        assert len(whole.content) == artifact["bytes"]
        part = http.get(f"/v1/videos/{job}/content", headers={"Range": "bytes=100-199"})
        assert part.status_code == 206 and part.content == whole.content[100:200]
        tail = http.get(f"/v1/videos/{job}/content", headers={"Range": "bytes=-50"})
        assert tail.content == whole.content[-50:]
        none = http.get(f"/v1/videos/{job}/content", headers={"Range": "bytes=99999999-"})
        assert none.status_code == 416
        same = http.get(f"/v1/videos/{job}/content",
                        headers={"If-None-Match": whole.headers["etag"]})
        assert same.status_code == 304
        head = http.head(f"/v1/videos/{job}/content")
        assert int(head.headers["content-length"]) == artifact["bytes"]


def test_events_replay_without_gap(daemon):
    """A stream cut after every event and resumed gives each event once, in order."""
    job = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "events"})[1]["id"]
    seen, last = [], None
    with client(daemon) as http:
        for _ in range(60):
            headers = {"Last-Event-ID": last} if last else {}
            with httpx_sse.connect_sse(
                    http, "GET", f"/v1/videos/{job}/events", headers=headers) as source:
                if source.response.status_code == 204:
                    break
                for event in source.iter_sse():
                    seen.append(json.loads(event.data))
                    last = event.id
                    break
                else:
                    continue
    numbers = [event["n"] for event in seen]
    assert numbers == list(range(1, len(numbers) + 1))
    assert seen[0]["state"] == "queued" and seen[-1]["state"] == "completed"


def test_wait_answers_at_the_end(daemon):
    job = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "wait"})[1]["id"]
    start = time.monotonic()
    done = daemon.get(f"/v1/videos/{job}?wait=30")
    assert done["status"] == "completed" and time.monotonic() - start < 15
    slow = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "slow [render:600]"})[1]
    start = time.monotonic()
    assert daemon.get(f"/v1/videos/{slow['id']}?wait=1")["status"] == "in_progress"
    assert 0.8 < time.monotonic() - start < 5


def test_curl_speaks_to_the_socket(daemon):
    """P5: plain curl over the Unix socket [P5]."""
    done = subprocess.run(
        ["curl", "-sS", "--unix-socket", str(daemon.socket), "http://kinora/livez"],
        capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip() == "ok"


def test_health_and_metrics(daemon):
    """livez, readyz?verbose and metrics in Prometheus' text form [P21]."""
    assert daemon.request("GET", "/livez")[0] == 200
    status, body, _ = daemon.request("GET", "/readyz?verbose")
    assert status == 200 and b"[+]store ok" in body
    status, text, _ = daemon.request("GET", "/metrics")
    names = [line.split()[2] for line in text.decode().splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names)) and "kinora_jobs" in names
    for line in text.decode().splitlines():
        assert line.startswith("#") or float(line.rsplit(" ", 1)[1]) is not None


def test_budget_is_never_exceeded(daemons, sim):
    """100 parallel submits at the cap: exactly as many are admitted as fit."""
    daemon = daemons(sim, speed=40, extra="budgets: {host: {usd_per_day: 1.00}}\n").start()
    daemon.post("/v1/pause")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: daemon.post("/v1/videos", {
            "model": "sample/clip", "prompt": f"budget {n}", "seconds": 10})[0], range(40)))
    assert answers.count(200) == 10 and answers.count(402) == 30
    usage = [row for row in daemon.get("/v1/usage")["data"] if row["scope"] == "host"][0]
    assert usage["reserved_microusd"] == 1_000_000 == usage["cap_microusd"]


def test_quote_makes_nothing(daemon):
    status, quote, _ = daemon.post("/v1/quote", {
        "model": "sample/clip", "prompt": "q", "seconds": 7.4, "snap": True})
    assert status == 200 and quote["microusd"] == 70_000 and quote["asked"]["seconds"] == "7.4"
    status, body, _ = daemon.post("/v1/quote", {
        "model": "sample/clip", "prompt": "q", "seconds": 10, "max_cost_usd": 0.05})
    assert status == 402 and body["error"]["code"] == "max_cost_exceeded"
    assert daemon.jobs() == []


def test_unpriced_model_needs_a_limit(daemon):
    status, body, _ = daemon.post("/v1/videos", {"model": "sample/clip-unpriced", "prompt": "x"})
    assert status == 400 and body["error"]["code"] == "model_unpriced"
    status, body, _ = daemon.post(
        "/v1/videos", {"model": "sample/clip-unpriced", "prompt": "x", "max_cost_usd": "0.30"})
    assert status == 200
    assert body["kinora"]["cost"]["reserved_microusd"] == 300_000


def test_retired_model_names_the_successor(daemon):
    status, body, _ = daemon.post("/v1/videos", {"model": "sample/clip-retired", "prompt": "x"})
    assert status == 410 and "2026-01-31" in body["detail"] and "sample/clip" in body["detail"]


def test_images(daemon):
    job = daemon.post("/v1/videos", {"model": "sample/still-image", "prompt": "a fox"})[1]["id"]
    done = daemon.get(f"/v1/videos/{job}?wait=30")
    assert done["status"] == "completed", done
    assert done["kinora"]["artifacts"][0]["mime"].startswith("image/")


def test_sync_answer_is_stored(daemon):
    """A clip in the answer itself is decoded into the store first [C53]."""
    job = daemon.post("/v1/videos", {"model": "sample/clip-sync", "prompt": "sync"})[1]["id"]
    done = daemon.get(f"/v1/videos/{job}?wait=30")
    assert done["status"] == "completed", done
    assert done["kinora"]["artifacts"][0]["mime"] == "video/mp4"


def test_upload_before_the_paid_request(daemon, sim):
    import base64
    image = "data:image/png;base64," + base64.b64encode(PNG).decode()
    job = daemon.post("/v1/videos", {
        "model": "sample/clip-upload", "prompt": "upload", "input_reference": image})[1]["id"]
    done = daemon.get(f"/v1/videos/{job}?wait=30")
    assert done["status"] == "completed", done
    paths = [entry["path"] for entry in sim.log() if entry["method"] == "POST"]
    assert [path.rsplit("/", 1)[1] for path in paths] == ["uploads", "videos"]


def test_restart_loses_nothing(daemon, sim):
    """kill -9 with twenty jobs under way: all end, none is sent twice [T14] [A4]."""
    ids = [daemon.post("/v1/videos", {"model": "sample/clip", "prompt": f"r{n}"})[1]["id"]
           for n in range(20)]
    time.sleep(0.15)
    daemon.kill()
    daemon.start()
    for job in ids:
        end = eventually(lambda: over(body := daemon.get(f"/v1/videos/{job}")) and body, 40)
        assert end["kinora"]["state"] in ("completed", "held"), end
    made = [job["prompt"] for job in sim.jobs()]
    assert len(made) == len(set(made))


def test_doctor_shows_the_external_program(daemon):
    """The spawned program is checked and named, with its HTTP/2 [T32]; others are out of scope [T33].

    The package depends on it [T43]; the schema of the database is checked and named [T84]."""
    checks = {check["name"]: check for check in daemon.get("/v1/doctor")["checks"]}
    assert checks["curl"]["status"] == "ok" and "nghttp2" in checks["curl"]["detail"]
    page = (ROOT / "docs/transports.md").read_text()
    assert "Windows" in page and "out of scope" in page
    depends = (ROOT / "packaging/debian/control.in").read_text().split("Depends:")[1].splitlines()[0]
    assert "curl" in [word.split()[0] for word in depends.split(",")]
    # The last migration of the sources is the schema of the database, which is whole.
    steps = [int(number) for path in (ROOT / "Sources/KinoraStore/SQLite").glob("Migration+*.swift")
             for number in re.findall(r"number: (\d+), name:", path.read_text())]
    assert sorted(steps) == list(range(1, len(steps) + 1))
    schema = daemon.get("/v1/version")["schema"]
    assert schema == len(steps) and checks["database"]["status"] == "ok"
    assert f"schema {schema}" in checks["database"]["detail"]
