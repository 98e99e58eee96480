"""Tools for programs that let a language model choose: the list, and running them."""

import concurrent.futures
import json

import jsonschema
import pytest

from doors import data_url, http, png, submits
from simulator import video_stream

GENERATE = "/v1/tools/generate_video"


def tools(daemon):
    return {tool["name"]: tool for tool in daemon.get("/v1/tools")["tools"]}


def test_list_is_what_the_daemon_offers(daemon):
    """GET /v1/tools has generate_video with prompt alone required and the real choices [T50] [B78]."""
    found = tools(daemon)
    assert {"generate_video", "get_video", "list_videos", "cancel_video", "list_models"} == set(found)
    schema = found["generate_video"]["input_schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["prompt"]
    fields = schema["properties"]
    assert {"prompt", "image", "media_id", "aspect_ratio", "duration", "resolution", "generate_audio",
            "fps", "loop", "model"} <= set(fields)
    videos = {model["id"] for model in daemon.get("/v1/models")["data"]
              if model.get("output_modalities") == ["video"] and model["kinora"]["ready"]}
    assert set(fields["model"]["enum"]) == videos and fields["model"]["default"] == "sample/clip"
    assert {"480p", "720p", "1080p"} <= set(fields["resolution"]["enum"])
    assert {"16:9", "9:16", "1:1"} <= set(fields["aspect_ratio"]["enum"])
    assert fields["duration"]["default"] == 5 and fields["resolution"]["default"] == "720p"
    for tool in found.values():
        assert set(tool) == {"name", "description", "input_schema"}
        jsonschema.Draft202012Validator.check_schema(tool["input_schema"])


def test_one_service(daemon):
    """A dry run by the tool and by REST resolve equally; "8s" is 8, nothing said 5 s at 720p [B4] [T51] [T53] [T54]."""
    for wish in ({"prompt": "x", "model": "sample/clip"}, {"prompt": "x", "model": "veo-3.1"},
                 {"prompt": "x", "duration": "8s", "resolution": "720p", "model": "sample/clip"}):
        rest = daemon.post("/v1/videos", {**wish, "dry_run": True})
        tool = daemon.post(GENERATE, {**wish, "dry_run": True})
        assert rest[0] == tool[0] == 200, (rest, tool)
        # What is sent is for the program; a tool answers a language model.
        assert rest[1].pop("prompt_sent") == wish["prompt"] and rest[1].pop("negative_prompt_sent") is None
        assert rest[1] == tool[1]
        resolved = tool[1]["resolved"]
        if wish["model"] == "sample/clip":
            assert resolved["seconds"] == (8 if "duration" in wish else 5)
            assert resolved["resolution"] == "720p"
    assert daemon.jobs() == []


def test_an_executor_makes_a_video(daemon, sim):
    """A tool executor that knows only the list makes a file: call, wait, read [B77]."""
    name, schema = next((tool["name"], tool["input_schema"]) for tool in tools(daemon).values()
                        if "prompt" in tool["input_schema"].get("properties", {}))
    arguments = {"prompt": "a paper boat", "duration": schema["properties"]["duration"]["default"],
                 "generate_audio": True, "wait_seconds": 120}
    jsonschema.validate(arguments, schema)
    status, job, fields = daemon.post(f"/v1/tools/{name}", arguments)
    assert status == 200 and job["status"] == "completed", job
    assert fields["x-kinora-job"] == job["id"] and job["seconds"] == "5"
    with http(daemon) as client:
        assert video_stream(client.get(job["kinora"]["artifacts"][0]["url"]).content)
    assert submits(sim)[-1]["prompt"] == "a paper boat"


def test_it_waits_or_does_not(daemon):
    """wait_seconds 0 answers the job at once; get_video waits for its end; list and cancel find it."""
    status, job, _ = daemon.post(GENERATE, {"prompt": "slow [render:2000]", "wait_seconds": 0})
    assert status == 200 and job["status"] in ("queued", "in_progress")
    listed = daemon.post("/v1/tools/list_videos", {"limit": 5})[1]["data"]
    assert [row["id"] for row in listed] == [job["id"]]
    assert daemon.post("/v1/tools/get_video", {"id": job["id"], "wait_seconds": 1})[1]["status"] in (
        "queued", "in_progress")
    assert daemon.post("/v1/tools/cancel_video", {"id": job["id"]})[0] == 200
    ended = daemon.post("/v1/tools/get_video", {"id": job["id"], "wait_seconds": 120})[1]
    assert ended["error"]["code"] == "cancelled"
    assert daemon.post("/v1/tools/list_models")[1]["data"] == daemon.get("/v1/models")["data"]


def test_one_key_pays_once(daemon, sim):
    """The same key, in the header or among the arguments, many at once: one job, one submit."""
    wish = {"prompt": "once", "wait_seconds": 60}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(daemon.post, GENERATE, {**wish, "idempotency_key": "k-1"}) for _ in range(3)]
        calls += [pool.submit(daemon.post, GENERATE, wish, idempotency_key="k-1") for _ in range(3)]
        answers = [call.result() for call in calls]
    assert {answer[0] for answer in answers} == {200}
    assert len({answer[1]["id"] for answer in answers}) == 1 == len(submits(sim))
    other = daemon.post(GENERATE, {**wish, "prompt": "other"}, idempotency_key="k-1")
    assert (other[0], other[1]["error"]["code"]) == (422, "idempotency_conflict")
    both = daemon.post(GENERATE, {**wish, "idempotency_key": "k-2"}, idempotency_key="k-1")
    assert (both[0], both[1]["error"]["param"]) == (400, "idempotency_key")


def test_images_go_in(daemon, sim):
    """image, a stored image by media_id, and loop: the bytes reach the provider."""
    with http(daemon) as client:
        picture = client.post("/v1/images/generations", json={
            "model": "sample/still-image", "prompt": "a heron"})
        media = picture.headers["x-kinora-job"]
    wish = {"prompt": "it moves", "model": "sample/clip", "wait_seconds": 60}
    one = daemon.post(GENERATE, {**wish, "image": data_url(png())})[1]
    two = daemon.post(GENERATE, {**wish, "media_id": media})[1]
    three = daemon.post(GENERATE, {**wish, "image": data_url(png()), "loop": True})[1]
    shas = {row["id"]: row["kinora"]["artifacts"] for row in daemon.jobs() if row["id"] == media}
    inputs = [[(row["role"], row["sha256"]) for row in job["kinora"]["request"]["inputs"]]
              for job in (one, two, three)]
    assert [role for role, _ in inputs[0]] == ["first_frame"]
    assert inputs[1] == [("first_frame", shas[media][0]["sha256"])]
    assert [role for role, _ in inputs[2]] == ["first_frame", "last_frame"]
    assert inputs[2][0][1] == inputs[2][1][1]
    assert {job["status"] for job in (one, two, three)} == {"completed"}


@pytest.mark.parametrize("arguments,param,code", [
    ({}, "prompt", "prompt_missing"),
    ({"prompt": "x", "duration": 99}, "duration", "bad_field"),
    ({"prompt": "x", "generate_audio": "loud"}, "generate_audio", "bad_field"),
    ({"prompt": "x", "image": "picture.png"}, "image", "bad_field"),
    ({"prompt": "x", "media_id": "video_none"}, "media_id", "bad_field"),
    ({"prompt": "x", "loop": True}, "loop", "bad_field"),
    ({"prompt": "x", "wait_seconds": 9999}, "wait_seconds", "bad_field"),
    ({"prompt": "x", "durration": 5}, "durration", "unknown_field"),
    ({"prompt": "x", "resolution": "999p"}, "resolution", "bad_field"),
])
def test_refusals_name_the_tools_own_field(daemon, sim, arguments, param, code):
    status, body, _ = daemon.post(GENERATE, arguments)
    assert (status, body["error"]["param"], body["error"]["code"]) == (400, param, code), body
    assert sim.log() == [] and daemon.jobs() == []


def test_an_unknown_tool(daemon):
    status, body, _ = daemon.post("/v1/tools/generate_vidoe", {"prompt": "x"})
    assert status == 404 and "generate_video" in json.dumps(body)
