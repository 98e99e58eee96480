"""The AI SDK gateway door: the requests of @ai-sdk/gateway 4.0.62 as they were recorded, on loopback TCP with
a key, which is how that client is pointed at a host of one's own."""

import base64
import json
import socket
import time

import httpx
import pytest

from door_kit import KEY, with_tcp
from kinora_kit import eventually
from media import png
from simulator import video_stream

BODY = {"prompt": "a fox", "n": 1, "aspectRatio": "16:9", "resolution": "1280x720", "duration": 4}


@pytest.fixture
def front(daemons, sim):
    return with_tcp(daemons(sim, speed=40)).start()


def fields(model="sample/clip", **more):
    """What the client sends."""
    return {
        "authorization": f"Bearer {KEY}", "ai-gateway-protocol-version": "0.0.1",
        "ai-gateway-auth-method": "api-key", "ai-video-model-specification-version": "4",
        "ai-model-id": model, "user-agent": "ai/7.0.77 ai-sdk/gateway/4.0.62", **more}


def generate(front, body=BODY, model="sample/clip", **more):
    """One blocking call: the answer, and the first data event, which is all that its client reads."""
    headers = fields(model, accept="text/event-stream", **more)
    answer = httpx.post(f"{front.tcp}/v4/ai/video-model", json=body, headers=headers, timeout=120)
    if answer.status_code != 200:
        return answer, None
    assert answer.headers["content-type"] == "text/event-stream"
    data = [line[6:] for line in answer.text.split("\n") if line.startswith("data: ")]
    rest = [line for line in answer.text.split("\n") if line and not line.startswith("data: ")]
    assert len(data) == 1 and all(line.startswith(":") for line in rest)
    return answer, json.loads(data[0])


def test_a_clip(front, sim):
    """The blocking form: comments, then one result with the file as base64, its price and its job [P17]."""
    answer, event = generate(front)
    assert list(event)[:2] == ["type", "videos"] and event["type"] == "result"
    video, = event["videos"]
    assert (video["type"], video["mediaType"]) == ("base64", "video/mp4")
    stream = video_stream(base64.b64decode(video["data"], validate=True))
    assert (stream["width"], stream["height"]) == (1280, 720)
    assert event["warnings"] == []
    gateway = event["providerMetadata"]["gateway"]
    job = front.get(f"/v1/videos/{answer.headers['x-kinora-job']}")
    assert gateway["generationId"] == job["id"] and gateway["cost"] == "0.04"
    assert job["kinora"]["cost"]["settled_microusd"] == 40_000
    assert (job["seconds"], job["size"]) == ("4", "1280x720")


def test_the_answer_begins_at_once(front, sim):
    """Its head leaves with a comment long before the video is there, so that no client gives up [P17]."""
    body = json.dumps({**BODY, "prompt": "x [render:200]"}).encode()
    client = socket.create_connection(front.address, timeout=60)
    head = [f"{name}: {value}" for name, value in fields(accept="text/event-stream").items()]
    client.sendall("\r\n".join([
        "POST /v4/ai/video-model HTTP/1.1", "host: 127.0.0.1", "content-type: application/json",
        f"content-length: {len(body)}", *head]).encode() + b"\r\n\r\n" + body)
    seen = b""
    while b":\n\n" not in seen:
        seen += client.recv(4096)
    assert b"data:" not in seen and b"x-kinora-job: video_" in seen
    while b'data: {"type":"result"' not in seen:
        seen = seen[-64:] + client.recv(65536)
    client.close()


def test_start_and_status(front, sim):
    """The asynchronous form; the same key on a repeat of /start is the same job [P17]."""
    url = f"{front.tcp}/v4/ai/video-model"
    headers = fields(**{"idempotency-key": "aisdk_vid_Abc123"})
    body = {**BODY, "prompt": "x [render:60]"}
    made = [httpx.post(f"{url}/start", json=body, headers=headers, timeout=60) for _ in range(3)]
    assert [answer.status_code for answer in made] == [200] * 3
    operation = made[0].json()["operation"]
    assert all(answer.json()["operation"] == operation for answer in made)
    assert made[0].json()["providerMetadata"]["gateway"]["asyncJob"]["jobId"]
    seen, end = set(), time.monotonic() + 90
    while True:
        answer = httpx.post(f"{url}/status", json={"operation": operation}, headers=fields(), timeout=60)
        status = answer.json()
        seen.add(status["status"])
        if status["status"] != "pending":
            break
        assert time.monotonic() < end
        time.sleep(0.05)
    assert seen == {"pending", "completed"}
    video, = status["videos"]
    video_stream(base64.b64decode(video["data"], validate=True))
    assert [job["creations"] for job in sim.jobs()] == [1]
    foreign = httpx.post(
        f"{url}/status", json={"operation": {"gatewayJobId": "video_00"}}, headers=fields())
    assert foreign.status_code == 404 and foreign.json()["error"]["type"] == "not_found"


def test_status_of_what_failed_or_was_cancelled(front, sim):
    """error with its text, cancelled as such [P17]."""
    url = f"{front.tcp}/v4/ai/video-model"

    def ended(prompt, cancel=False):
        made = httpx.post(
            f"{url}/start", json={**BODY, "prompt": prompt}, headers=fields(), timeout=60).json()
        if cancel:
            front.request("POST", f"/v1/videos/{made['operation']['gatewayJobId']}/cancel")
        end = time.monotonic() + 60
        while True:
            status = httpx.post(
                f"{url}/status", json={"operation": made["operation"]}, headers=fields()).json()
            if status["status"] != "pending":
                return status
            assert time.monotonic() < end
            time.sleep(0.05)

    failed = ended("x [fault:failed]")
    assert failed["status"] == "error" and failed["error"]
    assert ended("y [render:3000]", cancel=True) == {"status": "cancelled"}


def test_media(front, sim):
    """image, frameImages and inputReferences, as file and as data URL; long base64 goes to a file [P17]."""
    small, large = base64.b64encode(png()).decode(), base64.b64encode(png(150_000)).decode()
    answer, event = generate(front, {
        **BODY,
        "frameImages": [
            {"frameType": "first_frame",
             "image": {"type": "file", "mediaType": "image/png", "data": large}},
            {"frameType": "last_frame",
             "image": {"type": "url", "url": f"data:image/png;base64,{small}"}}],
        "inputReferences": [{"type": "file", "mediaType": "image/png", "data": small}]})
    assert event["type"] == "result", event
    job = front.get(f"/v1/videos/{answer.headers['x-kinora-job']}")
    inputs = job["kinora"]["request"]["inputs"]
    assert [(i["role"], i["bytes"]) for i in inputs] == [
        ("first_frame", 150_000), ("last_frame", len(png())), ("reference", len(png()))]
    answer, event = generate(
        front, {**BODY, "image": {"type": "file", "mediaType": "image/png", "data": small}})
    assert event["type"] == "result"
    job = front.get(f"/v1/videos/{answer.headers['x-kinora-job']}")
    assert job["kinora"]["kind"] == "image-to-video"


@pytest.mark.parametrize("slug,found", [
    ("google/veo-3.1", "google/veo-3.1-generate-preview"),
    ("google/veo-3.1-fast", "google/veo-3.1-fast-generate-preview"),
    ("openrouter/google/veo-3.1", "openrouter/google/veo-3.1"),
    ("kwaivgi/kling-v3.0-std", "openrouter/kwaivgi/kling-v3.0-std"),
    ("clip-tagged", "sample/clip-tagged")])
def test_slugs(front, sim, slug, found):
    """A slug means whatever provider offers it: PROVIDER/MODEL, a whole model id, an alias [P17]."""
    made = httpx.post(
        f"{front.tcp}/v4/ai/video-model/start", json={"prompt": "x", "n": 1}, headers=fields(slug),
        timeout=60)
    assert made.status_code == 200, made.text
    job = front.get(f"/v1/videos/{made.json()['operation']['gatewayJobId']}")
    assert job["model"] == found


def test_the_models(front, sim):
    """getAvailableModels: ids that generate takes [P17]."""
    models = httpx.get(f"{front.tcp}/v4/ai/config", headers=fields()).json()["models"]
    ids = {model["id"] for model in models}
    assert "sample/clip" in ids and "sample/still-image" not in ids
    model = next(model for model in models if model["id"] == "sample/clip")
    assert model["specification"] == {
        "specificationVersion": "v4", "provider": "gateway", "modelId": "sample/clip"}
    assert model["modelType"] == "video"
    older = fields(**{"user-agent": "ai/6.0.280 ai-sdk/gateway/3.0.120"})
    models = httpx.get(f"{front.tcp}/v4/ai/config", headers=older).json()["models"]
    assert {model["specification"]["specificationVersion"] for model in models} == {"v3"}


@pytest.mark.parametrize("body,model,type,word", [
    ({}, "sample/clip", "invalid_request_error", "prompt is missing"),
    ({**BODY, "duration": 99}, "sample/clip", "invalid_request_error", "1 to 20"),
    (BODY, "google/veo-99", "model_not_found", "veo-99"),
    ({**BODY, "providerOptions": {"gateway": {"order": ["a"]}}}, "sample/clip",
     "invalid_request_error", "order is not known"),
    ({**BODY, "callbackUrl": "https://a.test/"}, "sample/clip", "invalid_request_error", "callbackUrl"),
    ({**BODY, "image": {"type": "url", "url": "http://10.0.0.1/x"}}, "sample/clip",
     "invalid_request_error", "https"),
], ids=["prompt", "duration", "model", "routing", "callback", "http"])
def test_refusals(front, sim, body, model, type, word):
    """Before there is a job the status says it, with every member that its client needs to show the text;
    nothing is sent [P17]."""
    answer, _ = generate(front, body, model)
    error = answer.json()["error"]
    assert answer.status_code in (400, 404) and error["type"] == type and word in error["message"]
    assert "param" in error and front.jobs() == [] and sim.log() == []


def test_a_wrong_key(front, sim):
    """401 in a type whose text its client shows: for authentication_error it prints its maker's advice."""
    answer = httpx.post(
        f"{front.tcp}/v4/ai/video-model", json=BODY, headers=fields(authorization="Bearer no"))
    assert answer.status_code == 401 and answer.json()["error"]["type"] == "forbidden"
    assert "key" in answer.json()["error"]["message"]


def as_the_client(front, body, tries=3):
    """Its loop: an error that says 408, 409, 429 or 5xx is tried again, twice, without a key."""
    events = []
    for _ in range(tries):
        answer, event = generate(front, body)
        event = event or {"type": "error", "statusCode": answer.status_code}
        events.append(event)
        code = event.get("statusCode")
        if event["type"] == "result" or not (code in (408, 409, 429) or code >= 500):
            break
    return events


@pytest.mark.parametrize("fault", [
    "failed", "submit:429", "submit:402", "submit:500", "submit:drop_after_accept", "provider_expired"])
def test_its_own_repeats_never_pay_twice(front, sim, fault):
    """Once there is a job, no error says a status that makes the client repeat the call [P17]."""
    events = as_the_client(front, {**BODY, "prompt": f"x [fault:{fault}]"})
    assert len(events) == 1 and len(front.jobs()) == 1, events
    assert all(job["creations"] == 1 for job in sim.jobs())
    if events[0]["type"] == "error":
        assert set(events[0]) == {"type", "message", "errorType", "statusCode", "param"}
        assert 400 <= events[0]["statusCode"] < 500 and events[0]["message"]
        assert events[0]["statusCode"] not in (408, 409, 429)


def hang_up(front, body):
    """A call whose connection breaks before its event."""
    with httpx.stream(
            "POST", f"{front.tcp}/v4/ai/video-model", json=body, headers=fields(), timeout=60) as answer:
        assert answer.status_code == 200
        next(answer.iter_raw())
        return answer.headers["x-kinora-job"]


def test_a_broken_call_is_taken_up_again(front, sim):
    """A call that broke and is repeated, without any key, gets the same job's clip; a later equal wish is a
    clip of its own [P17]."""
    body = {**BODY, "prompt": "x [render:120]"}
    job = hang_up(front, body)
    answer, event = generate(front, body)
    assert event["type"] == "result" and answer.headers["x-kinora-job"] == job
    assert len(sim.jobs()) == 1
    answer, event = generate(front, body)
    assert event["type"] == "result" and answer.headers["x-kinora-job"] != job
    assert len(sim.jobs()) == 2


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_a_restart_in_the_middle_pays_once(front, sim, way):
    """The daemon dies, or is stopped, while a call waits; the client's repeat gets the job's clip [P17]."""
    body = {**BODY, "prompt": "x [render:160]"}
    job = hang_up(front, body)
    # Killed before the provider's answer is on disk the job is held, as it must be.
    eventually(lambda: front.get(f"/v1/videos/{job}")["kinora"]["provider_id"])
    getattr(front, way)()
    front.start()
    answer, event = generate(front, body)
    assert event["type"] == "result" and answer.headers["x-kinora-job"] == job
    assert [item["creations"] for item in sim.jobs()] == [1]


def test_options_by_provider(front, sim):
    """Those of the chosen provider reach it, those of another are told as a warning; a key in the gateway's own
    is the call's key [P17]."""
    options = {"gateway": {"idempotencyKey": "k-1", "user": "u-1"}, "klingai": {"mode": "pro"}}
    body = {**BODY, "providerOptions": options}
    first, event = generate(front, body)
    assert [warning["type"] for warning in event["warnings"]] == ["other"]
    assert "klingai" in event["warnings"][0]["message"]
    again, _ = generate(front, body)
    assert again.headers["x-kinora-job"] == first.headers["x-kinora-job"]
    answer, _ = generate(front, {**BODY, "providerOptions": {"sample": {"mood": "dark"}}})
    assert answer.status_code == 400 and "mood" in answer.json()["error"]["message"]
    assert len(sim.jobs()) == 1


def test_a_setting_of_a_later_release(front, sim):
    """What is not known here breaks no client and is not dropped silently: it is a warning [P17]."""
    _, event = generate(front, {**BODY, "cameraMotion": "pan", "mood": None})
    assert event["type"] == "result"
    assert event["warnings"] == [{"type": "unsupported", "feature": "cameraMotion"}]


def test_two_first_frames(front, sim):
    """The frame counts, as with the AI SDK's own providers, and the other image is told [P17]."""
    def file(data):
        return {"type": "file", "mediaType": "image/png", "data": base64.b64encode(data).decode()}
    answer, event = generate(front, {
        **BODY, "image": file(png(500)),
        "frameImages": [{"frameType": "first_frame", "image": file(png(700))}]})
    assert [warning["type"] for warning in event["warnings"]] == ["other"]
    assert "frameImages has another first frame" in event["warnings"][0]["message"]
    job = front.get(f"/v1/videos/{answer.headers['x-kinora-job']}")
    assert [given["bytes"] for given in job["kinora"]["request"]["inputs"]] == [700]


def test_a_rate_that_the_model_does_not_make(front, sim):
    """fps refuses nothing: it is left out, and told as the AI SDK words what is unsupported [T55]."""
    _, event = generate(front, {**BODY, "fps": 999})
    assert event["type"] == "result" and event["warnings"] == [{
        "type": "unsupported", "feature": "fps",
        "details": "fps: the model offers no 999, it was left out"}]
