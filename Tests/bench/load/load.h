/* Load for kinorad over its Unix socket: one thread, epoll, keep-alive, nothing pipelined.
 *
 *   load get  SOCKET SECONDS CONNECTIONS RATE CHECK FILE:UID...
 *   load post SOCKET SECONDS CONNECTIONS MODEL PREFIX COUNT UID [IDS]
 *   load hold SOCKET COUNT PATH UID
 *   load drain SOCKET UID PATH...
 *
 * get: FILE has a path a line; each group's connections rotate over its own paths, as its own uid
 * (-1: as who runs this). RATE 0 asks as fast as answers come; otherwise so many a second, and each
 * time is counted from the moment at which the request was due, so that a stall is felt by every
 * request that it delays. CHECK: `same` asks for each path once before and compares every body with
 * the first; `ids` demands besides that the body has the last part of its path as "id"; `status`
 * only wants 200.
 * post: jobs with prompts of their own for SECONDS, or until COUNT were accepted; their ids to IDS.
 * hold: opens COUNT event streams, prints `open N`, then for each line on stdin `events N`, the
 * number of streams that were sent an event, until stdin ends.
 * drain: all paths at once, bodies thrown away.
 * Every command ends with one line of JSON. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct answer {
  char *bytes;
  size_t used, room, head, length;
  int status;
};

struct group;
struct client {
  int fd;
  struct group *group;
  size_t asked;
  int is_busy;
  int64_t due, sent;
  struct answer answer;
};

extern int epoll;
extern long bad;

void die(const char *what);
void *need(void *memory);
int64_t now_ns(void);
/* Connects as a uid, or as who runs this for -1. */
int dial(const char *path, long uid);
void put(int fd, const char *bytes, size_t count);
/* Reads what is there: 1 the answer is whole, 0 not yet, -1 broken. */
int take(int fd, struct answer *a);
void enroll(int fd, void *who);
/* A time for the quantiles. */
void note_time(int64_t ns);
/* A wrong answer; the first one is told. */
void blame(const struct answer *a, const char *why);
/* The line of JSON. */
void report(int64_t ns);

int run_get(int argc, char **argv);
int run_post(int argc, char **argv);
int run_hold(int argc, char **argv);
int run_drain(int argc, char **argv);
