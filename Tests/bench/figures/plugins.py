"""What all plugins that ship add to a start: processor time, and memory while idle."""

import time
from pathlib import Path

from measure import MIB, median, memory
from table import at_most
from world import BUILD


def measure(world, plan):
    folder = BUILD / "lib/kinora/plugins"
    count = len(list(folder.glob("kinora-*.so")))
    hosts = {}
    for name in ("none", "all"):
        # No provider: only what loading costs.
        hosts[name] = world.kinorad("  {}\n")
    path = hosts["none"].folder / "empty"
    path.mkdir(mode=0o755)
    file = hosts["none"].folder / "kinora.yaml"
    file.write_text(file.read_text().replace(str(folder), str(path)))
    times, sizes = {"none": [], "all": []}, {"none": [], "all": []}
    for _ in range(plan.rounds * 3):
        for name, host in hosts.items():
            host.start()
            times[name].append(worked(host.pid) / 1e6)
            time.sleep(0.2)
            sizes[name].append(memory(host.pid) / MIB)
            host.stop()
    return [
        at_most(f"{count} plugins, added to the start (processor time)", 100,
                median(times["all"]) - median(times["none"]), "ms"),
        at_most(f"{count} plugins, added to idle memory (VmRSS)", 25,
                median(sizes["all"]) - median(sizes["none"]), "MiB"),
    ]


def worked(pid):
    """Nanoseconds on a processor, all threads: finer than the ticks of /proc/PID/stat."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
