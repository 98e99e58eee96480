"""The Model Context Protocol by its official Python package, over stdin/stdout and over HTTP."""

import asyncio
import base64
import contextlib
import json
import os
import re
import subprocess
import threading

import httpx2
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from door_kit import KEY, with_tcp
from doors import data_url, http, png, submits
from kinora_kit import eventually
from simulator import program, video_stream

VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


@contextlib.asynccontextmanager
async def connect(daemon, way, mode="legacy"):
    """The unchanged client; `mode` legacy shakes hands, auto finds the newest revision."""
    if way == "stdio":
        server = StdioServerParameters(
            command=program("kinora", "KINORA_BIN"), args=["mcp", "--socket", str(daemon.socket)])
        async with Client(stdio_client(server), mode=mode) as client:
            yield client
        return
    if way == "tcp":
        http_client, address = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {KEY}"}, timeout=120), f"{daemon.tcp}/mcp"
    else:
        transport = httpx2.AsyncHTTPTransport(uds=str(daemon.socket))
        http_client, address = httpx2.AsyncClient(transport=transport, timeout=120), "http://kinora/mcp"
    async with http_client:
        async with Client(streamable_http_client(address, http_client=http_client), mode=mode) as client:
            yield client


def session(daemon, way, use, mode="legacy"):
    """Runs `use(client)` in a session of its own."""
    async def run():
        async with connect(daemon, way, mode) as client:
            return await use(client)
    return asyncio.run(asyncio.wait_for(run(), 180))


def words(result):
    return " ".join(item.text for item in result.content if item.type == "text")


@pytest.mark.parametrize("way", ["stdio", "http"])
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_video_is_made(daemon, sim, way, mode):
    """initialize or discover, list, call: a real MP4 by either transport and either era [T50] [B77]."""
    async def use(client):
        assert client.server_info.name == "kinora" and "generate_video" in client.instructions
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools["generate_video"].input_schema["required"] == ["prompt"]
        assert tools["list_models"].annotations.read_only_hint
        assert not tools["generate_video"].annotations.read_only_hint
        told = []

        async def progress(seconds, total, message):
            told.append((seconds, total, message))

        result = await client.call_tool(
            "generate_video", {"prompt": "a paper boat", "model": "sample/clip", "wait_seconds": 120},
            progress_callback=progress)
        assert not result.is_error, result
        link = next(item for item in result.content if item.type == "resource_link")
        facts = result.structured_content
        assert facts["id"] in words(result) and facts["files"][0]["url"] in words(result)
        assert link.uri == facts["files"][0]["uri"] and link.mime_type == "video/mp4"
        content = (await client.read_resource(str(link.uri))).contents[0]
        listed = (await client.list_resources()).resources
        assert [str(resource.uri) for resource in listed] == [str(link.uri)]
        return client.protocol_version, facts, base64.b64decode(content.blob), told

    version, facts, data, told = session(daemon, way, use, mode)
    assert version == ("2025-11-25" if mode == "legacy" else "2026-07-28")
    assert video_stream(data)["codec_name"] == "h264" and len(data) == facts["files"][0]["bytes"]
    with http(daemon) as client:
        assert client.get(facts["files"][0]["url"]).content == data
    assert len(submits(sim)) == 1
    seconds = [entry[0] for entry in told]
    assert told and seconds == sorted(set(seconds)), told
    assert all(entry[1] is None and entry[2].startswith(("queued", "in_progress")) for entry in told)


def test_over_tcp_with_a_key(daemons, sim):
    """The same on loopback TCP; a wrong key is an error of the protocol."""
    daemon = with_tcp(daemons(sim, speed=40)).start()

    async def use(client):
        return await client.call_tool("generate_video", {"prompt": "by key", "wait_seconds": 120})

    facts = session(daemon, "tcp", use).structured_content
    assert facts["files"][0]["url"].startswith(daemon.tcp) and facts["status"] == "completed"
    answer = httpx2.post(f"{daemon.tcp}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"},
                         headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401 and answer.json()["error"]["data"]["code"] == "unauthenticated"


def rpc(daemon, method, params=None, version=None, number=1, **headers):
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if version:
        fields["MCP-Protocol-Version"] = version
    body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
    return daemon.request("POST", "/mcp", body, fields)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_revision_with_a_handshake(daemon, version):
    """The client's revision is taken where it is known, the newest is offered where it is not."""
    status, answer, fields = rpc(daemon, "initialize", {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})
    assert (status, answer["result"]["protocolVersion"]) == (200, version)
    assert len(fields["Mcp-Session-Id"]) == 32
    assert rpc(daemon, "tools/list", version=version)[1]["result"]["tools"]
    offered = rpc(daemon, "initialize", {"protocolVersion": "1999-01-01"})[1]["result"]
    assert offered["protocolVersion"] == VERSIONS[-1]
    status, answer, _ = rpc(daemon, "tools/list", version="1999-01-01")
    assert status == 400 and version in answer["error"]["data"]["supported"]


def test_messages_of_json_rpc(daemon):
    """Notifications get 202, batches an array while there are any, and what cannot be read an error of JSON-RPC."""
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert daemon.request("POST", "/mcp", note)[:2] == (202, b"")
    ping = {"jsonrpc": "2.0", "id": "p", "method": "ping"}
    status, answers, _ = daemon.request("POST", "/mcp", [ping, note, {**ping, "id": 2}])
    assert status == 200 and [answer["id"] for answer in answers] == ["p", 2]
    for version in ("2025-06-18", "2025-11-25", "2026-07-28"):
        status, answer, _ = daemon.request(
            "POST", "/mcp", [ping, {**ping, "id": 2}], {"MCP-Protocol-Version": version})
        assert (status, answer["error"]["code"], answer["id"]) == (400, -32600, None), version
    assert rpc(daemon, "tools/dance")[1]["error"]["code"] == -32601
    assert rpc(daemon, "tools/call", {"name": "dance"})[1]["error"]["code"] == -32602
    assert rpc(daemon, "resources/read", {"uri": "file:///etc/passwd"})[1]["error"]["code"] == -32002
    for body, code in ((b"{", -32700), (b"[]", -32600), (b'"x"', -32600), (b'{"id":1}', -32600),
                       (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600)):
        with http(daemon) as client:
            answer = client.post("/mcp", content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code), body
    status, _, fields = daemon.request("GET", "/mcp")
    assert (status, fields["Allow"]) == (405, "POST, DELETE, OPTIONS")


@pytest.mark.parametrize("way", ["stdio", "http"])
def test_refusals_are_results_that_name_the_field(daemon, sim, way):
    """Wrong arguments and failed jobs are results with isError, which a model can mend or tell."""
    async def use(client):
        bad = await client.call_tool("generate_video", {"prompt": "x", "duration": 99})
        assert bad.is_error and bad.structured_content["error"]["field"] == "duration"
        assert "duration" in words(bad) and "Allowed" in words(bad)
        empty = await client.call_tool("generate_video", {})
        assert empty.is_error and "prompt" in words(empty)
        assert sim.log() == []
        failed = await client.call_tool("generate_video", {"prompt": "x [fault:402]", "wait_seconds": 120})
        assert failed.is_error and failed.structured_content["id"] in words(failed)
        with pytest.raises(MCPError):
            await client.call_tool("no_such_tool", {})
    session(daemon, way, use)


def connections(daemon):
    """How many stand, that of the question among them."""
    text = daemon.request("GET", "/metrics")[1].decode()
    return float(re.search(r"^kinora_http_connections (\S+)$", text, re.MULTILINE).group(1))


@pytest.mark.parametrize("way", ["stdio", "http"])
def test_stopping_to_wait_stops_no_job(daemon, sim, way):
    """A cancelled call ends at once, its job goes on; the same wish attaches and pays nothing more."""
    wish = {"prompt": "patience [render:2000]", "wait_seconds": 500}

    async def use(client):
        call = asyncio.ensure_future(client.call_tool("generate_video", wish, read_timeout_seconds=3))
        with pytest.raises(MCPError):
            await call
        job = (await client.call_tool("list_videos", {})).structured_content["videos"][0]
        assert job["status"] in ("queued", "in_progress"), job
        return job["id"]

    job = session(daemon, way, use)
    eventually(lambda: len(submits(sim)) == 1)
    # Whose connection still stands may yet hear of his job: wait until the daemon saw them end.
    eventually(lambda: connections(daemon) == 1)
    status, again, _ = daemon.post("/v1/tools/generate_video", {**wish, "wait_seconds": 0})
    assert (status, again["id"]) == (200, job) and len(submits(sim)) == 1


def test_a_notification_on_another_connection_ends_the_waiting(daemon):
    """Revisions with a handshake: notifications/cancelled names the request of its session."""
    ended = threading.Event()
    call = {"name": "generate_video", "arguments": {"prompt": "long [render:4000]", "wait_seconds": 500}}

    def wait():
        rpc(daemon, "tools/call", call, number=7, Mcp_Session_Id="s-1")
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    eventually(lambda: daemon.jobs())
    note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
    assert daemon.request("POST", "/mcp", note, {"Mcp-Session-Id": "another"})[0] == 202
    assert not ended.wait(1)
    # It counts from the moment that somebody waits, which may be after the job is there.
    assert eventually(lambda: daemon.request("POST", "/mcp", note, {"Mcp-Session-Id": "s-1"})[0] == 202
                      and ended.wait(0.5))
    thread.join(30)
    assert daemon.jobs()[0]["status"] in ("queued", "in_progress")
    daemon.post(f"/v1/videos/{daemon.jobs()[0]['id']}/cancel")


def test_one_key_pays_once(daemon, sim):
    async def use(client):
        wish = {"prompt": "once", "idempotency_key": "agent-1", "wait_seconds": 120}
        calls = [client.call_tool("generate_video", wish) for _ in range(4)]
        return {result.structured_content["id"] for result in await asyncio.gather(*calls)}
    assert len(session(daemon, "stdio", use) | session(daemon, "http", use)) == 1
    assert len(submits(sim)) == 1


def test_a_picture_of_megabytes_goes_through_both_ways(daemon):
    picture = png(1600, 900)

    async def use(client):
        arguments = {"prompt": "it moves", "image": data_url(picture), "wait_seconds": 120}
        return (await client.call_tool("generate_video", arguments)).structured_content
    for way in ("stdio", "http"):
        facts = session(daemon, way, use)
        assert facts["status"] == "completed", facts
        job = daemon.get(f"/v1/videos/{facts['id']}")
        assert job["kinora"]["request"]["inputs"][0]["bytes"] == len(picture) > 1_000_000


def lines(process, number):
    return [json.loads(process.stdout.readline()) for _ in range(number)]


def test_a_host_that_outlives_the_daemon(daemons, sim):
    """The bridge waits for a daemon that is away and goes on with the next one; nothing is lost."""
    daemon = daemons(sim, speed=40).start()
    host = subprocess.Popen(
        [program("kinora", "KINORA_BIN"), "mcp", "--socket", str(daemon.socket)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ)
    try:
        def send(method, number=None, **params):
            message = {"jsonrpc": "2.0", "method": method, "params": params}
            host.stdin.write(json.dumps({**message, **({"id": number} if number else {})}).encode() + b"\n")
            host.stdin.flush()
        send("initialize", 1, protocolVersion="2025-06-18", capabilities={}, clientInfo={})
        assert lines(host, 1)[0]["result"]["protocolVersion"] == "2025-06-18"
        send("tools/call", 2, name="generate_video",
             arguments={"prompt": "long [render:400]", "wait_seconds": 500})
        job = eventually(lambda: daemon.jobs())[0]["id"]
        # Killed before the provider's answer is on disk, the job would be held instead.
        eventually(lambda: daemon.jobs()[0]["kinora"]["submitted"])
        daemon.kill()
        answer, = lines(host, 1)
        assert answer["id"] == 2 and "list_videos" in answer["error"]["message"]
        send("tools/call", 3, name="get_video", arguments={"id": job, "wait_seconds": 500})
        daemon.start()
        answer, = lines(host, 1)
        assert answer["id"] == 3 and answer["result"]["structuredContent"]["status"] == "completed"
        send("nonsense", 4)
        assert lines(host, 1)[0]["error"]["code"] == -32601
        host.stdin.close()
        assert host.wait(30) == 0 and len(submits(sim)) == 1
    finally:
        host.kill()
        host.wait()
        host.stdout.close()
