"""Compares what an official client sends for a job with what kinorad sends for the same job.

Both speak to the simulator; its log is the witness. Equal must be: method, path, the headers that
matter, and the body (JSON by value, multipart by its parts). A difference that is meant stands in
wire_differences.txt with its reason; any other fails, and so does a line that no longer applies.
"""

import base64
import hashlib
import json
import re
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from urllib.parse import parse_qsl

LIST = Path(__file__).with_name("wire_differences.txt")
# What a client says of itself and of the connection, not of the job.
NOISE = re.compile(
    r"host|user-agent|x-goog-api-client|x-stainless-.*|zai-sdk-ver|source_type|x-request-sdk"
    r"|x-source-channel|accept-encoding|accept-language|connection"
    r"|content-length|transfer-encoding|expect|x-sim-.*|http-referer|x-title|x-forwarded-.*|via")


def meant(case):
    """`{difference: reason}` of a case."""
    found = {}
    for line in LIST.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, difference, reason = (part.strip() for part in line.split("|", 2))
            assert reason, line
            if name == case:
                found[difference] = reason
    return found


def compare(sim, case, official, ours, ids=r"[A-Za-z0-9_-]{16,}", made=None):
    """Runs `official()` and `ours()`, each one whole job, and compares what reached the simulator.

    `ids` matches what a provider makes up (job ids, operation names, file ids): those are no
    difference. `made` matches the same in header values and bodies (tokens, signatures). Requests
    are told apart by method and path; repeated polls count once.
    """
    there = requests(sim, official, ids, made)
    here = requests(sim, ours, ids, made)
    found = differences(there, here)
    listed = meant(case)
    unmeant = {name: words for name, words in found.items() if name not in listed}
    assert not unmeant, f"{case}:\n" + "\n".join(f"  {n}: {w}" for n, w in unmeant.items())
    stale = [name for name in listed if name not in found]
    assert not stale, f"{case}: wire_differences.txt lists what is no difference any more: {stale}"
    return there, here


def requests(sim, run, ids=r"[A-Za-z0-9_-]{16,}", made=None):
    """`{"METHOD PATH": request}` of what `run` makes a client send, in order, ids as ID."""
    sim.reset()
    run()
    seen = {}
    for entry in sim.log():
        route = f"{entry['method']} " + "/".join(
            re.sub(f"^(?:{ids})(?=$|[:?.])", "ID", part) for part in entry["path"].split("/"))
        seen.setdefault(route, {
            "headers": {
                name: masked(re.sub(r"boundary=\S+", "boundary=…", value), made)
                for name, value in entry["headers"].items() if not NOISE.fullmatch(name)},
            "body": masked(body(entry), made)})
    assert seen, "nothing reached the simulator"
    return seen


def masked(value, made):
    """The same with all that `made` matches as MADE."""
    if isinstance(value, dict):
        return {key: masked(item, made) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, made) for item in value]
    return re.sub(made, "MADE", value) if made and isinstance(value, str) else value


def body(entry):
    """JSON and forms by value, multipart as `{field: value | [name, type, hash]}`, else the text."""
    raw = entry["body"]
    if isinstance(raw, dict) and "base64" not in raw:
        return raw
    data = base64.b64decode(raw["base64"]) if isinstance(raw, dict) else raw.encode()
    kind = entry["headers"].get("content-type", "")
    if kind.startswith("multipart/"):
        message = BytesParser(policy=HTTP).parsebytes(
            f"content-type: {kind}\r\n\r\n".encode() + data)
        return {part.get_param("name", header="content-disposition"): part_value(part)
                for part in message.iter_parts()}
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(data.decode()))
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode(errors="replace")


def part_value(part):
    content = part.get_payload(decode=True)
    if part.get_filename() is None:
        return content.decode()
    return {"file": part.get_content_type(), "sha256": hashlib.sha256(content).hexdigest()}


def differences(there, here):
    """`{difference: words}`; a difference is `ROUTE only official|only ours|header NAME|body PATH`."""
    found = {}
    for route in there.keys() - here.keys():
        found[f"{route} only official"] = "we do not send it"
    for route in here.keys() - there.keys():
        found[f"{route} only ours"] = "the official client does not send it"
    for route in there.keys() & here.keys():
        one, other = there[route], here[route]
        for name in one["headers"].keys() | other["headers"].keys():
            a, b = one["headers"].get(name), other["headers"].get(name)
            if a != b:
                found[f"{route} header {name}"] = f"official {a!r}, ours {b!r}"
        for path, words in unequal(one["body"], other["body"], ""):
            found[f"{route} body {path or '/'}"] = words
    return found


def unequal(one, other, path):
    """Where two JSON values differ; 1 and 1.0 are one number."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if key not in one or key not in other:
                yield f"{path}/{key}", "only official" if key in one else "only ours"
            else:
                yield from unequal(one[key], other[key], f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (a, b) in enumerate(zip(one, other)):
            yield from unequal(a, b, f"{path}/{at}")
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield path, f"official {str(one)[:120]!r}, ours {str(other)[:120]!r}"
