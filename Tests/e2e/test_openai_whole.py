"""The OpenAI Videos dialect from end to end, by the unmodified client, on the Unix socket."""

import hashlib

import openai
import pytest

from pictures import png_of
from simulator import probe
from test_api import official

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MODEL = "openai-videos/sora-2"
FIELDS = {"id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at",
          "seconds", "size", "prompt", "remixed_from_video_id", "error"}


def test_every_method_of_the_client(daemon, sim, tmp_path):
    """create, retrieve, poll, list, download, remix, edit, extend, delete: each answers its type [P16] [A126]."""
    videos = official(daemon).videos
    first = videos.create(model=MODEL, prompt="a heron", seconds="4", size="1280x720")
    assert first.status in ("queued", "in_progress") and first.object == "video"
    assert FIELDS <= set(first.model_dump())
    first = videos.poll(first.id, poll_interval_ms=50)
    assert first.status == "completed" and first.progress == 100 and first.error is None
    assert first.completed_at >= first.created_at and first.seconds == "4"
    content = videos.download_content(first.id, variant="video").read()
    (tmp_path / "clip.mp4").write_bytes(content)
    assert probe(tmp_path / "clip.mp4")
    artifact = daemon.get(f"/v1/videos/{first.id}")["kinora"]["artifacts"][0]
    assert hashlib.sha256(content).hexdigest() == artifact["sha256"]

    remix = videos.poll(videos.remix(first.id, prompt="at night").id, poll_interval_ms=50)
    assert remix.status == "completed" and remix.remixed_from_video_id == first.id
    assert (remix.seconds, remix.size) == (first.seconds, first.size)
    # Its edit() and extend() take files only, against their own types: its post() sends what they say.
    def post(path, **body):
        made = official(daemon).post(
            path, body={**body, "video": {"id": first.id}}, cast_to=openai.types.Video)
        return videos.poll(made.id, poll_interval_ms=50)
    edit = post("/videos/edits", prompt="in snow")
    longer = post("/videos/extensions", prompt="it flies", seconds="8")
    assert edit.status == longer.status == "completed" and longer.seconds == "8"
    assert [daemon.get(f"/v1/videos/{job.id}")["kinora"]["kind"] for job in (remix, edit, longer)] == [
        "remix", "edit", "extend"]
    paths = [entry["path"].split("/v1/videos")[-1] for entry in sim.log() if entry["method"] == "POST"]
    assert [path.rsplit("/", 1)[-1] for path in paths] == ["", "remix", "edits", "extensions"]

    # Pages of two, forwards and back.
    made = [job.id for job in (longer, edit, remix, first)]
    assert [job.id for job in videos.list(limit=2)] == made
    assert [job.id for job in videos.list(order="asc").data] == made[::-1]
    assert videos.delete(first.id).model_dump() == {
        "id": first.id, "object": "video.deleted", "deleted": True}
    with pytest.raises(openai.NotFoundError):
        videos.retrieve(first.id)


def test_a_form_with_a_picture(daemon, sim):
    """Multipart with input_reference, by the client; what is refused reads as its error classes [P16]."""
    videos = official(daemon, max_retries=0).videos
    job = videos.create_and_poll(
        model=MODEL, prompt="a heron", seconds="4", size="1280x720", poll_interval_ms=50,
        input_reference=("frame.png", png_of(1280, 720), "image/png"))
    assert job.status == "completed", job
    with pytest.raises(openai.BadRequestError) as caught:
        videos.create(model=MODEL, prompt="x", seconds="5")
    assert caught.value.param == "seconds" and caught.value.code == "bad_field"
    with pytest.raises(openai.BadRequestError) as caught:
        videos.edit(prompt="x", video=("clip.mp4", b"\0\0\0\x18ftypmp42", "video/mp4"))
    assert caught.value.param == "video" and "files are not taken" in caught.value.message
    with pytest.raises(openai.NotFoundError):
        videos.remix("video_" + "7" * 32, prompt="x")


def test_a_provider_that_cannot_remix_says_who_can(daemon, sim):
    """Where nothing is offered a remix is 501 before any money, and the source stays as it is [A126]."""
    videos = official(daemon, max_retries=0).videos
    job = videos.create_and_poll(
        model="sample/clip", prompt="a boat", seconds="4", poll_interval_ms=50)
    with pytest.raises(openai.APIStatusError) as caught:
        videos.remix(job.id, prompt="at night")
    assert caught.value.status_code == 501 and caught.value.code == "not_supported"
    assert "sample/clip cannot remix a video" in caught.value.message
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(daemon.jobs()) == 1 and len(sim.jobs()) == 1


def test_a_failure_reads_as_one(daemon):
    """A refused job ends failed with code and message in the client's own types [P16]."""
    videos = official(daemon).videos
    job = videos.create_and_poll(
        model=MODEL, prompt="[fault:filtered] x", seconds="4", poll_interval_ms=50)
    assert job.status == "failed" and job.error.code == "content_blocked" and job.error.message
