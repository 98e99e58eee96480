"""docs/requirements.md and the tests say the same."""

import re
import subprocess

from simulator import ROOT


def test_every_proven_requirement_has_a_test_and_every_tagged_test_is_listed():
    page = (ROOT / "docs/requirements.md").read_text()
    rows = re.findall(r"^\| ([TCBAVP]\d+) \| (proven|open|not applicable) \| (.*?)\|$", page, re.M)
    assert len(rows) == 524 and len({row[0] for row in rows}) == 524
    proven = {row[0] for row in rows if row[1] == "proven"}
    found = subprocess.run(
        ["grep", "-rhoIE", r"\[[TCBAVP][0-9]{1,3}\]", "Tests", "--include=*.swift",
         "--include=*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tagged = {word.strip("[]") for word in found.split()}
    assert proven - tagged == set(), "called proven, but no test carries the id"
    assert tagged - proven == set(), "a test carries the id: run Tests/requirements"
    for name, status, where in rows:
        for path in re.findall(r"`([^`]+)`", where):
            assert f"[{name}]" in (ROOT / path).read_text(), f"{path} does not carry [{name}]"
