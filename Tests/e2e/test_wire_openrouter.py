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
