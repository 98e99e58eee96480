"""The commands that read, and those of the administrator."""

import json
import time

import pytest

from kinora_kit import Sandbox, eventually

READS = [
    "jobs", "models", "models sample/clip", "plugins", "providers", "usage", "usage --day all",
    "config show", "doctor", "version", "quote boat",
]


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    directory = tmp_path_factory.mktemp("reads")
    extra = directory / "extra.yaml"
    extra.write_text("budgets: {host: {usd_per_day: 50}}\n")
    sandbox = Sandbox(directory / "box", "--speed", 40, "--config", extra)
    done = sandbox.kinora("generate", "a first boat", "-d", 1, cwd=directory)
    assert done.code == 0, done
    sandbox.video = done.out.strip().removesuffix(".mp4")
    yield sandbox
    assert sandbox.stop() == 0


@pytest.mark.parametrize("words", READS)
def test_every_read_has_a_json_and_a_table(box, words):
    table = box.kinora(*words.split())
    assert table.code == 0 and len(table.out.splitlines()) >= 1, table
    with pytest.raises(ValueError):
        json.loads(table.out)
    whole = box.kinora(*words.split(), "--json")
    assert whole.code == 0 and whole.json and whole.err == "", whole


def test_jobs_table_and_filters(box):
    table = box.kinora("jobs").out.splitlines()
    assert table[0].split() == ["ID", "STATE", "MODEL", "AGE", "COST", "PROMPT"]
    row = next(line for line in table if box.video in line)
    assert "completed" in row and "sample/clip" in row and "$0.01" in row and "a first boat" in row
    tagged = [
        box.kinora("generate", f"n {n}", "-d", 1, "--metadata", "set=a", "--detach").out.strip()
        for n in range(5)]
    found = box.kinora("jobs", "--metadata", "set=a", "--json").json["data"]
    assert [job["id"] for job in found] == tagged[::-1]
    two = box.kinora("jobs", "--limit", 2, "--metadata", "set=a")
    assert len(two.out.splitlines()) == 3 and "--all" in two.err
    everything = box.kinora("jobs", "--all", "--json").json
    assert {box.video, *tagged} <= {job["id"] for job in everything["data"]}
    assert everything["has_more"] is False
    assert box.kinora("jobs", "--status", "held").out == ""
    assert box.kinora("jobs", "--provider", "openrouter").out == ""
    bad = box.kinora("jobs", "--status", "asleep")
    assert bad.code == 2 and "completed" in bad.err, bad


def test_show(box):
    shown = box.kinora("show", box.video)
    lines = dict(line.split(None, 1) for line in shown.out.splitlines())
    assert lines["id"] == box.video and lines["state"] == "completed"
    assert lines["model"] == "sample/clip" and lines["prompt"] == "a first boat"
    assert lines["settled"].startswith("$0.01")
    assert f"kinora fetch {box.video}" in shown.out
    assert box.kinora("show", box.video, "--json").json["id"] == box.video


def test_a_strangers_text_cannot_move_the_cursor(box):
    done = box.kinora("generate", "red \x9b31m and\r\nline", "-d", 1, "--detach")
    assert done.code == 0, done
    for words in (["jobs"], ["show", done.out.strip()]):
        seen = box.kinora(*words).out
        assert "\x9b" not in seen and "\r" not in seen


def test_quote_makes_nothing(box):
    before = len(box.kinora("jobs", "--all", "--json").json["data"])
    done = box.kinora("quote", "a boat", "-d", 8)
    assert done.code == 0 and "about $0.08" in done.out and "budget left $" in done.out, done
    assert box.kinora("quote", "a boat", "-d", 8, "--json").json["microusd"] == 80_000
    assert len(box.kinora("jobs", "--all", "--json").json["data"]) == before


def test_models_providers_plugins(box):
    models = box.kinora("models").out
    assert "sample/clip" in models and "$0.01/second" in models and "1-20" in models
    assert box.kinora("models", "--provider", "google").out.count("google/") >= 1
    assert box.kinora("models", "sample/none").code == 3
    providers = box.kinora("providers").out
    for name in ("sample", "openrouter", "google"):
        assert name in providers
    assert "curl" in next(line for line in providers.splitlines() if "openrouter" in line)
    assert "api_key:found" in providers and "sk-sandbox" not in providers
    plugins = box.kinora("plugins").out
    assert plugins.count("loaded") >= 3 and "kinora-sample.so" in plugins


def test_usage_shows_the_ledger(box):
    table = box.kinora("usage")
    assert table.out.splitlines()[0].split() == [
        "DAY", "SCOPE", "RESERVED", "SPENT", "CAP", "LEFT", "FILES", "VIDEO"]
    assert "$50.00" in table.out and time.strftime("%Y-%m-%d", time.gmtime()) in table.out
    assert box.kinora("usage", "--day", "yesterday").code == 2


def test_doctor_is_well_and_looks_from_both_sides(box):
    done = box.kinora("doctor")
    assert done.code == 0, done
    assert "ok    socket" in done.out and "mode 600" in done.out and "ok    version" in done.out
    checks = box.kinora("doctor", "--json").json
    assert checks["ok"] is True and len(checks["checks"]) > 6
    assert {check["status"] for check in checks["checks"]} <= {"ok", "warn"}


def test_pause_and_resume(box):
    assert box.kinora("pause").code == 0
    waiting = box.kinora("generate", "wait for me", "-d", 1, "--detach").out.strip()
    time.sleep(0.3)
    assert box.get(f"/v1/videos/{waiting}")["kinora"]["state"] == "queued"
    assert box.kinora("resume").code == 0
    assert box.kinora("watch", waiting).code == 0


def test_config_show_masks_and_reload_is_synchronous(box):
    shown = box.kinora("config", "show")
    assert "sample" in shown.out and "sk-sandbox" not in shown.out + box.kinora(
        "config", "show", "--json").out

    def cap():
        budget = box.kinora("quote", "a boat", "--json").json["budget"]
        return next(row["cap_microusd"] for row in budget if row["scope"] == "host")

    extra = box.directory.parent / "extra.yaml"
    good = extra.read_text()
    extra.write_text("budgets: {host: {usd_per_day: 60}}\n")
    assert box.kinora("reload").code == 0
    assert cap() == 60_000_000
    extra.write_text("budget: 3\nlimits: {max_queued: many}\n")
    bad = box.kinora("reload")
    assert bad.code == 78 and "budgets" in bad.err and "max_queued" in bad.err, bad
    assert cap() == 60_000_000
    extra.write_text(good)
    assert box.kinora("reload").code == 0


def test_version_of_both(box):
    done = box.kinora("version", "--json").json
    assert done["kinora"] == done["kinorad"]["version"]


def test_jobs_is_quick(box):
    times = []
    for _ in range(9):
        begin = time.monotonic()
        assert box.kinora("jobs").code == 0
        times.append(time.monotonic() - begin)
    assert sorted(times)[4] < 0.1, times
    eventually(lambda: not box.kinora("jobs", "--status", "queued,running").out)
