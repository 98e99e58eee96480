"""What all doors have in common: one table of defaults, one artifact, one job for one key."""

import base64
import concurrent.futures
import hashlib
import json
import time

import pytest

from doors import clip, http
from kinora_kit import eventually
from tanstack_kit import PATH
from test_door_gateway import fields as gateway_fields

MODEL = "sample/clip"
# A request that says as little as possible through each door: path, body, headers; then length and shape of what is made.
BARE = {
    "videos": ("/v1/videos", {"model": MODEL, "prompt": "x"}, {}, 5, "16:9"),
    "chat": ("/v1/chat/completions", {
        "model": MODEL, "messages": [{"role": "user", "content": "x"}]}, {"Prefer": "respond-async"}, 8, "16:9"),
    "tanstack": (f"{PATH}/jobs", {"data": {"model": MODEL, "prompt": "x"}}, {}, 8, "16:9"),
    "storage-backend": (
        "/video/generate", {"prompt": "x", "customer_id": 1, "settings": {"video": {"model": MODEL}}},
        {"Prefer": "respond-async"}, 5, "9:16"),
    "google": ("/google/v1beta/interactions", {"model": MODEL, "input": "x", "background": True}, {}, 8, "16:9"),
    # Those two leave the length to the model.
    "openrouter": ("/openrouter/api/v1/videos", {"model": MODEL, "prompt": "x"}, {}, None, "16:9"),
    "gateway": ("/v4/ai/video-model/start", {"prompt": "x"}, gateway_fields(MODEL), None, "16:9"),
}


@pytest.mark.parametrize("door", BARE)
def test_defaults_are_the_doors_own(daemon, sim, door):
    """Length and shape that nobody asked for differ by door, as their documentations do: 9:16 and 5 s in
    storage-backend, 8 s in TanStack's and in chat."""
    path, body, headers, seconds, shape = BARE[door]
    with http(daemon) as client:
        answer = client.post(path, json=body, headers=headers)
    assert answer.status_code in (200, 202), answer.text
    job, = daemon.jobs()
    if seconds is None:
        seconds = daemon.get(f"/v1/models/{MODEL}")["kinora"]["default_seconds"]
    made = job["kinora"]["request"]
    assert (float(made["seconds"]), made["aspect_ratio"]) == (float(seconds), shape)
    assert job["kinora"]["asked"] == {}


def test_one_artifact_through_every_door(daemon, sim):
    """A job that one door made is fetched through every other, byte for byte the same."""
    with http(daemon) as client:
        answer = client.post("/video/generate", json={
            "prompt": "one for all", "customer_id": 7, "settings": {"video": {
                "model": MODEL, "duration_seconds": 1}}}).json()
        job = answer["data"]["job_id"]
        name = job.removeprefix("video_")
        urls = [answer["data"]["video_url"], f"/v1/videos/{job}/content",
                f"/openrouter/api/v1/videos/{job}/content", f"/google/v1beta/files/{name}:download?alt=media",
                client.get(f"{PATH}/jobs/{job}/url").json()["url"]]
        files = [client.get(url) for url in urls]
        assert [file.status_code for file in files] == 5 * [200]
        found = [file.content for file in files]
        told = client.post("/v4/ai/video-model/status", headers=gateway_fields(),
                           json={"operation": {"gatewayJobId": job}}).json()
        found.append(base64.b64decode(told["videos"][0]["data"], validate=True))
    digests = {hashlib.sha256(data).hexdigest() for data in found}
    assert digests == {daemon.get(f"/v1/videos/{job}")["kinora"]["artifacts"][0]["sha256"]}
    assert [one["creations"] for one in sim.jobs()] == [1]


@pytest.mark.parametrize("path, body, headers", [
    ("/openrouter/api/v1/videos", {"model": MODEL, "prompt": "keyed"}, {}),
    ("/v1/chat/completions", clip("keyed"), {"Prefer": "respond-async"}),
    ("/video/generate", {"prompt": "keyed", "customer_id": 1, "settings": {"video": {"model": MODEL}}},
     {"Prefer": "respond-async"}),
    ("/v4/ai/video-model/start", {"prompt": "keyed"}, gateway_fields(MODEL)),
], ids=["openrouter", "chat", "storage-backend", "gateway"])
def test_one_key_one_job(daemon, sim, path, body, headers):
    """200 parallel posts with one Idempotency-Key make one job and one purchase, through any door."""
    def post(_):
        return daemon.request("POST", path, body, {**headers, "Idempotency-Key": "the-one"})
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(200)))
    assert {status for status, _, _ in answers} <= {200, 202}
    jobs = daemon.jobs()
    assert len(jobs) == 1
    assert all(jobs[0]["id"] in json.dumps(answer) or jobs[0]["id"] in str(fields)
               for _, answer, fields in answers)
    eventually(lambda: daemon.get(f"/v1/videos/{jobs[0]['id']}")["status"] == "completed", what="the clip")
    assert [one["creations"] for one in sim.jobs()] == [1]


def test_asking_often_asks_no_provider(daemon, sim):
    """Hundreds of looks at a running job, through every door, cause no poll at the provider: its own pace does."""
    daemon.stop()
    daemon.config.write_text(daemon.config.read_text().replace("poll_speed: 40", "poll_speed: 1"))
    daemon.start()
    job = daemon.post("/v1/videos", {"model": MODEL, "prompt": "[render:100000]"})[1]["id"]
    eventually(lambda: daemon.get(f"/v1/videos/{job}")["kinora"]["state"] in ("submitted", "running"),
               what="the job at its provider")
    pace = daemon.get(f"/v1/videos/{job}")["kinora"]["poll_after_seconds"]
    name, began, before = job.removeprefix("video_"), time.monotonic(), len(sim.log())
    with http(daemon) as client:
        for _ in range(60):
            for path in (f"/v1/videos/{job}", f"/openrouter/api/v1/videos/{job}", f"{PATH}/jobs/{job}",
                         f"/google/v1beta/interactions/v1_{name}"):
                assert client.get(path).status_code == 200
            assert client.post("/v4/ai/video-model/status", headers=gateway_fields(),
                               json={"operation": {"gatewayJobId": job}}).status_code == 200
    polls = len(sim.log()) - before
    # At most one a second, however slow this machine is; 300 looks were taken.
    assert pace >= 1 and polls <= time.monotonic() - began + 2, polls
