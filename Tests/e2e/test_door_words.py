"""Words and values that a door's clients look for, and what every door has in common."""

import datetime
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from doors import ask_chat, clip, http
from kinora_kit import kinora
from official import body as sent
from tanstack_kit import INPUT, PATH, Stream, envelope, run, value
from test_door_gateway import fields as gateway_fields
from vertex_kit import vertex_daemon

SORA = "openai-videos/sora-2"


def direct(daemon, data, **fields):
    """The direct mode: (status, body, headers)."""
    return daemon.request("POST", PATH, {"data": data, **fields}, {"Accept": "application/json"})


def test_no_access_is_told_in_the_words_that_programs_look_for(daemon, sim):
    """Who has no access to a model hears 'Video generation API is not available' [A3] [A100]."""
    sim.fault("403", provider="openai", phase="submit", times=2)
    status, job, _ = daemon.post("/v1/videos", {"model": SORA, "prompt": "x"})
    assert status == 200
    job = daemon.get(f"/v1/videos/{job['id']}?wait=30")
    assert job["status"] == "failed"
    assert "Video generation API is not available" in job["error"]["message"], job["error"]
    events = run(daemon, envelope("no-access", {**INPUT, "model": SORA}))
    assert events[-1]["type"] == "RUN_ERROR"
    assert "Video generation API is not available" in events[-1]["error"]["message"]


@pytest.fixture
def silent():
    """A provider of the sample's dialect that fails every job and never says why."""
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(201, {"id": "v1", "status": "queued"})

        def do_GET(self):
            self.answer(200, {"id": "v1", "status": "failed"})

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def test_a_failure_without_words(daemons, sim, silent):
    """Where the provider says nothing, this dialect says 'Video generation failed' [A26]."""
    daemon = daemons(sim, providers=f"""  silent:
    plugin: sample
    base_url: {silent}
    allow_private: true
    poll_speed: 400
""").start()
    events = run(daemon, {"data": {**INPUT, "model": "silent/clip"}})
    assert events[-1]["error"]["message"] == "Video generation failed" == events[-1]["message"]
    status, body, _ = direct(daemon, {**INPUT, "model": "silent/clip", "prompt": "again"})
    assert status == 502 and body["error"]["message"].startswith("the provider failed the job")
    job = daemon.jobs()[0]
    assert daemon.get(f"{PATH}/jobs/{job['id']}")["error"] == "Video generation failed"


def test_options_under_both_names(daemon, sim):
    """modelOptions and providerOptions make the same request; what the catalog does not list is refused [A85]."""
    logs = []
    for name in ("modelOptions", "providerOptions"):
        sim.reset()
        events = run(daemon, {"data": {**INPUT, "model": SORA, name: {"variants": ["thumbnail"]}}})
        assert len(value(events, "generation:result")[0]["artifacts"]) == 2
        logs.append(sorted({(entry["method"], entry["path"].rsplit("video_", 1)[0], entry["path"][-9:])
                            for entry in sim.log() if "thumbnail" in str(entry) or entry["method"] == "POST"}))
        sim.reset()
        status, body, _ = direct(daemon, {**INPUT, "model": SORA, name: {"quality": "high"}})
        assert status == 400 and body["error"]["param"] == "options.quality", body
        assert body["error"]["allowed"] == ["variants"] and sim.log() == []
    assert logs[0] == logs[1] != []


def test_lengths_snap_to_what_sora_has(daemon, sim):
    """4, 8, 12 s: another length is refused with them, or moved and reported [A23]."""
    status, body, _ = daemon.post("/v1/videos", {"model": SORA, "prompt": "x", "seconds": 5})
    assert status == 400 and body["errors"][0]["allowed"] == ["4", "8", "12"]
    for path, data in (("/v1/videos", {"seconds": 5}), (f"{PATH}/jobs", {"duration": 5})):
        status, body, _ = daemon.post(path, {"model": SORA, "prompt": "x", "snap": True, **data})
        assert status == 200, body
        job = daemon.get(f"/v1/videos/{body.get('id') or body['jobId']}")
        assert job["seconds"] == "4" and job["kinora"]["asked"] == {"seconds": "5"}
    posts = [entry for entry in sim.log() if entry["method"] == "POST"]
    assert {sent(entry)["seconds"] for entry in posts} <= {"4"}


def test_the_default_model_of_the_door(daemons, sim):
    """Without a model in request and configuration TanStack's door asks for sora-2 [A33]."""
    daemon = daemons(sim, speed=40)
    daemon.config.write_text(daemon.config.read_text().replace("defaults: {model: sample/clip}\n", ""))
    daemon.start()
    events = run(daemon, envelope("no-model"))
    job = daemon.get(f"/v1/videos/{value(events, 'video:job:created')[0]['jobId']}")
    assert job["model"] == SORA and job["status"] == "completed"
    post, = [entry for entry in sim.log() if entry["method"] == "POST"]
    assert post["path"] == "/openai/v1/videos"
    # The native door leaves that to the configuration.
    assert daemon.post("/v1/videos", {"prompt": "x"})[1]["error"]["code"] == "model_unknown"


def test_when_a_result_is_removed(daemons, sim):
    """expires_at is this host's own retention: seconds in OpenAI's words, ISO 8601 in TanStack's [A21]."""
    daemon = daemons(sim, speed=40, extra="retention: {jobs: 90d}\n").start()
    events = run(daemon, envelope("expires"))
    result = value(events, "generation:result")[0]
    job = daemon.get(f"/v1/videos/{result['jobId']}")
    assert job["expires_at"] - job["completed_at"] == 90 * 86400
    assert daemon.get("/v1/videos")["data"][0]["expires_at"] == job["expires_at"]
    for text in (result["expiresAt"], daemon.get(f"{PATH}/jobs/{job['id']}/url")["expiresAt"]):
        told = datetime.datetime.fromisoformat(text)
        assert abs(told.timestamp() - job["expires_at"]) < 1
    media = ask_chat(daemon, clip()).json()["choices"][0]["message"]["videos"][0]
    assert media["expires_at"] - daemon.get(f"/v1/videos/{media['video_id']}")["completed_at"] == 90 * 86400
    # A reload changes what is told of jobs that are there, and a job that runs has no such time.
    daemon.config.write_text(daemon.config.read_text().replace("jobs: 90d", "jobs: 30d"))
    assert daemon.post("/v1/reload")[0] == 200
    assert daemon.get(f"/v1/videos/{job['id']}")["expires_at"] - job["completed_at"] == 30 * 86400
    made = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "[render:100000]"})[1]
    assert made["expires_at"] is None
    daemon.config.write_text(daemon.config.read_text().replace("retention: {jobs: 30d}\n", ""))
    assert daemon.post("/v1/reload")[0] == 200
    assert daemon.get(f"/v1/videos/{job['id']}")["expires_at"] is None
    assert "expiresAt" not in daemon.get(f"{PATH}/jobs/{job['id']}/url")


def test_a_file_that_was_removed(daemon, sim):
    """The job stays completed, its content is 410 artifact_expired, through every door that gives it [A28]."""
    events = run(daemon, envelope("purged"))
    job = daemon.get(f"/v1/videos/{value(events, 'video:job:created')[0]['jobId']}")
    digest = job["kinora"]["artifacts"][0]["sha256"]
    file, = [path for path in (daemon.directory / "state").rglob(f"*{digest[8:]}*") if path.is_file()]
    file.unlink()
    status, body, _ = daemon.request("GET", f"/v1/videos/{job['id']}/content")
    assert (status, body["error"]["code"]) == (410, "artifact_expired"), body
    status, body, _ = daemon.request("GET", f"/openrouter/api/v1/videos/{job['id']}/content")
    assert (status, body["error"]["metadata"]["code"]) == (410, "artifact_expired"), body
    with http(daemon) as client:
        answer = client.post("/v4/ai/video-model/status", headers=gateway_fields(),
                             json={"operation": {"gatewayJobId": job["id"]}})
    assert "artifact_expired" in answer.text or answer.status_code == 410, answer.text
    assert daemon.get(f"/v1/videos/{job['id']}")["status"] == "completed"


def test_an_answer_waits_ten_minutes_or_as_told(daemon, sim):
    """maxDuration is the library's; past it the answer says 'Video generation timed out' and the job goes on [A36]."""
    sim.fault("stuck", provider="sample", phase="poll", times=100000)
    data = {**INPUT, "maxDuration": 300, "pollingInterval": 100}
    events = run(daemon, envelope("late", data))
    assert events[-1]["type"] == "RUN_ERROR" and events[-1]["code"] == "poll_timeout"
    assert events[-1]["message"].startswith("Video generation timed out")
    status, body, headers = direct(daemon, {**data, "prompt": "the direct one"})
    assert status == 504 and body["error"]["message"].startswith("Video generation timed out")
    assert headers["x-should-retry"] == "false"
    jobs = daemon.jobs()
    assert len(jobs) == 2 and {job["status"] for job in jobs} == {"in_progress"}
    # Joining goes on where the job is, with the usual patience of ten minutes; here it is stopped meanwhile.
    stream = Stream(daemon, None, target=f"{PATH}?runId=late&offset=-1")
    found = (event for _, event in stream.events())
    assert next(found)["type"] == "RUN_STARTED"
    assert daemon.request("DELETE", f"{PATH}?runId=late")[0] == 200
    assert list(found)[-1]["message"] == "Request aborted"
    stream.close()


def test_the_direct_mode_says_nothing_before_the_end(daemon, sim):
    """One JSON object with a length, no event before it: there are no live updates [A62]."""
    status, body, headers = direct(daemon, INPUT)
    assert status == 200 and body["status"] == "completed"
    assert int(headers["Content-Length"]) > 0 and "Transfer-Encoding" not in headers
    assert "type" not in body and "progress" not in body


@pytest.mark.parametrize("path, body", [
    ("/v1/videos", {"model": "sample/clip", "prompt": "x"}),
    ("/v1/chat/completions", clip()),
    ("/openrouter/api/v1/videos", {"model": "sample/clip", "prompt": "x"}),
    ("/google/v1beta/models/sample/clip:predictLongRunning", {"instances": [{"prompt": "x"}]}),
    ("/video/generate", {"prompt": "x", "customer_id": 1, "settings": {"video": {"model": "sample/clip"}}}),
    (f"{PATH}/jobs", {"prompt": "x"})], ids=lambda value: value if isinstance(value, str) else "")
def test_a_providers_key_in_a_request_is_refused(daemon, sim, path, body):
    """X-Byok-… is refused by every door, names where keys belong, and the key is written nowhere [A107]."""
    secret = "sk-byok-0123456789"
    status, answer, _ = daemon.request("POST", path, body, {"X-Byok-OpenAI": secret})
    assert status == 400 and "configuration" in str(answer) and secret not in str(answer), answer
    assert daemon.jobs() == [] and sim.log() == []
    assert secret not in daemon.log()
    state = (daemon.directory / "state").rglob("*")
    assert not any(secret.encode() in file.read_bytes() for file in state if file.is_file())


def test_several_results(daemons, sim):
    """n results are n files, each behind its index, in a door whose own library has one [A110]."""
    daemon, count = vertex_daemon(daemons, sim), 2
    status, body, _ = direct(daemon, {
        "prompt": "two", "model": "vertex/veo-3.1-fast-generate-001", "duration": 4, "n": count})
    assert status == 200, body
    urls = [artifact["url"] for artifact in body["artifacts"]]
    assert len(set(urls)) == count
    assert all(daemon.request("GET", url)[0] == 200 for url in urls)


def test_a_requests_own_list_of_models(daemon, sim):
    """models: [a, b] is asked in order by the rules of routes: on only where nothing was bought [A119]."""
    sim.fault("402", provider="openrouter", phase="submit", times=50)
    wish = {"models": ["openrouter/google/veo-3.1-fast", "sample/clip"], "prompt": "a heron", "seconds": 4}
    status, job, _ = daemon.post("/v1/videos", wish)
    assert status == 200, job
    assert job["kinora"]["route"] == "openrouter/google/veo-3.1-fast, sample/clip"
    done = daemon.get(f"/v1/videos/{job['id']}?wait=60")
    assert (done["status"], done["model"]) == ("completed", "sample/clip")
    posts = [entry["path"] for entry in sim.log() if entry["method"] == "POST"]
    assert [path.split("/")[1] for path in posts] == ["openrouter", "sample"]
    attempts = {row["attempt"] for row in daemon.get(f"/v1/videos/{job['id']}/evidence")["data"]}
    assert len(attempts) == 2
    # A submit whose fate nobody knows does not go on.
    sim.reset()
    sim.fault("drop_after_accept", provider="sample", phase="submit")
    status, job, _ = daemon.post("/v1/videos", {**wish, "models": ["sample/clip", "openai-videos/sora-2"]})
    job = daemon.get(f"/v1/videos/{job['id']}?wait=60")
    assert job["kinora"]["state"] == "held" and len(sim.jobs()) == 1
    # The same list is the same request; another order is another.
    first = daemon.post("/v1/videos", wish, Idempotency_Key="list")
    assert daemon.post("/v1/videos", wish, Idempotency_Key="list")[1]["id"] == first[1]["id"]
    status, body, _ = daemon.post(
        "/v1/videos", {**wish, "models": wish["models"][::-1]}, Idempotency_Key="list")
    assert status == 422, body


def test_a_list_of_models_elsewhere(daemon, sim):
    """Form, batch, tool, MCP, quote, images and the command line take models: as POST /v1/videos does [A119]."""
    sim.fault("402", provider="openrouter", phase="submit", times=-1)
    sim.fault("402", provider="google", phase="submit", times=-1)
    names = ["openrouter/google/veo-3.1-fast", "sample/clip"]
    wish = {"models": names, "seconds": 4, "prompt": "a heron"}
    pictures = [next(model["id"] for model in daemon.get("/v1/models")["data"]
                     if model["output_modalities"] == ["image"] and model["owned_by"] == "google"),
                "sample/still-image"]
    quote = daemon.post("/v1/quote", wish)[1]
    assert quote["model"] == names[0], quote
    asynchronous = {"Prefer": "respond-async"}
    with http(daemon) as client:
        form = [("prompt", (None, "form")), ("seconds", (None, "4"))]
        answers = [
            client.post("/v1/videos", files=form + [("models", (None, name)) for name in names]),
            client.post("/v1/videos", files=[
                ("prompt", (None, "json in a form")), ("seconds", (None, "4")),
                ("models", (None, json.dumps(names)))]),
            client.post("/v1/batches", json={"requests": [{**wish, "prompt": "batch"}]}),
            client.post("/v1/tools/generate_video", json={**wish, "prompt": "tool", "wait_seconds": 0}),
            client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
                "name": "generate_video", "arguments": {**wish, "prompt": "mcp", "wait_seconds": 0}}}),
            client.post("/v1/images/generations", headers=asynchronous, json={
                "models": pictures, "prompt": "image"}),
        ]
        for answer in answers:
            assert answer.status_code in (200, 202), answer.text
        for path, body, param in (
                ("/v1/batches", {"requests": [{**wish, "models": ["sample/clip", "nobody/has"]}]},
                 "requests.0.models.1"),
                ("/v1/tools/generate_video", {**wish, "models": []}, "models"),
                ("/v1/images/generations", {"models": ["sample/still-image", "sample/clip"], "prompt": "x"},
                 "models.1"),
                ("/v1/images/generations", {"models": pictures, "model": "sample/still-image", "prompt": "x"},
                 "models")):
            answer = client.post(path, json=body)
            assert answer.status_code == 400 and answer.json()["error"]["param"] == param, answer.text
    done = kinora("generate", "command", "-m", names[0], "-m", names[1], "-d", 4, "--detach", "--yes",
                  socket=daemon.socket)
    assert done.code == 0, done
    schema = next(tool for tool in daemon.get("/v1/tools")["tools"] if tool["name"] == "generate_video")
    assert "sample/clip" in schema["input_schema"]["properties"]["models"]["items"]["enum"]
    jobs = [daemon.get(f"/v1/videos/{job['id']}?wait=60") for job in daemon.jobs()]
    ends = {job["prompt"]: (job["status"], job["model"], job["kinora"]["route"]) for job in jobs}
    clip = ("completed", "sample/clip", ", ".join(names))
    assert ends == {
        **{word: clip for word in ("form", "json in a form", "batch", "tool", "mcp", "command")},
        "image": ("completed", "sample/still-image", ", ".join(pictures))}


@pytest.mark.parametrize("more, field", [
    ({"models": []}, "models"), ({"models": "sample/clip"}, "models"), ({"models": ["a", "a"]}, "models"),
    ({"models": [1]}, "models"), ({"models": ["sample/clip", "nobody/has"]}, "models.1"),
    ({"models": ["sample/clip"], "model": "sample/clip"}, "models")])
def test_a_bad_list_of_models(daemon, sim, more, field):
    """A list that is none, or that names a model that nobody has, is refused before anything is made."""
    status, body, _ = daemon.post("/v1/videos", {"prompt": "x", **more})
    assert status == 400 and body["error"]["param"] == field, body
    assert daemon.jobs() == []


@pytest.mark.parametrize("name", ["sora-9", "openai-x"])
def test_a_family_name_is_no_model_elsewhere(daemon, sim, name):
    """Only the storage-backend door knows a provider by a name's beginning; everywhere an unknown one is refused, and the
    answer names what there is."""
    status, body, _ = daemon.post("/v1/videos", {"model": name, "prompt": "x"})
    assert status == 400 and body["error"]["code"] == "model_unknown"
    assert any("sora" in near or "openai" in near for near in body["errors"][0]["allowed"]), body
    status, body, _ = daemon.post("/openrouter/api/v1/videos", {"model": name, "prompt": "x"})
    assert status == 400 and body["error"]["metadata"]["code"] == "model_unknown"
    status, body, _ = daemon.post(
        "/video/generate", {"prompt": "x", "customer_id": 1, "settings": {"video": {"model": name}}})
    assert status == 400 and body["error"]["code"] == "model_unknown"
    assert body["error"]["message"].startswith("openai-videos has no model")
    assert daemon.jobs() == []
