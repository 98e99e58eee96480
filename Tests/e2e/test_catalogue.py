"""The list of models as a bot's author sees it, and the plugins behind it."""

import json
import shutil
from pathlib import Path

from daemon import PLUGINS
from media import data_url
from pictures import png_of

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


def test_recommended(daemon):
    """Every listing says with which models to begin, also one that a client's rules made short [V44]."""
    listed = models(daemon)
    first = {name for name, model in listed.items() if model["kinora"]["recommended"]}
    assert "google/gemini-omni-1.1-flash" in first
    assert {name.split("/")[0] for name in first} == {model["owned_by"] for model in listed.values()}
    assert len(first) < len(listed) / 3


def test_recommended_of_few(daemons, sim):
    """A client that may use none of them begins with the first of its own [V44]."""
    rules = 'clients: {few: {principals: ["uid:4242", "uid:0"], models: ["google/veo-*"]}}\n'
    daemon = daemons(sim, extra=rules).start()
    listed = [model["kinora"]["recommended"] for model in models(daemon).values()]
    assert listed == [True] + [False] * (len(listed) - 1) and len(listed) > 2


def test_prices_say_as_of_when_and_where(daemon):
    """A price has its source and the day it was read [A5]."""
    prices = [price for model in models(daemon).values() for price in model["kinora"]["prices"]]
    assert len(prices) > 40
    for price in prices:
        assert price["as_of"] == price["date"] and len(price["as_of"]) == 10, price
        assert price["source"].strip()


def test_what_each_provider_can(daemon):
    """GET /v1/capabilities lists every provider's kinds, sound and readiness [B1]."""
    providers = daemon.get("/v1/capabilities")["providers"]
    assert {"google", "openai-videos", "openrouter", "zai", "sample"} <= providers.keys()
    google = providers["google"]
    assert {"text-to-video", "image-to-video"} <= set(google["kinds"]) and google["audio"]
    assert google["ready"] is True and google["models"] > 5 and google["plugin"] == "google"
    assert {"remix", "edit"} <= set(providers["openai-videos"]["kinds"])


def test_sound_is_said_and_warned_about(daemon):
    """The catalogue says who makes sound; asking a silent model is refused, or moved with a warning [A116]."""
    audio = {name: model["kinora"]["audio"] for name, model in models(daemon).items()}
    assert set(audio.values()) == {"never", "always", "optional"}
    silent = {"model": "zai/viduq1-text", "prompt": "x", "generate_audio": True}
    assert audio[silent["model"]] == "never"
    status, answer, _ = daemon.post("/v1/quote", silent)
    assert status == 400 and answer["error"]["param"] == "audio" and "never" in answer["detail"]
    quote = daemon.post("/v1/quote", {**silent, "snap": True})[1]
    (told,) = [warning for warning in quote["warnings"] if warning["field"] == "audio"]
    assert (told["action"], told["asked"], told["used"]) == ("adjusted", "true", "false")


def test_sound_reaches_the_provider(daemon, sim):
    """generate_audio is sent in the provider's own words [A127]."""
    able = [name for name, model in models(daemon).items()
            if model["kinora"]["audio"] == "optional" and model["owned_by"] in ("openrouter", "zai")
            and "text-to-video" in model["kinora"]["kinds"]]
    words = {"openrouter": "generate_audio", "zai": "with_audio"}
    chosen = {name.split("/")[0]: name for name in able}
    assert chosen.keys() == words.keys()
    for provider, model in chosen.items():
        for wish in (True, False):
            sim.reset()
            status, job, _ = daemon.post("/v1/videos", {
                "model": model, "prompt": "x", "generate_audio": wish, "max_cost_usd": 50})
            assert status == 200, job
            assert daemon.get(f"/v1/videos/{job['id']}?wait=60")["status"] == "completed", job
            (sent,) = [json.loads(entry["body"]) for entry in sim.log() if entry["method"] == "POST"]
            assert sent.get(words[provider], False) is wish, sent


def test_the_mode_reaches_the_plugin(daemon, sim):
    """What kind of making it is decides what the plugin sends: text, picture, remix [B37]."""
    def make(**fields):
        status, job, _ = daemon.post("/v1/videos", {
            "model": "openai-videos/sora-2", "prompt": "x", **fields})
        assert status == 200, job
        done = daemon.get(f"/v1/videos/{job['id']}?wait=60")
        assert done["status"] == "completed", done
        return done
    first = make(seconds=4, size="1280x720")
    picture = make(seconds=4, size="1280x720", input_reference=data_url(png_of(1280, 720)))
    remix = make(source={"job": first["id"], "as": "remix"})
    assert [job["kinora"]["kind"] for job in (first, picture, remix)] == [
        "text-to-video", "image-to-video", "remix"]
    paths = [entry["path"] for entry in sim.log() if entry["method"] == "POST"]
    assert paths == ["/openai/v1/videos", "/openai/v1/videos",
                     f"/openai/v1/videos/{first['kinora']['provider_id']}/remix"]


def test_a_plugin_that_is_dropped_in(daemons, sim, tmp_path):
    """A file put into the folder serves its provider after a reload, without a restart [A124]."""
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o755)
    install(folder, "kinora-sample.so")
    still = f"""  still:
    base_url: {sim.url}/still/v1
    allow_private: true
    assume_usd: 0
"""
    daemon = daemons(sim, providers=still)
    daemon.config.write_text(daemon.config.read_text().replace(f"[{PLUGINS}]", f"[{folder}]"))
    daemon.start()

    def state():
        listed = {entry["name"]: entry["state"] for entry in daemon.get("/v1/providers")["data"]}
        return listed["still"]
    assert state() == "unavailable"
    pid = daemon.process.pid
    install(folder, "kinora-still.so")
    assert daemon.post("/v1/reload")[0] == 200
    assert state() == "ok" and daemon.process.pid == pid and daemon.process.poll() is None
    job = daemon.post("/v1/videos", {"model": "still", "prompt": "x"})[1]
    assert daemon.get(f"/v1/videos/{job['id']}?wait=60")["status"] == "completed"


def install(folder, name):
    """As `install -m 644` does: whole or not at all."""
    new = folder / f".{name}"
    shutil.copyfile(PLUGINS / name, new)
    new.chmod(0o644)
    new.rename(folder / name)


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
