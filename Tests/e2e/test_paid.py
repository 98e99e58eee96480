"""Paid requests: what can be known, what cannot, and what a person decides."""

import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

from checker import judge
from daemon import PLUGINS, over
from kinora_kit import eventually

KINDS = {
    "sample/clip": ("sample", "submit"),
    "openrouter/google/veo-3.1-lite": ("openrouter", "submit"),
    "google/gemini-omni-1.1-flash": ("google", "submit"),
}


def make(daemon, prompt, model="sample/clip", **more):
    status, body, _ = daemon.post("/v1/videos", {"model": model, "prompt": prompt, **more})
    assert status == 200, body
    return body["id"]


def end(daemon, job, seconds=40, check=over):
    def look():
        body = daemon.get(f"/v1/videos/{job}")
        return check(body) and body
    return eventually(look, seconds, f"the end of {job}")


def state(job):
    return job["kinora"]["state"]


def creations(sim, prompt):
    return sum(job["creations"] for job in sim.jobs() if job["prompt"] == prompt)


# What happened on the wire, and what may be concluded: fault → state of the job afterwards.
AMBIGUOUS = [
    "drop_before_accept", "drop_after_accept", "reset_before_accept", "reset_after_accept",
    "500", "500_after_accept", "502", "503", "html_200", "html_200_after_accept",
    "truncated_json", "truncated_json_after_accept", "garbage_json", "empty_200",
]
DEFINITE = {"402": "failed", "403": "failed", "401": "failed"}


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_ambiguous_submit_is_held(daemon, sim, model, fault):
    """W3 to W5: an answer that proves nothing holds the job; it is never sent again by itself [T30]."""
    provider, phase = KINDS[model]
    prompt = f"ambiguous {model} {fault}"
    sim.fault(fault, provider, phase)
    job = end(daemon, make(daemon, prompt, model))
    assert state(job) == "held", job
    assert job["error"]["code"] == "held_for_review"
    assert "kinora jobs resolve" in job["error"]["message"]
    assert job["kinora"]["cost"]["reserved_microusd"] == job["kinora"]["cost"]["quoted_microusd"]
    time.sleep(0.3)
    assert creations(sim, prompt) <= 1
    assert not judge(daemon, sim.jobs(), [job["id"]])


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("fault", DEFINITE)
def test_definite_refusal_releases(daemon, sim, model, fault):
    provider, phase = KINDS[model]
    sim.fault(fault, provider, phase)
    job = end(daemon, make(daemon, f"definite {model} {fault}", model))
    assert state(job) == DEFINITE[fault], job
    assert job["kinora"]["cost"]["reserved_microusd"] == 0
    assert job["kinora"]["cost"]["settled_microusd"] == 0


@pytest.mark.parametrize("model", KINDS)
def test_429_is_tried_again_after_its_time(daemon, sim, model):
    provider, phase = KINDS[model]
    sim.fault("429_retry_after", provider, phase)
    prompt = f"429 {model}"
    job = end(daemon, make(daemon, prompt, model), 60)
    assert state(job) == "completed", job
    assert job["kinora"]["attempt"] == 2
    assert creations(sim, prompt) == 1


def test_redirect_of_a_submit_is_never_followed(daemon, sim):
    sim.fault("redirect", "sample", "submit")
    job = end(daemon, make(daemon, "redirected"))
    assert state(job) == "failed" and "redirect" in job["error"]["message"]
    assert creations(sim, "redirected") == 0


def test_tagged_submit_is_found(daemon, sim):
    """A provider that can be asked is asked, and the job goes on."""
    sim.fault("drop_after_accept", "sample", "submit")
    job = end(daemon, make(daemon, "tagged", "sample/clip-tagged"))
    assert state(job) == "completed", job
    assert creations(sim, "tagged") == 1


def test_tagged_submit_that_never_arrived_is_sent_again(daemon, sim):
    sim.fault("drop_before_accept", "sample", "submit")
    job = end(daemon, make(daemon, "tagged absent", "sample/clip-tagged"))
    assert state(job) == "completed" and job["kinora"]["attempt"] == 2
    assert creations(sim, "tagged absent") == 1


@pytest.mark.parametrize("fault", ["drop_after_accept", "drop_before_accept", "500_after_accept"])
def test_keyed_submit_is_repeated_under_its_key(daemon, sim, fault):
    """A provider that knows keys gets one, the same for each repeat of one purchase [P10]."""
    sim.fault(fault, "sample", "submit")
    job = end(daemon, make(daemon, f"keyed {fault}", "sample/clip-keyed"))
    assert state(job) == "completed" and job["kinora"]["attempt"] == 1, job
    assert creations(sim, f"keyed {fault}") == 1
    keys = [entry["headers"].get("idempotency-key") for entry in sim.log()
            if entry["method"] == "POST" and fault in str(entry["body"])]
    assert len(keys) >= 2 and keys[0] and len(set(keys)) == 1, keys


def test_resolve_adopt(daemon, sim):
    sim.fault("drop_after_accept", "sample", "submit")
    job = end(daemon, make(daemon, "adopt me"))
    known = [made for made in sim.jobs() if made["prompt"] == "adopt me"][0]["id"]
    status, body, _ = daemon.post(
        f"/v1/videos/{job['id']}/resolve", {"action": "adopt", "provider_id": known})
    assert status == 200, body
    job = end(daemon, job["id"], check=lambda job: state(job) == "completed")
    assert job["kinora"]["provider_id"] == known and creations(sim, "adopt me") == 1


def test_resolve_adopt_with_a_wrong_id(daemon, sim):
    """A slip of the pen says nothing about money: the job is held again, and the right id ends it."""
    sim.fault("drop_after_accept", "sample", "submit")
    job = end(daemon, make(daemon, "adopt me later"))
    daemon.post(f"/v1/videos/{job['id']}/resolve", {"action": "adopt", "provider_id": "smp_typo"})
    held = end(daemon, job["id"], 120, lambda job: state(job) == "held")
    assert "smp_typo" in held["error"]["message"], held
    assert held["kinora"]["cost"]["reserved_microusd"] > 0, held
    status, body, _ = daemon.request("DELETE", f"/v1/videos/{job['id']}")
    assert status == 409 and "kinora jobs resolve" in body["detail"], body
    known = [made for made in sim.jobs() if made["prompt"] == "adopt me later"][0]["id"]
    daemon.post(f"/v1/videos/{job['id']}/resolve", {"action": "adopt", "provider_id": known})
    job = end(daemon, job["id"], 120, lambda job: state(job) == "completed")
    assert job["kinora"]["provider_id"] == known and creations(sim, "adopt me later") == 1


def test_resolve_not_charged(daemon, sim):
    sim.fault("drop_before_accept", "sample", "submit")
    job = end(daemon, make(daemon, "again"))
    daemon.post(f"/v1/videos/{job['id']}/resolve", {"action": "not_charged"})
    job = end(daemon, job["id"], check=lambda job: state(job) == "completed")
    assert job["kinora"]["attempt"] == 2 and creations(sim, "again") == 1


def test_resolve_give_up(daemon, sim):
    sim.fault("drop_after_accept", "sample", "submit")
    job = end(daemon, make(daemon, "lost"))
    status, body, _ = daemon.post(f"/v1/videos/{job['id']}/resolve", {"action": "give_up"})
    assert status == 200 and state(body) == "failed"
    assert body["kinora"]["cost"]["unconfirmed"] is True
    assert body["kinora"]["cost"]["settled_microusd"] == body["kinora"]["cost"]["quoted_microusd"]
    status, body, _ = daemon.post(f"/v1/videos/{job['id']}/resolve", {"action": "give_up"})
    assert status == 409


def test_html_at_the_edge_stops_the_next_paid_submit(daemon, sim):
    """After HTML on a submit nothing paid leaves until a free request is answered with JSON [T30]."""
    sim.fault("html_200", "openrouter", "submit", times=1)
    sim.fault("html_200", "openrouter", "poll", times=1000)
    first = end(daemon, make(daemon, "edge", "openrouter/google/veo-3.1-lite"))
    assert state(first) == "held"
    second = make(daemon, "after the edge", "openrouter/google/veo-3.1-lite")
    time.sleep(1)
    waiting = daemon.get(f"/v1/videos/{second}")
    assert state(waiting) == "queued" and "HTML" in waiting["kinora"]["note"]
    assert creations(sim, "after the edge") == 0
    rows = {row["name"]: row for row in daemon.get("/v1/providers")["data"]}
    assert rows["openrouter"]["state"] == "degraded" and "HTML" in rows["openrouter"]["detail"]
    sim.clear_faults()
    job = end(daemon, second, 60)
    assert state(job) == "completed"


def test_poll_blips_are_never_the_end(daemon, sim):
    """500, drops, HTML, garbage and unknown words on polls: the job goes on [C55] [T14]."""
    for fault in ["500", "drop_before_accept", "html_200", "garbage_json", "unknown_status", "429"]:
        sim.fault(fault, "sample", "poll", times=1)
    job = end(daemon, make(daemon, "bad weather"), 60)
    assert state(job) == "completed" and creations(sim, "bad weather") == 1


@pytest.mark.parametrize("fault", ["expired_asset", "not_found_once", "short_asset", "500"])
def test_a_failed_download_is_repeated_without_a_submit(daemon, sim, fault):
    """A result that cannot be fetched at once is fetched again; nothing is paid again [C63]."""
    sim.fault(fault, "sample", "fetch", times=1)
    job = end(daemon, make(daemon, f"fetch {fault}"), 60)
    assert state(job) == "completed" and creations(sim, f"fetch {fault}") == 1


def test_failed_and_filtered_release_the_money(daemon, sim):
    """The provider's end is the job's end, and one that calls itself done without a file is one."""
    for fault, code in [("failed", "provider_refused"), ("filtered", "content_blocked"),
                        ("success_without_asset", "provider_refused")]:
        job = end(daemon, make(daemon, f"ends [fault:{fault}]"))
        assert state(job) == "failed" and job["error"]["code"] == code, job
        assert job["kinora"]["cost"]["settled_microusd"] == 0


def test_cancel_before_and_after_the_submit(daemon, sim):
    """A cancel stops polls, is told to the provider, and says whether it may be billed [P11]."""
    daemon.post("/v1/pause")
    early = make(daemon, "cancelled early")
    status, body, _ = daemon.post(f"/v1/videos/{early}/cancel")
    assert status == 200 and state(body) == "cancelled"
    assert body["kinora"]["cost"]["settled_microusd"] == 0
    assert body["error"]["message"] == "cancelled before anything was sent"
    daemon.post("/v1/resume")
    late = make(daemon, "cancelled late [render:600]")
    end(daemon, late, check=lambda job: state(job) in ("submitted", "running"))
    status, body, _ = daemon.post(f"/v1/videos/{late}/cancel")
    assert status == 200 and state(body) == "cancelled", body
    assert body["error"]["message"] == (
        "cancelled; the provider was told and may charge what it made")
    assert body["kinora"]["cost"]["reserved_microusd"] > 0
    assert creations(sim, "cancelled early") == 0
    made = eventually(
        lambda: [job for job in sim.jobs() if job["prompt"].startswith("cancelled late")
                 and job["cancelled"]], 20, "the provider's cancel")
    assert made


def test_cancel_where_the_provider_cannot_be_told(daemon, sim):
    """Where nothing can be stopped the answer says so, and the money stays open until its end [P11]."""
    job = make(daemon, "cannot be told [render:600]", "openrouter/google/veo-3.1-lite")
    end(daemon, job, check=lambda job: state(job) in ("submitted", "running"))
    status, body, _ = daemon.post(f"/v1/videos/{job}/cancel")
    assert status == 200 and state(body) == "cancelled", body
    assert body["error"]["message"] == "cancelled; the provider cannot be told and may charge it"
    assert body["kinora"]["cost"]["reserved_microusd"] == body["kinora"]["cost"]["quoted_microusd"]
    assert not [made for made in sim.jobs() if made["cancelled"]]


# W11, W12 and the processes.


@pytest.mark.parametrize("part", ["intents.log", "kinora.db"])
def test_a_failed_fsync_ends_the_daemon(daemons, sim, part):
    """W11: what is on disk is not known any more, so nothing is sent and the process ends."""
    daemon = daemons(sim, speed=40)
    number = 2 if part == "intents.log" else 5
    daemon.start(KINORA_FAIL_FSYNC=f"{part}:{number}")
    prompts = [f"fsync {part} {n}" for n in range(3)]
    for prompt in prompts:
        try:
            daemon.post("/v1/videos", {"model": "sample/clip", "prompt": prompt})
        except Exception:
            break
    assert daemon.wait_dead(20) == 74, daemon.log()[-1000:]
    daemon.start()
    for job in daemon.jobs():
        end(daemon, job["id"])
    for prompt in prompts:
        assert creations(sim, prompt) <= 1
    assert not judge(daemon, sim.jobs(), [])


def test_key_removed_while_jobs_run(daemon, sim):
    """W12: a job whose credential is gone is held with its money, and adopted when it is back."""
    job = make(daemon, "key gone [render:2000]", "google/gemini-omni-1.1-flash")
    end(daemon, job, check=lambda job: state(job) == "running")
    key = daemon.directory / "key"
    secret = key.read_text()
    key.unlink()
    held = end(daemon, job, 120, lambda job: state(job) == "held")
    assert held["kinora"]["cost"]["reserved_microusd"] > 0
    status, body, _ = daemon.post(
        "/v1/videos", {"model": "google/gemini-omni-1.1-flash", "prompt": "no key"})
    assert status == 400 and body["error"]["code"] == "credential_missing", body
    key.write_text(secret)
    key.chmod(0o600)
    daemon.post(f"/v1/videos/{job}/resolve",
                {"action": "adopt", "provider_id": held["kinora"]["provider_id"]})
    assert end(daemon, job, 60, lambda job: state(job) == "completed")


def test_a_key_that_is_replaced_in_two_steps_costs_no_job(daemon, sim):
    """Between the two its file is gone or empty; running jobs are asked for again."""
    job = make(daemon, "key replaced [render:2000]", "google/gemini-omni-1.1-flash")
    end(daemon, job, check=lambda job: state(job) == "running")
    key = daemon.directory / "key"
    secret = key.read_text()
    key.write_text("")
    seen = end(daemon, job, 60, lambda job: job["kinora"]["note"] or over(job))
    key.write_text(secret)
    assert state(seen) == "running" and "credential" in seen["kinora"]["note"], seen
    job = end(daemon, job, 120)
    assert state(job) == "completed", job


def test_one_404_ends_no_job(daemon, sim):
    """A poll that does not find a running job is repeated; when none does the error tells of money."""
    job = make(daemon, "missed once [render:2000]")
    lost = make(daemon, "missed for good [render:20000]")
    for each in (job, lost):
        end(daemon, each, check=lambda job: state(job) == "running")
    sim.fault("not_found_once", "sample", "poll", match={"prompt": "missed once"})
    sim.fault("not_found_once", "sample", "poll", times=-1, match={"prompt": "missed for good"})
    assert state(end(daemon, job, 120)) == "completed"
    lost = end(daemon, lost, 120)
    assert state(lost) == "failed" and lost["error"]["code"] == "provider_refused", lost
    assert "booked, unconfirmed" in lost["error"]["message"], lost
    cost = lost["kinora"]["cost"]
    assert cost["settled_microusd"] == cost["quoted_microusd"] > 0 and cost["unconfirmed"], lost


def test_plugin_removed_while_jobs_run(daemons, sim, tmp_path):
    """W12: a job whose plugin is gone is held with its money; nothing is failed or refunded."""
    own = tmp_path / "plugins"
    shutil.copytree(PLUGINS, own, copy_function=shutil.copy)
    swift = tmp_path / "swift"
    swift.symlink_to((PLUGINS.parent / "swift").resolve())
    os.chmod(own, 0o755)
    daemon = daemons(sim, speed=40)
    text = daemon.config.read_text().replace(str(PLUGINS), str(own))
    daemon.config.write_text(text)
    daemon.start()
    job = make(daemon, "plugin gone [render:600]")
    end(daemon, job, check=lambda job: state(job) == "running")
    daemon.kill()
    (own / "kinora-sample.so").rename(tmp_path / "away.so")
    daemon.start()
    held = end(daemon, job, check=lambda job: state(job) == "held")
    assert held["kinora"]["cost"]["reserved_microusd"] > 0
    status, body, _ = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "x"})
    assert status == 503 and "kinora-sample.so" in body["detail"], body


def test_second_daemon_is_refused(daemon):
    """One state directory has one daemon; the second is told the first one's pid [P5]."""
    done = subprocess.run(
        [daemon.process.args[0], "--config", str(daemon.config)], capture_output=True, text=True,
        timeout=30)
    assert done.returncode in (69, 78)
    assert str(daemon.process.pid) in done.stderr


def test_curl_child_outlives_the_daemon(daemons, sim):
    """The daemon dies, its curl lives on and the provider takes the job: still one creation."""
    daemon = daemons(sim, speed=40).start()
    sim.fault("slow", "openrouter", "submit", times=1, seconds=2)
    job = make(daemon, "orphan curl", "openrouter/google/veo-3.1-lite")
    end(daemon, job, check=lambda job: state(job) == "submitting")
    time.sleep(0.5)
    daemon.kill()
    daemon.start()
    held = end(daemon, job)
    assert state(held) == "held"
    eventually(lambda: creations(sim, "orphan curl") == 1, 10, "the orphan's submit")
    time.sleep(1)
    assert creations(sim, "orphan curl") == 1
    assert not judge(daemon, sim.jobs(), [job])


def test_sigterm_waits_for_the_paid_answer(daemons, sim):
    """A drain never cuts a paid request; the next start polls on without a second submit [P9]."""
    daemon = daemons(sim, speed=40).start()
    sim.fault("slow", "sample", "submit", times=1, seconds=2)
    job = make(daemon, "drained")
    end(daemon, job, check=lambda job: state(job) == "submitting")
    time.sleep(0.3)
    assert daemon.stop() == 0
    daemon.start()
    assert state(end(daemon, job)) == "completed"
    assert creations(sim, "drained") == 1
