"""A provider takes its key or its model away, and the clock does not go as it should."""

import struct
import subprocess
import time
from pathlib import Path

import pytest

from checker import judge
from kinora_kit import eventually, kinora

OMNI, LITE = "google/gemini-omni-1.1-flash", "openrouter/google/veo-3.1-lite"


def make(daemon, prompt, model="sample/clip", **more):
    status, body, _ = daemon.post("/v1/videos", {"model": model, "prompt": prompt, **more})
    assert status == 200, body
    return body["id"]


def until(daemon, job, *states, seconds=30):
    def look():
        body = daemon.get(f"/v1/videos/{job}")
        return body["kinora"]["state"] in states and body
    return eventually(look, seconds, f"{job} {states}")


def creations(sim, prompt):
    return sum(job["creations"] for job in sim.jobs() if job["prompt"] == prompt)


def write_key(daemon, text):
    fresh = daemon.directory / "key.new"
    fresh.write_text(text + "\n")
    fresh.chmod(0o600)
    fresh.rename(daemon.directory / "key")


@pytest.mark.parametrize("model", [OMNI, LITE])
def test_key_revoked_while_jobs_run(daemon, sim, model):
    """401 on a poll holds the job with its money and says why; a good key and a person end it."""
    prompt = f"revoked {model} [render:40]"
    job = make(daemon, prompt, model)
    until(daemon, job, "running")
    # The simulator refuses keys that begin with bad-; the file is read again when it changes.
    write_key(daemon, "bad-0002")
    held = until(daemon, job, "held")
    assert held["status"] == "failed" and held["error"]["code"] == "held_for_review", held
    for word in ("credential", "kinora jobs resolve", held["kinora"]["provider_id"]):
        assert word in held["error"]["message"], held["error"]
    assert "bad-0002" not in str(held)
    assert held["kinora"]["cost"]["reserved_microusd"] == held["kinora"]["cost"]["quoted_microusd"]
    # A new job is refused by the provider in its own words: nothing was made, nothing is reserved.
    refused = until(daemon, make(daemon, f"without a key {model}", model), "failed", "queued")
    assert refused["kinora"]["cost"]["reserved_microusd"] in (
        0, refused["kinora"]["cost"]["quoted_microusd"])
    assert creations(sim, f"without a key {model}") == 0
    write_key(daemon, "sk-test-0003")
    status, body, _ = daemon.post(f"/v1/videos/{job}/resolve", {
        "action": "adopt", "provider_id": held["kinora"]["provider_id"]})
    assert status == 200, body
    assert until(daemon, job, "completed")["status"] == "completed"
    assert creations(sim, prompt) == 1
    assert not judge(daemon, sim.jobs(), [job])


@pytest.mark.parametrize("model, provider", [
    ("sample/clip", "sample"), (LITE, "openrouter"), (OMNI, "google")])
def test_model_retired(daemon, sim, model, provider):
    """The provider says that the model is gone: nothing is charged, and the words are its own."""
    sim.fault("retired_model", provider, "submit", times=1000)
    prompt = f"retired {model}"
    job = until(daemon, make(daemon, prompt, model), "failed", "held")
    assert job["kinora"]["state"] == "failed", job
    assert job["error"]["message"] and job["kinora"]["cost"]["reserved_microusd"] == 0
    assert job["kinora"]["cost"]["settled_microusd"] == 0
    assert creations(sim, prompt) == 0
    assert len([e for e in sim.log() if e["method"] == "POST"]) == 1
    # What the catalog knows is refused before anything is reserved, with the date and the successor.
    status, body, _ = daemon.post("/v1/videos", {"model": "sample/clip-retired", "prompt": "x"})
    assert status == 410 and "2026-01-31" in body["detail"]
    assert body["errors"][0]["allowed"] == ["sample/clip"]
    done = kinora("generate", "x", "-m", "sample/clip-retired", socket=daemon.socket)
    assert done.code == 2 and "sample/clip" in done.err, done


class Clock:
    """The wall clock of one daemon."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.file.write_bytes(bytes(8))
        self.shim = folder / "shim.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(self.shim),
                        str(Path(__file__).with_name("clock_shim.c")), "-ldl"], check=True)

    @property
    def environment(self):
        return {"LD_PRELOAD": str(self.shim), "CLOCK_SHIM": str(self.file)}

    def set(self, seconds):
        with open(self.file, "r+b") as file:
            file.write(struct.pack("<q", int(seconds * 1e9)))


def polls(sim, provider):
    return len([e for e in sim.log() if e["method"] == "GET" and e["path"].startswith(provider)])


def test_clock_set_back(daemons, sim, tmp_path):
    """An hour, ten years, a restart in the past: jobs go on at their pace, nothing is sent twice."""
    clock = Clock(tmp_path)
    daemon = daemons(sim, speed=40, environment=clock.environment).start()
    before = daemon.get(f"/v1/videos/{make(daemon, 'before')}")["created_at"]
    first = make(daemon, "first [render:60]")
    until(daemon, first, "running")
    clock.set(-3600)
    assert daemon.get(f"/v1/videos/{make(daemon, 'probe')}")["created_at"] < before - 3500
    asked = polls(sim, "/sample")
    assert until(daemon, first, "completed")
    # A render of 1.5 s polled every 50 ms: a storm would be thousands.
    assert polls(sim, "/sample") - asked < 200
    second = make(daemon, "second [render:60]", **{"seconds": 4})
    until(daemon, second, "running")
    clock.set(-10 * 365 * 86_400)
    assert until(daemon, second, "completed")
    old = make(daemon, "ten years ago")
    assert until(daemon, old, "completed")
    clock.set(0)
    third = make(daemon, "third [render:60]")
    until(daemon, third, "running")
    daemon.kill()
    clock.set(-7200)
    daemon.start()
    assert until(daemon, third, "completed")
    clock.set(0)
    assert until(daemon, make(daemon, "now again"), "completed")
    assert all(job["creations"] == 1 for job in sim.jobs())
    assert not judge(daemon, sim.jobs(), [first, second, third, old])


def test_clock_set_forward(daemons, sim, tmp_path):
    """A leap past every deadline closes the job and not its money; it is neither sent again nor lost."""
    clock = Clock(tmp_path)
    daemon = daemons(sim, speed=40, environment=clock.environment).start()
    job = make(daemon, "leapt over [render:40]")
    until(daemon, job, "running")
    clock.set(10 * 86_400)
    closed = until(daemon, job, "expired")
    assert closed["status"] == "failed" and closed["error"]["code"] == "expired"
    assert closed["kinora"]["cost"]["reserved_microusd"] > 0
    assert until(daemon, make(daemon, "after the leap"), "completed")
    daemon.kill()
    daemon.start()
    assert until(daemon, make(daemon, "after the restart"), "completed")
    assert all(job["creations"] == 1 for job in sim.jobs())
    assert not judge(daemon, sim.jobs(), [job])


def test_clock_that_trembles(daemons, sim, tmp_path):
    """±300 ms all the time: ids stay ordered, every job ends once."""
    clock = Clock(tmp_path)
    daemon = daemons(sim, speed=40, environment=clock.environment).start()
    made = []
    for n in range(20):
        clock.set(0.3 if n % 2 else -0.3)
        made.append(make(daemon, f"trembling {n}"))
        time.sleep(0.01)
    for n, job in enumerate(made):
        clock.set(0.3 if n % 3 else -0.3)
        assert daemon.get(f"/v1/videos/{job}?wait=30")["status"] == "completed"
    assert [job["id"] for job in daemon.jobs()] == made
    assert all(job["creations"] == 1 for job in sim.jobs())
    assert not judge(daemon, sim.jobs(), made)
