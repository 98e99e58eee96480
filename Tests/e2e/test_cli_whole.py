"""`kinora generate` with everything it knows, where its files go, and what is seen meanwhile."""

import re

import pytest

from kinora_kit import Sandbox, kinora
from simulator import video_stream
from test_cli_generate import picture


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    sandbox = Sandbox(tmp_path_factory.mktemp("whole") / "box", "--speed", 20)
    yield sandbox
    assert sandbox.stop() == 0


def test_every_option_reaches_the_provider(box, tmp_path):
    """One command with every option of a video: each is in the job, the file plays, exit 0 [T2]."""
    first, last = picture(tmp_path / "first.png"), picture(tmp_path / "last.jpg")
    done = box.kinora(
        "generate", "a whole boat", "--model", "sample/clip", "--duration", 2, "--aspect-ratio",
        "9:16", "--resolution", "720p", "--image", first, "--last-image", last, "--audio", "--seed",
        7, "--negative", "rain", "--metadata", "scene=3", "--user", "u1", "--tenant", "t1",
        "--max-cost", "1", "--json", "-o", "whole.mp4", cwd=tmp_path)
    assert done.code == 0, done
    job = done.json
    made = job["kinora"]["request"]
    assert (job["model"], job["seconds"], job["metadata"]) == ("sample/clip", "2", {"scene": "3"})
    assert (made["aspect_ratio"], made["resolution"], made["audio"], made["seed"]) == (
        "9:16", "720p", True, 7)
    assert made["negative_prompt"] == "rain" and made["user"] == "u1"
    assert [entry["role"] for entry in made["inputs"]] == ["first_frame", "last_frame"]
    assert job["kinora"]["tenant"] == "t1" and job["kinora"]["kind"] == "first-last-frame"
    video = video_stream(tmp_path / "whole.mp4")
    assert (video["width"], video["height"]) == (720, 1280)


@pytest.mark.parametrize("words, code", [
    (["a boat", "-d", "1"], 0), (["[fault:failed] a boat", "-d", "1"], 1),
    (["a boat", "--resolution", "4k"], 2), (["a boat", "-d", "1", "--max-cost", "0.001"], 5),
    (["[fault:submit:drop_after_accept] a boat", "-d", "1"], 6),
    (["a boat [render:6000]", "-d", "1", "--timeout", "0.5"], 7),
])
def test_exit_codes(box, tmp_path, words, code):
    """Done, failed, refused field, too dear, held, not over in time: each has its own status [T2]."""
    done = box.kinora("generate", *words, cwd=tmp_path)
    assert done.code == code, done
    assert bool(done.out) == (code == 0)
    if code == 6:
        # Said once, and what to type.
        assert done.err.count("may have been charged") == 1, done.err
        assert len(re.findall(r"kinora jobs resolve video_\w+ --adopt PROVIDER_ID", done.err)) == 1


def test_two_results_lie_side_by_side(box, tmp_path):
    """-o DIR: one file a result by its index, nothing else is left; the same fetch again is no error [C19]."""
    done = box.kinora(
        "generate", "two foxes", "-m", "openai-videos/gpt-image-2", "-n", 2, "--max-cost", "1",
        "-o", tmp_path, "--json")
    assert done.code == 0, done
    job = done.json
    files = [tmp_path / f"{job['id']}.png", tmp_path / f"{job['id']}-1.png"]
    assert [str(path) for path in files] == job["files"]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    contents = [path.read_bytes() for path in files]
    assert all(data.startswith(b"\x89PNG") for data in contents)
    again = box.kinora("fetch", job["id"], "-o", tmp_path)
    assert again.code == 0 and again.out.splitlines() == [str(path) for path in files], again
    # Another file under such a name is nobody's to lose: it stays, and the rest is fetched by index.
    files[0].write_bytes(b"mine")
    refused = box.kinora("fetch", job["id"], "-o", tmp_path)
    assert refused.code == 2 and "is not written over" in refused.err, refused
    assert files[0].read_bytes() == b"mine"
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert box.kinora("fetch", job["id"], "--index", 1, "-o", tmp_path / "b.png").code == 0
    assert (tmp_path / "b.png").read_bytes() == contents[1]


def test_a_file_that_is_there_is_known_before_anything_is_paid(box, tmp_path):
    """-o FILE that exists is refused before a job is made [C19]."""
    (tmp_path / "mine.mp4").write_bytes(b"mine")
    before = len(box.get("/v1/videos?limit=1000")["data"])
    done = box.kinora("generate", "a boat", "-d", 1, "-o", tmp_path / "mine.mp4")
    assert done.code == 2 and "exists and is not written over" in done.err, done
    assert (tmp_path / "mine.mp4").read_bytes() == b"mine"
    assert len(box.get("/v1/videos?limit=1000")["data"]) == before


def test_progress_is_seen_while_it_is_made(tmp_path):
    """Percents of the provider, a line a change; on a terminal one line that is drawn again [A121]."""
    slow = Sandbox(tmp_path / "slow", "--speed", 2)
    try:
        done = slow.kinora("generate", "a boat [render:30]", "-d", 1, cwd=tmp_path, timeout=120)
        assert done.code == 0, done
        told = [int(text) for text in re.findall(r"(\d+) %", done.err)]
        assert len(set(told)) >= 2 and told == sorted(told), done.err
        seen = slow.terminal("generate", "a drawn boat [render:30]", "-d", "1", cwd=tmp_path)
        assert seen.end(120) == 0, seen.text
        assert re.search(r"\r[^\r\n]*running  \d+ %", seen.text), seen.text
        assert seen.text.count("\n") == 2, seen.text
    finally:
        slow.stop()


def test_help_and_capabilities_name_the_feature(box):
    """kinora help and kinora capabilities, for people and as JSON, tell that videos can be made [T6]."""
    overview = kinora("help")
    assert overview.code == 0 and re.search(r"^  generate +make a video", overview.out, re.M), overview.out
    assert re.search(r"^  capabilities ", overview.out, re.M)
    box.kinora("tenant", "set", "guild", "--model", "sample/clip")
    shown = box.kinora("capabilities", "--tenant", "guild")
    assert shown.code == 0 and "video" in shown.out.lower() and "sample/clip" in shown.out, shown
    told = box.kinora("capabilities", "--tenant", "guild", "--json").json
    assert told["object"] == box.get("/v1/capabilities?tenant=guild")["object"]
    assert told["video"]["enabled"] is True and told["video"]["model"] == "sample/clip"
    assert told["video"]["kinds"]["text_to_video"]["possible"] is True
