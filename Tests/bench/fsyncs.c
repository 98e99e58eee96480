/* Counts the syncs of a process in eight bytes of a shared file, $FSYNCS_FILE. Loaded by LD_PRELOAD;
 * it counts what the kernel is asked for, whoever asks, and changes nothing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic unsigned long nowhere, *count = &nowhere;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FSYNCS_FILE");
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *map = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (map != MAP_FAILED) count = map;
}

int fsync(int fd) {
  atomic_fetch_add(count, 1);
  return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
  atomic_fetch_add(count, 1);
  return (int)syscall(SYS_fdatasync, fd);
}
