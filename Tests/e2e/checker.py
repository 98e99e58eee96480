"""An independent judge of a run: reads the simulator's own record and the daemon's API, nothing else.

It proves, for the jobs of one daemon:
  no job lost         every id that was answered is there and stands in a known state
  paid at most once   the provider made at most one job for each permit (job, attempt, ordinal)
  ledger exact        what is reserved and spent is the sum over the jobs, to the millionth
"""

import time
from collections import Counter, defaultdict

STATES = {
    "draft", "queued", "submitting", "submitted", "running", "ready", "fetching", "completed",
    "failed", "cancelled", "expired", "submit_unknown", "held",
}


def judge(daemon, provider_jobs, answered, keyed=()):
    """Gives a list of violations; empty when all is well.

    provider_jobs: the simulator's jobs, each with `tag`, `prompt` and what it cost
    answered: ids that the daemon answered 200 for
    keyed: ids of jobs whose provider recognises repeats
    """
    wrong = []
    jobs = {job["id"]: job for job in daemon.jobs()}
    for job in answered:
        if job not in jobs:
            wrong.append(f"{job} was answered and is lost")
    for job in jobs.values():
        if job["kinora"]["state"] not in STATES:
            wrong.append(f"{job['id']} has the unknown state {job['kinora']['state']}")
    # The prompt of each job of a run is unique, and the provider keeps it.
    made = Counter(entry["prompt"] for entry in provider_jobs)
    for job in jobs.values():
        permits = [row for row in daemon.get(f"/v1/videos/{job['id']}/evidence")["data"]
                   if row["kind"] == "permit"]
        distinct = {(row["attempt"], row["ordinal"]) for row in permits}
        if len(permits) != len(distinct):
            wrong.append(f"{job['id']} has two permits for one ordinal")
        if made[job["prompt"]] > len(distinct):
            wrong.append(
                f"{job['id']} was made {made[job['prompt']]} times by {len(distinct)} permits")
        if job["id"] in keyed and made[job["prompt"]] > 1:
            wrong.append(f"{job['id']} is keyed and was made {made[job['prompt']]} times")
        if job["status"] == "completed" and made[job["prompt"]] == 0:
            wrong.append(f"{job['id']} is completed and the provider never made it")
    wrong += ledger(daemon, jobs.values())
    return wrong


def ledger(daemon, jobs, tries=20):
    """The sums of GET /v1/usage against the sums over the jobs.

    Both are read one after the other from a daemon that goes on (a cancelled job's money settles when
    its provider says so), so a difference counts only when it stays.
    """
    for _ in range(tries):
        wrong = differences(daemon, jobs)
        if not wrong:
            return []
        time.sleep(0.2)
        jobs = daemon.jobs()
    return wrong


def differences(daemon, jobs):
    """The same, looked at once."""
    reserved, spent = defaultdict(int), defaultdict(int)
    for job in jobs:
        day = job["kinora"]["created"][:10]
        cost = job["kinora"]["cost"]
        reserved[day] += cost["reserved_microusd"] or 0
        spent[day] += cost["settled_microusd"] or 0
    wrong = []
    for row in daemon.get("/v1/usage?day=all")["data"]:
        if row["scope"] != "host":
            continue
        day = row["day"]
        if row["reserved_microusd"] != reserved[day]:
            wrong.append(f"{day}: {row['reserved_microusd']} reserved, jobs say {reserved[day]}")
        if row["spent_microusd"] != spent[day]:
            wrong.append(f"{day}: {row['spent_microusd']} spent, jobs say {spent[day]}")
    return wrong
