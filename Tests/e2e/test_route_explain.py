"""What a model's name leads to: one resolver for every door, explained without sending anything."""

import pytest
from kinora_kit import kinora

ROUTES = """routes:
  pair: [openrouter/google/veo-3.1-fast, google/veo-3.1-fast]
"""
STILL = """  still:
    base_url: {url}/still/v1
    allow_private: true
    assume_usd: 0
"""
VEO = "veo-3.1-fast-generate-preview"


@pytest.fixture
def daemon(daemons, sim):
    return daemons(sim, extra=ROUTES, providers=STILL.format(url=sim.url)).start()


def explain(daemon, **question):
    status, answer, _ = daemon.post("/v1/route:explain", question)
    assert status == 200, answer
    return answer


@pytest.mark.parametrize("question, rule", [
    ({"model": f"google/{VEO}"}, "provider/model"),
    ({"model": "google/veo-3.1-fast"}, "provider/alias"),
    ({"model": VEO}, "model"),
    ({"model": "omni"}, "alias"),
    ({"model": "google"}, "provider"),
    ({"provider": "google", "model": VEO}, "provider/model"),
    ({"provider": "google"}, "provider"),
])
def test_one_resolver(daemon, sim, question, rule):
    """PROVIDER/MODEL, a bare id, an alias and a provider lead to one model, and the rule is told [T23]."""
    answer = explain(daemon, **question)
    assert (answer["provider"], answer["rule"], answer["source"]) == ("google", rule, "request")
    assert answer["transport"] == {
        "submit": "libcurl (paid)", "poll": "urlsession (catalog default)"}
    assert answer["ready"] is True and answer["reason"] is None and answer["route"] is None
    name = question.get("model", "google")
    quote = daemon.post("/v1/quote", {"model": answer["asked"], "prompt": "x"})[1]
    assert quote["model"] == answer["model"] == f"google/{answer['upstream_model']}"
    if name in (VEO, f"google/{VEO}"):
        assert answer["upstream_model"] == VEO
    assert sim.log() == []


def test_gemini_is_google(daemon, sim):
    """The provider name `gemini` is an alias of `google`, everywhere a model is named [C77]."""
    answer = explain(daemon, provider="gemini", model="veo-3.1-generate-preview")
    assert answer["provider"] == "google" and answer["provider_alias"] == "gemini"
    assert answer["asked"] == "gemini/veo-3.1-generate-preview"
    assert explain(daemon, model="gemini")["rule"] == "provider"
    job = daemon.post("/v1/videos", {"model": f"gemini/{VEO}", "prompt": "x", "seconds": 4})[1]
    assert job["model"] == f"google/{VEO}"
    assert daemon.get(f"/v1/videos/{job['id']}?wait=60")["status"] == "completed"
    status, error, _ = daemon.post("/v1/route:explain", {"model": "gemini/veo-9"})
    assert status == 400 and error["error"]["code"] == "model_unknown", error


def test_a_provider_of_that_name_is_meant_first(daemons, sim):
    """A configured provider is never hidden by another one's alias."""
    own = f"""  gemini:
    plugin: sample
    base_url: {sim.url}/sample/v1
    allow_private: true
"""
    daemon = daemons(sim, providers=own).start()
    answer = explain(daemon, model="gemini/clip")
    assert (answer["provider"], answer["provider_alias"]) == ("gemini", None)


def test_a_route_shows_its_list_and_who_is_left_alone(daemon, sim):
    """A route's models in the order they would be asked, with cooldowns; explaining sends nothing."""
    first = explain(daemon, model="pair")
    assert first["route"] == "pair"
    assert [one["model"] for one in first["candidates"]] == [
        "openrouter/google/veo-3.1-fast", f"google/{VEO}"]
    assert first["candidates"][0]["transport"] == {
        "submit": "curl (catalog default)", "poll": "curl (catalog default)"}
    assert sim.log() == []
    sim.fault("402", provider="openrouter", phase="submit", times=50)
    job = daemon.post("/v1/videos", {"model": "pair", "prompt": "x", "seconds": 4})[1]
    assert daemon.get(f"/v1/videos/{job['id']}?wait=60")["status"] == "completed"
    after = explain(daemon, model="pair")
    assert after["provider"] == "google" and after["candidates"][0]["cooldown"] is None
    assert after["candidates"][1]["cooldown"]["until"] and after["candidates"][1]["ready"]


def test_default_and_tenant(daemon):
    """Without a model it says whose choice the model is."""
    assert explain(daemon)["source"] == "default"
    daemon.request("PUT", "/v1/tenants/t1", {"model": f"google/{VEO}"})
    answer = explain(daemon, tenant="t1")
    assert (answer["source"], answer["model"]) == ("tenant", f"google/{VEO}")


def test_in_words(daemon):
    """`kinora route explain` tells the same as a table."""
    done = kinora("--socket", daemon.socket, "route", "explain", "gemini/veo-3.1-fast")
    assert done.code == 0 and f"google/{VEO}" in done.out and "libcurl (paid)" in done.out, done
    assert "alias of the provider" in done.out
    as_json = kinora("--socket", daemon.socket, "route", "explain", "pair", "--json")
    assert as_json.json["route"] == "pair"
    assert kinora("--socket", daemon.socket, "route", "explain", "veo-9").code == 2


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/v1/videos", {"model": "still", "prompt": "x", "seconds": 5}),
    ("GET", "/v1/forms/generate-video?model=still", None),
    ("PUT", "/v1/tenants/t1", {"model": "still"}),
    ("POST", "/openrouter/api/v1/videos", {"model": "still", "prompt": "x"}),
    ("POST", "/v1/chat/completions", {
        "model": "still", "modalities": ["video", "text"],
        "messages": [{"role": "user", "content": "x"}]}),
])
def test_no_video_is_said_before_anything_is_sent(daemon, sim, method, path, body):
    """A provider without videos is refused where a video is wanted: provider_no_video, nothing sent [T10]."""
    status, answer, _ = daemon.request(method, path, body)
    assert status == 400 and "makes no videos" in str(answer) or "makes images" in str(answer), answer
    if not path.startswith("/openrouter"):
        assert answer["error"]["code"] == "provider_no_video", answer
    assert sim.log() == []
    video = daemon.get("/v1/capabilities?model=still")["video"]
    assert video["enabled"] is False and video["code"] == "provider_no_video"
