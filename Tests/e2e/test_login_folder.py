"""A folder of OAuth logins as proxies for command lines keep it: renewed once, written back, shared."""

import json
import stat
from datetime import datetime, timedelta, timezone

import pytest
from kinora_kit import eventually
from vertex_kit import keep, providers


def login(sim, ends, kind="gemini", token="ya29.stale"):
    """A login as CLIProxyAPI writes it, whose access token ends at `ends`."""
    file = sim.credentials()[kind]
    return {**file, "auto": True, "checked": True, "token": {
        **file["token"], "access_token": token, "token_type": "Bearer", "expiry": ends}}


def moment(**ahead):
    return (datetime.now(timezone.utc) + timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "auths"
    path.mkdir(mode=0o700)
    return path


def host(daemons, sim, folder, name="d", match=', match: "gemini-*.json"'):
    text = providers(sim, f'oauth: {{folder: "{folder}"{match}}}')
    return daemons(sim, name=name, speed=40, providers=text).start()


def make(daemon, number=0):
    status, job, _ = daemon.post(
        "/v1/videos", {"model": "vertex", "prompt": f"heron {number}", "seconds": 4})
    assert status == 200, job
    return job["id"]


def ends(daemon, id):
    return daemon.get(f"/v1/videos/{id}?wait=90")


def exchanges(sim):
    return [entry for entry in sim.log() if entry["path"].startswith("/vertex/token")]


def test_ten_jobs_renew_once_and_write_back(sim, daemons, folder):
    """An expired login: one renewal for ten jobs at once; the file is replaced whole, mode 0600 [C76]."""
    file = keep(folder / "gemini-me@example.com-all.json", login(sim, moment(hours=-1)))
    keep(folder / "codex-me.json", {"type": "codex", "access_token": "another program's"})
    before = file.stat().st_ino
    daemon = host(daemons, sim, folder)
    ids = [make(daemon, number) for number in range(10)]
    assert [ends(daemon, id)["status"] for id in ids] == ["completed"] * 10
    assert len(exchanges(sim)) == 1
    kept = json.loads(file.read_text())
    assert kept["token"]["access_token"].startswith("ya29.sim-")
    ahead = datetime.fromisoformat(kept["token"]["expiry"].replace("Z", "+00:00"))
    assert ahead > datetime.now(timezone.utc) + timedelta(minutes=30)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.stat().st_ino != before
    # Everything else is as it was, and nothing is left beside it.
    old = login(sim, "")
    for document in (old, kept):
        for name in ("access_token", "expiry"):
            del document["token"][name]
    assert kept == old
    assert sorted(entry.name for entry in folder.iterdir()) == [
        "codex-me.json", "gemini-me@example.com-all.json"]
    assert "ya29" not in json.dumps([daemon.get("/v1/providers"), daemon.get("/v1/config")])
    # The next daemon finds a token that is good for a while: it asks for none.
    daemon.stop()
    second = host(daemons, sim, folder, name="second")
    assert ends(second, make(second))["status"] == "completed"
    assert len(exchanges(sim)) == 1


@pytest.mark.parametrize("left, count", [({"minutes": 4}, 1), ({"minutes": 30}, 0)])
def test_lead_time(sim, daemons, folder, left, count):
    """A token is renewed five minutes before its end, and not while another program's is good [C76]."""
    good = f"{sim.url}/vertex/token"
    answer = token_of(sim, good)
    keep(folder / "gemini-a.json", login(sim, moment(**left), token=answer))
    before = len(exchanges(sim))
    daemon = host(daemons, sim, folder)
    assert ends(daemon, make(daemon))["status"] == "completed"
    assert len(exchanges(sim)) == before + count


def token_of(sim, url):
    """An access token, got as another program would."""
    import urllib.parse
    import urllib.request
    token = sim.credentials()["gemini"]["token"]
    body = urllib.parse.urlencode({
        "grant_type": "refresh_token", "client_id": token["client_id"],
        "client_secret": token["client_secret"], "refresh_token": token["refresh_token"]})
    with urllib.request.urlopen(url, body.encode()) as answer:
        return json.load(answer)["access_token"]


def test_a_kept_token_that_is_refused_is_renewed(sim, daemons, folder):
    """A token that ended early, whatever the file says: the job goes on with a new one."""
    file = keep(folder / "gemini-a.json", login(sim, moment(hours=1), token=token_of(
        sim, f"{sim.url}/vertex/token")))
    sim.fault("401", provider="vertex", phase="poll")
    daemon = host(daemons, sim, folder)
    before = len(exchanges(sim))
    assert ends(daemon, make(daemon))["status"] == "completed"
    assert len(exchanges(sim)) == before + 1
    assert json.loads(file.read_text())["token"]["access_token"].startswith("ya29.sim-")


def test_logins_that_are_switched_off_are_passed_over(sim, daemons, folder):
    """Of several the newest that is not disabled; none is no credential, and is said before a job."""
    good = keep(folder / "gemini-a.json", login(sim, moment(hours=-1)))
    off = {**login(sim, moment(hours=-1)), "disabled": True}
    off["token"]["refresh_token"] = "1//0revoked"
    keep(folder / "gemini-b.json", off)
    daemon = host(daemons, sim, folder)
    assert ends(daemon, make(daemon))["status"] == "completed"
    good.unlink()
    (folder / "gemini-b.json").unlink()
    status, answer, _ = daemon.post("/v1/videos", {"model": "vertex", "prompt": "x", "seconds": 4})
    assert status == 400 and answer["error"]["code"] == "credential_missing"
    assert str(folder) in answer["detail"]


def test_a_file_that_others_may_read_is_refused(sim, daemons, folder):
    """What everybody can read is no login any more."""
    keep(folder / "gemini-a.json", login(sim, moment(hours=-1))).chmod(0o644)
    daemon = host(daemons, sim, folder)
    status, answer, _ = daemon.post("/v1/videos", {"model": "vertex", "prompt": "x", "seconds": 4})
    assert status == 400 and "chmod 600" in answer["detail"], answer


def test_a_login_that_cannot_be_written_back(sim, daemons, folder):
    """The job is made; doctor, the provider and one line of the log say what cannot be written and why [C76]."""
    # The file that replaces it would have a longer name than a name can be.
    path = folder / f"gemini-{'a' * 243}.json"
    path.write_text(json.dumps(login(sim, moment(hours=-1))))
    path.chmod(0o600)
    daemon = host(daemons, sim, folder)
    assert daemon.get("/v1/providers")["data"][-1]["detail"] == ""
    for number in range(2):
        assert ends(daemon, make(daemon, number))["status"] == "completed"
    told = next(one for one in daemon.get("/v1/providers")["data"] if one["name"] == "vertex")
    assert told["state"] == "degraded" and "cannot be written back: File name too long" in told["detail"]
    check = next(one for one in daemon.get("/v1/doctor")["checks"] if one["name"] == "provider vertex")
    assert check["status"] == "warn" and check["detail"] == told["detail"], check
    assert daemon.log().count("cannot be written back") == 1
    assert "ya29" not in daemon.log() and "1//0" not in json.dumps([told, check])


def test_a_login_that_has_ended(sim, daemons, folder):
    """invalid_grant: nothing is sent; job, provider, doctor and log say who must log in where [C76]."""
    old = login(sim, moment(hours=-1))
    old["token"]["refresh_token"] = "1//0revoked"
    keep(folder / "gemini-a.json", old)
    daemon = host(daemons, sim, folder)
    job = make(daemon)
    note = eventually(lambda: daemon.get(f"/v1/videos/{job}")["kinora"]["note"], 60)
    assert "invalid_grant" in note and "log in again" in note and str(folder) in note

    def vertex(path, name):
        data = daemon.get(path)
        return next(one for one in data.get("data") or data["checks"] if one["name"] == name)
    told = vertex("/v1/providers", "vertex")
    assert told["state"] == "degraded" and "log in again" in told["detail"], told
    assert vertex("/v1/doctor", "provider vertex")["status"] == "warn"
    assert daemon.log().count("log in again") == 1 and "1//0revoked" not in daemon.log()
    assert sim.jobs() == []
    # A new login is believed at once, by the job that waits too.
    keep(folder / "gemini-a.json", login(sim, moment(hours=-1)))
    assert ends(daemon, make(daemon, 1))["status"] == "completed"
    assert eventually(lambda: daemon.get(f"/v1/videos/{job}")["status"] == "completed", 120)
    assert vertex("/v1/providers", "vertex")["state"] == "ok"


def test_a_consumers_login_is_refused_in_words(sim, daemons, folder):
    """403 for a token without the scope: nothing bought, and what to use instead is said [C76]."""
    keep(folder / "gemini-me.json", login(sim, moment(hours=-1), "consumer"))
    daemon = host(daemons, sim, folder, match="")
    job = ends(daemon, make(daemon))
    assert job["status"] == "failed" and job["error"]["code"] == "provider_unauthenticated", job
    told = json.dumps(job, ensure_ascii=False)
    assert "lacks the scope cloud-platform" in told and "service account" in told
    assert sim.jobs() == [] and job["kinora"]["cost"]["settled_microusd"] in (0, None)


def test_wrong_sources(daemons, sim):
    """`match` without a folder, and two sources, are errors of the configuration."""
    for source, words in [("{file: /a, match: x}", "goes with folder"),
                          ("{folder: /a, env: B}", "write one of file, folder, systemd or env")]:
        daemon = daemons(sim, name=source[1:5], providers=providers(sim, f"oauth: {source}"))
        daemon.start(ready=False)
        assert daemon.wait_dead(30) == 78 and words in daemon.log()
