"""Where a job's time went, what an unexpected error says, what lies beside a file, what a prompt may be."""

import datetime
import json

import pytest

from doors import data_url, http, png, submits
from kinora_kit import eventually, kinora
from simulator import probe


def moment(text):
    return datetime.datetime.fromisoformat(text)


def finished(daemon, **wish):
    job = daemon.post("/v1/videos", {"prompt": "a boat", "model": "sample/clip", **wish})[1]
    return eventually(lambda: (lambda now: now if now["status"] in ("completed", "failed") else None)(
        daemon.get(f"/v1/videos/{job['id']}?wait=30")), 120)


def test_each_step_has_its_time(daemons, sim):
    """A finished job's steps in order, each with its duration, the same after a restart [B67]."""
    daemon = daemons(sim, speed=40).start()
    job = finished(daemon)
    path = f"/v1/videos/{job['id']}/trace"
    trace = daemon.get(path)
    spans = trace["spans"]
    assert [span["name"] for span in spans] == [
        "accept", "queue", "submit", "render", "store", "completed"], spans
    assert trace["complete"] and trace["status"] == "completed"
    for before, after in zip(spans[1:], spans[2:]):
        assert before["ended"] == after["began"], (before, after)
    for span in spans:
        took = moment(span["ended"]) - moment(span["began"])
        assert span["milliseconds"] == round(took.total_seconds() * 1000) >= 0
    assert sum(span["milliseconds"] for span in spans) <= trace["milliseconds"] + 1
    by_name = {span["name"]: span["facts"] for span in spans}
    assert by_name["accept"]["kind"] == "text-to-video" and by_name["accept"]["model"] == "sample/clip"
    assert [row["kind"] for row in by_name["submit"]["requests"]] == ["permit", "answer"]
    assert by_name["submit"]["requests"][1]["detail"]["status"] == 201
    assert by_name["completed"]["artifacts"] == [job["kinora"]["artifacts"][0]["sha256"]]
    daemon.stop()
    daemon.start()
    assert daemon.get(path) == trace
    shown = kinora("trace", job["id"], socket=daemon.socket)
    assert shown.code == 0
    assert [line.split()[0] for line in shown.out.splitlines()[1:]] == [span["name"] for span in spans]


def test_a_live_job_and_a_strangers(daemon):
    job = daemon.post("/v1/videos", {"prompt": "long [render:4000]", "model": "sample/clip"})[1]
    trace = eventually(lambda: (lambda now: now if now["spans"][-1]["name"] == "render" else None)(
        daemon.get(f"/v1/videos/{job['id']}/trace")))
    assert trace["ended"] is None and trace["spans"][-1]["milliseconds"] is None
    assert "goes on" in kinora("trace", job["id"], socket=daemon.socket).out
    assert daemon.request("GET", "/v1/videos/video_none/trace")[0] == 404


def test_a_file_has_its_story_beside_it(daemon, tmp_path):
    """--sidecar writes what the file is and how it was made as JSON next to it [B75]."""
    job = finished(daemon, metadata={"scene": "3"})
    done = kinora("fetch", job["id"], "-o", tmp_path / "boat.mp4", "--sidecar", socket=daemon.socket)
    assert done.code == 0, done
    story = json.loads((tmp_path / "boat.mp4.json").read_text())
    assert story["job"]["id"] == job["id"] and story["job"]["metadata"] == {"scene": "3"}
    assert story["artifact"] == job["kinora"]["artifacts"][0]
    assert story["artifact"]["bytes"] == (tmp_path / "boat.mp4").stat().st_size
    assert probe(tmp_path / "boat.mp4")["streams"]
    assert not list(tmp_path.glob("*.new"))
    (tmp_path / "other.mp4.json").write_text("mine")
    again = kinora("fetch", job["id"], "-o", tmp_path / "other.mp4", "--sidecar", socket=daemon.socket)
    assert again.code == 2 and (tmp_path / "other.mp4.json").read_text() == "mine"


def test_what_nobody_expected(daemon, sim):
    """A 500 has an id and no details, which stand in the log under that id; the daemon lives on [B66]."""
    folder = daemon.directory / "state/artifacts"
    away = daemon.directory / "away"
    folder.rename(away)
    body = {"prompt": "x", "model": "sample/clip", "input_reference": data_url(png(400, 400))}
    try:
        with http(daemon) as client:
            answer = client.post("/v1/videos", json=body)
    finally:
        away.rename(folder)
    problem = answer.json()
    assert (answer.status_code, problem["error"]["code"]) == (500, "store_failed"), problem
    name = answer.headers["x-request-id"]
    assert problem["request_id"] == name and name in problem["detail"]
    assert answer.headers["x-should-retry"] == "false"
    assert "No such file" not in answer.text and str(daemon.directory) not in answer.text
    told = [line for line in daemon.log().splitlines() if name in line]
    assert len(told) == 1 and "No such file" in told[0], daemon.log()
    assert sim.log() == [] and daemon.jobs() == []
    assert finished(daemon, **body)["status"] == "completed" and len(submits(sim)) == 1


@pytest.mark.parametrize("prompt,code,words", [
    ("", "prompt_missing", "prompt is missing"),
    (" \n\t ", "prompt_missing", "prompt is missing"),
    ("x" * 40_000, "too_large", "40000 bytes"),
    ("a boat\0", "bad_field", "U+0000 at character 7"),
    ("a\x1b[31m boat", "bad_field", "U+001B at character 2"),
])
def test_a_prompt_is_looked_at_before_any_money(daemon, sim, prompt, code, words):
    """Empty, too long, control characters: refused with the field's name before a request leaves [A122]."""
    for path in ("/v1/videos", "/v1/quote", "/v1/tools/generate_video"):
        status, body, _ = daemon.post(path, {"prompt": prompt, "model": "sample/clip"})
        assert status in (400, 413) and body["error"]["code"] == code, body
        assert body["error"]["param"] == "prompt" and words in body["detail"], body
    assert sim.log() == [] and daemon.jobs() == []


def test_other_characters_pass(daemon, sim):
    """Tabs, line ends and every script are text."""
    prompt = "a\tboat\r\nам \U0001f6a3 {{x}}"
    assert finished(daemon, prompt=prompt)["prompt"] == prompt
    assert submits(sim)[-1]["prompt"] == prompt
