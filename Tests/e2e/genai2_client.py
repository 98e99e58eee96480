"""Runs in the virtual environment with google-genai 2.x: Veo by the Gemini API.

    genai2_client.py BASE_URL PROMPT [KEY [FILE [MORE]]]

KEY may be a service account's JSON: then it is Vertex AI. MORE is JSON: members of the configuration; `image` and `last_frame` are base64, `references` a list.
Prints one line of JSON: what the unchanged client made of it.
"""

import base64
import hashlib
import json
import sys
import time

from google import genai
from google.genai import errors, types
from google.oauth2 import service_account

base, prompt = sys.argv[1:3]
key = sys.argv[3] if len(sys.argv) > 3 else "test-key"
options = types.HttpOptions(base_url=base)
if key.startswith("{"):
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    account = service_account.Credentials.from_service_account_info(json.loads(key), scopes=scopes)
    model = "veo-3.1-generate-001"
    client = genai.Client(
        vertexai=True, project="p", location="us-central1", credentials=account,
        http_options=options)
else:
    model = "veo-3.1-generate-preview"
    client = genai.Client(api_key=key, http_options=options)
more = json.loads(sys.argv[5]) if len(sys.argv) > 5 else {}


def picture(text):
    return types.Image(image_bytes=base64.b64decode(text), mime_type="image/png")


source = {"prompt": prompt}
if "image" in more:
    source["image"] = picture(more.pop("image"))
if "last_frame" in more:
    more["last_frame"] = picture(more["last_frame"])
if "references" in more:
    more["reference_images"] = [
        types.VideoGenerationReferenceImage(image=picture(text), reference_type="ASSET")
        for text in more.pop("references")]
if "video" in more:
    source["video"] = types.Video(uri=more.pop("video"))
report = {"version": genai.__version__}
try:
    operation = client.models.generate_videos(
        model=model, source=types.GenerateVideosSource(**source),
        config=types.GenerateVideosConfig(**{
            "duration_seconds": 4, "aspect_ratio": "16:9", "resolution": "720p",
            "number_of_videos": 1, **more}))
    report["name"] = operation.name
    report["pending"] = not operation.done
    for _ in range(400):
        if operation.done:
            break
        time.sleep(0.05)
        operation = client.operations.get(operation)
    report["error"] = operation.error
    response = operation.response
    if response is not None:
        report["filtered"] = response.rai_media_filtered_count
        report["reasons"] = response.rai_media_filtered_reasons
        if response.generated_videos:
            video = response.generated_videos[0].video
            report["uri"] = video.uri
            data = video.video_bytes or client.files.download(file=video)
            report["sha256"] = hashlib.sha256(data).hexdigest()
            if len(sys.argv) > 4:
                with open(sys.argv[4], "wb") as file:
                    file.write(data)
except errors.APIError as error:
    report.update(code=error.code, status=error.status, message=error.message)
print(json.dumps(report))
