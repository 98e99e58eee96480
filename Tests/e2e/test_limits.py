"""Limits at n-1, n and n+1: what is within is taken, what is above is refused by name [S15].

Everything here asks for a quote or a dry run, so that what is taken costs nothing.
"""

import json

import pytest

from media import FORM, data_url, form, png
from refusal_kit import BASE, post, refused, untouchable, untouched
from wire import Wire

# docs/api.md has these numbers.
PROMPT, JSON, IMAGE, BODY = 32 << 10, 1 << 20, 32 << 20, 48 << 20
WISH = (("model", None, b"sample/clip"), ("prompt", None, b"x"), ("dry_run", None, b"true"))


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    with untouchable(tmp_path_factory.mktemp("front")) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def nothing_happened(front):
    yield
    untouched(front)


@pytest.mark.parametrize("length", [PROMPT - 1, PROMPT, PROMPT + 1])
def test_prompt_length(front, length):
    """n-1 and n are taken, n+1 is refused with the limit."""
    answer = front.post("/v1/quote", {**BASE, "prompt": "p" * length})
    if length <= PROMPT:
        assert answer[0] == 200, answer
    else:
        assert refused(answer, 413, "too_large", "prompt", str(PROMPT)) == [f"up to {PROMPT} bytes"]


@pytest.mark.parametrize("length", [JSON - 1, JSON, JSON + 1])
def test_json_length(front, length):
    body = json.dumps({**BASE, "dry_run": True}).encode()
    answer = post(front, body + b" " * (length - len(body)))
    if length <= JSON:
        assert answer[0] == 200, answer
    else:
        refused(answer, 413, "too_large", None, str(JSON))


@pytest.mark.parametrize("length", [IMAGE - 1, IMAGE, IMAGE + 1])
@pytest.mark.parametrize("way", ["file", "data-url"])
def test_image_length(front, length, way):
    if way == "file":
        body = form(*WISH, ("input_reference", "a.png", png(length)))
        answer = post(front, body, kind=FORM)
    else:
        answer = front.post(
            "/v1/videos", {**BASE, "dry_run": True, "input_reference": data_url(png(length))})
    if length <= IMAGE:
        assert answer[0] == 200, answer
    else:
        field = "input_reference" if way == "file" or answer[1]["errors"] else None
        refused(answer, 413, "too_large", field, str(IMAGE))


@pytest.mark.parametrize("length", [BODY - 1, BODY, BODY + 1])
def test_body_length(front, length):
    """A declared length above the limit is refused before the body was read."""
    parts = [*WISH, ("first_frame", "a.png", png(IMAGE))]
    rest = length - len(form(*parts, ("last_frame", "b.png", b"")))
    answer = post(front, form(*parts, ("last_frame", "b.png", png(rest))), kind=FORM)
    if length <= BODY:
        assert answer[0] == 200, answer
    else:
        refused(answer, 413, "too_large", None, "larger")


def test_chunked_body_length(front):
    """A chunked body has no declared length and ends at the same limit."""
    with Wire(front.socket, 20) as wire:
        wire.send(b"POST /v1/videos HTTP/1.1\r\nHost: kinora\r\nContent-Type: " + FORM.encode()
                  + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
        data = form(("input_reference", "a.png", bytes(IMAGE)), ("last_frame", "b.png", b""))
        data = data.removesuffix(b"\r\n--b0--\r\n")
        wire.send(b"%x\r\n" % len(data) + data + b"\r\n")
        # The rest of a refused body is dropped for a moment, so that the answer can be read.
        for _ in range((BODY - IMAGE) // 0x80000 + 1):
            wire.send(b"80000\r\n" + bytes(0x80000) + b"\r\n")
        status, _, body = wire.answer()
        assert status == 413 and b"larger" in body
        assert wire.ended()
