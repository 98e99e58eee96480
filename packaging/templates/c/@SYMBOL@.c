/* The provider that kinora-sim plays under /sample/v1; put yours in its place. Read it from `step` outwards.
 *
 *   POST /videos      {"model","prompt","tag","seconds"?}   201 {"id","status"}
 *   GET  /videos/ID   200 {"id","status","progress"?,"video":{"url"}?,"error"?}
 */
#include "kinora_kit.h"

KN_NOTE(0); /* what the host reads before it maps the file; 0: no Swift in here */

#define TEXT KIT_TEXT
enum { PACE_MS = 2000 };

/* The job begins: one POST. It is paid, since its flags are 0: the host sends it once and never again. */
static kn_status begin(const kn_event *e, const kn_out *out) {
  kn_bytes prompt = kit_member(e->job, TEXT("prompt")), seconds = kit_member(e->job, TEXT("seconds"));
  kit_text url;
  kit_body body;
  body.count = 0;
  if (!kit_address(&url, e, out, TEXT("/videos"), TEXT(""))) return KN_OK;
  if (!kit_is_string(prompt)) return KIT_FAIL(out, KN_INVALID, "a prompt is needed");
  /* What comes from the job is JSON already, so its raw text goes into the body as it is. */
  kit_field(&body, TEXT("model"), TEXT("\"clip\""));
  kit_field(&body, TEXT("prompt"), prompt);
  kit_field(&body, TEXT("tag"), kit_member(e->job, TEXT("tag")));
  if (seconds.len) kit_field(&body, TEXT("seconds"), seconds);
  return kit_post(out, &url, &body, 0, TEXT(""));
}

/* The answer to the submit and to each poll. */
static kn_status received(const kn_event *e, const kn_response *r, const kn_out *out) {
  kn_bytes id = kit_string(kit_member(r->body, TEXT("id"))), status = kit_string(kit_member(r->body, TEXT("status")));
  kn_bytes words = kit_member(kit_member(r->body, TEXT("error")), TEXT("message"));
  if (r->status < 200 || r->status > 299) return kit_refusal(e, r, out, words);
  if (!kit_is_id(id)) return KIT_FAIL(out, KN_PROTOCOL, "the provider answered without an id");
  if (kit_same(status, TEXT("succeeded"))) {
    kn_bytes url = kit_member(kit_member(r->body, TEXT("video")), TEXT("url"));
    if (!kit_is_address(url)) return KIT_FAIL(out, KN_REFUSED, "the provider calls the job done and names no file");
    if (out->handle) out->handle(out->ctx, id);
    return kit_succeed(out, url) ? KN_OK : KIT_FAIL(out, KN_PROTOCOL, "the video's address is too long");
  }
  if (kit_same(status, TEXT("filtered")))
    return KIT_SAY(out, KN_REFUSED, "the provider's filter refused the content", words);
  if (kit_same(status, TEXT("failed"))) return KIT_SAY(out, KN_REFUSED, "the provider failed the job", words);
  if (kit_same(status, TEXT("cancelled"))) return KIT_SAY(out, KN_REFUSED, "the provider cancelled the job", words);
  return kit_wait(out, id, PACE_MS); /* a word that is not known yet is no end */
}

static kn_status step(const kn_event *event, const kn_out *out) {
  const kn_event *e = KIT_COPY(kn_event, event);
  const kn_out *o = KIT_COPY(kn_out, out);
  switch (e->kind) {
  case KN_BEGIN: return begin(e, o);
  case KN_RESPONSE: return e->response ? received(e, KIT_COPY(kn_response, e->response), o) : KN_UNSUPPORTED;
  case KN_TIMER: /* a wait is over: a free GET */
    if (!kit_is_id(e->state)) return KIT_FAIL(o, KN_PROTOCOL, "there is no video to poll yet");
    return kit_ask(e, o, TEXT("GET"), TEXT("/videos/"), e->state, TEXT(""));
  case KN_ADOPT: /* a person named the provider's id of a job whose submit was lost */
    return kit_is_id(e->handle) ? kit_wait(o, e->handle, 0) : KIT_FAIL(o, KN_INVALID, "that is no id");
  default: return KN_UNSUPPORTED; /* events of newer hosts too */
  }
}

/* What the models can do, what they cost, and what a paid submit may rely on: leave out what is not promised. */
static const char catalog[] =
  "{\"hosts\":[],\"base_url\":\"http://127.0.0.1:8790/sample/v1\",\"credentials\":[],\"poll_ms\":2000,"
  "\"submit\":{\"definite_statuses\":[400,401,402,403,404,413,422,429],\"bills_on\":\"success\",\"deadline_s\":900},"
  "\"models\":[{\"id\":\"clip\",\"name\":\"Clip\",\"kinds\":[\"text-to-video\"],"
  "\"durations\":{\"min\":1,\"max\":20,\"step\":1},\"default_duration\":5,\"options\":[],"
  "\"prices\":[{\"per\":\"second\",\"usd\":\"0.01\",\"source\":\"kinora-sim\",\"date\":\"2026-10-01\"}]}]}";

static const kn_plugin plugin = { KN_MAGIC, KN_ABI_MAJOR, KN_ABI_MINOR, sizeof(kn_plugin),
  "org.example.@NAME@", "@TYPE@", "0.1.0", { catalog, sizeof catalog - 1 }, 0, step, NULL };

/* The only exported name; the file must be called kinora-@NAME@.so. */
KN_EXPORT const kn_plugin *kinora_plugin_@SYMBOL@(const kn_host *host) {
  return KIT_COPY(kn_host, host)->abi_major == KN_ABI_MAJOR ? &plugin : NULL;
}
