"""What a step of a Swift plugin costs the host, with and without a large input image."""

import json
import subprocess

from measure import median
from table import at_most
from world import BUILD, ROOT, program


def measure(world, plan):
    best = {}
    for _ in range(plan.rounds):
        done = subprocess.run(
            [program("kinora-plugin-check"), BUILD / "lib/kinora/plugins/kinora-openrouter.so",
             "--transcripts", ROOT / "Tests/bench/steps", "--time"],
            capture_output=True, text=True, check=True)
        for line in done.stdout.splitlines():
            found = json.loads(line)
            best.setdefault(found["event"].rsplit("/", 1)[1], []).append(found["us"])
    medians = {event: median(times) for event, times in best.items()}
    rows = []
    for name, what in (("text", "plugin step (Swift), dearest of a job's"),
                       ("image", "the same with an image of 25 MiB")):
        slowest = max((v, k) for k, v in medians.items() if k.startswith(name))
        cheapest = min(v for k, v in medians.items() if k.startswith(name))
        rows.append(at_most(what, 40, slowest[0], "µs", f" (cheapest {cheapest:.1f})"))
    return rows
