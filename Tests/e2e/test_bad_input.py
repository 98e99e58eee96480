"""Bad input: each refusal names the field and what would be right; nothing is reserved or sent."""

import json

import pytest

from kinora_kit import kinora
from media import PNG, data_url, png
from refusal_kit import BASE, post, refused, untouchable, untouched


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    with untouchable(tmp_path_factory.mktemp("front")) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def nothing_happened(front):
    yield
    untouched(front)


DEEP = {"a": 1}
for _ in range(80):
    DEEP = {"a": DEEP}

# id, fields laid over BASE, status, code, the field that is named, words of the message.
FIELDS = [
    ("misspelt", {"secods": 5}, 400, "unknown_field", "secods", "did you mean seconds?"),
    ("unknown", {"zzz": 5}, 400, "unknown_field", "zzz", "is not known"),
    ("prompt-number", {"prompt": 5}, 400, "bad_field", "prompt", "not number"),
    ("prompt-empty", {"prompt": ""}, 400, "prompt_missing", "prompt", "missing"),
    ("prompt-blank", {"prompt": " \n\t"}, 400, "prompt_missing", "prompt", "missing"),
    ("prompt-null", {"prompt": None}, 400, "prompt_missing", "prompt", "missing"),
    ("model-number", {"model": 5}, 400, "bad_field", "model", "must be a string"),
    ("model-unknown", {"model": "nope"}, 400, "model_unknown", "model", '"nope"'),
    ("model-of-provider", {"model": "sample/clop"}, 400, "model_unknown", "model", "sample/clop"),
    ("provider-unknown", {"model": "sampel/clip"}, 400, "model_unknown", "model", "sampel/clip"),
    ("model-retired", {"model": "sample/clip-retired"}, 410, "model_retired", "model", "2026-01-31"),
    ("model-unpriced", {"model": "sample/clip-unpriced"}, 400, "model_unpriced", "max_cost_usd",
     "no known price"),
    ("key-not-configured", {"model": "keyless/google/veo-3.1-lite"}, 400, "credential_missing",
     "providers.keyless.credentials.api_key", "keyless"),
    ("key-not-there", {"model": "lost-key/gemini-omni-1.1-flash"}, 400, "credential_missing",
     "providers.lost-key.credentials.api_key", "lost-key"),
    ("seconds-0", {"seconds": 0}, 400, "bad_field", "seconds", "above 0"),
    ("seconds-21", {"seconds": 21}, 400, "bad_field", "seconds", "1 to 20"),
    ("seconds-half", {"seconds": 4.5}, 400, "bad_field", "seconds", "steps of 1"),
    ("seconds-minus", {"seconds": -4}, 400, "bad_field", "seconds", "-4"),
    ("seconds-word", {"seconds": "soon"}, 400, "bad_field", "seconds", '"soon"'),
    ("seconds-list", {"seconds": [4]}, 400, "bad_field", "seconds", "an array"),
    ("seconds-huge", {"seconds": 1e300}, 400, "bad_field", "seconds", "above 0"),
    ("seconds-twice", {"seconds": 4, "duration": 4}, 400, "bad_field", "duration", "same as seconds"),
    ("size", {"size": "640x480"}, 400, "bad_field", "size", "1280x720"),
    ("size-number", {"size": 720}, 400, "bad_field", "size", "must be a string"),
    ("aspect-ratio", {"aspect_ratio": "3:1"}, 400, "bad_field", "aspect_ratio", "16:9"),
    ("resolution", {"resolution": "9k"}, 400, "bad_field", "resolution", "720p"),
    ("fps-word", {"fps": "fast"}, 400, "bad_field", "fps", "whole number"),
    ("audio-word", {"audio": "yes"}, 400, "bad_field", "audio", "true or false"),
    ("seed-half", {"seed": 1.5}, 400, "bad_field", "seed", "whole number"),
    ("n-0", {"n": 0}, 400, "bad_field", "n", "1 to 100"),
    ("n-2", {"n": 2}, 400, "bad_field", "n", "1 to 1"),
    ("cost-minus", {"max_cost_usd": -1}, 400, "bad_field", "max_cost_usd", "dollars"),
    ("cost-word", {"max_cost_usd": "cheap"}, 400, "bad_field", "max_cost_usd", "dollars"),
    ("cost-too-small", {"max_cost_usd": "0.049999"}, 402, "max_cost_exceeded", "max_cost_usd",
     "$0.05"),
    ("snap-word", {"snap": "yes"}, 400, "bad_field", "snap", "true or false"),
    ("metadata-list", {"metadata": []}, 400, "bad_field", "metadata", "an object"),
    ("metadata-number", {"metadata": {"a": 1}}, 400, "bad_field", "metadata.a", "a string"),
    ("metadata-17", {"metadata": {str(n): "" for n in range(17)}}, 400, "bad_field", "metadata",
     "at most 16"),
    ("metadata-key-65", {"metadata": {"k" * 65: ""}}, 400, "bad_field", "metadata", "1 to 64"),
    ("metadata-key-empty", {"metadata": {"": ""}}, 400, "bad_field", "metadata", "1 to 64"),
    ("metadata-value-513", {"metadata": {"a": "v" * 513}}, 400, "bad_field", "metadata.a", "512"),
    ("user-empty", {"user": ""}, 400, "bad_field", "user", "1 to 256"),
    ("user-control", {"user": "a\nb"}, 400, "bad_field", "user", "control"),
    ("options-number", {"options": 5}, 400, "bad_field", "options", "an object"),
    ("source-foreign", {"source": {"job": "video_" + "0" * 32}}, 400, "bad_field", "source.job",
     "there is no job"),
    ("source-word", {"source": "video_1"}, 400, "bad_field", "source", "an object"),
    ("source-misspelt", {"source": {"jop": "x"}}, 400, "unknown_field", "source.jop",
     "did you mean job?"),
    ("reference-word", {"input_reference": "frame.png"}, 400, "bad_field", "input_reference",
     "data URL"),
    ("reference-object", {"input_reference": {"image": "x"}}, 400, "bad_field", "input_reference",
     "medium"),
    ("references-number", {"references": 5}, 400, "bad_field", "references", "an array"),
    ("references-4", {"references": [data_url(PNG)] * 4}, 400, "bad_field", "references", "at most 3"),
    ("first-frame-twice", {"first_frame": data_url(PNG), "input_reference": data_url(PNG)}, 400,
     "bad_field", "first_frame", "same as input_reference"),
    ("text-as-image", {"input_reference": data_url(b"hello, world")}, 400, "bad_media",
     "input_reference", "input_reference: image was expected"),
    ("html-as-image", {"first_frame": data_url(PNG),
                       "last_frame": data_url(b"<!DOCTYPE html><html></html>")}, 400, "bad_media",
     "last_frame", "text/html"),
    ("last-frame-alone", {"last_frame": data_url(PNG)}, 400, "bad_field", "last_frame",
     "needs first_frame"),
    ("video-as-image", {"references": [data_url(PNG), data_url(b"\x1a\x45\xdf\xa3" + bytes(99))]},
     400, "bad_media", "references.1", "video/webm"),
    ("png-truncated", {"input_reference": data_url(PNG[:-9])}, 400, "bad_media", "input_reference",
     "cut off"),
    ("png-head-only", {"input_reference": data_url(PNG[:20])}, 400, "bad_media", "input_reference",
     "cut off"),
    ("png-truncated-long", {"first_frame": data_url(png(200_000)[:-5])}, 400, "bad_media",
     "first_frame", "cut off"),
    ("gif-not-taken", {"input_reference": data_url(b"GIF89a\1\0\1\0\0\0\0;", "image/gif")}, 400,
     "bad_media", "input_reference", "image/gif"),
    ("data-empty", {"input_reference": "data:image/png;base64,"}, 400, "bad_media",
     "input_reference", "empty"),
    ("data-not-base64", {"input_reference": "data:image/png;base64,#####"}, 400, "bad_media",
     "input_reference", "base64"),
    ("data-plain", {"input_reference": "data:image/png,hello"}, 400, "bad_media", "input_reference",
     "without base64"),
    ("data-nested", {"references": [{"image_url": {"url": "data:image/png,x"}}]}, 400, "bad_media",
     "references.0.image_url", "without base64"),
]


@pytest.mark.parametrize("row", FIELDS, ids=lambda row: row[0])
def test_field(front, row):
    """A wrong field is named, with the values that would do."""
    _, fields, status, code, field, words = row
    allowed = refused(front.post("/v1/videos", {**BASE, **fields}), status, code, field, words)
    assert allowed, "no allowed values"
    # A quote meets the same refusal.
    if code != "credential_missing":
        refused(front.post("/v1/quote", {**BASE, **fields}), status, code, field, words)


@pytest.mark.parametrize("fields", [
    {"options": {"steps": 5}}, {"model": "sample/still-image", "seconds": 4},
    {"model": "sample/still-image", "prompt": "x", "negative_prompt": "y"},
], ids=lambda fields: list(fields)[-1])
def test_field_that_the_model_does_not_take(front, fields):
    """A field that a model cannot honour is refused and never dropped silently."""
    status, body, _ = front.post("/v1/videos", {**BASE, **fields})
    assert status == 400 and list(fields)[-1] in body["error"]["param"], body


# Addresses that a request may not make the daemon fetch.
ADDRESSES = [
    "https://127.0.0.1/a.png", "https://2130706433/a.png", "https://017700000001/a.png",
    "https://0x7f000001/a.png", "https://0177.0.0.1/a.png", "https://0x7f.1/a.png",
    "https://127.1/a.png", "https://[::1]/a.png", "https://[::]/a.png", "https://0/a.png",
    "https://[::ffff:127.0.0.1]/a.png", "https://[::ffff:7f00:1]/a.png",
    "https://[64:ff9b::7f00:1]/a.png", "https://[2002:7f00:1::]/a.png",
    "https://169.254.169.254/latest/meta-data", "https://[fd00:ec2::254]/", "https://[fe80::1]/",
    "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/",
    "https://192.0.0.8/", "https://198.18.0.1/", "https://224.0.0.1/", "https://240.0.0.1/",
    "https://255.255.255.255/", "https://localhost/a.png", "https://localhost./a.png",
    "https://user:canary@example.com/a.png", "https://example.com@127.0.0.1/", "https://1.2.3.4.5/",
    "https://example.com:8443/a.png", "https://example.com:0/", "https://exa mple.com/",
    "https://example.com\\@127.0.0.1/", "https:///a.png", "https://%31%32%37.0.0.1/",
    "https://①②⑦.0.0.1/", "https://example.com/%zz", "http://example.com/a.png",
    "ftp://example.com/a.png", "file:///etc/hostname", "gopher://127.0.0.1:1/_x",
    "https://" + "a" * 8192 + ".example/",
]


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda text: text[:40])
def test_address(front, address):
    """Private, loopback and odd addresses are refused by their field, in every form [S9]."""
    for field, value in [
            ("input_reference", address), ("first_frame", {"image_url": address}),
            ("references", [{"image_url": {"url": address}}])]:
        status, body, _ = front.post("/v1/videos", {**BASE, field: value})
        assert (status, body["error"]["code"]) == (400, "url_refused"), body
        assert body["error"]["param"].startswith(field) and body["errors"][0]["allowed"], body
        assert "canary" not in json.dumps(body), "a password is repeated"


# Bodies as bytes: body, status, code, words of the message.
BODIES = {
    "empty": (b"", 400, "malformed_body", "empty"),
    "cut": (b'{"prompt": "x"', 400, "malformed_body", "line 1, column 15"),
    "comma": (b'{"prompt": "x",\n  "seconds": 5,, }', 400, "malformed_body", "line 2, column 16"),
    "umlauts": ('{"prompt": "äöü", }'.encode(), 400, "malformed_body", "line 1, column 19"),
    "list": (b"[]", 400, "malformed_body", "object, not array"),
    "string": (b'"x"', 400, "malformed_body", "object, not string"),
    "single-quotes": (b"{'prompt': 'x'}", 400, "malformed_body", "double quotes at line 1"),
    "behind": (b'{"prompt":"x"} {}', 400, "malformed_body", "line 1, column 16"),
    "nan": (b'{"prompt":"x","seconds":NaN}', 400, "malformed_body", "column 25"),
    "huge-number": (b'{"prompt":"x","seconds":1e400}', 400, "malformed_body", "out of range"),
    "leading-zero": (b'{"prompt":"x","seconds":04}', 400, "malformed_body", "leading zero"),
    "twice": (b'{"prompt":"x","prompt":"y"}', 400, "malformed_body", '"prompt" stands twice'),
    "twice-inside": (b'{"metadata":{"a":"x","a":"y"}}', 400, "malformed_body", '"a" stands twice'),
    "nul": (b'{"prompt":"a\0b"}', 400, "malformed_body", "column 13"),
    "bad-utf8": (b'{"prompt":"a\xff\xfeb"}', 400, "malformed_body", "UTF-8"),
    "overlong-utf8": (b'{"prompt":"\xc0\xafb"}', 400, "malformed_body", "UTF-8"),
    "half-a-pair": (b'{"prompt":"\\ud800"}', 400, "malformed_body", "surrogate"),
    "bom": (b'\xef\xbb\xbf{"prompt":"x"}', 400, "malformed_body", "line 1, column 1"),
    "deep-65": (json.dumps({"options": DEEP}).encode(), 400, "malformed_body", "64 levels"),
    "deep-list": (b"[" * 100_000, 400, "malformed_body", "64 levels"),
}


@pytest.mark.parametrize("name", BODIES)
def test_body(front, name):
    """Broken JSON is told by line and column."""
    body, status, code, words = BODIES[name]
    refused(post(front, body), status, code, None, words)


GOOD = json.dumps(BASE).encode()
# Other ways to be wrong: header fields, what else differs, status, code, field, words.
HEADS = {
    "gzip": (["Content-Encoding: gzip"], {}, 415, "unsupported_media_type", None, "encoded"),
    "text": ([], {"kind": "text/plain"}, 415, "unsupported_media_type", "Content-Type",
             "application/json or multipart/form-data"),
    "form": ([], {"kind": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type",
             "Content-Type", "application/json"),
    "no-boundary": ([], {"kind": "multipart/form-data"}, 400, "malformed_body", None, "boundary"),
    "wrong-boundary": ([], {"kind": "multipart/form-data; boundary=x"}, 400, "malformed_body", None,
                       "boundary"),
    "no-host": ([], {"host": None}, 400, "malformed_request", None, "Host"),
    "two-hosts": (["Host: kinora"], {}, 400, "malformed_request", None, "one Host"),
    "host-list": ([], {"host": "Host: kinora, evil"}, 400, "malformed_request", None, "host"),
    "host-user": ([], {"host": "Host: root@kinora"}, 400, "malformed_request", None, "host"),
    "other-host": ([], {"host": "Host: evil.example"}, 421, "misdirected_request", None, "host"),
    "rebound-host": ([], {"host": "Host: 127.0.0.1.evil.example:80"}, 421, "misdirected_request",
                     None, "host"),
    "origin": (["Origin: http://localhost"], {}, 403, "forbidden", None, "Origin"),
    "origin-null": (["Origin: null"], {}, 403, "forbidden", None, "Origin"),
    "two-lengths": ([f"Content-Length: {len(GOOD)}"], {}, 400, "malformed_request", None,
                    "Content-Length"),
    "length-list": ([f"Content-Length: {len(GOOD)}, {len(GOOD)}"], {"length": False}, 400,
                    "malformed_request", None, "Content-Length"),
    "length-plus": ([f"Content-Length: +{len(GOOD)}"], {"length": False}, 400, "malformed_request",
                    None, "Content-Length"),
    "length-and-chunked": (["Transfer-Encoding: chunked"], {}, 400, "malformed_request", None,
                           "Transfer-Encoding"),
    "expect": (["Expect: 200-ok"], {}, 417, "expectation_failed", None, "100-continue"),
    "key-empty": (["Idempotency-Key:"], {}, 400, "bad_field", "Idempotency-Key", "1 to 255"),
    "key-256": (["Idempotency-Key: " + "k" * 256], {}, 400, "bad_field", "Idempotency-Key", "255"),
    "key-blank": (["Idempotency-Key: a b"], {}, 400, "bad_field", "Idempotency-Key", "visible"),
    "two-keys": (["Idempotency-Key: a", "Idempotency-Key: a"], {}, 400, "bad_field",
                 "Idempotency-Key", "one key"),
    "long-head": (["X-Long: " + "x" * 33_000], {}, 431, "headers_too_large", None, ""),
    "many-fields": ([f"X-{n}: 1" for n in range(101)], {}, 431, "headers_too_large", None, ""),
}


@pytest.mark.parametrize("name", HEADS)
def test_head(front, name):
    """A wrong head is refused before its body counts for anything [S4] [S5] [S14]."""
    fields, more, status, code, field, words = HEADS[name]
    answer = post(front, GOOD, *fields, **more)
    allowed = refused(answer, status, code, field, words)
    assert field is None or allowed


@pytest.mark.parametrize("target, field, code", [
    ("/v1/videos?limit=0", "limit", "bad_field"), ("/v1/videos?limit=1001", "limit", "bad_field"),
    ("/v1/videos?limit=ten", "limit", "bad_field"), ("/v1/videos?order=up", "order", "bad_field"),
    ("/v1/videos?status=weird", "status", "bad_field"),
    ("/v1/videos?lmit=5", "lmit", "unknown_field"),
    ("/v1/usage?day=2026-02-30", "day", "bad_field"), ("/v1/usage?day=today", "day", "bad_field"),
])
def test_query(front, target, field, code):
    assert refused(front.request("GET", target), 400, code, field, field)


def test_method_and_path(front):
    """405 names what fits; an unknown path and a missing job are told apart from each other."""
    for method, path, allow in [
            ("PUT", "/v1/videos", "GET, HEAD, OPTIONS, POST"),
            ("DELETE", "/v1/models", "GET, HEAD, OPTIONS"), ("GET", "/v1/quote", "OPTIONS, POST"),
            ("POST", "/livez", "GET, HEAD, OPTIONS"),
            ("PATCH", "/v1/videos/video_1", "DELETE, GET, HEAD, OPTIONS"),
            ("TRACE", "/livez", "GET, HEAD, OPTIONS")]:
        status, body, headers = front.request(method, path)
        assert status == 405 and body["error"]["code"] == "method_not_allowed", body
        assert sorted(headers["Allow"].split(", ")) == allow.split(", ")
    missing = "video_" + "0" * 32
    for method, path in [
            ("GET", ""), ("GET", "/content"), ("GET", "/events"), ("GET", "/evidence"),
            ("POST", "/cancel"), ("DELETE", "")]:
        answer = front.request(method, f"/v1/videos/{missing}{path}")
        refused(answer, 404, "not_found", None, "there is no job")
    refused(front.request("GET", "/v2/videos"), 404, "not_found", None, "no path /v2/videos")
    refused(front.request("GET", "/v1/videos/..%2f..%2fetc%2fpasswd"), 404, "not_found", None)


@pytest.mark.parametrize("words, code, expected", [
    (["generate", "x", "--seconds", "99"], 2, ["seconds", "1 to 20"]),
    (["generate", "x", "-m", "sample/clop"], 2, ["sample/clop", "sample/clip"]),
    (["generate", "x", "--image", "/etc/hostname"], 2, ["image"]),
    (["generate", "x", "-m", "keyless/google/veo-3.1-lite"], None, ["keyless", "api_key"]),
    (["show", "video_none"], 3, ["video_none"]),
])
def test_command_line(front, words, code, expected):
    """The same refusals in words, on standard error, with the documented exit code."""
    done = kinora(*words, socket=front.socket)
    assert done.code == code if code is not None else done.code > 0, done
    assert done.out == "" and all(word in done.err for word in expected), done
