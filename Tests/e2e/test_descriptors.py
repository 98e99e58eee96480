"""What a daemon holds open comes back when its jobs are over."""

import os
import time

from kinora_kit import eventually

MODELS = ["openrouter/google/veo-3.1-lite", "sample/clip", "google/gemini-omni-1.1-flash"]


def opened(daemon):
    """What the daemon's descriptors lead to, numbers left out, those of connections aside."""
    folder = f"/proc/{daemon.process.pid}/fd"
    found = []
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(f"{folder}/{name}"))
        except FileNotFoundError:
            pass
    return sorted(one.split(":")[0].split(" ")[0] for one in found if "socket" not in one)


def test_no_descriptor_is_left(daemon):
    """Curl processes, downloads and submits, also cancelled ones: every file and pipe is closed."""
    def play(turn):
        ids = []
        for number in range(4):
            for model in MODELS:
                status, body, _ = daemon.post(
                    "/v1/videos", {"model": model, "prompt": f"{turn} {number} [render:40]"})
                assert status == 200, body
                ids.append(body["id"])
        for job in ids[:3]:
            daemon.post(f"/v1/videos/{job}/cancel")
        for job in ids:
            assert daemon.get(f"/v1/videos/{job}?wait=60")["status"] in ("completed", "failed")

    play("warm")
    time.sleep(2)
    before = opened(daemon)
    for turn in range(4):
        play(turn)
    # Threads and pools may still grow by a little; a leak would be one or two for each of 16 jobs.
    eventually(lambda: len(opened(daemon)) <= len(before) + 8, 60, f"as few as {before}")
    eventually(lambda: not [one for one in opened(daemon) if "memfd" in one], 60, "no memfd")
