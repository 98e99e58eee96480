/* A plugin that misbehaves on demand: the still-image example with a step of its own.
   A prompt with [trap:begin] or [trap:answer] ends the process there, in one of several ways. */
#define _GNU_SOURCE
#define kinora_plugin_still kinora_plugin_still_of_trouble
#include "still.c"
#include <stdlib.h>
#include <time.h>

static int says(const kn_event *e, const char *word) {
  return memmem(e->job.ptr, e->job.len, word, strlen(word)) != NULL;
}
static int deeper(volatile int *n) { volatile int here[4096]; here[0] = *n + 1; return deeper(here) + here[1]; }

static void misbehave(const kn_event *e) {
  if (says(e, "[by:abort]")) abort();
  if (says(e, "[by:null]")) *(volatile int *)8 = 1;
  if (says(e, "[by:stack]")) { volatile int n = 0; deeper(&n); }
  __builtin_trap();
}

static kn_status trouble_step(const kn_event *e, const kn_out *out) {
  if (!MENDED && e->kind == KN_BEGIN && says(e, "[trap:begin]")) misbehave(e);
  if (!MENDED && e->kind == KN_RESPONSE && says(e, "[trap:answer]")) misbehave(e);
  if (e->kind == KN_BEGIN && says(e, "[silent]")) return KN_OK;
  if (e->kind == KN_BEGIN && says(e, "[slow]")) nanosleep(&(struct timespec){ 1, 300000000 }, NULL);
  return step(e, out);
}

static const kn_plugin trouble = { KN_MAGIC, KN_ABI_MAJOR, KN_ABI_MINOR, sizeof(kn_plugin),
  "dev.kinora.trouble", "Trouble", "1.0.0", { catalog, sizeof catalog - 1 }, 0, trouble_step, NULL };

KN_EXPORT const kn_plugin *kinora_plugin_trouble(const kn_host *host) {
  return kinora_plugin_still_of_trouble(host) ? &trouble : NULL;
}
