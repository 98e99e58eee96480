"""ComfyUI: the simulated server by itself, and whole jobs through kinorad and the plugin."""

import base64
import json
import struct
import time
import zlib

import httpx
import pytest
import job_kit
from daemon import over
from simulator import probe, video_stream

UUID = "00010203-0405-4607-8809-0a0b0c0d0e0f"


def picture():
    """A small PNG."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\0" + b"\x30\x60\x90" * 16 for _ in range(16))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def graph(**changes):
    """A small text-to-video graph for the server itself."""
    nodes = {
        "1": {"class_type": "UNETLoader", "inputs": {
            "unet_name": "wan2.1_t2v_1.3B_fp16.safetensors", "weight_dtype": "default"}},
        "2": {"class_type": "CLIPLoader", "inputs": {
            "clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan"}},
        "3": {"class_type": "VAELoader", "inputs": {"vae_name": "wan_2.1_vae.safetensors"}},
        "5": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["2", 0], "text": "a boat"}},
        "7": {"class_type": "EmptyHunyuanLatentVideo", "inputs": {
            "width": 320, "height": 192, "length": 33, "batch_size": 1}},
        "8": {"class_type": "KSampler", "inputs": {
            "model": ["1", 0], "positive": ["5", 0], "negative": ["5", 0],
            "latent_image": ["7", 0], "seed": 1, "steps": 4, "cfg": 1.0, "sampler_name": "euler",
            "scheduler": "simple", "denoise": 1.0}},
        "9": {"class_type": "VAEDecode", "inputs": {"samples": ["8", 0], "vae": ["3", 0]}},
        "58": {"class_type": "VHS_VideoCombine", "inputs": {
            "images": ["9", 0], "frame_rate": 16, "loop_count": 0, "filename_prefix": "vhs/clip",
            "format": "video/h264-mp4"}},
    }
    nodes.update(changes)
    return {name: node for name, node in nodes.items() if node}


# The server by itself, by its own rules.


@pytest.fixture
def server(sim):
    with httpx.Client(base_url=f"{sim.url}/comfyui", timeout=60) as client:
        yield client


def test_server_runs_a_graph(server):
    """POST /prompt, /queue, /history, /view, in the shapes of ComfyUI 0.3.64"""
    made = server.post("/prompt", json={
        "prompt": graph(), "client_id": "kin", "prompt_id": UUID}).json()
    assert made["prompt_id"] == UUID and made["node_errors"] == {}
    queue = server.get("/queue").json()
    entry = (queue["queue_running"] + queue["queue_pending"])[0]
    assert entry[1] == UUID and entry[3]["client_id"] == "kin" and entry[4] == ["58"]
    assert server.get("/prompt").json() == {"exec_info": {"queue_remaining": 1}}
    done = wait(server, UUID)
    assert done["status"]["status_str"] == "success" and done["status"]["completed"] is True
    file = done["outputs"]["58"]["gifs"][0]
    assert file["type"] == "output" and file["subfolder"] == "vhs" and file["frame_rate"] == 16
    data = server.get("/view", params={k: file[k] for k in ("filename", "subfolder", "type")})
    stream = video_stream(data.content)
    assert (stream["width"], stream["height"], stream["avg_frame_rate"]) == (320, 192, "16/1")
    assert server.get("/queue").json() == {"queue_running": [], "queue_pending": []}
    assert server.get("/api/history/" + UUID).json() == {UUID: done}


def wait(server, prompt):
    for _ in range(600):
        found = server.get(f"/history/{prompt}").json()
        if found:
            return found[prompt]
        time.sleep(0.05)
    pytest.fail("the render never ended")


def test_server_refuses(server):
    """400 with error and node_errors; 403 for a foreign page; unknown things"""
    def refused(prompt, **more):
        answer = server.post("/prompt", json={"prompt": prompt, **more})
        assert answer.status_code == 400, answer.text
        return answer.json()
    assert refused(graph(), prompt_id=UUID.upper())["error"]["type"] == "invalid_prompt_id"
    wrong = refused(graph(**{"5": {"class_type": "Nope", "inputs": {}}}))["error"]
    assert wrong["type"] == "invalid_prompt" and "Nope does not exist" in wrong["message"]
    assert refused(graph(**{"58": None}))["error"]["type"] == "prompt_no_outputs"
    found = refused(graph(**{
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "x", "weight_dtype": "default"}},
        "7": {"class_type": "EmptyHunyuanLatentVideo", "inputs": {
            "width": "wide", "height": 1, "length": "33", "batch_size": 1}}}))
    assert found["error"]["type"] == "prompt_outputs_failed_validation"
    kinds = {node: [e["type"] for e in found["node_errors"][node]["errors"]]
             for node in found["node_errors"]}
    assert kinds == {"1": ["value_not_in_list"],
                     "7": ["invalid_input_type", "value_smaller_than_min"]}
    # One output is good, so it runs and the other one is told.
    bad = {"class_type": "SaveImage", "inputs": {"filename_prefix": "x"}}
    half = server.post("/prompt", json={"prompt": graph(**{"60": bad})})
    assert half.status_code == 200 and list(half.json()["node_errors"]) == ["60"]
    assert server.post("/prompt", content=b"{").status_code == 500
    assert server.get("/queue", headers={"Origin": "https://evil.example"}).status_code == 403
    assert server.get("/history/nobody").json() == {}
    assert server.get("/view", params={"filename": "no.mp4"}).status_code == 404
    assert server.get("/view", params={"filename": "../x"}).status_code == 403
    assert list(server.get("/object_info/KSampler").json()) == ["KSampler"]
    assert server.get("/system_stats").json()["system"]["comfyui_version"]


def test_server_keeps_uploads_apart(server):
    """POST /upload/image: a taken name gets a number unless overwrite"""
    def upload(**fields):
        return server.post("/upload/image", data=fields, files={
            "image": ("kin.png", picture(), "image/png")}).json()["name"]
    assert [upload(), upload(), upload(overwrite="true")] == ["kin.png", "kin (1).png", "kin.png"]
    assert server.post("/upload/image", data={"type": "input"}).status_code == 400


# Through kinorad.


def provider(sim, **options):
    # JSON is YAML.
    return f"""  comfyui:
    base_url: {sim.url}/comfyui
    allow_private: true
    poll_speed: 40
    options: {json.dumps(options)}
"""


@pytest.fixture
def host(daemons, sim):
    """Makes started daemons: `host(**options of the provider)`."""
    return lambda **options: daemons(sim, providers=provider(sim, **options)).start()


def finished(daemon, **fields):
    return job_kit.over(daemon, **{"model": "comfyui/video", "prompt": "a boat", **fields})


def submits(sim):
    return [json.loads(entry["body"]) for entry in sim.log()
            if entry["method"] == "POST" and entry["path"].endswith("/prompt")]


def test_built_in_workflow(host, sim):
    """Out of the box: a playable MP4 of the built-in workflow at 16 frames a second, free [T58] [T85]."""
    daemon = host()
    models = [m["id"] for m in daemon.get("/v1/models")["data"] if m["owned_by"] == "comfyui"]
    assert models == ["comfyui/video", "comfyui/image"]
    # The provider's name alone is its first model.
    job = finished(daemon, model="comfyui", prompt='a "boat" {KINORA_SEED}', seconds=2)
    assert job["status"] == "completed", job
    assert job["model"] == "comfyui/video"
    assert job["kinora"]["cost"]["settled_microusd"] == 0
    body = submits(sim)[0]
    inputs = {node["class_type"]: node["inputs"] for node in body["prompt"].values()}
    assert inputs["CreateVideo"]["fps"] == 16
    assert inputs["EmptyHunyuanLatentVideo"] == {
        "width": 848, "height": 480, "length": 33, "batch_size": 1}
    assert body["prompt"]["5"]["inputs"]["text"] == 'a "boat" {KINORA_SEED}'
    assert job["kinora"]["provider_id"] == body["prompt_id"] == body["prompt_id"].lower()
    _, data, _ = daemon.request("GET", f"/v1/videos/{job['id']}/content")
    stream = video_stream(data)
    assert (stream["width"], stream["height"], stream["avg_frame_rate"]) == (848, 480, "16/1")
    assert float(stream["duration"]) == pytest.approx(2, abs=0.1)
    assert not any("origin" in entry["headers"] for entry in sim.log())


def test_fps_placeholders(host, sim):
    """A workflow's fps placeholders, old names too, become numbers; in text they are text [T57] [T58]."""
    def combine(rate):
        return {"58": {"class_type": "VHS_VideoCombine", "inputs": {
            "images": ["9", 0], "frame_rate": rate, "loop_count": 0,
            "filename_prefix": "at {KINORA_FPS} fps", "format": "video/h264-mp4"}},
            "5": {"class_type": "CLIPTextEncode", "inputs": {
                "clip": ["2", 0], "text": "{TOMORI_PROMPT}"}}}
    for number, token in enumerate(
            ["{KINORA_VIDEO_FPS}", "{KINORA_FPS}", "{TOMORI_VIDEO_FPS}", "{TOMORI_FPS}"]):
        sim.reset()
        daemon = host(fps=20, workflow=graph(**combine(token))) if number == 0 else daemon
        if number:
            text = daemon.config.read_text()
            daemon.config.write_text(text.replace(last, token))
            assert daemon.post("/v1/reload")[0] == 200
        last = token
        asked = finished(daemon, fps=24, seconds=1)
        blank = finished(daemon, prompt="another boat", seconds=1)
        assert asked["status"] == blank["status"] == "completed", (asked, blank)
        rates = [body["prompt"]["58"]["inputs"]["frame_rate"] for body in submits(sim)]
        assert rates == [24, 20] and all(type(rate) is int for rate in rates)
        names = [body["prompt"]["58"]["inputs"]["filename_prefix"] for body in submits(sim)]
        assert names == ["at 24 fps", "at 20 fps"]


def test_fps_is_told_and_never_reaches_a_hosted_provider(host, sim):
    """fps refuses nothing: what a model does not offer is left out, and told as data [T55] [T56]."""
    daemon = host()
    fields = {"model": "google/veo-3.1-lite-generate-preview", "prompt": "a boat", "fps": 60}
    quote = daemon.post("/v1/videos", {**fields, "dry_run": True})[1]
    told = next(warning for warning in quote["warnings"] if warning["field"] == "fps")
    assert told == {"field": "fps", "action": "ignored", "asked": "60", "used": None,
                    "message": "fps: the model offers no 60, it was left out"}
    status, job, _ = daemon.post("/v1/videos", fields)
    assert status == 200 and job["kinora"]["asked"]["fps"] == "60", job
    assert job["kinora"]["warnings"] == [told] and job["kinora"]["request"]["fps"] is None
    assert daemon.get(f"/v1/videos/{job['id']}?wait=60")["status"] == "completed"
    sent = [entry["body"] for entry in sim.log() if entry["method"] == "POST"]
    assert sent and not any("fps" in body.lower() or "frame" in body.lower() for body in sent), sent
    dropped = daemon.post("/v1/quote", {"model": "comfyui", "prompt": "x", "fps": 121})[1]
    assert dropped["resolved"]["fps"] is None and dropped["warnings"][0]["action"] == "ignored"
    moved = daemon.post("/v1/quote", {"model": "comfyui", "prompt": "x", "fps": 121, "snap": True})[1]
    assert moved["asked"] == {"fps": "121"} and moved["warnings"][0]["used"] == "120"


def test_workflow_from_a_file_and_fps_from_the_environment(daemons, sim, tmp_path):
    """A workflow file and COMFYUI_VIDEO_FPS reach the plugin; blank leaves 16 [T58]."""
    own = tmp_path / "wan.json"
    own.write_text(json.dumps(graph(**{
        "5": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["2", 0], "text": "%prompt%"}},
        "58": {"class_type": "VHS_VideoCombine", "inputs": {
            "images": ["9", 0], "frame_rate": "{TOMORI_VIDEO_FPS}", "loop_count": 0,
            "filename_prefix": "x", "format": "video/h264-mp4"}}})))
    more = f"""    options_from:
      workflow: {{file: {own}}}
      fps: {{env: COMFYUI_VIDEO_FPS}}
"""
    daemon = daemons(sim, providers=provider(sim) + more)
    for variable, rate in (("12", 12), ("  ", 16)):
        sim.reset()
        daemon.start(COMFYUI_VIDEO_FPS=variable)
        assert finished(daemon, prompt=f"boat {rate}", seconds=1)["status"] == "completed"
        assert submits(sim)[0]["prompt"]["58"]["inputs"]["frame_rate"] == rate
        daemon.stop()
    # What cannot be read is told with its place, and the reload changes nothing.
    daemon.start()
    for text, words in (("{", "is not JSON"), (None, "cannot be read")):
        own.unlink() if text is None else own.write_text(text)
        status, body, _ = daemon.post("/v1/reload")
        assert status == 400 and words in json.dumps(body) and "wan.json" in json.dumps(body), body


def test_a_frame_is_uploaded_and_used(host, sim):
    """Image to video: the bytes go to /upload/image once, the workflow gets their name."""
    own = graph(**{
        "4": {"class_type": "LoadImage", "inputs": {"image": "{KINORA_FIRST_FRAME}"}},
        "5": {"class_type": "CLIPTextEncode", "inputs": {
            "clip": ["2", 0], "text": "{KINORA_PROMPT}"}},
        "6": {"class_type": "WanImageToVideo", "inputs": {
            "positive": ["5", 0], "negative": ["5", 0], "vae": ["3", 0], "width": "{KINORA_WIDTH}",
            "height": "{KINORA_HEIGHT}", "length": "{KINORA_FRAMES}", "batch_size": 1,
            "start_image": ["4", 0]}},
        "8": {"class_type": "KSampler", "inputs": {
            "model": ["1", 0], "positive": ["6", 0], "negative": ["6", 1],
            "latent_image": ["6", 2], "seed": "{KINORA_SEED}", "steps": 4, "cfg": 1.0,
            "sampler_name": "euler", "scheduler": "simple", "denoise": 1.0}},
        "7": None})
    daemon = host(workflow_image_to_video=own)
    frame = "data:image/png;base64," + base64.b64encode(picture()).decode()
    job = finished(daemon, input_reference=frame, seconds=1, size="512x512", seed=7)
    assert job["status"] == "completed", job
    uploads = [e for e in sim.log() if e["path"].endswith("/upload/image")]
    assert len(uploads) == 1
    raw = base64.b64decode(uploads[0]["body"]["base64"])
    assert picture() in raw and b'name="overwrite"' in raw
    body = submits(sim)[0]["prompt"]
    assert body["4"]["inputs"]["image"].startswith("kinora-")
    assert body["8"]["inputs"]["seed"] == 7 and body["6"]["inputs"]["width"] == 512
    # The same model without a workflow for it.
    refused = finished(daemon, first_frame=frame, last_frame=frame, seconds=1)
    assert refused["status"] == "failed"
    assert "workflow_first_last_frame" in refused["error"]["message"], refused


def test_images(host, sim):
    """An image workflow makes a PNG of the size that was asked."""
    own = graph(**{
        "5": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["2", 0], "text": "%prompt%"}},
        "7": {"class_type": "EmptyLatentImage", "inputs": {
            "width": "%width%", "height": "%height%", "batch_size": 1}},
        "58": {"class_type": "SaveImage", "inputs": {
            "images": ["9", 0], "filename_prefix": "still"}}})
    daemon = host(workflow_image=own)
    job = finished(daemon, model="comfyui/image", size="640x640")
    assert job["status"] == "completed", job
    _, data, _ = daemon.request("GET", f"/v1/videos/{job['id']}/content")
    stream = probe(data)["streams"][0]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("png", 640, 640)


@pytest.mark.parametrize("wish, code, words", [
    ("[fault:failed]", "provider_refused", "out of memory"),
    ("[fault:filtered]", "content_blocked", "moderated"),
    ("[fault:provider_cancelled]", "provider_refused", "interrupted"),
    ("[fault:success_without_asset]", "provider_refused", "no video file"),
    ("[fault:provider_expired]", "provider_refused", "does not know the job any more"),
    ("[fault:429] [fault:poll:500]", None, None),
    ("[fault:truncated_json] [fault:poll:html_200]", None, None),
    ("[fault:html_200] [fault:poll:not_found_once]", None, None),
    ("[fault:401] [fault:poll:truncated_json] [fault:fetch:500]", None, None),
    ("[fault:unknown_status]", None, None),
])
def test_ends(host, sim, wish, code, words):
    """Every end is told with ComfyUI's own words and costs nothing; trouble on the way is no end."""
    job = finished(host(), prompt=f"a boat {wish}", seconds=1)
    job_kit.ends_as(job, code, words)


def test_a_workflow_that_the_server_refuses(host, sim):
    """node_errors reach the client: which node, which input, what it was given."""
    own = graph(**{
        "1": {"class_type": "UNETLoader", "inputs": {
            "unet_name": "{KINORA_MODEL}", "weight_dtype": "default"}},
        "5": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["2", 0], "text": "%prompt%"}}})
    job = finished(host(workflow=own, model="nope.safetensors"))
    assert job["status"] == "failed", job
    told = job["kinora"]["provider_error"] or job["error"]["message"]
    assert "node 1 (UNETLoader)" in told and "nope.safetensors" in told
    assert sim.jobs() == []


@pytest.mark.parametrize("fault", ["500_after_accept", "drop_after_accept", "truncated_json_after_accept"])
def test_a_lost_submit_is_found_by_its_id(host, sim, fault):
    """An answer that is lost is looked up in queue and history: one render, no person asked."""
    sim.fault(fault, provider="comfyui", phase="submit")
    job = finished(host(), seconds=1)
    assert job["status"] == "completed" and job["kinora"]["attempt"] == 1, job
    assert len(sim.jobs()) == 1 and len(submits(sim)) == 1


def test_a_submit_that_never_arrived_is_sent_anew(host, sim):
    """Proven absent, so a second attempt under another id."""
    sim.fault("500", provider="comfyui", phase="submit")
    job = finished(host(), seconds=1)
    assert job["status"] == "completed" and job["kinora"]["attempt"] == 2, job
    assert len({body["prompt_id"] for body in submits(sim)}) == 2 and len(sim.jobs()) == 1


@pytest.mark.parametrize("waits", [True, False])
def test_cancel(host, sim, waits):
    """A waiting render leaves the queue, a running one is interrupted by its id; others go on."""
    daemon = host()
    seconds = 36000 if waits else 3000
    other = daemon.post("/v1/videos", {"model": "comfyui", "prompt": "b [render:3000]"})[1]
    job = daemon.post("/v1/videos", {"model": "comfyui", "prompt": f"a [render:{seconds}]"})[1]
    until(lambda: len(sim.jobs()) == 2 and (waits or sim.jobs()[-1]["status"] == "running"
                                            and sim.jobs()[0]["status"] == "running"))
    until(lambda: daemon.get(f"/v1/videos/{job['id']}")["kinora"]["state"] in ("submitted", "running"))
    status, body, _ = daemon.post(f"/v1/videos/{job['id']}/cancel")
    assert status == 200 and body["error"]["code"] == "cancelled"
    mine = daemon.get(f"/v1/videos/{job['id']}")["kinora"]["provider_id"]

    def gone():
        with httpx.Client(base_url=f"{sim.url}/comfyui") as client:
            queue = client.get("/queue").json()
        ids = [entry[1] for entry in queue["queue_running"] + queue["queue_pending"]]
        return mine not in ids and len(ids) == 1
    until(gone)
    named = [json.loads(e["body"]) for e in sim.log() if e["path"].endswith("/interrupt")]
    assert named == ([] if waits else [{"prompt_id": mine}])
    assert over(daemon.get(f"/v1/videos/{other['id']}")) is False


def until(holds):
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it never came to that")


def test_a_restart_finds_the_render_again(host, sim):
    """kinorad is killed while ComfyUI renders; the next one polls on and sends nothing twice."""
    daemon = host()
    job = daemon.post("/v1/videos", {"model": "comfyui", "prompt": "a boat [render:120]"})[1]
    until(lambda: daemon.get(f"/v1/videos/{job['id']}")["kinora"]["state"] in ("submitted", "running"))
    daemon.kill()
    daemon.start()
    done = daemon.get(f"/v1/videos/{job['id']}?wait=60")
    assert done["status"] == "completed", done
    assert len(submits(sim)) == 1
