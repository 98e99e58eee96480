"""Runs in the virtual environment with google-genai 2.x: Veo by the Gemini API.

    genai2_client.py BASE_URL PROMPT

Prints one line of JSON: what the unchanged client made of it.
"""

import hashlib
import json
import sys
import time

from google import genai
from google.genai import errors, types

base, prompt = sys.argv[1:3]
key = sys.argv[3] if len(sys.argv) > 3 else "test-key"
client = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=base))
report = {"version": genai.__version__}
try:
    operation = client.models.generate_videos(
        model="veo-3.1-generate-preview", source=types.GenerateVideosSource(prompt=prompt),
        config=types.GenerateVideosConfig(
            duration_seconds=4, aspect_ratio="16:9", resolution="720p", number_of_videos=1))
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
            data = client.files.download(file=video)
            report["sha256"] = hashlib.sha256(data).hexdigest()
            if len(sys.argv) > 4:
                with open(sys.argv[4], "wb") as file:
                    file.write(data)
except errors.APIError as error:
    report.update(code=error.code, status=error.status, message=error.message)
print(json.dumps(report))
