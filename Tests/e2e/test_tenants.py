"""Tenants and quotas in counts, from outside: what a bot and its administrators see."""

import concurrent.futures
import sqlite3
import subprocess
import time

import pytest

from kinora_kit import eventually, kinora
from simulator import video_stream

WISH = {"model": "sample/clip", "prompt": "for a guild", "seconds": 1, "tenant": "t1", "user": "u1"}


def put(daemon, body, tenant="t1"):
    status, answer, _ = daemon.request("PUT", f"/v1/tenants/{tenant}", body)
    assert status == 200, answer
    return answer


def quota(daemon, user="u1", tenant="t1", kind="video"):
    return daemon.get(f"/v1/tenants/{tenant}/quota?user={user}")[kind]


def counts(daemon, user="u1"):
    row = quota(daemon, user)["user"]
    return row["used"], row["reserved"]


def make(daemon, **more):
    status, job, _ = daemon.post("/v1/videos", {**WISH, **more})
    assert status == 200, job
    return job["id"]


def made(daemon, **more):
    job = daemon.get(f"/v1/videos/{make(daemon, **more)}?wait=30")
    assert job["status"] in ("completed", "failed"), job
    return job


def check(daemon):
    """The daemon's own sums agree."""
    rows = {row["name"]: row for row in daemon.get("/v1/doctor")["checks"]}
    assert rows["quota"]["status"] == "ok" and rows["money"]["status"] == "ok", rows["quota"]


def test_ten_at_once_on_a_quota_of_one(daemon, sim):
    """One of ten parallel requests is accepted; nine are told scope, limit and when it resets [T12] [C93]."""
    put(daemon, {"quota": {"per_user_per_day": 1}})
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(
            lambda n: daemon.post("/v1/videos", {**WISH, "prompt": f"no {n}"}), range(10)))
    assert sorted(status for status, _, _ in answers) == [200] + 9 * [429]
    for status, body, headers in answers:
        if status == 200:
            continue
        assert body["error"]["code"] == "quota_exceeded" and body["error"]["param"] == "user", body
        assert body["scope"] == "user" and body["limit"] == 1 and body["resets_at"].endswith("Z")
        assert int(headers["Retry-After"]) > 0 and headers["x-should-retry"] == "false"
    # Nothing of the nine was reserved in money, and another user has his own day.
    rows = {row["scope"]: row for row in daemon.get("/v1/usage")["data"]}
    assert rows["host"]["reserved_microusd"] + rows["host"]["spent_microusd"] <= 10_000
    assert daemon.post("/v1/videos", {**WISH, "user": "u2"})[0] == 200
    # Without a tenant nothing is counted.
    for n in range(3):
        body = {key: value for key, value in WISH.items() if key != "tenant"}
        assert daemon.post("/v1/videos", {**body, "prompt": f"free {n}"})[0] == 200
    check(daemon)


def test_quota_is_used_by_delivery_alone(daemon, sim):
    """Reserved while it runs, given back by a failure, counted when the content was read whole [T15] [T16]."""
    sim.fault("failed", provider="sample", phase="poll")
    job = made(daemon)
    assert job["status"] == "failed" and counts(daemon) == (0, 0)
    job = made(daemon, prompt="this one works")
    path = f"/v1/videos/{job['id']}"
    assert job["kinora"]["delivery"]["status"] == "pending" and counts(daemon) == (0, 1)
    # A look, a first part and a conditional request are no delivery.
    assert daemon.request("HEAD", f"{path}/content")[0] == 200
    assert daemon.request("GET", f"{path}/content", headers={"Range": "bytes=0-99"})[0] == 206
    tag = {"If-None-Match": '"' + job["kinora"]["artifacts"][0]["sha256"] + '"'}
    assert daemon.request("GET", f"{path}/content", headers=tag)[0] == 304
    time.sleep(0.3)
    assert counts(daemon) == (0, 1)
    # The rest of it is.
    assert daemon.request("GET", f"{path}/content", headers={"Range": "bytes=100-"})[0] == 206
    eventually(lambda: counts(daemon) == (1, 0))
    assert daemon.get(path)["kinora"]["delivery"]["status"] == "delivered"
    # Once: reading it again, and saying so, changes nothing.
    status, data, _ = daemon.request("GET", f"{path}/content")
    assert status == 200 and video_stream(data)["codec_name"]
    assert daemon.post(f"{path}/delivered")[0] == 200
    assert counts(daemon) == (1, 0)
    # A whole read, and a word.
    for confirm in (lambda id: daemon.request("GET", f"/v1/videos/{id}/content"),
                    lambda id: daemon.post(f"/v1/videos/{id}/delivered")):
        before = counts(daemon)[0]
        job = made(daemon, prompt=f"delivered after {before}")
        assert confirm(job["id"])[0] == 200
        eventually(lambda: counts(daemon) == (before + 1, 0))
    assert daemon.post("/v1/videos", {**WISH, "prompt": "a fourth"})[0] == 429
    check(daemon)


def test_cancelled_and_deleted_jobs_hold_nothing(daemon, sim):
    """Every way to an end without delivery gives the quota back [T16]."""
    sim.fault("stuck", provider="sample", phase="poll", times=1000)
    job = make(daemon)
    assert counts(daemon) == (0, 1)
    assert daemon.post(f"/v1/videos/{job}/cancel")[0] == 200
    eventually(lambda: counts(daemon) == (0, 0))
    assert daemon.post(f"/v1/videos/{job}/delivered")[0] == 409
    sim.clear_faults()
    done = made(daemon, prompt="to be deleted")
    assert counts(daemon) == (0, 1)
    assert daemon.request("DELETE", f"/v1/videos/{done['id']}")[0] == 200
    assert counts(daemon) == (0, 0)
    check(daemon)


def test_what_nobody_takes_is_let_go_of(daemons, sim):
    """An undelivered result holds quota for delivery.ttl, over restarts and crashes [T16]."""
    daemon = daemons(sim, speed=40, extra="delivery: {ttl: 1s}\n").start()
    job = made(daemon)["id"]
    daemon.kill()
    daemon.start()
    time.sleep(1.2)
    daemon.stop()
    daemon.start()
    eventually(lambda: counts(daemon) == (0, 0))
    assert daemon.get(f"/v1/videos/{job}")["kinora"]["delivery"]["status"] == "released"
    assert "sweep.delivery" in daemon.log()
    # Who comes late still gets it, and then it counts.
    assert daemon.request("GET", f"/v1/videos/{job}/content")[0] == 200
    eventually(lambda: counts(daemon) == (1, 0))
    check(daemon)


def test_resets_by_the_command_line(daemon, sim):
    """quota show, set and reset: one user's day, or the pool, others unchanged [T4] [T5] [T75] [T76] [T77] [T78]."""
    def run(*words):
        done = kinora(*words, socket=daemon.socket)
        assert done.code == 0, done
        return done
    run("quota", "set", "t1", "--per-user-per-day", 2, "--pool", 9, "--pool-days", 30)
    for user in ("u1", "u1", "u2"):
        job = made(daemon, user=user, prompt=f"{user} {time.monotonic()}")
        daemon.post(f"/v1/videos/{job['id']}/delivered")
    refused = kinora("generate", "one more", "-m", "sample/clip", "-d", 1, "--tenant", "t1",
                     "--user", "u1", "--detach", socket=daemon.socket)
    assert refused.code == 5 and "quota show" in refused.err, refused
    shown = run("quota", "show", "t1", "--user", "u1").out
    assert "user u1" in shown and "pool" in shown, shown
    before = quota(daemon)["pool"]
    assert before["used"] == 3 and before["remaining"] == 6
    run("quota", "reset", "t1", "--user", "u1")
    assert counts(daemon) == (0, 0) and counts(daemon, "u2") == (1, 0)
    assert quota(daemon)["user"]["remaining"] == 2 and quota(daemon)["pool"]["used"] == 3
    run("quota", "reset", "t1", "--pool")
    after = quota(daemon)["pool"]
    assert after["used"] == 0 and after["period_start"] > before["period_start"]
    assert counts(daemon, "u2") == (1, 0)
    assert kinora("quota", "reset", "t1", socket=daemon.socket).code == 2
    check(daemon)


def test_a_too_large_result_is_kept_and_not_counted(daemon, sim):
    """Larger than the tenant takes: too_large, the file stays readable, no quota [T79] [T80]."""
    assert daemon.get("/v1/config")["delivery"]["profiles"]["discord"]["max_bytes"] == 26_214_400
    assert put(daemon, {"profile": "discord"})["effective_max_output_bytes"] == 26_214_400
    assert made(daemon)["kinora"]["delivery"]["status"] == "pending"
    put(daemon, {"max_output_bytes": 100})
    job = made(daemon, prompt="a large one")
    delivery = job["kinora"]["delivery"]
    assert delivery["status"] == "too_large" and delivery["max_bytes"] == 100, delivery
    assert counts(daemon) == (0, 1)
    status, data, _ = daemon.request("GET", f"/v1/videos/{job['id']}/content")
    assert status == 200 and video_stream(data)
    time.sleep(0.3)
    assert counts(daemon) == (0, 1)
    check(daemon)


def test_settings_live_through_a_crash(daemon, sim):
    """The slot, the switch and the words behind the prompt are on disk; the words are sent, never shown
    [T9] [T22] [T64] [T65] [T66]."""
    done = kinora("tenant", "set", "t1", "--model", "sample/clip-keyed", "--prompt-suffix", "SECRETSTYLE",
                  socket=daemon.socket)
    assert done.code == 0, done
    daemon.kill()
    daemon.start()
    body = {key: value for key, value in WISH.items() if key != "model"}
    job = daemon.get(f"/v1/videos/{daemon.post('/v1/videos', body)[1]['id']}?wait=30")
    assert job["model"] == "sample/clip-keyed" and job["prompt"] == WISH["prompt"]
    assert "SECRETSTYLE" not in str(job)
    assert "SECRETSTYLE" not in str(daemon.request("GET", f"/v1/videos/{job['id']}/events")[1])
    sent = [entry["body"] for entry in sim.log() if entry["method"] == "POST"]
    assert any("for a guild SECRETSTYLE" in str(body) for body in sent), sent
    shown = kinora("tenant", "show", "t1", "--json", socket=daemon.socket).json
    assert shown["model"] == "sample/clip-keyed" and shown["version"] == 2
    put(daemon, {"provider": "google"})
    put(daemon, {"enabled": False})
    status, refused, _ = daemon.post("/v1/videos", WISH)
    assert status == 403 and refused["error"]["code"] == "video_disabled", refused
    seen = kinora("capabilities", "--tenant", "t1", socket=daemon.socket)
    assert seen.code == 0 and "switched off" in seen.out, seen
    daemon.stop()
    with sqlite3.connect(daemon.directory / "state/kinora.db") as db:
        assert db.execute("SELECT videogen_enabled FROM tenant_capabilities").fetchall() == [(0,)]
        assert db.execute("SELECT provider, video_model_id FROM saved_provider_configs").fetchall() == [
            ("sample", "sample/clip-keyed")]
        # The tables that a bot's tools look for [T69] [T70] [T71].
        assert db.execute("SELECT daily_user_quota, serverwide_quota, serverwide_quota_resets_in, enabled "
                          "FROM video_quota_configs").fetchall() == [(3, 0, 365, 1)]
        assert db.execute("SELECT user, reserved, used FROM video_quotas").fetchall() == [("u1", 1, 0)]
        assert db.execute("SELECT period_end - period_start FROM video_serverwide_quotas").fetchall() == [
            (365 * 86_400_000,)]


def test_images_have_a_pool_of_their_own(daemon, sim):
    """A used-up video quota says nothing about images [T68]."""
    put(daemon, {"quota": {"per_user_per_day": 1}})
    make(daemon)
    assert daemon.post("/v1/videos", {**WISH, "prompt": "two"})[0] == 429
    image = {"model": "sample/still-image", "prompt": "a still", "tenant": "t1", "user": "u1"}
    assert daemon.post("/v1/videos", image)[0] == 200
    assert quota(daemon, kind="image")["user"]["reserved"] == 1
    assert counts(daemon)[0] + counts(daemon)[1] == 1


def test_tenants_of_a_form(daemon, sim):
    """Form data carries tenant and user as well."""
    done = subprocess.run(
        ["curl", "-sS", "--unix-socket", daemon.socket, "-F", "prompt=by form", "-F", "seconds=1",
         "-F", "tenant=t9", "-F", "user=u9", "http://kinora/v1/videos"],
        capture_output=True, text=True, check=True, timeout=30)
    assert '"tenant":"t9"' in done.stdout, done
    assert quota(daemon, "u9", "t9")["user"]["reserved"] == 1
    for bad in ("", "a/b", "x" * 129, "a\nb"):
        status, body, _ = daemon.post("/v1/videos", {**WISH, "tenant": bad})
        assert status == 400 and body["error"]["param"] == "tenant", (bad, body)


def test_the_notice_learns_what_a_model_takes(daemon, sim):
    """The expected time is measured from finished jobs, also after a restart [T18] [T21]."""
    first = daemon.get(f"/v1/videos/{make(daemon, tenant='n')}")["kinora"]["notice"]
    assert first["timing_line"] == "Usually takes 1–3 minutes"
    assert first["model_line"] == "Model: sample/clip"
    for n in range(3):
        made(daemon, user=f"n{n}", prompt=f"measured {n}")
    daemon.stop()
    daemon.start()
    job = daemon.get(f"/v1/videos/{make(daemon, user='n9')}")["kinora"]["notice"]
    assert "minutes" not in job["timing_line"] and "second" in job["timing_line"], job
