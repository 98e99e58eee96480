#include "load.h"

#include <sys/resource.h>

int main(int argc, char **argv) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) die("epoll_create1");
  const char *verb = argc > 1 ? argv[1] : "";
  if (strcmp(verb, "get") == 0) return run_get(argc, argv);
  if (strcmp(verb, "post") == 0) return run_post(argc, argv);
  if (strcmp(verb, "hold") == 0) return run_hold(argc, argv);
  if (strcmp(verb, "drain") == 0) return run_drain(argc, argv);
  fprintf(stderr, "load: get, post, hold or drain\n");
  return 2;
}
