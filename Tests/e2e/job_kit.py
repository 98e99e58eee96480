"""A job from its request to its end, as most tests of a provider need it."""


def over(daemon, **fields):
    """A job that is outwardly over, well or not."""
    status, job, _ = daemon.post("/v1/videos", {"prompt": "a heron", **fields})
    assert status == 200, job
    return daemon.get(f"/v1/videos/{job['id']}?wait=60")


def done(daemon, **fields):
    """A completed job."""
    job = over(daemon, **fields)
    assert job["status"] == "completed", job
    return job


def settled(job):
    """What was booked for it, microusd."""
    return job["kinora"]["cost"]["settled_microusd"]


def ends_as(job, code, words):
    """It failed with this code, in these words of ours or of the provider, and cost nothing; without a
    code it is completed."""
    if code is None:
        assert job["status"] == "completed", job
        return
    assert job["status"] == "failed" and job["error"]["code"] == code, job
    assert words in f"{job['error']} {job['kinora']['provider_error']}", job
    assert settled(job) in (0, None)
