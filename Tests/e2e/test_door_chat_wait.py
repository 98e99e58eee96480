"""Chat completions while they are waited for: streams, clients that leave, trouble."""

import hashlib
import json
import time

import httpx
import httpx_sse
import openai
import pytest

from doors import ask_chat as ask, clip, http, official, opened, submits
from kinora_kit import eventually
from simulator import video_stream


def test_stream(daemon, sim):
    """Progress in a field of its own, then the media, then [DONE]; the job's id comes at once [C82]."""
    with http(daemon) as client, httpx_sse.connect_sse(
            client, "POST", "/v1/chat/completions",
            json=clip("[render:60]", stream=True, stream_options={"include_usage": True})) as source:
        job = source.response.headers["x-kinora-job"]
        assert daemon.get(f"/v1/videos/{job}")["status"] != "completed"
        datas = [event.data for event in source.iter_sse()]
    assert datas.pop() == "[DONE]"
    chunks = [json.loads(data) for data in datas]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    usage = chunks.pop()
    assert usage["choices"] == [] and usage["usage"]["cost"] > 0
    assert chunks.pop()["choices"][0]["finish_reason"] == "stop"
    video = chunks.pop()["choices"][0]["delta"]["videos"][0]
    data = opened(video["video_url"]["url"], "video/mp4")
    assert hashlib.sha256(data).hexdigest() == (
        daemon.get(f"/v1/videos/{job}")["kinora"]["artifacts"][0]["sha256"])
    steps = [chunk["choices"][0]["delta"]["video_progress"] for chunk in chunks[1:]]
    assert len(steps) >= 2 and steps[-1]["status"] == "completed"
    figures = [step["progress"] for step in steps if step["progress"] is not None]
    assert figures == sorted(figures)


def test_the_official_client_streams(daemon):
    """openai with stream=True passes over progress and comments and gets the video [C82]."""
    pieces = official(daemon).chat.completions.create(
        model="sample/clip", messages=[{"role": "user", "content": "streamed"}], stream=True,
        extra_body={"modalities": ["video", "text"], "video_config": {"duration_seconds": 2}})
    text, videos = "", []
    for piece in pieces:
        delta = piece.choices[0].delta
        text += delta.content or ""
        videos += getattr(delta, "videos", [])
    assert text == "" and len(videos) == 1
    assert video_stream(opened(videos[0]["video_url"]["url"], "video/mp4"))


def test_a_stream_that_fails_says_why(daemon):
    """A failure after the head is an event that the official client raises [C95]."""
    pieces = official(daemon).chat.completions.create(
        model="sample/clip", messages=[{"role": "user", "content": "x [fault:failed]"}],
        stream=True, extra_body={"modalities": ["video"]})
    with pytest.raises(openai.APIError) as caught:
        list(pieces)
    assert caught.value.code == "provider_refused"


def test_a_quiet_stream_is_kept_alive(daemon):
    """A comment comes at least every 15 s while nothing happens [C62] [A109] [A113]."""
    with http(daemon) as client, client.stream(
            "POST", "/v1/chat/completions", json=clip("[fault:stuck]", stream=True)) as answer:
        lines, last, gaps = answer.iter_lines(), time.monotonic(), []
        for line in lines:
            gaps.append(time.monotonic() - last)
            last = time.monotonic()
            if line.startswith(":"):
                break
    assert max(gaps) < 25, gaps


def test_a_client_that_goes_away_loses_nothing(daemon, sim):
    """The job goes on; the same key attaches to it, and so does the same request without one."""
    with http(daemon) as client:
        with client.stream("POST", "/v1/chat/completions", json=clip("k [render:80]", stream=True),
                           headers={"Idempotency-Key": "gone"}) as answer:
            job = answer.headers["x-kinora-job"]
        again = client.post("/v1/chat/completions", json=clip("k [render:80]"),
                            headers={"Idempotency-Key": "gone"})
        assert again.headers["x-kinora-job"] == job
        assert opened(again.json()["choices"][0]["message"]["videos"][0]["video_url"]["url"],
                      "video/mp4")
    with http(daemon, timeout=0.5) as hasty, pytest.raises(httpx.ReadTimeout):
        hasty.post("/v1/chat/completions", json=clip("no key [render:120]"))
    eventually(lambda: len(daemon.jobs()) == 2, what="the second job")
    second = ask(daemon, clip("no key [render:120]"))
    assert second.headers["x-kinora-job"] == daemon.jobs()[-1]["id"]
    assert len(submits(sim)) == len(daemon.jobs()) == 2


def test_patience_ends_before_the_job_does(daemon, sim):
    """poll_timeout_seconds answers 504 with the id; the job goes on and the key finds it [C92] [C73] [A118]."""
    body = clip("slow [render:120]", video_config={"poll_timeout_seconds": 0.3})
    late = ask(daemon, body, Idempotency_Key="late")
    assert late.status_code == 504 and late.json()["error"]["code"] == "poll_timeout"
    assert late.headers["x-should-retry"] == "false"
    job = late.headers["x-kinora-job"]
    assert job in late.json()["error"]["message"]
    body["video_config"] = {"poll_timeout_seconds": 60}
    assert ask(daemon, body, Idempotency_Key="late").headers["x-kinora-job"] == job
    assert len(submits(sim)) == 1


def test_nobody_has_to_wait(daemon):
    """Prefer: respond-async answers 202 and the job [C20]."""
    answer = ask(daemon, clip(), Prefer="respond-async")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/videos/{answer.json()['id']}"


@pytest.mark.parametrize("fault,status,code", [
    ("failed", 502, "provider_refused"), ("402", 502, "provider_exhausted"),
    ("401", 502, "provider_unauthenticated"), ("filtered", 400, "content_blocked"),
])
def test_failures_have_their_words(daemon, fault, status, code):
    """A failed generation says why, is never an empty success and is not repeated [C16] [C93] [C95]."""
    answer = ask(daemon, clip(f"x [fault:{fault}]"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["x-kinora-job"] == daemon.jobs()[0]["id"]


@pytest.mark.parametrize("fault", ["poll:500", "poll:429", "poll:html_200"])
def test_a_poll_may_fail(daemon, sim, fault):
    """Trouble while polling is passed over, and nothing is paid again [C84] [C94]."""
    assert ask(daemon, clip(f"x [fault:{fault}]")).status_code == 200
    assert len(submits(sim)) == 1
