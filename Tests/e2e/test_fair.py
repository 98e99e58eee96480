"""Several clients and few places: turns, what is seen of them, and how far a job is."""

import time

from kinora_kit import eventually
from test_clients import is_root, opened, place  # noqa: F401
from test_configuration import As
from test_providers import VEO

WISH = {"model": "sample/clip", "seconds": 1}
LIMIT = {"old": "    poll_speed: 40\n  openrouter", "new": "    poll_speed: 40\n    max_concurrent: 1\n  openrouter"}


def narrow(daemon):
    """One place at the provider."""
    text = daemon.config.read_text()
    assert LIMIT["old"] in text
    daemon.config.write_text(text.replace(LIMIT["old"], LIMIT["new"]))
    return daemon


def test_two_bots_take_turns_and_see_only_their_own(daemons, sim, place):  # noqa: F811
    """Five jobs of one bot before five of another: they are sent alternately; neither sees the other's [P6]."""
    if not is_root():
        return
    daemon = narrow(opened(daemons(sim, speed=40), place, """
clients:
  ann: {principals: ["uid:40001"], concurrency: 3}
  bob: {principals: ["uid:40002"], concurrency: 3}
""")).start()
    ann, bob = As(40001, daemon.socket), As(40002, daemon.socket)
    daemon.post("/v1/pause")
    ids = {}
    for bot, name in ((ann, "ann"), (bob, "bob")):
        ids[name] = [bot("POST", "/v1/videos", {**WISH, "prompt": f"{name} {n}"})[1]["id"]
                     for n in range(5)]
    daemon.post("/v1/resume")
    eventually(lambda: all(job["status"] == "completed" for job in daemon.jobs()), 120, "the end")
    order = [entry["body"] for entry in sim.log() if entry["method"] == "POST"]
    names = [name for body in order for name in ("ann", "bob") if name in str(body)]
    assert names == ["ann", "bob"] * 5, names
    for bot, name, other in ((ann, "ann", "bob"), (bob, "bob", "ann")):
        assert {row["id"] for row in bot("GET", "/v1/videos")[1]["data"]} == set(ids[name])
        for path in ("", "/content", "/events", "/evidence", "/progress"):
            assert bot("GET", f"/v1/videos/{ids[other][0]}{path}")[0] == 404
        assert bot("POST", f"/v1/videos/{ids[other][0]}/cancel")[0] == 404


def test_one_place_and_the_rest_waits_in_sight(daemons, sim):
    """max_concurrent 1: never two at the provider, each waiting job knows its position [A103]."""
    daemon = narrow(daemons(sim, speed=40)).start()
    daemon.post("/v1/pause")
    ids = [daemon.post("/v1/videos", {**WISH, "prompt": f"p{n}"})[1]["id"] for n in range(4)]
    places = [daemon.get(f"/v1/videos/{job}/progress")["queue"] for job in ids]
    assert [place["position"] for place in places] == [1, 2, 3, 4]
    assert {place["max_concurrent"] for place in places} == {1}
    row = next(row for row in daemon.get("/v1/providers")["data"] if row["name"] == "sample")
    assert (row["queued"], row["running"], row["max_concurrent"]) == (4, 0, 1)
    daemon.post("/v1/resume")
    most = 0

    def all_over():
        nonlocal most
        jobs = daemon.jobs()
        most = max(most, sum(
            job["kinora"]["state"] in ("submitting", "submitted", "running") for job in jobs))
        return all(job["status"] == "completed" for job in jobs)
    eventually(all_over, 120, "the end")
    assert most == 1
    assert daemon.get(f"/v1/videos/{ids[0]}/progress")["queue"] is None


def test_a_silent_provider_has_a_marked_estimate(daemon, sim):
    """After three jobs of a model there is a guess; it rises, is marked and never says done [A115]."""
    wish = {"model": VEO, "seconds": 4}
    # Twelve seconds each: time enough to look before the guess is at its end.
    before = [daemon.post("/v1/videos", {**wish, "prompt": f"{n} [render:480]"})[1]["id"]
              for n in range(3)]
    for job in before:
        assert daemon.get(f"/v1/videos/{job}?wait=90")["status"] == "completed"
    job = daemon.post("/v1/videos", {**wish, "prompt": "silent [render:9000]"})[1]["id"]
    shown = eventually(lambda: daemon.get(f"/v1/videos/{job}/progress")["estimate"], 60, "a guess")
    seen = [shown["permille"]]
    assert shown["estimated"] is True and shown["most_seconds"] >= shown["typical_seconds"] >= 1
    end = time.monotonic() + 120
    while seen[-1] < 950 and time.monotonic() < end:
        seen.append(daemon.get(f"/v1/videos/{job}/progress")["estimate"]["permille"])
        time.sleep(0.1)
    assert seen == sorted(seen) and len(set(seen)) > 1 and seen[-1] == 950, seen
    told = daemon.get(f"/v1/videos/{job}")
    assert told["progress"] == 0 and told["kinora"]["progress_permille"] is None
    daemon.post(f"/v1/videos/{job}/cancel")
