#include "load.h"

#include <time.h>

/* A list of paths that belong to one principal. */
struct group {
  long uid;
  size_t count, next;
  char **requests;
  size_t *request_lengths;
  char **bodies;
  size_t *lengths;
  char **ids;
};

static void read_group(struct group *g, char *word) {
  char *colon = strrchr(word, ':');
  if (!colon) die("FILE:UID");
  *colon = 0;
  g->uid = atol(colon + 1);
  FILE *file = fopen(word, "r");
  if (!file) die(word);
  char line[512], request[700];
  size_t room = 0;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (g->count == room) {
      room = room ? room * 2 : 1024;
      g->requests = need(realloc(g->requests, room * sizeof *g->requests));
      g->request_lengths = need(realloc(g->request_lengths, room * sizeof *g->request_lengths));
      g->ids = need(realloc(g->ids, room * sizeof *g->ids));
    }
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: kinora\r\n\r\n", line);
    g->requests[g->count] = need(strdup(request));
    g->request_lengths[g->count] = (size_t)n;
    char id[560];
    snprintf(id, sizeof id, "{\"id\":\"%s\"", strrchr(line, '/') + 1);
    g->ids[g->count++] = need(strdup(id));
  }
  fclose(file);
  if (!g->count) die("no paths");
  g->bodies = need(calloc(g->count, sizeof *g->bodies));
  g->lengths = need(calloc(g->count, sizeof *g->lengths));
}

static void learn(const char *socket, struct group *g, int wants_ids) {
  int fd = dial(socket, g->uid);
  struct answer a = {0};
  for (size_t i = 0; i < g->count; i++) {
    a.used = a.head = 0;
    put(fd, g->requests[i], g->request_lengths[i]);
    int done;
    while ((done = take(fd, &a)) == 0) poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
    if (done < 0 || a.status != 200) {
      blame(&a, "while learning");
      report(1);
      exit(1);
    }
    size_t n = strlen(g->ids[i]);
    if (wants_ids && (a.length < n || memcmp(a.bytes + a.head, g->ids[i], n) != 0)) {
      blame(&a, "another id");
      report(1);
      exit(1);
    }
    g->lengths[i] = a.length;
    g->bodies[i] = need(malloc(a.length + 1));
    memcpy(g->bodies[i], a.bytes + a.head, a.length);
  }
  close(fd);
  free(a.bytes);
}

static void ask(struct client *c) {
  struct group *g = c->group;
  c->asked = g->next;
  g->next = g->next + 1 == g->count ? 0 : g->next + 1;
  c->answer.used = c->answer.head = 0;
  c->is_busy = 1;
  c->sent = now_ns();
  put(c->fd, g->requests[c->asked], g->request_lengths[c->asked]);
}

static void check(struct client *c, int compares) {
  struct answer *a = &c->answer;
  if (a->status != 200) return blame(a, "status");
  if (!compares) return;
  struct group *g = c->group;
  if (a->length != g->lengths[c->asked] ||
      memcmp(a->bytes + a->head, g->bodies[c->asked], a->length) != 0)
    blame(a, "another body");
}

int run_get(int argc, char **argv) {
  if (argc < 8) die("get: arguments");
  const char *socket = argv[2];
  double seconds = atof(argv[3]), rate = atof(argv[5]);
  int count = atoi(argv[4]), groups = argc - 7;
  int compares = strcmp(argv[6], "status") != 0;
  struct group *group = need(calloc((size_t)groups, sizeof *group));
  for (int i = 0; i < groups; i++) {
    read_group(&group[i], argv[7 + i]);
    if (compares) learn(socket, &group[i], strcmp(argv[6], "ids") == 0);
  }
  struct client *clients = need(calloc((size_t)count, sizeof *clients));
  int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9);
  int64_t gap = rate > 0 ? (int64_t)(1e9 * count / rate) : 0;
  for (int i = 0; i < count; i++) {
    clients[i].group = &group[i % groups];
    clients[i].fd = dial(socket, clients[i].group->uid);
    enroll(clients[i].fd, &clients[i]);
    clients[i].due = start + gap * i / count;
    if (!gap) ask(&clients[i]);
  }
  int open = count;
  struct epoll_event events[256];
  while (open) {
    int64_t now = now_ns(), soonest = end + 30000000000LL;
    if (gap) {
      for (int i = 0; i < count; i++) {
        struct client *c = &clients[i];
        if (c->is_busy || c->fd < 0) continue;
        if (c->due >= end) {
          close(c->fd);
          c->fd = -1;
          open--;
          continue;
        }
        if (c->due <= now) ask(c);
        else if (c->due < soonest) soonest = c->due;
      }
    }
    if (!open) break;
    struct timespec wait = {0};
    int64_t left = soonest - now_ns();
    if (left > 0) wait = (struct timespec){left / 1000000000, left % 1000000000};
    int n = epoll_pwait2(epoll, events, 256, &wait, NULL);
    if (now_ns() > end + 30000000000LL) {
      errno = ETIMEDOUT;
      die("no answer for 30 s");
    }
    for (int i = 0; i < n; i++) {
      struct client *c = events[i].data.ptr;
      int done = take(c->fd, &c->answer);
      if (done == 0) continue;
      int64_t at = now_ns();
      if (done < 0) {
        blame(&c->answer, "broken");
        close(c->fd);
        c->fd = -1;
        open--;
        continue;
      }
      note_time(at - (gap ? c->due : c->sent));
      check(c, compares);
      c->is_busy = 0;
      if (gap) {
        c->due += gap;
      } else if (at < end) {
        ask(c);
      } else {
        close(c->fd);
        c->fd = -1;
        open--;
      }
    }
  }
  report(now_ns() - start);
  return bad ? 1 : 0;
}
