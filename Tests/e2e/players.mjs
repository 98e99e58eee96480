// Plays JavaScript clients over Node's own fetch: the requests that their sources make, and answers read
// as strictly as their schemas read them. Written from the sources named at each player.
//
//   node players.mjs PLAYER '{"tcp":"http://127.0.0.1:PORT","key":"KEY", …}'     prints one JSON value

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What a schema says of a value: a word, [item], {member}, opt(…) for what may be absent, nil(…) for what
// may be null as well. Absent and null are two things to all of these clients.
const opt = (shape) => ({ $opt: shape });
const nil = (shape) => ({ $nil: shape });

function demand(value, shape, at = "answer") {
  const fail = (what) => { throw new Error(`${at} is ${JSON.stringify(value)}, not ${what}`); };
  if (shape?.$opt !== undefined) return value === undefined ? value : demand(value, shape.$opt, at);
  if (shape?.$nil !== undefined) return value === null ? value : demand(value, shape.$nil, at);
  if (shape === "any") return value;
  if (shape === "int") return Number.isInteger(value) ? value : fail("a whole number");
  if (typeof shape === "string") return typeof value === shape ? value : fail(`a ${shape}`);
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) fail("an array");
    value.forEach((item, n) => demand(item, shape[0], `${at}[${n}]`));
    return value;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) fail("an object");
  for (const [name, inner] of Object.entries(shape)) demand(value[name], inner, `${at}.${name}`);
  return value;
}

const json = (body, headers) => ({
  method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers },
});

async function answered(response, statuses = [200]) {
  const text = await response.text();
  if (!statuses.includes(response.status)) throw new Error(`${response.status} ${text}`);
  if (!response.headers.get("content-type")?.startsWith("application/json")) {
    throw new Error(`not JSON: ${response.headers.get("content-type")}`);
  }
  return JSON.parse(text);
}

// The AI SDK takes data URLs; an address on loopback it refuses, and it sends no key to any.
async function downloaded(url) {
  const { protocol, hostname } = new URL(url);
  if (protocol !== "data:" && /^(localhost|127\.|10\.|\[)/.test(hostname)) {
    throw new Error(`refused to fetch from ${hostname}`);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} for the file`);
  return Buffer.from(await response.arrayBuffer());
}

const about = (data) => ({ bytes: data.length, isMP4: data.subarray(4, 8).toString() === "ftyp" });

// @ai-sdk/gateway 3 and 4, packages/gateway/src/gateway-video-model.ts.
const warnings = [{ type: "string" }];
const videos = [{ type: "string", mediaType: "string", data: "string" }];
const metadata = { gateway: { asyncJob: opt({ jobId: "string", status: "string" }) } };

function gateway({ tcp, key, model = "sample/clip", version = "4" }) {
  return {
    url: `${tcp}/v4/ai/video-model`,
    headers: {
      authorization: `Bearer ${key}`, "ai-gateway-protocol-version": "0.0.1",
      "ai-gateway-auth-method": "api-key", "ai-video-model-specification-version": version,
      "ai-model-id": model, "user-agent": "ai/7.0.77 ai-sdk/gateway/4.0.62 runtime/node.js/20",
    },
  };
}

// packages/ai/src/generate-video: a first frame stands in `image` too, `providerOptions` is always there.
function wish({ prompt = "a fox", frames = [] }) {
  const files = frames.map(({ type, png }) => ({
    image: { type: "file", mediaType: "image/png", data: png }, frameType: type,
  }));
  const first = files.find((file) => file.frameType === "first_frame");
  return {
    prompt, n: 1, aspectRatio: "16:9", duration: 4, providerOptions: {},
    ...(first && { image: first.image }), ...(files.length && { frameImages: files }),
  };
}

async function gatewayStart(options) {
  const { url, headers } = gateway(options);
  const started = await answered(await fetch(
    `${url}/start`, json(wish(options), { ...headers, "idempotency-key": `aisdk_vid_${options.run}` })));
  demand(started, { operation: "any", warnings: opt(nil(warnings)), providerMetadata: metadata });
  for (;;) {
    const status = await answered(await fetch(`${url}/status`, json({ operation: started.operation }, headers)));
    demand(status, { status: "string", warnings: opt(nil(warnings)), providerMetadata: opt(nil(metadata)) });
    if (status.status === "completed") {
      demand(status.videos, videos);
      return {
        ...about(Buffer.from(status.videos[0].data, "base64")), warnings: started.warnings,
        job: started.providerMetadata.gateway.asyncJob.jobId,
      };
    }
    if (status.status !== "pending") throw new Error(JSON.stringify(status));
    await sleep(50);
  }
}

async function gatewayBlocking(options) {
  const { url, headers } = gateway(options);
  const response = await fetch(url, json(wish(options), { ...headers, accept: "text/event-stream" }));
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  let text = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the stream ended without an event");
    text += value;
    const event = text.split("\n\n").slice(0, -1).find((block) => block.startsWith("data: "));
    if (!event) continue;
    await reader.cancel();
    const result = JSON.parse(event.slice(6));
    demand(result, { type: "string", videos, warnings: opt(warnings), providerMetadata: opt(metadata) });
    return about(Buffer.from(result.videos[0].data, "base64"));
  }
}

// The OpenRouter TypeScript SDK 1.3, src/models/videogenerationresponse.ts and src/funcs.
const generation = {
  id: "string", polling_url: "string", status: "string", error: opt("string"), expires_at: opt("int"),
  generation_id: opt("string"), unsigned_urls: opt(["string"]),
  usage: opt({ cost: opt(nil("number")), is_byok: opt("boolean") }),
};
const listed = {
  allowed_passthrough_parameters: ["string"], canonical_slug: "string", created: "int", id: "string",
  name: "string", description: opt("string"), generate_audio: nil("boolean"), seed: nil("boolean"),
  hugging_face_id: opt(nil("string")), supported_aspect_ratios: nil(["string"]),
  supported_durations: nil(["int"]), supported_frame_images: nil(["string"]),
  supported_resolutions: nil(["string"]), supported_sizes: nil(["string"]), pricing_skus: opt(nil({})),
};

async function openRouter({ tcp, key, model = "sample/clip", prompt = "a kite" }) {
  const base = `${tcp}/openrouter/api/v1/videos`;
  const headers = { authorization: `Bearer ${key}`, accept: "application/json", "http-referer": "https://a.test" };
  const models = await answered(await fetch(`${base}/models`, { headers }));
  demand(models, { data: [listed] });
  const made = demand(
    await answered(await fetch(base, json({ model, prompt, duration: 4 }, headers)), [202]), generation);
  const seen = new Set([made.status]);
  for (;;) {
    const view = demand(await answered(await fetch(`${base}/${made.id}`, { headers })), generation);
    seen.add(view.status);
    if (view.status === "failed") return { seen: [...seen], error: view.error };
    if (view.status === "completed") {
      const file = await fetch(`${base}/${made.id}/content?index=0`, { headers: { ...headers, accept: "video/mp4" } });
      if (file.headers.get("content-type") !== "video/mp4") throw new Error("not the type that it takes");
      return { seen: [...seen], ...about(Buffer.from(await file.arrayBuffer())), usage: view.usage };
    }
    await sleep(50);
  }
}

// @openrouter/ai-sdk-provider 3, src/video.
async function openRouterAISDK({ tcp, key, model = "sample/clip" }) {
  const base = `${tcp}/openrouter/api/v1/videos`;
  const headers = { authorization: `Bearer ${key}`, "user-agent": "ai/7.0.77 ai-sdk/provider-utils/5.0.20" };
  const strict = { ...generation, usage: opt({ cost: opt("number"), is_byok: opt("boolean") }) };
  const body = { model, prompt: "a kite", size: "1280x720", duration: 4 };
  const made = demand(await answered(await fetch(base, json(body, headers)), [202]), strict);
  for (;;) {
    await sleep(50);
    const view = demand(await answered(await fetch(`${base}/${made.id}`, { headers })), strict);
    if (view.status === "completed") return about(await downloaded(view.unsigned_urls[0]));
    if (!["pending", "in_progress"].includes(view.status)) throw new Error(JSON.stringify(view));
  }
}

// @ai-sdk/google 4, packages/google/src/google-video-model.ts.
async function googleAISDK({ tcp, key, model = "sample/clip", frames = [] }) {
  const base = `${tcp}/google/v1beta`;
  const headers = { "x-goog-api-key": key, "user-agent": "ai/7.0.77 ai-sdk/provider-utils/5.0.20" };
  const picture = (file) => ({ bytesBase64Encoded: file.png, mimeType: "image/png" });
  const first = frames.find((file) => file.type === "first_frame");
  const body = {
    instances: [{ prompt: "a heron", ...(first && { image: picture(first) }) }],
    parameters: { sampleCount: 1, aspectRatio: "16:9", resolution: "720p", durationSeconds: 4 },
  };
  const shape = {
    name: opt(nil("string")), done: opt(nil("boolean")),
    error: opt(nil({ code: opt(nil("number")), message: "string" })), response: opt(nil({})),
  };
  const url = `${base}/models/${model}:predictLongRunning`;
  let operation = demand(await answered(await fetch(url, json(body, headers))), shape);
  while (!operation.done) {
    await sleep(50);
    operation = demand(await answered(await fetch(`${base}/${operation.name}`, { headers })), shape);
  }
  const { uri } = operation.response.generateVideoResponse.generatedSamples[0].video;
  const isOwn = new URL(uri).origin === new URL(base).origin;
  return about(await downloaded(isOwn ? `${uri}&key=${key}` : uri));
}

// @google/genai 2.28, src/gaos/funcs/interactions-create.ts: what broke is sent again, without a key.
async function interaction({ tcp, key, prompt = "a lighthouse", background = false }) {
  const url = `${tcp}/google/v1beta/interactions`;
  const headers = { "x-goog-api-key": key, accept: "application/json", "x-goog-api-client": "google-genai-sdk/2.28.0" };
  const body = {
    model: "sample/clip", background, input: prompt,
    response_format: { type: "video", duration: "4s", delivery: "uri" },
  };
  let view;
  let tries = 0;
  for (const end = Date.now() + 60_000; !view;) {
    tries += 1;
    try {
      const response = await fetch(url, json(body, headers));
      if (response.status < 500) view = await answered(response);
    } catch (error) {
      if (error.name !== "TypeError" || Date.now() > end) throw error;
    }
    if (!view) await sleep(250);
  }
  while (view.status === "in_progress") {
    await sleep(50);
    view = await answered(await fetch(`${url}/${view.id}?stream=false`, { headers }));
  }
  demand(view, { id: "string", status: "string", created: "string", steps: [{ type: "string" }] });
  const output = view.steps.at(-1).content?.find((content) => content.type === "video");
  const name = output?.uri.split("files/")[1].match(/[a-z0-9]+/)[0];
  const file = await fetch(`${tcp}/google/v1beta/files/${name}:download?alt=media`, { headers });
  return { tries, status: view.status, ...about(Buffer.from(await file.arrayBuffer())) };
}

// openai 7, src/resources/videos.ts and src/internal/uploads.ts: forms, ids with their slashes encoded.
async function openai({ tcp, key, png }) {
  const headers = { authorization: `Bearer ${key}`, accept: "application/json", "x-stainless-retry-count": "0" };
  const form = new FormData();
  for (const [name, value] of Object.entries({ model: "sample/clip", prompt: "ein Böötchen 🚤", seconds: "4" })) {
    form.append(name, value);
  }
  form.append("input_reference", new File([Buffer.from(png, "base64")], 'ä "x".png', { type: "image/png" }));
  const shape = {
    id: "string", object: "string", created_at: "int", completed_at: nil("int"), expires_at: nil("int"),
    error: nil({ code: "string", message: "string" }), model: "string", progress: "number",
    prompt: nil("string"), remixed_from_video_id: nil("string"), seconds: "string", size: "string", status: "string",
  };
  const made = demand(await answered(await fetch(`${tcp}/v1/videos`, { method: "POST", body: form, headers })), shape);
  const id = encodeURIComponent("sample/clip");
  const model = await answered(await fetch(`${tcp}/v1/models/${id}`, { headers }));
  demand(model, { id: "string", created: "int", object: "string", owned_by: "string" });
  return { prompt: made.prompt, status: made.status, model: model.id, job: made.id };
}

// The AI SDK, packages/ai/src/util/retry-with-exponential-backoff.ts: what could not be connected or broke is
// sent again, twice, without a mark. Here as often as a start of the daemon takes.
async function again({ tcp, key, path, body }) {
  for (let tries = 1; ; tries += 1) {
    try {
      const response = await fetch(tcp + path, json(body, { authorization: `Bearer ${key}` }));
      return { tries, status: response.status, length: (await response.text()).length };
    } catch (error) {
      if (error.name !== "TypeError" || tries > 200) throw error;
    }
    await sleep(250);
  }
}

const players = {
  gatewayStart, gatewayBlocking, openRouter, openRouterAISDK, googleAISDK, interaction, openai, again,
};
const result = await players[process.argv[2]](JSON.parse(process.argv[3]));
console.log(JSON.stringify(result));
