"""Keys under the names that the providers' own programs read: variables, and credentials of the unit."""

import json

import pytest

KEYS = {
    "openai-videos": ("openai/v1", {"api_key": ["OPENAI_API_KEY"]}),
    "openrouter": ("openrouter/api/v1", {"api_key": ["OPENROUTER_API_KEY"]}),
    "google": ("google", {"api_key": ["GEMINI_API_KEY", "GOOGLE_API_KEY"]}),
    "zai": ("zai/api/paas/v4", {"api_key": ["ZAI_API_KEY"]}),
    "kling": ("kling", {"access_key": ["KLINGAI_ACCESS_KEY"], "secret_key": ["KLINGAI_SECRET_KEY"]}),
    "vercel-gateway": ("vercel", {"api_key": ["AI_GATEWAY_API_KEY"]}),
}


def bare(sim, plugin, name=None):
    """A provider without a section `credentials`."""
    return f"""  {name or "bare-" + plugin}:
    plugin: {plugin}
    base_url: {sim.url}/{KEYS[plugin][0]}
    allow_private: true
    poll_speed: 40
"""


def credentials(daemon, provider):
    listed = {entry["name"]: entry for entry in daemon.get("/v1/providers")["data"]}
    return {key["name"]: key for key in listed[provider]["credentials"]}


def test_every_well_known_name(daemons, sim):
    """Each provider's key is found under its well-known name; its source is shown, never the key [A106]."""
    names = [name for _, keys in KEYS.values() for names in keys.values() for name in names[:1]]
    environment = {name: f"canary-{name.lower()}" for name in names}
    daemon = daemons(
        sim, providers="".join(bare(sim, plugin) for plugin in KEYS), environment=environment).start()
    for plugin, (_, keys) in KEYS.items():
        found = credentials(daemon, f"bare-{plugin}")
        for name, variables in keys.items():
            assert found[name]["source"] == f"env {variables[0]}" and found[name]["found"], found
    shown = [daemon.get(path) for path in ("/v1/providers", "/v1/config", "/v1/doctor", "/v1/models")]
    assert "canary" not in json.dumps(shown) + daemon.log()
    # A written source is the only one that counts.
    assert credentials(daemon, "google")["api_key"]["source"].startswith("file ")


def test_the_second_name(daemons, sim):
    """Gemini's key goes by two names; the first that is set counts."""
    daemon = daemons(
        sim, providers=bare(sim, "google"), environment={"GOOGLE_API_KEY": "sk-second"}).start()
    assert credentials(daemon, "bare-google")["api_key"]["source"] == "env GOOGLE_API_KEY"


def test_a_video_with_openai_api_key(daemons, sim):
    """OPENAI_API_KEY alone is enough for a video, and is sent as the key [A11]."""
    daemon = daemons(
        sim, providers=bare(sim, "openai-videos"), environment={"OPENAI_API_KEY": "sk-env-1"}).start()
    job = daemon.post(
        "/v1/videos", {"model": "bare-openai-videos/sora-2", "prompt": "x", "seconds": 4})[1]
    assert daemon.get(f"/v1/videos/{job['id']}?wait=60")["status"] == "completed", job
    sent = {entry["headers"].get("authorization") for entry in sim.log()}
    assert sent == {"Bearer sk-env-1"}


def test_the_units_credential_counts_over_the_variable(daemons, sim, tmp_path):
    """LoadCredential= under the same name overrides the environment [A106]."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    (folder / "OPENAI_API_KEY").write_text("sk-unit-2\n")
    daemon = daemons(
        sim, providers=bare(sim, "openai-videos"),
        environment={"OPENAI_API_KEY": "sk-env-1", "CREDENTIALS_DIRECTORY": str(folder)}).start()
    found = credentials(daemon, "bare-openai-videos")["api_key"]
    assert found == {"name": "api_key", "source": "systemd OPENAI_API_KEY", "found": True}
    job = daemon.post(
        "/v1/videos", {"model": "bare-openai-videos/sora-2", "prompt": "x", "seconds": 4})[1]
    assert daemon.get(f"/v1/videos/{job['id']}?wait=60")["status"] == "completed", job
    assert {entry["headers"].get("authorization") for entry in sim.log()} == {"Bearer sk-unit-2"}


def test_another_host_gets_no_key_by_itself(daemons, sim):
    """A key that nobody wrote down goes to the provider's own address only."""
    elsewhere = """  sora:
    plugin: openai-videos
    base_url: https://sora.example.com/v1
"""
    daemon = daemons(sim, providers=elsewhere, environment={"OPENAI_API_KEY": "sk-env-1"}).start()
    found = credentials(daemon, "sora")["api_key"]
    assert not found["found"] and found["source"].startswith("not configured")
    status, answer, _ = daemon.post("/v1/videos", {"model": "sora/sora-2", "prompt": "x", "seconds": 4})
    assert status == 400 and answer["error"]["code"] == "credential_missing", answer


def test_nothing_is_a_provider_by_itself(daemons, sim):
    """A variable makes no provider: money is spent only where somebody wrote one down."""
    daemon = daemons(sim, environment={"AI_GATEWAY_API_KEY": "k"}).start()
    assert "vercel-gateway" not in {entry["name"] for entry in daemon.get("/v1/providers")["data"]}


@pytest.mark.parametrize("credentials_text, source", [
    ("{api_key: {env: MY_KEY}}", "env MY_KEY"), ("{api_key: {systemd: mine}}", "systemd mine")])
def test_what_is_written_counts_alone(daemons, sim, credentials_text, source):
    """With a section `credentials` no other name is looked at."""
    daemon = daemons(
        sim, providers=bare(sim, "zai") + f"    credentials: {credentials_text}\n",
        environment={"ZAI_API_KEY": "sk-1"}).start()
    found = credentials(daemon, "bare-zai")["api_key"]
    assert found["source"] == source and not found["found"]
