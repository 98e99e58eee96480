"""The official OpenRouter package, unchanged, in front of Kinora: only its server URL differs."""

import httpx
import pytest
from media import data_url, png
from openrouter import OpenRouter, errors
from simulator import video_stream
from test_sim_openrouter import ONE_TRY, until_done


@pytest.fixture
def client(daemon):
    return OpenRouter(
        api_key="unused on the socket", server_url="http://kinora/openrouter/api/v1",
        retry_config=ONE_TRY,
        client=httpx.Client(transport=httpx.HTTPTransport(uds=str(daemon.socket))))


@pytest.mark.parametrize("model", ["openrouter/google/veo-3.1", "sample/clip"])
def test_text_to_video(daemon, client, model):
    """generate, get_generation, get_video_content, with any model."""
    made = client.video_generation.generate(
        model=model, prompt="a red kite over dunes", duration=4, resolution="720p",
        aspect_ratio="9:16")
    assert made.status in ("pending", "in_progress")
    done = until_done(client, made.id)
    assert done.status == "completed" and done.usage.is_byok is False
    job = daemon.get(f"/v1/videos/{made.id}")
    assert done.usage.cost == pytest.approx(job["kinora"]["cost"]["settled_microusd"] / 1e6)
    data = client.video_generation.get_video_content(job_id=made.id).read()
    stream = video_stream(data)
    assert (stream["width"], stream["height"]) == (720, 1280)
    assert data == daemon.request("GET", f"/v1/videos/{made.id}/content")[1]


def test_frames_and_models(sim, daemon, client):
    """Frames go on to the provider; the list has every model in the package's own shape."""
    made = client.video_generation.generate(
        model="openrouter/google/veo-3.1", prompt="it moves", duration=4, resolution="720p",
        aspect_ratio="16:9", frame_images=[
            {"type": "image_url", "image_url": {"url": data_url(png(500))},
             "frame_type": "first_frame"},
            {"type": "image_url", "image_url": {"url": data_url(png(700))},
             "frame_type": "last_frame"}])
    assert until_done(client, made.id).status == "completed"
    sent = [e for e in sim.log() if e["method"] == "POST"][0]["body"]
    assert sent.count("data:image/png;base64,") == 2
    models = {model.id: model for model in client.video_generation.list_videos_models().data}
    assert {"sample/clip", "openrouter/google/veo-3.1"} <= models.keys()
    assert models["openrouter/google/veo-3.1"].supported_durations == [4, 6, 8]


def test_errors_are_openrouters(daemon, client):
    """A bad field is a 400 that names what is allowed; a failed job says why."""
    with pytest.raises(errors.OpenRouterError) as refused:
        client.video_generation.generate(
            model="openrouter/google/veo-3.1", prompt="x", duration=5)
    assert refused.value.status_code == 400 and '"allowed":["4"' in refused.value.body
    with pytest.raises(errors.OpenRouterError) as missing:
        client.video_generation.get_generation(job_id="video_none")
    assert missing.value.status_code == 404
    made = client.video_generation.generate(
        model="openrouter/google/veo-3.1", prompt="[fault:failed]", duration=4)
    done = until_done(client, made.id)
    assert done.status == "failed" and done.error
