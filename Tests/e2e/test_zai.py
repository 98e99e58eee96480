"""Z.ai through kinorad: what is sent, made, priced and refused."""

import json

import pytest
from media import data_url, png
from simulator import video_stream


def end(daemon, job):
    return daemon.get(f"/v1/videos/{job['id']}?wait=60")


def made(daemon, model="cogvideox-3", **fields):
    """A finished job."""
    status, job, _ = daemon.post(
        "/v1/videos", {"model": f"zai/{model}", "prompt": "a fox", **fields})
    assert status == 200, job
    done = end(daemon, job)
    assert done["status"] == "completed", done
    return done


def submits(sim):
    return [json.loads(entry["body"]) for entry in sim.log()
            if entry["path"].endswith("/videos/generations")]


def test_from_text(sim, daemon):
    """A clip by submit, async-result and an open file, priced by the clip [T26]."""
    job = made(daemon, seconds=5, aspect_ratio="9:16", fps=30, audio=True)
    stream = video_stream(daemon.request("GET", f"/v1/videos/{job['id']}/content")[1])
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 720, 1280)
    body = submits(sim)[0]
    assert body.pop("request_id").startswith("kin-")
    assert body == {
        "model": "cogvideox-3", "prompt": "a fox", "with_audio": True, "size": "720x1280",
        "duration": 5, "fps": 30}
    paths = [entry["path"] for entry in sim.log()]
    assert any(path.startswith("/zai/api/paas/v4/async-result/") for path in paths)
    file = next(entry for entry in sim.log() if entry["path"].startswith("/zai/files/"))
    assert "authorization" not in file["headers"], "the key goes to the provider alone"
    assert job["kinora"]["cost"]["settled_microusd"] == 200_000
    assert job["kinora"]["provider_id"] == sim.jobs()[0]["id"]
    assert job["progress"] == 100 and sim.jobs()[0]["cost_usd"] == "0.20"


def test_images(sim, daemon):
    """One picture, first and last frame, references: all go, by each model's own rules [T26]."""
    picture, other = data_url(png(900)), data_url(png(1100))
    made(daemon, input_reference=picture)
    made(daemon, "viduq1-start-end", first_frame=picture, last_frame=other)
    made(daemon, "vidu2-reference", references=[picture], aspect_ratio="9:16",
         options={"movement_amplitude": "small"})
    one, two, three = submits(sim)
    assert one["image_url"] == picture
    assert two["image_url"] == [picture, other] and two["model"] == "viduq1-start-end"
    assert three["image_url"] == [picture] and three["aspect_ratio"] == "9:16"
    assert three["movement_amplitude"] == "small"
    assert [job["cost_usd"] for job in sim.jobs()] == ["0.20", "0.40", "0.40"]


def test_strict(sim, daemon):
    """What a model cannot do is refused with what it can, before anything is sent."""
    for model, fields, param in [
        ("cogvideox-3", {"seconds": 7}, "seconds"),
        ("cogvideox-3", {"seed": 1}, "seed"), ("cogvideox-3", {"size": "1x1"}, "size"),
        ("cogvideox-3", {"negative_prompt": "x"}, "negative_prompt"),
        ("viduq1-text", {"audio": True}, "audio"),
        ("viduq1-image", {}, "model"), ("cogvideox-3", {"options": {"n": 2}}, "options.n"),
    ]:
        status, answer, _ = daemon.post(
            "/v1/videos", {"model": f"zai/{model}", "prompt": "x", **fields})
        assert status == 400 and answer["error"]["param"] == param, answer
    assert sim.log() == []
    job = end(daemon, daemon.post(
        "/v1/videos", {"model": "zai/cogvideox-3", "prompt": "狐" * 513})[1])
    assert job["status"] == "failed" and "takes 512" in job["error"]["message"]
    assert sim.log() == []


@pytest.mark.parametrize("fault, code, words", [
    ("401", "provider_unauthenticated", "1002"),
    ("402", "provider_exhausted", "1113"),
    ("filtered", "content_blocked", "filter"),
    ("failed", "provider_refused", "The generation failed"),
    ("success_without_asset", "provider_refused", "named no video"),
])
def test_errors(sim, daemon, fault, code, words):
    """A spent balance comes with 429 and is not tried again; each trouble has its name [T26]."""
    prompt = "a fox"
    if fault in ("401", "402"):
        sim.fault(fault, "zai", times=-1)
    else:
        prompt = f"a fox [fault:{fault}]"
    job = end(daemon, daemon.post("/v1/videos", {"model": "zai/cogvideox-3", "prompt": prompt})[1])
    assert job["status"] == "failed" and words in json.dumps(job["error"]), job
    assert job["error"]["code"] == code
    assert len(submits(sim)) == 1, "not sent again"
    usage = daemon.get("/v1/usage")["data"]
    assert all(row["reserved_microusd"] == 0 == row["spent_microusd"] for row in usage)


@pytest.mark.parametrize("fault, phase", [
    ("429", "submit"), ("truncated_json", "poll"), ("html_200", "poll"), ("unknown_status", "poll")])
def test_patience(sim, daemon, fault, phase):
    """A busy hour, a broken poll, an unknown word: the job is made all the same, once."""
    sim.fault(fault, "zai", phase=phase)
    made(daemon)
    assert len(sim.jobs()) == 1
