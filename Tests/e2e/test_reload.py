"""A changed configuration is read by itself: when it is whole, when it differs, and only if it is right."""

import signal

import pytest

from kinora_kit import eventually


@pytest.fixture
def daemon(daemons, sim):
    return daemons(sim, speed=40, extra="budgets: {host: {usd_per_day: 5}}\n").start()


def cap(daemon):
    return daemon.get("/v1/config")["budgets"]["host"]["usd_per_day"]


def replaced(daemon, text):
    """As an editor does: a new file beside the old one, renamed over it."""
    fresh = daemon.config.with_name("kinora.yaml.new")
    fresh.write_text(text)
    fresh.rename(daemon.config)


def test_a_changed_file_is_read_by_itself(daemon):
    """inotify, a rename over the file, the same content again: one reload, its difference told [P20]."""
    text = daemon.config.read_text()
    fresh = text.replace("usd_per_day: 5", "usd_per_day: 7").replace("max_queued: 0", "max_queued: 9")
    replaced(daemon, fresh)
    eventually(lambda: cap(daemon) == "7.00", 30, "the reload")
    eventually(lambda: "reload.done" in daemon.log(), 30, "its line")
    assert "budgets.host.usd_per_day: 5.00 → 7.00" in daemon.log()
    assert "limits.max_queued: 0 → 9" in daemon.log()
    assert daemon.log().count('"reload.change"') == 2, daemon.log()
    # The same content is no change, however it comes; the next real one is the second reload.
    replaced(daemon, fresh)
    replaced(daemon, fresh.replace("usd_per_day: 7", "usd_per_day: 8"))
    eventually(lambda: cap(daemon) == "8.00", 30, "the second reload")
    eventually(lambda: daemon.log().count("reload.done") == 2, 30, "its line")
    assert daemon.log().count("a file of the configuration has changed") == 2
    # Old places in the file system are let go of: a third rename is seen as well.
    replaced(daemon, fresh)
    eventually(lambda: cap(daemon) == "7.00", 30, "the third reload")


def test_half_a_file_keeps_the_last_good_one(daemon):
    """A file that is cut or wrong changes nothing and is told; the next good one is in force [P20]."""
    text, before = daemon.config.read_text(), daemon.get("/v1/config")
    for wrong in (text[:40], text.replace("usd_per_day: 5", "usd_per_day: lots"), "\0"):
        told = daemon.log().count("reload.failed")
        daemon.config.write_text(wrong)
        eventually(lambda: daemon.log().count("reload.failed") > told, 30, "the complaint")
        assert daemon.get("/v1/config") == before
        assert daemon.request("GET", "/readyz")[0] == 200
    daemon.config.write_text(text.replace("usd_per_day: 5", "usd_per_day: 6"))
    eventually(lambda: cap(daemon) == "6.00", 30, "the good one")
    # SIGHUP reads it in any case.
    done = daemon.log().count("reload.done")
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: daemon.log().count("reload.done") == done + 1, 30, "the reload by SIGHUP")


def test_a_burst_of_writes_is_one_reload(daemon):
    """Writes that come quickly one after another are waited out before the file is read [P20]."""
    text = daemon.config.read_text()
    for number in range(20):
        replaced(daemon, text.replace("usd_per_day: 5", f"usd_per_day: {10 + number}"))
    eventually(lambda: cap(daemon) == "29.00", 30, "the last one")
    # A slow machine may see the burst as a few; each write by itself would be twenty.
    assert daemon.log().count("reload.done") < 20


def test_a_folder_of_providers_is_watched_from_its_first_file_on(daemon, sim):
    """providers.d that was not there at the start is seen, file by file [P20]."""
    folder = daemon.directory / "providers.d"
    folder.mkdir()
    (folder / "second.yaml").write_text(
        f"providers: {{second: {{plugin: sample, base_url: {sim.url}/sample/v1, allow_private: true}}}}\n")
    eventually(lambda: "second" in daemon.get("/v1/config")["providers"], 30, "the provider")
    assert "providers.second: none → " in daemon.log()
    (folder / "second.yaml").unlink()
    eventually(lambda: "second" not in daemon.get("/v1/config")["providers"], 30, "its end")
