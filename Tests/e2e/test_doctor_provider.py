"""Which models a key may use: asked of the provider, for nothing."""

import json

import pytest
from kinora_kit import kinora

OWN = """  {name}:
    plugin: {plugin}
    base_url: {sim}/{path}
    allow_private: true
    credentials: {{api_key: {{env: KEY_{name}}}}}
"""


def host(daemons, sim, **keys):
    paths = {"openai": ("openai-videos", "openai/v1"), "goog": ("google", "google/v1beta")}
    text = "".join(
        OWN.format(name=name, sim=sim.url, plugin=paths[name][0], path=paths[name][1])
        for name in keys)
    environment = {f"KEY_{name}": key for name, key in keys.items()}
    return daemons(sim, providers=text, environment=environment).start()


def doctor(daemon, *words):
    return kinora("--socket", daemon.socket, "doctor", "provider", *words)


def may(found):
    return {model["id"]: model["may"] for model in found["models"]}


def free(sim):
    """What was asked: GETs alone."""
    assert {entry["method"] for entry in sim.log()} <= {"GET"} and sim.jobs() == []
    return [entry["path"] for entry in sim.log()]


def test_what_an_account_may_use(daemons, sim):
    """Two accounts, two answers: the provider's own list says which models the key may use [A6] [A112]."""
    daemon = host(daemons, sim, openai="few-1")
    found = doctor(daemon, "openai", "--json")
    assert found.code == 0 and found.json["provider"] == "openai", found
    allowed = may(found.json)
    assert allowed["sora-2"] == "yes" and allowed["sora-2-pro"] == "no"
    assert free(sim) == ["/openai/v1/models"]
    assert sim.log()[0]["headers"]["authorization"] == "Bearer few-1"
    whole = doctor(daemon, "openai-videos", "--json")
    assert may(whole.json)["sora-2-pro"] == "yes"
    assert "few-1" not in json.dumps(found.json) + daemon.log()


def test_google(daemons, sim):
    """Google's list with its prefixes; `gemini` is the same provider."""
    daemon = host(daemons, sim, goog="k")
    found = doctor(daemon, "goog", "--json").json
    assert may(found)["veo-3.1-generate-preview"] == "yes", found
    assert free(sim) == ["/google/v1beta/models?pageSize=1000"]
    table = doctor(daemon, "goog")
    assert table.code == 0 and "veo-3.1-generate-preview" in table.out and "yes" in table.out


def test_a_refused_key(daemons, sim):
    """A key that the provider refuses is a finding, not a stack of errors; exit 1."""
    daemon = host(daemons, sim, openai="bad-key")
    done = doctor(daemon, "openai", "--json")
    assert done.code == 1 and done.json["ok"] is False
    assert "refused the key: status 401" in json.dumps(done.json["checks"])
    assert set(may(done.json).values()) == {"unknown"}


@pytest.mark.parametrize("provider, answer", [("openrouter", "yes"), ("zai", "unknown")])
def test_others(daemon, sim, provider, answer):
    """Where there is only a public list, or none, that is what is said."""
    done = doctor(daemon, provider, "--json")
    assert done.code == 0 and answer in may(done.json).values(), done
    free(sim)


def test_names(daemon):
    """An alias is taken, an unknown name is refused with the known ones; it is for administrators."""
    assert doctor(daemon, "gemini", "--json").json["provider"] == "google"
    status, answer, _ = daemon.request("GET", "/v1/doctor/nobody")
    assert status == 404 and "google" in answer["errors"][0]["allowed"], answer
    assert doctor(daemon, "nobody").code != 0
