"""Routes: one name for an ordered list of models, tried only where it is certain that nothing was bought."""

import subprocess

import pytest
from simulator import program

ROUTES = """routes:
  cheap-clip: [openrouter/google/veo-3.1-fast, google/veo-3.1-fast, sample/clip]
"""


@pytest.fixture
def daemon(daemons, sim):
    return daemons(sim, speed=40, extra=ROUTES).start()


def make(daemon, **fields):
    status, job, _ = daemon.post(
        "/v1/videos", {"model": "cheap-clip", "prompt": "a heron", "seconds": 4, **fields})
    assert status == 200, job
    return daemon.get(f"/v1/videos/{job['id']}?wait=60")


def submits(sim):
    return [f"{entry['method']} {entry['path'].split('?')[0]}" for entry in sim.log()
            if entry["method"] == "POST"]


def model(daemon, name):
    return daemon.get(f"/v1/models/{name}")["kinora"]


def reserved(daemon):
    return sum(row["reserved_microusd"] for row in daemon.get("/v1/usage")["data"])


def test_the_first_that_can(daemon, sim):
    """The first model of the list makes it; the answer names model and route."""
    done = make(daemon)
    assert done["status"] == "completed" and done["model"] == "openrouter/google/veo-3.1-fast"
    assert done["kinora"]["route"] == "cheap-clip"
    assert len(submits(sim)) == 1 and reserved(daemon) == 0


@pytest.mark.parametrize("fault", ["402", "401", "429"])
def test_a_definite_refusal_goes_on(daemon, sim, fault):
    """Who certainly refused is left for the next; the money is the second one's, paid once."""
    sim.fault(fault, provider="openrouter", phase="submit", times=50)
    done = make(daemon)
    assert done["status"] == "completed", done
    assert done["model"] == "google/veo-3.1-fast-generate-preview"
    assert [job["creations"] for job in sim.jobs()] == [1]
    assert submits(sim)[0] == "POST /openrouter/api/v1/videos"
    assert done["kinora"]["cost"]["settled_microusd"] == 4 * 100_000 and reserved(daemon) == 0
    # It is left alone for a while, visibly, and asked by its own name all the same.
    cooling = model(daemon, "openrouter/google/veo-3.1-fast")["cooldown"]
    assert cooling["until"] and cooling["why"]
    before = len(submits(sim))
    assert make(daemon, prompt="another")["model"] == "google/veo-3.1-fast-generate-preview"
    assert len(submits(sim)) == before + 1
    sim.clear_faults()
    direct = daemon.post(
        "/v1/videos", {"model": "openrouter/google/veo-3.1-fast", "prompt": "x", "seconds": 4})[1]
    assert daemon.get(f"/v1/videos/{direct['id']}?wait=60")["status"] == "completed"


def test_never_past_an_unknown_submit(daemon, sim):
    """A submit that may have arrived stays with its provider: held, and nobody else is asked."""
    sim.fault("drop_after_accept", provider="openrouter", phase="submit")
    done = make(daemon)
    assert done["error"]["code"] == "held_for_review", done
    assert submits(sim) == ["POST /openrouter/api/v1/videos"]
    assert done["model"] == "openrouter/google/veo-3.1-fast" and reserved(daemon) > 0


@pytest.mark.parametrize("fault", ["filtered", "failed"])
def test_what_was_accepted_stays(daemon, sim, fault):
    """A provider that took the job and failed it, by its filter or not, is the last one asked."""
    done = make(daemon, prompt=f"[fault:{fault}]")
    assert done["status"] == "failed" and submits(sim) == ["POST /openrouter/api/v1/videos"]
    assert done["model"] == "openrouter/google/veo-3.1-fast" and reserved(daemon) == 0


def test_one_that_cannot_is_passed_over(daemon, sim):
    """A wish that only a later model can honour begins there; one that none can says why of each."""
    done = make(daemon, size="1024x1024")
    assert done["model"] == "sample/clip", done
    status, answer, _ = daemon.post(
        "/v1/videos", {"model": "cheap-clip", "prompt": "x", "seconds": 4, "size": "7x7"})
    assert status == 400 and answer["error"]["param"] in ("size", "aspect_ratio")
    for name in ("openrouter/google/veo-3.1-fast", "google/veo-3.1-fast", "sample/clip"):
        assert name in answer["error"]["message"]


def test_the_dearest_is_reserved(daemons, sim):
    """What is reserved pays for any of the list; the budget is asked for that."""
    daemon = daemons(sim, speed=40, extra=ROUTES + "budgets: {host: {usd_per_day: 0.45}}\n").start()
    sim.fault("402", provider="openrouter", phase="submit", times=50)
    done = make(daemon)
    assert done["status"] == "completed" and done["model"].startswith("google/")
    status, answer, _ = daemon.post(
        "/v1/videos", {"model": "cheap-clip", "prompt": "y", "seconds": 4})
    assert status == 402, answer


def test_the_same_key(daemon, sim):
    """A key answers with its job also after the route begins elsewhere."""
    fields = {"model": "cheap-clip", "prompt": "a heron", "seconds": 4}
    first = daemon.post("/v1/videos", fields, Idempotency_Key="k1")[1]
    sim.fault("402", provider="openrouter", phase="submit", times=50)
    make(daemon, prompt="cools it down")
    status, again, headers = daemon.post("/v1/videos", fields, Idempotency_Key="k1")
    assert (status, again["id"]) == (200, first["id"]) and headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("routes, words", [
    ("clip: [sample/clip]", "routes.clip: this name means sample/clip already"),
    ("two: [sample/clop]", 'routes.two: there is no model "sample/clop"; near: sample/clip'),
    ("none: []", "routes.none: must name at least one model"),
    ("text: sample/clip", "routes.text: must be a list"),
])
def test_configuration(daemons, sim, routes, words):
    """A route that leads nowhere, or hides a model, is a configuration error with its line."""
    daemon = daemons(sim, extra=f"routes:\n  {routes}\n")
    done = subprocess.run(
        [program("kinorad", "KINORAD_BIN"), "--config", str(daemon.config), "--check-config"],
        capture_output=True, text=True, timeout=30)
    assert done.returncode == 78 and words in done.stderr, done.stderr
    assert f"{daemon.config}:" in done.stderr
