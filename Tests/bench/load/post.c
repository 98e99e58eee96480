#include "load.h"

/* One job with a prompt that no other has. */
static void order(struct client *c, const char *model, const char *prefix, long number) {
  char body[1024], request[1400];
  int length = snprintf(body, sizeof body, "{\"model\":\"%s\",\"prompt\":\"%s %ld\",\"seconds\":%d}",
                        model, prefix, number, strstr(model, "sample") ? 5 : 8);
  int n = snprintf(request, sizeof request,
                   "POST /v1/videos HTTP/1.1\r\nHost: kinora\r\nContent-Type: application/json\r\n"
                   "Content-Length: %d\r\n\r\n%s", length, body);
  c->answer.used = c->answer.head = 0;
  c->sent = now_ns();
  put(c->fd, request, (size_t)n);
}

int run_post(int argc, char **argv) {
  if (argc < 9) die("post: arguments");
  const char *model = argv[5], *prefix = argv[6];
  int count = atoi(argv[4]), open = 0;
  long most = atol(argv[7]), uid = atol(argv[8]), made = 0;
  FILE *ids = argc > 9 ? fopen(argv[9], "a") : NULL;
  if (argc > 9 && !ids) die(argv[9]);
  struct client *clients = need(calloc((size_t)count, sizeof *clients));
  int64_t start = now_ns(), end = start + (int64_t)(atof(argv[3]) * 1e9);
  for (int i = 0; i < count && made < most; i++, open++) {
    clients[i].fd = dial(argv[2], uid);
    enroll(clients[i].fd, &clients[i]);
    order(&clients[i], model, prefix, made++);
  }
  struct epoll_event events[256];
  while (open) {
    int n = epoll_wait(epoll, events, 256, 30000);
    if (n == 0) {
      errno = ETIMEDOUT;
      die("no answer for 30 s");
    }
    for (int i = 0; i < n; i++) {
      struct client *c = events[i].data.ptr;
      int done = take(c->fd, &c->answer);
      if (done == 0) continue;
      int64_t at = now_ns();
      note_time(at - c->sent);
      char *body = c->answer.bytes + c->answer.head;
      if (done < 0 || c->answer.status != 200 || memcmp(body, "{\"id\":\"", 7) != 0)
        blame(&c->answer, done < 0 ? "broken" : "status");
      else if (ids)
        fprintf(ids, "/v1/videos/%.*s\n", (int)(strchr(body + 7, '"') - body - 7), body + 7);
      if (done > 0 && made < most && at < end) {
        order(c, model, prefix, made++);
      } else {
        close(c->fd);
        open--;
      }
    }
  }
  if (ids) fclose(ids);
  report(now_ns() - start);
  return bad ? 1 : 0;
}
