"""Chat completions with media, by the official openai client, httpx and curl."""

import base64
import hashlib
import json
import subprocess

import openai
import pytest

from doors import (
    VEO, WISH, ask_chat as ask, clip, data_url, free_port, http, official, opened, png, submits,
    with_keys)
from simulator import video_stream



def parameters(sim):
    return submits(sim, ":predictLongRunning")[-1]["parameters"]


def test_the_request_of_the_issue_is_answered(daemon, sim):
    """The request as it was asked for makes a playable MP4 in message.videos, as a data URL
    [C1] [C3] [C15] [C18] [C20] [C23] [C25] [C26] [C27] [C28] [C66] [C67] [C69] [C70] [C74] [C75]."""
    answer = ask(daemon)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["object"] == "chat.completion" and len(body["choices"]) == 1
    assert body["choices"][0]["finish_reason"] == "stop"
    message = body["choices"][0]["message"]
    assert "images" not in message and len(message["videos"]) == 1
    video = message["videos"][0]
    assert isinstance(video["video_url"], dict)
    data = opened(video["video_url"]["url"], "video/mp4")
    stream = video_stream(data)
    assert (stream["width"], stream["height"]) == (1280, 720)
    sent = submits(sim, ":predictLongRunning")
    assert len(sent) == 1
    assert sent[0]["instances"][0]["prompt"] == "A cat playing with a ball"
    assert sent[0]["parameters"]["aspectRatio"] == "16:9"
    assert sent[0]["parameters"]["resolution"] == "720p"
    assert sent[0]["parameters"]["durationSeconds"] == 8
    # The job is the same everywhere, and its price is known.
    job = daemon.get(f"/v1/videos/{video['video_id']}")
    assert answer.headers["x-kinora-job"] == job["id"]
    assert job["kinora"]["artifacts"][0]["sha256"] == hashlib.sha256(data).hexdigest()
    assert body["usage"]["cost"] == job["kinora"]["cost"]["settled_microusd"] / 1e6 == 3.2


def test_the_route_is_told(daemon, sim):
    """A Google model is made by Google, and the answer says so [C12]."""
    answer = ask(daemon)
    assert answer.headers["x-kinora-route"].startswith(f"google/{VEO}; submit=")
    assert {entry["path"].split("/")[1] for entry in sim.log()} == {"google"}


@pytest.mark.parametrize("seconds", ["6", 6, "6s"])
def test_the_length_is_a_string_or_a_number(daemon, sim, seconds):
    """duration_seconds "6", 6 and "6s" are the same [C24] [C46] [C68]."""
    assert ask(daemon, {"video_config": {"duration_seconds": seconds}}).status_code == 200
    assert parameters(sim)["durationSeconds"] == 6


def test_other_values_are_taken_as_text_too(daemon, sim):
    body = clip(video_config={"duration_seconds": "2", "seed": "7", "audio": "true",
                              "resolution": 720})
    assert ask(daemon, body).status_code == 200
    sent = submits(sim)[-1]
    assert (sent["seed"], sent["audio"], sent["resolution"]) == (7, True, "720p")


def test_a_negative_prompt_reaches_the_provider(daemon, sim):
    """video_config.negative_prompt [C47] [C48] [C71]."""
    config = {"duration_seconds": "4", "negative_prompt": "cartoon, drawing, low quality"}
    assert ask(daemon, {"video_config": config}).status_code == 200
    assert parameters(sim)["negativePrompt"] == "cartoon, drawing, low quality"


def test_order_and_case_of_modalities_do_not_matter(daemon):
    """["TEXT","Video"] and ["video"] [C23]."""
    for words in (["TEXT", "Video"], ["video"]):
        assert ask(daemon, {**clip(), "modalities": words}).status_code == 200


@pytest.mark.parametrize("change,status,code,param", [
    ({"modalities": ["text"]}, 501, "not_supported", "modalities"),
    ({"modalities": ["video", "image"]}, 400, "bad_field", "modalities"),
    ({"modalities": ["video", "smell"]}, 400, "bad_field", "modalities"),
    ({"messages": []}, 400, "prompt_missing", "messages"),
    ({"messages": [{"role": "user", "content": "  "}]}, 400, "prompt_missing", "messages"),
    ({"video_config": {"duration_seconds": "5"}}, 400, "bad_field", "video_config.duration_seconds"),
    ({"video_config": {"aspect_ratio": "1:1"}}, 400, "bad_field", "video_config.aspect_ratio"),
    ({"video_config": {"resolution": "480p"}}, 400, "bad_field", "video_config.resolution"),
    ({"video_config": {"duration": 8}}, 400, "unknown_field", "video_config.duration"),
    ({"image_config": {}}, 400, "bad_field", "video_config"),
    ({"modality": ["video"]}, 400, "unknown_field", "modality"),
    ({"model": "veo-9"}, 400, "model_unknown", "model"),
    ({"model": "sample/still-image"}, 400, "provider_no_video", "model"),
    ({"tools": []}, 400, "unknown_field", "tools"),
])
def test_what_cannot_be_done_is_refused(daemon, sim, change, status, code, param):
    """Each refusal names the field and what it may be; nothing is sent [C7] [C43] [C44] [C45] [C50] [C51]."""
    body = {**WISH, **change}
    if change.get("image_config") is not None:
        body["modalities"] = ["image"]
    with http(daemon) as client:
        answer = client.post("/v1/chat/completions", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param), answer.text
    assert sim.log() == [] and daemon.jobs() == []


def test_text_alone_is_not_made_here(daemon, sim):
    """A plain chat request is told so in a sentence, by 501."""
    with pytest.raises(openai.InternalServerError) as caught:
        official(daemon).chat.completions.create(
            model="gpt-5", messages=[{"role": "user", "content": "hello"}])
    assert caught.value.status_code == 501 and "no text is made here" in str(caught.value)
    assert sim.log() == []


def test_values_snap_when_asked_to(daemon, sim):
    """snap moves values to the nearest possible, and the answer tells what was asked [C44] [C45] [C46]."""
    answer = ask(daemon, {"video_config": {
        "duration_seconds": "5", "aspect_ratio": "1:1", "resolution": "480p", "snap": True}})
    assert answer.json()["kinora"]["asked"] == {
        "aspect_ratio": "1:1", "resolution": "480p", "seconds": "5"}
    assert parameters(sim)["resolution"] == "720p"
    assert parameters(sim)["durationSeconds"] in (4, 6)


def test_the_prompt_is_the_last_user_message(daemon, sim):
    """Text parts are joined; other messages are left aside and named [C14] [C50]."""
    answer = ask(daemon, clip(messages=[
        {"role": "system", "content": "be brief"}, {"role": "user", "content": "an old wish"},
        {"role": "assistant", "content": "done"},
        {"role": "user", "content": [{"type": "text", "text": "a fox"},
                                     {"type": "text", "text": "in snow"}]}]), )
    assert submits(sim)[-1]["prompt"] == "a fox\nin snow"
    assert answer.json()["kinora"]["ignored"] == ["messages.0", "messages.1", "messages.2"]


def test_images_become_frames_and_references(daemon, sim):
    """One image is the first frame, several are references, a role is obeyed; none is dropped."""
    one, two = png(), png()
    part = {"type": "image_url", "image_url": {"url": data_url(one)}}
    other = {"type": "image_url", "image_url": {"url": data_url(two)}}
    text = {"type": "text", "text": "it moves"}
    first = ask(daemon, clip([text, part]))
    assert first.status_code == 200, first.text
    sent = submits(sim)[-1]
    assert base64.b64encode(one).decode() in sent["image"] and not sent.get("references")
    assert ask(daemon, clip([text, part, other])).status_code == 200
    sent = submits(sim)[-1]
    assert len(sent["references"]) == 2 and not sent.get("image")
    assert ask(daemon, clip([text, part, {**other, "role": "last_frame"}])).status_code == 200
    sent = submits(sim)[-1]
    assert base64.b64encode(two).decode() in sent["last_image"]
    assert base64.b64encode(one).decode() in sent["image"]


def test_an_image_never_gets_lost(daemon, sim):
    """A model that takes none refuses it, and one in an older message is refused, unpaid."""
    part = {"type": "image_url", "image_url": {"url": data_url(png())}}
    refused = ask(daemon, {**clip([part]), "model": "sample/clip-sync"})
    assert refused.status_code == 400 and "image-to-video" in refused.text, refused.text
    older = ask(daemon, clip(messages=[
        {"role": "user", "content": [part]}, {"role": "user", "content": "animate it"}]))
    assert older.json()["error"]["param"] == "messages.0.content.0"
    local = {"type": "image_url", "image_url": {"url": "http://169.254.169.254/x.png"}}
    assert ask(daemon, clip([local])).json()["error"]["code"] == "url_refused"
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    assert ask(daemon, clip([sound])).json()["error"]["param"] == "messages.0.content.0.type"
    assert sim.log() == []


def test_the_official_client_reads_it(daemon):
    """openai's chat.completions.create with extra_body gives the video [C49] [C52] [C72]."""
    done = official(daemon).chat.completions.create(
        model="sample/clip", messages=[{"role": "user", "content": "by the official client"}],
        temperature=0.2,
        extra_body={"modalities": ["video"], "video_config": {"duration_seconds": "2"}})
    video = done.choices[0].message.videos[0]
    assert video_stream(opened(video["video_url"]["url"], "video/mp4"))
    assert done.usage.total_tokens == 0
    assert done.kinora["ignored"] == ["temperature"]


def test_the_image_example_still_works(daemon):
    """The working image request answers message.images as data URLs [C2] [C6] [C10] [C11] [C16] [C83] [C88]."""
    answer = ask(daemon, {
        "model": "sample/still-image", "modalities": ["image", "text"], "video_config": None,
        "image_config": {"aspect_ratio": "1:1"}})
    message = answer.json()["choices"][0]["message"]
    assert "videos" not in message
    picture = opened(message["images"][0]["image_url"]["url"], "image/png")
    assert picture.startswith(b"\x89PNG")
    # The size that was chosen for the shape [C8].
    assert (message["images"][0]["width"], message["images"][0]["height"]) == (1024, 1024)


def test_an_image_size_that_is_not_offered_is_refused(daemon, sim):
    """image_config.image_size goes to the model [C9]."""
    answer = ask(daemon, {"model": "sample/still-image", "modalities": ["image"],
                          "video_config": None, "image_config": {"image_size": "1K"}})
    assert answer.status_code == 400 and "resolution" in answer.json()["error"]["param"]
    answer = ask(daemon, {"model": "sample/still-image", "modalities": ["image"],
                          "video_config": None, "image_config": {"image_size": "720x1280"}})
    assert answer.status_code == 200
    assert submits(sim, "/images")[-1]["size"] == "720x1280"


def test_several_results_are_all_there(daemon, sim):
    """n videos come in order, each a job where the model makes one at a time [C17]."""
    answer = ask(daemon, clip(n=2), Idempotency_Key="two")
    videos = answer.json()["choices"][0]["message"]["videos"]
    assert [video["index"] for video in videos] == [0, 1]
    datas = [opened(video["video_url"]["url"], "video/mp4") for video in videos]
    assert datas[0] != datas[1]
    assert len(daemon.jobs()) == len(submits(sim)) == 2
    again = ask(daemon, clip(n=2), Idempotency_Key="two")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["x-kinora-job"] == answer.headers["x-kinora-job"]
    assert again.content == answer.content and len(daemon.jobs()) == 2


def test_a_large_file_is_an_address(daemon):
    """response_format url, and a file above max_inline_bytes, answer an address that works [C27]."""
    with http(daemon) as client:
        for config in ({"response_format": "url"}, {"max_inline_bytes": 1000}):
            done = client.post("/v1/chat/completions", json=clip(video_config=config)).json()
            video = done["choices"][0]["message"]["videos"][0]
            url = video["video_url"]["url"]
            assert url == video["url"] and url.startswith("http://kinora/v1/videos/video_")
            assert video_stream(client.get(url).content)


def test_old_scripts_run_on_loopback(daemons, sim):
    """The well-known key and port layout work with curl; another key does not [C4] [C5] [C21] [C86] [C90]."""
    port = free_port()
    daemon = with_keys(daemons(sim, speed=40), port, ccs="ccs-internal-managed").start()
    def curl(key, *words):
        done = subprocess.run(
            ["curl", "-s", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {key}", *words],
            capture_output=True, text=True, timeout=60)
        body, status = done.stdout.rsplit("\n", 1)
        return int(status), json.loads(body)
    base = f"http://127.0.0.1:{port}/v1"
    assert curl("ccs-internal-managed", f"{base}/models")[0] == 200
    assert curl("nope", f"{base}/models")[0] == 401
    wish = ["-H", "Content-Type: application/json", "-d", json.dumps(clip(
        video_config={"duration_seconds": "2", "response_format": "url"}))]
    status, body = curl("ccs-internal-managed", f"{base}/chat/completions", *wish)
    assert status == 200
    url = body["choices"][0]["message"]["videos"][0]["video_url"]["url"]
    assert url.startswith(f"{base}/videos/")
    assert curl("nope", f"{base}/chat/completions", *wish)[0] == 401
    assert daemon.get("/v1/videos")["data"][0]["kinora"]["client"] == "key:ccs"


def test_other_types_of_body_are_refused(daemon):
    """A body that is no JSON is 415 [C13]."""
    with http(daemon) as client:
        answer = client.post("/v1/chat/completions", content="hello",
                             headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_models_say_what_they_make(daemon):
    """output_modalities in the list and of one model, also by its bare name [C91] [C89]."""
    models = official(daemon).models
    made = {model.id: model.output_modalities for model in models.list().data}
    assert made["sample/clip"] == ["video"] and made["sample/still-image"] == ["image"]
    assert models.retrieve(VEO).output_modalities == ["video"]


def test_a_clip_is_gone_on_with(daemon, sim):
    """A video_url part that names an own job extends it [C81]."""
    first = ask(daemon, {"video_config": {"duration_seconds": "8", "response_format": "url"}})
    video = first.json()["choices"][0]["message"]["videos"][0]
    part = {"type": "video_url", "video_url": {"url": video["url"]}}
    second = ask(daemon, {"messages": [{"role": "user", "content": [
        {"type": "text", "text": "and then"}, part]}]})
    assert second.status_code == 200, second.text
    assert submits(sim, ":predictLongRunning")[-1]["instances"][0]["video"]
    foreign = {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}}
    refused = ask(daemon, {"messages": [{"role": "user", "content": [foreign]}]})
    assert refused.status_code == 400
