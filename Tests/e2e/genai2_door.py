"""Runs in the virtual environment with google-genai 2.x: Veo through Kinora's Google door.

    genai2_door.py SOCKET MODEL PROMPT CONFIG [IMAGE_FILE] [SAVE_TO]

CONFIG is JSON of GenerateVideosConfig. Prints one line of JSON: what the unchanged client made of it.
"""

import json
import sys
import time
from pathlib import Path

import httpx
from google import genai
from google.genai import errors, types

socket, model, prompt, config = sys.argv[1:5]
image = sys.argv[5] if len(sys.argv) > 5 else ""
client = genai.Client(api_key="unused on the socket", http_options=types.HttpOptions(
    base_url="http://kinora/google",
    client_args={"transport": httpx.HTTPTransport(uds=socket)}))
report = {}
try:
    operation = client.models.generate_videos(
        model=model, config=types.GenerateVideosConfig(**json.loads(config)),
        source=types.GenerateVideosSource(prompt=prompt, image=types.Image(
            image_bytes=Path(image).read_bytes(), mime_type="image/png") if image else None))
    report["name"] = operation.name
    end = time.monotonic() + 60
    while not operation.done and time.monotonic() < end:
        time.sleep(0.1)
        operation = client.operations.get(operation)
    report["done"] = operation.done
    report["error"] = operation.error
    response = operation.response
    if response is not None and response.generated_videos:
        video = response.generated_videos[0].video
        data = client.files.download(file=video)
        if len(sys.argv) > 6:
            Path(sys.argv[6]).write_bytes(data)
except errors.APIError as error:
    report.update(code=error.code, status=error.status, details=str(error.details))
print(json.dumps(report))
