"""Requests: GET beside nginx, POST to disk, GET while the store is held or flooded, `kinora jobs`."""

import sqlite3
import threading
import time

from measure import median
from table import at_least, at_most, beside
from world import UIDS


def measure(world, plan):
    host = world.kinorad()
    host.count_syncs()
    host.start()
    host.command("pause")
    lists = [host.folder / f"ids{i}" for i in range(2)]
    for i, ids in enumerate(lists):
        host.add_jobs(plan.jobs // 2, f"boat {i}", UIDS[i], ids)
    groups = [f"{ids}:{uid}" for ids, uid in zip(lists, UIDS)]
    rows = reads(world, plan, host, groups)
    rows += weather(world, plan, host, groups)
    rows += [listing(plan, host, plan.jobs, 50)]
    rows += posts(world, plan, host)
    missing = plan.many_jobs - int(host.jobs_in("queued"))
    if missing > 0:
        host.add_jobs(missing, "crowd", UIDS[0])
    rows += [listing(plan, host, plan.many_jobs, 80)]
    host.stop()
    return rows


def reads(world, plan, host, groups):
    """Both servers answer the same bytes; the client compares every body."""
    path = (host.folder / "ids0").read_text().splitlines()[0]
    server = world.file_server(host.request_bytes(path))
    one = host.folder / "one"
    one.write_text("/job\n")
    ratios, ours, theirs = [], [], []
    for _ in range(plan.rounds):
        nginx = world.load("get", server, plan.seconds, 32, 0, "same", f"{one}:-1")
        kinora = world.load("get", host.socket, plan.seconds, 32, 0, "ids", *groups)
        theirs.append(nginx["answers"] / nginx["seconds"])
        ours.append(kinora["answers"] / kinora["seconds"])
        ratios.append(ours[-1] / theirs[-1])
    return [at_least(
        "GET one job, Unix socket, 32 connections", 0.5, median(ratios), "× nginx",
        f" ({median(ours):,.0f}/s, nginx {median(theirs):,.0f}/s)", aim=0.75)]


def posts(world, plan, host):
    rates, syncs = [], []
    for turn in range(plan.rounds):
        before = host.sync_count()
        result = world.load(
            "post", host.socket, plan.seconds, 32, "sample/clip", f"post {turn}", 10**9, UIDS[0])
        syncs.append((host.sync_count() - before) / result["answers"])
        rates.append(result["answers"] / result["seconds"])
    return [
        at_least(
            "POST accepted and fsynced, 32 connections", 1000, median(rates), "/s", aim=5000,
            digits=0),
        at_most("fsyncs a job while doing so", 0.2, median(syncs), "", digits=3),
    ]


class HeldWriter:
    """The store's write lock in another's hands for a while."""

    def __init__(self, host):
        self.path = host.folder / "state/kinora.db"

    def hold(self, seconds):
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()


def weather(world, plan, host, groups):
    """1,000 GETs a second; each time counts from the moment at which its request was due."""
    held, flooded, accepted = [], [], []
    hold = 2
    for turn in range(plan.rounds):
        writer = threading.Thread(target=HeldWriter(host).hold, args=(hold,))
        writer.start()
        # Somebody who waits for the writer, as it would be.
        waiting = world.start_load(
            "post", host.socket, 0.1, 8, "sample/clip", f"held {turn}", 8, UIDS[1])
        time.sleep(0.1)
        held.append(world.load(
            "get", host.socket, hold - 0.2, 8, 1000, "ids", *groups)["p99_us"] / 1000)
        writer.join()
        waiting.communicate(timeout=60)
        flood = world.start_load(
            "post", host.socket, plan.seconds + 1, 32, "sample/clip", f"flood {turn}", 10**9,
            UIDS[1])
        time.sleep(0.5)
        flooded.append(world.load(
            "get", host.socket, plan.seconds, 8, 1000, "ids", groups[0])["p99_us"] / 1000)
        flood.communicate(timeout=60)
    return [
        at_most("p99 of GET while the writer is held 2 s", 50, median(held), "ms", digits=2),
        at_most("p99 of GET while another client floods POST", 100, median(flooded), "ms",
                digits=2),
    ]


def listing(plan, host, count, limit):
    times = sorted(host.command("jobs")[0] * 1000 for _ in range(plan.rounds * 2 + 1))
    return at_most(
        f"kinora jobs at {count:,} jobs", limit, median(times), "ms", f" (worst {times[-1]:.0f})")
