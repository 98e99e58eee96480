"""The official Z.ai package and our plugin say the same thing in the same words."""

import httpx
import pytest
from media import data_url, png
from official import compare
from test_sim_zai import connect, until_done
from test_zai import made

IDS = r"[0-9a-z]{15,}-9013000000"


@pytest.fixture
def client(sim):
    return connect(sim, "sk-test-0001")


def create(client, **wish):
    def run():
        done = until_done(client, client.videos.generations(**wish))
        assert httpx.get(done.video_result[0].url).status_code == 200
    return run


def test_text_to_video(sim, daemon, client):
    """A clip from text [T26]."""
    compare(
        sim, "zai text-to-video",
        create(
            client, model="cogvideox-3", prompt="a red kite", size="1280x720", duration=5, fps=60,
            with_audio=True, quality="speed"),
        lambda: made(
            daemon, prompt="a red kite", size="1280x720", seconds=5, fps=60, audio=True,
            options={"quality": "speed"}), IDS)


def test_images_to_video(sim, daemon, client):
    """First and last frame; the pictures really go [T26]."""
    first, last = data_url(png(900)), data_url(png(1100))
    compare(
        sim, "zai first-last-frame",
        create(
            client, model="vidu2-start-end", prompt="it moves", image_url=[first, last],
            size="1280x720", duration=4, movement_amplitude="auto"),
        lambda: made(
            daemon, "vidu2-start-end", prompt="it moves", first_frame=first, last_frame=last,
            size="1280x720", options={"movement_amplitude": "auto"}), IDS)
