"""`kinora generate`, `watch`, `fetch`: from a prompt to a file, whatever happens in between."""

import hashlib
import os
import signal
import subprocess
import time

import httpx
import pytest

from kinora_kit import Sandbox, eventually
from simulator import probe, program, video_stream


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    sandbox = Sandbox(tmp_path_factory.mktemp("cli") / "box", "--speed", 20)
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture
def slow(tmp_path):
    """A sandbox of its own, whose renders take long enough to do something meanwhile."""
    sandbox = Sandbox(tmp_path / "slow", "--speed", 2)
    yield sandbox
    sandbox.stop()


def state(box, identifier):
    return box.get(f"/v1/videos/{identifier}")["kinora"]["state"]


def picture(path):
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=1280x720", "-frames:v",
         "1", str(path)], check=True, timeout=60)
    return path


def test_a_prompt_becomes_a_playable_file(box, tmp_path):
    """Text to video over the Unix socket: [P5] [T14] [T45] [T47] [T81]."""
    done = box.kinora(
        "generate", "a paper boat", "-m", "sample/clip", "-d", 3, "--size", "720x1280", "-o",
        "boat.mp4", cwd=tmp_path)
    assert done.code == 0, done
    assert done.out == "boat.mp4\n"
    video = video_stream(tmp_path / "boat.mp4")
    assert (video["codec_name"], video["width"], video["height"]) == ("h264", 720, 1280)
    assert abs(float(probe(tmp_path / "boat.mp4")["format"]["duration"]) - 3) < 0.2
    # The id is told at once, then one line a change.
    lines = done.err.splitlines()
    identifier = lines[0].split()[0]
    assert identifier.startswith("video_") and "$0.03" in lines[0]
    assert "\r" not in done.err and "\x1b" not in done.err
    assert lines[-1].startswith(f"{identifier} completed")
    told = [line.split(", ")[:-1] for line in lines[1:]]
    assert all(a != b for a, b in zip(told, told[1:]))
    assert list(tmp_path.iterdir()) == [tmp_path / "boat.mp4"]
    artifact = box.get(f"/v1/videos/{identifier}")["kinora"]["artifacts"][0]
    assert artifact["sha256"] == hashlib.sha256((tmp_path / "boat.mp4").read_bytes()).hexdigest()


def test_a_prompt_from_standard_input(box):
    """A dash reads it there, whole and as it is; what cannot be one is refused before it costs."""
    done = box.kinora("generate", "-", "--detach", stdin="two lines\nof a café\n".encode())
    assert done.code == 0, done
    assert box.get(f"/v1/videos/{done.out.strip()}")["prompt"] == "two lines\nof a café"
    for stdin, hint in [(b"", "is empty"), (b"\n", "is empty"), (b"caf\xe9", "not UTF-8"),
                        (b"x" * 300_000, "over 256 KiB")]:
        done = box.kinora("generate", "-", stdin=stdin)
        assert done.code == 2 and done.out == "" and hint in done.err, done


def test_without_options_the_default_model_and_the_id_as_name(box, tmp_path):
    done = box.kinora("generate", "a default boat", cwd=tmp_path)
    assert done.code == 0, done
    name = done.out.strip()
    assert name.startswith("video_") and name.endswith(".mp4")
    job = box.get(f"/v1/videos/{name.removesuffix('.mp4')}")
    assert job["model"] == "sample/clip" and video_stream(tmp_path / name)


def test_json_is_the_job_and_its_files(box, tmp_path):
    done = box.kinora(
        "generate", "a boat as json", "-d", 1, "--json", "-o", tmp_path, "--metadata", "scene=3",
        "--seed", 7, "--no-audio", cwd=tmp_path)
    assert done.code == 0, done
    job = done.json
    assert job["status"] == "completed" and job["metadata"] == {"scene": "3"}
    assert job["kinora"]["request"]["seed"] == 7 and job["kinora"]["request"]["audio"] is False
    assert job["files"] == [f"{tmp_path}/{job['id']}.mp4"] and os.path.exists(job["files"][0])


def test_detach_watch_fetch(box, tmp_path):
    done = box.kinora("generate", "a detached boat", "-d", 2, "--detach")
    assert done.code == 0 and done.err == "", done
    identifier = done.out.strip()
    early = box.kinora("fetch", identifier, cwd=tmp_path)
    assert early.code in (0, 7), early
    watched = box.kinora("watch", identifier)
    assert watched.code == 0 and watched.out == f"{identifier} completed\n", watched
    again = box.kinora("watch", identifier, "--json")
    assert again.code == 0 and again.json["id"] == identifier
    fetched = box.kinora("fetch", identifier, "-o", "x.mp4", cwd=tmp_path)
    assert fetched.code == 0 and fetched.out == "x.mp4\n" and video_stream(tmp_path / "x.mp4")


def test_several_are_watched_at_once(box):
    ids = [box.kinora("generate", f"boat {n}", "-d", 1, "--detach").out.strip() for n in range(3)]
    bad = box.kinora("generate", "[fault:failed] boat", "-d", 1, "--detach").out.strip()
    done = box.kinora("watch", *ids, bad)
    assert done.code == 1, done
    assert sorted(done.out.split("\n")[:-1]) == sorted(
        [f"{identifier} completed" for identifier in ids] + [f"{bad} failed"])


def test_frames_from_files_are_sent(box, tmp_path):
    """Image to video from uploaded files: [T46]."""
    first, second = picture(tmp_path / "first.png"), picture(tmp_path / "first.jpg")
    done = box.kinora(
        "generate", "it sails off", "--image", first, "--last-image", second, "-d", 1, "--json",
        "--metadata", "a=b", "--seed", 3, cwd=tmp_path)
    assert done.code == 0, done
    request = done.json["kinora"]["request"]
    assert done.json["metadata"] == {"a": "b"} and request["seed"] == 3
    found = {item["role"]: item for item in request["inputs"]}
    assert found["first_frame"]["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    assert found["first_frame"]["mime"] == "image/png"
    assert found["last_frame"]["mime"] == "image/jpeg"
    several = box.kinora(
        "generate", "like these", "--reference", first, "--reference", second, "-d", 1, "--json",
        cwd=tmp_path)
    assert several.code == 0, several
    assert [item["role"] for item in several.json["kinora"]["request"]["inputs"]] == [
        "reference", "reference"]


def test_the_price_is_told_and_asked_for(box, tmp_path):
    before = len(box.creations("/sample"))
    nobody = box.kinora("generate", "dear", "-d", 5, "--confirm-above", "0.04")
    assert nobody.code == 2 and "$0.05" in nobody.err and "--yes" in nobody.err, nobody
    asked = box.terminal("generate", "dear", "-d", 5, "--confirm-above", "0.04", cwd=tmp_path)
    asked.expect("= about $0.05. Go? [y/N] ")
    asked.send("n\n")
    assert asked.end() == 130 and "nothing was spent" in asked.text
    assert len(box.creations("/sample")) == before
    asked = box.terminal("generate", "dear", "-d", 5, "--confirm-above", "0.04", cwd=tmp_path)
    asked.expect("Go? [y/N] ")
    asked.send("y\n")
    assert asked.end() == 0, asked.text
    assert len(box.creations("/sample")) == before + 1
    for words in (["--yes"], ["--max-cost", "1"]):
        done = box.kinora(
            "generate", "dear", "-d", 5, "--confirm-above", "0.04", "--detach", *words)
        assert done.code == 0, done


def test_a_terminal_has_one_line_that_is_drawn_again(box, tmp_path):
    seen = box.terminal("generate", "a drawn boat", "-d", 4, "-o", "b.mp4", cwd=tmp_path)
    assert seen.end() == 0, seen.text
    frames = seen.text.split("\r")
    assert any("running" in frame for frame in frames)
    assert seen.text.count("\x1b[K") >= 2
    assert seen.text.rstrip().endswith("b.mp4")
    # Two lines of talk at most: the head, and the name of the file.
    assert seen.text.count("\n") == 2, seen.text


def test_too_dear_is_5_and_makes_nothing(box):
    before = len(box.creations("/sample"))
    done = box.kinora("generate", "x", "-d", 5, "--max-cost", "0.01")
    assert done.code == 5 and "max" in done.err and "request req_" in done.err, done
    assert len(box.creations("/sample")) == before


@pytest.mark.parametrize("words, code, hint", [
    (["-d", "90"], 2, "20"),
    (["-m", "sample/nothing"], 2, "kinora models"),
    (["-m", "sample/clip-unpriced"], 2, "--max-cost"),
    (["-m", "sample/clip-retired"], 2, "sample/clip"),
    (["--size", "1x1"], 2, "1280x720"),
])
def test_refusals_say_what_would_be_right(box, words, code, hint):
    done = box.kinora("generate", "x", *words)
    assert done.code == code and hint in done.err, done
    assert done.out == "" and "request req_" in done.err.splitlines()[-1]


def test_a_failed_job_is_1(box, tmp_path):
    done = box.kinora("generate", "[fault:failed] a boat", "-d", 1, cwd=tmp_path)
    assert done.code == 1 and done.out == "" and "kinora show video_" in done.err, done
    assert list(tmp_path.iterdir()) == []


def test_a_held_job_is_6_and_is_resolved_by_hand(box, tmp_path):
    before = len(box.creations("/sample"))
    done = box.kinora("generate", "[fault:submit:drop_after_accept] boat", "-d", 1, cwd=tmp_path)
    assert done.code == 6, done
    assert "may have been charged" in done.err and "kinora jobs resolve video_" in done.err
    assert len(box.creations("/sample")) == before + 1
    identifier = next(w for w in done.err.split() if w.startswith("video_"))
    shown = box.kinora("show", identifier)
    assert shown.code == 0 and "what is known of its paid requests" in shown.out, shown
    given = box.kinora("jobs", "resolve", identifier, "--give-up", "--json")
    assert given.code == 0 and given.json["kinora"]["state"] == "failed", given
    assert given.json["kinora"]["cost"]["unconfirmed"] is True
    again = box.kinora("jobs", "resolve", identifier, "--give-up")
    assert again.code == 2, again


def test_adopting_a_held_job_brings_its_video(box, tmp_path):
    done = box.kinora("generate", "[fault:submit:drop_after_accept] adopt me", "-d", 1)
    assert done.code == 6, done
    identifier = next(w for w in done.err.split() if w.startswith("video_"))
    jobs = httpx.get(f"{box.sim}/_sim/jobs").json()
    provider = next(job["id"] for job in jobs if "adopt me" in job["prompt"])
    adopted = box.kinora("jobs", "resolve", identifier, "--adopt", provider)
    assert adopted.code == 0, adopted
    assert box.kinora("watch", identifier).code == 0
    assert box.kinora("fetch", identifier, "-o", "a.mp4", cwd=tmp_path).code == 0
    assert video_stream(tmp_path / "a.mp4")


def test_timeout_is_7_and_the_job_goes_on(slow):
    done = slow.kinora("generate", "patience", "-d", 4, "--timeout", "0.5")
    assert done.code == 7 and "kinora watch video_" in done.err, done
    identifier = next(w for w in done.err.split() if w.startswith("video_"))
    assert slow.kinora("fetch", identifier).code == 7
    assert slow.kinora("watch", identifier, "--timeout", "0.2").code == 7
    assert slow.kinora("watch", identifier).code == 0


def test_ctrl_c_detaches_and_says_how_to_come_back(slow, tmp_path):
    seen = slow.terminal("generate", "let go", "-d", 4, cwd=tmp_path)
    seen.expect("running")
    seen.send("\x03")
    assert seen.end() == 130, seen.text
    assert "detached; the job goes on" in seen.text
    identifier = next(w for w in seen.text.split() if w.startswith("video_"))
    assert f"kinora watch {identifier}" in seen.text
    assert f"kinora cancel {identifier}" in seen.text
    assert slow.kinora("watch", identifier).code == 0
    assert len(slow.creations("/sample")) == 1


def test_cancel(slow):
    identifier = slow.kinora("generate", "stop me", "-d", 20, "--detach").out.strip()
    eventually(lambda: state(slow, identifier) == "running")
    done = slow.kinora("cancel", identifier)
    assert done.code == 0 and done.out.startswith(identifier), done
    assert slow.kinora("watch", identifier).code == 1
    assert state(slow, identifier) == "cancelled"
    again = slow.kinora("cancel", identifier)
    assert again.code == 1, again
    assert slow.kinora("cancel", "video_nothing").code == 3


def test_a_daemon_that_dies_is_waited_for_and_nothing_is_paid_twice(slow, tmp_path):
    path = program("kinora", "KINORA_BIN")
    watcher = subprocess.Popen(
        [path, "generate", "hold on", "-d", "4", "-o", "h.mp4"], cwd=tmp_path,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "KINORA_SOCKET": slow.socket})
    eventually(lambda: slow.get("/v1/videos")["data"])
    identifier = slow.get("/v1/videos")["data"][0]["id"]
    eventually(lambda: state(slow, identifier) == "running")
    slow.kill_daemon(signal.SIGKILL)
    out, err = watcher.communicate(timeout=60)
    assert watcher.returncode == 0, err
    assert out == "h.mp4\n" and video_stream(tmp_path / "h.mp4")
    assert "the daemon is away" in err and "the daemon is back" in err
    assert len(slow.creations("/sample")) == 1


def test_a_request_to_an_absent_daemon_is_repeated_with_its_key(slow):
    """The daemon dies between quote and submit: the same key makes one job."""
    os.kill(int(slow.env["KINORAD_PID"]), signal.SIGSTOP)
    path = program("kinora", "KINORA_BIN")
    waiting = subprocess.Popen(
        [path, "generate", "once", "-d", "1", "--detach", "--idempotency-key", "once"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "KINORA_SOCKET": slow.socket})
    time.sleep(0.3)
    os.kill(int(slow.env["KINORAD_PID"]), signal.SIGCONT)
    first = waiting.communicate(timeout=60)[0].strip()
    again = slow.kinora("generate", "once", "-d", 1, "--detach", "--idempotency-key", "once")
    assert again.out.strip() == first
    other = slow.kinora("generate", "other", "-d", 1, "--detach", "--idempotency-key", "once")
    assert other.code == 2 and "--idempotency-key" in other.err, other


def test_a_download_goes_on_where_it_was_cut(box, tmp_path):
    done = box.kinora("generate", "cut", "-d", 2, "--json", cwd=tmp_path)
    job, whole = done.json, (tmp_path / done.json["files"][0]).read_bytes()
    part = tmp_path / f"f.mp4.{job['id']}-0.part"
    part.write_bytes(whole[: len(whole) // 2])
    fetched = box.kinora("fetch", job["id"], "-o", "f.mp4", cwd=tmp_path)
    assert fetched.code == 0, fetched
    assert (tmp_path / "f.mp4").read_bytes() == whole and not part.exists()
    # What went wrong on disk is noticed and never becomes a file.
    part.write_bytes(b"x" * (len(whole) // 2))
    damaged = box.kinora("fetch", job["id"], "-o", "g.mp4", cwd=tmp_path)
    assert damaged.code == 0
    (tmp_path / f"d.mp4.{job['id']}-0.part").write_bytes(b"x" * (len(whole) // 2))
    damaged = box.kinora("fetch", job["id"], "-o", "d.mp4", cwd=tmp_path)
    assert damaged.code == 1 and "damaged" in damaged.err, damaged
    assert not (tmp_path / "d.mp4").exists()
    assert box.kinora("fetch", job["id"], "-o", "d.mp4", cwd=tmp_path).code == 0


def test_a_missing_job_is_3(box):
    for words in (["show"], ["watch"], ["fetch"], ["cancel"]):
        done = box.kinora(*words, "video_00000000000000000000000000000000")
        assert done.code == 3 and done.out == "" and "request req_" in done.err, done


def test_through_the_front_and_through_google(box, tmp_path):
    """HTTP/2 past an edge, and the native client: [P7] [T24] [T25] [T44]."""
    for model in ("openrouter/google/veo-3.1", "google"):
        done = box.kinora(
            "generate", "a lighthouse", "-m", model, "-d", 4, "--yes", "--json", cwd=tmp_path)
        assert done.code == 0, done
        assert video_stream(tmp_path / done.json["files"][0])
    front = box.creations("/openrouter")
    assert front
    assert {entry["headers"]["x-sim-http-version"] for entry in front} == {"HTTP/2.0"}
