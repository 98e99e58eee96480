"""The storage-backend door: customers, and clips that are gone on with."""

import httpx
import pytest

from doors import free_port, http, submits, with_keys
from test_door_storage import ask, sample, wish
from test_kling import entry as kling
from vertex_kit import vertex_daemon


@pytest.fixture
def served(daemons, sim):
    """A daemon with three keys, and a function that asks it by one of them."""
    port = free_port()
    daemon = with_keys(daemons(sim, speed=40, extra="""
doors:
  storage_backend:
    customers: {"key:shop": [123, 124], "key:office": all}
"""), port, shop="sk-shop", office="sk-office", **{"77": "sk-77"}).start()

    def post(key, path="/video/generate", video=None, **top):
        answer = httpx.post(
            f"http://127.0.0.1:{port}{path}", json=wish(video, **top), timeout=60,
            headers={"Authorization": f"Bearer {key}"})
        assert answer.json()["code"] == answer.status_code
        return answer.json()
    post.port = port
    post.daemon = daemon
    return post


def test_a_customer_must_be_ones_own(served, sim):
    """A client asks for its own number, or for those that the configuration gives it [B20]."""
    codes = {(key, customer): served(key, **sample(), customer_id=customer)["code"]
             for key in ("sk-shop", "sk-office", "sk-77") for customer in (123, 999, 77)}
    assert codes == {
        ("sk-shop", 123): 200, ("sk-shop", 999): 403, ("sk-shop", 77): 403,
        ("sk-office", 123): 200, ("sk-office", 999): 200, ("sk-office", 77): 200,
        ("sk-77", 123): 403, ("sk-77", 999): 403, ("sk-77", 77): 200}
    assert len(submits(sim)) == 5
    refused = served("sk-wrong", **sample())
    assert refused["code"] == 401 and refused["success"] is False


def test_a_file_is_its_customers(served):
    """A key is served to the client that owns the job, under its customer's number only [B25] [B58]."""
    url = served("sk-shop", **sample())["data"]["video_url"]
    assert url.startswith(f"http://127.0.0.1:{served.port}/customers/123/assets/video/")

    def status(url, key):
        return httpx.get(url, headers={"Authorization": f"Bearer {key}"}).status_code
    assert status(url, "sk-shop") == 200
    assert status(url, "sk-office") == status(url.replace("/123/", "/124/"), "sk-shop") == 404
    assert status(url[:-6] + "0.mp4", "sk-shop") == 404


def test_extend(served, sim):
    """A finished clip is gone on with by the model that made it; another's does not exist
    [B12] [B40] [B41] [B42] [B63]."""
    made = served("sk-shop", video={"duration_seconds": 8})["data"]
    job = made["job_id"]
    longer = served("sk-shop", "/video/extend", {
        "model": None, "duration_seconds": None, "video_id": job}, prompt="and then")
    assert longer["code"] == 200, longer
    assert longer["data"]["settings"]["mode"] == "extend" and longer["data"]["duration"] > 0
    assert longer["data"]["upstream_model"] == made["upstream_model"]
    assert submits(sim, ":predictLongRunning")[-1]["instances"][0]["video"]
    # Also outside of `video`, as other versions of the dialect have it.
    plain = {"model": None, "duration_seconds": None}
    assert served("sk-shop", "/video/extend", plain, video_id=job)["code"] == 200
    # Without a word about length the model's own is asked for, wherever the id stands: 8 is what Veo's
    # dialect wants for an extension, and the door's 5 s are for new clips.
    for form in ({"video": {**plain, "video_id": job}}, {"video": plain, "video_id": job}):
        settings = served("sk-shop", "/video/extend", form["video"], **{
            name: value for name, value in form.items() if name != "video"})["data"]["settings"]
        assert settings["asked"] == {} and settings["requested_duration_seconds"] is None, settings
        assert submits(sim, ":predictLongRunning")[-1]["parameters"]["durationSeconds"] == 8
    assert served("sk-office", "/video/extend", {"video_id": job})["code"] == 404
    assert served("sk-shop", "/video/extend", {"video_id": job}, customer_id=124)["code"] == 404
    assert served("sk-shop", "/video/extend", {})["code"] == 400
    unable = served("sk-shop", "/video/extend", {"model": "sample/clip", "video_id": "v"})
    assert (unable["code"], unable["error"]["type"]) == (501, "NotImplementedError")
    clip = served("sk-shop", **sample())["data"]["job_id"]
    assert served("sk-shop", "/video/extend", {"model": None, "video_id": clip})["code"] == 501


def test_an_extension_is_as_long_as_its_model_makes_it(daemons, sim):
    """Vertex extends by 7 s and by nothing else: asked for without a length, and snapped to with one."""
    daemon = vertex_daemon(daemons, sim, options=', storage_uri: "gs://clips/out"')
    model = "vertex/veo-3.1-generate-001"
    _, body = ask(daemon, {"model": model, "duration_seconds": 4})
    job = body["data"]["job_id"]
    for seconds, asked in ((None, {}), (5, {"seconds": "5"})):
        _, body = ask(daemon, {"model": model, "duration_seconds": seconds, "video_id": job},
                      path="/video/extend")
        assert body["code"] == 200, body
        assert body["data"]["settings"]["asked"] == asked
        sent = submits(sim, ":predictLongRunning")[-1]
        assert sent["instances"][0]["video"] and sent["parameters"]["durationSeconds"] == 7


def test_bad_rules_are_found_at_start(daemons, sim):
    """A rule that is none is named with its place."""
    daemon = daemons(sim, extra='doors: {storage_backend: {customers: {"key:a": [0]}}}')
    daemon.start(ready=False)
    assert daemon.wait_dead() == 78
    assert "key:a must be all, or a list of numbers above 0" in daemon.log()


def test_kling_extends_as_it_always_did(daemons, sim, tmp_path):
    """The dialect's own case: Kling makes a clip and extends it by `video-extend`; KLING in any case
    finds it, another name of the family does not [B9] [B10] [B12] [B40] [B41] [B42] [B43] [B79]."""
    daemon = daemons(sim, speed=40, providers=kling(sim, tmp_path)).start()
    answer, body = ask(daemon, {"model": "KLING-v1"})
    assert answer.status_code == 200, body
    assert (body["data"]["provider"], body["data"]["upstream_model"]) == ("klingai", "kling-v1")
    assert body["data"]["duration"] == 5
    job = body["data"]["job_id"]
    _, body = ask(daemon, {"model": "kling", "video_id": job}, path="/video/extend")
    assert body["code"] == 200, body
    assert body["data"]["settings"]["mode"] == "extend" and body["data"]["duration"] > 0
    assert [entry["path"] for entry in sim.log() if entry["method"] == "POST"] == [
        "/kling/v1/videos/text2video", "/kling/v1/videos/video-extend"]
    _, body = ask(daemon, {"model": "kling-v9"})
    assert (body["code"], body["error"]["code"]) == (400, "model_unknown")
    assert "kling-v1" in body["error"]["allowed"]
