"""The simulator's own provider, its media, its log, and what a restart keeps."""

import base64
import hashlib
import json
import time

import httpx
import pytest
from simulator import probe, video_stream


def submit(sim, path="videos", headers=None, **wish):
    body = {"model": "clip", "prompt": "a fox", **wish}
    return httpx.post(f"{sim.url}/sample/v1/{path}", json=body, headers=headers, timeout=60)


def show(sim, job):
    return httpx.get(f"{sim.url}/sample/v1/videos/{job}", timeout=60).json()


def until(sim, job, *words):
    for _ in range(400):
        state = show(sim, job)
        if state["status"] in words:
            return state
        time.sleep(0.05)
    pytest.fail(f"{job} is {state}")


@pytest.mark.parametrize("size", ["1280x720", "720x1280", "1024x1024"])
def test_clip(sim, size):
    made = submit(sim, size=size, seconds=2, audio=True)
    assert made.status_code == 201 and made.json()["status"] in ("queued", "running")
    done = until(sim, made.json()["id"], "succeeded")
    width, height = (int(n) for n in size.split("x"))
    assert done["cost_usd"] == "0.02" and done["progress"] == 100
    assert (done["video"]["width"], done["video"]["height"]) == (width, height)
    data = httpx.get(done["video"]["url"]).content
    stream = video_stream(data)
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert (stream["width"], stream["height"], stream["nb_read_frames"]) == (width, height, "48")
    assert [s["codec_type"] for s in probe(data)["streams"]] == ["video", "audio"]
    # +faststart: the index comes before the pictures.
    assert data.index(b"moov") < data.index(b"mdat")


def test_phases(own_sim):
    sim = own_sim("--time-scale", 1)
    job = submit(sim, seconds=1).json()["id"]
    words, progress = [], []
    while not words or words[-1] not in ("succeeded", "failed"):
        state = show(sim, job)
        words += [state["status"]] if state["status"] not in words[-1:] else []
        progress.append(state["progress"])
        time.sleep(0.01)
    assert words == ["queued", "running", "succeeded"]
    assert progress == sorted(progress) and 0 < progress[len(progress) // 2] < 100


def test_two_jobs_have_different_bytes(sim):
    jobs = [submit(sim, seconds=1).json()["id"] for _ in range(2)]
    files = [httpx.get(until(sim, job, "succeeded")["video"]["url"]).content for job in jobs]
    assert files[0] != files[1]
    for job, data in zip(jobs, files):
        assert f"kinora-sim:{job}".encode() in data


def test_ranges(sim):
    url = until(sim, submit(sim, seconds=1).json()["id"], "succeeded")["video"]["url"]
    whole = httpx.get(url)
    part = httpx.get(url, headers={"range": "bytes=100-199", "if-range": whole.headers["etag"]})
    assert part.status_code == 206 and part.content == whole.content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"


def test_large_videos_are_cheap(sim):
    job = submit(sim, seconds=1, prompt="a fox [pad:200000000]").json()["id"]
    url = until(sim, job, "succeeded")["video"]["url"]
    length, head = 0, b""
    with httpx.stream("GET", url) as answer:
        for piece in answer.iter_bytes(1 << 20):
            length += len(piece)
            head = head or piece
    assert length == int(answer.headers["content-length"]) > 200_000_000
    assert head[4:8] == b"ftyp"


def test_refusals_name_the_allowed(sim):
    cases = [
        ({"seconds": 21}, "seconds", 422), ({"seconds": "5"}, "seconds", 422),
        ({"size": "1x1"}, "size", 422), ({"model": "nothing"}, "model", 404),
        ({"prompt": ""}, "prompt", 422), ({"colour": "red"}, "colour", 422),
        ({"image": {"data": "bm8=", "mime": "image/png"}}, "image", 422),
    ]
    for wish, field, status in cases:
        answer = submit(sim, **wish)
        assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)
    assert "1280x720" in submit(sim, size="1x1").json()["error"]["allowed"]
    assert sim.jobs() == []


def test_keyed_and_tagged(sim):
    key = {"idempotency-key": "k1"}
    first = submit(sim, model="clip-keyed", headers=key)
    again = submit(sim, model="clip-keyed", headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    # A model that does not honour the key makes two.
    assert submit(sim, headers=key).json()["id"] != submit(sim, headers=key).json()["id"]
    submit(sim, model="clip-tagged", tag="t7")
    found = httpx.get(f"{sim.url}/sample/v1/videos", params={"tag": "t7"}).json()
    assert [video["tag"] for video in found["videos"]] == ["t7"] and found["data"]
    keyed = next(job for job in sim.jobs() if job["model"] == "clip-keyed")
    assert (keyed["creations"], keyed["repeats"]) == (1, 1)


def test_creations_of_one_tag_are_counted(sim):
    for _ in range(2):
        submit(sim, tag="twice")
    assert [job["creations"] for job in sim.jobs()] == [2, 2]


def test_cancel(sim):
    job = submit(sim, prompt="a fox [render:600]").json()["id"]
    cancelled = httpx.post(f"{sim.url}/sample/v1/videos/{job}/cancel").json()
    assert cancelled["status"] == "cancelled" and show(sim, job)["status"] == "cancelled"
    assert sim.jobs()[0]["cancelled"] is True
    content = httpx.get(f"{sim.url}/sample/v1/videos/{job}/content")
    assert content.status_code == 409


def test_upload_sync_and_image(sim):
    png = httpx.post(
        f"{sim.url}/sample/v1/images", json={"model": "still-image", "prompt": "a fox"},
        timeout=60).json()
    picture = httpx.get(png["image"]["url"]).content
    assert picture.startswith(b"\x89PNG")
    upload = httpx.post(f"{sim.url}/sample/v1/uploads", content=picture)
    assert upload.status_code == 201
    name = upload.json()["upload"]
    assert submit(sim, model="clip-upload", image=f"upload:{name}").status_code == 201
    assert submit(sim, model="clip-upload", image="upload:up_none").status_code == 422
    data = base64.b64encode(picture).decode()
    assert submit(sim, image={"mime": "image/png", "data": data}).status_code == 201
    sync = submit(sim, "videos:sync", model="clip-sync", seconds=1)
    assert sync.json()["cost_usd"] == "0.01"
    video_stream(base64.b64decode(sync.json()["video"]["b64"]))


# The log.


def test_log(sim):
    submit(sim, headers={"authorization": "Bearer key-1", "X-Twice": "a"})
    httpx.post(f"{sim.url}/sample/v1/uploads", content=b"\xff\xd8\xff\x00")
    large = b"\x89PNG\r\n\x1a\n" + bytes(2 << 20)
    httpx.post(f"{sim.url}/sample/v1/uploads?a=b", content=large)
    httpx.get(
        f"{sim.url}/sample/v1/models", headers={"x-sim-http-version": "HTTP/2.0"})
    first, second, third, fourth = sim.log()
    assert first["method"] == "POST" and first["path"] == "/sample/v1/videos"
    assert first["headers"]["authorization"] == "Bearer key-1"
    assert first["headers"]["x-twice"] == "a" and first["http_version"] == "HTTP/1.1"
    assert json.loads(first["body"])["prompt"] == "a fox"
    assert second["body"] == {"base64": base64.b64encode(b"\xff\xd8\xff\x00").decode()}
    assert third["path"].endswith("?a=b")
    assert third["body"] == {"bytes": len(large), "sha256": hashlib.sha256(large).hexdigest()}
    assert fourth["http_version"] == "HTTP/2.0"
    assert [e["at"] for e in sim.log()] == sorted(e["at"] for e in sim.log())


def test_the_log_is_on_disk_before_the_answer(own_sim):
    """No request that was answered is missing after a SIGKILL."""
    sim = own_sim("--time-scale", 40)
    for n in range(30):
        submit(sim, tag=f"t{n}")
    sim.restart()
    assert len(sim.log()) == 30
    assert [job["tag"] for job in sim.jobs()] == [f"t{n}" for n in range(30)]


def test_a_restart_keeps_jobs_and_faults(own_sim):
    sim = own_sim("--time-scale", 40, "--seed", 7)
    job = submit(sim, model="clip-keyed", headers={"idempotency-key": "k"}, tag="t").json()["id"]
    doomed = submit(sim, prompt="a fox [fault:failed] [fault:poll:500]").json()["id"]
    assert httpx.get(f"{sim.url}/sample/v1/videos/{doomed}").status_code == 500
    sim.fault("503", "sample", times=2)
    sim.restart()
    assert until(sim, job, "succeeded")["tag"] == "t"
    assert until(sim, doomed, "failed", "succeeded")["status"] == "failed"
    assert [rule["fault"] for rule in sim.faults()["rules"]] == ["503"]
    assert [submit(sim, prompt="x").status_code for _ in range(3)] == [503, 503, 201]
    again = submit(sim, model="clip-keyed", headers={"idempotency-key": "k"})
    assert (again.status_code, again.json()["id"]) == (200, job)
    assert len({j["id"] for j in sim.jobs()}) == 3


def test_a_line_cut_by_a_crash_is_passed_over(own_sim):
    sim = own_sim("--time-scale", 40)
    job = submit(sim).json()["id"]
    sim.kill()
    with open(sim.directory / "jobs.jsonl", "ab") as file:
        file.write(b'{"job":{"id":"cut')
    sim.start()
    submit(sim)
    sim.restart()
    assert len(sim.jobs()) == 2 and sim.jobs()[0]["id"] == job


def test_reset(sim):
    submit(sim)
    sim.fault("500")
    sim.reset()
    assert (sim.log(), sim.jobs(), sim.faults()["rules"]) == ([], [], [])


def test_sigterm_ends_it(own_sim):
    assert own_sim().stop() == 0


def test_options_are_checked(own_sim, tmp_path):
    import subprocess

    from simulator import program

    for arguments in (
        ["--listen", "0.0.0.0:0", "--dir", str(tmp_path)], ["--listen", "127.0.0.1:0"],
        ["--listen", "127.0.0.1:0", "--dir", str(tmp_path), "--time-scale", "0"], ["--what"],
    ):
        done = subprocess.run(
            [program("kinora-sim", "KINORA_SIM_BIN"), *arguments], capture_output=True,
            text=True, timeout=20)
        assert done.returncode == 64 and done.stderr.startswith("kinora-sim: "), arguments
