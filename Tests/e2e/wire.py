"""Bytes on the daemon's socket, without a library that would tidy them up."""

import json
import socket
import time


class Wire:
    """One connection."""

    def __init__(self, path, seconds=5):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.socket.connect(str(path))
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """More bytes; nothing at the end of the connection, however it comes."""
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        self.pending += data
        return data

    def line(self):
        while b"\n" not in self.pending:
            if not self.receive():
                raise EOFError(self.pending)
        line, _, self.pending = self.pending.partition(b"\n")
        return line.rstrip(b"\r")

    def take(self, count):
        while len(self.pending) < count:
            if not self.receive():
                raise EOFError(self.pending)
        data, self.pending = self.pending[:count], self.pending[count:]
        return data

    def answer(self, head=False):
        """The next answer: (status, fields in lower case, body). EOFError when there is none."""
        version, status, _ = self.line().split(b" ", 2)
        assert version == b"HTTP/1.1", version
        fields = {}
        while line := self.line():
            name, _, value = line.partition(b":")
            assert name.lower().decode() not in fields, line
            fields[name.lower().decode()] = value.strip().decode()
        status = int(status)
        if head or status in (204, 304) or status < 200:
            return status, fields, b""
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self.line(), 16):
                body += self.take(size)
                assert self.line() == b""
            assert self.line() == b""
            return status, fields, body
        return status, fields, self.take(int(fields["content-length"]))

    def ended(self):
        """True when the other side closes without another byte."""
        while not self.pending:
            if not self.receive():
                return True
        return False


def statuses(path, data, seconds=5, quiet=0.3):
    """Sends bytes and gives (statuses of all answers, whether the connection was closed then)."""
    found = []
    with Wire(path, seconds) as wire:
        wire.send(data)
        while True:
            try:
                found.append(wire.answer()[0])
                wire.socket.settimeout(quiet)
            except EOFError:
                return found, True
            except TimeoutError:
                return found, False


def request(path, data, seconds=10):
    """One request as bytes: (status, JSON or bytes, fields)."""
    with Wire(path, seconds) as wire:
        wire.send(data)
        status, fields, body = wire.answer()
        kind = fields.get("content-type", "")
        return status, json.loads(body) if "json" in kind else body, fields


def percentile(values, part):
    """The value below which `part` of the values lie."""
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def timed(call):
    """Seconds that a call takes."""
    start = time.monotonic()
    call()
    return time.monotonic() - start
