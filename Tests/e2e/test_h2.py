"""HTTP/2 over TLS: servers that refuse streams or go away, and an edge that answers HTML to others."""

import json
import time

import pytest

import certificates
from checker import judge
from h2_server import Front, H2Server
from kinora_kit import eventually

MODEL = "google/veo-3.1-lite"


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    certificates.make(folder, "IP:127.0.0.1,DNS:localhost")
    return folder


def providers(port, pki, speed=40, names=("curl", "libcurl")):
    return "".join(f"""  by-{name}:
    plugin: openrouter
    base_url: https://127.0.0.1:{port}/openrouter/api/v1
    ca_file: {pki}/ca.pem
    allow_private: true
    transport: {name}
    poll_speed: {speed}
    credentials: {{api_key: {{env: H2_KEY}}}}
""" for name in names)


def make(daemon, transport, prompt):
    status, body, _ = daemon.post(
        "/v1/videos", {"model": f"by-{transport}/{MODEL}", "prompt": prompt})
    assert status == 200, body
    return body["id"]


def until(daemon, job, *states, seconds=30):
    def look():
        body = daemon.get(f"/v1/videos/{job}")
        return body["kinora"]["state"] in states and body
    return eventually(look, seconds, f"{job} {states}")


def creations(sim, prompt):
    return sum(job["creations"] for job in sim.jobs() if job["prompt"] == prompt)


def evidence(daemon, job, kind):
    return [row["detail"] for row in daemon.get(f"/v1/videos/{job}/evidence")["data"]
            if row["kind"] == kind]


@pytest.fixture
def h2(daemons, sim, pki):
    """A daemon whose openrouter is an HTTP/2 server of ours: (daemon, server)."""
    server = H2Server(pki, sim.url)
    daemon = daemons(sim, speed=40, providers=providers(server.port, pki),
                     environment={"H2_KEY": "sk-h2-1"}).start()
    yield daemon, server
    server.stop()


@pytest.mark.parametrize("transport", ["curl", "libcurl"])
def test_plain_submit_over_http2(h2, sim, transport):
    """The good case: HTTP/2, one connection for the submit, a note of both in the evidence [T29] [T37]."""
    daemon, server = h2
    job = until(daemon, make(daemon, transport, f"plain {transport}"), "completed", "failed", "held")
    assert job["kinora"]["state"] == "completed", job
    answer = evidence(daemon, job["id"], "answer")[0]
    assert answer["num_connects"] == 1 and str(answer["http_version"]).startswith("2"), answer
    assert transport in job["kinora"]["transports"]["submit"]
    assert server.posts == ["pass"] and creations(sim, f"plain {transport}") == 1


@pytest.mark.parametrize("word", ["refuse", "goaway_unprocessed"])
@pytest.mark.parametrize("transport", ["curl", "libcurl"])
def test_refused_stream(h2, sim, transport, word):
    """What the server did not process may be sent once more by curl, and never be accepted twice."""
    daemon, server = h2
    server.plan = [word]
    prompt = f"{word} once {transport}"
    job = until(daemon, make(daemon, transport, prompt), "completed", "held")
    made = creations(sim, prompt)
    if job["kinora"]["state"] == "completed":
        # curl repeated the stream by itself (RFC 9113 §8.7); the evidence shows its connections.
        assert transport == "curl" and made == 1 and server.posts == [word, "pass"]
        assert evidence(daemon, job["id"], "answer")[0]["num_connects"] >= 1
    else:
        # libcurl's second call of the hook is refused: one sending for one permit.
        assert made == 0 and server.posts == [word], server.posts
        assert job["error"]["code"] == "held_for_review"
        failure = evidence(daemon, job["id"], "failure")[0]
        assert failure["num_connects"] >= 1, failure
    assert job["kinora"]["attempt"] == 1
    assert not judge(daemon, sim.jobs(), [job["id"]])
    if made == 0:
        daemon.post(f"/v1/videos/{job['id']}/resolve", {"action": "not_charged"})
        assert until(daemon, job["id"], "completed")["kinora"]["attempt"] == 2
        assert creations(sim, prompt) == 1


@pytest.mark.parametrize("transport", ["curl", "libcurl"])
def test_stream_that_is_always_refused(h2, sim, transport):
    """No endless repeats: bounded sendings for one permit, then a person's turn."""
    daemon, server = h2
    server.plan = ["refuse"] * 1000
    prompt = f"always refused {transport}"
    job = until(daemon, make(daemon, transport, prompt), "held", seconds=60)
    sent = len(server.posts)
    assert sent <= 10, sent
    time.sleep(0.5)
    assert len(server.posts) == sent and creations(sim, prompt) == 0
    assert len(evidence(daemon, job["id"], "permit")) == 1
    assert job["kinora"]["cost"]["reserved_microusd"] == job["kinora"]["cost"]["quoted_microusd"]


@pytest.mark.parametrize("word", ["goaway_accepted", "reset_accepted", "close_accepted"])
@pytest.mark.parametrize("transport", ["curl", "libcurl"])
def test_accepted_and_gone(h2, sim, transport, word):
    """The provider has the job and the answer is lost: held, never sent again, adopted by a person."""
    daemon, server = h2
    server.plan = [word]
    prompt = f"{word} {transport}"
    job = until(daemon, make(daemon, transport, prompt), "held", "completed")
    assert job["kinora"]["state"] == "held" and server.posts == [word], (job, server.posts)
    assert creations(sim, prompt) == 1
    assert evidence(daemon, job["id"], "failure")[0]["num_connects"] == 1
    time.sleep(0.3)
    daemon.kill()
    daemon.start()
    time.sleep(0.3)
    assert creations(sim, prompt) == 1 and server.posts == [word]
    assert not judge(daemon, sim.jobs(), [job["id"]])
    known = [made["id"] for made in sim.jobs() if made["prompt"] == prompt][0]
    daemon.post(f"/v1/videos/{job['id']}/resolve", {"action": "adopt", "provider_id": known})
    assert until(daemon, job["id"], "completed") and creations(sim, prompt) == 1


@pytest.fixture
def front(pki, sim):
    made = Front(pki, sim.url)
    yield made
    made.stop()


def test_an_edge_that_wants_http2(daemons, sim, pki, front):
    """Behind an edge that answers HTML to HTTP/1.1: curl and libcurl pass by HTTP/2 [T28] [T29] [T37]."""
    daemon = daemons(sim, speed=40, providers=providers(front.port, pki),
                     environment={"H2_KEY": "sk-h2-2"}).start()
    for transport in ("curl", "libcurl"):
        job = until(daemon, make(daemon, transport, f"edge {transport}"), "completed", "held", "failed")
        assert job["kinora"]["state"] == "completed", job
        assert transport in job["kinora"]["transports"]["submit"], job["kinora"]["transports"]
    sent = [e for e in sim.log() if e["path"].startswith("/openrouter")]
    assert sent and all(entry["http_version"].startswith("HTTP/2") for entry in sent)
    assert all(entry["headers"].get("expect") is None for entry in sent)


@pytest.mark.parametrize("transport", ["curl", "libcurl"])
def test_an_edge_without_http2(daemons, sim, pki, front, transport):
    """HTML with 200 on a submit is no success: held, provider degraded, others wait; then it heals [T30]."""
    front.mute()
    daemon = daemons(sim, speed=40, providers=providers(front.port, pki),
                     environment={"H2_KEY": "sk-h2-3"}).start()
    first = until(daemon, make(daemon, transport, "at the edge"), "held")
    assert "HTML with status 200" in first["error"]["message"], first["error"]
    assert first["kinora"]["cost"]["reserved_microusd"] > 0
    second = make(daemon, transport, "behind it")
    time.sleep(0.5)
    assert daemon.get(f"/v1/videos/{second}")["kinora"]["state"] == "queued"
    rows = {row["name"]: row for row in daemon.get("/v1/providers")["data"]}
    assert rows[f"by-{transport}"]["state"] == "degraded" and "HTML" in rows[f"by-{transport}"]["detail"]
    # The other provider at the same address has its own verdict.
    other = "libcurl" if transport == "curl" else "curl"
    assert rows[f"by-{other}"]["state"] == "ok"
    assert sim.log() == []
    checks = {check["name"]: check for check in daemon.get("/v1/doctor")["checks"]}
    assert checks[f"provider by-{transport}"]["status"] == "warn"
    front.speak()
    done = until(daemon, second, "completed", "held", seconds=40)
    assert done["kinora"]["state"] == "completed", done
    assert creations(sim, "behind it") == 1 and creations(sim, "at the edge") == 0
    assert {row["name"]: row["state"] for row in daemon.get("/v1/providers")["data"]}[
        f"by-{transport}"] == "ok"


def test_urlsession_is_told_apart(daemons, sim, pki, front):
    """urlsession can trust no private CA here: asked for by name that is an error, by auto libcurl [T31]."""
    daemon = daemons(sim, speed=40, providers=providers(front.port, pki, names=["urlsession"]),
                     environment={"H2_KEY": "sk-h2-4"})
    daemon.start()
    assert daemon.process.returncode == 78 and "libcurl, curl or auto" in daemon.log(), daemon.log()
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("transport: urlsession", "transport: auto"))
    daemon.start()
    job = until(daemon, make(daemon, "urlsession", "by auto"), "completed", "held", "failed")
    assert job["kinora"]["state"] == "completed", job
    row = [r for r in daemon.get("/v1/providers")["data"] if r["name"] == "by-urlsession"][0]
    assert row["transport"]["effective"] in ("curl", "libcurl") and row["transport"]["reason"], row
    assert json.dumps(job["kinora"]["transports"]).count("urlsession") == 0


def test_a_certificate_of_somebody_else(daemons, sim, pki, front, tmp_path):
    """An unknown CA: nothing is sent, nothing is lost, the job waits and says why."""
    certificates.make(tmp_path, "IP:127.0.0.1")
    daemon = daemons(sim, speed=40, providers=providers(front.port, tmp_path),
                     environment={"H2_KEY": "sk-h2-5"}).start()
    for transport in ("curl", "libcurl"):
        job = make(daemon, transport, f"distrusted {transport}")
        told = eventually(lambda: daemon.get(f"/v1/videos/{job}")["kinora"]["note"], 20, "the reason")
        assert "certificate" in told.lower() or "issuer" in told.lower(), told
        assert daemon.get(f"/v1/videos/{job}")["kinora"]["state"] == "queued"
        assert "sk-h2-5" not in told
    assert sim.log() == []


def test_a_curl_without_http2(daemons, sim, pki, front, tmp_path):
    """Such a curl is not used: nothing is sent, doctor and the job say why; a good one ends that [T36] [T43]."""
    fake = tmp_path / "curl"
    fake.write_text("#!/bin/sh\necho 'curl 7.0 (old)'\necho 'Protocols: http https'\n"
                    "echo 'Features: SSL IPv6'\n")
    fake.chmod(0o755)
    daemon = daemons(sim, speed=40, providers=providers(front.port, pki), extra=f"curl: {fake}\n",
                     environment={"H2_KEY": "sk-h2-6"}).start()
    job = make(daemon, "curl", "by an old curl")
    told = eventually(lambda: daemon.get(f"/v1/videos/{job}")["kinora"]["note"], 20, "the reason")
    assert "has no HTTP2" in told, told
    checks = {check["name"]: check for check in daemon.get("/v1/doctor")["checks"]}
    assert checks["curl"]["status"] == "fail" and "HTTP2" in checks["curl"]["detail"]
    assert sim.log() == []
    other = make(daemon, "libcurl", "by the library")
    assert until(daemon, other, "completed")
    fake.unlink()
    fake.symlink_to("/usr/bin/curl")
    assert until(daemon, job, "completed", seconds=90)
    assert creations(sim, "by an old curl") == 1
