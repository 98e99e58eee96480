/* kinora_kit.h: what a plugin in C wants beside the ABI, as inline functions. Optional, C11, nothing but <string.h>.
 *
 * No function allocates: text is borrowed where it lies, or written into a kit_text on the step's own stack. JSON is
 * read raw, so a value goes from a job into a body, or from an answer into a result, as it was written. */
#ifndef KINORA_KIT_H
#define KINORA_KIT_H
#include "kinora_plugin.h"
#include <string.h>

/* --- Bytes */

/* A literal as bytes. */
#define KIT_TEXT(literal) ((kn_bytes){ literal, sizeof(literal) - 1 })
static inline char kit_small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }
/* Equal, whatever the case. */
static inline int kit_same(kn_bytes a, kn_bytes b) {
  if (a.len != b.len) return 0;
  for (size_t i = 0; i < a.len; i++)
    if (kit_small(a.ptr[i]) != kit_small(b.ptr[i])) return 0;
  return 1;
}
/* Equal to the byte. */
static inline int kit_equal(kn_bytes a, kn_bytes b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Text in the making. Begin with kit_clear, ask is_full once at the end. */
typedef struct kit_text { size_t length; int is_full; char at[4096]; } kit_text;
static inline void kit_clear(kit_text *text) { text->length = 0, text->is_full = 0; }
static inline void kit_put(kit_text *text, kn_bytes piece) {
  if (piece.len > sizeof text->at - text->length) { text->is_full = 1; return; }
  if (piece.len) memcpy(text->at + text->length, piece.ptr, piece.len);
  text->length += piece.len;
}
static inline kn_bytes kit_bytes(const kit_text *text) { return (kn_bytes){ text->at, text->length }; }

/* A copy of a struct that begins with its size: the other side may know a shorter or a longer one. What both know is
   copied, the rest is zero. It lives as long as the block that says so. */
#define KIT_COPY(type, from) ((const type *)kit_copied(&(type){ 0 }, sizeof(type), from))
static inline const void *kit_copied(void *to, size_t size, const void *from) {
  uint32_t theirs;
  memcpy(&theirs, from, sizeof theirs);
  return memcpy(to, from, theirs < size ? theirs : size);
}

/* --- JSON, read where it lies. Good enough for what somebody else has checked: of broken text it gives broken pieces,
   never what lies outside, and callers look at each piece that they use (kit_string, kit_is_id, kit_is_address). */

/* The end of the value that begins at `at`, or NULL. */
static inline const char *kit_after(const char *at, const char *end) {
  int depth = 0, is_text = 0;
  for (; at < end; at++) {
    if (is_text) {
      if (*at == '\\') at++;
      else if (*at == '"') is_text = 0;
      continue;
    }
    switch (*at) {
    case '"': is_text = 1; break;
    case '{': case '[': depth++; break;
    case '}': case ']': if (depth-- == 0) return at; break;
    case ',': case ':': if (depth == 0) return at;
    }
  }
  return !is_text && depth == 0 ? end : NULL;
}
static inline kn_bytes kit_trimmed(const char *at, const char *end) {
  const char *space = " \n\r\t";
  while (at < end && memchr(space, *at, 4)) at++;
  while (at < end && memchr(space, end[-1], 4)) end--;
  return (kn_bytes){ at, (size_t)(end - at) };
}
static inline int kit_is_string(kn_bytes raw) {
  return raw.len > 2 && raw.ptr[0] == '"' && raw.ptr[raw.len - 1] == '"';
}
/* What is between the quotes, escapes and all; nothing for an empty string and for another value. */
static inline kn_bytes kit_string(kn_bytes raw) {
  return kit_is_string(raw) ? (kn_bytes){ raw.ptr + 1, raw.len - 2 } : (kn_bytes){ 0 };
}
/* Takes the next member off what is left of an object, `{…` or `,…`: its name, its raw value. 0 at the end. */
static inline int kit_next(kn_bytes *left, kn_bytes *name, kn_bytes *value) {
  const char *at = left->ptr, *end = at ? at + left->len : at;
  const char *colon = left->len && (*at == '{' || *at == ',') ? kit_after(at + 1, end) : NULL;
  const char *stop = colon && colon < end && *colon == ':' ? kit_after(colon + 1, end) : NULL;
  if (!stop) return 0;
  *name = kit_string(kit_trimmed(at + 1, colon));
  *value = kit_trimmed(colon + 1, stop);
  *left = (kn_bytes){ stop, (size_t)(end - stop) };
  return 1;
}
/* The raw value of an object's member; nothing where there is none. */
static inline kn_bytes kit_member(kn_bytes object, kn_bytes key) {
  kn_bytes left = object.len ? kit_trimmed(object.ptr, object.ptr + object.len) : object, name, value;
  while (kit_next(&left, &name, &value))
    if (kit_equal(name, key)) return value;
  return (kn_bytes){ 0 };
}
static inline int kit_is_array(kn_bytes raw) {
  return raw.len >= 2 && raw.ptr[0] == '[' && raw.ptr[raw.len - 1] == ']';
}
/* The first element of an array; nothing for an empty one and for another value. */
static inline kn_bytes kit_first(kn_bytes array) {
  const char *end = kit_is_array(array) ? kit_after(array.ptr + 1, array.ptr + array.len) : NULL;
  return end ? kit_trimmed(array.ptr + 1, end) : (kn_bytes){ 0 };
}
/* A whole number of up to 9 digits, what stands behind it is passed over; -1 for anything else. */
static inline int kit_number(kn_bytes raw) {
  int value = -1;
  for (size_t i = 0; i < raw.len && i < 9 && raw.ptr[i] >= '0' && raw.ptr[i] <= '9'; i++)
    value = (value < 0 ? 0 : value * 10) + (raw.ptr[i] - '0');
  return value;
}
/* A string with an http address in it: nothing but visible ASCII, no escape but \/. */
static inline int kit_is_address(kn_bytes raw) {
  if (!kit_is_string(raw) || raw.len < 8 || memcmp(raw.ptr, "\"http", 5)) return 0;
  for (const char *c = raw.ptr + 1; c < raw.ptr + raw.len - 1; c++)
    if (*c <= 0x20 || *c > 0x7e || *c == '"' || (*c == '\\' && c[1] != '/')) return 0;
  return 1;
}
/* An id that may go into a path: letters, digits, '-' and '_', at most 64. */
static inline int kit_is_id(kn_bytes id) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  for (size_t i = 0; i < id.len; i++)
    if (!memchr(letters, kit_small(id.ptr[i]), sizeof letters - 1)) return 0;
  return id.len > 0 && id.len <= 64;
}

/* --- Steps. Each writes one verdict and gives what the step function returns. */

/* A failure: a message for people, and the provider's own `words`, a raw JSON string, behind it: one line, no HTML, at
   most 300 bytes. `after_ms` other than 0 makes sense with KN_RETRYABLE only. */
static inline kn_status kit_failure(const kn_out *out, uint32_t code, uint32_t flags, uint32_t after_ms,
                                    kn_bytes message, kn_bytes words) {
  kit_text text;
  kit_clear(&text);
  kit_put(&text, message);
  words = kit_string(words);
  if (words.len && !memchr(words.ptr, '<', words.len)) {
    kit_put(&text, KIT_TEXT(": "));
    for (size_t i = 0; i < words.len && (i < 300 || (words.ptr[i] & 0xc0) == 0x80); i++) { /* never cuts UTF-8 */
      char c = words.ptr[i];
      if (c == '\\' && i + 1 < words.len) {
        c = words.ptr[++i];
        if (c == 'u') { c = '?'; i += i + 4 < words.len ? 4 : 0; }
        else if (c != '"' && c != '\\' && c != '/') c = ' ';
      }
      if ((unsigned char)c < 0x20 || c == 0x7f) c = ' ';
      kit_put(&text, (kn_bytes){ &c, 1 });
    }
  }
  out->fail(out->ctx, &(kn_failure){ sizeof(kn_failure), code, flags, after_ms, kit_bytes(&text) });
  return KN_OK;
}
/* The same for good, with a literal; KIT_SAY with the provider's words, a raw JSON string. */
#define KIT_FAIL(out, code, message) kit_failure(out, code, 0, 0, KIT_TEXT(message), (kn_bytes){ 0 })
#define KIT_SAY(out, code, message, words) kit_failure(out, code, 0, 0, KIT_TEXT(message), words)

/* What `retry-after` asks for, in milliseconds, at most a day; 0 for nothing and for a date. */
static inline uint32_t kit_retry_after(const kn_response *response) {
  int seconds = 0;
  for (size_t i = 0; i < response->header_count; i++)
    if (kit_same(response->headers[i].name, KIT_TEXT("retry-after"))) seconds = kit_number(response->headers[i].value);
  return seconds > 0 ? (uint32_t)(seconds < 86400 ? seconds : 86400) * 1000 : 0;
}
/* What a status that is not 2xx means at nearly every provider. While a lost submit is looked up, 404 is no proof that
   the job is absent (the path may have moved): only the provider's own list is. */
static inline kn_status kit_refusal(const kn_event *event, const kn_response *response, const kn_out *out,
                                    kn_bytes words) {
  uint32_t status = response->status, after = kit_retry_after(response);
  switch (status) {
  case 401: case 403: return KIT_SAY(out, KN_UNAUTHENTICATED, "the provider refused the credential", words);
  case 402: return KIT_SAY(out, KN_EXHAUSTED, "the provider's account has no credit left", words);
  case 429: return kit_failure(out, KN_EXHAUSTED, KN_RETRYABLE, after,
    KIT_TEXT("the provider has no room for more requests"), words);
  case 404: case 410:
    if (status == 404 && event->phase == KN_RECONCILE)
      return KIT_SAY(out, KN_UNAVAILABLE, "the lookup was answered with 404", words);
    return KIT_SAY(out, KN_NOT_FOUND, "the provider does not know it", words);
  }
  if (status == 408 || status >= 500)
    return kit_failure(out, KN_UNAVAILABLE, KN_RETRYABLE, after, KIT_TEXT("the provider does not work now"), words);
  if (status >= 400) return KIT_SAY(out, KN_INVALID, "the provider refused the request", words);
  return KIT_FAIL(out, KN_PROTOCOL, "the provider's answer is no answer to the request");
}

/* Makes `url` of base_url, `path` and `tail`; 0, and a failure was written, when the configuration has none
   that can be used as it is. */
static inline int kit_address(kit_text *url, const kn_event *event, const kn_out *out, kn_bytes path, kn_bytes tail) {
  kn_bytes base = kit_string(kit_member(event->config, KIT_TEXT("base_url")));
  kit_clear(url), kit_put(url, base), kit_put(url, path), kit_put(url, tail);
  if (base.len && base.len <= 480 && !memchr(base.ptr, '\\', base.len) && !url->is_full) return 1;
  KIT_FAIL(out, KN_INVALID, "base_url is missing, too long or written with escapes");
  return 0;
}
/* A request without a body that costs nothing, however often the host repeats it. Its answer comes back with `tag`. */
static inline kn_status kit_ask(const kn_event *event, const kn_out *out, kn_bytes method, kn_bytes path,
                                kn_bytes tail, kn_bytes tag) {
  kit_text url;
  if (kit_address(&url, event, out, path, tail))
    out->send(out->ctx, &(kn_request){ .struct_size = sizeof(kn_request), .flags = KN_IDEMPOTENT, .method = method,
      .url = kit_bytes(&url), .tag = tag });
  return KN_OK;
}
/* The provider has the job: remember its id as the state, show it, come back after so many milliseconds. */
static inline kn_status kit_wait(const kn_out *out, kn_bytes id, uint32_t milliseconds) {
  if (out->handle) out->handle(out->ctx, id); /* a later field of the struct: a host may be without */
  out->state(out->ctx, id);
  out->wait(out->ctx, milliseconds);
  return KN_OK;
}
/* The job is done: the host fetches the file at `url`, a raw JSON string, as kit_is_address has accepted it. 0, and
   nothing was written, for one of more than 4 KiB. */
static inline int kit_succeed(const kn_out *out, kn_bytes url) {
  kit_text result;
  kit_clear(&result);
  kit_put(&result, KIT_TEXT("{\"assets\":[{\"url\":")), kit_put(&result, url), kit_put(&result, KIT_TEXT("}]}"));
  if (!result.is_full) out->succeed(out->ctx, kit_bytes(&result));
  return !result.is_full;
}

/* --- Bodies. A JSON object in pieces, of which some are the host's; begin with `count` 0. */
typedef struct kit_body { size_t count; kn_part parts[64]; } kit_body;
static inline void kit_part(kit_body *body, uint32_t kind, kn_bytes data) {
  if (body->count < 64) body->parts[body->count] = (kn_part){ kind, 0, data };
  body->count++; /* more than 64 are refused when it is sent */
}
/* A member of an object whose value is raw JSON: `{"name":value` the first time, `,"name":value` later. */
static inline void kit_field(kit_body *body, kn_bytes name, kn_bytes value) {
  kit_part(body, KN_PART_BYTES, body->count ? KIT_TEXT(",\"") : KIT_TEXT("{\""));
  kit_part(body, KN_PART_BYTES, name), kit_part(body, KN_PART_BYTES, KIT_TEXT("\":"));
  kit_part(body, KN_PART_BYTES, value);
}
/* A later member, `name` a literal, that is an input of the job as a data: URL; the host puts its bytes there. 0, and
   nothing was added, for an input without bytes. */
#define KIT_DATA_URL(body, name, input) kit_data_url(body, KIT_TEXT(",\"" name "\":\"data:"), input)
static inline int kit_data_url(kit_body *body, kn_bytes head, kn_bytes input) {
  kn_bytes ref = kit_string(kit_member(input, KIT_TEXT("ref"))), mime = kit_string(kit_member(input, KIT_TEXT("mime")));
  if (!ref.len || !mime.len) return 0;
  kit_part(body, KN_PART_BYTES, head), kit_part(body, KN_PART_BYTES, mime);
  kit_part(body, KN_PART_BYTES, KIT_TEXT(";base64,")), kit_part(body, KN_PART_INPUT_BASE64, ref);
  kit_part(body, KN_PART_BYTES, KIT_TEXT("\""));
  return 1;
}
/* Closes the object and sends it as JSON by POST: paid, so at most once, unless `flags` has KN_IDEMPOTENT. */
static inline kn_status kit_post(const kn_out *out, const kit_text *url, kit_body *body, uint32_t flags, kn_bytes tag) {
  kn_header type = { KIT_TEXT("content-type"), KIT_TEXT("application/json") };
  kit_part(body, KN_PART_BYTES, body->count ? KIT_TEXT("}") : KIT_TEXT("{}"));
  if (body->count > 64) return KIT_FAIL(out, KN_PROTOCOL, "the request has too many parts");
  out->send(out->ctx, &(kn_request){ .struct_size = sizeof(kn_request), .flags = flags, .method = KIT_TEXT("POST"),
    .url = kit_bytes(url), .headers = &type, .header_count = 1, .parts = body->parts, .part_count = body->count,
    .tag = tag });
  return KN_OK;
}
#endif
