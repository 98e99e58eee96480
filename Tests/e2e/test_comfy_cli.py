"""Comfy-Org's own command line, unchanged, against the simulated server; then the same by kinorad.

It is made for a server without a path, so a small forwarder puts `/comfyui` before what it asks.
"""

import base64
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path

import pytest
from simulator import video_stream
from test_comfyui import finished, graph, picture, provider

COMFY = str(Path(sys.executable).with_name("comfy"))


@pytest.fixture
def comfy(sim, tmp_path):
    """Runs `comfy …` against the simulator; gives what it printed."""
    class Forwarder(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            request = urllib.request.Request(
                f"{sim.url}/comfyui{self.path}", self.rfile.read(length) if length else None,
                {name: value for name, value in self.headers.items() if name.lower() != "host"},
                method=self.command)
            try:
                answer = urllib.request.urlopen(request, timeout=60)
            except urllib.error.HTTPError as error:
                answer = error
            body = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forwarder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = str(server.server_address[1])
    (tmp_path / "home").mkdir()
    environment = {
        "HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], "DO_NOT_TRACK": "1",
        "COMFY_LOCAL_URL": f"http://127.0.0.1:{port}", "NO_COLOR": "1", "COLUMNS": "200"}

    def run(*words, at=False):
        where = ["--host", "127.0.0.1", "--port", port] if at else []
        done = subprocess.run(
            [COMFY, "--skip-prompt", *words, *where], env=environment, capture_output=True,
            text=True, timeout=120, cwd=tmp_path)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout
    run("tracking", "disable")
    yield run
    server.shutdown()
    server.server_close()


def sent(sim, path):
    return [entry for entry in sim.log()
            if entry["method"] == "POST" and entry["path"].endswith(path)]


def form(entry):
    """The fields of an upload by name; the file's bytes."""
    body = entry["body"]
    raw = base64.b64decode(body["base64"]) if isinstance(body, dict) else body.encode()
    head = f"content-type: {entry['headers']['content-type']}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + raw).iter_parts()
    return {part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in parts}


def test_comfy_cli(comfy, sim, tmp_path):
    """comfy upload, run, jobs status, jobs wait, download: the simulator answers as its client wants."""
    (tmp_path / "kin.png").write_bytes(picture())
    (tmp_path / "wf.json").write_text(json.dumps(graph()))
    comfy("upload", "kin.png", at=True)
    out = comfy("run", "--workflow", "wf.json", "--where", "local", "--no-watch", at=True)
    prompt = re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", out)[0]
    comfy("jobs", "wait", prompt, "--where", "local")
    assert "completed" in comfy("jobs", "status", prompt, "--where", "local")
    comfy("download", prompt, "--where", "local", "-o", str(tmp_path / "out"))
    files = list((tmp_path / "out").rglob("*.mp4"))
    assert len(files) == 1
    assert video_stream(files[0])["width"] == 320


def test_ours_says_the_same(comfy, sim, tmp_path, daemons):
    """What kinorad posts for a graph has the members that comfy posts, and one that finds it again."""
    (tmp_path / "kin.png").write_bytes(picture())
    own = graph(**{"4": {"class_type": "LoadImage", "inputs": {"image": "kin.png"}}})
    (tmp_path / "wf.json").write_text(json.dumps(own))
    comfy("upload", "kin.png", at=True)
    comfy("run", "--workflow", "wf.json", "--where", "local", "--no-watch", at=True)
    theirs = json.loads(sent(sim, "/prompt")[0]["body"])
    upload = form(sent(sim, "/upload/image")[0])
    sim.reset()
    ours = graph(**{
        "4": {"class_type": "LoadImage", "inputs": {"image": "{KINORA_FIRST_FRAME}"}},
        "5": {"class_type": "CLIPTextEncode", "inputs": {
            "clip": ["2", 0], "text": "{KINORA_PROMPT}"}}})
    daemon = daemons(sim, providers=provider(sim, workflow=ours)).start()
    frame = "data:image/png;base64," + base64.b64encode(picture()).decode()
    assert finished(daemon, input_reference=frame)["status"] == "completed"
    mine = json.loads(sent(sim, "/prompt")[0]["body"])
    mine["prompt"]["4"]["inputs"]["image"] = "kin.png"
    assert mine["prompt"] == theirs["prompt"]
    assert set(theirs) - set(mine) <= {"extra_data"} and "prompt_id" in mine
    own_upload = form(sent(sim, "/upload/image")[0])
    assert own_upload["image"] == upload["image"] == picture()
    assert own_upload["overwrite"] == upload["overwrite"] == b"true"
    assert own_upload.get("type", b"input") == upload.get("type", b"input") == b"input"
