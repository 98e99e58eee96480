"""Examples of the documentation, executed as they stand in the file: what is pasted works."""

import os
import re
import subprocess
import sys
import textwrap

import pytest

from simulator import ROOT

SOCKET = "/run/kinora/kinora.sock"


def fenced(path, language):
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / path).read_text(), re.DOTALL | re.MULTILINE)


def indented(path):
    """The indented code blocks."""
    return [textwrap.dedent(block).strip("\n") for block in
            re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", (ROOT / path).read_text(), re.MULTILINE)]


def run(command, folder, socket, **environment):
    # A Go example is compiled first, with all of net/http, on a machine that has other things to do.
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=600,
        env={**os.environ, "KINORA_SOCKET": str(socket), **environment})
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


# How a program in one file is run, where nothing may come from the network.
GO = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GO111MODULE": "off", "CGO_ENABLED": "0", "GOFLAGS": ""}
LANGUAGES = {
    "sh": ["bash", "example.sh"], "python": [sys.executable, "example.python"],
    "js": ["node", "example.js"], "go": ["go", "run", "example.go"]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_socket_examples(daemon, tmp_path, language):
    """The socket examples of docs/front-doors.md work as they stand, in curl, Python, Node and Go."""
    example, = fenced("docs/front-doors.md", language)
    (tmp_path / f"example.{language}").write_text(example)
    environment = {**GO, "GOCACHE": f"{tmp_path}/cache", "GOPATH": f"{tmp_path}/go"}
    output = run(LANGUAGES[language], tmp_path, daemon.socket, **environment)
    job, = daemon.jobs()
    assert job["prompt"] == "a paper boat" and job["seconds"] == "4"
    if language == "python":
        assert (tmp_path / "boat.mp4").read_bytes()[4:8] == b"ftyp"
    else:
        assert f'"id":"{job["id"]}"' in output


@pytest.mark.parametrize("path, least", [("docs/api.md", 1), ("docs/front-doors.md", 4), ("README.md", 1)])
def test_curl_examples(daemon, tmp_path, path, least):
    """Every curl command of these pages makes a job that completes."""
    commands = [block for block in indented(path) if block.startswith("curl ")]
    assert len(commands) >= least
    for number, command in enumerate(commands, 1):
        assert SOCKET in command or "$KINORA_SOCKET" in command
        output = run(["bash", "-c", command.replace(SOCKET, str(daemon.socket)).replace("curl ", "curl -fsS ", 1)],
                     tmp_path, daemon.socket)
        made = daemon.jobs()
        assert len(made) == number and made[-1]["id"] in output
        assert daemon.get(f"/v1/videos/{made[-1]['id']}?wait=60")["status"] == "completed"
