"""The schemas that plugin authors get: true to what ships, and as strict as the host's own reader."""

import copy
import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

import c_plugins
from daemon import PLUGINS
from simulator import ROOT, program

SCHEMAS = {
    name: json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text())
    for name in ("catalog", "job", "result")}
SHIPPED = sorted(PLUGINS.glob("kinora-*.so"))
TRANSCRIPTS = sorted(ROOT.glob("Plugins/*/transcripts/*.jsonl")) + sorted(
    ROOT.glob("packaging/templates/*/transcripts/*.jsonl"))


def complaints(schema, value):
    validator = jsonschema.Draft202012Validator(SCHEMAS[schema])
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def catalog(plugin):
    """The catalog as the host reads it, or None when it refuses the plugin; and its words."""
    done = subprocess.run(
        [program("kinora-plugin-check", "KINORA_CHECK_BIN"), plugin, "--catalog"],
        capture_output=True, text=True, timeout=60)
    return (json.loads(done.stdout) if done.returncode == 0 else None), done.stderr


def test_the_schemas_are_schemas():
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("plugin", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_catalog(plugin):
    found, words = catalog(plugin)
    assert found, words
    assert complaints("catalog", found) == []


@pytest.mark.parametrize(
    "path", TRANSCRIPTS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_jobs_and_results_of_transcripts(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        exchange = json.loads(line)
        job = exchange["event"].get("job")
        # One that the plugin turns away may be wrong on purpose.
        if isinstance(job, dict) and exchange["step"].get("verdict") in ("send", "wait", "succeed"):
            assert complaints("job", job) == [], f"{path}:{number}"
        result = exchange["step"].get("result")
        if isinstance(result, dict):
            assert complaints("result", result) == [], f"{path}:{number}"


GOOD = {
    "hosts": ["*.example.com"], "base_url": "https://api.example.com/v1", "transport": "libcurl",
    "credentials": [{"name": "api_key", "required": True, "help": "https://example.com/keys"}],
    "poll_ms": 5000, "probe": "/models", "submit": {"dedupe": "key", "key_ttl_s": 60},
    "models": [{
        "id": "m", "name": "M", "aliases": ["n"], "kinds": ["text-to-video", "image-to-video"],
        "durations": {"min": 1, "max": 9.5}, "default_duration": 4, "fps": [24],
        "audio": "optional", "seed": True, "inputs": {"first_frame": 1}, "options": ["style"],
        "prices": [{"per": "second", "usd": "0.10", "source": "https://example.com",
                    "date": "2026-10-01", "audio": True, "kind": "image-to-video"}],
        "submit": {"cancel": "any"}, "retires_at": "2027-01-01", "successor": "x/y"}]}

# Where, and what is put there; `...` takes the member away.
BAD = [
    ("base_url", ...), ("base_url", ""), ("base_url", 7), ("hosts", "api.example.com"),
    ("hosts", [1]), ("transport", "wget"), ("poll_ms", -1), ("poll_ms", "5"), ("probe", 5),
    ("probes", "/x"), ("models", ...), ("models", []), ("models", {}), ("models", [7]),
    ("credentials", [{}]), ("credentials", [{"name": "a", "hint": "x"}]),
    ("credentials", [{"name": ""}]), ("credentials", [{"name": "a", "required": "yes"}]),
    ("submit", []), ("submit/dedupe", "tag"), ("submit/reconcile", "by_luck"),
    ("submit/definite_statuses", ["400"]), ("submit/bills_on", "never"),
    ("submit/cancel", "sometimes"), ("submit/paid_sends", 1.5), ("submit/deadline", 5),
    ("models/0/id", ...), ("models/0/id", ""), ("models/0/kinds", ...), ("models/0/kinds", []),
    ("models/0/kinds", ["video"]), ("models/0/duration", [4]), ("models/0/durations", []),
    ("models/0/durations", ["4"]), ("models/0/durations", {"min": 1}),
    ("models/0/durations", {"min": 1, "max": 2, "by": 1}), ("models/0/default_duration", 0),
    ("models/0/audio", "maybe"), ("models/0/seed", 1), ("models/0/fps", [23.976]),
    ("models/0/max_count", -1), ("models/0/inputs", {"frame": 1}),
    ("models/0/inputs", {"first_frame": "1"}), ("models/0/inputs", [1]),
    ("models/0/options", "style"), ("models/0/aspect_ratios", [16]), ("models/0/submit", {"x": 1}),
    ("models/0/prices/0/usd", 0.1), ("models/0/prices/0/usd", "$1"),
    ("models/0/prices/0/usd", "1e3"), ("models/0/prices/0/usd", ...),
    ("models/0/prices/0/per", "minute"), ("models/0/prices/0/per", ...),
    ("models/0/prices/0/source", ...), ("models/0/prices/0/date", ...),
    ("models/0/prices/0/currency", "USD"), ("models/0/prices/0/kind", "video"),
]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A plugin whose catalog is whatever a file holds."""
    folder = tmp_path_factory.mktemp("reader")
    source = folder / "reader.c"
    source.write_text(r'''
#include "kinora_plugin.h"
#include <stdio.h>
KN_NOTE(0);
static kn_status step(const kn_event *e, const kn_out *o) { (void)e; (void)o; return KN_UNSUPPORTED; }
static char text[65536];
static kn_plugin plugin = { KN_MAGIC, KN_ABI_MAJOR, KN_ABI_MINOR, sizeof(kn_plugin),
  "org.example.reader", "Reader", "1.0.0", { text, 0 }, 0, step, 0 };
KN_EXPORT const kn_plugin *kinora_plugin_reader(const kn_host *h) {
  FILE *f = fopen(CATALOG, "r");
  if (!h || !f) return 0;
  plugin.catalog.len = fread(text, 1, sizeof text, f);
  fclose(f);
  return &plugin;
}''')
    plugin = c_plugins.compile(
        folder, "reader", source=source, CATALOG=f'"{folder}/catalog.json"')
    os.chmod(folder, 0o755)

    def read(value):
        (folder / "catalog.json").write_text(json.dumps(value))
        return catalog(plugin)

    return read


def test_a_good_catalog_passes_both(reader):
    assert reader(GOOD)[0] == GOOD
    assert complaints("catalog", GOOD) == []


@pytest.mark.parametrize("place,value", BAD, ids=lambda part: str(part)[:40])
def test_the_schema_refuses_what_the_host_refuses(reader, place, value):
    bad = copy.deepcopy(GOOD)
    *path, last = place.split("/")
    at = bad
    for part in path:
        at = at[int(part)] if isinstance(at, list) else at[part]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    found, words = reader(bad)
    assert found is None and "catalog" in words, (found, words)
    assert complaints("catalog", bad), "only the host refuses it"


@pytest.mark.parametrize("result", [
    {}, {"assets": []}, {"assets": [{}]}, {"assets": [{"url": "ftp://x"}]},
    {"assets": [{"url": "https://x", "spool": "out0"}]}, {"assets": [{"spool": "out0"}]},
    {"assets": [{"url": "https://x"}], "cost_microusd": -1},
    {"assets": [{"url": "https://x"}], "cost": 1},
])
def test_the_schema_refuses_results_that_are_none(result):
    assert complaints("result", result)
