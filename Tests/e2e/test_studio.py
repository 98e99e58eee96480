"""The page /studio in a real browser: from the press of a button to a film, through the public API."""

import os
import re
import signal
import threading

import httpx
import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from browser import SECONDS, chromium
from door_kit import KEY, with_tcp
from kinora_kit import eventually

AUTH = {"authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    driver = chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture
def front(daemons, sim):
    """A daemon with a page; each has a port of its own, so nothing is kept from the test before."""
    return with_tcp(daemons(sim, speed=40)).start()


class Page:
    """What a person sees and does."""

    def __init__(self, driver, front, key=KEY):
        self.driver = driver
        self.front = front
        driver.get_log("browser")
        driver.get(front.tcp + "/studio")
        if key:
            self.wait(lambda: self["key"].is_displayed())
            self["key"].send_keys(key + Keys.ENTER)
            self.wait(lambda: "sample/clip" in self["quote"].text)

    def __getitem__(self, name):
        return self.driver.find_element("id", name)

    def wait(self, fact):
        return WebDriverWait(self.driver, SECONDS, 0.1).until(lambda _: fact(), self.words())

    def words(self):
        return self.driver.find_element("tag name", "body").text

    @property
    def state(self):
        return self["state"].text

    def wait_state(self, word):
        self.wait(lambda: self.state == word)

    def generate(self, prompt):
        self["prompt"].clear()
        self["prompt"].send_keys(prompt)
        self["generate"].click()

    def job(self):
        """The id of the job that is shown."""
        self.wait(lambda: self["job"].is_displayed())
        return re.fullmatch(r"Job: (video_\w+)", self["job"].text)[1]

    def run(self, script):
        return self.driver.execute_script(script)


@pytest.fixture
def page(driver, front):
    return Page(driver, front)


def test_the_page_as_it_is_sent(front):
    """The page is the same on both listeners, without a key, holds all it needs, and may run nothing else."""
    seen = set()
    for answer in (httpx.get(front.tcp + "/studio"),
                   httpx.Client(transport=httpx.HTTPTransport(uds=str(front.socket))).get("http://kinora/studio")):
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")
        assert policy["style-src"] == policy["script-src"] and len(nonce) == 32
        assert policy["default-src"] == "'none'" and policy["connect-src"] == "'self'"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.text.count(f'nonce="{nonce}"') == 2
        assert not re.search(r"https?://|\ssrc=|@import|url\(|innerHTML|\son\w+=|style=", answer.text)
        seen.add(nonce)
    assert len(seen) == 2, "a nonce is for one answer"


def test_a_key_stays_in_the_tab(driver, front):
    """The page asks for a key where one is wanted, says when it is wrong, and keeps it in this tab only."""
    page = Page(driver, front, key=None)
    page.wait(lambda: page["key"].is_displayed())
    assert "wants a key" in page["key-help"].text
    page["key"].send_keys("kn-wrong" + Keys.ENTER)
    page.wait(lambda: "not known" in page["key-help"].text and page["key"].is_displayed())
    page["key"].send_keys(KEY + Keys.ENTER)
    page.wait(lambda: "sample/clip" in page["quote"].text)
    assert not page["access"].is_displayed()
    assert page.run("return Object.values(sessionStorage)") == [KEY]
    assert page.run("return localStorage.length") == 0 and not driver.get_cookies()
    assert KEY not in driver.current_url and KEY not in driver.page_source
    models = [option.get_attribute("value") for option in page["model"].find_elements("tag name", "option")]
    assert models[0] == "" and "sample/clip" in models and "sample/still" not in models


def test_from_idle_to_generating(page, front, sim):
    """The words idle and generating, Generating..., starting..., the job's id, progress of 100; two clicks pay
    once [A50] [A51] [A52] [A53] [A78]."""
    assert page.state == "idle" and page["generate"].text == "Generate Video"
    os.kill(front.process.pid, signal.SIGSTOP)
    try:
        page["prompt"].send_keys("a fox [fault:stuck]")
        page.run("const b = document.getElementById('generate'); b.click(); b.click();"
                 "document.getElementById('form').requestSubmit()")
        page.wait_state("generating")
        assert page["generate"].text == "Generating..." and not page["generate"].is_enabled()
        assert page["status"].text == "starting..." and not page["job"].is_displayed()
    finally:
        os.kill(front.process.pid, signal.SIGCONT)
    job = page.job()
    page.wait(lambda: page["status"].text.startswith("in_progress"))
    bar = page["progress"]
    assert bar.tag_name == "progress" and bar.get_attribute("max") == "100" and bar.is_displayed()
    assert [made["id"] for made in front.jobs()] == [job] and len(sim.jobs()) == 1
    assert page.driver.current_url.endswith(f"/studio#{job}")


def test_cancel(page, front, sim):
    """Cancel posts to the job's cancel route and the page is idle again [A54]."""
    page.generate("a fox [fault:stuck]")
    job = page.job()
    page.wait(lambda: page["status"].text.startswith("in_progress"))
    assert page["cancel"].text == "Cancel"
    page["cancel"].click()
    page.wait_state("idle")
    assert front.get(f"/v1/videos/{job}")["error"]["code"] == "cancelled"
    assert page["word"].text.startswith("Cancelled.") and "#" not in page.driver.current_url
    assert page["prompt"].get_attribute("value") == "a fox [fault:stuck]"


def test_cancel_before_the_answer(page, front):
    """A cancel that is pressed before the job has an id reaches the job that is made [A54]."""
    os.kill(front.process.pid, signal.SIGSTOP)
    try:
        page.generate("a fox [fault:stuck]")
        page.wait_state("generating")
        page["cancel"].click()
    finally:
        os.kill(front.process.pid, signal.SIGCONT)
    page.wait_state("idle")
    assert [job["error"]["code"] for job in front.jobs()] == ["cancelled"]


def test_errors(page, front):
    """A failed job and a refused request are told in the daemon's words; the next try is free [A55] [A78]."""
    page.generate("a fox [fault:failed]")
    page.wait_state("error")
    told = front.jobs()[0]["error"]["message"]
    assert page["error"].text == f"Error: {told}" and page["error"].is_displayed()
    page.run("document.getElementById('prompt').value = 'long '.repeat(9000)")
    page["generate"].click()
    page.wait(lambda: "prompt" in page["error"].text)
    assert page.state == "error" and len(front.jobs()) == 1
    page.generate("a fox")
    page.wait_state("success")
    assert not page["error"].is_displayed()


def test_success(page, front):
    """A player with controls, 640 wide, that can be wound; Clear makes it idle, and a new run begins at once
    [A45] [A56] [A57] [A78] [A80]."""
    page.generate("a fox")
    page.wait_state("success")
    first = page["id"].get_attribute("textContent")
    video = page["files"].find_element("tag name", "video")
    assert video.get_attribute("controls") and video.get_attribute("width") == "640"
    page.wait(lambda: page.run("return document.querySelector('video').duration || 0") > 4)
    page.run("document.querySelector('video').currentTime = 3")
    page.wait(lambda: page.run("const v = document.querySelector('video');"
                               "return !v.seeking && v.currentTime === 3 && v.readyState >= 2"))
    part = httpx.get(f"{front.tcp}/v1/videos/{first}/content", headers={**AUTH, "range": "bytes=4-7"})
    assert part.status_code == 206 and part.content == b"ftyp"
    link = page["files"].find_element("tag name", "a")
    assert link.get_attribute("download") == f"{first}.mp4"
    assert page["clear"].text == "Clear"
    page["clear"].click()
    page.wait_state("idle")
    assert not page["result"].is_displayed() and "#" not in page.driver.current_url
    assert page.driver.switch_to.active_element == page["prompt"]
    page["generate"].click()
    page.wait_state("success")
    assert [job["id"] for job in front.jobs()] == [first, page["id"].get_attribute("textContent")]


def test_reload_goes_on(page, front):
    """A reload goes on with the same job, to its end."""
    page.generate("a fox [fault:stuck]")
    job = page.job()
    page.driver.refresh()
    assert page.job() == job and page.state == "generating"
    page.wait(lambda: page["status"].text.startswith("in_progress"))
    assert page["prompt"].get_attribute("value") == "a fox [fault:stuck]"
    page["cancel"].click()
    page.wait_state("idle")
    page.generate("a paper boat [render:160]")
    job = page.job()
    page.driver.refresh()
    page.wait_state("success")
    assert page["id"].get_attribute("textContent") == job
    assert len(front.jobs()) == 2


def test_reload_before_the_answer(page, front, sim):
    """A reload while the POST is on its way repeats it with its own key: one job, one purchase."""
    os.kill(front.process.pid, signal.SIGSTOP)
    try:
        page.generate("a fox")
        page.wait_state("generating")
        # The driver waits until the page is there again, so somebody else must wake the daemon.
        waker = threading.Timer(3, os.kill, (front.process.pid, signal.SIGCONT))
        waker.start()
        page.driver.refresh()
        waker.join()
    finally:
        os.kill(front.process.pid, signal.SIGCONT)
    page.wait_state("success")
    assert len(front.jobs()) == 1 and [job["creations"] for job in sim.jobs()] == [1]


def test_a_restart_of_the_daemon(page, front, sim):
    """A daemon that dies in the middle is waited for, and the job goes on."""
    page.generate("a fox [render:160]")
    job = page.job()
    # Killed before the provider's answer is on disk, the job would be held instead.
    eventually(lambda: front.jobs()[0]["kinora"]["submitted"])
    front.kill()
    page.wait(lambda: page["note"].text == "No answer; trying again.")
    front.start()
    page.wait_state("success")
    assert [made["id"] for made in front.jobs()] == [job] and len(sim.jobs()) == 1


def test_choices_of_a_model(page, front):
    """What the model takes is offered, priced before it is paid, and sent."""
    options = {name: [option.get_attribute("value") for option in page[name].find_elements("tag name", "option")]
               for name in ("seconds", "aspect_ratio")}
    assert "9:16" in options["aspect_ratio"] and "4" in options["seconds"]
    page.run("const set = (id, v) => { const e = document.getElementById(id); e.value = v;"
             "e.dispatchEvent(new Event('input', {bubbles: true}));"
             "e.dispatchEvent(new Event('change', {bubbles: true})); };"
             "set('model', 'sample/clip'); set('seconds', '4'); set('aspect_ratio', '9:16')")
    page.wait(lambda: "Costs $0.04 (sample/clip" in page["quote"].text)
    page.generate("a fox")
    page.wait_state("success")
    job, = front.jobs()
    assert job["seconds"] == "4" and job["kinora"]["request"]["aspect_ratio"] == "9:16"
    assert job["kinora"]["cost"]["quoted_microusd"] == 40_000


@pytest.mark.parametrize("width, dark", [(360, False), (1000, True)])
def test_looks(tmp_path, front, width, dark):
    """Usable by keyboard alone, every control has a name, nothing is wider than a telephone, dark where wanted."""
    driver = chromium(tmp_path, width=width, dark=dark)
    try:
        page = Page(driver, front)
        fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.run(fits)
        nameless = page.run(
            "return [...document.querySelectorAll('input,select,textarea,output,button,progress')].filter("
            "(e) => !e.labels?.length && !e.textContent && !e.ariaLabel && e.id !== 'quote').map((e) => e.id)")
        assert nameless == []
        page.run("document.getElementById('prompt').focus()")
        order = []
        for _ in range(6):
            order.append(driver.switch_to.active_element.get_attribute("id"))
            driver.switch_to.active_element.send_keys(Keys.TAB)
        assert order == ["prompt", "model", "seconds", "aspect_ratio", "resolution", "generate"]
        page.run("document.getElementById('prompt').focus()")
        driver.switch_to.active_element.send_keys("a fox" + Keys.CONTROL + Keys.ENTER)
        page.wait_state("success")
        assert page.run(fits)
        back = page.run("return getComputedStyle(document.body).backgroundColor")
        red = int(re.match(r"rgb\((\d+)", back)[1])
        assert red < 60 if dark else red > 200
        words = [entry["message"] for entry in driver.get_log("browser") if "401" not in entry["message"]]
        assert words == [], "nothing broke the policy, nothing was thrown"
    finally:
        driver.quit()
