"""What public suites for HTTP/1.1 servers try, sent to the daemon byte by byte.

The cases are those of Http11Probe (https://github.com/MDA2AV/Http11Probe: compliance, smuggling, malformed
input) and of the direct tests of https://github.com/cispa/http-conformance, in our own words and beside
those of test_http_wire.py. Where a suite takes several answers, the strictest is asked for.
"""

import json
import socket
from email.utils import formatdate, parsedate_to_datetime

import pytest
from httplint import HttpResponseLinter

from door_kit import KEY, with_tcp
from refusal_kit import untouchable, untouched
from wire import Wire, statuses

HOST = b"Host: kinora\r\n"
GET = b"GET /livez HTTP/1.1\r\n" + HOST
POST = b"POST /v1/resume HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
HIDDEN = GET + b"\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % (len(END) + len(HIDDEN)) + END + HIDDEN


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    with untouchable(tmp_path_factory.mktemp("conformance")) as daemon:
        yield daemon


def line(text):
    """A GET with another request line."""
    return text + b"\r\n" + HOST + b"\r\n"


# Each of these is 400, and the connection ends: where a next request would begin is not known.
REFUSED = {
    # Request lines.
    "bare-lf": b"GET /livez HTTP/1.1\nHost: kinora\r\n\r\n",
    "bare-cr": b"GET /livez HTTP/1.1\rHost: kinora\r\n\r\n",
    "no-target": line(b"GET HTTP/1.1"),
    "no-version": line(b"GET /livez"),
    "fragment": line(b"GET /livez#a HTTP/1.1"),
    "tab": line(b"GET\t/livez HTTP/1.1"),
    "blank-behind": line(b"GET /livez HTTP/1.1 "),
    "blank-before": line(b" GET /livez HTTP/1.1"),
    "blank-in-the-target": line(b"GET /li vez HTTP/1.1"),
    "no-minor-version": line(b"GET /livez HTTP/1"),
    "zeros-in-the-version": line(b"GET /livez HTTP/01.01"),
    "blank-in-the-version": line(b"GET /livez HTTP/ 1.1"),
    "lower-case-version": line(b"GET /livez http/1.1"),
    "another-protocol": line(b"GET /livez HTTPS/1.1"),
    "utf8-in-the-target": line(b"GET /caf\xc3\xa9 HTTP/1.1"),
    "nul-in-the-target": line(b"GET /\0livez HTTP/1.1"),
    "another-scheme": line(b"GET ftp://kinora/livez HTTP/1.1"),
    "authority-of-a-get": line(b"GET kinora:80 HTTP/1.1"),
    "blanks-alone": b"   \r\n\r\n",
    "method-of-100-kB": line(b"A" * 100_000 + b" / HTTP/1.1"),
    "method-that-is-no-token": line(b"G(T /livez HTTP/1.1"),
    # Fields.
    "no-host": b"GET /livez HTTP/1.1\r\n\r\n",
    "two-hosts": GET + HOST + b"\r\n",
    "host-with-userinfo": b"GET /livez HTTP/1.1\r\nHost: me@kinora\r\n\r\n",
    "host-with-path": b"GET /livez HTTP/1.1\r\nHost: kinora/a\r\n\r\n",
    "host-of-hashes": b"GET /livez HTTP/1.1\r\nHost: ###\r\n\r\n",
    "host-list": b"GET /livez HTTP/1.1\r\nHost: kinora, localhost\r\n\r\n",
    "blank-line-first": b"GET /livez HTTP/1.1\r\n \r\nHost: kinora\r\n\r\n",
    "blank-before-colon": GET + b"X-A : b\r\n\r\n",
    "no-colon": GET + b"X-A\r\n\r\n",
    "bracket-in-a-name": GET + b"X[A: b\r\n\r\n",
    "tab-in-a-name": GET + b"X\tA: b\r\n\r\n",
    "utf8-in-a-name": GET + b"X-\xc3\xab: b\r\n\r\n",
    "controls-in-a-value": GET + b"X-A: a\x07\x08\x0bb\r\n\r\n",
    "delete-in-a-value": GET + b"X-A: a\x7fb\r\n\r\n",
    "nul-in-a-value": GET + b"X-A: a\0\r\n\r\n",
    "two-types": POST + b"Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 2\r\n\r\nhi",
    # Lengths.
    "length-of-letters": POST + b"Content-Length: abc\r\n\r\n",
    "length-plus": POST + b"Content-Length: +2\r\n\r\nhi",
    "length-minus-zero": POST + b"Content-Length: -0\r\n\r\n",
    "length-octal": POST + b"Content-Length: 0o2\r\n\r\nhi",
    "length-with-underscore": POST + b"Content-Length: 1_0\r\n\r\n0123456789",
    "length-with-blank": POST + b"Content-Length: 1 0\r\n\r\n0123456789",
    "length-list": POST + b"Content-Length: 2, 2\r\n\r\nhi",
    "length-empty": POST + b"Content-Length:\r\n\r\n",
    "length-of-20-digits": POST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "two-lengths": POST + b"Content-Length: 4\r\nContent-Length: 2\r\n\r\nhi" + HIDDEN,
    # Codings.
    "te-and-length": POST + b"Transfer-Encoding: chunked\r\n" + LENGTH,
    "length-and-te": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + END,
    "te-unknown": POST + b"Transfer-Encoding: gzip\r\n\r\n",
    "te-x": POST + b"Transfer-Encoding: xchunked\r\n" + LENGTH,
    "te-identity": POST + b"Transfer-Encoding: identity\r\n" + LENGTH,
    "te-blank-behind-and-length": POST + b"Transfer-Encoding: chunked \r\n" + LENGTH,
    "te-capital-and-length": POST + b"Transfer-Encoding: Chunked\r\n" + LENGTH,
    "te-comma-first": POST + b"Transfer-Encoding: , chunked\r\n" + LENGTH,
    "te-comma-last": POST + b"Transfer-Encoding: chunked,\r\n\r\n" + END,
    "te-twice-in-one": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + END,
    "te-not-last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + END,
    "te-two-fields": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n" + LENGTH,
    "te-with-parameter": POST + b"Transfer-Encoding: chunked;a=b\r\n\r\n" + END,
    "te-vertical-tab": POST + b"Transfer-Encoding: \x0bchunked\r\n" + LENGTH,
    "te-form-feed": POST + b"Transfer-Encoding: \x0cchunked\r\n" + LENGTH,
    "te-nul": POST + b"Transfer-Encoding: chunked\0\r\n" + LENGTH,
    "te-folded": POST + b"Transfer-Encoding:\r\n chunked\r\n" + LENGTH,
    "te-blank-before-colon": POST + b"Transfer-Encoding : chunked\r\n" + LENGTH,
    "te-on-1.0": b"POST /v1/resume HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n" + LENGTH,
    # Chunks.
    "chunk-plus": CHUNKED + b"+2\r\nhi\r\n" + END,
    "chunk-with-underscore": CHUNKED + b"1_0\r\n0123456789abcdef\r\n" + END,
    "chunk-blank-before": CHUNKED + b" 2\r\nhi\r\n" + END,
    "chunk-blank-behind": CHUNKED + b"2 \r\nhi\r\n" + END,
    "chunk-too-long": CHUNKED + b"2\r\nhi!\r\n" + END,
    "chunk-lf-behind": CHUNKED + b"2\r\nhi\n" + END,
    "chunk-cr-alone": CHUNKED + b"2\rhi\r\n" + END,
    "chunk-semicolon-alone": CHUNKED + b"2;\r\nhi\r\n" + END,
    "chunk-extension-no-token": CHUNKED + b"2;a[=b\r\nhi\r\n" + END,
    "chunk-extension-nul": CHUNKED + b"2;\0a\r\nhi\r\n" + END,
    "chunk-extension-cr": CHUNKED + b"2;a\rb\r\nhi\r\n" + END,
    "trailer-lf": CHUNKED + b"2\r\nhi\r\n0\r\n\n",
    "trailer-no-token": CHUNKED + b"2\r\nhi\r\n0\r\nBad Name: x\r\n\r\n",
    "trailer-folded": CHUNKED + b"2\r\nhi\r\n0\r\nX-A: b\r\n c\r\n\r\n",
}

# Statuses, and whether the connection ends.
ANSWERED = {
    "two-empty-lines-first": (b"\r\n\r\n" + GET + b"\r\n", [200], False),
    "http-1.2": (line(b"GET /livez HTTP/1.2"), [505], True),
    "http-9.9": (line(b"GET /livez HTTP/9.9"), [505], True),
    "keep-alive-on-1.0": (b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2, [200, 200], False),
    "close-among-others": (GET + b"Connection: a, Close\r\n\r\n" + HIDDEN, [200], True),
    "close-in-a-second-field": (GET + b"Connection: a\r\nConnection: close\r\n\r\n" + HIDDEN, [200], True),
    "unknown-method": (line(b"FROB /v1/videos HTTP/1.1") + HIDDEN, [501, 200], False),
    "method-in-lower-case": (line(b"get /livez HTTP/1.1") + HIDDEN, [501, 200], False),
    "query": (line(b"QUERY /v1/videos HTTP/1.1") + HIDDEN, [405, 200], False),
    "trace": (line(b"TRACE /livez HTTP/1.1") + HIDDEN, [405, 200], False),
    "connect-to-a-path": (line(b"CONNECT /livez HTTP/1.1"), [405], True),
    "options": (line(b"OPTIONS /v1/videos HTTP/1.1") + HIDDEN, [204, 200], False),
    "options-of-nothing": (line(b"OPTIONS /nowhere HTTP/1.1"), [404], False),
    "no-body-at-all": (POST + b"\r\n", [200], False),
    "length-zeros-first": (POST + b"Content-Length: 002\r\n\r\nhi" + HIDDEN, [200, 200], False),
    "length-blanks-around": (POST + b"Content-Length:  2 \r\n\r\nhi" + HIDDEN, [200, 200], False),
    "te-in-capitals": (POST + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n2\r\nhi\r\n" + END, [200], False),
    "te-with-underscore": (
        POST + b"Transfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi" + HIDDEN, [200, 200], False),
    "length-with-underscore-name": (
        POST + b"Content_Length: 9\r\nContent-Length: 2\r\n\r\nhi" + HIDDEN, [200, 200], False),
    "chunks": (CHUNKED + b"A\r\n0123456789\r\n1\r\n!\r\n" + END, [200], False),
    "chunk-extensions": (CHUNKED + b'2;a;b=c\r\nhi\r\n1;d="e;f"\r\n!\r\n' + END, [200], False),
    "trailers-that-mean-nothing": (
        CHUNKED + b"2\r\nhi\r\n0\r\nContent-Length: 50\r\nHost: evil\r\n\r\n" + HIDDEN, [200, 200], False),
    "chunk-of-exabytes": (CHUNKED + b"7fffffffffffffff\r\nhi\r\n", [413], True),
    "websocket": (
        GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\n\r\n", [200], False),
    "expect-in-capitals": (POST + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi", [200], False),
    "expect-more": (POST + b"Expect: 100-continue, a\r\nContent-Length: 2\r\n\r\nhi", [417], True),
    "utf8-in-a-value": (GET + b"X-A: caf\xc3\xa9\r\n\r\n", [200], False),
    "target-of-7900": (line(b"GET /" + b"a" * 7900 + b" HTTP/1.1"), [404], False),
    "target-of-100-kB": (line(b"GET /" + b"a" * 100_000 + b" HTTP/1.1"), [414], True),
    "value-of-100-kB": (GET + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n", [431], True),
    "10000-fields": (GET + b"X-A: b\r\n" * 10_000 + b"\r\n", [431], True),
    "good-then-garbage": (HIDDEN + b"garbage\r\n\r\n" + HIDDEN, [200, 400], True),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(front, name):
    """One 400 and an end, and nothing of what was hidden in it is answered [S14]."""
    assert statuses(front.socket, REFUSED[name]) == ([400], True)


@pytest.mark.parametrize("name", ANSWERED)
def test_answered(front, name):
    """As many answers as requests, and the connection goes on where it may."""
    data, expected, closed = ANSWERED[name]
    assert statuses(front.socket, data) == (expected, closed)


def test_nothing_came_through(front):
    untouched(front)


@pytest.mark.parametrize("data", [
    b"GET /livez HTTP/1.1\r\nHost: kinora\r\nX-A: b", POST + b"Content-Length: 9\r\n\r\nhi",
    CHUNKED + b"2\r\nhi\r\n", b"GET /liv", b"FRO"])
def test_what_is_not_over_is_waited_for(front, data):
    """No answer before the request has ended; the client that goes away leaves nothing behind."""
    assert statuses(front.socket, data, seconds=0.5) == ([], False)


def test_a_body_of_get_is_not_a_request(front):
    """A prefix of a request in the body of a GET is its body, and the rest begins a line of its own."""
    with Wire(front.socket) as wire:
        wire.send(GET + b"Content-Length: %d\r\n\r\n" % len(GET) + GET)
        assert wire.answer()[0] == 200
        wire.send(b"\r\n" + HIDDEN)
        assert wire.answer()[0] == 200
        wire.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            wire.answer()


def test_methods_are_told(front):
    """405 and OPTIONS say what there is; 204 has no length; HEAD of everything has GET's fields."""
    for method, status in ((b"DELETE", 405), (b"QUERY", 405), (b"OPTIONS", 204)):
        with Wire(front.socket) as wire:
            wire.send(line(method + b" /v1/videos HTTP/1.1"))
            got, fields, body = wire.answer()
            assert (got, fields["allow"]) == (status, "GET, HEAD, POST, OPTIONS")
            assert status != 204 or "content-length" not in fields and body == b""
    with Wire(front.socket) as wire:
        wire.send(line(b"CONNECT kinora:80 HTTP/1.1"))
        assert "GET" in wire.answer()[1]["allow"]
    for path in (b"/", b"/docs", b"/openapi.json", b"/v1/models", b"/nowhere"):
        with Wire(front.socket) as wire:
            wire.send(line(b"GET " + path + b" HTTP/1.1") + line(b"HEAD " + path + b" HTTP/1.1"))
            answers = [wire.answer()[:2], wire.answer(head=True)[:2]]
            for _, fields in answers:
                # The length of a refusal too: only these two change from answer to answer.
                del fields["x-request-id"], fields["date"]
            assert answers[0] == answers[1], path


def test_the_entrance(front):
    """`/` is there for whoever has no more than an address, as are pages that can be kept: 304."""
    for path in ("/", "/docs", "/openapi.json"):
        status, _, fields = front.request("GET", path)
        assert status == 200 and fields["ETag"].startswith('W/"'), path
        for tag in (fields["ETag"], fields["ETag"][2:], f'"x", {fields["ETag"]}', "*"):
            status, body, again = front.request("GET", path, headers={"If-None-Match": tag})
            assert (status, body, again["ETag"]) == (304, b"", fields["ETag"])
            assert "Content-Type" not in again
        assert front.request("GET", path, headers={"If-None-Match": '"x"'})[0] == 200
    links = front.get("/")
    for name in ("documentation", "contract", "studio", "health"):
        assert front.request("GET", links[name])[0] == 200


def test_dates_of_files(daemon):
    """Conditions by date, in each of the three forms, and tags before dates (RFC 9110 §13.2.2)."""
    job = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "d", "seconds": 1})[1]["id"]
    assert daemon.get(f"/v1/videos/{job}?wait=60")["status"] == "completed"
    path = f"/v1/videos/{job}/content"
    _, whole, fields = daemon.request("GET", path)
    told, tag = fields["Last-Modified"], fields["ETag"]
    seconds = parsedate_to_datetime(told).timestamp()
    moment = parsedate_to_datetime(told)
    earlier = formatdate(seconds - 60, usegmt=True)
    forms = [told, moment.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
             moment.strftime("%a %b ") + f"{moment.day:2} " + moment.strftime("%H:%M:%S %Y")]

    def get(**headers):
        status, body, _ = daemon.request(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return status, len(body) if status in (200, 206) else 0
    for date in forms:
        assert get(If_Modified_Since=date) == (304, 0), date
        assert get(If_Unmodified_Since=date) == (200, len(whole)), date
    assert get(If_Modified_Since=earlier) == (200, len(whole))
    assert get(If_Modified_Since=formatdate(seconds + 10 ** 8, usegmt=True)) == (200, len(whole))
    assert get(If_Modified_Since="soon") == (200, len(whole))
    assert get(If_Unmodified_Since=earlier) == (412, 0)
    assert get(If_Unmodified_Since=earlier, If_Match=tag) == (200, len(whole))
    assert get(If_Modified_Since=told, If_None_Match='"x"') == (200, len(whole))
    assert get(If_Range=earlier, Range="bytes=0-3") == (200, len(whole))
    assert get(Range="bytes=0-3", If_Unmodified_Since=told) == (206, 4)
    status, _, fields = daemon.request("GET", path, headers={"If-None-Match": tag})
    assert status == 304 and fields["ETag"] == tag and "Content-Type" not in fields


def exchange(daemon, method, path, body=b"", **fields):
    """Bytes of an answer over TCP, as a linter wants them."""
    with socket.create_connection(daemon.address, 10) as wire:
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        wire.sendall((f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
                      f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body)
        data = b""
        while piece := wire.recv(1 << 16):
            data += piece
    return data


NO_COMPLAINTS = {
    # That a request was refused as wrong says nothing about the answer.
    "The server didn't understand the request.",
    # OpenAI's clients want 200 where a job was made; where it is is told all the same.
    "This status code doesn't define any meaning for the Location header.",
    # The linter looks for a brand of MP4 that is not the first one of these files.
    "The content doesn't match the declared Content-Type.",
}


def complaints(data):
    """What httplint calls bad or worth a warning in an answer."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    version, status, phrase = first.split(b" ", 2)
    linter = HttpResponseLinter()
    linter.process_response_topline(version, status, phrase)
    linter.process_headers([tuple(one.split(b":", 1)) for one in lines])
    chunked = b"transfer-encoding: chunked" in head.lower()
    if not chunked:
        linter.feed_content(body)
    linter.finish_content(True)
    return [note.summary for note in linter.notes
            if note.level.name in ("BAD", "WARN") and note.summary not in NO_COMPLAINTS]


def test_a_linter_has_no_complaint(daemons, sim):
    """httplint, the judge in REDbot, finds nothing bad in answers of every kind."""
    daemon = with_tcp(daemons(sim, speed=40)).start()
    made = exchange(daemon, "POST", "/v1/videos", b'{"model":"sample/clip","prompt":"lint"}',
                    Content_Type="application/json")
    job = json.loads(made.partition(b"\r\n\r\n")[2])["id"]
    assert daemon.get(f"/v1/videos/{job}?wait=60")["status"] == "completed"
    own = f"/v1/videos/{job}"
    answers = [
        exchange(daemon, *words, **fields) for words, fields in [
            (("GET", "/"), {}), (("GET", "/livez"), {}), (("GET", "/docs"), {}),
            (("GET", "/studio"), {}), (("GET", "/metrics"), {}), (("GET", own), {}),
            (("OPTIONS", own), {}), (("DELETE", "/v1/models"), {}), (("FROB", own), {}),
            (("GET", "/nowhere"), {}), (("POST", "/v1/videos", b"{}"), {"Content_Type": "text/plain"}),
            (("POST", "/v1/videos", b"{}"), {"Content_Type": "application/json"}),
            (("GET", f"{own}/content"), {}), (("GET", f"{own}/content"), {"Range": "bytes=0-99"}),
            (("GET", f"{own}/content"), {"Range": "bytes=99999999-"}),
            (("GET", f"{own}/content"), {"If_None_Match": "*"}),
            (("GET", f"{own}/content"), {"If_Match": '"x"'}), (("GET", f"{own}/events"), {}),
        ]]
    found = [(int(data.split()[1]), complaints(data)) for data in [made, *answers]]
    assert not [one for one in found if one[1]]
    assert {status for status, _ in found} >= {
        200, 204, 206, 304, 400, 404, 405, 412, 415, 416, 501}
