/* The provider that kinora-sim plays under /sample/v1; put yours in its place. Read it from `step` outwards.
 *
 *   POST /videos      {"model","prompt","tag","seconds"?}   201 {"id","status"}
 *   GET  /videos/ID   200 {"id","status","progress"?,"video":{"url"}?,"error"?}
 */
#include "kinora_plugin.h"
#include <string.h>
#include <strings.h>

KN_NOTE(0); /* what the host reads before it maps the file; 0: no Swift in here */

enum { PACE_MS = 2000, URL_MAX = 1024 };

/* A literal as bytes. */
#define TEXT(literal) ((kn_bytes){ literal, sizeof(literal) - 1 })

/* The other side may know a shorter or a longer struct: copy what both know, leave the rest zero. */
#define COPY(type, from) copied(&(type){ 0 }, sizeof(type), from)
static const void *copied(void *to, size_t size, const void *from) {
  uint32_t theirs;
  memcpy(&theirs, from, sizeof theirs); /* every struct that may grow begins with its size */
  return memcpy(to, from, theirs < size ? theirs : size);
}

/* JSON, as much of it as is needed here; a larger plugin takes a real reader. */

/* The end of the value that begins at p, or NULL. */
static const char *after(const char *p, const char *end) {
  int depth = 0, text = 0;
  for (const char *at = p; at < end; at++) {
    if (text) {
      if (*at == '\\') at++;
      else if (*at == '"') text = 0;
    } else if (*at == '"') text = 1;
    else if (*at == '{' || *at == '[') depth++;
    else if ((*at == '}' || *at == ']' || *at == ',' || *at == ':') && depth == 0) return at;
    else if (*at == '}' || *at == ']') depth--;
  }
  return !text && depth == 0 ? end : NULL;
}

/* The raw text of an object's member, quotes and all; empty when there is none. */
static kn_bytes member(kn_bytes object, kn_bytes key) {
  const char *p = object.ptr, *end = p ? p + object.len : p;
  while (p < end && *p != '{') p++;
  while (p < end && *p != '}') {
    const char *name = ++p, *colon = after(name, end);
    if (!colon || colon == end || *colon != ':') break;
    p = after(colon + 1, end);
    if (!p) break;
    while (name < colon && *name != '"') name++;
    if ((size_t)(colon - name) < key.len + 2 || memcmp(name + 1, key.ptr, key.len) || name[key.len + 1] != '"') continue;
    const char *value = colon + 1;
    while (value < p && (*value == ' ' || *value == '\n' || *value == '\r' || *value == '\t')) value++;
    return (kn_bytes){ value, (size_t)(p - value) };
  }
  return (kn_bytes){ 0 };
}

/* What is between the quotes, when every byte of it may stand in a URL or a body as it is; else empty. */
static kn_bytes plain(kn_bytes raw) {
  if (raw.len < 3 || raw.len > URL_MAX / 2 || raw.ptr[0] != '"' || raw.ptr[raw.len - 1] != '"') return (kn_bytes){ 0 };
  for (size_t i = 1; i < raw.len - 1; i++)
    if (raw.ptr[i] <= 0x20 || raw.ptr[i] > 0x7e || raw.ptr[i] == '"' || raw.ptr[i] == '\\') return (kn_bytes){ 0 };
  return (kn_bytes){ raw.ptr + 1, raw.len - 2 };
}

/* A provider's id goes into a path: letters, digits, '-' and '_' only. */
static int is_id(kn_bytes text) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_')) return 0;
  }
  return text.len > 0 && text.len <= 128;
}
static int is(kn_bytes text, const char *word) {
  return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

static kn_status fail(const kn_out *out, uint32_t code, uint32_t flags, kn_bytes message) {
  out->fail(out->ctx, &(kn_failure){ sizeof(kn_failure), code, flags, 0, message });
  return KN_OK;
}
static kn_status wait(const kn_out *out, uint32_t milliseconds, kn_bytes id) {
  if (out->handle) out->handle(out->ctx, id);
  out->state(out->ctx, id);
  out->wait(out->ctx, milliseconds);
  return KN_OK;
}

/* BASE/videos and, with an id, /ID after it; 0 when base_url is not usable. */
static size_t address(char url[URL_MAX], const kn_event *e, kn_bytes id) {
  kn_bytes base = plain(member(e->config, TEXT("base_url")));
  if (base.len == 0) return 0;
  memcpy(url, base.ptr, base.len);
  memcpy(url + base.len, "/videos", 7);
  if (id.len == 0) return base.len + 7;
  url[base.len + 7] = '/';
  memcpy(url + base.len + 8, id.ptr, id.len);
  return base.len + 8 + id.len;
}

/* The job begins: one POST. It is paid, since KN_IDEMPOTENT is not set: the host sends it once and never again. */
static kn_status begin(const kn_event *e, const kn_out *out) {
  char url[URL_MAX];
  size_t length = address(url, e, (kn_bytes){ 0 });
  kn_bytes prompt = member(e->job, TEXT("prompt")), seconds = member(e->job, TEXT("seconds"));
  if (length == 0) return fail(out, KN_INVALID, 0, TEXT("base_url is missing, too long or written with escapes"));
  if (prompt.len < 3) return fail(out, KN_INVALID, 0, TEXT("a prompt is needed"));
  /* What comes from the job is JSON already, so its raw text goes into the body as it is. */
  kn_part body[] = {
    { KN_PART_BYTES, 0, TEXT("{\"model\":\"clip\",\"prompt\":") }, { KN_PART_BYTES, 0, prompt },
    { KN_PART_BYTES, 0, TEXT(",\"tag\":") }, { KN_PART_BYTES, 0, member(e->job, TEXT("tag")) },
    { KN_PART_BYTES, 0, seconds.len ? TEXT(",\"seconds\":") : (kn_bytes){ 0 } }, { KN_PART_BYTES, 0, seconds },
    { KN_PART_BYTES, 0, TEXT("}") },
  };
  kn_header type = { TEXT("content-type"), TEXT("application/json") };
  out->send(out->ctx, &(kn_request){ .struct_size = sizeof(kn_request), .method = TEXT("POST"), .url = { url, length },
    .headers = &type, .header_count = 1, .parts = body, .part_count = sizeof body / sizeof *body });
  return KN_OK;
}

/* A wait is over: a free GET. */
static kn_status poll(const kn_event *e, const kn_out *out) {
  char url[URL_MAX];
  size_t length = is_id(e->state) ? address(url, e, e->state) : 0;
  if (length == 0) return fail(out, KN_PROTOCOL, 0, TEXT("there is no video to poll yet"));
  out->state(out->ctx, e->state);
  out->send(out->ctx, &(kn_request){ .struct_size = sizeof(kn_request), .flags = KN_IDEMPOTENT,
    .method = TEXT("GET"), .url = { url, length } });
  return KN_OK;
}

static kn_status succeed(const kn_out *out, kn_bytes id, kn_bytes url) {
  static const char head[] = "{\"assets\":[{\"url\":\"", tail[] = "\"}]}";
  char result[URL_MAX + sizeof head + sizeof tail];
  if (url.len < 4 || strncasecmp(url.ptr, "http", 4)) return fail(out, KN_PROTOCOL, 0, TEXT("the provider calls the job done and names no file"));
  memcpy(result, head, sizeof head - 1);
  memcpy(result + sizeof head - 1, url.ptr, url.len);
  memcpy(result + sizeof head - 1 + url.len, tail, sizeof tail - 1);
  if (out->handle) out->handle(out->ctx, id);
  out->succeed(out->ctx, (kn_bytes){ result, sizeof head + url.len + sizeof tail - 2 });
  return KN_OK;
}

/* The answer to the submit and to each poll. */
static kn_status received(const kn_response *r, const kn_out *out) {
  if (r->status == 401 || r->status == 403) return fail(out, KN_UNAUTHENTICATED, 0, TEXT("the provider refused the credential"));
  if (r->status == 402) return fail(out, KN_EXHAUSTED, 0, TEXT("the provider's account has no credit left"));
  if (r->status == 404) return fail(out, KN_NOT_FOUND, 0, TEXT("the provider does not know it"));
  if (r->status == 429) return fail(out, KN_EXHAUSTED, KN_RETRYABLE, TEXT("the provider has no room for more requests"));
  if (r->status >= 500) return fail(out, KN_UNAVAILABLE, KN_RETRYABLE, TEXT("the provider does not work now"));
  if (r->status >= 400) return fail(out, KN_INVALID, 0, TEXT("the provider refused the request"));
  kn_bytes id = plain(member(r->body, TEXT("id"))), status = plain(member(r->body, TEXT("status")));
  if (r->status < 200 || r->status > 299 || !is_id(id)) return fail(out, KN_PROTOCOL, 0, TEXT("the provider answered without an id"));
  if (is(status, "succeeded")) return succeed(out, id, plain(member(member(r->body, TEXT("video")), TEXT("url"))));
  if (is(status, "filtered")) return fail(out, KN_REFUSED, 0, TEXT("the provider's filter refused the content"));
  if (is(status, "failed")) return fail(out, KN_REFUSED, 0, TEXT("the provider failed the job"));
  if (is(status, "cancelled")) return fail(out, KN_REFUSED, 0, TEXT("the provider cancelled the job"));
  return wait(out, PACE_MS, id); /* a word that is not known yet is no end */
}

static kn_status step(const kn_event *event, const kn_out *out) {
  const kn_event *e = COPY(kn_event, event);
  const kn_out *o = COPY(kn_out, out);
  if (e->kind == KN_BEGIN) return begin(e, o);
  if (e->kind == KN_TIMER) return poll(e, o);
  if (e->kind == KN_RESPONSE && e->response) return received(COPY(kn_response, e->response), o);
  if (e->kind == KN_ADOPT) return is_id(e->handle) ? wait(o, 0, e->handle) : fail(o, KN_INVALID, 0, TEXT("that is no id"));
  return KN_UNSUPPORTED; /* events of newer hosts too */
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
  return ((const kn_host *)COPY(kn_host, host))->abi_major == KN_ABI_MAJOR ? &plugin : NULL;
}
