"""The command line without a daemon: help, spelling, exit codes, where words go."""

import os
import statistics
import subprocess
import time
from pathlib import Path

import pytest

from kinora_kit import kinora
from simulator import program

COMMANDS = [
    "generate", "batch", "quote", "jobs", "jobs resolve", "show", "trace", "watch", "fetch", "cancel", "models", "styles",
    "route explain", "plugins", "plugin new", "providers", "usage", "config check", "config show", "reload", "pause", "resume",
    "mcp", "doctor", "doctor provider", "sandbox", "version", "completion",
]
NOWHERE = "/nonexistent/kinora.sock"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_begins_with_two_examples(command, flag):
    done = kinora(*command.split(), flag)
    assert done.code == 0 and done.err == ""
    lines = done.out.splitlines()
    assert "kinora" in lines[0] and "kinora" in lines[2]
    assert lines[1].startswith("    ") and lines[3].startswith("    ")
    assert f"Usage: kinora {command}" in done.out
    assert "--socket PATH" in done.out
    assert all(len(line) <= 100 for line in lines), done.out


def test_help_is_what_it_was():
    """A change of the command line is seen in its golden text: KINORA_GOLDEN=1 writes it anew."""
    golden = Path(__file__).parent / "golden" / "help.txt"
    texts = [kinora("--help").out] + [kinora(*c.split(), "--help").out for c in COMMANDS]
    whole = ("=" * 40 + "\n").join(texts)
    if os.environ.get("KINORA_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(whole)
    assert golden.read_text() == whole


def test_overview_names_every_command_and_exit_code():
    done = kinora("--help")
    assert done.code == 0 and done.err == ""
    named = {line[2:].split("  ")[0] for line in done.out.splitlines() if line.startswith("  ")}
    assert set(COMMANDS) <= named
    assert "sandbox-child" not in done.out
    for number in ("0 done", "1 job failed", "2 usage", "69", "78", "130"):
        assert number in done.out
    assert kinora("help").out == done.out
    assert kinora("help", "jobs").out == kinora("jobs", "--help").out


@pytest.mark.parametrize("words, hint", [
    (["genrate", "x"], "did you mean: kinora generate"),
    (["confg", "show"], "did you mean: kinora config"),
    (["config", "chek", "x"], "config check, config show"),
    (["jobs", "resolv", "x"], "did you mean: kinora jobs resolve"),
    (["jobs", "--statsu", "queued"], "did you mean: --status"),
    (["generate", "x", "--sed", "1"], "did you mean: --seed"),
    (["--sokcet", "/x", "jobs"], "did you mean: --socket"),
    (["jobs", "-z"], "there is no flag -z"),
    ([], "see: kinora --help"),
    (["show"], "needs ID"),
    (["show", "a", "b"], "does not know what to do with b"),
    (["generate", "a", "boat"], "text with spaces needs quotes"),
    (["generate"], "a prompt is missing"),
    (["generate", "x", "-d"], "-d needs a value"),
    (["generate", "x", "-d", "long"], "--seconds takes seconds"),
    (["generate", "x", "--seed", "x"], "--seed takes a whole number"),
    (["generate", "x", "--max-cost", "much"], "--max-cost takes dollars"),
    (["generate", "x", "--metadata", "k"], "--metadata takes KEY=VALUE"),
    (["generate", "x", "--yes=1"], "--yes takes no value"),
    (["generate", "x", "-o", "/nonexistent/x.mp4"], "there is no folder"),
    (["generate", "x", "--image", "/nonexistent/x.png"], "No such file"),
    (["jobs", "--limit", "0"], "from 1 to 1000000"),
    (["jobs", "resolve", "video_1"], "--adopt PROVIDER_ID, --not-charged, --give-up"),
    (["jobs", "resolve", "video_1", "--give-up", "--not-charged"], "only one of them"),
    (["sandbox", "--speed", "0"], "--speed takes"),
    (["sandbox", "--config", "/nonexistent.yaml"], "there is no file"),
    (["completion", "tcsh"], "only bash"),
    (["show", ""], "got an empty ID"),
    (["jobs", "--socket", ""], "--socket needs a value"),
    (["generate", "x", "-o", ""], "-o needs a value"),
    ([b"generate", b"a caf\xe9"], "argument 2 is not UTF-8"),
])
def test_wrong_command_lines_say_what_would_be_right(words, hint):
    done = kinora(*words, socket=NOWHERE)
    assert done.code == 2, done
    assert done.out == "" and hint in done.err and done.err.startswith("kinora: ")


@pytest.mark.parametrize("words", [
    ["jobs"], ["show", "video_1"], ["generate", "x"], ["watch", "video_1"], ["pause"], ["usage"]])
def test_no_daemon_is_69_and_says_how_to_get_one(words):
    done = kinora(*words, socket=NOWHERE)
    assert done.code == 69 and done.out == ""
    assert NOWHERE in done.err and "systemctl start kinora" in done.err
    assert "kinora sandbox" in done.err


def test_socket_by_flag_by_variable_by_default():
    assert "/tmp/by-flag" in kinora("--socket", "/tmp/by-flag", "jobs", socket=NOWHERE).err
    assert "/tmp/after" in kinora("jobs", "--socket=/tmp/after", socket=NOWHERE).err
    assert NOWHERE in kinora("jobs", socket=NOWHERE).err
    assert "/run/kinora/kinora.sock" in kinora("jobs", KINORA_SOCKET="").err


def test_a_socket_path_that_is_too_long_is_said_so():
    done = kinora("jobs", socket="/tmp/" + "x" * 120)
    assert done.code == 2 and "125 bytes" in done.err and "107" in done.err


def test_doctor_and_version_without_a_daemon():
    done = kinora("doctor", socket=NOWHERE)
    assert done.code == 69 and done.out.startswith("fail  socket")
    assert "\x1b" not in done.out
    checks = kinora("doctor", "--json", socket=NOWHERE)
    assert checks.code == 69 and checks.json["ok"] is False
    assert checks.json["checks"][0]["status"] == "fail" and checks.json["checks"][0]["fix"]
    version = kinora("version", "--json", socket=NOWHERE)
    assert version.code == 0 and version.json["kinora"] and version.json["kinorad"] is None
    assert kinora("--version", socket=NOWHERE).out.startswith("kinora ")


@pytest.mark.parametrize("words", [["help"], ["completion", "bash"], ["version"]])
def test_output_that_cannot_be_written_is_said_so(words):
    """A full disk behind `>`, a closed descriptor: never a silent 0."""
    with open("/dev/full", "w") as full:
        done = subprocess.run([program("kinora", "KINORA_BIN"), *words], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 74, done
    assert "cannot write to standard output: No space left on device" in done.stderr


def test_completion_is_bash_and_knows_commands_and_flags():
    script = kinora("completion", "bash").out
    done = subprocess.run(
        ["bash", "-c", 'eval "$1"; COMP_WORDS=(kinora jobs --lim); COMP_CWORD=2; _kinora; '
         'echo "${COMPREPLY[@]}"; COMP_WORDS=(kinora config ""); _kinora; echo "${COMPREPLY[@]}"',
         "-", script], capture_output=True, text=True, timeout=20)
    assert done.stdout.splitlines() == ["--limit", "check show"], done.stderr


def test_it_starts_fast():
    times = []
    for _ in range(7):
        begin = time.monotonic()
        subprocess.run([program("kinora", "KINORA_BIN"), "--help"], stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - begin)
    assert statistics.median(times) < 0.1, times
