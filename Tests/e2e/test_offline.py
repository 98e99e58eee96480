"""The whole way, from the command line to a file that plays, on a host without any network."""

import subprocess
import sys
import warnings

import pytest
import spaces
from kinora_kit import Sandbox
from simulator import probe, program

# A namespace of its own with loopback alone; unshare becomes the program, so signals reach it.
INSIDE = [*spaces.UNSHARE, "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
OUTSIDE = "import socket; socket.create_connection(('93.184.216.34', 443), 5)"


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    if not spaces.available():
        warnings.warn("no namespaces here: nothing was tried without a network")
        yield None
        return
    sandbox = Sandbox(tmp_path_factory.mktemp("offline") / "box", "--speed", 40, prefix=INSIDE)
    yield sandbox
    assert sandbox.stop() == 0


def test_there_is_no_network_inside(box):
    """Loopback is all there is, so that what follows proves something."""
    if box is None:
        return
    links = subprocess.run([*INSIDE, "ip", "-brief", "link"], capture_output=True, text=True)
    assert [line.split()[0] for line in links.stdout.splitlines()] == ["lo"], links
    tried = subprocess.run([*INSIDE, sys.executable, "-c", OUTSIDE], capture_output=True, text=True)
    assert tried.returncode != 0 and "Network is unreachable" in tried.stderr, tried


def test_every_provider_makes_a_clip_offline(box, tmp_path):
    """Daemon, plugins and simulator need no network: every provider's clip is made, fetched and plays [P22]."""
    if box is None:
        return
    models = [model for model in box.get("/v1/models")["data"] if model["kinora"].get("ready")]
    first = {}
    for model in models:
        if "text-to-video" in model["kinora"]["kinds"]:
            first.setdefault(model["owned_by"], model["id"])
    assert len(first) >= 9, first
    for provider, model in first.items():
        # The command line stands in a namespace with not even loopback: a Unix socket is all it needs.
        done = subprocess.run(
            [*spaces.UNSHARE, "--net", program("kinora", "KINORA_BIN"), "--socket", box.socket,
             "generate", f"a paper boat for {provider}", "-m", model, "-o", f"{provider}.mp4",
             "--max-cost", "50", "--yes"],
            cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (provider, done)
        clip = (tmp_path / f"{provider}.mp4").read_bytes()
        assert probe(clip)["streams"][0]["codec_name"] == "h264", provider
    states = {entry["name"]: entry["state"] for entry in box.get("/v1/providers")["data"]}
    assert set(states.values()) == {"ok"}, states
