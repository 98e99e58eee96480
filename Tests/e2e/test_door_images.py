"""OpenAI's images, by the official client and by curl."""

import base64
import json
import subprocess

import openai
import pytest

from doors import data_url, http, official, png, submits

STILL = "sample/still-image"


def test_generations(daemon, sim):
    """The official client makes a picture as base64 and as an address [C60]."""
    images = official(daemon).images
    made = images.generate(model=STILL, prompt="a heron", size="1024x1024")
    assert base64.b64decode(made.data[0].b64_json).startswith(b"\x89PNG")
    assert submits(sim, "/images")[-1]["size"] == "1024x1024"
    told = images.generate(model=STILL, prompt="a heron", response_format="url")
    with http(daemon) as client:
        assert client.get(told.data[0].url).content.startswith(b"\x89PNG")


def test_several_pictures_are_all_there_and_paid_for(daemon, sim):
    made = official(daemon).images.generate(model=STILL, prompt="herons", n=3)
    assert len({image.b64_json for image in made.data}) >= 1 and len(made.data) == 3
    assert len(submits(sim, "/images")) == 3
    host = next(row for row in daemon.get("/v1/usage")["data"] if row["scope"] == "host")
    assert host["spent_microusd"] == 30_000


def test_edits_send_every_image(daemon, sim):
    """Multipart edits by the official client: one image, several, and JSON by data URL."""
    one, two = png(), png()
    images = official(daemon).images
    images.edit(model=STILL, prompt="at night", image=("one.png", one, "image/png"))
    assert [len(json.dumps(body["references"])) > 100
            for body in submits(sim, "/images")] == [True]
    images.edit(model=STILL, prompt="both", image=[("a.png", one, "image/png"),
                                                   ("b.png", two, "image/png")])
    sent = json.dumps(submits(sim, "/images")[-1]["references"])
    assert base64.b64encode(one).decode() in sent and base64.b64encode(two).decode() in sent
    with http(daemon) as client:
        answer = client.post("/v1/images/edits", json={
            "model": STILL, "prompt": "json", "image": data_url(one)})
        assert answer.status_code == 200, answer.text
    assert len(submits(sim, "/images")) == 3


@pytest.mark.parametrize("path,change,status,param", [
    ("generations", {"model": "sample/clip"}, 400, "model"),
    ("generations", {"prompt": ""}, 400, "prompt"),
    ("generations", {"size": "3x3"}, 400, "size"),
    ("generations", {"quality": "hd"}, 400, "quality"),
    ("generations", {"stream": True}, 501, "stream"),
    ("generations", {"image": "x"}, 400, "image"),
    ("edits", {}, 400, "image"),
    ("edits", {"image": data_url(png()), "mask": data_url(png())}, 501, "mask"),
])
def test_refusals(daemon, sim, path, change, status, param):
    """A field that cannot be honoured is refused before anything is paid."""
    with http(daemon) as client:
        answer = client.post(f"/v1/images/{path}", json={
            "model": STILL, "prompt": "x", **change})
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param), answer.text
    assert sim.log() == []


def test_a_failure_is_an_error(daemon):
    with pytest.raises(openai.APIStatusError) as caught:
        official(daemon).images.generate(model=STILL, prompt="x [fault:402]")
    assert caught.value.code == "provider_exhausted"
    assert caught.value.response.headers["x-kinora-job"].startswith("video_")


def test_curl(daemon):
    """One line of curl on the socket."""
    done = subprocess.run(
        ["curl", "-sf", "--unix-socket", str(daemon.socket), "http://kinora/v1/images/generations",
         "-H", "content-type: application/json", "-d", json.dumps({"model": STILL, "prompt": "x"})],
        capture_output=True, timeout=60, check=True)
    assert base64.b64decode(json.loads(done.stdout)["data"][0]["b64_json"])[:4] == b"\x89PNG"
