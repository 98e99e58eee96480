"""Styles: words that a request adds to its prompt by a name, sent and never shown with the job."""

import os

import pytest
from doors import WISH as CHAT
from doors import http, submits
from kinora_kit import kinora

NOIR = "film noir HARDSHADOW"
STYLES = f"""styles:
  noir: {{prompt: {NOIR}, negative: COLOURFUL}}
  dawn: {{prompt: at dawn}}
"""
CLIP = {"model": "sample/clip", "prompt": "a boat", "seconds": 1}


@pytest.fixture
def daemon(daemons, sim):
    return daemons(sim, speed=40, extra=STYLES).start()


def made(daemon, **more):
    status, job, _ = daemon.post("/v1/videos", {**CLIP, **more})
    assert status == 200, job
    return daemon.get(f"/v1/videos/{job['id']}?wait=60")


def sent(sim):
    return [(body["prompt"], body.get("negative_prompt")) for body in submits(sim)]


def test_a_style_is_sent_and_never_shown(daemon, sim):
    """A dry run shows prompt_sent; the provider gets the style's words, no job, notice or event has them [A129]."""
    wish = {**CLIP, "style_preset": "noir", "negative_prompt": "rain"}
    for path, body in (("/v1/quote", wish), ("/v1/videos", {**wish, "dry_run": True})):
        status, quote, _ = daemon.post(path, body)
        assert status == 200 and quote["prompt_sent"] == f"a boat {NOIR}", quote
        assert quote["negative_prompt_sent"] == "rain, COLOURFUL"
        assert quote["resolved"]["style_preset"] == "noir"
    assert sim.log() == [] and daemon.jobs() == []
    job = made(daemon, style_preset="noir", negative_prompt="rain")
    assert job["status"] == "completed" and job["prompt"] == "a boat"
    assert job["kinora"]["request"]["style_preset"] == "noir"
    assert job["kinora"]["notice"]["prompt_line"] == "Prompt: a boat"
    assert sent(sim) == [(f"a boat {NOIR}", "rain, COLOURFUL")]
    for path in ("", "/events", "/trace", "/evidence", "/progress"):
        answer = str(daemon.request("GET", f"/v1/videos/{job['id']}{path}")[1])
        assert "HARDSHADOW" not in answer and "COLOURFUL" not in answer, (path, answer)
    assert "HARDSHADOW" not in str(daemon.get("/v1/videos")) + daemon.log()
    # Without a style nothing is added.
    made(daemon, prompt="a plain boat")
    assert sent(sim)[1] == ("a plain boat", None)


def test_names_are_told(daemon, sim):
    """GET /v1/styles, `kinora styles` and the form list them; another name is 400 with the nearest [A129]."""
    listed = daemon.get("/v1/styles")["data"]
    assert [(style["name"], style["owner"]) for style in listed] == [("dawn", "host"), ("noir", "host")]
    assert listed[1] == {"name": "noir", "owner": "host", "prompt": NOIR, "negative": "COLOURFUL"}
    table = kinora("styles", socket=daemon.socket)
    assert table.code == 0 and "noir" in table.out and "at dawn" in table.out, table
    form = daemon.get("/v1/forms/generate-video?model=sample/clip")
    assert form["properties"]["style_preset"]["enum"] == ["dawn", "noir"]
    tools = {tool["name"]: tool for tool in daemon.get("/v1/tools")["tools"]}
    assert tools["generate_video"]["input_schema"]["properties"]["style_preset"]["enum"] == ["dawn", "noir"]
    for path in ("/v1/videos", "/v1/quote", "/v1/tools/generate_video"):
        status, body, _ = daemon.post(path, {**CLIP, "style_preset": "nior"})
        assert status == 400 and body["error"]["param"] == "style_preset", body
        assert "did you mean noir?" in body["detail"] and body["errors"][0]["allowed"] == ["dawn", "noir"]
    for bad in ("", "a b", "x" * 65, 7):
        status, body, _ = daemon.post("/v1/videos", {**CLIP, "style_preset": bad})
        assert status in (400, 413) and body["error"]["param"] == "style_preset", (bad, body)
    refused = kinora("generate", "x", "-m", "sample/clip", "--style", "nior", socket=daemon.socket)
    assert refused.code == 2 and "noir" in refused.err, refused
    assert sim.log() == [] and daemon.jobs() == []


def test_the_words_are_those_of_the_acceptance(daemons, sim):
    """A reload and a restart change no job that was accepted; the next one has the new words [A129]."""
    daemon = daemons(sim, speed=40, extra=STYLES + "plugins: {}\n").start()
    assert daemon.post("/v1/pause")[0] == 200
    first = daemon.post("/v1/videos", {**CLIP, "style_preset": "noir"}, Idempotency_Key="k")[1]
    daemon.config.write_text(daemon.config.read_text().replace(NOIR, "in watercolour"))
    assert daemon.post("/v1/reload")[0] == 200
    # The same key with the same style is the same job, whatever is behind the name by now.
    again = daemon.post("/v1/videos", {**CLIP, "style_preset": "noir"}, Idempotency_Key="k")
    assert again[1]["id"] == first["id"] and again[2]["Idempotent-Replayed"] == "true"
    # With another style, or none, it is another request.
    for other in ({**CLIP, "style_preset": "dawn"}, CLIP):
        status, body, _ = daemon.post("/v1/videos", other, Idempotency_Key="k")
        assert (status, body["error"]["code"]) == (422, "idempotency_conflict"), body
    daemon.kill()
    # Not even a style that is gone from the configuration is missing; a name that is gone is 400.
    daemon.config.write_text(daemon.config.read_text().replace("  noir:", "  ebony:"))
    daemon.start()
    again = daemon.post("/v1/videos", {**CLIP, "style_preset": "noir"}, Idempotency_Key="k")
    assert (again[0], again[1]["id"]) == (200, first["id"])
    other = daemon.post("/v1/videos", {**CLIP, "style_preset": "nobody"}, Idempotency_Key="k")
    assert other[0] == 400, other
    assert daemon.post("/v1/resume")[0] == 200
    assert daemon.get(f"/v1/videos/{first['id']}?wait=60")["status"] == "completed"
    assert sent(sim) == [(f"a boat {NOIR}", "COLOURFUL")]
    made(daemon, style_preset="ebony", prompt="another")
    assert sent(sim)[1] == ("another in watercolour", "COLOURFUL")


def test_the_nearest_owner_counts(daemons, sim):
    """A tenant's style before its client's, that before the host's; a suffix stands behind all [A129]."""
    daemon = daemons(sim, speed=40, extra=STYLES + """clients:
  bot:
    principals: ["uid:UID"]
    styles: {noir: {prompt: the client's noir}, own: {prompt: of the client}}
""".replace("UID", str(os.getuid()))).start()
    done = kinora("tenant", "set", "guild", "--style", "noir=the guild's noir", "--style", "mine=of the guild",
                  "--prompt-suffix", "BEHIND", socket=daemon.socket)
    assert done.code == 0, done
    daemon.stop()
    daemon.start()
    def owners(query=""):
        return {style["name"]: style["owner"] for style in daemon.get(f"/v1/styles{query}")["data"]}
    assert owners() == {"noir": "client", "own": "client", "dawn": "host"}
    assert owners("?tenant=guild") == {"noir": "tenant", "mine": "tenant", "own": "client", "dawn": "host"}
    assert owners("?client=another&tenant=guild") == {"noir": "host", "dawn": "host"}
    shown = kinora("styles", "--tenant", "guild", "--json", socket=daemon.socket)
    assert "the guild's noir" in shown.out, shown
    def words(**more):
        return daemon.post("/v1/quote", {**CLIP, **more})[1].get("prompt_sent")
    assert words(style_preset="noir") == "a boat the client's noir"
    assert words(style_preset="noir", tenant="guild") == "a boat the guild's noir BEHIND"
    assert words(style_preset="dawn", tenant="guild") == "a boat at dawn BEHIND"
    assert words(style_preset="mine", tenant="another") is None
    # What is named changes, null removes; a wrong one changes nothing.
    status, tenant, _ = daemon.request("PUT", "/v1/tenants/guild", {"styles": {"mine": None}})
    assert status == 200 and list(tenant["styles"]) == ["noir"], tenant
    for bad, param in (({"a b": {"prompt": "x"}}, "styles.a b"), ({"x": {}}, "styles.x.prompt"),
                       ({"x": {"prompt": "x", "look": 1}}, "styles.x.look"), ({"x": 1}, "styles.x"),
                       ({"x": {"prompt": "a\u0000b"}}, "styles.x.prompt")):
        status, body, _ = daemon.request("PUT", "/v1/tenants/guild", {"styles": bad})
        assert status == 400 and body["error"]["param"] == param, body
    assert list(daemon.get("/v1/tenants/guild")["styles"]) == ["noir"]
    assert kinora("tenant", "set", "guild", "--style", "noir=", socket=daemon.socket).code == 0
    assert owners("?tenant=guild")["noir"] == "client"
    assert daemon.request("PUT", "/v1/tenants/guild", {"styles": None})[1]["styles"] == {}


def test_lengths_are_of_what_is_sent(daemons, sim):
    """The prompt with its style's words must fit; the answer says how much room is left [A129]."""
    daemon = daemons(sim, speed=40, extra=f"styles: {{long: {{prompt: '{'w' * 4000}'}}}}\n").start()
    most = 32768
    room = most - 4001
    fits = {**CLIP, "prompt": "x" * room, "style_preset": "long"}
    assert len(daemon.post("/v1/quote", fits)[1]["prompt_sent"]) == most
    status, body, _ = daemon.post("/v1/quote", {**fits, "prompt": "x" * (room + 1)})
    assert status == 413 and body["error"]["param"] == "prompt", body
    assert f"may have {room} bytes" in body["detail"] and "the style long adds" in body["detail"]
    assert daemon.post("/v1/quote", {**CLIP, "prompt": "x" * (room + 1)})[0] == 200


def test_a_model_without_negative_prompts(daemon, sim):
    """What a style does not want to see is left out where the model takes none, and told [A129]."""
    without = next(model["id"] for model in daemon.get("/v1/models")["data"]
                   if not model["kinora"]["negative_prompt"] and model["kinora"]["ready"]
                   and "text-to-video" in model["kinora"]["kinds"])
    quote = daemon.post("/v1/quote", {"model": without, "prompt": "a boat", "style_preset": "noir"})[1]
    assert quote["negative_prompt_sent"] is None and quote["prompt_sent"] == f"a boat {NOIR}"
    warning = next(row for row in quote["warnings"] if row["field"] == "style_preset")
    assert warning["action"] == "ignored" and "noir" in warning["message"], warning


def test_every_door(daemon, sim):
    """Form, batch, remix, tool, MCP, command line and the doors: each adds the style by a member of its own or
    by X-Kinora-Style, and leaves a client's own `style` alone [A129]."""
    header = {"X-Kinora-Style": "noir"}
    config = {**CHAT["video_config"], "duration_seconds": "1", "style_preset": "noir"}
    storage = {"model": "sample/clip", "duration_seconds": 1, "style_preset": "noir"}
    gateway = {"ai-model-id": "sample/clip", "ai-video-model-specification-version": "4",
               "ai-gateway-protocol-version": "0.0.1"}
    asynchronous = {"Prefer": "respond-async"}
    with http(daemon) as client:
        posts = [
            client.post("/v1/videos", files={"prompt": (None, "form"), "seconds": (None, "1"),
                                             "style_preset": (None, "noir")}),
            client.post("/v1/videos", json={**CLIP, "prompt": "header"}, headers=header),
            client.post("/v1/batches", json={"requests": [
                {**CLIP, "prompt": "batch", "style_preset": "noir"}]}),
            client.post("/v1/tools/generate_video", json={
                **CLIP, "prompt": "tool", "style_preset": "noir", "wait_seconds": 0}),
            client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
                "name": "generate_video", "arguments": {
                    **CLIP, "prompt": "mcp", "style_preset": "noir", "wait_seconds": 0}}}),
            client.post("/v1/chat/completions", headers=asynchronous, json={
                **CHAT, "model": "sample/clip", "video_config": config,
                "messages": [{"role": "user", "content": "chat"}]}),
            client.post("/v1/images/generations", headers=asynchronous, json={
                "model": "sample/still-image", "prompt": "image", "style": "auto",
                "style_preset": "noir"}),
            client.post("/video/generate", headers=asynchronous, json={
                "prompt": "storage", "customer_id": 1, "settings": {"video": storage}}),
            client.post("/api/generate/video/jobs", json={
                "data": {**CLIP, "prompt": "tanstack", "stylePreset": "noir"}}),
            client.post("/openrouter/api/v1/videos", headers=header, json={
                "model": "sample/clip", "prompt": "openrouter"}),
            client.post("/google/v1beta/models/sample/clip:predictLongRunning", headers=header, json={
                "instances": [{"prompt": "google"}]}),
            client.post("/v4/ai/video-model/start", headers={**header, **gateway}, json={"prompt": "gateway"}),
        ]
        for answer in posts:
            assert answer.status_code in (200, 202), (str(answer.url), answer.text)
            assert "HARDSHADOW" not in answer.text
        two = client.post("/v1/videos", json={**CLIP, "style_preset": "dawn"}, headers=header)
        assert two.status_code == 400 and two.json()["error"]["param"] == "X-Kinora-Style", two.text
        # Nothing of an end user's may learn a tenant's words from a tool.
        dry = client.post("/v1/tools/generate_video", json={**CLIP, "style_preset": "noir", "dry_run": True})
        assert dry.status_code == 200 and "HARDSHADOW" not in dry.text
        wrong = client.post("/video/generate", json={
            "prompt": "x", "customer_id": 1, "settings": {"video": {**storage, "style_preset": "nior"}}})
        assert wrong.status_code == 400 and "noir" in wrong.text, wrong.text
        wrong = client.post("/v1/chat/completions", json={
            **CHAT, "model": "sample/clip", "video_config": {**config, "style_preset": "nior"}})
        assert wrong.json()["error"]["param"] == "video_config.style_preset", wrong.text
    done = kinora("generate", "command", "-m", "sample/clip", "-d", 1, "--style", "noir", "--detach",
                  socket=daemon.socket)
    assert done.code == 0, done
    for job in daemon.jobs():
        end = daemon.get(f"/v1/videos/{job['id']}?wait=60")
        assert end["status"] == "completed" and end["kinora"]["request"]["style_preset"] == "noir", end
    prompts = {body["prompt"] for body in submits(sim)} | {
        body["prompt"] for body in submits(sim, "/images")}
    assert prompts == {f"{word} {NOIR}" for word in (
        "form", "header", "batch", "tool", "mcp", "chat", "image", "storage", "tanstack", "openrouter",
        "google", "gateway", "command")}, prompts


@pytest.mark.parametrize("text,complaint", [
    ("styles: {noir: {}}", "styles.noir.prompt is missing"),
    ("styles: {'a b': {prompt: x}}", "style name a b must be"),
    ("styles: {noir: {prompt: x, negatives: y}}", "did you mean negative?"),
    (f"styles: {{noir: {{prompt: {'x' * 4097}}}}}", "has 4097 bytes, at most 4096"),
    ('styles: {noir: {prompt: "a\\u0001b"}}', "U+0001"),
])
def test_a_wrong_style_is_no_configuration(daemons, sim, text, complaint):
    """The start and `config check` name the key, its line and what is wrong with it [A129]."""
    daemon = daemons(sim, extra=text + "\n")
    checked = kinora("config", "check", daemon.config)
    assert checked.code != 0 and complaint in checked.out + checked.err, checked
