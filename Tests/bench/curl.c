/* curl, counted: one byte to COUNT_FILE for each start. Compiled with -DCOUNT_FILE="…". */
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  (void)argc;
  int fd = open(COUNT_FILE, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd >= 0 && write(fd, ".", 1) == 1) close(fd);
  execv("/usr/bin/curl", argv);
  return 127;
}
