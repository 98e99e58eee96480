#include "load.h"

/* An event stream: its head was answered; `events` once a block with an id came. */
struct stream {
  int fd, has_head, has_event;
};

int run_hold(int argc, char **argv) {
  if (argc < 6) die("hold: arguments");
  int count = atoi(argv[3]), heads = 0, events_seen = 0, ended = 0;
  char request[700], buffer[16384];
  int n = snprintf(request, sizeof request,
                   "GET %s HTTP/1.1\r\nHost: kinora\r\nAccept: text/event-stream\r\n\r\n", argv[4]);
  struct stream *streams = need(calloc((size_t)count, sizeof *streams));
  for (int i = 0; i < count; i++) {
    streams[i].fd = dial(argv[2], atol(argv[5]));
    enroll(streams[i].fd, &streams[i]);
    put(streams[i].fd, request, (size_t)n);
  }
  struct epoll_event in = {.events = EPOLLIN};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &in) != 0) die("stdin must be a pipe");
  struct epoll_event events[256];
  for (;;) {
    int ready = epoll_wait(epoll, events, 256, 60000);
    if (ready == 0 && heads < count) die("streams do not answer");
    for (int i = 0; i < ready; i++) {
      struct stream *s = events[i].data.ptr;
      if (!s) {
        if (read(0, buffer, sizeof buffer) <= 0) {
          printf("{\"open\":%d,\"ended\":%d,\"events\":%d}\n", heads - ended, ended, events_seen);
          return ended ? 1 : 0;
        }
        printf("events %d\n", events_seen);
        fflush(stdout);
        continue;
      }
      ssize_t got = recv(s->fd, buffer, sizeof buffer - 1, MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) {
        close(s->fd);
        ended++;
        continue;
      }
      buffer[got] = 0;
      if (!s->has_head) {
        if (strncmp(buffer, "HTTP/1.1 200", 12) != 0) {
          fprintf(stderr, "load: %.80s\n", buffer);
          return 2;
        }
        s->has_head = 1;
        if (++heads == count) {
          printf("open %d\n", heads);
          fflush(stdout);
        }
      }
      if (!s->has_event && strstr(buffer, "id: ")) {
        s->has_event = 1;
        events_seen++;
      }
    }
  }
}

int run_drain(int argc, char **argv) {
  int count = argc - 4;
  if (count < 1) die("drain: arguments");
  struct pollfd *polls = need(calloc((size_t)count, sizeof *polls));
  static char buffer[1 << 20];
  int64_t total = 0, start = now_ns();
  for (int i = 0; i < count; i++) {
    polls[i] = (struct pollfd){.fd = dial(argv[2], atol(argv[3])), .events = POLLIN};
    int n = snprintf(buffer, sizeof buffer,
                     "GET %s HTTP/1.1\r\nHost: kinora\r\nConnection: close\r\n\r\n", argv[4 + i]);
    put(polls[i].fd, buffer, (size_t)n);
  }
  for (int open = count; open;) {
    if (poll(polls, (nfds_t)count, 60000) <= 0) die("no data for 60 s");
    for (int i = 0; i < count; i++) {
      if (polls[i].fd < 0 || !polls[i].revents) continue;
      ssize_t n = recv(polls[i].fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0) total += n;
      if (n > 0 || (n < 0 && errno == EAGAIN)) continue;
      close(polls[i].fd);
      polls[i].fd = -1;
      open--;
    }
  }
  printf("{\"bytes\":%lld,\"seconds\":%.3f}\n", (long long)total, (double)(now_ns() - start) / 1e9);
  return 0;
}
