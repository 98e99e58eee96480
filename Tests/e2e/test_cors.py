"""Pages of other origins: those that are named may speak to the TCP listener, nobody's to the socket."""

import json

import httpx
import pytest

from door_kit import KEY, with_tcp

PAGE = "http://localhost:3000"
PATH = "/api/generate/video"
AUTH = {"authorization": f"Bearer {KEY}"}
BROWSER = {"origin": PAGE, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}


@pytest.fixture
def front(daemons, sim):
    return with_tcp(daemons(sim, speed=40), cors_origins=f'["{PAGE}", "https://app.example"]').start()


def test_a_preflight(front):
    """OPTIONS from a named page is 204 with what it may send, without a key [A46]."""
    wanted = "authorization,content-type,last-event-id,x-byok-openai,x-run-id"
    answer = httpx.options(front.tcp + PATH, headers={
        **BROWSER, "access-control-request-method": "POST",
        "access-control-request-headers": wanted, "access-control-request-private-network": "true"})
    assert answer.status_code == 204 and answer.content == b""
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-allow-headers"] == wanted
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_page_makes_a_clip(front, sim):
    """A browser's POST, its stream and the file behind the absolute address, all readable by the page [A46]."""
    answer = httpx.post(front.tcp + PATH, headers={**BROWSER, **AUTH, "X-Run-Id": "page-1"}, timeout=90,
                        json={"runId": "page-1", "data": {"prompt": "a fox", "duration": 4}})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "x-kinora-job" in answer.headers["access-control-expose-headers"]
    events = [json.loads(line[6:]) for line in answer.text.split("\n") if line.startswith("data: ")]
    result = next(event["value"] for event in events if event.get("name") == "generation:result")
    assert result["url"].startswith(f"{front.tcp}/v1/videos/")
    part = httpx.get(result["url"], headers={**BROWSER, **AUTH, "range": "bytes=0-9"})
    assert part.status_code == 206 and len(part.content) == 10
    assert part.headers["access-control-allow-origin"] == PAGE
    stopped = httpx.delete(f"{front.tcp}{PATH}?runId=page-1", headers={**BROWSER, **AUTH})
    assert stopped.status_code == 409 and stopped.headers["access-control-allow-origin"] == PAGE


def test_errors_are_readable_too(front):
    """A page without a key learns that by a 401 that it may read."""
    answer = httpx.post(front.tcp + PATH, headers=BROWSER, json={})
    assert answer.status_code == 401 and answer.headers["access-control-allow-origin"] == PAGE
    lost = httpx.get(front.tcp + "/nowhere", headers={**BROWSER, **AUTH})
    assert lost.status_code == 404 and lost.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("origin", [
    "http://localhost:3001", "https://localhost:3000", "http://LOCALHOST:3000", "null",
    "http://localhost:3000.evil.example", "http://evil.example", ""])
def test_other_pages_stay_out(front, origin):
    """An origin that is not named is refused as before, and no answer is made readable for it."""
    headers = {**AUTH, "origin": origin, "sec-fetch-site": "cross-site"}
    refused = httpx.post(front.tcp + "/v1/videos", headers=headers, json={"prompt": "x"})
    assert refused.status_code == 403
    preflight = httpx.options(front.tcp + "/v1/videos", headers={
        **headers, "access-control-request-method": "POST"})
    assert preflight.status_code == 204
    read = httpx.get(front.tcp + "/v1/models", headers=headers)
    for answer in (refused, preflight, read):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert front.jobs() == []


def test_not_on_the_socket(front):
    """On the Unix socket every Origin is refused, a named one too."""
    for method in ("GET", "POST", "OPTIONS"):
        status, _, headers = front.request(
            method, "/v1/models", headers={"Origin": PAGE, "Access-Control-Request-Method": "POST"})
        assert status == 403 and "Access-Control-Allow-Origin" not in headers


def test_nothing_is_said_without_an_origin(front):
    """Programs get the same answers as before."""
    answer = httpx.get(front.tcp + "/v1/models", headers=AUTH)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "vary" not in answer.headers
