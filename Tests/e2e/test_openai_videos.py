"""Sora's dialect through kinorad: what is sent, made, priced and refused."""

import json

import pytest
from job_kit import settled
from media import data_url, png
from official import body
from pictures import png_of
from simulator import probe, video_stream


def end(daemon, job):
    return daemon.get(f"/v1/videos/{job['id']}?wait=60")


def made(daemon, model="sora-2", **fields):
    """A finished job."""
    status, job, _ = daemon.post(
        "/v1/videos", {"model": f"openai-videos/{model}", "prompt": "a fox", **fields})
    assert status == 200, job
    done = end(daemon, job)
    assert done["status"] == "completed", done
    return done


def content(daemon, job, index=0):
    return daemon.request("GET", f"/v1/videos/{job['id']}/content?index={index}")[1]


def sent(sim, route):
    """Bodies of the requests to `METHOD PATH…`."""
    return [body(entry) for entry in sim.log()
            if f"{entry['method']} {entry['path']}".startswith(route)]


def test_plugin(daemon):
    """The plugin is there under its name [B34]."""
    plugins = {entry["name"]: entry for entry in daemon.get("/v1/plugins")["data"]}
    assert plugins["openai-videos"]["state"] == "loaded"
    assert {"sora-2", "sora-2-pro"} <= set(plugins["openai-videos"]["models"])


@pytest.mark.parametrize("name, words, sizes", [
    ("sora-2", "prototyping", ["1280x720", "720x1280"]),
    ("sora-2-pro", "Production-quality",
     ["1280x720", "720x1280", "1792x1024", "1024x1792", "1920x1080", "1080x1920"]),
])
def test_catalog(daemon, name, words, sizes):
    """Both models with sizes, lengths, descriptions [A10] [A86] [A87] [A88] [A89] [A90] [A92] [A98] [A99]."""
    model = daemon.get(f"/v1/models/openai-videos/{name}")["kinora"]
    assert words in model["description"]
    assert model["sizes"] == sizes and model["seconds"] == [4, 8, 12]
    assert model["ready"] and model["retired_at"] is None, "shut down at OpenAI, not here"


def test_aliases(daemon):
    """sora, sora-1 and openai mean sora-2 [B7]."""
    for name in "sora", "sora-1", "openai":
        quote = daemon.post("/v1/quote", {"model": name, "prompt": "x"})[1]
        assert quote["model"] == "openai-videos/sora-2", quote


def test_from_text(sim, daemon):
    """Seconds go as a string; the clip plays, is polled for and priced [A84] [B8]."""
    job = made(daemon, seconds=8, size="720x1280")
    stream = video_stream(content(daemon, job))
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 720, 1280)
    assert float(stream["duration"]) == pytest.approx(8, abs=0.1)
    assert sent(sim, "POST /openai/v1/videos") == [
        {"prompt": "a fox", "model": "sora-2", "seconds": "8", "size": "720x1280"}]
    assert sent(sim, "GET /openai/v1/videos/video_")
    assert settled(job) == 800_000 == int(float(sim.jobs()[0]["cost_usd"]) * 1e6)
    assert job["kinora"]["provider_id"] == sim.jobs()[0]["id"]


def test_quality_by_size(sim, daemon):
    """The larger frame of the pro model costs what it costs [B8]."""
    assert settled(made(daemon, "sora-2-pro", seconds=4, size="1792x1024")) == 2_000_000
    assert settled(made(daemon, "sora-2-pro", seconds=4, size="1280x720")) == 1_200_000


def test_from_an_image(sim, daemon):
    """The picture really goes, as a file; one of another size is refused with the provider's words."""
    picture = png_of(1280, 720)
    made(daemon, seconds=4, input_reference=data_url(picture))
    assert sent(sim, "POST /openai/v1/videos")[0]["input_reference"]["file"] == "image/png"
    job = end(daemon, daemon.post("/v1/videos", {
        "model": "sora-2", "prompt": "a fox", "seconds": 4,
        "input_reference": data_url(png(900))})[1])
    assert job["status"] == "failed" and "must match the requested" in job["error"]["message"]
    assert settled(job) in (None, 0)


def test_a_file_that_only_the_provider_has(sim, daemon):
    made(daemon, seconds=4, input_reference={"file_id": "file-1"})
    assert sent(sim, "POST /openai/v1/videos")[0]["input_reference"] == {"file_id": "file-1"}


def test_remix_edit_extend(sim, daemon):
    """An earlier result is remixed, edited and extended, each priced by what is made."""
    first = made(daemon, "sora-2", seconds=4, size="720x1280")
    source = {"job": first["id"]}
    remix = made(daemon, prompt="at night", source={**source, "as": "remix"})
    edit = made(daemon, prompt="it rains", source={**source, "as": "edit"})
    longer = made(daemon, prompt="and on", seconds=8, source=source)
    provider_id = first["kinora"]["provider_id"]
    assert sent(sim, f"POST /openai/v1/videos/{provider_id}/remix") == [{"prompt": "at night"}]
    assert sent(sim, "POST /openai/v1/videos/edits") == [
        {"prompt": "it rains", "video": {"id": provider_id}}]
    assert sent(sim, "POST /openai/v1/videos/extensions") == [
        {"prompt": "and on", "seconds": "8", "video": {"id": provider_id}}]
    assert [job["kinora"]["kind"] for job in (remix, edit, longer)] == ["remix", "edit", "extend"]
    assert remix["remixed_from_video_id"] == first["id"] and remix["size"] == "720x1280"
    assert [settled(job) for job in (remix, edit, longer)] == [400_000, 400_000, 800_000]
    assert float(video_stream(content(daemon, longer))["duration"]) == pytest.approx(12, abs=0.1)
    usage = daemon.get("/v1/usage")["data"][0]
    assert usage["spent_microusd"] == sum(
        int(round(float(job["cost_usd"]) * 1e6)) for job in sim.jobs())


def test_a_remix_keeps_its_form(daemon):
    first = made(daemon, seconds=4)
    source = {"job": first["id"], "as": "remix"}
    answer = daemon.post(
        "/v1/videos", {"model": "sora-2", "prompt": "x", "seconds": 8, "source": source})
    assert answer[0] == 400 and answer[1]["error"]["param"] == "seconds"


def test_variants(daemon):
    """Thumbnail and spritesheet come along where they are asked for."""
    job = made(daemon, seconds=4, options={"variants": ["thumbnail", "spritesheet"]})
    mimes = [artifact["mime"] for artifact in job["kinora"]["artifacts"]]
    assert mimes == ["video/mp4", "image/webp", "image/jpeg"]
    assert probe(content(daemon, job, 1))["streams"][0]["codec_name"] == "webp"
    assert settled(job) == 400_000


def test_strict(sim, daemon):
    """What the model cannot do is refused with what it can, before anything is sent."""
    for fields, param, allowed in [
        ({"seconds": 5}, "seconds", "8"), ({"size": "1792x1024"}, "size", "1280x720"),
        ({"seed": 1}, "seed", None), ({"options": {"style": "x"}}, "options.style", "variants"),
        ({"last_frame": "https://example.com/a.png"}, "last_frame", None),
    ]:
        status, answer, _ = daemon.post(
            "/v1/videos", {"model": "sora-2", "prompt": "x", **fields})
        assert status == 400 and answer["error"]["param"] == param, answer
        assert allowed is None or allowed in answer["errors"][0]["allowed"]
    assert sim.log() == []


def test_shut_down_at_openai(daemons, sim):
    """At OpenAI's own host Sora is refused with the day and the successor; images are not."""
    daemon = daemons(sim, providers=f"""
  openai:
    plugin: openai-videos
    credentials: {{api_key: {{file: {sim.directory}/k}}}}
""")
    key = sim.directory / "k"
    key.write_text("sk-test-0001\n")
    key.chmod(0o600)
    daemon.start()
    status, answer, _ = daemon.post("/v1/videos", {"model": "openai/sora-2", "prompt": "x"})
    assert (status, answer["error"]["code"]) == (410, "model_retired")
    assert "2026-09-24" in answer["detail"] and "google/gemini-omni" in answer["detail"]
    quote = daemon.post("/v1/quote", {"model": "openai/gpt-image-1.5", "prompt": "x"})
    assert quote[0] == 200 and quote[1]["microusd"] == 133_000


@pytest.mark.parametrize("fault, code, words", [
    ("401", "provider_unauthenticated", "Incorrect API key"),
    ("402", "provider_exhausted", "exceeded your current quota"),
    ("filtered", "content_blocked", "moderation system"),
    ("failed", "provider_refused", "The generation failed"),
])
def test_errors(sim, daemon, fault, code, words):
    """A bad key, a spent balance, a filter, a failure: each told apart, nothing charged."""
    if fault in ("401", "402"):
        sim.fault(fault, "openai")
        prompt = "a fox"
    else:
        prompt = f"a fox [fault:{fault}]"
    job = end(daemon, daemon.post(
        "/v1/videos", {"model": "sora-2", "prompt": prompt, "seconds": 4})[1])
    assert job["status"] == "failed" and words in json.dumps(job["error"]), job
    assert job["error"]["code"] == code
    assert len(sent(sim, "POST /openai/v1/videos")) == 1, "not sent again"
    usage = daemon.get("/v1/usage")["data"]
    assert all(row["reserved_microusd"] == 0 == row["spent_microusd"] for row in usage)


@pytest.mark.parametrize("fault", ["429_retry_after", "503", "truncated_json", "unknown_status"])
def test_patience(sim, daemon, fault):
    """A busy hour, a broken poll, an unknown word: the job is made all the same, once."""
    phase = "submit" if fault == "429_retry_after" else "poll"
    sim.fault(fault, "openai", phase=phase, seconds=1)
    made(daemon, seconds=4)
    assert len(sim.jobs()) == 1


def test_another_host(daemons, sim):
    """Key in its own field, a query, JSON, numbers, free fields, a server's own model, a real cancel."""
    daemon = daemons(sim, speed=40, providers=f"""
  mine:
    plugin: openai-videos
    base_url: {sim.url}/openai/v1
    allow_private: true
    poll_speed: 40
    assume_usd: 0
    credentials: {{api_key: {{file: {sim.directory}/mine}}}}
    options: {{auth_header: api-key, query: api-version=preview, body: json, seconds: number}}
    models:
      - id: Wan-AI/Wan2.2
        kinds: [text-to-video]
        durations: {{min: 1, max: 10, step: 1}}
        sizes: [480x480, 832x480]
        seed: true
        submit: {{cancel: any}}
""")
    key = sim.directory / "mine"
    key.write_text("sk-test-0001\n")
    key.chmod(0o600)
    daemon.start()
    fields = {"model": "mine/Wan-AI/Wan2.2", "prompt": "a fox", "seconds": 3, "seed": 7,
              "options": {"num_inference_steps": 4}}
    job = end(daemon, daemon.post("/v1/videos", fields)[1])
    assert job["status"] == "completed", job
    assert settled(job) == 0 and video_stream(content(daemon, job))["width"] == 480
    entry = sim.log()[0]
    assert entry["path"] == "/openai/v1/videos?api-version=preview"
    assert entry["headers"]["api-key"] == "sk-test-0001" and "authorization" not in entry["headers"]
    assert body(entry) == {
        "prompt": "a fox", "model": "Wan-AI/Wan2.2", "seconds": 3, "size": "480x480", "seed": 7,
        "num_inference_steps": 4}
    long = daemon.post("/v1/videos", {**fields, "prompt": "[render:9000]"})[1]
    for _ in range(200):
        if daemon.get(f"/v1/videos/{long['id']}?wait=1")["kinora"]["provider_id"]:
            break
    daemon.post(f"/v1/videos/{long['id']}/cancel")
    for _ in range(100):
        if sim.jobs()[-1]["cancelled"]:
            break
        daemon.get(f"/v1/videos/{long['id']}?wait=1")
    assert sent(sim, "DELETE /openai/v1/videos/") == [None] and sim.jobs()[-1]["cancelled"]
    listed = [model["id"] for model in daemon.get("/v1/models")["data"]]
    assert [name for name in listed if name.startswith("mine/")] == ["mine/Wan-AI/Wan2.2"]


def test_wrong_models_are_a_configuration_error(daemons, sim):
    daemon = daemons(sim, providers=f"""
  mine:
    plugin: openai-videos
    base_url: {sim.url}/openai/v1
    allow_private: true
    models: [{{id: x, kinds: [films]}}]
""").start(ready=False)
    assert daemon.wait_dead() == 78
    assert "providers.mine.models[0].kinds: unknown kind films" in daemon.log()


def test_images(sim, daemon):
    """Images from text and from pictures; the cost is that of the answer's own tokens."""
    job = made(daemon, "gpt-image-1.5", size="1536x1024", n=2, options={"quality": "low"})
    first = probe(content(daemon, job, 1))["streams"][0]
    assert (first["codec_name"], first["width"]) == ("png", 1536)
    # 2 × 408 output tokens at $32 a million, 12 of text at $5.
    assert settled(job) == 2 * 408 * 32 + 12 * 5
    assert job["kinora"]["cost"]["quoted_microusd"] == 400_000
    edited = made(
        daemon, "gpt-image-2.5-flare", max_cost_usd=1, references=[data_url(png_of(64, 64))],
        options={"output_format": "jpeg"})
    assert edited["kinora"]["artifacts"][0]["mime"] == "image/jpeg"
    assert "image" in sent(sim, "POST /openai/v1/images/edits")[0]
    answer = daemon.post("/v1/videos", {"model": "gpt-image-2.5-flare", "prompt": "x"})
    assert answer[1]["error"]["code"] == "model_unpriced"


def test_a_restart(sim, daemon):
    """A job that runs when the daemon is killed is polled on and made once."""
    job = daemon.post(
        "/v1/videos", {"model": "sora-2", "prompt": "a fox [render:60]", "seconds": 4})[1]
    for _ in range(200):
        if daemon.get(f"/v1/videos/{job['id']}?wait=1")["kinora"]["provider_id"]:
            break
    daemon.kill()
    daemon.start()
    done = end(daemon, job)
    assert done["status"] == "completed" and len(sim.jobs()) == 1
    assert video_stream(content(daemon, done))["codec_name"] == "h264"
