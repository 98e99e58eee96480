"""The official google-genai package on Vertex AI and our plugin say the same thing in the same words."""

import base64

import pytest
from google import genai
from google.genai import types
from google.oauth2 import service_account
from media import data_url, png
from official import compare
from test_sim_google import SCOPES, until_made
from vertex_kit import PROJECT, made, vertex_daemon

MODEL = "veo-3.1-generate-001"
# Operations are UUIDs; tokens and the assertions they are given for are new each time.
IDS = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MADE = IDS + r"|ya29\.sim-\S+|eyJ[\w-]+\.[\w-]+\.[\w-]+"


@pytest.fixture
def client(sim):
    # The package asks the beta version unless told; the documentation of the service names v1.
    return genai.Client(
        vertexai=True, project=PROJECT, location="us-central1",
        credentials=service_account.Credentials.from_service_account_info(
            sim.credentials()["service_account"], scopes=SCOPES),
        http_options=types.HttpOptions(base_url=f"{sim.url}/vertex", api_version="v1"))


def by_client(client, source, **config):
    def run():
        # A credentials object that has a token already would not fetch one.
        client._api_client._credentials.token = None
        operation = client.models.generate_videos(
            model=MODEL, source=types.GenerateVideosSource(**source),
            config=types.GenerateVideosConfig(number_of_videos=1, **config))
        videos = until_made(client, operation).response.generated_videos
        assert videos[0].video.video_bytes or videos[0].video.uri
    return run


def by_kinora(daemon, **fields):
    def run():
        done = made(daemon, model=f"vertex/{MODEL}", **fields)
        assert done["status"] == "completed", done
    return run


def picture(data):
    return types.Image(image_bytes=data, mime_type="image/png")


def test_text_to_video(sim, daemons, client):
    """A clip from text with everything that can be asked."""
    compare(
        sim, "vertex text-to-video",
        by_client(
            client, {"prompt": "a red kite"}, duration_seconds=4, aspect_ratio="9:16",
            resolution="720p", fps=24, seed=7, negative_prompt="blur", generate_audio=False,
            person_generation="allow_adult", enhance_prompt=True),
        by_kinora(
            vertex_daemon(daemons, sim), prompt="a red kite", seconds=4, aspect_ratio="9:16",
            resolution="720p", fps=24, seed=7, negative_prompt="blur", audio=False,
            options={"personGeneration": "allow_adult", "enhancePrompt": True}), ids=IDS, made=MADE)


def test_image_to_video(sim, daemons, client):
    """A clip from a first and a last frame; the pictures really go."""
    first, last = png(900), png(1100)
    there, here = compare(
        sim, "vertex image-to-video",
        by_client(
            client, {"prompt": "it moves", "image": picture(first)}, last_frame=picture(last),
            duration_seconds=8, aspect_ratio="16:9", resolution="720p", generate_audio=True),
        by_kinora(
            vertex_daemon(daemons, sim), prompt="it moves", seconds=8, aspect_ratio="16:9",
            resolution="720p", audio=True, first_frame=data_url(first),
            last_frame=data_url(last)), ids=IDS, made=MADE)
    (submit,) = [words for route, words in here.items() if "predictLongRunning" in route]
    sent = submit["body"]["instances"][0]["image"]["bytesBase64Encoded"]
    assert base64.b64decode(sent) == first


def test_references_into_a_bucket(sim, daemons, client):
    """References, the result in a bucket."""
    data = png(700)
    compare(
        sim, "vertex references",
        by_client(
            client, {"prompt": "a hat"}, duration_seconds=8, aspect_ratio="16:9",
            resolution="720p", generate_audio=True, output_gcs_uri="gs://b/out",
            reference_images=[types.VideoGenerationReferenceImage(
                image=picture(data), reference_type="ASSET")]),
        by_kinora(
            vertex_daemon(daemons, sim, options=', storage_uri: "gs://b/out"'), prompt="a hat",
            seconds=8, aspect_ratio="16:9", resolution="720p", audio=True,
            references=[data_url(data)]), ids=IDS, made=MADE)
