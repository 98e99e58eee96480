"""Everything at once, at random: kills, drains, reloads, pauses, cancels, two clients, every fault.

A run is made by its seed, which is printed. KINORA_SOAK_SEED, KINORA_SOAK_SECONDS (20) and
KINORA_SOAK_JOBS (150) make it another or a longer one.
"""

import ctypes
import http.client
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest

from checker import judge
from daemon import Daemon, over
from simulator import Simulator

SEED = int(os.environ.get("KINORA_SOAK_SEED", str(random.randrange(1 << 32))))
SECONDS = float(os.environ.get("KINORA_SOAK_SECONDS", "20"))
JOBS = int(os.environ.get("KINORA_SOAK_JOBS", "150"))
# A drain waits for paid requests, and those of these faults are answered at once.
DRAIN_SECONDS = 20
END_SECONDS = 90

MODELS = [
    "sample/clip", "sample/clip-tagged", "sample/clip-keyed", "sample/clip-sync", "sample/still-image",
    "openrouter/google/veo-3.1-lite", "google/gemini-omni-1.1-flash",
]
# Rare: an HTML page keeps the provider's other submits back for some seconds, a slow answer a drain.
RARE = ["submit:html_200", "submit:html_200_after_accept", "submit:slow"]
FAULTS = [
    "submit:drop_before_accept", "submit:drop_after_accept", "submit:reset_before_accept",
    "submit:reset_after_accept", "submit:500", "submit:500_after_accept", "submit:502",
    "submit:503", "submit:401", "submit:402", "submit:429", "submit:truncated_json",
    "submit:truncated_json_after_accept", "submit:wrong_length", "submit:garbage_json",
    "submit:empty_200", "submit:redirect", "submit:early_hints_103",
    "submit:failed", "submit:filtered", "submit:provider_cancelled", "submit:provider_expired",
    "submit:missing_cost", "submit:relative_polling_url",
    "submit:signed_urls", "submit:inline_asset", "poll:500", "poll:garbage_json", "poll:empty_200",
    "poll:truncated_json", "poll:drop_before_accept", "poll:unknown_status", "poll:html_200",
    "fetch:short_asset", "fetch:500", "fetch:drop_before_accept", "fetch:not_a_video",
]


class Soak:
    def __init__(self, directory, sim, seed):
        self.chance = random.Random(seed)
        self.sim = sim
        self.daemon = Daemon(directory / "d", sim.url, speed=400)
        # Two clients need two uids.
        self.uids = [0, 12345] if os.geteuid() == 0 else [os.geteuid()]
        text = self.daemon.config.read_text().replace('mode: "0600"', 'mode: "0666"')
        self.daemon.config.write_text(text)
        self.end = time.monotonic() + SECONDS
        self.answered, self.refused, self.wrong = [], [], []
        self.deaths, self.drains, self.reloads = 0, [], 0
        self.lock = threading.Lock()

    # Clients.

    def wishes(self, client):
        chance = random.Random(self.chance.random())
        for number in range(JOBS // len(self.uids)):
            fault = ""
            if chance.random() < 0.6:
                fault = f" [fault:{chance.choice(RARE if chance.random() < 0.01 else FAULTS)}]"
            render = f" [render:{chance.choice([1, 20, 200, 1000])}]"
            yield (
                chance.choice(MODELS), f"soak {client} {number} {chance.random()}{fault}{render}",
                None if chance.random() < 0.2 else f"key-{client}-{number}",
                chance.random() < 0.15, chance.random() * SECONDS / JOBS * len(self.uids))

    def client(self, uid):
        if uid != os.geteuid():
            # This thread alone: the kernel's call, not libc's, which changes every thread.
            number = {"x86_64": 117, "aarch64": 147}[os.uname().machine]
            assert ctypes.CDLL(None).syscall(number, -1, uid, -1) == 0
        for model, prompt, key, cancel, pause in self.wishes(uid):
            time.sleep(pause)
            job = self.submit(model, prompt, key)
            if job and cancel:
                try:
                    self.daemon.request("POST", f"/v1/videos/{job}/cancel", {}, timeout=20)
                except (OSError, http.client.HTTPException):
                    pass

    def submit(self, model, prompt, key):
        body = {"model": model, "prompt": prompt}
        while True:
            try:
                status, answer, _ = self.daemon.request(
                    "POST", "/v1/videos", body, {"Idempotency-Key": key} if key else {}, timeout=60)
            except (OSError, http.client.HTTPException):
                # Without a key nobody knows, and nobody repeats.
                if key is None:
                    return None
                time.sleep(0.02)
                continue
            if status == 503:
                time.sleep(0.02)
                continue
            with self.lock:
                if status != 200:
                    self.refused.append((status, answer))
                    return None
                self.answered.append(answer["id"])
                return answer["id"]

    # What happens to the daemon.

    def trouble(self):
        while time.monotonic() < self.end:
            time.sleep(self.chance.uniform(0.3, 2))
            what = self.chance.random()
            try:
                if what < 0.5:
                    self.daemon.kill()
                    self.deaths += 1
                    self.daemon.start(ready=self.chance.random() < 0.7)
                elif what < 0.62:
                    self.drain()
                elif what < 0.77:
                    for _ in range(self.chance.randrange(1, 8)):
                        self.daemon.process.send_signal(signal.SIGHUP)
                        self.reloads += 1
                elif what < 0.9:
                    self.daemon.post("/v1/pause")
                    time.sleep(self.chance.uniform(0, 0.5))
                    self.daemon.post("/v1/resume")
                else:
                    for job in self.daemon.jobs():
                        if not over(job) and self.chance.random() < 0.3:
                            self.daemon.post(f"/v1/videos/{job['id']}/cancel")
            except (OSError, http.client.HTTPException, AssertionError) as error:
                if self.daemon.process.poll() is not None:
                    self.wrong.append(f"died by itself: {self.daemon.process.returncode} {error!r}")
                    self.daemon.start()

    def drain(self):
        begun = time.monotonic()
        self.daemon.process.send_signal(signal.SIGTERM)
        try:
            status = self.daemon.process.wait(DRAIN_SECONDS)
        except Exception:
            self.wrong.append(f"SIGTERM did not end it within {DRAIN_SECONDS} s")
            self.daemon.kill()
            status = 0
        self.drains.append(time.monotonic() - begun)
        if status not in (0, -signal.SIGTERM):
            self.wrong.append(f"a drain ended with {status}")
        self.daemon.start(ready=False)

    def play(self):
        self.daemon.start()
        threads = [threading.Thread(target=self.client, args=(uid,)) for uid in self.uids]
        for thread in threads:
            thread.start()
        self.trouble()
        if self.daemon.process.poll() is not None:
            self.daemon.start()
        self.daemon.wait_ready()
        self.daemon.post("/v1/resume")
        for thread in threads:
            thread.join(END_SECONDS)
            assert not thread.is_alive(), "a client is still waiting for its answer"
        end = time.monotonic() + END_SECONDS
        while True:
            jobs = self.daemon.jobs()
            open_jobs = [job for job in jobs if not over(job)]
            if not open_jobs:
                return jobs
            if time.monotonic() > end:
                self.wrong += [
                    f"not over: {job['kinora']['state']} {job['prompt']} {job['kinora']}"
                    for job in open_jobs]
                return jobs
            time.sleep(0.1)


@pytest.fixture
def soak():
    # Another uid must be able to pass through to the socket.
    directory = Path(tempfile.mkdtemp(prefix="kinora-soak-"))
    directory.chmod(0o711)
    sim = Simulator(directory / "sim", "--time-scale", 200)
    made = Soak(directory, sim, SEED)
    made.daemon.directory.chmod(0o711)
    yield made
    if made.daemon.process is not None:
        made.daemon.kill()
    sim.stop()
    if not os.environ.get("KINORA_SOAK_KEEP"):
        shutil.rmtree(directory)


def test_soak(soak):
    """Nothing lost, nothing paid twice, the ledger exact, every drain ends, nothing stands still."""
    print(f"KINORA_SOAK_SEED={SEED}")
    jobs = soak.play()
    states = {}
    for job in jobs:
        states[job["kinora"]["state"]] = states.get(job["kinora"]["state"], 0) + 1
    print({(status, answer["error"]["message"]) for status, answer in soak.refused})
    print(f"{len(jobs)} jobs {states}, {len(soak.refused)} refused, {soak.deaths} kills, "
          f"{len(soak.drains)} drains (longest {max(soak.drains, default=0):.1f} s), "
          f"{soak.reloads} reloads")
    wrong = soak.wrong + judge(soak.daemon, soak.sim.jobs(), soak.answered)
    assert not wrong, f"seed {SEED}:\n" + "\n".join(wrong[:20])
    assert not [r for r in soak.refused if r[0] >= 500], soak.refused[:5]
    money = [check for check in soak.daemon.get("/v1/doctor")["checks"] if check["name"] == "money"]
    assert money and money[0]["status"] == "ok", money
    # Every place came back.
    for provider in soak.daemon.get("/v1/providers")["data"]:
        assert provider["running"] == 0 and provider["queued"] == 0, provider
    assert soak.drain() is None and not soak.wrong, soak.wrong
