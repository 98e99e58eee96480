"""Addresses of users, fetched for real: kinorad lives in a network namespace where one public
address, the metadata address and inner hosts all lead to a web of ours, and the CA is trusted.
"""

import hashlib
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import certificates
from kinora_kit import eventually
from media import PNG

HERE = Path(__file__).parent
INSIDE = """set -e
ip link set lo up
for address in 93.184.216.34 169.254.169.254 10.1.2.3; do ip addr add $address/32 dev lo; done
mount --bind {folder}/ca.pem /etc/ssl/certs/ca-certificates.crt
mount --bind {folder}/hosts /etc/hosts
{python} {here}/inner_web.py {folder} >{folder}/web.log 2>&1 &
i=0; while [ ! -e {folder}/up ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
exec "$@"
"""
UNSHARE = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net", "--mount"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A daemon inside; None where the kernel gives no namespaces."""
    if subprocess.run([*UNSHARE, "true"], capture_output=True).returncode != 0:
        warnings.warn("no namespaces here: redirects and resolved names are not tried")
        yield None
        return
    from daemon import Daemon
    folder = tmp_path_factory.mktemp("world")
    certificates.make(folder, "DNS:public.test,DNS:inner.test,DNS:rebound.test,"
                              "IP:93.184.216.34,IP:127.0.0.1,IP:169.254.169.254,IP:10.1.2.3")
    (folder / "hosts").write_text(
        "127.0.0.1 localhost\n93.184.216.34 public.test\n10.1.2.3 inner.test\n"
        "93.184.216.34 rebound.test\n127.0.0.1 rebound.test\n")
    script = folder / "inside"
    script.write_text(INSIDE.format(
        folder=folder, here=HERE, python=sys.executable))
    daemon = Daemon(folder / "d", "http://127.0.0.1:1")
    daemon.prefix = [*UNSHARE, "sh", str(script)]
    daemon.popen = {"start_new_session": True}
    daemon.start(ready=False)
    daemon.wait_ready(60)
    daemon.hits = folder / "hits"
    yield daemon
    os.killpg(daemon.process.pid, 9)
    daemon.process.wait()


def ask(world, address):
    """A dry run with that image: (answer, the hosts that were asked)."""
    world.hits.write_text("")
    status, body, _ = world.post("/v1/videos", {
        "model": "sample/clip", "prompt": "x", "dry_run": True, "input_reference": address})
    return status, body, world.hits.read_text().split("\n")[:-1]


def test_a_public_image_is_fetched(world):
    """The good case, so that the refusals below prove something."""
    if world is None:
        return
    eventually(lambda: ask(world, "https://public.test/image.png")[0] == 200, 10, "the good case")
    for address in ["https://public.test/image.png", "https://93.184.216.34/image.png",
                    "https://public.test/to-image"]:
        status, body, hits = ask(world, address)
        assert status == 200, body
        assert body["resolved"]["inputs"][0]["sha256"] == hashlib.sha256(PNG).hexdigest()
        assert all(hit.startswith("93.184.216.34:443") and hit.endswith("None") for hit in hits)


@pytest.mark.parametrize("path, code, words", [
    ("to-metadata", "url_refused", "169.254.169.254 is not public"),
    ("to-metadata-plain", "url_refused", "169.254.169.254 is not public"),
    ("to-loopback", "url_refused", "127.0.0.1 is not public"),
    ("to-decimal", "url_refused", "127.0.0.1 is not public"),
    ("to-private-name", "url_refused", "10.1.2.3 is not public"),
    ("to-self", "url_refused", "3 redirects"),
    ("to-file", "url_refused", "https://"),
    ("to-other-port", "url_refused", "443"),
    ("page", "bad_media", "web page"),
    ("cut.png", "bad_media", "cut off"),
    ("missing", "provider_unavailable", "404"),
])
def test_where_a_public_host_leads(world, path, code, words):
    """Each hop is checked anew; no inner host hears a byte [S9]."""
    if world is None:
        return
    status, body, hits = ask(world, f"https://public.test/{path}")
    assert body["error"]["code"] == code and words in body["detail"], body
    assert body["error"]["param"] == "input_reference"
    assert status == (503 if code == "provider_unavailable" else 400)
    assert hits and all(hit.startswith("93.184.216.34:443 ") for hit in hits), hits


@pytest.mark.parametrize("name", ["inner.test", "localhost"])
def test_a_name_that_leads_inside(world, name):
    """What counts is the address that is dialled, not the name."""
    if world is None:
        return
    status, body, hits = ask(world, f"https://{name}/image.png")
    assert (status, body["error"]["code"]) == (400, "url_refused") and "not public" in body["detail"]
    assert hits == []


def test_a_name_with_a_public_and_an_inner_address(world):
    """Whichever is dialled: the inner one never gets a request."""
    if world is None:
        return
    _, _, hits = ask(world, "https://rebound.test/image.png")
    assert all(hit.startswith("93.184.216.34:443 ") for hit in hits), hits
