"""Idle memory, time to READY=1, idle event streams."""

import time

from measure import MIB, median, memory, proportional, wait
from table import at_most, beside
from world import UIDS


def measure(world, plan):
    return ready(world, plan) + idle(world, plan)


def ready(world, plan):
    """From the spawn to READY=1, with nothing and with all jobs still to be done."""
    empty, full = world.kinorad(), world.kinorad()
    full.start()
    full.command("pause")
    full.add_jobs(plan.jobs, "boat", UIDS[0])
    full.stop()
    times = {empty: [], full: []}
    for _ in range(plan.rounds):
        for host, found in times.items():
            found.append(host.start() * 1000)
            host.stop()
    return [
        at_most("ready, empty store", 300, median(times[empty]), "ms", digits=0),
        at_most(f"ready, {plan.jobs:,} queued jobs", 1500, median(times[full]), "ms", digits=0),
    ]


def idle(world, plan):
    """One daemon a round, all at once: none of them does anything."""
    hosts = [world.kinorad() for _ in range(plan.rounds)]
    for host in hosts:
        host.start()
    time.sleep(plan.settle)
    before = [memory(host.pid) for host in hosts]
    pss = [proportional(host.pid) for host in hosts]
    per_stream = []
    for host, base in zip(hosts, before):
        client = world.start_load("hold", host.socket, plan.streams, "/v1/events", UIDS[0])
        assert client.stdout.readline().split()[:1] == ["open"]
        host.client = client
    time.sleep(plan.settle)
    for host, base in zip(hosts, before):
        per_stream.append((memory(host.pid) - base) / plan.streams)
    for host in hosts:
        deliver(host, plan.streams)
        host.client.communicate()
        host.stop()
    return [
        at_most("idle memory (VmRSS summed)", 60, median(before) / MIB, "MiB", aim=40),
        beside("idle memory, shared pages counted in parts (PSS)",
               f"{median(pss) / MIB:.1f} MiB, {plan.rounds} daemons share them"),
        at_most(f"{plan.streams:,} idle event streams, each", 8, median(per_stream) / 1024, "KiB"),
    ]


def deliver(host, streams):
    """The streams are alive: every one of them hears of a new job."""
    host.command("pause")
    host.add_jobs(1, "news", UIDS[0])

    def heard():
        host.client.stdin.write("\n")
        host.client.stdin.flush()
        return int(host.client.stdout.readline().split()[1]) == streams

    wait("events on all streams", 30, heard, pause=0.2)
