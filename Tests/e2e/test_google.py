"""The Gemini API through kinorad: its models by their names, what they take, images, refusals."""

import json

import pytest
from media import data_url, png
from simulator import probe, video_stream

VEO = {
    "veo-3.1-generate-preview": ([4, 6, 8], ["720p", "1080p", "4k"]),
    "veo-3.1-fast-generate-preview": ([4, 6, 8], ["720p", "1080p", "4k"]),
    "veo-3.0-generate-001": ([8], ["720p", "1080p"]),
    "veo-3.0-fast-generate-001": ([8], ["720p", "1080p"]),
}


def submit(daemon, **fields):
    return daemon.post("/v1/videos", {"prompt": "a heron", **fields})[:2]


def made(daemon, **fields):
    status, job = submit(daemon, **fields)
    assert status == 200, job
    return daemon.get(f"/v1/videos/{job['id']}?wait=60")


def bodies(sim):
    return [json.loads(entry["body"]) for entry in sim.log() if entry["method"] == "POST"]


def refusal(daemon, **fields):
    """(field, allowed values) of a request that is refused before anything is sent."""
    status, body = submit(daemon, **fields)
    assert status == 400, body
    error = body["errors"][0]
    return error["pointer"], error.get("allowed")


@pytest.mark.parametrize("model", VEO)
def test_the_four_veo_models(sim, daemon, model):
    """Each row of the table: lengths, resolutions, its own method [C39] [C40] [C41] [C42] [C58] [C78] [C79]."""
    shown = daemon.get(f"/v1/models/google/{model}")["kinora"]
    lengths, resolutions = VEO[model]
    assert shown["seconds"] == lengths and shown["resolutions"] == resolutions
    assert shown["aspect_ratios"] == ["16:9", "9:16"] and shown["negative_prompt"]
    done = made(daemon, model=model, seconds=lengths[-1], aspect_ratio="9:16")
    assert done["status"] == "completed" and done["model"] == f"google/{model}"
    assert sim.log()[0]["path"] == f"/google/v1beta/models/{model}:predictLongRunning"
    status, data, _ = daemon.request("GET", f"/v1/videos/{done['id']}/content")
    stream = video_stream(data)
    assert status == 200 and (stream["width"], stream["height"]) == (720, 1280)
    cents = {"veo-3.1-fast-generate-preview": 10, "veo-3.0-fast-generate-001": 15}.get(model, 40)
    assert done["kinora"]["cost"]["settled_microusd"] == lengths[-1] * cents * 10_000


@pytest.mark.parametrize("alias,model", [
    ("veo", "veo-3.1-generate-preview"), ("veo-3.1", "veo-3.1-generate-preview"),
    ("veo-3.1-fast", "veo-3.1-fast-generate-preview"),
    ("gemini-3-pro-image-preview", "gemini-3-pro-image")])
def test_aliases(sim, daemon, alias, model):
    """Short names, with and without the provider's before them [B5] [C57]."""
    for name in (alias, f"google/{alias}"):
        status, quote, _ = daemon.post("/v1/quote", {"model": name, "prompt": "a heron"})
        assert status == 200 and quote["model"] == f"google/{model}", quote
    assert sim.log() == []


def test_features_of_veo_fast(sim, daemon):
    """Text, image, aspect ratios and enhancing of the prompt [B6]."""
    shown = daemon.get("/v1/models/google/veo-3.1-fast-generate-preview")["kinora"]
    assert {"text-to-video", "image-to-video"} <= set(shown["kinds"])
    for more in ({}, {"first_frame": data_url(png(900))}):
        done = made(
            daemon, model="veo-3.1-fast", seconds=8, options={"enhancePrompt": True}, **more)
        assert done["status"] == "completed", done
    text, image = bodies(sim)
    assert text["parameters"]["enhancePrompt"] is True and "image" not in text["instances"][0]
    assert image["instances"][0]["image"]["mimeType"] == "image/png"
    assert image["instances"][0]["image"]["bytesBase64Encoded"]


def test_what_veo_does_not_take(sim, daemon):
    """Other shapes, sizes and lengths are refused with what there is, before a cent [C43] [C44] [C45] [C46]."""
    assert refusal(daemon, model="veo", prompt="")[0] == "/prompt"
    assert refusal(daemon, model="veo", aspect_ratio="1:1") == ("/aspect_ratio", ["16:9", "9:16"])
    assert refusal(daemon, model="veo", resolution="480p") == (
        "/resolution", ["720p", "1080p", "4k"])
    assert refusal(daemon, model="veo", seconds=5) == ("/seconds", ["4", "6", "8"])
    assert refusal(daemon, model="veo", seconds=4, resolution="1080p") == ("/seconds", ["8"])
    assert refusal(daemon, model="veo", seconds=6, references=[data_url(png(700))]) == (
        "/seconds", ["8"])
    assert refusal(daemon, model="veo-3.0-generate-001", seconds=4) == ("/seconds", ["8"])
    assert sim.log() == []


def test_snapping(sim, daemon):
    """With snap: true they move to the nearest, and 1080p to 8 seconds [C44] [C45] [C46]."""
    done = made(
        daemon, model="veo", seconds=5, aspect_ratio="1:1", resolution="480p", snap=True)
    assert done["status"] == "completed", done
    parameters = bodies(sim)[0]["parameters"]
    assert parameters["aspectRatio"] in ("16:9", "9:16") and parameters["resolution"] == "720p"
    assert parameters["durationSeconds"] in (4, 6)
    assert set(done["kinora"]["asked"]) == {"seconds", "aspect_ratio", "resolution"}
    sim.reset()
    made(daemon, model="veo", seconds=4, resolution="1080p", snap=True)
    assert bodies(sim)[0]["parameters"]["durationSeconds"] == 8


def test_extension_of_veo(sim, daemon):
    """A finished clip goes on: its file is named, 720p and 8 s alone, no more is booked than quoted [C81]."""
    first = made(daemon, model="veo", seconds=4)
    source = {"job": first["id"]}
    assert refusal(daemon, model="veo", source=source, resolution="1080p") == (
        "/resolution", ["720p"])
    longer = made(daemon, model="veo", source=source)
    assert longer["status"] == "completed", longer
    instance = bodies(sim)[-1]["instances"][0]
    assert "/files/" in instance["video"]["uri"]
    cost = longer["kinora"]["cost"]
    assert cost["settled_microusd"] <= cost["quoted_microusd"] == 3_200_000


def test_extension_of_omni(sim, daemon):
    """Omni goes on from an interaction [C81]."""
    first = made(daemon, model="omni", seconds=3)
    longer = made(daemon, model="omni", seconds=3, source={"job": first["id"]})
    assert longer["status"] == "completed", longer
    body = bodies(sim)[-1]
    assert body["previous_interaction_id"] == first["kinora"]["provider_id"]
    assert body["generation_config"]["video_config"]["task"] == "extend"


def test_a_second_provider_of_the_plugin(sim, daemons):
    """The plugin serves a provider named gemini as well, by its own key [C87]."""
    key = sim.directory / "gemini.key"
    key.write_text("sk-gemini\n")
    key.chmod(0o600)
    daemon = daemons(sim, speed=40, providers=f"""
  gemini:
    plugin: google
    base_url: {sim.url}/google/v1beta
    allow_private: true
    poll_speed: 40
    credentials: {{api_key: {{file: {key}}}}}
""").start()
    done = made(daemon, model="gemini/veo-3.1-generate-preview", seconds=4)
    assert done["status"] == "completed" and done["kinora"]["provider"] == "gemini"
    assert {entry["headers"]["x-goog-api-key"] for entry in sim.log()} == {"sk-gemini"}


def test_an_image(sim, daemon):
    """One synchronous call; the picture is lifted out of the answer, priced and whole [C60]."""
    done = made(
        daemon, model="google/gemini-3-pro-image", aspect_ratio="1:1", resolution="1K",
        references=[data_url(png(700))])
    assert done["status"] == "completed", done
    assert done["kinora"]["kind"] == "image"
    assert done["kinora"]["cost"]["settled_microusd"] == 134_000
    assert [entry["path"] for entry in sim.log()] == [
        "/google/v1beta/models/gemini-3-pro-image:generateContent"]
    status, data, headers = daemon.request("GET", f"/v1/videos/{done['id']}/content")
    stream = probe(data)["streams"][0]
    assert status == 200 and headers["Content-Type"] == "image/jpeg"
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("mjpeg", 768, 768)
    quote = daemon.post("/v1/quote", {
        "model": "google/gemini-3-pro-image", "prompt": "a heron", "resolution": "4K"})[1]
    assert quote["microusd"] == 240_000


@pytest.mark.parametrize("fault,state", [
    ("filtered", "failed"), ("success_without_asset", "failed"), ("402", "failed"),
    ("403", "failed"), ("html_200_after_accept", "held"), ("drop_after_accept", "held"),
    ("truncated_json_after_accept", "held")])
def test_images_that_do_not_come(sim, daemon, fault, state):
    """A refusal costs nothing; an answer that is lost may have cost, and is never asked for again."""
    done = made(
        daemon, model="google/gemini-3-pro-image", prompt=f"a heron [fault:{fault}]")
    assert done["kinora"]["state"] == state, done
    assert len([entry for entry in sim.log() if entry["method"] == "POST"]) == 1
    reserved = sum(row["reserved_microusd"] for row in daemon.get("/v1/usage")["data"][:1])
    assert (reserved > 0) == (state == "held")


def test_an_image_without_a_price(sim, daemon):
    """A model whose price is not known asks what it may cost."""
    status, body = submit(daemon, model="google/gemini-nano-banana-2.1")
    assert status == 400 and body["error"]["code"] == "model_unpriced"
    assert made(daemon, model="google/gemini-nano-banana-2.1", max_cost_usd="0.15")[
        "status"] == "completed"


def test_a_retired_image_model(daemons, sim):
    """At Google's own host the successor of what was shut down is named."""
    daemon = daemons(sim, providers=f"""
  real:
    plugin: google
    credentials: {{api_key: {{file: {sim.directory / "real.key"}}}}}
""")
    (sim.directory / "real.key").write_text("k\n")
    (sim.directory / "real.key").chmod(0o600)
    daemon.start()
    status, body = submit(daemon, model="real/gemini-2.5-flash-image")
    assert status == 410 and "2026-10-02" in body["detail"]
    assert "google/gemini-3.1-flash-lite-image" in body["detail"]
