"""The storage-backend door: /video/generate and its envelope."""

import base64
import hashlib
import re
import time

import pytest

from doors import VEO, data_url, http, opened, png, submits
from simulator import probe, video_stream

# The example of the dialect's documentation.
EXAMPLE = {
    "prompt": "A serene mountain landscape at sunset",
    "settings": {"video": {
        "model": "veo-3.1-fast", "duration_seconds": 5, "aspect_ratio": "9:16",
        "enhance_prompt": True, "number_of_videos": 1}},
    "customer_id": 123, "save_to_db": True,
}
KEY = re.compile(
    r"^http://kinora/customers/123/assets/video/[0-9T]{18}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.mp4$")


def wish(video=None, **top):
    """The example with changes; None takes a member away."""
    settings = {**EXAMPLE["settings"]["video"], **(video or {})}
    body = {**EXAMPLE, "settings": {"video": settings}, **top}
    settings_left = {name: value for name, value in settings.items() if value is not None}
    body["settings"] = {"video": settings_left}
    return {name: value for name, value in body.items() if value is not None}


def ask(daemon, video=None, path="/video/generate", headers=None, **top):
    with http(daemon) as client:
        answer = client.post(path, json=wish(video, **top), headers=headers)
    body = answer.json()
    # The envelope's code is the status, always [B24].
    assert body["code"] == answer.status_code and body["success"] == (answer.status_code < 300)
    return answer, body


def sample(prompt="a boat", **video):
    return {"video": {"model": "sample/clip", "duration_seconds": 2, **video}, "prompt": prompt}


def parameters(sim):
    return submits(sim, ":predictLongRunning")[-1]["parameters"]


def test_the_example_of_the_documentation(daemon, sim):
    """Envelope, key, names, the true length beside the asked one, and a file that is the clip
    [B11] [B15] [B16] [B17] [B18] [B22] [B23] [B24] [B25] [B26] [B27] [B28] [B29] [B30] [B36] [B58] [B59]."""
    answer, body = ask(daemon)
    assert answer.status_code == 200, body
    data = body["data"]
    assert KEY.match(data["video_url"]), data["video_url"]
    assert (data["provider"], data["model"]) == ("gemini", "veo-3.1-fast")
    assert data["upstream_model"] == "veo-3.1-fast-generate-preview"
    settings = data["settings"]
    assert settings["requested_duration_seconds"] == 5 and settings["asked"] == {"seconds": "5"}
    assert data["duration"] in (4, 6) and data["duration"] == settings["duration_seconds"]
    assert (settings["aspect_ratio"], settings["mode"]) == ("9:16", "text_to_video")
    assert settings["enhance_prompt"] is True and settings["number_of_videos"] == 1
    assert parameters(sim)["enhancePrompt"] is True and parameters(sim)["aspectRatio"] == "9:16"
    with http(daemon) as client:
        clip = client.get(data["video_url"]).content
    assert hashlib.sha256(clip).hexdigest() == data["videos"][0]["sha256"]
    assert round(float(probe(clip)["format"]["duration"])) == data["duration"]
    assert video_stream(clip)["height"] > video_stream(clip)["width"]
    assert answer.headers["x-kinora-job"] == data["job_id"]


def test_defaults(daemon, sim):
    """No settings at all: veo-3.1-fast, 9:16, 5 s, one video, enhanced prompt
    [B46] [B47] [B48] [B49] [B50] [B51] [B52] [B53] [B54] [B69]."""
    with http(daemon) as client:
        body = client.post("/video/generate", json={"prompt": "x", "customer_id": 1}).json()
    settings = body["data"]["settings"]
    assert body["data"]["model"] == "veo-3.1-fast" and len(body["data"]["videos"]) == 1
    assert settings["requested_duration_seconds"] == 5 and settings["aspect_ratio"] == "9:16"
    assert settings["enhance_prompt"] is True and settings["fps"] is None
    assert parameters(sim)["aspectRatio"] == "9:16" and "/customers/1/" in body["data"]["video_url"]
    _, body = ask(daemon, {"fps": None, "resolution": None, "generate_audio": None})
    assert body["code"] == 200


def test_values_snap_and_say_so(daemon, sim):
    """fps, shape, resolution and sound that are not offered move to what is [B16] [B49] [B54]."""
    _, body = ask(daemon, {"aspect_ratio": "1:1", "resolution": "480p", "fps": 30,
                           "generate_audio": False, "duration_seconds": "7"})
    asked = body["data"]["settings"]["asked"]
    assert asked == {"aspect_ratio": "1:1", "audio": "false", "fps": "30", "resolution": "480p",
                     "seconds": "7"}
    assert parameters(sim)["resolution"] == "720p" and body["data"]["duration"] in (6, 8)


def test_what_is_not_known_is_told(daemon):
    """Unknown settings, and known ones that the model has not, come back as warnings [B14]."""
    _, body = ask(daemon, {"foo": 1, "cfg_scale": 0.5}, bar=2)
    warnings = " ".join(body["data"]["settings"]["warnings"])
    assert "foo" in warnings and "bar" in warnings and "cfg_scale" in warnings


def test_an_image_makes_image_to_video_with_the_model_kept(daemon, sim):
    """input_image_url is really sent and the requested model really used; empty is absent
    [B21] [B38] [B39] [B72] [B73]."""
    picture = png()
    answer, body = ask(daemon, input_image_url=data_url(picture))
    assert body["data"]["settings"]["mode"] == "image_to_video"
    entry = [e for e in sim.log() if e["path"].endswith(":predictLongRunning")][-1]
    assert "veo-3.1-fast-generate-preview" in entry["path"]
    sent = submits(sim, ":predictLongRunning")[-1]["instances"][0]["image"]
    assert base64.b64decode(sent["bytesBase64Encoded"]) == picture
    _, body = ask(daemon, input_image_url="")
    assert body["data"]["settings"]["mode"] == "text_to_video"
    for url in ("http://169.254.169.254/x.png", "https://127.0.0.1/x.png"):
        answer, body = ask(daemon, input_image_url=url)
        assert (body["code"], body["error"]["code"]) == (400, "url_refused"), body


def test_a_data_url_when_nothing_is_to_be_saved(daemon):
    """save_to_db false answers the clip itself [B22] [B60] [B74]."""
    _, body = ask(daemon, **sample(), save_to_db=False)
    clip = opened(body["data"]["video_url"], "video/mp4")
    assert hashlib.sha256(clip).hexdigest() == body["data"]["videos"][0]["sha256"]
    assert body["data"]["videos"][0]["url"] is None


def test_several_videos_are_returned_and_counted(daemon, sim):
    """number_of_videos 3: three clips, three submits, three times the money [B19] [B51]."""
    answer, body = ask(daemon, **sample(number_of_videos=3))
    videos = body["data"]["videos"]
    assert len({video["url"] for video in videos}) == 3 == body["data"]["settings"]["number_of_videos"]
    assert body["data"]["video_url"] == videos[0]["url"]
    with http(daemon) as client:
        assert len({hashlib.sha256(client.get(video["url"]).content).hexdigest()
                    for video in videos}) == 3
    assert len(submits(sim)) == 3
    spent = {row["scope"]: row["spent_microusd"] for row in daemon.get("/v1/usage")["data"]}
    assert spent["host"] == spent["user:uid:0/customer-123"] == 60_000
    _, body = ask(daemon, **sample(number_of_videos=2, save_to_db=None), save_to_db=False)
    assert opened(body["data"]["videos"][1]["url"], "video/mp4")


def test_one_of_several_may_fail(daemon, sim):
    """What was made is returned, and the failure is told."""
    sim.fault("failed", provider="sample", times=1)
    _, body = ask(daemon, **sample(number_of_videos=2))
    assert body["code"] == 200 and len(body["data"]["videos"]) == 1
    assert "has no result" in " ".join(body["data"]["settings"]["warnings"])


@pytest.mark.parametrize("video,top,code,word", [
    ({}, {"prompt": "  "}, 400, "prompt_missing"),
    ({}, {"prompt": None}, 400, "prompt_missing"),
    ({}, {"customer_id": 0}, 400, "bad_field"),
    ({}, {"customer_id": -1}, 400, "bad_field"),
    ({}, {"customer_id": None}, 400, "bad_field"),
    ({}, {"customer_id": "me"}, 400, "bad_field"),
    ({"number_of_videos": 99}, {}, 400, "bad_field"),
    ({"model": "zzz"}, {}, 400, "model_unknown"),
    ({"model": "VEO-x"}, {}, 400, "model_unknown"),
    ({"model": "kling"}, {}, 400, "model_unknown"),
    ({"model": "KLING-v9"}, {}, 400, "model_unknown"),
    ({"model": "sora-9"}, {}, 400, "model_unknown"),
    ({"poll_timeout_seconds": "soon"}, {}, 400, "bad_field"),
    ({"mask": "data:image/png;base64,AAAA"}, {}, 501, "not_supported"),
])
def test_refusals_come_before_any_request(daemon, sim, video, top, code, word):
    """Validation first, in the envelope; nothing reaches a provider
    [B13] [B20] [B24] [B43] [B46] [B51] [B61] [B62] [B68]."""
    _, body = ask(daemon, video, **top)
    assert (body["code"], body["error"]["code"]) == (code, word), body
    assert body["data"] is None and body["detail"] == body["error"]["message"]
    kinds = {400: ("ValidationError", "ConfigurationError"), 501: ("NotImplementedError",)}
    assert body["error"]["type"] in kinds[code]
    assert sim.log() == [] and daemon.jobs() == []


@pytest.mark.parametrize("name,model,provider", [
    ("veo", VEO, "gemini"), ("VEO-3.1", VEO, "gemini"),
    ("veo-3.1-fast", "veo-3.1-fast-generate-preview", "gemini"),
    ("gemini", "gemini-omni-1.1-flash", "gemini"), ("google/veo", VEO, "gemini"),
    ("sora", "sora-2", "openai"), ("SORA-2", "sora-2", "openai"), ("openai", "sora-2", "openai"),
])
def test_names_have_families(daemon, name, model, provider):
    """veo* and gemini* are served by Google, sora* and openai* by OpenAI, in any case
    [B2] [B5] [B44] [B45] [B79]."""
    _, body = ask(daemon, {"model": name, "duration_seconds": 4})
    assert (body["data"]["upstream_model"], body["data"]["provider"]) == (model, provider), body
    assert body["data"]["model"] == name


@pytest.mark.parametrize("fault,code,kind", [
    ("500", 502, "ProviderError"), ("402", 502, "ProviderError"), ("401", 502, "ProviderError"),
    ("failed", 502, "ProviderError"), ("html_200", 502, "ProviderError"),
    ("filtered", 400, "ValidationError"), ("not_a_video", 502, "ServiceError"),
])
def test_trouble_at_the_provider(daemon, sim, fault, code, kind):
    """Whatever the provider does wrong is 502, with the job's id and never an empty success
    [B64] [B65] [B70] [B71] [B76]."""
    answer, body = ask(daemon, **sample(f"x [fault:{fault}]"))
    assert (body["code"], body["error"]["type"]) == (code, kind), body
    assert body["data"]["job_id"] == answer.headers["x-kinora-job"]
    assert answer.headers["x-should-retry"] == "false"


def test_a_budget_is_402(daemons, sim):
    """budget_exceeded is 402 here as everywhere, and what was begun of several is given back."""
    daemon = daemons(sim, speed=40, extra="budgets: {host: {usd_per_day: 0.05}}").start()
    _, body = ask(daemon, **sample(number_of_videos=3))
    assert (body["code"], body["error"]["code"]) == (402, "budget_exceeded")
    assert "cancelled" in body["error"]["message"]


def test_no_credential_is_400(daemons, sim):
    """A provider without its key is a configuration error, on both paths [B62]."""
    daemon = daemons(sim, speed=40)
    lines = daemon.config.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  google:"))
    lines = [line for i, line in enumerate(lines)
             if not (at < i < at + 5 and "credentials" in line)]
    daemon.config.write_text("\n".join(lines))
    daemon.start()
    for path, video in (("/video/generate", {}), ("/video/extend", {"video_id": "video_1"})):
        _, body = ask(daemon, video, path=path)
        assert (body["code"], body["error"]["type"]) == (400, "ConfigurationError"), body


def test_patience_is_the_clients(daemon, sim):
    """poll_timeout_seconds ends the wait, not the job; its id is in the answer and its key finds it [B55]."""
    began = time.monotonic()
    slow = sample("[render:120]", poll_timeout_seconds=1)
    answer, body = ask(daemon, **slow, headers={"Idempotency-Key": "slow"})
    assert body["code"] == 504 and body["error"]["code"] == "poll_timeout", body
    assert 0.9 <= time.monotonic() - began
    job = body["data"]["job_id"]
    assert daemon.get(f"/v1/videos/{job}?wait=60")["status"] == "completed"
    answer, body = ask(daemon, **slow, headers={"Idempotency-Key": "slow"})
    assert body["code"] == 200 and body["data"]["job_id"] == job and len(submits(sim)) == 1


def test_the_pace_is_the_clients(daemon, sim):
    """poll_interval_seconds makes polls rarer; quicker than the provider's pace it is not [B56]."""
    def polls(**more):
        sim.reset()
        _, body = ask(daemon, **sample("[render:160]", **more))
        return (sum(entry["method"] == "GET" and "/videos/" in entry["path"]
                    and "content" not in entry["path"] for entry in sim.log()),
                body["data"]["settings"])
    usual, _ = polls()
    rare, settings = polls(poll_interval_seconds=60)
    assert settings["poll_interval_seconds"] == 60 and rare < usual / 3, (rare, usual)
    _, settings = polls(poll_interval_seconds=0)
    assert settings["poll_interval_seconds"] == 2
    assert "quicker" in " ".join(settings["warnings"])


def test_nobody_has_to_wait(daemon):
    """Prefer: respond-async answers 202 with the job [B11] [B57]."""
    answer, body = ask(daemon, **sample(), headers={"Prefer": "respond-async"})
    assert answer.status_code == 202
    assert daemon.get(body["data"]["status_url"])["id"] == body["data"]["job_id"]
