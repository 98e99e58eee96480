"""The documentation names nothing that is not there: routes, commands with their flags, configuration keys,
links. What a page shows to be pasted is executed in test_docs_examples.py."""

import re
import subprocess

import pytest

from simulator import ROOT, program

PAGES = [page for page in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "Plugins/README.md"]
         if page.name != "requirements.md"]
METHODS = r"GET|POST|PUT|DELETE"


def name(page):
    return str(page.relative_to(ROOT))


def code(page):
    """(spans, blocks): code in lines, and blocks of it, fenced or indented."""
    text = page.read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    blocks += re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", text, re.MULTILINE)
    text = re.sub(r"^    .*$", "", text, flags=re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", text.replace("\\|", "|")), blocks


def fits(segments, template, words=True):
    """A word stands for itself and, with `words`, for a place; ID and {id} stand for a place."""
    return len(segments) == len(template) and all(
        a == b or b.startswith("{") and (words or re.fullmatch(r"\{.+\}|[A-Z_]+", a))
        for a, b in zip(segments, template))


def is_route(method, path, routes):
    path = re.split(r"[?\[]", path)[0].rstrip("/")
    if path.startswith("…/"):
        segments = path.split("/")[1:]
        return any(fits(segments, template[-len(segments):], words=False)
                   for verb, template in routes if method in (None, verb))
    segments = path.split("/")[1:]
    if any(fits(segments, template) for verb, template in routes if method in (None, verb)):
        return True
    # The beginning of a door's paths.
    return method is None and any(fits(segments, template[:len(segments)]) for _, template in routes)


def wrong_routes(page, routes):
    # Other paths are files, unless they have a method.
    first = {template[0] for _, template in routes}
    spans, blocks = code(page)
    wrong = []
    for span in spans:
        found = re.fullmatch(rf"(?:({METHODS}) )?(…?/[^\s`]*)", span)
        if found and found[2].startswith("/") and re.split(r"[/?]", found[2])[1] not in first:
            if found[1]:
                wrong.append(span)
        elif found and not is_route(found[1], found[2], routes):
            wrong.append(span)
    for block in blocks:
        for path in re.findall(r"http://kinora(/[^\s\"'`?]*)", block):
            if not is_route(None, path.replace("$ID", "ID"), routes):
                wrong.append(path)
    return wrong


@pytest.fixture(scope="module")
def routes(tmp_path_factory, shared_sim):
    from daemon import Daemon
    daemon = Daemon(tmp_path_factory.mktemp("docs"), shared_sim.url).start()
    paths = daemon.get("/openapi.json")["paths"]
    daemon.kill()
    return [(method.upper(), path.split("/")[1:]) for path, item in paths.items() for method in item]


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "simulator.md"], ids=name)
def test_routes(page, routes):
    """Every route that a page names is served, with that method [T1]."""
    assert wrong_routes(page, routes) == []


def test_routes_are_really_compared(tmp_path, routes):
    """A route that is not there is found, in a line as in a block, and so is a method that does not fit."""
    page = tmp_path / "page.md"
    page.write_text("`GET /v1/vidoes/ID` `/v1/vidoes` `PUT /v1/videos` `POST …/cancle` `/livez` `GET /nowhere`\n\n"
                    "    curl http://kinora/v1/video\n")
    assert wrong_routes(page, routes) == [
        "GET /v1/vidoes/ID", "/v1/vidoes", "PUT /v1/videos", "POST …/cancle", "GET /nowhere", "/v1/video"]


PROGRAMS = {"kinora": "KINORA_BIN", "kinorad": "KINORAD_BIN", "kinora-sim": "KINORA_SIM_BIN",
            "kinora-plugin-check": "KINORA_PLUGIN_CHECK_BIN"}


def help_of(words):
    command = [program(words[0], PROGRAMS[words[0]]), *words[1:], "--help"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def wrong_commands(page):
    known = set(re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", help_of(["kinora"]), re.MULTILINE))
    assert len(known) > 25
    spans, blocks = code(page)
    lines = [line for text in spans + blocks for line in re.split(r"\n|&&|\||;|\$\(|`", text)]
    wrong = []
    for line in lines:
        words = line.split(" #")[0].split()
        while words and (words[0] == "sudo" or re.fullmatch(r"\w+=\S*", words[0])):
            words.pop(0)
        if not words or words[0].split("/")[-1] not in PROGRAMS:
            continue
        words[0] = words[0].split("/")[-1]
        command = [words[0]]
        if words[0] == "kinora" and len(words) > 1 and not words[1].isupper():
            sure = [" ".join(words[1:count + 1]) for count in (2, 1)]
            command += next((each.split() for each in sure if each in known), ["?"])
        flags = [re.split(r"[=\]]", word)[0].strip("[") for word in words[1:] if re.match(r"\[?--?[a-z]", word)]
        told = "" if command[-1] == "?" else help_of(command)
        if command[-1] == "?" or [flag for flag in flags if not re.search(rf"(?<![\w-]){flag}(?![\w-])", told)]:
            wrong.append(" ".join(words))
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands(page):
    """Every command that a page names is in the help, with its flags [T1]."""
    assert wrong_commands(page) == []


def test_commands_are_really_compared(tmp_path):
    """A command and a flag that are not there are found."""
    page = tmp_path / "page.md"
    page.write_text("`kinora genrate` `kinora jobs --al`\n\n    sudo kinora jobs resolve X --adopt Y\n"
                    "    kinora quota sett a\n    kinorad --conf x\n")
    assert wrong_commands(page) == ["kinora genrate", "kinora jobs --al", "kinora quota sett a", "kinorad --conf x"]


SECTIONS = ("plugin_path listen providers plugins defaults routes limits budgets clients doors retention delivery "
            "log curl").split()


def unknown_keys(text, folder):
    """What the reader of the configuration does not know in this text, which may be a part of one."""
    path = folder / "part.yaml"
    path.write_text("version: 1\n" + text + ("" if re.search("^providers:", text, re.M) else "\nproviders: {}\n"))
    done = subprocess.run([program("kinora", "KINORA_BIN"), "config", "check", str(path)],
                          capture_output=True, text=True, timeout=60)
    words = done.stdout + done.stderr
    assert done.returncode in (0, 78), words
    # A value that is wrong, such as a file that is not here, is told with its key before it.
    return [line for line in words.splitlines()
            if ": error: " in line and not re.search(r": error: [\w.-]+(?::| must be a section)", line)]


def nested(dotted):
    """`a.b.c` as YAML, its end empty; a word in capitals is any name."""
    *above, last = [each.lower() for each in dotted.split(".")]
    return "{".join(f"{each}: " for each in above) + "{" + f"{last}: x" + "}" * len(above)


def keys(page):
    """Every piece of configuration that a page shows, as YAML."""
    spans, blocks = code(page)
    first = "|".join(SECTIONS)
    dotted = [nested(span) for span in spans if re.fullmatch(rf"(?:{first})(?:\.\w+)+", span)]
    written = [span for span in spans if re.fullmatch(rf"(?:{first}): .*[}}\]]", span)]
    pieces = []
    for block in blocks:
        lines = [line.removeprefix("    ") if block.startswith("    ") else line for line in block.split("\n")]
        if re.match(rf"(?:{first}):", lines[0]):
            pieces.append("\n".join(lines) + "\n")
    return dotted + written + pieces


def test_configuration_keys(tmp_path):
    """Every configuration key that a page names is one that the configuration's reader knows [T1]."""
    wrong = {name(page): found for page in PAGES
             if (found := [(piece, words) for piece in keys(page) if (words := unknown_keys(piece, tmp_path))])}
    assert wrong == {}
    assert sum(len(keys(page)) for page in PAGES) > 20
    assert unknown_keys(nested("limits.max_queue"), tmp_path) and unknown_keys(nested("clients.NAME.x"), tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links(page):
    """Every link of a page leads to a file that is there, and to a heading in it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)):
        if target.startswith("https://"):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        headings = {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-")
                    for line in re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)} if heading else set()
        assert not heading or heading in headings, target


def test_the_page_about_all_of_it():
    """docs/video-generation.md is one page with the headings that one looks for, and leads to the others [T1]."""
    text = (ROOT / "docs/video-generation.md").read_text()
    headings = re.findall(r"^## (\w+)", text, re.MULTILINE)
    assert headings == ["Entry", "Flow", "Jobs", "Transports", "Defaults", "Quotas", "Limits"]
    assert len(text.splitlines()) < 120
    assert {"api.md", "front-doors.md", "transports.md"} <= set(re.findall(r"\]\(([\w.-]+)", text))
    assert "docs/video-generation.md" in (ROOT / "README.md").read_text()


def test_jobs_and_images(daemon):
    """Videos are jobs and pictures are answers, as docs/video-generation.md says [A108]."""
    status, job, _ = daemon.post("/v1/videos", {"model": "sample/clip", "prompt": "a fox [render:4000]"})
    assert status == 200 and job["status"] == "queued" and "data" not in job
    status, answer, _ = daemon.post("/v1/images/generations", {"model": "google/gemini-3-pro-image",
                                                               "prompt": "a fox"})
    assert status == 200, answer
    assert answer["data"][0]["b64_json"] and "status" not in answer
    assert [made["kinora"]["kind"] for made in daemon.jobs()] == ["text-to-video", "image"]


def test_versions_in_the_changelog():
    """The changelog says which version of each client the doors were checked with: the one that is pinned [A130]."""
    text = (ROOT / "docs/CHANGELOG.md").read_text()
    assert re.search(r"^## \[Unreleased\]$", text, re.MULTILINE)
    table = text[text.index("## Dialects"):]
    pins = "".join((ROOT / "Tests/e2e" / each).read_text() for each in ("requirements.txt", "requirements-genai2.txt"))
    for client, version in re.findall(r"^(openai|google-genai|openrouter)==(.+)$", pins, re.MULTILINE):
        assert f"{client} {version}" in table, client
    doors = {path.stem for path in (ROOT / "Tests/e2e/golden/dialects").iterdir()}
    assert doors == set(re.findall(r"golden/dialects/(\w+)\.jsonl", table)) and len(doors) == 7
    for path in re.findall(r"`(Tests/[\w/.-]+)`", table):
        assert (ROOT / path).exists(), path
    sources = "".join(path.read_text() for path in (ROOT / "Sources/KinoraAPI/Doors").rglob("*.swift"))
    for client, version in re.findall(r"(@[\w-]+/[\w-]+) (\d+\.\d+\.\d+)", table):
        assert re.search(rf"{client}[\s/]*{re.escape(version)}", sources), client
