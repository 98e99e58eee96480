"""A server of one's own, which answers when the video is there, through kinorad."""

import json

import pytest
from media import data_url, png
from simulator import video_stream


@pytest.fixture
def daemon(daemons, sim):
    key = sim.directory / "custom.key"
    key.write_text("sk-test-0001\n")
    key.chmod(0o600)
    return daemons(sim, speed=40, providers=f"""
  custom:
    base_url: {sim.url}/custom/v1
    allow_private: true
    assume_usd: 0.25
  studio:
    plugin: custom
    base_url: {sim.url}/custom/v1
    allow_private: true
    credentials: {{api_key: {{file: {key}}}}}
    models:
      - id: wan-2.2
        description: Our own machine.
        kinds: [text-to-video, references]
        durations: [3, 5]
        aspect_ratios: ["1:1", "16:9"]
        inputs: {{reference: 2}}
        prices: [{{per: second, usd: "0.01", source: our books, date: "2026-11-01"}}]
""").start()


def end(daemon, job):
    return daemon.get(f"/v1/videos/{job['id']}?wait=60")


def made(daemon, **fields):
    status, job, _ = daemon.post("/v1/videos", {"prompt": "a fox", **fields})
    assert status == 200, job
    done = end(daemon, job)
    assert done["status"] == "completed", done
    return done


def test_without_a_key(sim, daemon):
    """The video comes inside the answer and is stored; the unpriced model costs what is assumed."""
    job = made(daemon, model="custom/video", seconds=3, resolution="480p", aspect_ratio="9:16",
               input_reference=data_url(png()))
    stream = video_stream(daemon.request("GET", f"/v1/videos/{job['id']}/content")[1])
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 480, 854)
    entry = sim.log()[0]
    assert "authorization" not in entry["headers"]
    assert json.loads(entry["body"]) == {
        "model": "video", "prompt": "a fox", "aspect_ratio": "9:16", "duration": 3,
        "resolution": "480p", "reference_images": [data_url(png())]}
    assert job["kinora"]["cost"]["settled_microusd"] == 250_000


def test_a_model_of_the_configuration(sim, daemon):
    """A server's own model has its limits and its price, and goes with the key."""
    job = made(daemon, model="studio", seconds=5)
    entry = sim.log()[0]
    assert entry["headers"]["authorization"] == "Bearer sk-test-0001"
    assert json.loads(entry["body"])["model"] == "wan-2.2"
    assert job["kinora"]["cost"]["settled_microusd"] == 50_000
    status, answer, _ = daemon.post(
        "/v1/videos", {"model": "studio/wan-2.2", "prompt": "x", "seconds": 4})
    assert status == 400 and answer["errors"][0]["allowed"] == ["3", "5"]
    model = daemon.get("/v1/models/wan-2.2")
    assert model["owned_by"] == "studio"
    assert model["kinora"]["description"] == "Our own machine."


def test_a_large_answer(sim, daemon):
    """Twenty megabytes of base64 arrive whole: they are spooled, not held."""
    job = made(daemon, model="studio", prompt="a fox [pad:20000000]")
    data = daemon.request("GET", f"/v1/videos/{job['id']}/content")[1]
    assert len(data) > 20_000_000 and video_stream(data)["codec_name"] == "h264"


@pytest.mark.parametrize("fault, code, words", [
    ("401", "provider_unauthenticated", "Invalid API key"),
    ("402", "provider_exhausted", "Out of credit"),
    ("filtered", "content_blocked", "content policy"),
    ("success_without_asset", None, "without a video"),
])
def test_errors(sim, daemon, fault, code, words):
    prompt = "a fox"
    if fault in ("401", "402"):
        sim.fault(fault, "custom")
    else:
        prompt = f"a fox [fault:{fault}]"
    job = end(daemon, daemon.post("/v1/videos", {"model": "studio", "prompt": prompt})[1])
    assert job["status"] == "failed" and words in json.dumps(job), job
    assert code is None or job["error"]["code"] == code
    assert len(sim.log()) == 1, "not sent again"


@pytest.mark.parametrize("fault", ["drop_after_accept", "truncated_json_after_accept", "500"])
def test_a_lost_answer_is_held(sim, daemon, fault):
    """Nobody can know whether it was made and nothing can be asked: a person decides, it is not repeated."""
    sim.fault(fault, "custom")
    job = end(daemon, daemon.post("/v1/videos", {"model": "studio", "prompt": "a fox"})[1])
    assert job["error"]["code"] == "held_for_review", job
    assert len(sim.log()) == 1
    assert daemon.get("/v1/usage")["data"][0]["reserved_microusd"] == 50_000
