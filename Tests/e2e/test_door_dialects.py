"""What each door says in its client's own dialect, whole, against golden files: Tests/e2e/golden/dialects.

`KINORA_REWRITE=1` writes them anew. A difference is a change of what other people's programs read: see the
table of versions in docs/CHANGELOG.md before it is taken over.
"""

import json
import os
import re
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden/dialects"
PROMPT = "a paper boat"
VIDEO = {"video": {"model": "sample/clip", "duration_seconds": 4}}


def steady(value):
    """The same for every run: ids, times and media are named by what they are. Kinora's own object and the lists of
    what is allowed instead are no part of a dialect."""
    if isinstance(value, dict):
        return {key: "LIST" if key == "allowed" else "BYTES" if key in ("bytes", "size") and isinstance(item, int)
                else steady(item) for key, item in value.items() if key != "kinora"}
    if isinstance(value, list):
        return [steady(item) for item in value]
    if isinstance(value, str):
        for pattern, name in [
                (r"video_[0-9a-f]{32}", "video_ID"), (r"req_[0-9a-f]{16}", "req_ID"), (r"uid-?:?\d+", "uid"),
                (r"[A-Za-z0-9+/=]{400,}", "BASE64"), (r"[0-9a-f]{64}", "SHA256"),
                (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,27}", "UUID"), (r"[0-9a-f]{32}", "ID"),
                (r"\d{4}-\d\d-\d\dT[\d:.]+Z|\d{8}T\d{9}(?!\d)", "TIME"), (r"generated_\d{13}", "generated_TIME")]:
            value = re.sub(pattern, name, value)
        return value
    return "TIME" if isinstance(value, int) and value > 1_500_000_000 else value


def events(raw):
    """Data of an event stream; how often a status is told depends on the machine, so the last one counts."""
    found = [json.loads(line[6:]) for line in raw.decode().split("\n") if line.startswith("data: ")]
    told = [each for each in found if each.get("name") == "video:status"]
    return [each for each in found if each not in told[:-1] and each.get("name") != "generation:progress"]


class Talk:
    """Requests and answers, one after another."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.lines = []

    def ask(self, method, path, body=None, **fields):
        status, answer, headers = self.daemon.request(
            method, path, body, {name.replace("_", "-"): value for name, value in fields.items()}, timeout=120)
        kind = headers["Content-Type"].split(";")[0]
        if kind == "text/event-stream":
            answer = events(answer)
        shown = f"{len(answer)} bytes" if isinstance(answer, bytes) else steady(answer)
        self.lines.append({"request": f"{method} {steady(path)}", "status": status, "type": kind, "answer": shown})
        return answer

    def until(self, path, ended):
        """Asks until it is over; only the last answer is kept."""
        while not ended(answer := self.ask("GET", path)):
            self.lines.pop()
        return answer


def chat(talk):
    body = {"model": "sample/clip", "modalities": ["video"], "messages": [{"role": "user", "content": PROMPT}],
            "video_config": {"duration_seconds": 4}}
    talk.ask("POST", "/v1/chat/completions", body)
    config = {**body["video_config"], "response_format": "url"}
    talk.ask("POST", "/v1/chat/completions", {**body, "video_config": config})
    talk.ask("POST", "/v1/chat/completions", {**body, "model": "nobody/none"})


def images(talk):
    body = {"model": "google/gemini-3-pro-image", "prompt": PROMPT}
    talk.ask("POST", "/v1/images/generations", body)
    talk.ask("POST", "/v1/images/generations", {**body, "response_format": "url"})
    talk.ask("POST", "/v1/images/generations", {**body, "response_format": "gif"})


def google(talk):
    body = {"instances": [{"prompt": PROMPT}], "parameters": {"durationSeconds": 4}}
    name = talk.ask("POST", "/google/v1beta/models/sample/clip:predictLongRunning", body)["name"]
    talk.until(f"/google/v1beta/{name}", lambda answer: answer.get("done"))
    talk.ask("POST", "/google/v1beta/models/sample/clip:predictLongRunning", {"instances": []})
    talk.ask("GET", "/google/v1beta/models/nobody")


def openrouter(talk):
    body = {"model": "sample/clip", "prompt": PROMPT, "duration": 4}
    made = talk.ask("POST", "/openrouter/api/v1/videos", body)
    talk.until(f"/openrouter/api/v1/videos/{made['id']}", lambda answer: answer["status"] == "completed")
    talk.ask("POST", "/openrouter/api/v1/videos", {**body, "duration": 900})
    talk.ask("GET", "/openrouter/api/v1/videos/nobody")


def tanstack(talk):
    data = {"prompt": PROMPT, "duration": 4, "model": "sample/clip"}
    talk.ask("POST", "/api/generate/video", {"data": data, "runId": "run-1", "threadId": "thread-1"})
    talk.ask("POST", "/api/generate/video", {"data": {**data, "prompt": ""}, "runId": "run-2"})
    talk.ask("POST", "/api/generate/video", {"data": data}, Accept="application/json")
    made = talk.ask("POST", "/api/generate/video/jobs", data)
    talk.until(f"/api/generate/video/jobs/{made['jobId']}", lambda answer: answer["status"] == "completed")
    talk.ask("GET", f"/api/generate/video/jobs/{made['jobId']}/url")


def gateway(talk):
    body = {"prompt": PROMPT, "n": 1, "aspectRatio": "16:9", "resolution": "1280x720", "duration": 4}
    fields = {"ai_model_id": "sample/clip", "ai_video_model_specification_version": "4",
              "ai_gateway_protocol_version": "0.0.1", "accept": "text/event-stream"}
    talk.ask("POST", "/v4/ai/video-model", body, **fields)
    talk.ask("POST", "/v4/ai/video-model", {**body, "duration": 900}, **fields)


def storage(talk):
    body = {"prompt": PROMPT, "customer_id": 1, "settings": VIDEO, "save_to_db": True}
    talk.ask("POST", "/video/generate", body)
    talk.ask("POST", "/video/generate", {**body, "save_to_db": False})
    talk.ask("POST", "/video/generate", {**body, "prompt": ""})


@pytest.mark.parametrize("door", [chat, images, google, openrouter, tanstack, gateway, storage],
                         ids=lambda door: door.__name__)
def test_dialect(daemon, door):
    """A door's answers, good and bad, are those of its golden file; a door is apart from the core, and its dialect
    has a version in docs/CHANGELOG.md [A2]."""
    talk = Talk(daemon)
    door(talk)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in talk.lines)
    path = GOLDEN / f"{door.__name__}.jsonl"
    if os.environ.get("KINORA_REWRITE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert talk.lines == [json.loads(line) for line in path.read_text().splitlines()]
    assert text == path.read_text(), "the order of members is part of it"
