"""The TanStack AI door: runs that are repeated, joined, restored, stopped, asked for one call at a time."""

import concurrent.futures
import json
import time

from kinora_kit import eventually
from tanstack_kit import GOOD, INPUT, PATH, Stream, envelope, run, value, words


def test_a_repeated_run_attaches_and_pays_once(daemon, sim):
    """The same POST again with Last-Event-ID goes on behind that offset; one job, one paid request [A44]
    [A49]."""
    body = envelope("again-1", {**INPUT, "prompt": "x [render:60]"})
    fields = {"X-Run-Id": "again-1"}
    stream = Stream(daemon, body, fields=fields)
    seen = []
    for pair in stream.events():
        seen.append(pair)
        if len(seen) == 3:
            break
    stream.close()
    again = list(Stream(daemon, body, fields={**fields, "Last-Event-ID": seen[1][0]}).events())
    assert words([event for _, event in again]) == GOOD[2:]
    behind = list(Stream(
        daemon, body, fields={**fields, "Last-Event-ID": again[-2][0]}).events())
    assert words([event for _, event in behind]) == ["RUN_FINISHED"]
    whole = [event for _, event in Stream(daemon, body, fields=fields).events()]
    assert words(whole) == GOOD
    jobs = {event["value"]["jobId"] for event in whole if event.get("name") == "video:job:created"}
    assert jobs == {seen[1][1]["value"]["jobId"]}
    assert [job["creations"] for job in sim.jobs()] == [1]
    other = run(daemon, envelope("again-1", {**INPUT, "prompt": "another"}))
    assert other[-1]["code"] == "idempotency_conflict"


def test_two_at_once_are_one_job(daemon, sim):
    """Twenty clients with one run id at once: one job, and each hears all of it [A49] [A59]."""
    body = envelope("twenty", {**INPUT, "prompt": "x [render:40]"})
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        told = list(pool.map(
            lambda _: run(daemon, body, fields={"X-Run-Id": "twenty"}), range(20)))
    assert all(words(events) == GOOD for events in told)
    assert len(daemon.jobs()) == 1 and [job["creations"] for job in sim.jobs()] == [1]
    polls = [entry for entry in sim.log() if entry["method"] == "GET" and "/content" not in entry["path"]]
    run(daemon, envelope("alone", {**INPUT, "prompt": "y [render:40]"}))
    alone = [entry for entry in sim.log() if entry["method"] == "GET" and "/content" not in entry["path"]]
    # As many polls as one listener causes, give or take a slow machine's rhythm.
    assert len(polls) < 3 * (len(alone) - len(polls)) + 10


def test_join_and_restore(daemon, sim):
    """GET with runId and offset joins; GET with threadId tells a reloaded page how its run stands [A31]
    [A44]."""
    unknown = daemon.request("GET", f"{PATH}?threadId=fresh")
    assert unknown[0] == 200 and unknown[1] == {"resumeSnapshot": None, "activeRun": None}
    assert unknown[2]["Cache-Control"] == "no-store"
    body = envelope("join-1", {**INPUT, "prompt": "x [render:80]"}, thread="thread-9")
    stream = Stream(daemon, body, fields={"X-Run-Id": "join-1"})
    next(stream.events())
    stream.close()
    live = daemon.get(f"{PATH}?threadId=thread-9")
    assert live["activeRun"] == {"runId": "join-1"}
    snapshot = live["resumeSnapshot"]
    assert (snapshot["schemaVersion"], snapshot["status"]) == (1, "running")
    assert snapshot["resumeState"] == {"threadId": "thread-9", "runId": "join-1"}
    joined = Stream(daemon, target=f"{PATH}?offset=-1&runId=join-1")
    assert joined.status == 200
    pairs = list(joined.events())
    assert words([event for _, event in pairs]) == GOOD and all(id for id, _ in pairs)

    done = daemon.get(f"{PATH}?threadId=thread-9")
    assert done["activeRun"] is None
    snapshot = done["resumeSnapshot"]
    assert (snapshot["status"], snapshot["resumeState"]) == ("complete", None)
    artifact, = snapshot["result"]["artifacts"]
    for name in ("artifactId", "threadId", "runId", "name", "mimeType", "createdAt", "url"):
        assert isinstance(artifact[name], str) and artifact[name], name
    assert artifact["role"] == "output" and artifact["size"] > 0
    source = artifact["source"]
    assert (source["mediaType"], source["activity"]) == ("video", "video")
    assert source["path"] and source["provider"] == "sample" and source["model"] == "clip"
    assert daemon.request("GET", artifact["url"])[0] == 200
    assert daemon.request("GET", f"{PATH}?runId=join-1")[0] == 400
    assert daemon.request("GET", f"{PATH}?runId=join-1&offset=zzz")[0] == 400
    assert daemon.request("GET", f"{PATH}?runId=nobody&offset=-1")[0] == 404


def test_a_run_outlives_the_daemon(daemons, sim):
    """After a kill the same POST attaches to the run, and a thread is still restored [A44]."""
    daemon = daemons(sim, speed=40).start()
    body = envelope("outlive", {**INPUT, "prompt": "x [render:120]"})
    stream = Stream(daemon, body, fields={"X-Run-Id": "outlive"})
    pairs = stream.events()
    last = [next(pairs), next(pairs)][-1]
    # Killed before the provider's answer is on disk, the job would be held instead.
    eventually(lambda: daemon.jobs()[0]["kinora"]["submitted"])
    daemon.kill()
    stream.close()
    daemon.start()
    again = list(Stream(
        daemon, body, fields={"X-Run-Id": "outlive", "Last-Event-ID": last[0]}).events())
    assert words([event for _, event in again]) == GOOD[2:]
    assert [job["creations"] for job in sim.jobs()] == [1]
    assert daemon.get(f"{PATH}?threadId=video-1")["resumeSnapshot"]["status"] == "complete"


def test_an_unnamed_run_is_not_paid_twice_after_a_restart(daemons, sim):
    """Seed-era clients name no run: their stream ends with the job, so a job that was open when the daemon
    died was never answered, and the same request attaches to it [A44]."""
    daemon = daemons(sim, speed=40).start()
    body = {"messages": [], "data": {**INPUT, "prompt": "x [render:120]"}}
    stream = Stream(daemon, body)
    next(stream.events())
    eventually(lambda: daemon.jobs()[0]["kinora"]["submitted"])
    daemon.kill()
    stream.close()
    daemon.start()
    assert words(run(daemon, body)) == GOOD
    assert [job["creations"] for job in sim.jobs()] == [1]
    assert words(run(daemon, body)) == GOOD
    assert len(sim.jobs()) == 2, "a second wish is a second clip"


def test_stop_and_abort(daemon, sim):
    """stop() only closes the stream and the job goes on; DELETE with the run id ends it, at the provider too
    [A24] [A44] [A79]."""
    body = envelope("stop-1", {**INPUT, "prompt": "x [render:3000]"})
    stream = Stream(daemon, body, fields={"X-Run-Id": "stop-1"})
    pairs = stream.events()
    job = [next(pairs), next(pairs)][1][1]["value"]["jobId"]
    stream.close()
    assert daemon.get(f"{PATH}/jobs/{job}")["status"] in ("pending", "processing")
    # Accepted by the provider, so that the cancel has something to end there.
    end = time.monotonic() + 60
    while daemon.get(f"/v1/videos/{job}")["kinora"]["state"] != "running":
        assert time.monotonic() < end
        time.sleep(0.02)
    listener = Stream(daemon, target=f"{PATH}?offset=-1&runId=stop-1")
    status, answer, _ = daemon.request("DELETE", f"{PATH}?runId=stop-1")
    assert status == 200 and answer["jobId"] == job
    events = [event for _, event in listener.events()]
    assert words(events) == ["RUN_STARTED", "video:job:created", "video:status", "RUN_ERROR"]
    assert (events[-1]["message"], events[-1]["code"]) == ("Request aborted", "aborted")
    assert value(events, "video:status")[-1]["status"] == "failed"
    assert daemon.get(f"{PATH}/jobs/{job}")["status"] == "failed"
    assert [job["cancelled"] for job in sim.jobs()] == [True]


def test_the_three_calls(daemon, sim):
    """create, status and url by job id, as its adapters have them [A7] [A8] [A9] [A12] [A15] [A16] [A17]
    [A19] [A20] [A25] [A27] [A95] [A96] [A97]."""
    status, made, _ = daemon.request("POST", f"{PATH}/jobs", {**INPUT, "prompt": "x [render:60]"})
    assert status == 200 and list(made) == ["jobId", "model"]
    assert made["model"] == "sample/clip"
    where = f"{PATH}/jobs/{made['jobId']}"
    early = daemon.request("GET", f"{where}/url")
    assert early[0] == 409 and early[1]["error"]["code"] == "not_ready"
    assert int(early[2]["Retry-After"]) > 0
    end = time.monotonic() + 60
    while True:
        status, now, headers = daemon.request("GET", where)
        assert now["status"] in ("pending", "processing", "completed") and status == 200
        if now["status"] == "completed":
            break
        assert headers["Retry-After"] == "5" and "url" not in now
        assert 0 <= now.get("progress", 0) <= 100 and time.monotonic() < end
        time.sleep(0.05)
    assert now["progress"] == 100
    result = daemon.get(f"{where}/url")
    assert list(result) == ["jobId", "url"] and result["url"] == now["url"]
    assert daemon.request("GET", result["url"])[0] == 200
    assert daemon.request("GET", f"{PATH}/jobs/video_00")[0] == 404


def test_a_status_at_least_every_two_seconds(daemon, sim):
    """Nothing changes, and still a status comes every two seconds: the stream never falls silent [A35] [A48]
    [A71]."""
    stream = Stream(daemon, {"data": {**INPUT, "prompt": "x [render:400]"}})
    times = [event["timestamp"] for _, event in stream.events()
             if event.get("name") == "video:status"]
    assert len(times) >= 3
    gaps = [after - before for before, after in zip(times, times[1:])]
    # Two seconds, and room for a machine that is busy.
    assert max(gaps) < 10_000 and sorted(gaps)[len(gaps) // 2] <= 2_500


def test_progress_has_its_own_event(daemon, sim):
    """onProgress hears generation:progress beside the status [A69]."""
    events = run(daemon, {"data": {**INPUT, "prompt": "x [render:80]"}})
    told = value(events, "generation:progress")
    assert told and told[-1]["progress"] == 100
    assert [item["progress"] for item in told] == sorted(item["progress"] for item in told)


def test_a_full_queue_speaks_of_a_rate_limit(daemons, sim):
    """Programs look for the words "rate limit" in the message [A101]."""
    daemon = daemons(sim, speed=1)
    daemon.config.write_text(daemon.config.read_text().replace("max_queued: 0", "max_queued: 1"))
    daemon.start()
    assert daemon.request("POST", "/v1/pause")[0] == 200
    assert daemon.request("POST", f"{PATH}/jobs", INPUT)[0] == 200
    refused = run(daemon, envelope("full", {**INPUT, "prompt": "z"}))
    assert "rate limit" in refused[-1]["message"] and refused[-1]["code"] == "queue_full"
    status, body, headers = daemon.request("POST", f"{PATH}/jobs", {**INPUT, "prompt": "z"})
    assert status == 429 and "rate limit" in body["error"]["message"] and headers["Retry-After"]


def test_a_key_of_the_users_own_is_refused(daemon, sim):
    """x-byok-…: spending the host's money instead would be the wrong answer."""
    events = run(daemon, {"data": INPUT}, fields={"x-byok-openai": "sk-live-1"})
    assert "x-byok-openai" in events[-1]["message"] and "sk-live-1" not in json.dumps(events)
    assert daemon.jobs() == []


def test_a_run_is_a_job_like_any_other(daemon, sim):
    """Its events, its file with entity tag and ranges, its price: all through /v1/videos [A120]
    [A125]."""
    events = run(daemon, envelope("like-any", {**INPUT, "prompt": "x"}))
    result, = value(events, "generation:result")
    log = daemon.request("GET", f"/v1/videos/{result['jobId']}/events")[1].decode()
    assert "event: job.completed" in log
    status, whole, headers = daemon.request("GET", result["url"])
    assert status == 200
    again = daemon.request("GET", result["url"], headers={"If-None-Match": headers["ETag"]})
    assert again[0] == 304
    part = daemon.request("GET", result["url"], headers={"Range": "bytes=4-7"})
    assert (part[0], part[1]) == (206, whole[4:8]) and part[1] == b"ftyp"
    used = {row["scope"]: row["spent_microusd"] for row in daemon.get("/v1/usage")["data"]}
    assert used["host"] == 40_000
