"""HTTP on the daemon's own socket, byte by byte: what is framed, what is refused, in which order."""

import json
import subprocess
import time

import pytest

from daemon import Daemon
from refusal_kit import untouchable, untouched
from wire import Wire, statuses


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    with untouchable(tmp_path_factory.mktemp("wire")) as daemon:
        yield daemon


HOST = b"Host: kinora\r\n"
GET = b"GET /livez HTTP/1.1\r\n" + HOST
# A body that nobody looks at, so that 200 means: framed as the sender meant it.
POST = b"POST /v1/resume HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"
OPEN, SHUT = False, True

# The published llhttp defects (CVE-2023-30589, CVE-2024-27982, CVE-2025-23167) and their kin:
# bytes, statuses, whether the connection is closed.
PROBES = {
    "content-length": (POST + b"Content-Length: 5\r\n\r\nhello", [200], OPEN),
    "bare-cr-ends-a-line": (POST + b"X: a\rContent-Length: 5\r\n\r\nhello", [400], SHUT),
    "bare-cr-then-chunked": (POST + b"X: a\rTransfer-Encoding: chunked\r\n\r\n" + HELLO, [400], SHUT),
    "empty-field-bare-cr": (POST + b"X:\rContent-Length: 5\r\n\r\nhello", [400], SHUT),
    "blank-before-host": (
        b"POST /v1/resume HTTP/1.1\r\n Host: kinora\r\nContent-Length: 5\r\n\r\nhello", [400], SHUT),
    "blank-before-length": (
        b"POST /v1/resume HTTP/1.1\r\n Content-Length: 5\r\nHost: kinora\r\n\r\nhello", [400], SHUT),
    "folded-length": (POST + b"X: a\r\n Content-Length: 5\r\n\r\nhello", [400], SHUT),
    "head-ends-crlf-cr": (POST + b"Content-Length: 5\r\n\rXhello", [400], SHUT),
    "get-ends-crlf-cr": (GET + b"\rX" + GET + b"\r\n", [400], SHUT),
    "chunk-extension-bare-lf": (CHUNKED + b"\r\n5;\nxx\r\nhello\r\n0\r\n\r\n", [400], SHUT),
    "chunk-size-bare-lf": (CHUNKED + b"\r\n5\nhello\r\n0\r\n\r\n", [400], SHUT),
    "chunk-without-crlf": (CHUNKED + b"\r\n5\r\nhelloXX0\r\n\r\n", [400], SHUT),
    "chunked-identity": (
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + HELLO, [400], SHUT),
    "folded-chunked": (
        POST + b"Transfer-Encoding: chunked\r\n , identity\r\n\r\n" + HELLO, [400], SHUT),
    "chunked-twice": (CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + HELLO, [400], SHUT),
    "trailers": (CHUNKED + b"\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", [200], OPEN),
    "cr-x-chunked": (POST + b"X-Abc: \rxTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
                     [400], SHUT),
    "cr-x-length": (POST + b"X-Abc:\rxContent-Length: 5\r\n\r\nhello", [400], SHUT),
    "blank-cr-x-length": (POST + b"X-Abc: \rxContent-Length: 5\r\n\r\nhello", [400], SHUT),
    "cr-cr-length": (POST + b"X-Abc: \r\rContent-Length: 5\r\n\r\nhello", [400], SHUT),
    "second-length-led-by-blank": (
        POST + b"Content-Length: 0\r\n Content-Length: 5\r\n\r\nhello", [400], SHUT),
    "chunked-led-by-blank": (
        POST + b"Content-Length: 5\r\n Transfer-Encoding: chunked\r\n\r\nhello", [400], SHUT),
    "blank-before-colon": (POST + b"Content-Length : 5\r\n\r\nhello", [400], SHUT),
    "post-ends-crlf-cr": (POST + b"Content-Length: 5\r\n\rhello", [400], SHUT),
    # What llhttp alone does not refuse, or answers otherwise than RFC 9112 asks.
    "bare-lf": (b"GET /livez HTTP/1.1\nHost: kinora\n\n", [400], SHUT),
    "empty-name": (GET + b": x\r\n\r\n", [400], SHUT),
    "line-of-a-colon": (GET + b":\r\n\r\n", [400], SHUT),
    "fold": (GET + b"X: a\r\n b\r\n\r\n", [400], SHUT),
    "empty-transfer-encoding": (POST + b"Transfer-Encoding:\r\n\r\n", [400], SHUT),
    "comma-chunked": (POST + b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", [400], SHUT),
    "chunked-on-1.0": (
        b"POST /v1/resume HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400], SHUT),
    "expect-on-1.0": (
        b"POST /v1/resume HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
        [200], SHUT),
    "expect-else": (GET + b"Expect: a-miracle\r\n\r\n", [417], SHUT),
    "upgrade-is-ignored": (
        GET + b"Connection: Upgrade\r\nUpgrade: foo\r\n\r\n" + GET + b"\r\n", [200, 200], OPEN),
    "h2c-is-ignored": (
        GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
        b"\r\n" + GET + b"\r\n", [200, 200], OPEN),
    "connect": (b"CONNECT kinora:80 HTTP/1.1\r\nHost: kinora:80\r\n\r\n", [405], SHUT),
    "absolute-form": (b"GET http://kinora/livez HTTP/1.1\r\n" + HOST + b"\r\n", [200], OPEN),
    "absolute-form-elsewhere": (b"GET http://evil/livez HTTP/1.1\r\n" + HOST + b"\r\n", [421], SHUT),
    "star": (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", [400], SHUT),
    "options-star": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", [204], OPEN),
    "http-2": (b"GET /livez HTTP/2.0\r\n" + HOST + b"\r\n", [505], SHUT),
    "http-2-preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505], SHUT),
    "http-0.9": (b"GET /livez\r\n\r\n", [400], SHUT),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400], SHUT),
    "long-chunk-extension": (CHUNKED + b"\r\n5;" + b"x" * 300_000 + b"\r\nhello\r\n0\r\n\r\n",
                             [400], SHUT),
    "long-target": (b"GET /" + b"a" * 8300 + b" HTTP/1.1\r\n" + HOST + b"\r\n", [414], SHUT),
    "length-minus": (POST + b"Content-Length: -1\r\n\r\n", [400], SHUT),
    "length-hex": (POST + b"Content-Length: 0x5\r\n\r\nhello", [400], SHUT),
    "length-overflow": (POST + b"Content-Length: 18446744073709551621\r\n\r\nhello", [400], SHUT),
    "chunk-size-minus": (CHUNKED + b"\r\n-5\r\nhello\r\n0\r\n\r\n", [400], SHUT),
    "chunk-size-0x": (CHUNKED + b"\r\n0x5\r\nhello\r\n0\r\n\r\n", [400], SHUT),
    "chunk-size-overflow": (CHUNKED + b"\r\n10000000000000005\r\nhello\r\n0\r\n\r\n", [400], SHUT),
    "nul-in-a-field": (GET + b"X: a\0b\r\n\r\n", [400], SHUT),
    "nul-in-the-target": (b"GET /liv\0ez HTTP/1.1\r\n" + HOST + b"\r\n", [400], SHUT),
    "two-blanks": (b"GET  /livez HTTP/1.1\r\n" + HOST + b"\r\n", [400], SHUT),
    "empty-line-first": (b"\r\n" + GET + b"\r\n", [200], OPEN),
    "no-host-on-1.0": (b"GET /livez HTTP/1.0\r\n\r\n", [200], SHUT),
    "empty-host": (b"GET /livez HTTP/1.1\r\nHost:\r\n\r\n", [200], OPEN),
    "host-with-port": (b"GET /livez HTTP/1.1\r\nHost: [::1]:8317\r\n\r\n", [200], OPEN),
    "body-of-a-get": (GET + b"Content-Length: 5\r\n\r\nhello" + GET + b"\r\n", [200, 200], OPEN),
    "connection-close": (GET + b"Connection: close\r\n\r\n" + GET + b"\r\n", [200], SHUT),
    "ten-at-once": ((GET + b"\r\n") * 10, [200] * 10, OPEN),
    "good-then-bad": (GET + b"\r\n" + b"GET /livez HTTP/1.1\r\n\r\n" + GET + b"\r\n",
                      [200, 400], SHUT),
}


@pytest.mark.parametrize("name", PROBES)
def test_probe(front, name):
    """One answer for each request that is one, one refusal and an end for everything else [S14]."""
    data, expected, closed = PROBES[name]
    found = statuses(front.socket, data)
    assert found == (expected, closed)


def test_nothing_came_through(front):
    untouched(front)


def test_byte_by_byte(front):
    """However a request is cut, it is the same request."""
    data = CHUNKED + b"\r\n" + HELLO + GET + b"\r\n"
    for size in (1, 2, 3, 7):
        with Wire(front.socket) as wire:
            for at in range(0, len(data), size):
                wire.send(data[at:at + size])
            assert wire.answer()[0] == 200 and wire.answer()[0] == 200


def test_every_answer_is_complete(front):
    """Date, length, request id and cache rule stand in answers and in refusals."""
    for data in [GET + b"\r\n", b"GET /none HTTP/1.1\r\n" + HOST + b"\r\n", b"nonsense\r\n\r\n"]:
        with Wire(front.socket) as wire:
            wire.send(data)
            _, fields, body = wire.answer()
            assert fields["date"].endswith(" GMT") and fields["x-request-id"].startswith("req_")
            assert int(fields["content-length"]) == len(body)
            assert fields["cache-control"] == "no-store"


def test_head(front):
    """HEAD gives GET's head and no body; the next answer follows at once."""
    for path in (b"/livez", b"/v1/models", b"/v1/videos", b"/readyz?verbose", b"/metrics", b"/none"):
        with Wire(front.socket) as wire:
            wire.send(b"HEAD " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n" + GET + b"\r\n")
            status, fields, _ = wire.answer(head=True)
            assert status == (404 if path == b"/none" else 200)
            assert int(fields["content-length"]) > 0
            assert wire.answer()[2] == b"ok\n"
    with Wire(front.socket) as wire:
        wire.send(b"HEAD /v1/events HTTP/1.1\r\n" + HOST + b"\r\n" + GET + b"\r\n")
        assert wire.answer(head=True)[1]["content-type"] == "text/event-stream"
        assert wire.answer()[2] == b"ok\n"


def test_expect(front):
    """100-continue comes before the body was sent, and not when it was."""
    body = b'{"model":"sample/clip","prompt":"x","dry_run":true}'
    head = (b"POST /v1/videos HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
            b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
    with Wire(front.socket) as wire:
        wire.send(head)
        assert wire.answer()[0] == 100
        wire.send(body)
        assert wire.answer()[0] == 200
        wire.send(head + body)
        assert wire.answer()[0] == 200
    # Refused without having asked for the body.
    with Wire(front.socket) as wire:
        wire.send(head.replace(b"Content-Length: %d" % len(body), b"Content-Length: 99999999"))
        assert wire.answer()[0] == 413 and wire.ended()
    start = time.monotonic()
    done = subprocess.run(
        ["curl", "-sS", "--unix-socket", str(front.socket), "-H", "Expect: 100-continue",
         "--expect100-timeout", "30", "--json", body.decode(), "http://kinora/v1/videos"],
        capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["object"] == "quote", done
    assert time.monotonic() - start < 20, "curl waited for a 100 that did not come"


def test_pipelining_behind_a_waiting_request(daemon, sim):
    """Answers come in the order of the requests, also behind one that waits."""
    daemon.post("/v1/pause")
    job = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "waits"})[1]["id"]
    target = f"/v1/videos/{job}?wait=1".encode()
    with Wire(daemon.socket) as wire:
        start = time.monotonic()
        wire.send(b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n" + (GET + b"\r\n") * 3)
        assert json.loads(wire.answer()[2])["id"] == job
        assert 0.8 < time.monotonic() - start < 4
        assert [wire.answer()[2] for _ in range(3)] == [b"ok\n"] * 3


def test_half_closed(front):
    """A client that sends its request and shuts its side down still gets the answer."""
    import socket
    for pause in (0, 0.1):
        with Wire(front.socket) as wire:
            wire.send(b"GET /v1/doctor HTTP/1.1\r\n" + HOST + b"\r\n")
            time.sleep(pause)
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.answer()[0] == 200 and wire.ended()


def test_ranges(daemon):
    """Every form of a range, against the whole file."""
    job = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "r", "seconds": 1})[1]["id"]
    assert daemon.get(f"/v1/videos/{job}?wait=30")["status"] == "completed"
    path = f"/v1/videos/{job}/content"
    _, whole, fields = daemon.request("GET", path)
    size, tag = len(whole), fields["ETag"]
    for text, status, part in [
            ("bytes=0-0", 206, whole[:1]), ("bytes=5-", 206, whole[5:]), ("bytes=-7", 206, whole[-7:]),
            (f"bytes=0-{size * 2}", 206, whole), (f"bytes=-{size * 2}", 206, whole),
            (f"bytes={size}-", 416, None), ("bytes=-0", 416, None), ("bytes=--5", 200, whole),
            ("bytes=5-2", 200, whole), ("items=0-1", 200, whole), ("bytes=", 200, whole),
            ("bytes=99999999999999999999-", (200, 416), None)]:
        got, body, answer = daemon.request("GET", path, headers={"Range": text})
        assert got == status or got in (status if isinstance(status, tuple) else ()), text
        if part is not None:
            assert body == part, text
        if got == 416:
            assert answer["Content-Range"] == f"bytes */{size}", text
    assert daemon.request("GET", path, headers={"Range": "bytes=0-0", "If-Range": tag})[0] == 206
    assert daemon.request("GET", path, headers={"Range": "bytes=0-0", "If-Range": '"x"'})[0] == 200
    assert daemon.request("GET", path, headers={"If-None-Match": f'"x", {tag}'})[0] == 304
    assert daemon.request("GET", path, headers={"If-Match": '"x"'})[0] == 412


def other(daemon, path, directory):
    """Another daemon on another state directory with that socket: what it says, and its end."""
    second = Daemon(directory, "http://127.0.0.1:1")
    second.config.write_text(
        second.config.read_text().replace(str(second.socket), str(path)))
    second.start(ready=False)
    return second.wait_dead(20), second.log()


def test_socket_file(daemon, tmp_path):
    """A stale socket is taken over, a live one refused with its pid, another file left alone."""
    status, log = other(daemon, daemon.socket, tmp_path / "second")
    assert status == 78 and f"process {daemon.process.pid}" in log, log
    assert daemon.get("/v1/usage")
    daemon.kill()
    assert daemon.socket.is_socket()
    daemon.start()
    assert daemon.request("GET", "/livez")[0] == 200
    for name, make in [("file", lambda path: path.write_text("mine")),
                       ("link", lambda path: path.symlink_to(tmp_path / "elsewhere"))]:
        path = tmp_path / name
        make(path)
        status, log = other(daemon, path, tmp_path / f"d-{name}")
        assert status == 78 and "not a socket; it is left alone" in log, log
        assert not path.is_socket()
