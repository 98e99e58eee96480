"""JavaScript clients as their sources make them, played by Node (players.mjs): requests over its own fetch,
answers read as strictly as their schemas read them."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from door_kit import KEY, with_tcp
from kinora_kit import eventually
from media import png

PLAYERS = str(Path(__file__).with_name("players.mjs"))
SMALL, LARGE = (base64.b64encode(png(size)).decode() for size in (400, 90_000))


@pytest.fixture
def front(daemons, sim):
    return with_tcp(daemons(sim, speed=40)).start()


def begin(front, player, **options):
    options = json.dumps({"tcp": front.tcp, "key": KEY, **options})
    return subprocess.Popen(["node", PLAYERS, player, options], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def end(process):
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    return json.loads(out)


def play(front, player, **options):
    return end(begin(front, player, **options))


@pytest.mark.parametrize("picture", [SMALL, LARGE], ids=["small", "large"])
def test_the_gateways_frames(front, sim, picture):
    """The AI SDK names a first frame twice, as image and among frameImages: it is one input [P17]."""
    frames = [{"type": "first_frame", "png": picture}, {"type": "last_frame", "png": SMALL}]
    done = play(front, "gatewayStart", run="frames", frames=frames)
    assert done["isMP4"] and done["warnings"] == []
    inputs = front.get(f"/v1/videos/{done['job']}")["kinora"]["request"]["inputs"]
    assert [given["role"] for given in inputs] == ["first_frame", "last_frame"]


@pytest.mark.parametrize("version", ["3", "4"])
def test_the_gateway_of_both_versions(front, sim, version):
    """The AI SDK 6 says specification 3, the AI SDK 7 says 4; both read the same event [P17]."""
    assert play(front, "gatewayBlocking", version=version)["isMP4"]


def test_openrouters_own_client(front, sim):
    """Its schema has members that may be absent, and none of those may be null."""
    done = play(front, "openRouter", prompt="a kite [render:60]")
    assert done["isMP4"] and done["usage"] == {"cost": 0.04, "is_byok": False}
    assert set(done["seen"]) <= {"pending", "in_progress", "completed"}
    failed = play(front, "openRouter", prompt="[fault:failed]")
    assert failed["error"] and failed["seen"][-1] == "failed"


@pytest.mark.parametrize("player", ["openRouterAISDK", "googleAISDK"])
def test_the_ai_sdks_providers_get_the_file_itself(front, sim, player):
    """They fetch addresses without a key and never from loopback: a result is a data URL for them."""
    done = play(front, player, frames=[{"type": "first_frame", "png": SMALL}])
    job, = front.jobs()
    assert done == {"bytes": job["kinora"]["artifacts"][0]["bytes"], "isMP4": True}


@pytest.mark.parametrize("background", [False, True], ids=["held", "background"])
def test_google_interactions(front, sim, background):
    """What waits is in_progress, the only word that older releases wait through."""
    done = play(front, "interaction", background=background)
    assert (done["status"], done["isMP4"], done["tries"]) == ("completed", True, 1)


def test_an_interaction_over_a_restart_pays_once(front, sim):
    """Its client sends a create that broke again, without any key: it attaches to the job."""
    player = begin(front, "interaction", prompt="a lighthouse [render:160]")
    job = eventually(lambda: [job for job in front.jobs() if job["kinora"]["provider_id"]])[0]
    front.kill()
    front.start()
    done = end(player)
    assert done["isMP4"] and done["tries"] >= 2
    assert [found["id"] for found in front.jobs()] == [job["id"]]
    assert [made["creations"] for made in sim.jobs()] == [1]


CLIP = {"role": "user", "content": "a pear [render:160]"}


@pytest.mark.parametrize("more, jobs", [({}, 1), ({"stream": True}, 1), ({"n": 2}, 2)],
                         ids=["whole", "stream", "two"])
def test_a_chat_over_a_restart_pays_once(front, sim, more, jobs):
    """An unmarked repeat without a key, as the AI SDK sends it, attaches to what was never answered."""
    body = {"model": "sample/clip", "messages": [CLIP], **more}
    player = begin(front, "again", path="/v1/chat/completions", body=body)
    eventually(lambda: sum(bool(job["kinora"]["provider_id"]) for job in front.jobs()) == jobs)
    made = {job["id"] for job in front.jobs()}
    front.kill()
    front.start()
    done = end(player)
    assert done["status"] == 200 and done["tries"] >= 2 and done["length"] > 1000
    assert {job["id"] for job in front.jobs()} == made
    assert [job["creations"] for job in sim.jobs()] == [1] * jobs


def test_openais_forms(front, sim):
    """Node's multipart with a file whose name needs escaping; a model's id with its slash encoded."""
    done = play(front, "openai", png=LARGE)
    assert (done["prompt"], done["model"]) == ("ein Böötchen 🚤", "sample/clip")
    inputs = front.get(f"/v1/videos/{done['job']}")["kinora"]["request"]["inputs"]
    assert [(given["role"], given["bytes"]) for given in inputs] == [("first_frame", 90_000)]
