"""The official google-genai packages and our plugin say the same thing in the same words."""

import base64
import json

import pytest
from google import genai
from google.genai import types
from media import data_url, png
from official import compare
from test_sim_google import until_done, veo

KEY = "sk-test-0001"
OMNI = "google/gemini-omni-1.1-flash"
# Operations and files have twelve letters, interactions a prefix before them.
IDS = r"v1_Chd[0-9a-z]{12}|(?!interactions)[0-9a-z]{12}"


@pytest.fixture
def client(sim):
    # The package asks v1 unless told; our plugin asks v1beta, where the Veo form was as well.
    return genai.Client(
        api_key=KEY, http_options=types.HttpOptions(
            base_url=f"{sim.url}/google", api_version="v1beta"))


def by_kinora(daemon, **fields):
    def run():
        job = daemon.post("/v1/videos", fields)[1]
        done = daemon.get(f"/v1/videos/{job['id']}?wait=60")
        assert done["status"] == "completed", done
    return run


def by_omni(client, **request):
    def run():
        done = until_done(client, client.interactions.create(background=True, **request))
        assert client.files.download(file=done.output_video.uri)
    return run


def by_veo(sim, prompt, **more):
    """google-genai 2.34, the last one that spoke Veo to the Gemini API."""
    def run():
        report = veo(sim, prompt, KEY, "/dev/null", json.dumps(more))
        assert "sha256" in report, report
    return run


def text(data):
    return base64.b64encode(data).decode()


def test_omni_text_to_video(sim, daemon, client):
    """Omni from text: create, poll, download."""
    compare(
        sim, "google omni text",
        by_omni(
            client, model="gemini-omni-1.1-flash", input="a lighthouse",
            generation_config={"seed": 7, "video_config": {"task": "text_to_video"}},
            response_format={
                "type": "video", "aspect_ratio": "9:16", "resolution": "720p", "duration": "4s",
                "delivery": "uri"}),
        by_kinora(
            daemon, model=OMNI, prompt="a lighthouse", seconds=4, aspect_ratio="9:16",
            resolution="720p", seed=7), ids=IDS)


def test_omni_image_to_video(sim, daemon, client):
    """Omni from a first and a last frame; the pictures really go."""
    first, last = png(900), png(1100)

    def part(data):
        return {"type": "image", "mime_type": "image/png", "data": text(data)}
    compare(
        sim, "google omni frames",
        by_omni(
            client, model="gemini-omni-1.1-flash",
            input=[part(first), part(last), {"type": "text", "text": "it moves"}],
            generation_config={"video_config": {"task": "image_to_video"}},
            response_format={
                "type": "video", "aspect_ratio": "16:9", "resolution": "720p", "duration": "3s",
                "delivery": "uri"}),
        by_kinora(
            daemon, model=OMNI, prompt="it moves", seconds=3, aspect_ratio="16:9",
            resolution="720p", first_frame=data_url(first), last_frame=data_url(last)), ids=IDS)


def test_veo_text_to_video(sim, daemon):
    """Veo from text with a negative prompt and options [C47]."""
    there, here = compare(
        sim, "google veo text",
        by_veo(
            sim, "a fox", negative_prompt="blur", person_generation="allow_all",
            enhance_prompt=True),
        by_kinora(
            daemon, model="veo", prompt="a fox", seconds=4, aspect_ratio="16:9",
            resolution="720p", negative_prompt="blur",
            options={"personGeneration": "allow_all", "enhancePrompt": True}), ids=IDS)
    (submit,) = [words for route, words in here.items() if "predictLongRunning" in route]
    assert submit["body"]["parameters"]["negativePrompt"] == "blur"


def test_veo_frames(sim, daemon):
    """Veo from a first and a last frame [C80]."""
    first, last = png(900), png(1100)
    compare(
        sim, "google veo frames",
        by_veo(sim, "it moves", image=text(first), last_frame=text(last), duration_seconds=8),
        by_kinora(
            daemon, model="veo-3.1", prompt="it moves", seconds=8, aspect_ratio="16:9",
            resolution="720p", first_frame=data_url(first), last_frame=data_url(last)), ids=IDS)


def test_veo_references(sim, daemon):
    """Veo with reference images."""
    data = png(700)
    compare(
        sim, "google veo references",
        by_veo(sim, "a hat", references=[text(data)], duration_seconds=8),
        by_kinora(
            daemon, model="veo", prompt="a hat", seconds=8, aspect_ratio="16:9",
            resolution="720p", references=[data_url(data)]), ids=IDS)


def test_image(sim, daemon, client):
    """An image from text and a picture."""
    data = png(600)

    def official():
        answer = client.models.generate_content(
            model="gemini-3-pro-image",
            contents=["a fox", types.Part.from_bytes(data=data, mime_type="image/png")],
            config=types.GenerateContentConfig(
                response_modalities=["TEXT", "IMAGE"],
                image_config=types.ImageConfig(aspect_ratio="16:9", image_size="2K")))
        assert any(part.inline_data for part in answer.parts)
    compare(
        sim, "google image", official,
        by_kinora(
            daemon, model="google/gemini-3-pro-image", prompt="a fox", aspect_ratio="16:9",
            resolution="2K", references=[data_url(data)]), ids=IDS)
