"""OpenRouter's own list of models: asked for in the background, kept, never needed."""

import json
import subprocess

import pytest
from daemon import PLUGINS, Daemon
from kinora_kit import eventually
from simulator import program, video_stream

# In the provider's list, not in the plugin's catalog.
NEW = "openrouter/openai/sora-2-pro"


def models(daemon):
    return {m["id"]: m["kinora"] for m in daemon.get("/v1/models")["data"]
            if m["owned_by"] == "openrouter"}


def reload(daemon):
    status, body, _ = daemon.post("/v1/reload")
    assert status == 200, body


def quotes(daemon):
    """What every model costs without a wish, and what the dearest resolution does."""
    found = {}
    for name, model in models(daemon).items():
        for resolution in [None, *model["resolutions"]]:
            body = {"model": name, "prompt": "x", "max_cost_usd": "900"}
            if resolution:
                body["resolution"] = resolution
            found[name, resolution] = daemon.post("/v1/quote", body)[1]["microusd"]
    return found


def test_new_models_come_with_the_list_and_stay(own_sim, tmp_path):
    """A model of the list alone is priced, made, settled; kept over a restart without the provider."""
    sim = own_sim("--time-scale", 40)
    daemon = Daemon(tmp_path / "d", sim.url).start()
    try:
        before = quotes(daemon)
        assert NEW not in models(daemon)
        reload(daemon)
        listed = eventually(lambda: NEW in models(daemon) and models(daemon))
        assert listed[NEW]["kinds"] == ["text-to-video"] and listed[NEW]["audio"] == "optional"
        # What the catalog knew costs what it cost; what only it has is still there.
        after = quotes(daemon)
        assert {key: after[key] for key in before} == before
        assert "openrouter/google/gemini-3-pro-image" in listed

        made = daemon.post("/v1/videos", {
            "model": NEW, "prompt": "a fox", "seconds": 4, "resolution": "720p"})[1]
        assert made["kinora"]["cost"]["quoted_microusd"] == 1_200_000
        job = daemon.get(f"/v1/videos/{made['id']}?wait=60")
        assert job["status"] == "completed", job
        assert job["kinora"]["cost"]["settled_microusd"] == 1_200_000
        status, data, _ = daemon.request("GET", f"/v1/videos/{made['id']}/content")
        assert status == 200 and video_stream(data)["height"] == 720

        # A page, an error, a list of something else: the old one stays.
        for times, fault in enumerate(("html_200", "500", "truncated_json"), 1):
            sim.fault(fault, "openrouter", phase="other")
            reload(daemon)
            eventually(lambda: daemon.log().count("stays as it was") == times)
            assert NEW in models(daemon)
        daemon.stop()
        sim.stop()
        daemon.start()
        assert NEW in models(daemon)
        # A token has no price before the job ran.
        refused = daemon.post("/v1/videos", {
            "model": "openrouter/bytedance/seedance-2.5", "prompt": "x"})
        assert (refused[0], refused[1]["error"]["code"]) == (400, "model_unpriced")
    finally:
        daemon.kill()


def test_a_kept_list_counts_for_its_address_only(sim, tmp_path):
    """A damaged or foreign file is none, and no reason not to start."""
    daemon = Daemon(tmp_path / "d", sim.url).start()
    try:
        reload(daemon)
        eventually(lambda: NEW in models(daemon))
        kept = daemon.directory / "state/models/openrouter.json"
        good = json.loads(kept.read_text())
        for text in (json.dumps({**good, "url": "https://elsewhere.example/models"}),
                     json.dumps({**good, "answer": "{}"}), "{", ""):
            daemon.stop()
            kept.write_text(text)
            daemon.start()
            assert NEW not in models(daemon)
        daemon.stop()
        kept.write_text(json.dumps(good))
        daemon.start()
        assert NEW in models(daemon)
    finally:
        daemon.kill()


def listed(tmp_path, skus, **more):
    """The one model that the plugin makes of a list's line."""
    line = {"id": "a/b", "name": "B", "supported_durations": [5, 10],
            "supported_resolutions": ["720p", "4K"], "supported_aspect_ratios": ["16:9"],
            "supported_frame_images": ["first_frame"], "generate_audio": True, "seed": None,
            "pricing_skus": skus, **more}
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"data": [line]}))
    done = subprocess.run(
        [program("kinora-plugin-check", "KINORA_CHECK_BIN"), PLUGINS / "kinora-openrouter.so",
         "--catalog", "--models", answer], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)["models"]
    return made[0] if made else None


@pytest.mark.parametrize("skus, rules", [
    ({"duration_seconds": "0.1"}, [("0.1", None, None)]),
    ({"duration_seconds_with_audio": "0.12", "duration_seconds_with_audio_4k": "0.3",
      "duration_seconds_without_audio": "0.10"},
     [("0.3", True, "4K"), ("0.12", True, None), ("0.10", False, None)]),
    ({"cents_per_video_output_second_720p": "7", "cents_per_image_input": "0.2"},
     [("0.07", None, "720p"), ("0.002", None, None)]),
    # A resolution that is no longer offered, a way that is not offered here.
    ({"duration_seconds": "1", "duration_seconds_480p": "0.5",
      "cents_per_second_video_continuation_720p": "41"}, [("1", None, None)]),
    # Not understood, so not priced: a quote may be too high, never too low.
    ({"duration_seconds": "0.13", "reference_images": "0.04"}, []),
    ({"cents_per_second_output": "28", "minimum_cents_per_generation": "56"}, []),
    ({"video_tokens": "0.000007"}, []), ({"duration_seconds": "7e-3"}, []),
    ({"duration_seconds_per_frame": "1"}, []), ({"duration_seconds": 0.1}, []), (None, []),
])
def test_price_lists(tmp_path, skus, rules):
    made = listed(tmp_path, skus)
    found = [(r["usd"], r.get("audio"), r.get("resolution")) for r in made.get("prices", [])]
    assert found == rules


def test_what_makes_no_clips_is_left_out(tmp_path):
    assert listed(tmp_path, {}, supported_durations=None) is None
    assert listed(tmp_path, {}, supported_frame_images=None)["kinds"] == ["text-to-video"]
    assert listed(tmp_path, {}, generate_audio=False)["audio"] == "never"
