"""Large files: four downloads at once from a provider by each transport, four at once to a client."""

import time

from measure import MIB, Peak, median, memory, wait
from table import at_most
from world import UIDS

SAMPLE = """  {name}:
    plugin: sample
    base_url: {url}/sample/v1
    allow_private: true
    transport: {transport}
    poll_speed: 4
    {more}
"""
WAYS = ("urlsession", "libcurl", "curl")
FILES = 4


def measure(world, plan):
    sim = world.simulator()
    front = world.front(sim)
    # A daemon for each: what one transport leaves behind is not the next one's.
    hosts = {}
    for way in WAYS:
        is_tls = way != "urlsession"
        hosts[way] = world.kinorad(SAMPLE.format(
            name=f"by-{way}", transport=way,
            url=f"https://127.0.0.1:{front.tls}" if is_tls else f"http://127.0.0.1:{front.plain}",
            more=f"ca_file: {front.authority}" if is_tls else "enabled: true"))
        hosts[way].start()
    time.sleep(plan.settle)
    base = {way: memory(host.pid) for way, host in hosts.items()}
    grown = {way: [] for way in (*WAYS, "client")}
    children = []
    for turn in range(plan.rounds):
        for way, host in hosts.items():
            peak = together(host, plan, way, turn)
            grown[way].append((peak.bytes - base[way]) / FILES / MIB)
            if way == "curl":
                children.append(peak.most_children)
            with Peak(host.pid) as peak:
                serve(world, host, plan)
            grown["client"].append((peak.bytes - base[way]) / FILES / MIB)
            clear(host)
    size = plan.file_bytes // 1_000_000
    rows = [
        at_most(f"{FILES} × {size} MB provider → store, {way}, each", 8, median(grown[way]), "MiB",
                f" (at most {max(children)} curl at once)" if way == "curl" else "")
        for way in WAYS]
    rows.append(at_most(
        f"{FILES} × {size} MB store → client, each", 8, median(grown["client"]), "MiB"))
    for host in hosts.values():
        host.stop()
    return rows


def submit(host, plan, way, turn):
    """Four jobs that end at the same moment. A paid submit by curl has a process of its own, which is over
    before there is anything to fetch and is no part of this figure."""
    prompt = f"[render:3] [pad:{plan.file_bytes}] {way} {turn}"
    host.add_jobs(FILES, prompt, UIDS[0], model=f"by-{way}/clip")
    accepted = ("submitted", "running", "ready", "fetching", "completed")
    wait(f"submits by {way}", 60, lambda: sum(map(host.jobs_in, accepted)) == FILES, pause=0.02)
    time.sleep(0.2)


def together(host, plan, way, turn):
    """The peak of a turn in which all four ran at once; one in which the first was over before the last
    began is none, and is played again."""
    for attempt in range(5):
        submit(host, plan, way, f"{turn}.{attempt}")
        with Peak(host.pid) as peak:
            overlapped = fetch(host, way)
        if overlapped:
            return peak
        clear(host)
    raise RuntimeError(f"four downloads by {way} never ran at once")


def fetch(host, way):
    """The four are polled and fetched; says whether all ran at once."""
    most = 0

    def done():
        nonlocal most
        most = max(most, host.jobs_in("fetching"))
        return len(completed(host)) == FILES

    wait(f"downloads by {way}", 300, done, pause=0.02)
    return most == FILES


def completed(host):
    return host.request("GET", "/v1/videos?status=completed")["data"]


def serve(world, host, plan):
    jobs = completed(host)
    paths = [f"/v1/videos/{job['id']}/content" for job in jobs]
    assert len(paths) == FILES, len(paths)
    result = world.load("drain", host.socket, UIDS[0], *paths)
    assert result["bytes"] > FILES * plan.file_bytes, result


def clear(host):
    for job in host.request("GET", "/v1/videos")["data"]:
        host.request("DELETE", f"/v1/videos/{job['id']}")
