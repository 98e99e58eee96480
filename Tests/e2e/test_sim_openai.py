"""The simulated OpenAI interface against the official Python package, unchanged."""

import base64
import warnings

import httpx
import openai
import pytest
from openai import OpenAI
from pictures import png_of
from simulator import probe, video_stream

# The package says that Sora is gone at OpenAI itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def connect(sim, key="sk-test-0001"):
    return OpenAI(base_url=f"{sim.url}/openai/v1", api_key=key, max_retries=0)


@pytest.fixture
def client(sim):
    return connect(sim)


def made(client, **more):
    wish = {"model": "sora-2", "prompt": "a fox", "seconds": "4", "size": "1280x720", **more}
    return client.videos.create_and_poll(poll_interval_ms=50, **wish)


def test_video(sim, client):
    """create_and_poll with a picture, download_content of all variants"""
    video = made(client, input_reference=("ref.png", png_of(1280, 720), "image/png"))
    assert (video.status, video.progress, video.seconds) == ("completed", 100, "4")
    assert video.expires_at and video.error is None
    stream = video_stream(client.videos.download_content(video.id).read())
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 1280, 720)
    for variant, codec in ("thumbnail", "webp"), ("spritesheet", "mjpeg"):
        data = client.videos.download_content(video.id, variant=variant).read()
        assert probe(data)["streams"][0]["codec_name"] == codec
    assert sim.jobs()[0]["cost_usd"] == "0.40"


def test_remix_list_delete(client):
    first = made(client)
    again = client.videos.remix(first.id, prompt="at night")
    assert again.remixed_from_video_id == first.id and again.seconds == "4"
    client.videos.poll(again.id, poll_interval_ms=50)
    page = client.videos.list(limit=1)
    assert [video.id for video in page.data] == [again.id] and page.has_more
    assert [video.id for video in client.videos.list(order="asc")] == [first.id, again.id]
    assert client.videos.delete(first.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(first.id)


def test_edit_and_extend(client):
    """The package cannot say them in JSON by itself; its post() can."""
    first = made(client)
    source = {"video": {"id": first.id}, "prompt": "it rains"}
    edited = client.post("/videos/edits", body=source, cast_to=openai.types.Video)
    assert edited.seconds == "4" and edited.remixed_from_video_id is None
    longer = client.post(
        "/videos/extensions", body={**source, "seconds": "8"}, cast_to=openai.types.Video)
    assert longer.seconds == "12"


@pytest.mark.parametrize("wish, param, words", [
    ({"seconds": "5"}, "seconds", "Supported values are: '4', '8', and '12'."),
    ({"size": "1920x1080"}, "size", "'720x1280', '1280x720'."),
    ({"model": "sora-9"}, "model", "does not exist"),
    ({"input_reference": ("x.png", png_of(64, 64), "image/png")}, None, "must match the requested"),
    ({"input_reference": ("x.png", b"not a picture", "image/png")}, "input_reference", "Invalid"),
    ({"extra_body": {"fps": 24}}, "fps", "Unknown parameter"),
])
def test_refusals(sim, client, wish, param, words):
    with pytest.raises(openai.BadRequestError, match=words) as raised:
        made(client, **wish)
    assert raised.value.param == param
    assert sim.jobs() == []


def test_trouble(sim, client):
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
        made(connect(sim, "bad-key"))
    sim.fault("402", "openai")
    with pytest.raises(openai.RateLimitError) as raised:
        made(client)
    assert raised.value.code == "insufficient_quota"
    video = made(client, prompt="a fox [fault:filtered]")
    assert (video.status, video.error.code) == ("failed", "moderation_blocked")


def test_images(sim, client):
    """generate and edit; GPT models answer with base64 alone"""
    answer = client.images.generate(
        model="gpt-image-2.5-flare", prompt="a fox", size="1536x1024", n=2, quality="low")
    assert len(answer.data) == 2 and answer.data[0].url is None
    stream = probe(base64.b64decode(answer.data[0].b64_json))["streams"][0]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("png", 1536, 1024)
    edited = client.images.edit(
        model="gpt-image-1.5", prompt="two foxes", image=[png_of(64, 64), png_of(32, 32)],
        output_format="jpeg")
    assert edited.usage.input_tokens_details.image_tokens == 2000
    assert probe(base64.b64decode(edited.data[0].b64_json))["streams"][0]["codec_name"] == "mjpeg"
    with pytest.raises(openai.BadRequestError) as raised:
        client.images.generate(model="gpt-image-2", prompt="a fox [fault:filtered]")
    assert raised.value.code == "moderation_blocked"
    with pytest.raises(openai.NotFoundError):
        client.images.generate(model="gpt-image-1", prompt="a fox")


def test_other_hosts(sim):
    """A key in a field of its own, numbers and free fields for a server's own models."""
    answer = httpx.post(
        f"{sim.url}/openai/v1/videos?api-version=preview", headers={"api-key": "k"},
        json={"model": "Wan-AI/Wan2.2", "prompt": "x", "seconds": 3, "size": "480x480", "seed": 1})
    assert answer.json()["seconds"] == "3" and answer.json()["size"] == "480x480"
    assert httpx.get(f"{sim.url}/openai/v1/videos").status_code == 401


def test_version_of_the_package():
    assert openai.__version__ == "3.52.0"
    with warnings.catch_warnings(record=True):
        assert hasattr(OpenAI(api_key="k").videos, "remix")
