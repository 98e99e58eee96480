"""The official OpenRouter package and our plugin say the same thing in the same words."""

import pytest
from media import data_url, png
from official import compare
from openrouter import OpenRouter
from test_sim_openrouter import until_done

KEY = "sk-test-0001"


@pytest.fixture
def client(sim):
    return OpenRouter(api_key=KEY, server_url=f"{sim.url}/openrouter/api/v1")


def by_client(client, **fields):
    """The whole way: create, poll, download."""
    def run():
        made = client.video_generation.generate(**fields)
        assert until_done(client, made.id).status == "completed"
        assert client.video_generation.get_video_content(job_id=made.id).read()
    return run


def by_kinora(daemon, **fields):
    def run():
        job = daemon.post("/v1/videos", fields)[1]
        assert daemon.get(f"/v1/videos/{job['id']}?wait=60")["status"] == "completed", job
    return run


def test_text_to_video(sim, daemon, client):
    """A clip from text, sound and seed chosen."""
    compare(
        sim, "openrouter text-to-video",
        by_client(
            client, model="google/veo-3.1", prompt="a red kite over dunes", duration=4,
            resolution="720p", aspect_ratio="9:16", generate_audio=True, seed=7),
        by_kinora(
            daemon, model="openrouter/google/veo-3.1", prompt="a red kite over dunes", seconds=4,
            resolution="720p", aspect_ratio="9:16", audio=True, seed=7))


def test_image_to_video(sim, daemon, client):
    """A clip from a first and a last frame; the pictures really go."""
    first, last = data_url(png(900)), data_url(png(1100))

    def frame(url, kind):
        return {"type": "image_url", "image_url": {"url": url}, "frame_type": kind}
    compare(
        sim, "openrouter image-to-video",
        by_client(
            client, model="google/veo-3.1", prompt="it moves", duration=4, resolution="720p",
            aspect_ratio="16:9", generate_audio=False,
            frame_images=[frame(first, "first_frame"), frame(last, "last_frame")]),
        by_kinora(
            daemon, model="openrouter/google/veo-3.1", prompt="it moves", seconds=4,
            resolution="720p", aspect_ratio="16:9", audio=False,
            first_frame=first, last_frame=last))


def test_references(sim, daemon, client):
    """Reference pictures and a provider's own options."""
    picture = data_url(png(700))
    options = {"google-vertex": {"parameters": {"personGeneration": "allow_adult"}}}
    compare(
        sim, "openrouter references",
        by_client(
            client, model="google/veo-3.1", prompt="the same fox", duration=8, resolution="1080p",
            aspect_ratio="16:9", provider={"options": options},
            input_references=[{"type": "image_url", "image_url": {"url": picture}}] * 2),
        by_kinora(
            daemon, model="openrouter/google/veo-3.1", prompt="the same fox", seconds=8,
            resolution="1080p", aspect_ratio="16:9", references=[picture, picture],
            options=options))


def test_picture(sim, daemon, client):
    """A picture by chat, with a reference."""
    picture = data_url(png(700))

    def chat():
        made = client.chat.send(
            model="google/gemini-3-pro-image", modalities=["image", "text"], stream=False,
            image_config={"aspect_ratio": "16:9", "image_size": "2K"},
            messages=[{"role": "user", "content": [
                {"type": "text", "text": "a fox at night"},
                {"type": "image_url", "image_url": {"url": picture}}]}])
        assert made.choices[0].message.images[0].image_url.url.startswith("data:image/png;base64,")
        assert made.usage.cost == 0.134
    compare(
        sim, "openrouter picture", chat,
        by_kinora(
            daemon, model="openrouter/google/gemini-3-pro-image", prompt="a fox at night",
            resolution="2K", aspect_ratio="16:9", references=[picture]))


def test_a_picture_is_a_job(sim, daemon):
    """Stored, priced; words instead of it and the filter are refusals."""
    model = "openrouter/google/gemini-3-pro-image"

    def make(prompt, **more):
        job = daemon.post("/v1/videos", {"model": model, "prompt": prompt, **more})[1]
        return daemon.get(f"/v1/videos/{job['id']}?wait=60")

    job = make("a fox", resolution="4K", aspect_ratio="16:9")
    assert job["status"] == "completed", job
    [artifact] = job["kinora"]["artifacts"]
    assert artifact["mime"] == "image/png" and artifact["width"] > artifact["height"] > 2000
    assert job["kinora"]["cost"]["settled_microusd"] == 240_000
    for wish, code, words in [
            ("[fault:filtered]", "content_blocked", "filter"),
            ("[fault:success_without_asset]", "provider_refused", "made no picture"),
            ("[fault:402]", "provider_exhausted", "credit"),
            ("[fault:401]", "provider_unauthenticated", "credential")]:
        job = make(f"a fox {wish}")
        assert job["status"] == "failed", job
        assert job["error"]["code"] == code, job
        assert words in f"{job['kinora']['provider_error']} {job['error']['message']}", job
        assert job["kinora"]["cost"]["settled_microusd"] in (None, 0), job
