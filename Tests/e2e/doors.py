"""What the tests of front doors share: clients on the socket, pictures, data URLs."""

import base64
import hashlib
import json
import os
import socket
import struct
import zlib

import httpx
import openai

VEO = "veo-3.1-generate-preview"
# The request that the chat door's users asked for.
WISH = {
    "model": VEO, "messages": [{"role": "user", "content": "A cat playing with a ball"}],
    "modalities": ["video", "text"],
    "video_config": {"duration_seconds": "8", "aspect_ratio": "16:9", "resolution": "720p"},
}


def png(width=64, height=36):
    """A real picture: random grey, so that no two are alike by chance."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\0" + os.urandom(width) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def data_url(data, mime="image/png"):
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def opened(url, mime):
    """The bytes of a data URL of this type."""
    head, text = url.split(",", 1)
    assert head == f"data:{mime};base64", head
    assert "\n" not in text
    return base64.b64decode(text, validate=True)


def http(daemon, **more):
    transport = httpx.HTTPTransport(uds=str(daemon.socket))
    more.setdefault("timeout", 120)
    return httpx.Client(transport=transport, base_url="http://kinora", **more)


def official(daemon, **more):
    """The unmodified official client on the socket."""
    return openai.OpenAI(
        api_key="not-looked-at", base_url="http://kinora/v1", http_client=http(daemon), **more)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def with_keys(daemon, port, **keys):
    """Makes the daemon listen on loopback with these keys, `name=secret`."""
    file = daemon.directory / "keys"
    file.write_text("".join(
        f"{name} {hashlib.sha256(secret.encode()).hexdigest()}\n"
        for name, secret in keys.items()))
    text = daemon.config.read_text()
    unix = next(line for line in text.splitlines() if line.startswith("  unix:"))
    daemon.config.write_text(text.replace(
        unix, f"{unix}\n  tcp: {{address: 127.0.0.1:{port}, keys_file: {file}}}"))
    return daemon


def submits(sim, path="/videos"):
    """Bodies of the paid requests that reached the provider."""
    return [json.loads(entry["body"]) for entry in sim.log()
            if entry["method"] == "POST" and entry["path"].endswith(path)]


def ask_chat(daemon, body=None, **headers):
    with http(daemon) as client:
        return client.post("/v1/chat/completions", json={**WISH, **(body or {})},
                           headers={name.replace("_", "-"): v for name, v in headers.items()})


def clip(content="a boat", **more):
    """A chat request for the simulator's own model."""
    return {"model": "sample/clip", "messages": [{"role": "user", "content": content}],
            "video_config": {}, **more}
