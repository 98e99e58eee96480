"""Clients of the configuration: who is who, what each may use, and keys that come and go."""

import http.client
import json
import os
import re
import stat
import tempfile
import time
import warnings
from pathlib import Path

import pytest

from kinora_kit import eventually, kinora
from test_configuration import As

WISH = {"model": "sample/clip", "prompt": "a client's own", "seconds": 1}


@pytest.fixture
def place():
    """A folder that every uid may enter: pytest's own are for root alone."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def is_root():
    if os.geteuid() == 0:
        return True
    warnings.warn("not root: nobody can be somebody else here")
    return False


def opened(daemon, place, extra):
    """The daemon's socket for everybody, `extra` at the end of its configuration."""
    text = daemon.config.read_text()
    daemon.config.write_text(
        text.replace(f"{{path: {daemon.socket}, mode: \"0600\"}}",
                     f"{{path: {place}/k.sock, mode: \"0666\"}}") + extra)
    daemon.socket = place / "k.sock"
    return daemon


def test_clients_are_matched_by_uid_then_gid_and_strangers_are_told_how(daemons, sim, place):
    """A principal without a client is refused and named; clients see their own, root sees all [P5]."""
    if not is_root():
        return
    daemon = opened(daemons(sim, speed=40), place, """
clients:
  bot: {principals: ["uid:40001", "gid:40002"]}
  other: {principals: ["uid:40002"]}
  crew: {principals: ["gid:40003"], scopes: [read]}
""").start()
    ann, bob, guest, nobody = (As(uid, daemon.socket) for uid in (40001, 40002, 40003, 40004))
    status, body = nobody("POST", "/v1/videos", WISH)
    assert status == 403 and body["error"]["code"] == "forbidden", body
    assert "uid:40004" in body["detail"] and "gid:40004" in body["detail"]
    assert "clients.NAME.principals" in body["detail"]
    job = ann("POST", "/v1/videos", WISH)[1]
    assert job["kinora"]["client"] == "bot"
    # The uid counts before the group: 40002 is in the group of bot and is other.
    assert bob("POST", "/v1/videos", WISH)[1]["kinora"]["client"] == "other"
    assert bob("GET", f"/v1/videos/{job['id']}")[0] == 404
    # Read only: looking is allowed, making is not, and the answer says what is missing.
    assert guest("GET", "/v1/videos")[0] == 200
    status, body = guest("POST", "/v1/videos", WISH)
    assert status == 403 and "clients.crew.scopes" in body["detail"], body
    assert guest("DELETE", f"/v1/videos/{job['id']}")[0] == 403
    assert guest("GET", "/v1/config")[0] == 403
    # Root needs no entry and sees everybody's.
    assert len(daemon.jobs()) == 2
    assert daemon.get("/v1/config")["clients"]["bot"]["principals"] == ["uid:40001", "gid:40002"]


def test_a_gid_is_a_principal(daemons, sim, place):
    """A group acts for a client: each of its uids is that client."""
    if not is_root():
        return
    daemon = opened(daemons(sim, speed=40), place,
                    'clients: {crew: {principals: ["gid:40007"], scopes: [submit, read, admin]}}\n')
    daemon.start()

    member = As(40007, daemon.socket)
    status, job = member("POST", "/v1/videos", WISH)
    assert status == 200 and job["kinora"]["client"] == "crew"
    # The scope admin is what root has.
    assert member("GET", "/v1/config")[0] == 200


def test_models_and_providers_of_a_client(daemons, sim, place):
    """What a client may not use is refused before any money, naming what it may; lists show no more."""
    if not is_root():
        return
    daemon = opened(daemons(sim, speed=40), place, """
clients:
  clips: {principals: ["uid:40001"], models: ["sample/*"]}
  google: {principals: ["uid:40002"], providers: [google]}
""").start()
    clips, google = As(40001, daemon.socket), As(40002, daemon.socket)
    shown = [row["id"] for row in clips("GET", "/v1/models")[1]["data"]]
    assert shown and all(name.startswith("sample/") for name in shown), shown
    shown = [row["id"] for row in google("GET", "/v1/models")[1]["data"]]
    assert shown and all(name.startswith("google/") for name in shown), shown
    status, body = google("POST", "/v1/videos", WISH)
    assert status == 403 and body["error"]["param"] == "model", body
    assert body["errors"][0]["allowed"] == shown
    assert google("GET", "/v1/models/sample/clip")[0] == 404
    assert google("POST", "/v1/quote", WISH)[0] == 403
    assert clips("POST", "/v1/videos", WISH)[0] == 200
    assert daemon.get("/v1/usage")["data"][0]["scope"]
    assert not any("client:google" == row["scope"] for row in daemon.get("/v1/usage")["data"])


def test_budgets_of_a_client_and_of_its_users(daemons, sim, place):
    """A client's day and each end user's day have caps of their own; usage shows them."""
    if not is_root():
        return
    daemon = opened(daemons(sim, speed=40), place, """
clients:
  bot: {principals: ["uid:40001"], budget: {usd_per_day: 0.05, usd_per_user_per_day: 0.02}}
""").start()
    bot = As(40001, daemon.socket)

    def ask(user, seconds=1):
        return bot("POST", "/v1/videos", {**WISH, "user": user, "seconds": seconds})
    assert ask("u1", 2)[0] == 200
    status, body = ask("u1")
    assert status == 402 and body["error"]["code"] == "budget_exceeded", body
    assert body["error"]["param"] == "user:bot/u1"
    assert ask("u2", 2)[0] == 200 and ask("u3")[0] == 200
    status, body = ask("u4")
    assert status == 402 and body["error"]["param"] == "client:bot", body
    rows = {row["scope"]: row for row in bot("GET", "/v1/usage")[1]["data"]}
    assert rows["client:bot"]["cap_microusd"] == 50_000
    assert rows["user:bot/u1"]["cap_microusd"] == 20_000
    quote = bot("POST", "/v1/quote", {**WISH, "user": "u1"})[1]["budget"]
    assert [row["left_microusd"] for row in quote] == [None, 0, 0]


def test_the_month_of_a_client(daemons, sim, place):
    """A calendar month has a cap of its own, of which a longer clip takes more; it lives through days, restarts and
    the checks of the sums [A104] [A105]."""
    if not is_root():
        return
    daemon = opened(daemons(sim, speed=40), place, """
clients:
  bot: {principals: ["uid:40001"], budget: {usd_per_month: 0.05, usd_per_day: 1}}
""").start()
    bot = As(40001, daemon.socket)

    def ask(prompt, seconds):
        return bot("POST", "/v1/videos", {**WISH, "prompt": prompt, "seconds": seconds})
    status, job = ask("three", 3)
    assert status == 200
    status, body = ask("three more", 3)
    assert status == 402 and body["error"]["code"] == "budget_exceeded", body
    assert body["error"]["param"] == "month:bot" and "$0.05" in body["detail"], body
    assert ask("two", 2)[0] == 200 and ask("one", 1)[0] == 402
    eventually(lambda: all(job["kinora"]["submitted"] for job in daemon.jobs()))
    daemon.kill()
    daemon.start()
    done = bot("GET", f"/v1/videos/{job['id']}?wait=30")[1]
    assert done["status"] == "completed"
    rows = {row["scope"]: row for row in bot("GET", "/v1/usage")[1]["data"]}
    month = rows["month:bot"]
    assert month["day"] == rows["client:bot"]["day"][:7] and month["cap_microusd"] == 50_000
    assert month["reserved_microusd"] + month["spent_microusd"] == 50_000
    assert ask("after the restart", 1)[0] == 402
    quote = {row["scope"]: row for row in bot("POST", "/v1/quote", {**WISH, "seconds": 1})[1]["budget"]}
    assert quote["month:bot"]["left_microusd"] == 0 and quote["client:bot"]["left_microusd"] > 0
    checks = {row["name"]: row for row in daemon.get("/v1/doctor")["checks"]}
    assert checks["money"]["status"] == "ok", checks["money"]
    # What a failed job had reserved is the month's again.
    replaced = daemon.config.read_text().replace("usd_per_month: 0.05", "usd_per_month: 0.06")
    daemon.config.write_text(replaced)
    assert daemon.post("/v1/reload")[0] == 200
    sim.fault("failed", provider="sample", phase="poll", match={"prompt": "fails"})
    status, job = ask("fails", 1)
    assert status == 200 and bot("GET", f"/v1/videos/{job['id']}?wait=30")[1]["status"] == "failed"
    assert ask("works", 1)[0] == 200


def test_concurrency_of_a_client_is_in_force_after_a_reload(daemons, sim, place):
    """A client's places are counted, and a reload changes their number without a restart."""
    if not is_root():
        return
    daemon = opened(daemons(sim, speed=1), place, """
clients: {bot: {principals: ["uid:40001"], concurrency: 1}}
""").start()
    bot = As(40001, daemon.socket)
    sim.fault("stuck", provider="sample", phase="poll", times=1000)
    for n in range(4):
        assert bot("POST", "/v1/videos", {**WISH, "prompt": f"no {n}"})[0] == 200

    def placed():
        states = [job["kinora"]["state"] for job in daemon.jobs()]
        return sum(state in ("submitting", "submitted", "running") for state in states)
    eventually(lambda: placed() == 1)
    time.sleep(0.5)
    assert placed() == 1
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("concurrency: 1", "concurrency: 3"))
    assert daemon.post("/v1/reload")[0] == 200
    eventually(lambda: placed() == 3)
    time.sleep(0.5)
    assert placed() == 3
    # A bad section is told whole and changes nothing.
    daemon.config.write_text(text.replace(
        'principals: ["uid:40001"]', 'principals: ["uid:x"], providers: [gogle], scopes: [fly]'))
    status, body, _ = daemon.post("/v1/reload")
    said = json.dumps(body)
    assert status == 400
    for words in ("uid:NUMBER", "did you mean google?", "submit, read, admin"):
        assert words in said, said


class Keyed:
    """One kept connection to the TCP listener."""

    def __init__(self, port, key):
        self.key, self.connection = key, http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def __call__(self, method, path, body=None):
        self.connection.request(
            method, path, json.dumps(body) if body is not None else None,
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def listening(daemon, keys, extra=""):
    """The daemon with a TCP port of the kernel's choice; gives it and the port."""
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace(
        "providers:\n", f"  tcp: {{address: 127.0.0.1:{port}, keys_file: {keys}}}\nproviders:\n", 1)
        + extra)
    return daemon.start(), port


def test_keys_are_made_listed_and_revoked(daemons, sim, tmp_path):
    """A key is shown once and stored hashed; a revoked one is refused, on an open connection too [P14]."""
    keys = tmp_path / "keys"
    keys.write_text("# keys of this host\n")
    keys.chmod(0o604)
    daemon, port = listening(daemons(sim, speed=40), keys)
    made = kinora("keys", "create", "laptop", socket=daemon.socket)
    key = made.out.strip()
    assert made.code == 0 and re.fullmatch(r"kn_[0-9A-Za-z]{32}", key), made
    text = keys.read_text()
    assert key not in text and text.startswith("# keys of this host\n") and "laptop" in text
    assert stat.S_IMODE(keys.stat().st_mode) == 0o604
    second = kinora("keys", "create", "bot-a", "--client", "bot", "--json", socket=daemon.socket).json
    assert second["client"] == "bot" and second["key"].startswith("kn_")
    rows = kinora("keys", "list", "--json", socket=daemon.socket).json["data"]
    assert [row["id"] for row in rows] == ["laptop", "bot-a"] and "key" not in rows[0]
    assert "laptop" in kinora("keys", "list", "--file", keys).out
    assert kinora("keys", "create", "laptop", socket=daemon.socket).code == 2
    # No reload was asked for: the file is looked at.
    laptop = Keyed(port, key)
    status, job = eventually(lambda: (a := laptop("POST", "/v1/videos", WISH))[0] == 200 and a)
    assert job["kinora"]["client"] == "key:laptop"
    assert laptop("GET", "/v1/videos")[0] == 200
    gone = kinora("keys", "revoke", "laptop", socket=daemon.socket)
    assert gone.code == 0, gone
    revoked = time.monotonic()
    eventually(lambda: laptop("GET", "/v1/videos")[0] == 401, seconds=10)
    assert time.monotonic() - revoked < 3
    assert kinora("keys", "revoke", "laptop", socket=daemon.socket).code == 3
    # A damaged file takes nobody's key away.
    keys.write_text(keys.read_text() + "half a line\n")
    time.sleep(0.7)
    assert Keyed(port, second["key"])("GET", "/v1/videos")[0] == 200
    assert "keys.bad" in daemon.log()


def test_a_rotated_key_keeps_its_jobs(daemons, sim, tmp_path):
    """Jobs belong to the client: a new key of it sees them, the old one is refused."""
    keys = tmp_path / "keys"
    old = kinora("keys", "create", "old", "--file", keys).out.strip()
    assert stat.S_IMODE(keys.stat().st_mode) == 0o640
    stray = kinora("keys", "create", "stray", "--file", keys).out.strip()
    daemon, port = listening(daemons(sim, speed=40), keys, """
clients: {bot: {principals: ["key:old"], models: ["sample/clip"]}}
""")
    job = Keyed(port, old)("POST", "/v1/videos", WISH)[1]
    assert job["kinora"]["client"] == "bot"
    status, body = Keyed(port, stray)("GET", "/v1/videos")
    assert status == 403 and "key:stray" in body["detail"], body
    new = kinora("keys", "create", "new", "--client", "bot", "--file", keys).out.strip()
    assert kinora("keys", "revoke", "old", "--file", keys).code == 0
    fresh = Keyed(port, new)
    eventually(lambda: fresh("GET", f"/v1/videos/{job['id']}")[0] == 200)
    assert Keyed(port, old)("GET", f"/v1/videos/{job['id']}")[0] == 401
