"""Every fault does on the wire what its name says, once, and leaves the right trace."""

import json
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

ACCEPTED = {
    "drop_after_accept", "reset_after_accept", "hang_after_accept", "500_after_accept",
    "html_200_after_accept", "truncated_json_after_accept", "wrong_length", "early_hints_103",
    "slow", "failed", "filtered", "stuck", "provider_cancelled", "provider_expired",
    "success_without_asset", "missing_cost", "relative_polling_url", "signed_urls",
    "inline_asset",
}
WISH = {"model": "clip", "prompt": "a fox", "seconds": 1}


def raw(sim, method, path, body=b"", seconds=5.0, headers=""):
    """All bytes of the answer until the connection ends, and how it ended."""
    url = urlsplit(sim.url)
    with socket.create_connection((url.hostname, url.port), seconds) as connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b""
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                return answer, "reset"
            except TimeoutError:
                return answer, "timeout"
            if not piece:
                return answer, "end"
            answer += piece


def submit(sim, seconds=5.0, **wish):
    return raw(
        sim, "POST", "/sample/v1/videos", json.dumps({**WISH, **wish}).encode(), seconds)


def made(sim, **wish):
    return httpx.post(
        f"{sim.url}/sample/v1/videos", json={**WISH, **wish}, timeout=60).json()["id"]


def finished(sim, **wish):
    job = made(sim, **wish)
    for _ in range(400):
        if sim.jobs()[-1]["status"] == "succeeded":
            return job
        time.sleep(0.02)
    pytest.fail("the job never ended")


def test_names_are_listed_with_a_sentence(sim):
    listed = sim.faults()["faults"]
    assert len(listed) == len({fault["name"] for fault in listed}) >= 40
    assert all(len(fault["what"]) > 10 for fault in listed)
    assert {fault["name"] for fault in listed} >= ACCEPTED
    assert httpx.get(f"{sim.url}/_sim/fault").json() == sim.faults()


def test_a_wrong_order_is_refused(sim):
    for order, field in [
        ({"fault": "nonsense"}, "fault"), ({"fault": "500", "provider": "x"}, "provider"),
        ({"fault": "500", "phase": "x"}, "phase"), ({"fault": "500", "time": 1}, "time"),
    ]:
        answer = httpx.post(f"{sim.url}/_sim/fault", json=order)
        assert answer.status_code == 422 and answer.json()["field"] == field


@pytest.mark.parametrize("fault", ["drop", "reset", "hang"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_silence(sim, fault, when):
    sim.fault(f"{fault}_{when}_accept", "sample")
    ends = {"drop": "end", "reset": "reset", "hang": "timeout"}
    assert submit(sim, seconds=1.0) == (b"", ends[fault])
    assert len(sim.jobs()) == (when == "after")
    assert submit(sim)[0].startswith(b"HTTP/1.1 201")


@pytest.mark.parametrize("status", [401, 402, 403, 429, 500, 502, 503])
def test_statuses(sim, status):
    sim.fault(str(status), "sample")
    assert submit(sim)[0].startswith(f"HTTP/1.1 {status} ".encode())
    assert sim.jobs() == []


def test_retry_after(sim):
    sim.fault("429_retry_after", "sample", seconds=3)
    assert b"Retry-After: 3\r\n" in submit(sim)[0]
    sim.fault("429", "sample")
    assert b"retry-after" not in submit(sim)[0].lower()


def test_spoilt_answers(sim):
    def answer(fault):
        sim.fault(fault, "sample")
        head, _, body = submit(sim)[0].partition(b"\r\n\r\n")
        return head, body

    for fault in ("html_200", "html_200_after_accept"):
        head, body = answer(fault)
        assert head.startswith(b"HTTP/1.1 200") and b"text/html" in head and b"<!DOCTYPE" in body
    for fault in ("truncated_json", "garbage_json", "truncated_json_after_accept"):
        head, body = answer(fault)
        assert b"application/json" in head and body
        with pytest.raises(ValueError):
            json.loads(body)
    assert answer("empty_200")[1] == b""
    assert answer("500_after_accept")[0].startswith(b"HTTP/1.1 500")
    assert len(sim.jobs()) == 3


def test_wrong_length(sim):
    sim.fault("wrong_length", "sample")
    head, _, body = submit(sim)[0].partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert length > len(body) and json.loads(body)["id"] == sim.jobs()[0]["id"]


def test_early_hints(sim):
    sim.fault("early_hints_103", "sample")
    answer, _ = submit(sim)
    assert answer.startswith(b"HTTP/1.1 103") and b"\r\n\r\nHTTP/1.1 201" in answer


def test_slow(sim):
    sim.fault("slow", "sample", seconds=1)
    start = time.monotonic()
    assert submit(sim)[0].startswith(b"HTTP/1.1 201")
    assert time.monotonic() - start >= 1


def test_redirect_leads_to_another_origin(sim):
    sim.fault("redirect", "sample")
    answer = httpx.post(f"{sim.url}/sample/v1/videos", json=WISH)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{sim.url}/sample/v1/videos".replace(
        "127.0.0.1", "localhost")


def test_times_after_and_match(sim):
    sim.fault("500", "sample", times=2, after=1, match={"prompt": "red"})
    codes = [
        httpx.post(f"{sim.url}/sample/v1/videos", json={**WISH, "prompt": prompt}).status_code
        for prompt in ("red", "blue", "red", "red", "red")]
    assert codes == [201, 201, 500, 500, 201]
    sim.fault("500", "sample", times=-1, match={"model": "clip-tagged"})
    assert submit(sim, model="clip-tagged")[0].startswith(b"HTTP/1.1 500")
    assert submit(sim, model="clip-tagged")[0].startswith(b"HTTP/1.1 500")
    assert submit(sim)[0].startswith(b"HTTP/1.1 201")
    sim.clear_faults()
    assert submit(sim, model="clip-tagged")[0].startswith(b"HTTP/1.1 201")


def test_a_prompt_or_model_may_name_a_fault(sim):
    for wish in ({"prompt": "a fox [fault:503]"}, {"model": "clip[fault:502]"}):
        assert submit(sim, **wish)[0].startswith(b"HTTP/1.1 50")
        # Once a job: the repeat goes through.
        assert submit(sim, **wish)[0].startswith(b"HTTP/1.1 201")
    job = made(sim, prompt="a cat [fault:poll:500] [fault:fetch:503] [fault:nothing] [x]")
    url = f"{sim.url}/sample/v1/videos/{job}"
    assert [httpx.get(url).status_code for _ in range(2)] == [500, 200]
    assert httpx.get(f"{url}/content").status_code == 503


def test_polls(sim):
    job = made(sim, prompt="a fox [fault:not_found_once] [fault:unknown_status]")
    url = f"{sim.url}/sample/v1/videos/{job}"
    answers = [httpx.get(url) for _ in range(3)]
    assert answers[0].status_code == 404
    assert answers[1].json()["status"] == "polishing"
    assert answers[2].json()["status"] in ("queued", "running", "succeeded")


@pytest.mark.parametrize(
    "fault, status",
    [
        ("failed", "failed"), ("filtered", "filtered"), ("provider_cancelled", "cancelled"),
        ("provider_expired", "failed"), ("stuck", "running"),
    ])
@pytest.mark.parametrize("by", ["prompt", "rule", "late rule"])
def test_outcomes(sim, fault, status, by):
    if by == "rule":
        sim.fault(fault, "sample")
    job = made(sim, prompt=f"a fox [fault:{fault}]" if by == "prompt" else "a fox")
    if by == "late rule":
        sim.fault(fault, "sample")
        httpx.get(f"{sim.url}/sample/v1/videos/{job}")
    time.sleep(0.5)
    seen = httpx.get(f"{sim.url}/sample/v1/videos/{job}").json()
    assert seen["status"] == status and "video" not in seen
    if status != "running":
        assert "cost_usd" not in seen


def test_success_without_asset_or_cost(sim):
    job = finished(sim, prompt="a fox [fault:success_without_asset] [fault:missing_cost]")
    seen = httpx.get(f"{sim.url}/sample/v1/videos/{job}").json()
    assert seen["status"] == "succeeded" and not {"video", "cost_usd"} & set(seen)


def test_assets(sim):
    job = finished(sim)
    path = f"/sample/v1/videos/{job}/content"
    whole = httpx.get(sim.url + path).content

    sim.fault("short_asset", "sample")
    head, _, body = raw(sim, "GET", path)[0].partition(b"\r\n\r\n")
    assert f"content-length: {len(whole)}".encode() in head.lower()
    assert body == whole[: len(whole) // 2]

    sim.fault("slow_body", "sample", seconds=1)
    start = time.monotonic()
    answer = raw(sim, "GET", path)[0]
    assert answer.endswith(whole) and time.monotonic() - start >= 0.9

    sim.fault("not_a_video", "sample")
    assert httpx.get(sim.url + path).headers["content-type"].startswith("text/html")

    sim.fault("expired_asset", "sample", times=2)
    assert [httpx.get(sim.url + path).status_code for _ in range(3)] == [410, 410, 200]
    gone = finished(sim, prompt="a fox [fault:expired_asset]")
    url = f"{sim.url}/sample/v1/videos/{gone}/content"
    assert [httpx.get(url).status_code for _ in range(3)] == [410, 410, 410]


@pytest.mark.parametrize(
    "provider, method, path, body",
    [
        ("openrouter", "POST", "/openrouter/api/v1/videos",
         {"model": "google/veo-3.1", "prompt": "x"}),
        ("google", "POST", "/google/v1/interactions", {"model": "m", "input": "x"}),
        ("google", "POST", "/google/v1beta/models/veo-3.1-generate-preview:predictLongRunning",
         {"instances": [{"prompt": "x"}]}),
        ("vertex", "POST",
         "/vertex/v1/projects/p/locations/l/publishers/google/models/m:predictLongRunning",
         {"instances": [{"prompt": "x"}]}),
    ])
def test_each_provider_words_its_own_errors(sim, provider, method, path, body):
    headers = {"authorization": f"Bearer {sim.token()}"}
    for status in (401, 402, 403, 429, 500, 503):
        sim.fault(str(status), provider)
        answer = httpx.request(method, sim.url + path, json=body, headers=headers)
        # Google has no 402: an empty purse is an exhausted quota.
        expected = 429 if status == 402 and provider != "openrouter" else status
        assert answer.status_code == expected
        assert answer.json()["error"]["code"] == expected and answer.json()["error"]["message"]
    assert sim.jobs() == []


def test_relative_polling_url(sim):
    wish = {"model": "google/veo-3.1", "prompt": "x [fault:relative_polling_url]"}
    made = httpx.post(
        f"{sim.url}/openrouter/api/v1/videos", json=wish, headers={"authorization": "Bearer k"})
    assert made.json()["polling_url"] == f"/openrouter/api/v1/videos/{made.json()['id']}"


def test_inline_asset(sim):
    wish = {
        "model": "gemini-omni-1.1-flash", "input": "x [render:0] [fault:inline_asset]",
        "response_format": {"type": "video", "duration": "3s", "delivery": "uri"}}
    answer = httpx.post(
        f"{sim.url}/google/v1/interactions", json=wish, headers={"x-goog-api-key": "k"},
        timeout=60).json()
    video = answer["steps"][1]["content"][0]
    assert "uri" not in video and len(video["data"]) > 10_000
