"""Vertex AI through kinorad: credentials that end, clips in the answer, clips in a bucket."""

import json
import os
import subprocess
import time

import pytest
from daemon import over
from media import data_url, png
from simulator import probe, video_stream
from vertex_kit import PROJECT, keep, made, providers, vertex_daemon

MODEL = "veo-3.1-generate-001"
PARENT = f"projects/{PROJECT}/locations/us-central1/publishers/google/models/{MODEL}"


def asked(sim, path):
    return [entry for entry in sim.log() if entry["path"].startswith(path)]


def tokens(sim):
    """The bearer tokens in the order of their first use."""
    seen = [entry["headers"]["authorization"] for entry in asked(sim, "/vertex/v1/")]
    return list(dict.fromkeys(seen))


def until(daemon, job, reached):
    """The job once `reached` says so; a held one is over for its client, but may go on."""
    end = time.monotonic() + 60
    while not reached(job):
        assert time.monotonic() < end, job
        time.sleep(0.1)
        job = daemon.get(f"/v1/videos/{job['id']}")
    return job


def test_a_clip_by_a_service_account(sim, daemons):
    """A key file alone: the token is fetched once, the clip comes in the answer, is priced and plays."""
    daemon = vertex_daemon(daemons, sim)
    done = made(daemon, audio=False)
    assert done["status"] == "completed", done
    assert done["kinora"]["provider_id"].startswith(f"{PARENT}/operations/")
    assert done["kinora"]["cost"]["settled_microusd"] == 800_000
    assert done["kinora"]["transports"]["submit"].startswith("libcurl (paid")
    assert done["kinora"]["transports"]["poll"].startswith("urlsession")
    status, data, _ = daemon.request("GET", f"/v1/videos/{done['id']}/content")
    assert status == 200 and float(video_stream(data)["duration"]) == pytest.approx(4, abs=0.1)
    assert [stream["codec_type"] for stream in probe(data)["streams"]] == ["video"]

    assert len(asked(sim, "/vertex/token")) == 1
    submit = asked(sim, f"/vertex/v1/{PARENT}:predictLongRunning")
    assert len(submit) == 1
    assert json.loads(submit[0]["body"])["parameters"] == {
        "sampleCount": 1, "durationSeconds": 4, "aspectRatio": "16:9", "resolution": "720p",
        "generateAudio": False}
    assert asked(sim, f"/vertex/v1/{PARENT}:fetchPredictOperation")


@pytest.mark.parametrize("kind", ["authorized_user", "gemini"])
def test_a_clip_by_a_login(sim, daemons, kind):
    """OAuth files with a refresh token: Google's own, and those of command lines [C59]."""
    daemon = vertex_daemon(daemons, sim, kind)
    assert made(daemon)["status"] == "completed"
    (exchange,) = asked(sim, "/vertex/token")
    assert "grant_type=refresh_token" in exchange["body"]
    shown = daemon.get("/v1/providers")
    vertex = next(entry for entry in shown["data"] if entry["name"] == "vertex")
    login = next(entry for entry in vertex["credentials"] if entry["name"] == "oauth")
    assert login["found"] and str(daemon.file) in login["source"]
    assert "1//0" not in json.dumps(shown) and "GOCSPX" not in json.dumps(shown)


def test_files_of_a_pattern(sim, daemons, tmp_path):
    """gemini-*.json: the newest file counts, a new one is taken without a restart [C85]."""
    folder = tmp_path / "auth"
    folder.mkdir()
    good = sim.credentials()["gemini"]
    bad = {**good, "token": {**good["token"], "refresh_token": "1//0revoked-canary"}}
    old = keep(folder / "gemini-a.json", bad)
    keep(folder / "other.json", {"nothing": True})
    os.utime(old, (1, 1))
    daemon = daemons(
        sim, speed=40, providers=providers(sim, f'oauth: {{file: "{folder}/gemini-*.json"}}')).start()
    job = daemon.post("/v1/videos", {"model": "vertex", "prompt": "a heron", "seconds": 4})[1]
    waiting = until(daemon, job, lambda job: job["kinora"]["note"])
    assert "not sent" in waiting["kinora"]["note"] and "invalid_grant" in waiting["kinora"]["note"]
    assert waiting["status"] == "queued" and "canary" not in json.dumps(waiting)
    # Nothing was sent, so the job waits for a login that is taken.
    keep(folder / "gemini-b.json", good)
    assert until(daemon, job, over)["status"] == "completed"
    assert len(sim.jobs()) == 1


def test_a_token_is_renewed(sim, daemons):
    """Tokens of four seconds: the job outlives several, each is fetched once, no poll meets a 401."""
    daemon = vertex_daemon(daemons, sim, life=4)
    assert made(daemon, prompt="a heron [render:240]")["status"] == "completed"
    used = tokens(sim)
    # A render of six seconds, renewals at the half of a life.
    assert 2 <= len(used) <= 8
    assert len(asked(sim, "/vertex/token")) == len(used)
    assert "401" not in daemon.log()


def test_a_token_that_ends_early(sim, daemons):
    """A poll that is answered 401 is asked once more with a new token."""
    daemon = vertex_daemon(daemons, sim)
    sim.fault("401", provider="vertex", phase="poll")
    assert made(daemon)["status"] == "completed"
    assert len(asked(sim, "/vertex/token")) == 2


def test_a_login_that_is_refused_for_good(sim, daemons):
    """401 to every poll: the job is held, for it may be finished there and charged."""
    daemon = vertex_daemon(daemons, sim)
    sim.fault("401", provider="vertex", phase="poll", times=-1)
    held = made(daemon)
    assert held["kinora"]["state"] == "held", held
    sim.clear_faults()
    status, _, _ = daemon.post(
        f"/v1/videos/{held['id']}/resolve",
        {"action": "adopt", "provider_id": held["kinora"]["provider_id"]})
    assert status == 200
    until(daemon, held, lambda job: job["status"] == "completed")
    assert len(asked(sim, f"/vertex/v1/{PARENT}:predictLongRunning")) == 1


def test_another_account_needs_no_restart(sim, daemons):
    """A credential file that changes is read again, and the old token is not used any more [C59]."""
    daemon = vertex_daemon(daemons, sim)
    assert made(daemon)["status"] == "completed"
    before = tokens(sim)
    keep(daemon.file, {**sim.credentials(600)["service_account"], "project_id": "other"})
    sim.reset()
    assert made(daemon)["status"] == "completed"
    assert tokens(sim) and not set(tokens(sim)) & set(before)
    keep(daemon.file, {"type": "service_account", "client_email": "a@b"})
    status, body, _ = daemon.post("/v1/videos", {"model": "vertex", "prompt": "a heron"})
    assert status == 400 and body["error"]["code"] == "credential_missing"
    assert "service_account has no member private_key" in body["detail"]


def test_the_token_endpoint_has_a_bad_day(sim, daemons):
    """Its 500s hold the submit back and cost nothing; it goes on by itself."""
    daemon = vertex_daemon(daemons, sim)
    sim.fault("500", provider="vertex", phase="other", times=2)
    assert made(daemon)["status"] == "completed"
    assert len(sim.jobs()) == 1


def test_a_bucket(sim, daemons):
    """With storage_uri results lie in a bucket: read with the same token, and extended [C81]."""
    daemon = vertex_daemon(daemons, sim, options=', storage_uri: "gs://clips/out"')
    first = made(daemon)
    assert first["status"] == "completed", first
    (fetch,) = asked(sim, "/vertex/storage/clips/out/")
    assert fetch["headers"]["authorization"] == tokens(sim)[0]
    source = {"job": first["id"]}
    status, refused, _ = daemon.post(
        "/v1/videos", {"model": "vertex", "prompt": "on", "source": source, "seconds": 8})
    assert status == 400 and refused["errors"][0]["allowed"] == ["7"]
    longer = made(daemon, source=source, seconds=7)
    assert longer["status"] == "completed", longer
    body = json.loads(asked(sim, f"/vertex/v1/{PARENT}:predictLongRunning")[-1]["body"])
    uri = body["instances"][0]["video"]["gcsUri"]
    assert uri.startswith("gs://clips/out/") and uri.endswith("/sample_0.mp4")
    assert body["parameters"]["durationSeconds"] == 7
    assert longer["kinora"]["cost"]["settled_microusd"] == 2_800_000


def test_several_clips_and_pictures(sim, daemons):
    """Two clips from a first and a last frame; each is stored, both are priced [C80]."""
    daemon = vertex_daemon(daemons, sim)
    done = made(
        daemon, n=2, seed=7, negative_prompt="blur", model="vertex/veo-3.1-fast-generate-001",
        first_frame=data_url(png(900)), last_frame=data_url(png(1100)))
    assert done["status"] == "completed", done
    assert len(done["kinora"]["artifacts"]) == 2
    assert done["kinora"]["cost"]["settled_microusd"] == 2 * 4 * 100_000
    body = json.loads(asked(sim, "/vertex/v1/")[0]["body"])
    assert body["parameters"]["sampleCount"] == 2 and body["parameters"]["seed"] == 7
    assert set(body["instances"][0]) == {"prompt", "image", "lastFrame"}


@pytest.mark.parametrize("fault,code,words", [
    ("401", "provider_unauthenticated", "credential"),
    ("402", "provider_exhausted", "no credit left"),
    ("403", "provider_unauthenticated", "Permission denied"),
    ("retired_model", "provider_refused", "shut down"),
    ("filtered", "provider_refused", "content refused"),
    ("failed", "provider_refused", ""),
    ("success_without_asset", "provider_refused", "names no video"),
])
def test_refusals(sim, daemons, fault, code, words):
    """Each refusal ends the job with its reason, and nothing stays reserved."""
    daemon = vertex_daemon(daemons, sim)
    job = made(daemon, prompt=f"a heron [fault:{fault}]")
    assert job["status"] == "failed" and job["error"]["code"] in (code, "content_blocked"), job
    assert words in job["error"]["message"] + str(job["kinora"]["provider_error"])
    assert all(row["reserved_microusd"] == 0 for row in daemon.get("/v1/usage")["data"])


@pytest.mark.parametrize("fault", ["429_retry_after", "500", "html_200", "truncated_json"])
def test_polls_go_on(sim, daemons, fault):
    """What is only bad weather does not end a job."""
    daemon = vertex_daemon(daemons, sim)
    sim.fault(fault, provider="vertex", phase="poll", times=2, seconds=1)
    assert made(daemon)["status"] == "completed"


def test_what_is_missing_is_named(sim, daemons):
    """No project, no credential, an option nobody knows: said before anything is made."""
    daemon = daemons(sim, providers=f"""
  vertex:
    base_url: {sim.url}/vertex
    allow_private: true
  other:
    plugin: vertex
    base_url: {sim.url}/vertex
    allow_private: true
    options: {{project: p}}
""").start()

    def refusal(model):
        status, body, _ = daemon.post("/v1/videos", {"model": model, "prompt": "a heron"})
        assert status == 400, body
        return body["error"]["code"], body["detail"]
    code, words = refusal("vertex")
    assert code == "configuration" and "providers.vertex.options.project is missing" in words
    code, words = refusal("other")
    assert code == "credential_missing" and "service_account or oauth is not configured" in words
    daemon.config.write_text(daemon.config.read_text().replace("{project: p}", "{projct: p}"))
    status, body, _ = daemon.post("/v1/reload")
    assert status == 400 and "options.projct: vertex knows project, location" in body["detail"]
    assert sim.log() == []


def test_no_secret_is_left_anywhere(sim, daemons):
    """Neither key nor token is in the log, the state or an answer, whatever went wrong."""
    daemon = vertex_daemon(daemons, sim)
    made(daemon)
    made(daemon, prompt="a heron [fault:failed]")
    sim.fault("500", provider="vertex", phase="other", times=1)
    keep(daemon.file, sim.credentials(5)["service_account"])
    made(daemon)
    key = json.loads(daemon.file.read_text())["private_key"].splitlines()[3]
    for secret in [key, "ya29.sim-"]:
        assert secret not in daemon.log()
        found = subprocess.run(
            ["grep", "-rlF", "--", secret, str(daemon.directory / "state")], capture_output=True)
        assert found.stdout == b"", found.stdout
    assert "private_key" not in json.dumps(daemon.get("/v1/config"))
