"""Vercel's AI Gateway through kinorad and as the simulator plays it. Its client is a JavaScript package;
bodies and answers are those of vercel/ai at ed857f50, packages/gateway/src/gateway-video-model.test.ts."""

import base64
import json
import time

import httpx
import pytest
from job_kit import done, over, settled
from media import data_url, png
from simulator import video_stream

KEY = "vck-test-0001"
VEO = "google/veo-3.1-generate-001"
HEADERS = {
    "authorization": f"Bearer {KEY}", "ai-gateway-protocol-version": "0.0.1",
    "ai-gateway-auth-method": "api-key", "ai-video-model-specification-version": "4"}
# What the client sends for a start and reads from the answers.
START = {"prompt": "a fox", "n": 1, "aspectRatio": "16:9", "resolution": "1280x720", "duration": 4,
         "generateAudio": True}


def entry(sim, directory):
    path = directory / "vercel-key"
    path.write_text(KEY + "\n")
    path.chmod(0o600)
    return f"""
  vercel-gateway:
    base_url: {sim.url}/vercel/v4/ai
    allow_private: true
    poll_speed: 40
    credentials: {{api_key: {{file: {path}}}}}
"""


@pytest.fixture
def gateway(daemons, sim, tmp_path):
    return daemons(sim, speed=40, providers=entry(sim, tmp_path)).start()


def starts(sim):
    return [entry for entry in sim.log() if entry["path"].endswith("/video-model/start")]


def test_what_a_key_may_use(sim, gateway):
    """The doctor asks the gateway's own list with the key: one free GET; a wrong key is said [A6]."""
    found = gateway.get("/v1/doctor/vercel-gateway")
    assert found["ok"], found
    may = {model["id"]: model["may"] for model in found["models"]}
    # The simulator lists fewer than there are.
    assert may[VEO] == "yes" and set(may.values()) == {"yes", "no"}
    assert [(e["method"], e["path"]) for e in sim.log()] == [("GET", "/vercel/v4/ai/config")]
    assert sim.log()[0]["headers"]["authorization"] == f"Bearer {KEY}"
    (gateway.directory.parent / "vercel-key").write_text("bad-key\n")
    refused = gateway.get("/v1/doctor/vercel-gateway")
    assert not refused["ok"] and "refused the key: status 401" in json.dumps(refused)


# Making clips.


def test_a_clip_by_its_slug(sim, gateway):
    """owner/model is a model's name; start and status as the client sends them, the cost told [V5]."""
    job = done(gateway, model=VEO, seconds=4, resolution="1080p", audio=False, seed=7)
    start = starts(sim)[0]
    assert {name: start["headers"].get(name) for name in HEADERS} == HEADERS
    assert start["headers"]["ai-model-id"] == VEO
    assert len(start["headers"]["idempotency-key"]) >= 32
    assert json.loads(start["body"]) == {
        "prompt": "a heron", "n": 1, "aspectRatio": "16:9", "duration": 4, "seed": 7,
        "resolution": "1920x1080", "generateAudio": False}
    polls = [e for e in sim.log() if e["path"].endswith("/status")]
    assert {e["body"] for e in polls} == {
        json.dumps({"operation": {"gatewayJobId": sim.jobs()[0]["id"]}}, separators=(",", ":"))}
    assert all(e["headers"]["ai-model-id"] == VEO for e in polls)
    # The file lies elsewhere and gets no key.
    fetched = [e for e in sim.log() if "/files/" in e["path"]]
    assert fetched and not any("authorization" in e["headers"] for e in fetched)
    stream = video_stream(gateway.request("GET", f"/v1/videos/{job['id']}/content")[1])
    assert (stream["width"], stream["height"]) == (1920, 1080)
    assert job["kinora"]["cost"]["quoted_microusd"] == settled(job) == 4 * 200_000
    assert job["kinora"]["provider_id"] == sim.jobs()[0]["id"]


def test_a_result_inside_the_answer(sim, gateway):
    """Base64 in the status answer goes straight to a file, however long it is."""
    job = done(gateway, model=VEO, seconds=4, prompt="a heron [fault:inline_asset] [pad:6000000]")
    status, data, _ = gateway.request("GET", f"/v1/videos/{job['id']}/content")
    assert status == 200 and len(data) > 6_000_000
    video_stream(data)
    assert sim.jobs()[0]["downloads"] >= 1 and not any("/files/" in e["path"] for e in sim.log())


def test_two_results_of_one_job(sim, gateway):
    """n goes to the gateway, each result is stored and paid for."""
    job = done(gateway, model=VEO, seconds=4, n=2, audio=True)
    assert json.loads(starts(sim)[0]["body"])["n"] == 2
    assert len(job["kinora"]["artifacts"]) == 2 and settled(job) == 2 * 4 * 400_000


def test_the_catalogue(sim, gateway):
    """Slugs, names, makers, lengths and shapes with the default first, prices, sound [V37]."""
    models = {model["id"].removeprefix("vercel-gateway/"): model["kinora"]
              for model in gateway.get("/v1/models")["data"]
              if model["owned_by"] == "vercel-gateway"}
    assert len(models) == 29 and all(slug.count("/") == 1 for slug in models)
    for slug, model in models.items():
        assert model["name"] and model["seconds"] and model["resolutions"], slug
        assert model["audio"] in ("never", "always", "optional"), slug
    unpriced = {slug for slug, model in models.items() if not model["prices"]}
    assert unpriced == {"spacexai/grok-imagine-video-1.5", "bfl/flux-3-video"}
    status, refusal, _ = gateway.post(
        "/v1/videos", {"model": "bfl/flux-3-video", "prompt": "a fox"})
    assert status == 400 and "max_cost_usd" in refusal["detail"]
    assert done(gateway, model="bfl/flux-3-video", max_cost_usd="1.00")["status"] == "completed"
    # The older name of a maker.
    sim.reset()
    done(gateway, model="xai/grok-imagine-video", seconds=2)
    assert starts(sim)[0]["headers"]["ai-model-id"] == "spacexai/grok-imagine-video"


def test_the_default_length_is_the_first(sim, gateway):
    """Without a length the first of the list is made [V40] [V41]."""
    quote = gateway.post("/v1/quote", {"model": VEO, "prompt": "a fox"})[1]
    assert quote["resolved"]["seconds"] == 8 and quote["resolved"]["aspect_ratio"] == "16:9"
    audio = gateway.post("/v1/quote", {"model": VEO, "prompt": "x", "seconds": 8, "audio": True})[1]
    silent = gateway.post("/v1/quote", {"model": VEO, "prompt": "x", "seconds": 8, "audio": False})[1]
    assert (audio["microusd"], silent["microusd"]) == (3_200_000, 1_600_000)


def test_a_model_is_swapped_by_configuration(sim, daemons, tmp_path):
    """The default model stands in the configuration; a reload changes what is made [V6]."""
    daemon = daemons(sim, speed=40, providers=entry(sim, tmp_path)).start()
    text = daemon.config.read_text()
    for slug in (VEO, "google/veo-3.1-lite-generate-001"):
        daemon.config.write_text(
            text.replace("{model: sample/clip}", f"{{model: vercel-gateway/{slug}}}"))
        assert daemon.post("/v1/reload")[0] == 200
        sim.reset()
        done(daemon, seconds=4)
        assert starts(sim)[0]["headers"]["ai-model-id"] == slug


# Images and makers' options.


def test_frames_are_sent(sim, gateway):
    """First and last frame as files inside the request."""
    first, last = png(900), png(1100)
    done(gateway, model=VEO, seconds=4, first_frame=data_url(first), last_frame=data_url(last))
    body = json.loads(starts(sim)[0]["body"])
    assert body["frameImages"] == [
        {"image": {"type": "file", "mediaType": "image/png",
                   "data": base64.b64encode(data).decode()}, "frameType": kind}
        for data, kind in ((first, "first_frame"), (last, "last_frame"))]


def test_what_does_not_fit(sim, gateway):
    """300 KiB for a request: told before anything is sent; Wan takes addresses only."""
    job = over(gateway, model=VEO, seconds=4, first_frame=data_url(png(400_000)))
    assert job["status"] == "failed" and "300 KiB" in job["error"]["message"], job
    job = over(gateway, model="alibaba/wan-v2.6-i2v", seconds=4, first_frame=data_url(png(900)))
    assert job["status"] == "failed" and "https address only" in job["error"]["message"]
    assert starts(sim) == []
    assert all(row["reserved_microusd"] == 0 for row in gateway.get("/v1/usage")["data"])


def test_makers_options(sim, gateway):
    """Kling's quality is a mode and its negative prompt an option; the client's options stay."""
    job = done(gateway, model="klingai/kling-v2.6-t2v", seconds=5, resolution="1080p", audio=True,
               negative_prompt="rain", options={"klingai": {"cfgScale": 0.5}, "gateway": {"tags": ["a"]}})
    body = json.loads(starts(sim)[0]["body"])
    assert body["providerOptions"] == {
        "klingai": {"cfgScale": 0.5, "mode": "pro", "negativePrompt": "rain"},
        "gateway": {"tags": ["a"]}}
    assert "resolution" not in body and settled(job) == 5 * 140_000
    job = over(gateway, model=VEO, options={"gateway": {"idempotencyKey": "mine"}})
    assert job["status"] == "failed" and "idempotencyKey" in job["error"]["message"]


# Refusals and failures.


@pytest.mark.parametrize("fault, code, words", [
    ("401", "provider_unauthenticated", "Invalid API key"),
    ("402", "provider_exhausted", "no credit left"), ("403", "provider_refused", "rule"),
    ("failed", "provider_refused", "failed"), ("filtered", "content_blocked", "content policy"),
    ("success_without_asset", "provider_refused", "no video"),
    ("retired_model", "provider_refused", "does not have this model"),
    ("provider_cancelled", "provider_refused", "cancelled"),
])
def test_an_end_with_its_reason(sim, gateway, fault, code, words):
    """The gateway's own words reach the client, nothing stays reserved."""
    job = over(gateway, model=VEO, seconds=4, prompt=f"a heron [fault:{fault}]")
    assert (job["status"], job["error"]["code"]) == ("failed", code), job
    assert words in job["error"]["message"] and "<" not in job["error"]["message"]
    assert all(row["reserved_microusd"] == 0 for row in gateway.get("/v1/usage")["data"])


@pytest.mark.parametrize("fault", ["429", "429_retry_after", "poll:500", "poll:html_200",
                                   "poll:truncated_json", "unknown_status", "poll:502"])
def test_what_passes(sim, gateway, fault):
    """A rate limit is waited for, a bad poll is asked again, an unknown word is no end."""
    job = done(gateway, model=VEO, seconds=4, prompt=f"a heron [fault:{fault}]")
    assert len(sim.jobs()) == 1 and settled(job) > 0


def test_a_cost_that_is_not_told(sim, gateway):
    """Without the gateway's figure the catalog's price of the seconds in the file is booked."""
    job = done(gateway, model=VEO, seconds=4, audio=True, prompt="a heron [fault:missing_cost]")
    assert settled(job) == 4 * 400_000


# Lost submits: the simulator's record is the judge.


@pytest.mark.parametrize("fault", ["drop_after_accept", "reset_after_accept", "500_after_accept",
                                   "html_200_after_accept", "truncated_json_after_accept",
                                   "drop_before_accept"])
def test_a_lost_answer_is_repeated_under_its_key(sim, gateway, fault):
    """The same key gives the same operation: two requests, one purchase."""
    job = done(gateway, model=VEO, seconds=4, prompt=f"a heron [fault:submit:{fault}]")
    keys = [e["headers"]["idempotency-key"] for e in starts(sim)]
    assert len(keys) >= 2 and len(set(keys)) == 1
    assert len({e["body"] for e in starts(sim)}) == 1
    assert [made["creations"] for made in sim.jobs()] == [1]
    assert job["kinora"]["attempt"] == 1 and settled(job) > 0


def test_kill_during_a_lost_submit(sim, gateway):
    """SIGKILL while the answer is being lost: the restart repeats under the same key, paid once."""
    sim.fault("hang_after_accept", "vercel", "submit", seconds=600)
    job = gateway.post("/v1/videos", {"model": VEO, "seconds": 4, "prompt": "a heron"})[1]["id"]
    end = time.monotonic() + 30
    while not sim.jobs():
        assert time.monotonic() < end
        time.sleep(0.02)
    gateway.kill()
    gateway.start()
    after = gateway.get(f"/v1/videos/{job}?wait=60")
    assert after["status"] == "completed", after
    keys = [e["headers"]["idempotency-key"] for e in starts(sim)]
    assert len(keys) == 2 and len(set(keys)) == 1
    assert len(sim.jobs()) == 1 and sim.jobs()[0]["repeats"] == 1
    assert settled(after) == 4 * 400_000


# The simulator itself.


def post(sim, path, body, model=VEO, **more):
    return httpx.post(
        f"{sim.url}/vercel/v4/ai/{path}", json=body, timeout=60,
        headers={**HEADERS, "ai-model-id": model, **more})


def test_recorded_answers(sim):
    """start and status have the members that the client's schema reads; one key, one operation."""
    made = post(sim, "video-model/start", START, **{"idempotency-key": "aisdk_vid_1"}).json()
    assert set(made) == {"operation", "warnings", "providerMetadata"}
    assert set(made["operation"]) == {"gatewayJobId"}
    assert made["providerMetadata"]["gateway"]["asyncJob"]["status"] == "queued"
    again = post(sim, "video-model/start", START, **{"idempotency-key": "aisdk_vid_1"}).json()
    assert again["operation"] == made["operation"] and len(sim.jobs()) == 1
    for _ in range(400):
        status = post(sim, "video-model/status", {"operation": made["operation"]}).json()
        if status["status"] != "pending":
            break
        time.sleep(0.02)
    assert status["status"] == "completed" and status["warnings"] == []
    assert set(status["videos"][0]) == {"type", "url", "mediaType"}
    assert status["providerMetadata"]["gateway"]["cost"] == "1.60"


def test_the_event_stream(sim):
    """Comments, then one data event: a result, or within a 200 an error with errorType and param."""
    def events(body, **more):
        answer = post(sim, "video-model", body, accept="text/event-stream", **more)
        assert answer.headers["content-type"] == "text/event-stream" and answer.status_code == 200
        lines = [line for line in answer.text.split("\n") if line]
        assert lines[0] == ":" and [line[:5] for line in lines if line != ":"] == ["data:"]
        return json.loads(lines[-1].removeprefix("data: "))
    result = events(START)
    assert result["type"] == "result" and result["videos"][0]["type"] == "url"
    # The official client does not fetch from loopback.
    inline = events(START, **{"user-agent": "ai/7.0.77 ai-sdk/gateway/4.0.62"})
    assert inline["videos"][0]["type"] == "base64"
    video_stream(base64.b64decode(inline["videos"][0]["data"]))
    error = events({**START, "prompt": "a fox [fault:failed]"})
    assert set(error) == {"type", "message", "errorType", "statusCode", "param"}
    assert (error["type"], error["statusCode"], error["param"]) == ("error", 500, None)


def test_refusals(sim):
    """The error form of create-gateway-error.ts, 413 above 300 KiB, headers that must be there."""
    def refused(answer):
        error = answer.json()["error"]
        assert set(error) == {"message", "type", "param"}
        return answer.status_code, error["type"]
    assert refused(post(sim, "video-model/start", START, model="no/such")) == (
        404, "model_not_found")
    assert refused(post(sim, "video-model/start", {**START, "n": None})) == (
        400, "invalid_request_error")
    large = {**START, "image": {"type": "file", "data": "A" * 310_000, "mediaType": "image/png"}}
    assert refused(post(sim, "video-model/start", large))[0] == 413
    assert refused(post(sim, "video-model/start", START, authorization="Bearer bad-key")) == (
        401, "authentication_error")
    bare = httpx.post(
        f"{sim.url}/vercel/v4/ai/video-model/start", json=START,
        headers={"authorization": f"Bearer {KEY}"})
    assert refused(bare) == (400, "invalid_request_error")
    models = httpx.get(f"{sim.url}/vercel/v1/models").json()
    assert models["object"] == "list" and models["data"][0]["type"] == "video"
    assert sim.jobs() == []
