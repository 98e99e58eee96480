"""10,000 jobs that a provider works on, each polled every 15 s; what spawned curl costs in processes."""

import time

from measure import MIB, median, memory, processor, proportional, wait
from table import at_most, beside
from world import UIDS

OPENROUTER = """  openrouter:
    base_url: {url}/openrouter/api/v1
    allow_private: true
    max_concurrent: 0
    transport: {transport}
    poll_speed: {speed}
    credentials: {{api_key: {{file: {folder}/key}}}}
    {more}
"""
MODEL = "openrouter/google/veo-3.1"
POLL_SECONDS = 15


def measure(world, plan):
    sim = world.simulator()
    front = world.front(sim)
    return (
        running(world, plan, front, "libcurl") + running(world, plan, front, "urlsession")
        + spawns(world, plan, front))


def provider(front, transport, folder, speed=1):
    is_tls = transport != "urlsession"
    url = f"https://127.0.0.1:{front.tls}" if is_tls else f"http://127.0.0.1:{front.plain}"
    more = f"ca_file: {front.authority}" if is_tls else "enabled: true"
    return OPENROUTER.format(
        url=url, transport=transport, speed=speed, folder=folder, more=more)


def running(world, plan, front, transport):
    host = world.kinorad("  sample: {base_url: http://127.0.0.1:9/sample/v1, allow_private: true}\n")
    append(host, provider(front, transport, host.folder))
    host.start()
    host.add_jobs(plan.running, "[render:7200] boat", UIDS[0], model=MODEL)
    wait("all jobs running", 1200, lambda: host.jobs_in("running") == plan.running, pause=1)
    time.sleep(plan.settle)
    memories, shares, gaps, pss = [], [], [], 0
    for _ in range(plan.rounds):
        polls, cpu, start = front.requests(), processor(host.pid), time.monotonic()
        time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - start
        shares.append((processor(host.pid) - cpu) / seconds * 100)
        gaps.append(plan.running * seconds / max(1, front.requests() - polls))
        memories.append(memory(host.pid))
        pss = proportional(host.pid)
    assert host.jobs_in("running") == plan.running, "jobs ended while they were measured"
    again = ""
    if transport == "libcurl":
        host.stop()
        again = host.start() * 1000
    host.stop()
    every = f"one poll a job in {median(gaps):.1f} s"
    if transport == "libcurl":
        name = f"{plan.running:,} running jobs, libcurl, loopback TLS"
        return [
            at_most(f"{name}: memory", 150, median(memories) / MIB, "MiB",
                    f" (PSS {pss / MIB:.0f})"),
            at_most(f"{name}: one core", 25, median(shares), "%", f" ({every})"),
            at_most(f"ready, {plan.running:,} running jobs", 1500, again, "ms", digits=0),
        ]
    return [beside(
        f"{plan.running:,} running jobs, urlsession, plain loopback HTTP",
        f"{median(memories) / MIB:.1f} MiB, {median(shares):.1f} % of one core ({every})")]


def spawns(world, plan, front):
    """Processes for each poll of 64 jobs that fall due one by one."""
    count = world.folder / "starts"
    count.write_bytes(b"")
    curl = world.compile("curl.c", "curl", f'-DCOUNT_FILE="{count}"')
    host = world.kinorad("  sample: {base_url: http://127.0.0.1:9/sample/v1, allow_private: true}\n",
                         curl=curl)
    append(host, provider(front, "curl", host.folder, speed=3))
    host.start()
    jobs = 64
    host.add_jobs(jobs, "[render:7200] curl", UIDS[0], model=MODEL)
    wait("curl jobs running", 300, lambda: host.jobs_in("running") == jobs, pause=0.5)
    shares = []
    for _ in range(plan.rounds):
        polls, starts = front.requests(), count.stat().st_size
        time.sleep(POLL_SECONDS / 3)
        shares.append((count.stat().st_size - starts) / max(1, front.requests() - polls))
    host.stop()
    return [at_most(f"processes a poll, {jobs} curl jobs of one host", 0.5, median(shares), "",
                    digits=3)]


def append(host, text):
    path = host.folder / "kinora.yaml"
    path.write_text(path.read_text().replace("providers:\n", "providers:\n" + text))
