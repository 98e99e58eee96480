"""The list of models as a bot's author sees it, and the plugins behind it."""

from pathlib import Path

from daemon import PLUGINS

VEO = "google/veo-3.1-generate-preview"


def models(daemon):
    return {model["id"]: model for model in daemon.get("/v1/models")["data"]}


def test_rows(daemon):
    """Each model has a name, its provider, lengths, shapes, sound and dated prices [V38] [V39] [V42] [V43]."""
    listed = models(daemon)
    assert len(listed) > 40
    for name, model in listed.items():
        assert name == f"{model['owned_by']}/{name.split('/', 1)[1]}"
        facts = model["kinora"]
        assert facts["name"] and facts["kinds"] and facts["audio"] in ("never", "always", "optional")
        for price in facts["prices"]:
            assert price["per"] and price["microusd"] >= 0 and price["source"] and price["date"]
    veo = listed[VEO]["kinora"]
    assert veo["name"] == "Veo 3.1" and veo["seconds"] == [4, 6, 8]
    assert {price["per"] for price in veo["prices"]} == {"second"}


def test_media_only(daemon):
    """What is listed makes videos or images, nothing else [V45]."""
    assert {word for model in models(daemon).values() for word in model["output_modalities"]} <= {
        "video", "image"}


def test_the_list_is_the_authority(daemon, sim):
    """A model that is not in it is refused with near names, and nothing is sent [V36]."""
    status, answer, _ = daemon.post("/v1/videos", {"model": "google/veo-9", "prompt": "x"})
    assert status == 400 and answer["error"]["code"] == "model_unknown"
    assert answer["errors"][0]["allowed"] and sim.log() == []


def test_googles_own_id(daemon):
    """A bare Google id is that model at Google [C22]."""
    quote = daemon.post(
        "/v1/quote", {"model": "veo-3.1-generate-preview", "prompt": "x", "seconds": 8})[1]
    assert quote["model"] == VEO and quote["microusd"] == 8 * 400_000


def test_resolution_and_length_go_together(daemon):
    """Snapping moves to the nearest that the model makes together: 1080p means 8 s [T63]."""
    quote = daemon.post("/v1/quote", {
        "model": VEO, "prompt": "x", "seconds": 5, "resolution": "1080p", "snap": True})[1]
    assert (quote["resolved"]["seconds"], quote["resolved"]["resolution"]) == (8, "1080p")
    assert quote["asked"]["seconds"] == "5"


def test_plugins_are_mapped_libraries(daemon):
    """One file a provider, opened with dlopen: each is mapped by the daemon [P2] [B33]."""
    maps = Path(f"/proc/{daemon.process.pid}/maps").read_text()
    files = sorted(PLUGINS.glob("*.so"))
    assert len(files) >= 11
    for file in files:
        assert f"/{file.name}" in maps, file
    states = {plugin["name"]: plugin["state"] for plugin in daemon.get("/v1/plugins")["data"]}
    assert {file.stem.removeprefix("kinora-") for file in files} == states.keys()
    assert set(states.values()) == {"loaded"}
