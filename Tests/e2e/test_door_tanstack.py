"""The TanStack AI door: a whole run, every form of its body, refusals, framings."""

import base64
import json
import re

import pytest

from media import png
from simulator import video_stream
from tanstack_kit import GOOD, INPUT, PATH, PROMPT, Stream, envelope, run, value, words


def test_the_whole_run(daemon, sim):
    """fetchServerSentEvents: five kinds of events in their order, framed as data lines, ended by the body's
    end [A29] [A30] [A31] [A37] [A38] [A39] [A40] [A41] [A42] [A46] [A47] [A48] [A66] [A67] [A70] [A71]
    [A72] [A73] [A74] [A75] [A76] [A79]."""
    stream = Stream(daemon, envelope("noop-run-1763712000000-abc1234"),
                    fields={"X-Run-Id": "noop-run-1763712000000-abc1234"})
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-cache"
    assert stream.headers["x-accel-buffering"] == "no"
    pairs = list(stream.events())
    ids, events = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    assert words(events) == GOOD
    assert all(ids) and len(set(ids)) == len(ids)
    assert all(id == id.strip() and not re.search(r"[\r\n\0]", id) for id in ids)

    first, created, last = events[0], events[1], events[-1]
    assert list(first) == ["type", "runId", "threadId", "timestamp"]
    assert first["runId"] == last["runId"] == "noop-run-1763712000000-abc1234"
    assert first["threadId"] == last["threadId"] == "video-1"
    assert list(created) == ["type", "name", "value", "timestamp"]
    assert list(created["value"]) == ["jobId"]
    assert last["metadata"] == {"tanstack": {"finishReason": "stop"}}
    assert all(isinstance(event["timestamp"], int) for event in events)

    job = created["value"]["jobId"]
    assert stream.headers["x-kinora-job"] == job
    statuses = value(events, "video:status")
    assert {status["status"] for status in statuses} <= {"pending", "processing", "completed"}
    assert statuses[-1]["status"] == "completed"
    assert all(status["jobId"] == job for status in statuses)
    known = [status["progress"] for status in statuses if "progress" in status]
    assert known == sorted(known) and known[-1] == 100
    assert all(None not in status.values() for status in statuses)
    result, = value(events, "generation:result")
    assert (result["jobId"], result["status"]) == (job, "completed")
    assert result["url"].startswith("/v1/videos/") and len(result["url"]) <= 2048
    status, media, _ = daemon.request("GET", result["url"])
    assert status == 200
    found = video_stream(media)
    assert (found["width"], found["height"]) == (1280, 720)
    assert float(found["duration"]) == pytest.approx(4, abs=0.2)
    cost = daemon.get(f"/v1/videos/{job}")["kinora"]["cost"]
    assert cost["settled_microusd"] == 40_000


def test_nothing_says_done(daemon, sim):
    """Without X-Run-Id the body has data lines alone; [DONE] is never sent [A37] [A63]."""
    text = Stream(daemon, {"messages": [], "data": INPUT}).text()
    assert "[DONE]" not in text
    assert all(re.fullmatch(r"data: \{.*\}|", line) for line in text.split("\n"))
    assert json.loads(text.strip().split("\n\n")[-1][6:])["type"] == "RUN_FINISHED"


@pytest.mark.parametrize("body", [
    {"messages": [], "data": INPUT},
    {"messages": [], "model": "sample/clip", "data": INPUT},
    envelope("forms-1"),
    {"threadId": "t", "runId": "forms-2", "messages": [], "forwardedProps": INPUT},
    INPUT,
    {"prompt": [{"type": "text", "content": PROMPT}], "size": "1280x720", "duration": "4"},
    {"data": {"prompt": PROMPT, "modelOptions": {"size": "1280x720", "seconds": "4"}}},
    {"data": {**INPUT, "modelOptions": {"size": "720x1280", "seconds": 12}}},
    {"data": {**INPUT, "providerOptions": {}}},
], ids=["seed", "seed-body", "present", "props", "bare", "parts", "options", "both", "old-name"])
def test_every_form_of_the_body(daemon, sim, body):
    """Seed-era, present and bare bodies make the same request [A1] [A14] [A22] [A32] [A64] [A83]
    [A93] [A94]."""
    events = run(daemon, body)
    assert words(events) == GOOD
    sent, = [json.loads(entry["body"]) for entry in sim.log() if entry["method"] == "POST"]
    job = daemon.get(f"/v1/videos/{value(events, 'video:job:created')[0]['jobId']}")
    assert (job["prompt"], job["seconds"], job["size"]) == (PROMPT, "4", "1280x720")
    assert (sent["prompt"], sent["seconds"]) == (PROMPT, 4)


@pytest.mark.parametrize("body,query", [
    ({"data": {**INPUT, "model": "sample/clip-tagged"}}, ""),
    ({"forwardedProps": {**INPUT, "model": "sample/clip-tagged"}}, ""),
    ({"model": "sample/clip-tagged", "data": INPUT}, ""),
    ({"data": INPUT}, "?model=sample/clip-tagged"),
], ids=["data", "props", "top", "query"])
def test_the_model_is_where_the_client_puts_it(daemon, sim, body, query):
    """data, forwardedProps, the hook's body or the address name the model [A13] [A81]."""
    events = run(daemon, body, target=PATH + query)
    job = value(events, "video:job:created")[0]["jobId"]
    assert daemon.get(f"/v1/videos/{job}")["model"] == "sample/clip-tagged"


def test_what_is_not_said_is_8_seconds_at_1280x720(daemon, sim):
    """The defaults of this door [A91]."""
    job = daemon.request("POST", f"{PATH}/jobs", {"data": {"prompt": "x"}})[1]["jobId"]
    made = daemon.get(f"/v1/videos/{job}")
    assert (made["seconds"], made["size"]) == ("8", "1280x720")


@pytest.mark.parametrize("size, more, shape", [
    ("9:16", {}, ("9:16", "720p", "720x1280")),
    ("9:16_720p", {}, ("9:16", "720p", "720x1280")),
    ("1:1", {"modelOptions": {"aspectRatio": "1:1"}}, ("1:1", "720p", "1024x1024"))])
def test_sizes_as_its_gemini_adapter_has_them(daemon, sim, size, more, shape):
    """An aspect ratio is a size, and a resolution may follow it; two that differ are refused."""
    status, body, _ = daemon.request(
        "POST", f"{PATH}/jobs", {"data": {**INPUT, "model": "sample/clip", "size": size, **more}})
    assert status == 200, body
    made = daemon.get(f"/v1/videos/{body['jobId']}")["kinora"]["request"]
    assert (made["aspect_ratio"], made["resolution"], made["size"]) == shape
    status, body, _ = daemon.request("POST", f"{PATH}/jobs", {"data": {
        **INPUT, "model": "sample/clip", "size": size, "modelOptions": {"aspectRatio": "4:3"}}})
    assert status == 400 and body["error"]["param"] == "size", body


def test_media_in_the_prompt(daemon, sim):
    """Parts with roles become frames and references; long bare base64 is taken as well [A14]."""
    small, large = png(), png(200_000)
    parts = [
        {"type": "text", "content": "from here"},
        {"type": "image", "metadata": {"role": "start_frame"}, "source": {
            "type": "data", "value": base64.b64encode(large).decode(), "mimeType": "image/png"}},
        {"type": "text", "content": "to there"},
        {"type": "image", "metadata": {"role": "end_frame"}, "source": {
            "type": "url", "value": "data:image/png;base64," + base64.b64encode(small).decode()}},
    ]
    events = run(daemon, {"data": {"prompt": parts, "duration": 4}})
    assert words(events) == GOOD, events[-1]
    job = daemon.get(f"/v1/videos/{value(events, 'video:job:created')[0]['jobId']}")
    assert job["prompt"] == "from here\nto there"
    inputs = job["kinora"]["request"]["inputs"]
    assert [(i["role"], i["bytes"]) for i in inputs] == [
        ("first_frame", len(large)), ("last_frame", len(small))]


@pytest.mark.parametrize("data,word", [
    ({}, "prompt is missing"),
    ({"prompt": "x", "duration": "abc"}, "duration"),
    ({"prompt": "x", "duration": 99}, "seconds must be 1 to 20"),
    ({"prompt": "x", "model": "nobody:none"}, "nobody:none"),
    ({"prompt": "x", "numberOfImages": 2}, "numberOfImages is not known"),
    ({"prompt": "x" * 40_000}, "at most 32768"),
    ({"prompt": [{"type": "image", "source": {"type": "url", "value": "http://h/x"}}]}, "https"),
    ({"prompt": [{"type": "image", "metadata": {"role": "mask"}, "source": {
        "type": "url", "value": "https://h/x"}}]}, "mask"),
    ({"prompt": "x", "max_cost_usd": 0.01}, "max_cost_usd"),
], ids=["none", "type", "range", "model", "unknown", "long", "http", "mask", "cost"])
def test_a_refusal_is_an_event_or_a_status(daemon, sim, data, word):
    """Its client throws an answer that is not 200 away, so a stream refuses with RUN_ERROR and both places of
    the message; the direct mode with a status; before anything is spent [A43] [A64] [A68] [A77] [A82] [A102]
    [A111] [A117]."""
    events = run(daemon, envelope("refused-1", data or {"size": "1280x720"}))
    assert [event["type"] for event in events] == ["RUN_STARTED", "RUN_ERROR"]
    assert events[0]["runId"] == "refused-1"
    error = events[1]
    assert word in error["message"] and error["error"]["message"] == error["message"]
    assert error["error"]["code"] == error["code"]
    assert set(error) <= {"type", "timestamp", "metadata", "message", "code", "error"}
    assert error["metadata"]["tanstack"] == {"runId": "refused-1", "threadId": "video-1"}
    status, body, _ = daemon.request(
        "POST", PATH, {"data": data}, {"Accept": "application/json"})
    assert status in (400, 402, 413) and word in body["error"]["message"]
    assert sim.log() == [] and daemon.jobs() == []


def test_a_failed_job(daemon, sim):
    """The last status says failed and why, then RUN_ERROR; the direct mode answers 502 [A16] [A18] [A42]
    [A43] [A60] [A68]."""
    events = run(daemon, {"data": {**INPUT, "prompt": "x [fault:failed]"}})
    assert words(events) == ["RUN_STARTED", "video:job:created", "video:status", "RUN_ERROR"]
    last = value(events, "video:status")[-1]
    assert last["status"] == "failed" and last["error"] == events[-1]["message"]
    status, body, headers = daemon.request(
        "POST", PATH, {"data": {**INPUT, "prompt": "y [fault:failed]"}},
        {"Accept": "application/json"})
    assert status == 502 and body["error"]["message"]
    assert headers["x-should-retry"] == "false"
    job = daemon.get(f"/v1/videos/{headers['x-kinora-job']}")
    assert job["error"]["message"] == body["error"]["message"]


def test_the_direct_mode(daemon, sim):
    """Accept: application/json waits and answers the result's three members [A34] [A58] [A61]."""
    status, body, headers = daemon.request(
        "POST", PATH, {"data": INPUT}, {"Accept": "application/json"})
    assert status == 200 and headers["content-type"] == "application/json"
    assert list(body)[:3] == ["jobId", "status", "url"] and body["status"] == "completed"
    assert daemon.request("GET", body["url"])[0] == 200


@pytest.mark.parametrize("target,fields", [
    (PATH, {"accept": "application/x-ndjson"}), (f"{PATH}/ndjson", {})], ids=["accept", "path"])
def test_ndjson(daemon, sim, target, fields):
    """fetchHttpStream: one event a line, with its offset beside it in a named run [A34] [A65]."""
    stream = Stream(daemon, {"data": INPUT}, target=target,
                    fields={**fields} if fields else {})
    assert stream.headers["content-type"] == "application/x-ndjson"
    events = [json.loads(line) for line in stream.text().splitlines()]
    assert words(events) == GOOD
    stream = Stream(daemon, envelope(f"nd-{len(target)}"), target=target,
                    fields={**fields, "X-Run-Id": f"nd-{len(target)}"})
    lines = [json.loads(line) for line in stream.text().splitlines()]
    assert all(set(line) == {"id", "chunk"} for line in lines)
    assert words([line["chunk"] for line in lines]) == GOOD
