"""What a process costs, read from /proc; medians."""

import os
import statistics
import threading
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


def median(values):
    return statistics.median(values)


def family(pid):
    """A process and all that descend from it."""
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                left += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            pass  # gone meanwhile
    return found


def field(pid, file, name):
    """A figure in kB of /proc/PID/FILE, as bytes; 0 for a process that is gone."""
    try:
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def memory(pid):
    """VmRSS of the process and its children, summed: pages that they share count twice."""
    return sum(field(one, "status", "VmRSS") for one in family(pid))


def proportional(pid):
    """Pss of the same: a shared page counts in parts, one that only they use once."""
    return sum(field(one, "smaps_rollup", "Pss") for one in family(pid))


def processor(pid):
    """Seconds of processor time so far, children that were waited for included."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    total = sum(int(word) for word in words[11:15])
    for child in family(pid)[1:]:
        try:
            words = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(words[11]) + int(words[12])
        except OSError:
            pass
    return total / TICK


class Peak:
    """The most that the process and its children held while the block ran: the kernel's own high
    water mark of the process, and the children's sum as seen every few milliseconds."""

    def __init__(self, pid):
        self.pid = pid
        self.children = 0
        self.most_children = 0

    def __enter__(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def _watch(self):
        while not self.stop.wait(0.005):
            children = family(self.pid)[1:]
            self.most_children = max(self.most_children, len(children))
            held = sum(field(one, "status", "VmRSS") for one in children)
            self.children = max(self.children, held)

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.bytes = field(self.pid, "status", "VmHWM") + self.children


def wait(what, seconds, condition, pause=0.05):
    """Waits until `condition` gives something true, and gives that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(pause)
    raise TimeoutError(f"{what}: not within {seconds} s")
