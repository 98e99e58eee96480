"""The official OpenAI package and our plugin say the same thing in the same words."""

import pytest
from media import data_url
from official import compare
from openai import OpenAI
from pictures import png_of
from test_openai_videos import made

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
IDS = r"video_[a-z0-9]{32}"


@pytest.fixture
def client(sim):
    return OpenAI(base_url=f"{sim.url}/openai/v1", api_key="sk-test-0001", max_retries=0)


def fetched(client, video):
    done = client.videos.poll(video.id, poll_interval_ms=50)
    assert done.status == "completed"
    assert client.videos.download_content(video.id).read()
    return video.id


def create(client, **more):
    wish = {"model": "sora-2", "prompt": "a red kite", "seconds": "4", "size": "720x1280"}
    return fetched(client, client.videos.create(**{**wish, **more}))


OURS = {"prompt": "a red kite", "seconds": 4, "size": "720x1280"}


def test_from_text(sim, daemon, client):
    """Create, poll, download [A84]."""
    compare(
        sim, "openai text", lambda: create(client), lambda: made(daemon, "sora-2", **OURS), IDS)


def test_from_an_image(sim, daemon, client):
    """The picture's own bytes, as a file."""
    picture = png_of(1280, 720)
    compare(
        sim, "openai image",
        lambda: create(
            client, model="sora-2-pro", seconds="8", size="1280x720",
            input_reference=("input_reference.png", picture, "image/png")),
        lambda: made(
            daemon, "sora-2-pro", prompt="a red kite", seconds=8, size="1280x720",
            input_reference=data_url(picture)), IDS)


def test_remix_edit_extend(sim, daemon, client):
    """What goes on with an earlier video; edit and extension by the package's own post()."""
    from openai.types import Video

    def official():
        first = create(client)
        fetched(client, client.videos.remix(first, prompt="at night"))
        for route, more in ("edits", {}), ("extensions", {"seconds": "8"}):
            body = {"prompt": "it rains", "video": {"id": "SAME"}, **more}
            body["video"]["id"] = first
            fetched(client, client.post(f"/videos/{route}", body=body, cast_to=Video))

    def ours():
        source = {"job": made(daemon, "sora-2", **OURS)["id"]}
        made(daemon, prompt="at night", source={**source, "as": "remix"})
        made(daemon, prompt="it rains", source={**source, "as": "edit"})
        made(daemon, prompt="it rains", seconds=8, source={**source, "as": "extend"})

    compare(sim, "openai sources", official, ours, IDS)


def test_images(sim, daemon, client):
    """An image from text, and one from two pictures."""
    one, other = png_of(64, 64), png_of(32, 32)
    compare(
        sim, "openai images",
        lambda: (
            client.images.generate(
                model="gpt-image-1.5", prompt="a fox", n=2, size="1536x1024", quality="low"),
            client.images.edit(
                model="gpt-image-1.5", prompt="two", size="1024x1024",
                image=[("image0.png", one, "image/png"), ("image1.png", other, "image/png")])),
        lambda: (
            made(daemon, "gpt-image-1.5", prompt="a fox", n=2, size="1536x1024",
                 options={"quality": "low"}),
            made(daemon, "gpt-image-1.5", prompt="two", size="1024x1024",
                 references=[data_url(one), data_url(other)])))
