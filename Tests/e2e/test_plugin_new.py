"""`kinora plugin new` from an installed tree: what it writes builds, is checked and makes a clip."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from kinora_kit import Sandbox, kinora
from simulator import ROOT, video_stream

SWIFT = os.environ.get("SWIFT", "swift")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """What `make install` puts onto a machine, far from this repository."""
    root = tmp_path_factory.mktemp("root")
    done = subprocess.run(
        ["make", "--silent", "install", f"DESTDIR={root}", "PREFIX=/usr"], cwd=ROOT,
        capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return root / "usr"


@pytest.fixture
def new(tree, tmp_path, monkeypatch):
    """Runs the installed `kinora plugin new`."""
    monkeypatch.setenv("KINORA_BIN", str(tree / "bin/kinora"))

    def run(name, *words):
        return kinora("plugin", "new", name, *words, cwd=tmp_path)

    return run


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def make(folder, *words):
    """`make` as a plugin's author types it."""
    done = subprocess.run(
        ["make", f"SWIFT={SWIFT}", *words], cwd=folder, capture_output=True, text=True,
        timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def without_findings(tree, plugin):
    """kinora-plugin-check's report of the plugin with its transcripts."""
    done = subprocess.run(
        [tree / "bin/kinora-plugin-check", plugin, "--transcripts", plugin.parent / "transcripts",
         "--json"], capture_output=True, text=True, timeout=300)
    report = json.loads(done.stdout)
    assert done.returncode == 0, [c for c in report["checks"] if not c["passed"]]
    assert all(check["name"] and check["demand"] for check in report["checks"])


@pytest.mark.parametrize("language", ["c", "swift"])
def test_a_new_plugin_makes_a_clip_at_once(new, tree, tmp_path, language):
    name = f"my-{language}-2"
    folder = tmp_path / name
    done = new(name, "--lang", language)
    assert done.code == 0 and done.out == f"{folder}\n", done
    assert "make try" in done.err
    texts = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    assert texts and not [text for text in texts if f"{ROOT}/" in text]
    assert len((folder / "README.md").read_text().splitlines()) < 22
    make(folder)
    without_findings(tree, folder / f"kinora-{name}.so")

    port = free_port()
    extra = folder / "sandbox.yaml"
    extra.write_text(extra.read_text().replace("8790", str(port)))
    box = Sandbox(tmp_path / "box", "--port", port, "--speed", 20, "--config", extra)
    try:
        made = box.kinora("generate", "a fox", "-m", f"{name}/clip", "-d", 2, "-o", "fox.mp4",
                          cwd=tmp_path)
        assert made.code == 0, made
        stream = video_stream(tmp_path / "fox.mp4")
        assert stream["codec_name"] == "h264" and round(float(stream["duration"])) == 2
        [job] = box.get("/v1/videos")["data"]
        assert job["kinora"]["provider"] == name
        assert job["kinora"]["cost"]["settled_microusd"] == 20_000
        refused = box.kinora("generate", "a fox", "-m", f"{name}/clip", "-d", 21, "--detach")
        assert refused.code == 2 and "20" in refused.err, refused
        # The filter's word, as the simulator's provider says it.
        filtered = box.kinora("generate", "x [fault:filtered]", "-m", f"{name}/clip", "-d", 1)
        assert filtered.code == 1 and "filter" in filtered.err, filtered
    finally:
        assert box.stop() == 0


def test_pkg_config_knows_header_and_linker_flags(new, tree, tmp_path):
    assert new("plain", "--lang", "c").code == 0
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "kinora-plugin"], capture_output=True, text=True,
        check=True, env={**os.environ, "PKG_CONFIG_PATH": str(tree / "lib/pkgconfig")})
    folder = tmp_path / "plain"
    subprocess.run(
        ["cc", "-std=c11", "-shared", "-fPIC", "-fvisibility=hidden", "plain.c",
         "-o", "kinora-plain.so", *flags.stdout.split()], cwd=folder, check=True)
    os.chmod(folder / "kinora-plain.so", 0o755)
    without_findings(tree, folder / "kinora-plain.so")


@pytest.mark.parametrize("name", [
    "", "Runway", "2fast", "-x", "x-", "a--b", "a_b", "a b", "../x", "x" * 41, "kinora", "sample",
])
def test_a_name_that_cannot_be_one_is_refused(new, tmp_path, name):
    done = new("--", name) if name.startswith("-") else new(name)
    assert done.code == 2 and done.out == "", done
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(new, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/notes.txt").write_text("mine")
    done = new("there", "--lang", "c")
    assert done.code == 2 and "--dir" in done.err, done
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["notes.txt"]
    assert new("there", "--lang", "c", "--dir", "elsewhere").code == 0
    assert (tmp_path / "elsewhere/there.c").exists()
    assert new("odd", "--dir", "a b").code == 2
    assert new("odd", "--lang", "rust").code == 2


def test_the_build_tree_has_the_same_kit(tree):
    """`make build` lays out what `make install` installs."""
    def kit(folder):
        return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}

    build = Path(os.environ.get("KINORA_BUILD", ROOT / "build"))
    assert kit(build / "share/kinora") == kit(tree / "share/kinora")
    assert (tree / "share/doc/kinora/plugins.md").exists()


def test_a_slip_in_the_catalog_is_told_once(new, tmp_path):
    """A misspelt member of the catalog is named, with what was meant, and the checks that need the catalog do not
    say it again."""
    folder = tmp_path / "slip"
    assert new("slip", "--lang", "c").code == 0
    source = next(path for path in folder.rglob("*.[ch]") if '\\"durations\\"' in path.read_text())
    source.write_text(source.read_text().replace('\\"durations\\"', '\\"duratoins\\"'))
    done = subprocess.run(["make", "check"], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    assert done.stdout.count("duratoins: is not known here; did you mean durations?") == 1, done.stdout
    assert "for the same reason: " in done.stdout and done.stdout.count("FAIL") == 1
