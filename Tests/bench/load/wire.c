#include "load.h"

#include <strings.h>
#include <sys/un.h>
#include <time.h>

void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(2);
}

int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void *need(void *memory) {
  if (!memory) die("memory");
  return memory;
}

/* The kernel takes a peer's credentials when it connects. */
int dial(const char *path, long uid) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof to.sun_path) die("socket path too long");
  strcpy(to.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  if (uid >= 0 && seteuid((uid_t)uid) != 0) die("seteuid");
  while (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
    if (errno != EINTR && errno != EAGAIN) die("connect");
  if (uid >= 0 && seteuid(0) != 0) die("seteuid back");
  return fd;
}

static char first_bad[160];
long bad;

/* Times, in microseconds. */
static uint32_t *times;
static size_t time_count, time_room;
void note_time(int64_t ns) {
  if (time_count == time_room) {
    time_room = time_room ? time_room * 2 : 1 << 16;
    times = need(realloc(times, time_room * sizeof *times));
  }
  times[time_count++] = (uint32_t)(ns < 0 ? 0 : ns / 1000);
}
static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}
static uint32_t quantile(double q) {
  return time_count ? times[(size_t)((double)(time_count - 1) * q)] : 0;
}
void report(int64_t ns) {
  qsort(times, time_count, sizeof *times, by_value);
  printf("{\"answers\":%zu,\"bad\":%ld,\"seconds\":%.3f,\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u",
         time_count, bad, (double)ns / 1e9, quantile(0.5), quantile(0.99), quantile(1));
  if (bad) printf(",\"first_bad\":\"%s\"", first_bad);
  printf("}\n");
}

/* 1 when the answer is whole, 0 when more is needed, -1 when it makes no sense. */
static int whole(struct answer *a) {
  if (!a->head) {
    char *end = memmem(a->bytes, a->used, "\r\n\r\n", 4);
    if (!end) return a->used > 65536 ? -1 : 0;
    a->head = (size_t)(end - a->bytes) + 4;
    if (memcmp(a->bytes, "HTTP/1.1 ", 9) != 0) return -1;
    a->status = atoi(a->bytes + 9);
    a->length = SIZE_MAX;
    for (char *line = a->bytes; line < end;) {
      char *stop = memchr(line, '\r', (size_t)(end + 2 - line));
      if (strncasecmp(line, "content-length:", 15) == 0) a->length = strtoul(line + 15, NULL, 10);
      line = stop + 2;
    }
    if (a->length == SIZE_MAX) return -1;
  }
  return a->used >= a->head + a->length ? (a->used == a->head + a->length ? 1 : -1) : 0;
}

int take(int fd, struct answer *a) {
  for (;;) {
    if (a->room - a->used < 4096) {
      a->room = a->room ? a->room * 2 : 8192;
      a->bytes = need(realloc(a->bytes, a->room));
    }
    ssize_t n = recv(fd, a->bytes + a->used, a->room - a->used, MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    if (n == 0) return -1;
    a->used += (size_t)n;
    int done = whole(a);
    if (done) return done;
  }
}

void put(int fd, const char *bytes, size_t count) {
  while (count) {
    ssize_t n = send(fd, bytes, count, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) die("send");
    bytes += n;
    count -= (size_t)n;
  }
}

void blame(const struct answer *a, const char *why) {
  if (bad++) return;
  char head[100];
  size_t n = a->used < sizeof head - 1 ? a->used : sizeof head - 1;
  for (size_t i = 0; i < n; i++)
    head[i] = a->bytes[i] < ' ' || a->bytes[i] == '"' || a->bytes[i] == '\\' ? ' ' : a->bytes[i];
  head[n] = 0;
  snprintf(first_bad, sizeof first_bad, "%s: %s", why, head);
}

int epoll;
void enroll(int fd, void *who) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}
