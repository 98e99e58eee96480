"""Several videos by one request: one report, nothing twice, the same after a restart."""

import http.client
import json

import pytest

from doors import data_url, png, submits
from kinora_kit import kinora


def wish(prompt, **more):
    return {"prompt": prompt, "model": "sample/clip", "seconds": 1, **more}


def test_one_report(daemons, sim):
    """Three requests, one report with counts; again with the key, and after a restart, the same [A128]."""
    daemon = daemons(sim, speed=40).start()
    body = {"requests": [wish("one"), wish("two", input_reference=data_url(png()), metadata={"a": "b"}),
                         wish("three [fault:402]")]}
    status, made, fields = daemon.post("/v1/batches", body, Idempotency_Key="b-1")
    assert status == 200 and made["object"] == "batch", made
    assert fields["Location"] == f"/v1/batches/{made['id']}"
    assert made["counts"]["total"] == 3 and made["counts"]["not_made"] == 0
    ids = [row["id"] for row in made["requests"]]
    assert len(set(ids)) == 3 and made["cost"]["quoted_microusd"] == 30_000
    status, again, fields = daemon.post("/v1/batches", body, Idempotency_Key="b-1")
    assert [row["id"] for row in again["requests"]] == ids
    assert (status, fields["Idempotent-Replayed"]) == (200, "true")
    done = daemon.get(f"/v1/batches/{made['id']}?wait=120")
    assert done["status"] == "completed", done
    assert (done["counts"]["completed"], done["counts"]["failed"]) == (2, 1)
    assert done["requests"][2]["error"]["code"] == "provider_exhausted"
    assert len({body["prompt"] for body in submits(sim)}) == 3
    daemon.stop()
    daemon.start()
    assert daemon.get(f"/v1/batches/{made['id']}") == done
    status, again, _ = daemon.post("/v1/batches", body, Idempotency_Key="b-1")
    assert (status, again["requests"]) == (200, done["requests"]) and len(submits(sim)) == 3
    job = daemon.get(f"/v1/videos/{ids[1]}")
    assert job["metadata"] == {"a": "b", "kinora_batch": made["id"], "kinora_batch_item": "2/3"}
    other = daemon.post("/v1/batches", {"requests": [wish("else")]}, Idempotency_Key="b-1")
    assert (other[0], other[1]["error"]["code"]) == (422, "idempotency_conflict"), other
    assert len(submits(sim)) == 3


@pytest.mark.parametrize("requests,param", [
    ([], "requests"), ([wish("x")] * 101, "requests"), ("x", "requests"),
    ([wish("a"), wish("b", seconds=99)], "requests.1.seconds"),
    ([wish("a"), {"model": "sample/clip"}], "requests.1.prompt"),
    ([wish("a"), wish("b", colour="red")], "requests.1.colour"),
    ([wish("a"), wish("b", dry_run=True)], "requests.1.dry_run"),
    ([wish("a"), 7], "requests.1"),
])
def test_one_wrong_request_makes_none(daemon, sim, requests, param):
    """All are checked first; the answer names the request and its field."""
    status, body, _ = daemon.post("/v1/batches", {"requests": requests})
    assert status == 400 and body["error"]["param"] == param, body
    assert daemon.jobs() == [] and sim.log() == []


def test_what_a_budget_refuses_is_told_and_made_later(daemons, sim):
    """Money for two of three: two jobs, one refusal; with more money the same key makes the third alone."""
    daemon = daemons(sim, speed=40, extra='budgets: {host: {usd_per_day: 0.02}}\n').start()
    body = {"requests": [wish("one"), wish("two"), wish("three")]}
    status, made, _ = daemon.post("/v1/batches", body, Idempotency_Key="b-2")
    assert (status, made["counts"]["not_made"]) == (200, 1), made
    assert made["requests"][2]["error"]["code"] == "budget_exceeded" and made["requests"][2]["id"] is None
    assert daemon.get(f"/v1/batches/{made['id']}")["counts"]["not_made"] == 1
    daemon.config.write_text(daemon.config.read_text().replace('usd_per_day: 0.02', 'usd_per_day: 1'))
    assert daemon.post("/v1/reload")[0] == 200
    again = daemon.post("/v1/batches", body, Idempotency_Key="b-2")[1]
    assert again["counts"]["not_made"] == 0
    assert [row["id"] for row in again["requests"][:2]] == [row["id"] for row in made["requests"][:2]]
    done = daemon.get(f"/v1/batches/{made['id']}?wait=120")
    assert done["counts"]["completed"] == 3 and len(submits(sim)) == 3


@pytest.mark.parametrize("death", ["accept.before", "accept.committed"])
def test_an_answer_that_was_lost_in_the_middle(daemons, sim, death):
    """Killed while the second of three is accepted: the same key attaches to what is there and makes the rest;
    without a key a repeat is another batch [A128]."""
    daemon = daemons(sim, speed=40).start(KINORA_CRASH=f"{death}:2")
    # The first may be on its way when the daemon dies; this provider knows a repeat of it.
    body = {"requests": [wish(word, model="sample/clip-keyed") for word in ("one", "two", "three")]}
    with pytest.raises((OSError, http.client.HTTPException)):
        daemon.post("/v1/batches", body, Idempotency_Key="lost")
    assert daemon.wait_dead() == -9
    daemon.start()
    before = [job["id"] for job in daemon.jobs()]
    assert len(before) == (1 if death == "accept.before" else 2)
    status, made, fields = daemon.post("/v1/batches", body, Idempotency_Key="lost")
    assert status == 200 and made["counts"]["not_made"] == 0 and "Idempotent-Replayed" not in fields
    assert [row["id"] for row in made["requests"]][:len(before)] == before
    done = daemon.get(f"/v1/batches/{made['id']}?wait=120")
    assert done["counts"]["completed"] == 3
    assert sorted(job["prompt"] for job in sim.jobs()) == ["one", "three", "two"]
    assert all(job["creations"] == 1 for job in sim.jobs()), sim.jobs()
    other = daemon.post("/v1/batches", body)[1]
    assert other["id"] != made["id"] and len(daemon.jobs()) == 6


def test_the_command_line(daemon, sim, tmp_path):
    """kinora batch FILE waits for the ends; the same file again makes nothing twice."""
    path = tmp_path / "scenes.jsonl"
    path.write_text("".join(json.dumps(wish(f"scene {n}")) + "\n\n" for n in range(3)))
    first = kinora("batch", path, "--wait", 120, "--json", socket=daemon.socket, timeout=180)
    assert first.code == 0 and first.json["counts"]["completed"] == 3, first
    again = kinora("batch", path, socket=daemon.socket)
    assert again.code == 0 and first.json["requests"][0]["id"] in again.out and "3 completed" in again.err
    assert len(submits(sim)) == 3
    # Another key makes another batch of the same file.
    other = kinora("batch", path, "--key", "once-more", "--json", socket=daemon.socket)
    assert other.code == 0 and other.json["id"] != first.json["id"] and len(daemon.jobs()) == 6
    path.write_text('{"prompt": "x"}\n{"prompt": \n')
    assert "line 2" in kinora("batch", path, socket=daemon.socket).err
    assert daemon.request("GET", "/v1/batches/batch_none")[0] == 404
