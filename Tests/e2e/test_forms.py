"""What a bot's form offers, and where it gets its bounds from."""

import pytest
from daemon import PLUGINS

VARIABLES = {
    "VIDEO_GEN_DEFAULT_DURATION_SECONDS": "7", "VIDEO_GEN_MAX_DURATION_SECONDS": "10",
    "VIDEO_GEN_MAX_FPS": "30",
}
WIDE = """  own:
    plugin: custom
    base_url: {url}/custom/v1
    allow_private: true
    assume_usd: 0
    models:
      - {{id: wide, kinds: [text-to-video], durations: {{min: 1, max: 60}}, fps: {fps}, prices: []}}
      - {{id: some, kinds: [text-to-video], durations: [4, 15, 25], fps: [24, 90], prices: []}}
      - {{id: long, kinds: [text-to-video], durations: [30, 40], prices: []}}
"""


def wide(sim):
    return WIDE.format(url=sim.url, fps=list(range(1, 121)))


def fields(daemon, model="own/wide"):
    return daemon.get(f"/v1/forms/generate-video?model={model}")["properties"]


def bounds(daemon):
    forms = daemon.get("/v1/config")["forms"]
    return [forms[name] for name in ("default_duration_seconds", "max_duration_seconds", "max_fps")]


def test_bounds_without_words(daemons, sim):
    """5 s are filled in, 20 s and 60 frames a second are the most, where nobody says otherwise."""
    daemon = daemons(sim, providers=wide(sim)).start()
    assert bounds(daemon) == [5, 20, 60]
    form = fields(daemon)
    assert form["duration"] == {
        "type": "integer", "title": "Duration in seconds", "minimum": 1, "maximum": 20,
        "multipleOf": 1, "default": 5}
    assert (form["fps"]["minimum"], form["fps"]["maximum"]) == (1, 60)
    some = fields(daemon, "own/some")
    assert some["duration"]["enum"] == [4, 15] and some["duration"]["default"] == 4
    assert some["fps"]["enum"] == [24]
    assert fields(daemon, "own/long")["duration"]["enum"] == [30]


def test_bounds_by_the_environment(daemons, sim):
    """The variables that bots have had set default, longest and fastest [T59] [T60] [T61]."""
    daemon = daemons(sim, providers=wide(sim), environment=VARIABLES).start()
    assert bounds(daemon) == [7, 10, 30]
    form = fields(daemon)
    assert (form["duration"]["default"], form["duration"]["maximum"]) == (7, 10)
    assert form["fps"]["maximum"] == 30


def test_bounds_by_the_configuration(daemons, sim):
    """`forms` of the configuration counts over the variables, key by key; a reload changes it [T59] [T60] [T61]."""
    daemon = daemons(
        sim, providers=wide(sim), environment=VARIABLES,
        extra="forms: {max_duration_seconds: 12, max_fps: 50}\n").start()
    assert bounds(daemon) == [7, 12, 50]
    daemon.config.write_text(daemon.config.read_text().replace("max_fps: 50", "max_fps: 25"))
    assert daemon.post("/v1/reload")[0] == 200 and bounds(daemon) == [7, 12, 25]


def test_bounds_are_the_forms_alone(daemons, sim):
    """A request may ask for all that its model makes, whatever a form offers [T62]."""
    daemon = daemons(sim, providers=wide(sim)).start()
    assert fields(daemon)["duration"]["maximum"] == 20 and fields(daemon)["fps"]["maximum"] == 60
    quote = daemon.post(
        "/v1/quote", {"model": "own/wide", "prompt": "x", "duration": 25, "fps": 120})[1]
    assert quote["resolved"]["seconds"] == 25 and quote["resolved"]["fps"] == 120, quote
    assert not [note for note in quote["warnings"] if note["field"] in ("seconds", "fps")]
    able = daemon.get("/v1/capabilities?model=own/wide")["video"]
    assert able["durations"]["maximum"] == 60 and max(able["fps"]) == 120


@pytest.mark.parametrize("extra, environment, words", [
    ("forms: {max_fps: fast}\n", {}, "forms.max_fps"),
    ("forms: {max_fp: 30}\n", {}, "did you mean max_fps"),
    ("forms: {default_duration_seconds: 30}\n", {}, "is above max_duration_seconds"),
    ("", {"VIDEO_GEN_MAX_FPS": "many"}, "$VIDEO_GEN_MAX_FPS must be a number"),
])
def test_bounds_that_are_none(daemons, sim, extra, environment, words):
    """A wrong bound is an error of the configuration that names it."""
    assert PLUGINS.is_dir()
    daemon = daemons(sim, extra=extra, environment=environment)
    daemon.start(ready=False)
    assert daemon.wait_dead(30) == 78 and words in daemon.log(), daemon.log()
