"""The simulated Z.ai interface against the official Python package, unchanged."""

import time

import httpx
import pytest
from media import data_url, png
from simulator import probe, video_stream
from zai import ZaiClient, ZhipuAiClient, __version__
from zai.core import APIAuthenticationError, APIReachLimitError, APIRequestFailedError


def connect(sim, key="id.secret", kind=ZaiClient):
    return kind(api_key=key, base_url=f"{sim.url}/zai/api/paas/v4/", max_retries=0)


@pytest.fixture
def client(sim):
    return connect(sim)


def until_done(client, made):
    for _ in range(400):
        task = client.videos.retrieve_videos_result(id=made.id)
        if task.task_status != "PROCESSING":
            return task
        time.sleep(0.05)
    pytest.fail("the task never ended")


@pytest.mark.parametrize("kind", [ZaiClient, ZhipuAiClient])
def test_video(sim, kind):
    """generations, retrieve_videos_result, by the client of either host"""
    client = connect(sim, kind=kind)
    made = client.videos.generations(
        model="cogvideox-3", prompt="a lighthouse", size="1280x720", duration=5, fps=30,
        quality="speed", with_audio=True, image_url=data_url(png()))
    assert made.task_status == "PROCESSING" and made.id
    done = until_done(client, made)
    assert done.task_status == "SUCCESS"
    # Open to all: no key.
    stream = video_stream(httpx.get(done.video_result[0].url).content)
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 1280, 720)
    cover = probe(httpx.get(done.video_result[0].cover_image_url).content)["streams"][0]
    assert cover["codec_name"] == "png"
    assert sim.jobs()[0]["cost_usd"] == "0.20"


def test_refusals(sim, client):
    for wish, words in [
        ({"model": "cogvideox-9"}, "1211"), ({"duration": 7}, "Invalid duration"),
        ({"size": "1280*720"}, "Invalid size"), ({"style": "anime"}, "1210"),
        ({"image_url": "nonsense"}, "Invalid image_url"), ({"prompt": "x" * 513}, "Invalid prompt"),
    ]:
        with pytest.raises(APIRequestFailedError, match=words):
            client.videos.generations(**{"model": "cogvideox-3", "prompt": "a fox", **wish})
    assert sim.jobs() == []


def test_trouble(sim, client):
    with pytest.raises(APIAuthenticationError, match="1002"):
        connect(sim, "bad-key").videos.generations(model="cogvideox-3", prompt="x")
    sim.fault("402", "zai")
    with pytest.raises(APIReachLimitError, match="1113"):
        client.videos.generations(model="cogvideox-3", prompt="x")
    made = client.videos.generations(model="cogvideox-3", prompt="x [fault:failed]")
    assert until_done(client, made).task_status == "FAIL"
    again = {"model": "cogvideox-3", "prompt": "x", "request_id": "once"}
    client.videos.generations(**again)
    with pytest.raises(APIRequestFailedError, match="1231"):
        client.videos.generations(**again)


def test_version_of_the_package():
    assert __version__ == "0.2.3"
