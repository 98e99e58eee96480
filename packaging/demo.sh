#!/bin/bash
# Two real videos by the real way, without a key or an account: the daemon speaks to a simulator of
# the providers that runs beside it. Prints the absolute path of each MP4.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/build/demo
mkdir -p "$out"
# Short: a Unix socket's path has at most 107 bytes.
dir=$(mktemp -d /tmp/kinora-demo.XXXXXX)
kinora=build/bin/kinora

$kinora sandbox --dir "$dir" --speed 8 >"$out/sandbox.log" 2>&1 &
sandbox=$!
stop() {
  kill -TERM $sandbox 2>/dev/null && wait $sandbox || :
  rm -rf "$dir"
}
trap stop EXIT
for _ in $(seq 300); do
  [ -e "$dir/env" ] && break
  kill -0 $sandbox 2>/dev/null || { cat "$out/sandbox.log" >&2; exit 1; }
  sleep 0.1
done
# shellcheck disable=SC1091
set -a && . "$dir/env" && set +a

make_video() { # MODEL FILE PROMPT
  echo "kinora generate -m $1 -d 4 -o $2 \"$3\""
  $kinora generate -m "$1" -d 4 -y -o "$2" "$3" >/dev/null
  ffprobe -v error -show_entries stream=codec_name,width,height:format=duration -of csv=p=0 "$2" |
    tr '\n' ' ' && echo
}
models=$($kinora models --json)
model() { # PROVIDER: its first model that makes videos from text
  python3 -c '
import json, sys
for model in json.load(sys.stdin)["data"]:
    if model["owned_by"] == sys.argv[1] and "text-to-video" in model["kinora"]["kinds"]:
        if model["kinora"].get("ready", True) and not model["kinora"].get("retired_at"):
            print(model["id"]); break
' "$1" <<<"$models"
}

# A spawned curl over HTTP/2 through a TLS front that answers HTML to everything else.
make_video openrouter/google/veo-3.1 "$out/openrouter.mp4" "a paper boat on a quiet pond"
# URLSession.
make_video "$(model google)" "$out/google.mp4" "a lighthouse in the fog"

echo "$out/openrouter.mp4"
echo "$out/google.mp4"
