"""Kling through kinorad and as the simulator plays it. There is no official client: bodies are compared
with the tables of klingai.com/document-api, tokens are read with PyJWT."""

import json
import time

import httpx
import jwt
import pytest
from job_kit import done, over, settled
from media import data_url, png
from simulator import video_stream

ACCESS, SECRET = "ak-kinora-test-0123456789abcdef0123", "sk-kinora-test-0123456789abcdef0123"
API_KEY = "kling-api-key-0001"

# Recorded answers as the documentation shows them; values are made up.
CREATED = json.loads("""{"code":0,"message":"SUCCEED","request_id":"CjMT7WdSwWcAAAAAALvB3g","data":{
 "task_id":"791234567890123456","task_status":"submitted","task_info":{"external_task_id":"kin-42"},
 "created_at":1790000000123,"updated_at":1790000000123}}""")
DONE = json.loads("""{"code":0,"message":"SUCCEED","request_id":"x","data":{
 "task_id":"791234567890123456","task_status":"succeed","task_status_msg":"",
 "task_info":{"external_task_id":"kin-42"},"task_result":{"videos":[{"id":"a1b2",
 "url":"https://v1-kling.klingai.com/out.mp4","watermark_url":"","duration":"5.1"}]},
 "watermark_info":{"enabled":false},"final_unit_deduction":"1.5",
 "final_balance_deduction":{"quota":"0","list_price":"0"},
 "created_at":1790000000123,"updated_at":1790000131000}}""")
NEW_CREATED = json.loads("""{"code":0,"message":"SUCCEED","request_id":"x","data":{
 "id":"893605946402811985","status":"submitted","create_time":1781080778802,
 "update_time":1781080778802,"external_id":"kin-42"}}""")
FAILED = {"code": 1303, "message": "parallel task over resource pack limit", "request_id": "9984d27b"}


def entry(sim, directory, name="kling", keys=("access_key", "secret_key"), more=""):
    """A provider's lines, with its key files beside."""
    values = {"access_key": ACCESS, "secret_key": SECRET, "api_key": API_KEY}
    lines = ""
    for key in keys:
        path = directory / f"{name}-{key}"
        path.write_text(values[key] + "\n")
        path.chmod(0o600)
        lines += f"\n      {key}: {{file: {path}}}"
    return f"""
  {name}:
    plugin: kling
    base_url: {sim.url}/kling
    allow_private: true
    poll_speed: 40
    credentials:{lines}
{more}"""


@pytest.fixture
def kling(daemons, sim, tmp_path):
    """One daemon with the older interface by keys, and the newer one by an API key."""
    text = entry(sim, tmp_path) + entry(sim, tmp_path, "kling-key", ("api_key",))
    return daemons(sim, speed=40, providers=text).start()


def submits(sim):
    return [entry for entry in sim.log() if entry["method"] == "POST"]


# Making clips.


def test_a_clip_and_its_token(sim, kling):
    """Text to video by the older interface: JWT HS256, strings, playable, priced in units [B10] [B35]."""
    job = done(kling, model="kling/kling-v2-6", seconds=5, resolution="1080p", aspect_ratio="9:16",
               negative_prompt="rain")
    submit = submits(sim)[0]
    assert submit["path"] == "/kling/v1/videos/text2video"
    assert json.loads(submit["body"]) == {
        "model_name": "kling-v2-6", "prompt": "a heron", "negative_prompt": "rain",
        "duration": "5", "mode": "pro", "aspect_ratio": "9:16",
        "external_task_id": sim.jobs()[0]["tag"]}
    token = submit["headers"]["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=ACCESS,
                        options={"require": ["iss", "exp", "nbf"]})
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    assert claims["exp"] - claims["nbf"] == 1805 and abs(claims["exp"] - 1800 - time.time()) < 120
    # One token for many requests, and no key in any address.
    assert len({e["headers"]["authorization"] for e in sim.log() if "/v1/" in e["path"]}) == 1
    files = [e for e in sim.log() if "/files/" in e["path"]]
    assert files and not any("authorization" in e["headers"] for e in files)
    status, data, _ = kling.request("GET", f"/v1/videos/{job['id']}/content")
    stream = video_stream(data)
    assert (stream["width"], stream["height"]) == (1080, 1920)
    # 5 s of 2.6 pro without sound.
    assert settled(job) == 350_000
    assert job["kinora"]["provider_id"] == sim.jobs()[0]["id"]


def test_other_aliases_and_models_are_kept(sim, kling):
    """kling and kling-v1 are one model; each asked model is really used, with images too [B9]."""
    for name in ("kling", "kling/kling", "kling/kling-v1"):
        sim.reset()
        done(kling, model=name)
        assert json.loads(submits(sim)[0]["body"])["model_name"] == "kling-v1", name
    names = [model["id"] for model in kling.get("/v1/models")["data"]
             if model["owned_by"] == "kling"]
    assert len(names) == 10 and all(name.startswith("kling/kling") for name in names)
    sim.reset()
    done(kling, model="kling/kling-v2-1", first_frame=data_url(png(900)))
    assert json.loads(submits(sim)[0]["body"])["model_name"] == "kling-v2-1"


def test_images_are_raw_base64(sim, kling):
    """First, last frame and references are sent as bytes without data:, each by its own path [B10]."""
    first, last = png(900), png(1100)
    done(kling, model="kling/kling-v2-6", resolution="1080p", first_frame=data_url(first),
         last_frame=data_url(last))
    submit = submits(sim)[0]
    body = json.loads(submit["body"])
    assert submit["path"] == "/kling/v1/videos/image2video" and "aspect_ratio" not in body
    assert (data_url(first), data_url(last)) == tuple(
        "data:image/png;base64," + body[name] for name in ("image", "image_tail"))
    # The picture gives the shape: one that is asked for besides is refused, or told where it moves.
    ask = {"model": "kling/kling-v2-6", "prompt": "a fox", "first_frame": data_url(first)}
    status, body, _ = kling.request("POST", "/v1/videos", {**ask, "aspect_ratio": "9:16"})
    error = body["error"]
    assert status == 400 and error["param"] == "aspect_ratio", error
    assert "takes no aspect_ratio for image-to-video" in error["message"], error
    job = done(kling, **{**ask, "size": "720x1280"})
    assert [(w["field"], w["action"], w["asked"]) for w in job["kinora"]["warnings"]] == [
        ("aspect_ratio", "ignored", "9:16")]
    sim.reset()
    done(kling, model="kling/kling-v1-6", references=[data_url(first), data_url(last)])
    submit = submits(sim)[0]
    assert submit["path"] == "/kling/v1/videos/multi-image2video"
    assert ["data:image/png;base64," + item["image"]
            for item in json.loads(submit["body"])["image_list"]] == [
        data_url(first), data_url(last)]


def test_an_extension_is_one_longer_clip(sim, kling):
    """source names a finished job; Kling is told the video's own id, the result is longer [B41]."""
    first = done(kling, model="kling/kling-v1", seconds=5)
    longer = done(kling, model="kling/kling-v1", source={"job": first["id"]}, prompt="it flies on")
    submit = submits(sim)[1]
    assert submit["path"] == "/kling/v1/videos/video-extend"
    body = json.loads(submit["body"])
    polled = [e for e in sim.log() if "/text2video/" in e["path"]]
    assert polled and body["video_id"] not in ("", first["kinora"]["provider_id"])
    assert set(body) == {"video_id", "prompt", "external_task_id"}
    assert longer["kinora"]["kind"] == "extend"
    assert longer["kinora"]["artifacts"][0]["duration_seconds"] == pytest.approx(10, abs=0.2)
    # By the clip, not by its ten seconds.
    assert longer["kinora"]["cost"]["quoted_microusd"] == settled(longer) == 140_000
    status, refusal, _ = kling.post(
        "/v1/videos", {"model": "kling/kling-v2-6", "prompt": "x", "source": {"job": first["id"]}})
    assert status == 400 and "cannot go on with an earlier result" in refusal["detail"], refusal


def test_sound_and_the_choice_of_price(sim, kling):
    """Sound doubles 2.6 pro; a model that cannot, or not so, says what it takes."""
    job = done(kling, model="kling/kling-v2-6", resolution="1080p", audio=True)
    assert json.loads(submits(sim)[0]["body"])["sound"] == "on" and settled(job) == 700_000
    sim.reset()
    job = over(kling, model="kling/kling-v2-6", resolution="720p", audio=True)
    assert job["status"] == "failed" and "1080p only" in job["error"]["message"], job
    job = over(kling, model="kling/kling-v1-6", first_frame=data_url(png(900)),
               last_frame=data_url(png(900)))
    assert job["status"] == "failed" and "1080p only" in job["error"]["message"], job
    status, refusal, _ = kling.post(
        "/v1/videos", {"model": "kling/kling-v1", "prompt": "x", "seed": 7})
    assert status == 400 and "takes no seed" in refusal["detail"]
    status, refusal, _ = kling.post(
        "/v1/videos", {"model": "kling/kling-v2-6", "prompt": "x", "options": {"cfg_scale": 0.5}})
    assert status == 400 and "cfg_scale" in refusal["detail"]
    assert submits(sim) == []


def test_a_cost_that_is_not_told(sim, kling):
    """Without Kling's own figure the catalog's price of the seconds in the file is booked."""
    job = done(kling, model="kling/kling-v1", prompt="a heron [fault:missing_cost]")
    assert settled(job) == 5 * 28_000


# The newer interface.


def test_the_newer_interface_by_an_api_key(sim, kling):
    """An API key alone means /tasks for the models that it has, numbers instead of strings."""
    job = done(kling, model="kling-key/kling-v3", seconds=4, resolution="720p", audio=True)
    submit = submits(sim)[0]
    assert submit["path"] == "/kling/text-to-video/kling-3.0"
    assert submit["headers"]["authorization"] == f"Bearer {API_KEY}"
    assert json.loads(submit["body"]) == {
        "prompt": "a heron",
        "settings": {"audio": "native", "resolution": "720p", "duration": 4,
                     "aspect_ratio": "16:9"},
        "options": {"external_task_id": sim.jobs()[0]["tag"]}}
    polls = {e["path"] for e in sim.log() if e["method"] == "GET" and "/tasks" in e["path"]}
    assert polls == {f"/kling/tasks?task_ids={sim.jobs()[0]['id']}"}
    assert settled(job) == 4 * 126_000
    video_stream(kling.request("GET", f"/v1/videos/{job['id']}/content")[1])

    sim.reset()
    first = png(900)
    done(kling, model="kling-key/kling-3.0-turbo", seconds=3, first_frame=data_url(first))
    submit = submits(sim)[0]
    assert submit["path"] == "/kling/image-to-video/kling-3.0-turbo"
    contents = json.loads(submit["body"])["contents"]
    assert contents[0] == {"type": "prompt", "text": "a heron"}
    assert "data:image/png;base64," + contents[1]["url"] == data_url(first)

    # A model of the older interface goes there, with the same key.
    sim.reset()
    done(kling, model="kling-key/kling-v1")
    assert submits(sim)[0]["path"] == "/kling/v1/videos/text2video"
    assert submits(sim)[0]["headers"]["authorization"] == f"Bearer {API_KEY}"


def test_the_choice_can_be_written(sim, daemons, tmp_path):
    """options.api says which of the two is spoken; what a key cannot do is told."""
    text = entry(sim, tmp_path, keys=("access_key", "secret_key", "api_key"),
                 more="    options: {api: legacy}\n")
    text += entry(sim, tmp_path, "kling-none", ("access_key", "secret_key"))
    daemon = daemons(sim, speed=40, providers=text).start()
    done(daemon, model="kling/kling-v3", seconds=3)
    assert submits(sim)[0]["path"] == "/kling/v1/videos/text2video"
    job = over(daemon, model="kling-none/kling-3.0-turbo", seconds=3)
    assert job["status"] == "failed" and "needs the credential api_key" in job["error"]["message"]
    assert len(submits(sim)) == 1


def test_without_a_credential(sim, daemons, tmp_path):
    """Neither pair nor key: said at once, with what is needed."""
    text = entry(sim, tmp_path, keys=("access_key",))
    daemon = daemons(sim, speed=40, providers=text).start()
    status, refusal, _ = daemon.post("/v1/videos", {"model": "kling/kling-v1", "prompt": "x"})
    assert status == 400 and refusal["error"]["code"] == "credential_missing", refusal
    assert "secret_key" in refusal["detail"] and ACCESS not in refusal["detail"]


# Refusals and failures.


@pytest.mark.parametrize("fault, code, words", [
    ("401", "provider_unauthenticated", "1002"), ("402", "provider_exhausted", "1102"),
    ("403", "provider_unauthenticated", "1103"), ("failed", "provider_refused", "failed"),
    ("filtered", "content_blocked", "content refused: Failure to pass the risk control system"),
    ("success_without_asset", "provider_refused", "no video"),
    ("retired_model", "provider_refused", "no longer available"),
])
def test_an_end_with_its_reason(sim, kling, fault, code, words):
    """Kling's own codes and words reach the client; an empty account is no rate limit."""
    job = over(kling, model="kling/kling-v2-6", prompt=f"a heron [fault:{fault}]")
    assert (job["status"], job["error"]["code"]) == ("failed", code), job
    assert words in job["error"]["message"] and "<" not in job["error"]["message"]
    assert len(submits(sim)) == 1
    assert all(row["reserved_microusd"] == 0 for row in kling.get("/v1/usage")["data"])


@pytest.mark.parametrize("fault", ["429", "429_retry_after", "poll:500", "poll:html_200",
                                   "poll:truncated_json", "unknown_status", "poll:502"])
def test_what_passes(sim, kling, fault):
    """A rate limit is waited for, a bad poll is asked again, an unknown word is no end."""
    job = done(kling, model="kling/kling-v2-6", prompt=f"a heron [fault:{fault}]")
    assert len(sim.jobs()) == 1 and settled(job) > 0
    # Each attempt under the same id: Kling itself would refuse a second purchase.
    assert len({json.loads(e["body"])["external_task_id"] for e in submits(sim)}) == 1


# Lost submits: the simulator's record is the judge.

LOST = ["drop_after_accept", "reset_after_accept", "500_after_accept", "html_200_after_accept",
        "truncated_json_after_accept"]


@pytest.mark.parametrize("model", ["kling/kling-v2-6", "kling-key/kling-v2-6"])
@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_is_looked_up(sim, kling, fault, model):
    """The task is found by its external id; one submit, one purchase."""
    job = done(kling, model=model, prompt=f"a heron [fault:submit:{fault}]", resolution="1080p")
    assert len(submits(sim)) == 1
    assert [made["creations"] for made in sim.jobs()] == [1]
    assert job["kinora"]["provider_id"] == sim.jobs()[0]["id"]
    lookup = "external_task_ids=" if "key" in model else "/text2video/" + sim.jobs()[0]["tag"]
    assert any(lookup in e["path"] for e in sim.log())


@pytest.mark.parametrize("model", ["kling/kling-v2-6", "kling-key/kling-v2-6"])
def test_what_never_arrived_is_sent_again(sim, kling, model):
    """Kling has no task under the tag: proven absent, bought once."""
    done(kling, model=model, prompt="a heron [fault:submit:drop_before_accept]")
    assert len(submits(sim)) == 2 and len(sim.jobs()) == 1


@pytest.mark.parametrize("model", ["kling/kling-v2-6", "kling-key/kling-v2-6"])
def test_kill_during_a_lost_submit(sim, kling, model):
    """SIGKILL while the answer is being lost: the restart finds the task and does not pay twice."""
    sim.fault("hang_after_accept", "kling", "submit", seconds=600)
    job = kling.post("/v1/videos", {"model": model, "prompt": "a heron"})[1]["id"]
    end = time.monotonic() + 30
    while not sim.jobs():
        assert time.monotonic() < end
        time.sleep(0.02)
    kling.kill()
    kling.start()
    after = kling.get(f"/v1/videos/{job}?wait=60")
    assert after["status"] == "completed", after
    assert len(submits(sim)) == 1 and len(sim.jobs()) == 1
    assert after["kinora"]["provider_id"] == sim.jobs()[0]["id"] and settled(after) > 0


def test_a_lookup_that_fails_is_repeated(sim, kling):
    """While Kling cannot be asked nothing is known, so nothing is sent again."""
    sim.fault("drop_after_accept", "kling", "submit")
    sim.fault("500", "kling", "poll", times=4)
    job = done(kling, model="kling/kling-v2-6")
    assert len(submits(sim)) == 1 and len(sim.jobs()) == 1
    assert job["kinora"]["provider_id"] == sim.jobs()[0]["id"]


def test_a_second_purchase_is_refused_by_kling(sim, kling):
    """A lookup that is wrong, too: the next send meets its own tag, and the task is found."""
    sim.fault("drop_after_accept", "kling", "submit")
    sim.fault("not_found_once", "kling", "poll")
    job = done(kling, model="kling/kling-v2-6")
    assert len(submits(sim)) == 2 and len(sim.jobs()) == 1
    assert job["kinora"]["provider_id"] == sim.jobs()[0]["id"] and settled(job) > 0


# The simulator itself.


def test_recorded_answers(sim):
    """Its answers have the members of the documented ones."""
    base = f"{sim.url}/kling"
    headers = {"authorization": "Bearer " + sign()}
    body = {"model_name": "kling-v1", "prompt": "a fox", "external_task_id": "kin-42"}
    made = httpx.post(f"{base}/v1/videos/text2video", json=body, headers=headers).json()
    assert shape(made) == shape(CREATED)
    again = httpx.post(f"{base}/v1/videos/text2video", json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (400, 1201)
    for name in (made["data"]["task_id"], "kin-42"):
        for _ in range(400):
            poll = httpx.get(f"{base}/v1/videos/text2video/{name}", headers=headers).json()
            if poll["data"]["task_status"] == "succeed":
                break
            time.sleep(0.02)
        assert shape(poll) == shape(DONE)
    new = httpx.post(
        f"{base}/text-to-video/kling-3.0", headers={"authorization": f"Bearer {API_KEY}"},
        json={"prompt": "a fox", "options": {"external_task_id": "kin-43"}}).json()
    assert shape(new) == shape(NEW_CREATED)
    sim.fault("429", "kling", "submit")
    full = httpx.post(f"{base}/v1/videos/text2video", json={"prompt": "x"}, headers=headers)
    assert full.status_code == 429 and shape(full.json()) == shape(FAILED)
    assert full.json()["code"] == 1303 and "retry-after" not in full.headers


def test_tokens(sim):
    """Wrong, not yet valid and expired tokens are told apart; the newer interface takes keys only."""
    url = f"{sim.url}/kling/v1/videos/text2video"

    def code(token):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = httpx.get(url, headers=headers)
        return answer.status_code, answer.json()["code"]

    assert code(sign()) == (200, 0) and code(API_KEY) == (200, 0)
    assert code(None) == (401, 1001)
    assert code("bad-key") == (401, 1002)
    assert code(sign(secret="sk-other-0123456789abcdef0123456789")) == (401, 1002)
    assert code(sign(begins=60)) == (401, 1003)
    assert code(sign(ends=-60)) == (401, 1004)
    answer = httpx.get(
        f"{sim.url}/kling/tasks?task_ids=1", headers={"authorization": "Bearer " + sign()})
    assert (answer.status_code, answer.json()["code"]) == (401, 1002)


def sign(secret=SECRET, begins=-5, ends=1800):
    now = int(time.time())
    return jwt.encode(
        {"iss": ACCESS, "exp": now + ends, "nbf": now + begins}, secret, algorithm="HS256")


def shape(value):
    """The names in a value, without what they stand for."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in sorted(value.items())}
    return [shape(item) for item in value[:1]] if isinstance(value, list) else type(value).__name__
