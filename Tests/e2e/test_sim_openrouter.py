"""The simulated OpenRouter against the official Python package, unchanged."""

import base64
import re
import time

import httpx
import openrouter
import pytest
from openrouter import OpenRouter, errors
from openrouter.utils import BackoffStrategy, RetryConfig
from simulator import video_stream

ONE_TRY = RetryConfig("backoff", BackoffStrategy(1, 1, 1, 1), False)


@pytest.fixture
def client(sim):
    return OpenRouter(
        api_key="sk-or-v1-test", server_url=f"{sim.url}/openrouter/api/v1", retry_config=ONE_TRY)


def until_done(client, job_id):
    for _ in range(400):
        state = client.video_generation.get_generation(job_id=job_id)
        if state.status not in ("pending", "in_progress"):
            return state
        time.sleep(0.05)
    pytest.fail("the generation never ended")


def test_text_to_video(sim, client):
    """generate, get_generation, get_video_content"""
    made = client.video_generation.generate(
        model="google/veo-3.1", prompt="a red kite over dunes", duration=4, resolution="720p",
        aspect_ratio="9:16", generate_audio=True)
    assert made.status == "pending"
    assert re.fullmatch(r"gen-vid-\d+-[0-9A-Za-z]{20}", made.id)
    assert made.polling_url == f"{sim.url}/openrouter/api/v1/videos/{made.id}"

    done = until_done(client, made.id)
    assert done.status == "completed"
    assert done.usage.cost == 1.6 and done.usage.is_byok is False
    assert done.unsigned_urls == [f"{made.polling_url}/content?index=0"]

    answer = client.video_generation.get_video_content(job_id=made.id)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers.get("transfer-encoding") == "chunked"
    stream = video_stream(answer.read())
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert (stream["width"], stream["height"]) == (720, 1280)
    assert float(stream["duration"]) == pytest.approx(4, abs=0.1)
    assert [job["creations"] for job in sim.jobs()] == [1]


def test_image_to_video(client):
    png = base64.b64encode(
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01").decode()
    made = client.video_generation.generate(
        model="x-ai/grok-imagine-video", prompt="it moves", duration=3, resolution="480p",
        aspect_ratio="1:1",
        frame_images=[{
            "type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"},
            "frame_type": "first_frame"}])
    # Three seconds at 5 cents and one image at 0.2 cents.
    assert until_done(client, made.id).usage.cost == 0.152


def test_models(client):
    models = client.video_generation.list_videos_models().data
    veo = next(model for model in models if model.id == "google/veo-3.1")
    assert veo.supported_durations == [4, 6, 8]
    assert veo.pricing_skus["duration_seconds_with_audio"] == "0.40"
    assert "1280x720" in veo.supported_sizes


def test_rate_limit_is_one_request(sim, client):
    sim.fault("429", "openrouter")
    with pytest.raises(errors.TooManyRequestsResponseError) as raised:
        client.video_generation.generate(model="google/veo-3.1", prompt="x")
    assert raised.value.data.error.code == 429
    assert len(sim.log()) == 1 and sim.jobs() == []


def test_recorded_refusals(client):
    with pytest.raises(errors.BadRequestResponseError) as raised:
        client.video_generation.generate(
            model="x-ai/grok-imagine-video", prompt="x", duration=99)
    assert str(raised.value) == (
        "Duration 99s is not supported for this model. "
        "Supported durations: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15s")
    with pytest.raises(errors.BadRequestResponseError, match="Supported resolutions: 480p, 720p"):
        client.video_generation.generate(
            model="x-ai/grok-imagine-video", prompt="x", resolution="4K")
    with pytest.raises(errors.BadRequestResponseError, match="xAI video generations require"):
        client.video_generation.generate(model="x-ai/grok-imagine-video")
    with pytest.raises(errors.NotFoundResponseError, match="Job gen-vid-1-x not found"):
        client.video_generation.get_generation(job_id="gen-vid-1-x")


def test_keys(sim):
    base = f"{sim.url}/openrouter/api/v1"
    client = OpenRouter(api_key="bad-secret", server_url=base, retry_config=ONE_TRY)
    with pytest.raises(errors.UnauthorizedResponseError) as raised:
        client.video_generation.generate(model="google/veo-3.1", prompt="x")
    assert str(raised.value) == "User not found." and "secret" not in raised.value.body
    answer = httpx.post(f"{base}/videos", json={"model": "google/veo-3.1", "prompt": "x"})
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {"message": "No cookie auth credentials found", "code": 401}}
    assert httpx.get(f"{base}/videos/models").status_code == 200


def test_html_instead_of_json(sim, client):
    sim.fault("html_200", "openrouter")
    with pytest.raises(errors.OpenRouterDefaultError, match="Unexpected response received"):
        client.video_generation.generate(model="google/veo-3.1", prompt="x")
    assert sim.jobs() == []


@pytest.mark.parametrize(
    "fault, status, error",
    [
        ("failed", "failed", "The generation failed."),
        ("filtered", "failed", "Content policy violation"),
        ("provider_cancelled", "cancelled", None),
        ("provider_expired", "expired", None),
    ])
def test_ends(client, fault, status, error):
    made = client.video_generation.generate(
        model="google/veo-3.1", prompt=f"a kite [fault:{fault}]", duration=4)
    done = until_done(client, made.id)
    assert (done.status, done.error) == (status, error)


def test_version_of_the_package():
    assert openrouter.__version__ == "1.3.84"


def test_the_older_path_and_the_web_site(sim):
    headers = {"authorization": "Bearer k"}
    wish = {"model": "google/veo-3.1", "prompt": "x [render:600]"}
    made = httpx.post(f"{sim.url}/openrouter/api/alpha/videos", json=wish, headers=headers)
    assert made.status_code == 202 and set(made.json()) == {"id", "polling_url", "status"}
    assert httpx.get(made.json()["polling_url"], headers=headers).json()["status"] == "pending"
    page = httpx.post(f"{sim.url}/openrouter/api/videos", json=wish, headers=headers)
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")


def test_content(sim):
    """The key is needed, Range is not looked at, there is one video."""
    base, headers = f"{sim.url}/openrouter/api/v1/videos", {"authorization": "Bearer k"}
    wish = {"model": "google/veo-3.1", "prompt": "x [render:0] [fault:signed_urls]", "duration": 4}
    made = httpx.post(base, json=wish, headers=headers).json()
    while httpx.get(made["polling_url"], headers=headers).json()["status"] != "completed":
        time.sleep(0.05)
    done = httpx.get(made["polling_url"], headers=headers).json()
    url = done["unsigned_urls"][0]
    assert httpx.get(url).status_code == 401
    whole = httpx.get(url, headers={**headers, "range": "bytes=0-9"})
    assert whole.status_code == 200 and whole.content[4:8] == b"ftyp"
    assert f"kinora-sim:{made['id']}".encode() in whole.content
    other = httpx.get(url.replace("index=0", "index=5"), headers=headers)
    assert other.json()["error"]["message"] == "Video index 5 out of range (1 videos available)"
    assert httpx.get(done["urls"][0]).content == whole.content
