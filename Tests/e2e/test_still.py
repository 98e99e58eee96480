"""The example plugin in C, from a request to a picture, and every end of it."""

import base64
import json
import time

import pytest
from job_kit import ends_as, over
from simulator import probe
from test_comfyui import picture


@pytest.fixture
def host(daemons, sim):
    """A started daemon with the provider `still`."""
    return daemons(sim, providers=f"""  still:
    base_url: {sim.url}/still/v1
    allow_private: true
    poll_speed: 40
""").start()


def finished(daemon, prompt="a still life", **fields):
    return over(daemon, **{"model": "still", "prompt": prompt, **fields})


def submits(sim):
    return [json.loads(e["body"]) for e in sim.log()
            if e["method"] == "POST" and e["path"] == "/still/v1/images"]


@pytest.mark.parametrize("size, cost", [("1280x720", 10_000), ("2048x2048", 30_000)])
def test_a_picture(host, sim, size, cost):
    """A PNG of the size that was asked, priced by its size; all fields reach the provider as they are."""
    job = finished(host, 'a "still" {life}\nin \\ é', size=size, seed=7, negative_prompt="blur")
    assert job["status"] == "completed", job
    assert job["kinora"]["cost"]["settled_microusd"] == cost
    _, data, _ = host.request("GET", f"/v1/videos/{job['id']}/content")
    stream = probe(data)["streams"][0]
    assert (stream["codec_name"], f"{stream['width']}x{stream['height']}") == ("png", size)
    body = submits(sim)[0]
    assert body.pop("tag") == sim.jobs()[0]["tag"]
    assert body == {"model": "still-1", "prompt": 'a "still" {life}\nin \\ é', "size": size,
                    "seed": 7, "negative_prompt": "blur"}


def test_an_image_goes_in(host, sim):
    """Image to image: the very bytes are sent; what the model does not take is refused."""
    image = "data:image/png;base64," + base64.b64encode(picture()).decode()
    assert finished(host, references=[image])["status"] == "completed"
    assert submits(sim)[0]["image"] == image
    for fields, words in [({"size": "1x1"}, "1024x1024"), ({"seconds": 5}, "takes no seconds"),
                          ({"references": [image, image]}, "at most 1")]:
        status, body, _ = host.post("/v1/videos", {"model": "still", "prompt": "x", **fields})
        assert status == 400 and words in json.dumps(body), body


@pytest.mark.parametrize("wish, code, words", [
    ("[fault:failed]", "provider_refused", "The generation failed."),
    ("[fault:filtered]", "content_blocked", "content filter"),
    ("[fault:provider_cancelled]", "provider_refused", "cancelled the job"),
    ("[fault:success_without_asset]", "provider_refused", "names none that can be fetched"),
    ("[fault:401]", "provider_unauthenticated", "refused the credential: status 401"),
    ("[fault:402]", "provider_exhausted", "no credit left: status 402"),
    ("[fault:retired_model]", "provider_refused", "was shut down"),
    ("[fault:429_retry_after] [fault:unknown_status]", None, None),
    ("[fault:429] [fault:poll:truncated_json]", None, None),
    ("[fault:drop_after_accept] [fault:poll:html_200]", None, None),
    ("[fault:500] [fault:poll:500]", None, None),
    ("[fault:html_200_after_accept]", None, None),
])
def test_ends(host, sim, wish, code, words):
    """Every end in the provider's words; trouble on the way ends nothing and buys nothing twice."""
    job = finished(host, f"a still life {wish}")
    ends_as(job, code, words)
    if code is None:
        assert len(sim.jobs()) == 1 and sim.jobs()[0]["creations"] == 1


def test_cancel(host, sim):
    """The provider is told, and the money comes back when it says that the job ended."""
    job = host.post("/v1/videos", {"model": "still", "prompt": "a still life [render:600]"})[1]["id"]
    until(lambda: host.get(f"/v1/videos/{job}")["kinora"]["provider_id"])
    assert host.post(f"/v1/videos/{job}/cancel")[1]["error"]["code"] == "cancelled"
    until(lambda: sim.jobs()[0]["cancelled"])
    until(lambda: host.get(f"/v1/videos/{job}")["kinora"]["cost"]["reserved_microusd"] in (0, None))


def until(holds):
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it never came to that")
