"""The official google-genai package, unchanged, in front of Kinora: only its base URL differs."""

import base64
import hashlib
import json
import os
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from google import genai
from google.genai import types
from google.genai._gaos.lib.compat_errors import BadRequestError
from media import png
from simulator import ROOT, video_stream

VEO = "google/veo-3.1-generate-preview"


@pytest.fixture
def client(daemon):
    return genai.Client(api_key="unused on the socket", http_options=types.HttpOptions(
        base_url="http://kinora/google",
        client_args={"transport": httpx.HTTPTransport(uds=str(daemon.socket))}))


def veo(daemon, model, prompt, image="", save="", **config):
    """What google-genai 2.34 makes of a job: 3.x speaks Veo on Vertex only."""
    python = Path(os.environ.get("KINORA_VENV2", ROOT / ".venv2")) / "bin/python"
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("genai2_door.py")), str(daemon.socket), model,
         prompt, json.dumps(config), str(image), *([str(save)] if save else [])],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("model", [VEO, "sample/clip", "openrouter/google/veo-3.1"])
def test_veo(daemon, tmp_path, model):
    """generate_videos, operations.get, files.download, with any model [C29] [C36] [C37]."""
    file = tmp_path / "veo.mp4"
    report = veo(daemon, model, "a heron", save=file, duration_seconds=4, aspect_ratio="9:16",
                 resolution="720p")
    assert report["done"] and not report["error"], report
    stream = video_stream(file)
    assert (stream["width"], stream["height"]) == (720, 1280)
    # The same job through the native door.
    job = daemon.jobs()[0]
    assert job["status"] == "completed" and job["kinora"]["request"]["aspect_ratio"] == "9:16"
    assert job["id"] == f"video_{report['name'].rsplit('/', 1)[1]}"
    assert file.read_bytes() == daemon.request("GET", f"/v1/videos/{job['id']}/content")[1]


@pytest.mark.parametrize("length", [400, 90_000])
def test_image_to_video(daemon, tmp_path, length):
    """A picture in base64, without a data URL's head, really goes in, whether short or long."""
    picture = tmp_path / "frame.png"
    picture.write_bytes(png(length))
    report = veo(daemon, VEO, "it moves", image=picture, duration_seconds=8)
    assert report["done"] and not report["error"], report
    job = daemon.jobs()[0]
    assert job["kinora"]["kind"] == "image-to-video"
    assert job["kinora"]["request"]["inputs"][0]["bytes"] == length


def test_interaction(daemon, client):
    """interactions.create in the background and not, get, delete."""
    fields = {
        "model": "google/gemini-omni-1.1-flash", "input": "a lighthouse",
        "response_format": {
            "type": "video", "aspect_ratio": "16:9", "resolution": "720p", "duration": "4s",
            "delivery": "uri"}}
    made = client.interactions.create(**fields, background=True)
    assert made.id.startswith("v1_") and made.status in ("queued", "in_progress")
    end = time.monotonic() + 60
    while made.status in ("queued", "in_progress"):
        assert time.monotonic() < end
        time.sleep(0.1)
        made = client.interactions.get(made.id)
    assert made.status == "completed"
    video = made.output_video
    assert video_stream(client.files.download(file=video.uri))["width"] == 1280
    client.interactions.delete(made.id)
    assert daemon.jobs() == []
    # In the foreground, the bytes inside.
    fields["response_format"]["delivery"] = "inline"
    held = client.interactions.create(**fields)
    assert held.status == "completed" and held.output_video.data
    assert video_stream(base64.b64decode(held.output_video.data))["width"] == 1280


def test_image(daemon, client):
    """generate_content makes a picture, its bytes inside the answer."""
    answer = client.models.generate_content(
        model="sample/still-image", contents="a pear",
        config=types.GenerateContentConfig(response_modalities=["IMAGE"]))
    part = answer.candidates[0].content.parts[0]
    assert part.inline_data.mime_type == "image/png"
    assert part.inline_data.data[:8] == b"\x89PNG\r\n\x1a\n"


def test_instructions_stand_before_the_prompt(daemon, client):
    """systemInstruction is not dropped; safety settings and modalities that fit break nothing."""
    client.models.generate_content(
        model="sample/still-image", contents="a pear", config=types.GenerateContentConfig(
            response_modalities=["IMAGE"], system_instruction="Paint in oil."))
    assert daemon.jobs()[0]["prompt"] == "Paint in oil.\na pear"
    fields = {"model": "sample/clip", "input": "a pear", "background": True}
    more = {"response_modalities": ["video"], "safety_settings": []}
    status, body, _ = daemon.request("POST", "/google/v1beta/interactions", {**fields, **more})
    assert status == 200, body
    status, body, _ = daemon.request(
        "POST", "/google/v1beta/interactions", {**fields, "response_modalities": ["audio"]})
    assert status == 400 and "response_modalities" in body["error"]["message"]


def test_errors_are_googles(daemon, client):
    """A bad field is told in google.rpc's words, before anything is made; a failed job is an error."""
    refused = veo(daemon, VEO, "x", duration_seconds=5)
    assert (refused["code"], refused["status"]) == (400, "INVALID_ARGUMENT")
    assert "4, 6, 8" in refused["details"]
    assert veo(daemon, "no-such-model", "x")["code"] == 400
    with pytest.raises(BadRequestError, match="no-such-model"):
        client.interactions.create(model="no-such-model", input="x")
    assert daemon.jobs() == []
    failed = veo(daemon, VEO, "[fault:failed]", duration_seconds=4)
    assert failed["done"] and failed["error"]["message"], failed


def test_key_of_google(daemons, sim, tmp_path):
    """On TCP the key is Google's own field; without one nothing is told."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keys = tmp_path / "keys"
    keys.write_text("bot " + hashlib.sha256(b"kn_test").hexdigest() + "\n")
    daemon = daemons(sim, speed=40)
    daemon.config.write_text(daemon.config.read_text().replace(
        "listen:\n", f"listen:\n  tcp: {{address: 127.0.0.1:{port}, keys_file: {keys}}}\n"))
    daemon.start()
    url = f"http://127.0.0.1:{port}/google/v1beta/models"
    assert httpx.get(url, headers={"x-goog-api-key": "kn_test"}).status_code == 200
    refused = httpx.get(url)
    assert refused.status_code == 401
    assert refused.json()["error"]["status"] == "UNAUTHENTICATED"
