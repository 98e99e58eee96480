"""Speaks to the TanStack AI door as its client was recorded: requests byte for byte, answers read as its
parser reads them. The package is JavaScript (@tanstack/ai-client 0.27.0 and its first release with video).
"""

import json
import socket

PATH = "/api/generate/video"
PROMPT = "a flying car over a city"
INPUT = {"prompt": PROMPT, "size": "1280x720", "duration": 4}


def envelope(run, data=None, thread="video-1", **more):
    """What fetchServerSentEvents posts now."""
    data = data or INPUT
    return {"threadId": thread, "runId": run, "state": {}, "messages": [], "tools": [],
            "context": [], "forwardedProps": data, "data": data, **more}


class Stream:
    """One POST or GET on a socket of its own, read as it comes."""

    def __init__(self, daemon, body=None, target=PATH, method=None, fields=()):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(90)
        self.socket.connect(str(daemon.socket))
        data = json.dumps(body).encode() if body is not None else b""
        head = [f"{method or ('POST' if body is not None else 'GET')} {target} HTTP/1.1",
                "host: localhost", f"accept: {dict(fields).get('accept', '*/*')}", "accept-language: *", "sec-fetch-mode: cors",
                "user-agent: node", "accept-encoding: gzip, deflate"]
        if body is not None:
            head += ["content-type: application/json", f"content-length: {len(data)}"]
        head += [f"{name}: {value}" for name, value in dict(fields).items() if name != "accept"]
        self.socket.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + data)
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        for line in iter(self.file.readline, b"\r\n"):
            name, value = line.decode().rstrip("\r\n").split(": ", 1)
            self.headers[name.lower()] = value

    def pieces(self):
        if "content-length" in self.headers:
            yield self.file.read(int(self.headers["content-length"]))
            return
        assert self.headers.get("transfer-encoding") == "chunked"
        while size := int(self.file.readline(), 16):
            yield self.file.read(size)
            self.file.read(2)

    def text(self):
        return b"".join(self.pieces()).decode()

    def events(self):
        """(id, event) of each block, as they come."""
        rest = b""
        for piece in self.pieces():
            rest += piece
            *blocks, rest = rest.split(b"\n\n")
            for block in blocks:
                found, data = None, None
                for line in block.decode().split("\n"):
                    if line.startswith(":"):
                        continue
                    name, value = line.split(": ", 1)
                    assert name in ("id", "data"), line
                    if name == "id":
                        found = value
                    else:
                        assert data is None, "two data lines in one event"
                        data = json.loads(value)
                yield found, data
        assert rest == b"", rest

    def close(self):
        self.file.close()
        self.socket.close()


def run(daemon, body, **more):
    stream = Stream(daemon, body, **more)
    try:
        assert stream.status == 200
        return [event for _, event in stream.events()]
    finally:
        stream.close()


def words(events):
    """The order of events, repeats of one kind as one; progress is beside the way."""
    found = []
    for event in events:
        word = event.get("name", event["type"])
        if word != "generation:progress" and word not in found[-1:]:
            found.append(word)
    return found


def value(events, name):
    return [event["value"] for event in events if event.get("name") == name]


GOOD = ["RUN_STARTED", "video:job:created", "video:status", "generation:result", "RUN_FINISHED"]
