"""What a job cost is told once, at the price of when it was accepted, whenever the daemon dies."""

import json
import sqlite3

import pytest
from doors import submits
from simulator import video_stream

PRICED = """
  studio:
    plugin: sample
    base_url: {url}/sample/v1
    allow_private: true
    poll_speed: 40
    models:
      - id: clip
        kinds: [text-to-video]
        durations: [3, 5]
        prices: [{{per: second, usd: "0.01", source: our books, date: "2026-11-01"}}]
"""
WISH = {"model": "studio/clip", "prompt": "a boat", "seconds": 3}
# Everywhere between the last byte of the file and the end of the commit that tells of it.
DEATHS = ["asset.adopted", "complete.before", "complete.committed"]


def events(daemon, job):
    """What the stream of a job replays from its beginning: (seq, type, data)."""
    status, text, _ = daemon.request(
        "GET", f"/v1/videos/{job}/events?after=0", headers={"Last-Event-ID": "0"})
    assert status == 200, text
    found = []
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


@pytest.mark.parametrize("death", DEATHS)
def test_one_cost_event(daemons, sim, death):
    """Killed beside its end, started again, replayed and repeated: one event with one cost, at the price
    that was frozen when the job was accepted, for the seconds that the file has; booked once [V63]."""
    # The provider names no figure of its own, so the price list counts.
    sim.fault("missing_cost", provider="sample", times=-1)
    daemon = daemons(sim, speed=40, providers=PRICED.format(url=sim.url)).start(KINORA_CRASH=f"{death}:1")
    assert daemon.post("/v1/pause")[0] == 200
    first = daemon.post("/v1/videos", WISH, Idempotency_Key="k")[1]
    assert first["kinora"]["cost"]["quoted_microusd"] == 30_000
    # Ten times as dear from now on; this job keeps its price.
    daemon.config.write_text(daemon.config.read_text().replace('usd: "0.01"', 'usd: "0.10"'))
    assert daemon.post("/v1/reload")[0] == 200
    assert daemon.post("/v1/quote", WISH)[1]["microusd"] == 300_000
    assert daemon.post("/v1/resume")[0] == 200
    assert daemon.wait_dead(60) == -9, daemon.log()[-2000:]
    daemon.start()
    path = f"/v1/videos/{first['id']}"
    job = daemon.get(f"{path}?wait=60")
    assert job["status"] == "completed" and job["kinora"]["cost"]["settled_microusd"] == 30_000, job
    seconds = float(video_stream(daemon.request("GET", f"{path}/content")[1])["duration"])
    told = events(daemon, first["id"])
    costs = [(seq, name, data["cost"]) for seq, name, data in told if "cost" in data]
    assert len(costs) == 1 and costs[0][1] == "job.completed", told
    cost = costs[0][2]
    assert cost["microusd"] == 30_000 and cost["per_second_microusd"] == 10_000, cost
    assert cost["video_seconds"] == pytest.approx(seconds, abs=0.05) and cost["source"] == "catalog"
    assert [data["n"] for _, _, data in told] == list(range(1, len(told) + 1))
    # A repeat of the request, another restart and a crash tell nothing anew.
    again = daemon.post("/v1/videos", WISH, Idempotency_Key="k")
    assert again[1]["id"] == first["id"] and again[2]["Idempotent-Replayed"] == "true"
    daemon.kill()
    daemon.start()
    assert events(daemon, first["id"]) == told and len(submits(sim)) == 1
    rows = {row["scope"]: row for row in daemon.get("/v1/usage?day=all")["data"]}
    assert rows["host"]["spent_microusd"] == 30_000 and rows["host"]["reserved_microusd"] == 0
    daemon.stop()
    with sqlite3.connect(daemon.directory / "state/kinora.db") as db:
        assert db.execute("SELECT state, settled FROM hold").fetchall() == [("settled", 30_000)]
        booked = db.execute("SELECT scope, count(*), sum(d_spent) FROM ledger WHERE d_spent > 0 "
                            "GROUP BY scope").fetchall()
        assert {row[1:] for row in booked} == {(1, 30_000)} and len(booked) == 2, booked


def test_a_job_without_a_result_has_none(daemon, sim):
    """Failed and cancelled jobs tell no cost [V63]."""
    failed = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "[fault:failed]", "seconds": 1})[1]
    assert daemon.get(f"/v1/videos/{failed['id']}?wait=60")["status"] == "failed"
    assert daemon.post("/v1/pause")[0] == 200
    waits = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "not yet", "seconds": 1})[1]
    assert daemon.post(f"/v1/videos/{waits['id']}/cancel")[0] == 200
    for job in (failed, waits):
        told = events(daemon, job["id"])
        assert told and all("cost" not in data for _, _, data in told), told
