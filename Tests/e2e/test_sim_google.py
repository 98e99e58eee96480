"""The simulated Google interfaces against the official Python packages, unchanged."""

import json
import os
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from google import genai
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.genai import errors, types
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials
from simulator import ROOT, probe, video_stream


SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


@pytest.fixture
def client(sim):
    return genai.Client(
        api_key="test-key", http_options=types.HttpOptions(base_url=f"{sim.url}/google"))


# Interactions, google-genai 3.x.


def create(client, **more):
    request = {
        "model": "gemini-omni-1.1-flash", "input": "a lighthouse", "background": True,
        "response_format": {
            "type": "video", "aspect_ratio": "16:9", "resolution": "720p", "duration": "4s",
            "delivery": "uri"},
    }
    return client.interactions.create(**{**request, **more})


def until_done(client, interaction):
    for _ in range(400):
        if interaction.status not in ("queued", "in_progress"):
            return interaction
        time.sleep(0.05)
        interaction = client.interactions.get(interaction.id)
    pytest.fail("the interaction never ended")


def test_interaction(sim, client):
    """interactions.create in the background, get, files.download"""
    made = create(client)
    assert made.id.startswith("v1_") and made.status in ("queued", "in_progress")
    done = until_done(client, made)
    assert done.status == "completed"
    assert done.usage.total_output_tokens == 4 * 5792
    video = done.output_video
    assert video.mime_type == "video/mp4"
    assert video.uri.startswith("https://generativelanguage.googleapis.com/v1beta/files/")

    stream = video_stream(client.files.download(file=video.uri))
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 1280, 720)
    assert float(stream["duration"]) == pytest.approx(4, abs=0.1)
    assert [job["downloads"] for job in sim.jobs()] == [1]


def test_other_clients_get_an_address_that_they_can_follow(sim):
    base, headers = f"{sim.url}/google/v1beta", {"x-goog-api-key": "k"}
    made = httpx.post(
        f"{base}/interactions", headers=headers, timeout=60,
        json={
            "model": "gemini-omni-1.1-flash", "input": [{"type": "text", "text": "a fox"}],
            "response_format": {"type": "video", "duration": "3s", "delivery": "uri"}}).json()
    # Not in the background, the answer waits for the video.
    assert made["status"] == "completed"
    uri = made["steps"][1]["content"][0]["uri"]
    assert uri.startswith(f"{base}/files/") and uri.endswith(":download?alt=media")
    about = httpx.get(uri.split(":download")[0], headers=headers).json()
    assert (about["state"], about["source"]) == ("ACTIVE", "GENERATED")
    video_stream(httpx.get(uri, headers=headers).content)
    assert httpx.get(uri).status_code == 403


def test_cancel(client):
    made = create(client, input="a lighthouse [render:600]")
    cancelled = client.interactions.cancel(made.id)
    assert cancelled.status == "cancelled"
    assert client.interactions.get(made.id).status == "cancelled"


def test_refusal_is_completed_without_video(client):
    done = until_done(client, create(client, input="a lighthouse [fault:filtered]"))
    assert done.status == "completed" and done.output_video is None
    assert "can't make this video" in done.output_text


def test_interaction_errors(sim, client):
    with pytest.raises(Exception) as raised:
        create(client, response_format={"type": "video", "duration": "99s"})
    assert raised.value.status_code == 400 and "between 3s and 10s" in str(raised.value.body)
    with pytest.raises(Exception) as raised:
        client.interactions.get("v1_nobody")
    assert raised.value.status_code == 400
    assert "Invalid interaction name: v1_nobody" in str(raised.value.body)
    answer = httpx.post(
        f"{sim.url}/google/v1/interactions", headers={"x-goog-api-key": "k"},
        json={
            "model": "gemini-omni-1.1-flash", "input": "x",
            "response_format": {"type": "video", "duration": 6}})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "invalid_request"
    assert sim.jobs() == []


# Images, google-genai 3.x.


def test_image(client):
    answer = client.models.generate_content(
        model="gemini-3-pro-image", contents="a fox",
        config=types.GenerateContentConfig(
            response_modalities=["TEXT", "IMAGE"],
            image_config=types.ImageConfig(aspect_ratio="16:9", image_size="1K")))
    image = next(part.inline_data for part in answer.parts if part.inline_data)
    assert image.mime_type == "image/jpeg"
    stream = probe(image.data)["streams"][0]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("mjpeg", 1366, 768)
    assert answer.usage_metadata.candidates_token_count == 1120


def test_image_errors(sim, client):
    sim.fault("429_retry_after", "google", seconds=7)
    with pytest.raises(errors.ClientError) as raised:
        client.models.generate_content(model="gemini-3-pro-image", contents="a fox")
    assert (raised.value.code, raised.value.status) == (429, "RESOURCE_EXHAUSTED")
    details = raised.value.details["error"]["details"]
    assert {"7s"} == {d["retryDelay"] for d in details if d["@type"].endswith("RetryInfo")}
    with pytest.raises(errors.ClientError, match="is not found for API version"):
        client.models.generate_content(model="gemini-0", contents="a fox")


def test_blocked_image(client):
    answer = client.models.generate_content(
        model="gemini-3-pro-image", contents="a fox [fault:filtered]")
    assert answer.prompt_feedback.block_reason == "PROHIBITED_CONTENT"
    assert not answer.candidates


def test_keys(sim):
    def status(key):
        bad = genai.Client(
            api_key=key, http_options=types.HttpOptions(base_url=f"{sim.url}/google"))
        with pytest.raises(errors.ClientError) as raised:
            bad.models.generate_content(model="gemini-3-pro-image", contents="a fox")
        assert "secret" not in str(raised.value)
        return raised.value.code, raised.value.message

    assert status("bad-secret") == (400, "API key not valid. Please pass a valid API key.")
    answer = httpx.post(f"{sim.url}/google/v1/models/gemini-3-pro-image:generateContent", json={})
    assert answer.status_code == 403


# Veo, google-genai 2.x in its own virtual environment.


def veo(sim, prompt, *more, prefix="google"):
    python = Path(os.environ.get("KINORA_VENV2", ROOT / ".venv2")) / "bin/python"
    script = Path(__file__).with_name("genai2_client.py")
    done = subprocess.run(
        [str(python), str(script), f"{sim.url}/{prefix}", prompt, *more],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_veo(sim, tmp_path):
    """generate_videos, operations.get, files.download"""
    file = tmp_path / "veo.mp4"
    report = veo(sim, "a fox", "test-key", str(file))
    assert report["version"] == "2.34.0"
    assert report["pending"] and report["name"].startswith(
        "models/veo-3.1-generate-preview/operations/")
    assert report["uri"].startswith("https://generativelanguage.googleapis.com/v1beta/files/")
    stream = video_stream(file)
    assert (stream["width"], stream["height"]) == (1280, 720)
    assert float(stream["duration"]) == pytest.approx(4, abs=0.1)
    create = next(entry for entry in sim.log() if entry["method"] == "POST")
    assert json.loads(create["body"])["parameters"]["durationSeconds"] == 4
    assert create["headers"]["x-goog-api-key"] == "test-key"


def test_veo_filtered(sim):
    report = veo(sim, "a fox [fault:filtered]")
    assert report["filtered"] == 1 and "Support codes" in report["reasons"][0]
    assert report["error"] is None and "uri" not in report


def test_veo_errors(sim):
    report = veo(sim, "a fox [fault:failed]")
    assert report["error"]["code"] == 13
    sim.fault("retired_model", "google")
    report = veo(sim, "a fox")
    assert (report["code"], report["status"]) == (404, "NOT_FOUND")
    assert "is no longer available. Please update your code" in report["message"]
    assert veo(sim, "a fox", "bad-secret")["code"] == 400


def test_veo_wire_form(sim):
    """A pending operation is a name alone; what the live service refused is refused."""
    base, headers = f"{sim.url}/google/v1beta", {"x-goog-api-key": "k"}
    url = f"{base}/models/veo-3.1-generate-preview:predictLongRunning"

    def post(parameters, instance=None):
        body = {"instances": [instance or {"prompt": "a fox"}], "parameters": parameters}
        answer = httpx.post(url, json=body, headers=headers).json()
        return answer["error"]["message"] if "error" in answer else answer

    made = post({"durationSeconds": 8})
    assert list(made) == ["name"]
    assert httpx.get(f"{base}/{made['name']}", headers=headers).json() == made
    assert post({"durationSeconds": "8"}) == (
        "The value type for `durationSeconds` needs to be a number.")
    assert post({"durationSeconds": 5}) == (
        "The number value for `durationSeconds` is out of bound. "
        "Please provide a value between 4 and 8, inclusive.")
    for field in ("numberOfVideos", "generateAudio"):
        assert post({field: 1}).startswith(f"`{field}` isn't supported by this model.")
    image = {"prompt": "x", "image": {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}}
    assert post({}, image).startswith("`inlineData` isn't supported by this model.")


# Vertex AI, google-genai 3.x.


def vertex(sim, life=None, change=None):
    """The client with a service account of the simulator's; google-auth fetches its tokens."""
    account = {**sim.credentials(life)["service_account"], **(change or {})}
    return genai.Client(
        vertexai=True, project="p", location="us-central1",
        credentials=service_account.Credentials.from_service_account_info(account, scopes=SCOPES),
        http_options=types.HttpOptions(base_url=f"{sim.url}/vertex"))


def make(client, prompt="a fox", **config):
    return client.models.generate_videos(
        model="veo-3.1-generate-001", source=types.GenerateVideosSource(prompt=prompt),
        config=types.GenerateVideosConfig(duration_seconds=4, **config))


def until_made(client, operation):
    for _ in range(400):
        if operation.done:
            return operation
        time.sleep(0.05)
        operation = client.operations.get(operation)
    pytest.fail("the operation never ended")


def test_vertex(sim):
    """A service account's tokens, generate_videos, operations.get; the clip is in the answer."""
    client = vertex(sim)
    operation = until_made(client, make(client, generate_audio=False, fps=24))
    video = operation.response.generated_videos[0].video
    assert video.mime_type == "video/mp4"
    found = probe(video.video_bytes)["streams"]
    assert [stream["codec_type"] for stream in found] == ["video"]
    exchange, submit = sim.log()[:2]
    assert exchange["path"] == "/vertex/token" and "assertion=" in exchange["body"]
    assert submit["headers"]["authorization"].startswith("Bearer ya29.sim-")


def test_vertex_by_the_older_package(sim, tmp_path):
    """google-genai 2.34 on Vertex AI: create, poll, the clip, one error."""
    account = json.dumps(sim.credentials()["service_account"])
    file = tmp_path / "veo.mp4"
    report = veo(sim, "a fox", account, str(file), prefix="vertex")
    assert report["version"] == "2.34.0" and report["pending"]
    assert report["name"].startswith("projects/p/locations/us-central1/publishers/google/models/")
    assert float(video_stream(file)["duration"]) == pytest.approx(4, abs=0.1)
    sim.fault("403", "vertex", phase="submit")
    report = veo(sim, "a fox", account, prefix="vertex")
    assert (report["code"], report["status"]) == (403, "PERMISSION_DENIED")


def test_vertex_bucket(sim):
    """Results in a bucket are named, not sent."""
    client = vertex(sim)
    operation = until_made(client, make(client, output_gcs_uri="gs://b/out"))
    uri = operation.response.generated_videos[0].video.uri
    assert uri.startswith("gs://b/out/")
    token = sim.log()[-1]["headers"]["authorization"]
    path = uri.removeprefix("gs://")
    assert httpx.get(f"{sim.url}/vertex/storage/{path}").status_code == 401
    answer = httpx.get(f"{sim.url}/vertex/storage/{path}", headers={"authorization": token})
    video_stream(answer.content)


def test_vertex_logins(sim):
    """A login with a refresh token; tokens end; what is not ours is refused."""
    def login(life=None, **change):
        words = {**sim.credentials(life)["authorized_user"], **change}
        words.pop("type")
        made = Credentials(None, **words)
        made.refresh(Request())
        return made.token
    client = genai.Client(
        vertexai=True, project="p", location="us-central1", credentials=Credentials(login(life=1)),
        http_options=types.HttpOptions(base_url=f"{sim.url}/vertex"))
    operation = make(client)
    time.sleep(1.1)
    with pytest.raises(errors.ClientError) as raised:
        client.operations.get(operation)
    assert (raised.value.code, raised.value.status) == (401, "UNAUTHENTICATED")
    for change in ({"client_email": "a@b"}, {"private_key_id": "other"}):
        with pytest.raises(RefreshError, match="invalid_grant"):
            make(vertex(sim, change=change))
    with pytest.raises(RefreshError, match="expired or revoked"):
        login(refresh_token="1//0")
    with pytest.raises(RefreshError, match="invalid_client"):
        login(client_secret="other")


def test_vertex_errors(sim):
    """An error of each kind, as the client raises or shows it."""
    client = vertex(sim)
    with pytest.raises(errors.ClientError) as raised:
        client.models.generate_videos(
            model="veo-9", source=types.GenerateVideosSource(prompt="a fox"))
    assert raised.value.code == 404 and "Publisher Model" in raised.value.message
    sim.fault("429", "vertex", phase="submit")
    with pytest.raises(errors.ClientError) as raised:
        make(client)
    assert (raised.value.code, raised.value.status) == (429, "RESOURCE_EXHAUSTED")
    operation = until_made(client, make(client, "a fox [fault:filtered]"))
    assert operation.response.rai_media_filtered_count == 1
    assert until_made(client, make(client, "a fox [fault:failed]")).error["code"] == 13


def test_version_of_the_package():
    assert genai.__version__ == "3.4.0"
