#define _GNU_SOURCE 1
#include "csys.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int kn_peercred(int fd, struct kn_peer *p) {
  struct ucred c;
  socklen_t n = sizeof c;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n)) return -1;
  *p = (struct kn_peer){ c.pid, c.uid, c.gid };
  return 0;
}

int kn_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = { flags, mode, resolve };
  return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}
int kn_tmpfile(const char *dir, uint32_t mode) { return open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, mode); }
int kn_link_fd(int fd, const char *path) {
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}
int kn_rename_new(const char *from, const char *to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  /* A file system that cannot: two names for a moment, never none and never somebody else's. */
  return link(from, to) != 0 ? -1 : unlink(from);
}
int kn_memfd(const char *name, const void *bytes, size_t count) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -1;
  for (size_t at = 0; at < count;) {
    ssize_t n = write(fd, (const char *)bytes + at, count - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) { close(fd); return -1; }
    at += (size_t)n;
  }
  if (lseek(fd, 0, SEEK_SET) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)) {
    close(fd);
    return -1;
  }
  return fd;
}
int kn_fcntl(int fd, int cmd, int arg) { return fcntl(fd, cmd, arg); }
ssize_t kn_sendfile(int to, int from, off_t *offset, size_t count) { return sendfile(to, from, offset, count); }
int kn_flock(int fd) { return flock(fd, LOCK_EX | LOCK_NB); }
int kn_lock(int fd) {
  struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  return fcntl(fd, F_SETLK, &l);
}
int kn_lock_holder(int fd) {
  struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  if (fcntl(fd, F_GETLK, &l)) return -1;
  return l.l_type == F_UNLCK ? 0 : (int)l.l_pid;
}

int kn_epoll_add(int ep, int fd, uint32_t events, uint64_t data) {
  struct epoll_event e = { .events = events, .data.u64 = data };
  return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}
int kn_epoll_mod(int ep, int fd, uint32_t events, uint64_t data) {
  struct epoll_event e = { .events = events, .data.u64 = data };
  return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e);
}
int kn_epoll_del(int ep, int fd) { return epoll_ctl(ep, EPOLL_CTL_DEL, fd, 0); }
uint64_t kn_epoll_data(const struct epoll_event *e) { return e->data.u64; }

int kn_accept(int fd) { return accept4(fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC); }
static int unix_address(const char *path, struct sockaddr_un *a) {
  size_t n = strlen(path);
  if (n >= sizeof a->sun_path) { errno = ENAMETOOLONG; return -1; }
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  memcpy(a->sun_path, path, n + 1);
  return 0;
}
static int closed(int fd) {
  int e = errno;
  close(fd);
  errno = e;
  return -1;
}
int kn_listen_unix(const char *path, uint32_t mode, int backlog) {
  struct sockaddr_un a;
  if (unix_address(path, &a)) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  mode_t old = umask(0177); /* the file is never wider than asked for, not even for a moment */
  int r = bind(fd, (struct sockaddr *)&a, sizeof a), e = errno;
  umask(old);
  errno = e;
  if (r || chmod(path, mode) || listen(fd, backlog)) return closed(fd);
  return fd;
}
int kn_listen_tcp(uint32_t address, uint16_t port, int backlog) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address) };
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, backlog)) return closed(fd);
  return fd;
}
int kn_connect_unix(const char *path) {
  struct sockaddr_un a;
  if (unix_address(path, &a)) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&a, sizeof a)) return closed(fd);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}
int kn_local_port(int fd) {
  struct sockaddr_in a;
  socklen_t n = sizeof a;
  if (getsockname(fd, (struct sockaddr *)&a, &n)) return -1;
  return ntohs(a.sin_port);
}
int kn_socket_family(int fd) {
  struct sockaddr_storage a;
  socklen_t n = sizeof a;
  return getsockname(fd, (struct sockaddr *)&a, &n) ? -1 : a.ss_family;
}
int kn_nodelay(int fd) {
  int one = 1;
  return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

int kn_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int kn_wait(pid_t pid) {
  int s;
  while (waitpid(pid, &s, 0) < 0)
    if (errno != EINTR) return -1000;
  return WIFEXITED(s) ? WEXITSTATUS(s) : -WTERMSIG(s);
}
int kn_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const int std[3], const int *keep,
             int count) {
  enum { MOST = 64 };
  if (count > MOST) return EINVAL;
  posix_spawn_file_actions_t a;
  posix_spawnattr_t t;
  sigset_t none, all;
  int high[MOST], stdhigh[3] = { -1, -1, -1 }, e = 0;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawn_file_actions_init(&a);
  posix_spawnattr_init(&t);
  posix_spawnattr_setsigmask(&t, &none);
  posix_spawnattr_setsigdefault(&t, &all);
  posix_spawnattr_setflags(&t, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  /* First out of the way: a kept descriptor may itself be 3..3+count, and a dup2 before it would overwrite it. */
  for (int i = 0; i < count; i++)
    if ((high[i] = fcntl(keep[i], F_DUPFD_CLOEXEC, 3 + count)) < 0) e = errno;
  for (int i = 0; i < 3; i++)
    if (std[i] >= 0 && (stdhigh[i] = fcntl(std[i], F_DUPFD_CLOEXEC, 3 + count)) < 0) e = errno;
  for (int i = 0; !e && i < 3; i++)
    if (stdhigh[i] >= 0) e = posix_spawn_file_actions_adddup2(&a, stdhigh[i], i);
  for (int i = 0; !e && i < count; i++) e = posix_spawn_file_actions_adddup2(&a, high[i], 3 + i);
  if (!e) e = posix_spawn_file_actions_addclosefrom_np(&a, 3 + count);
  if (!e) e = posix_spawn(pid, path, &a, &t, argv, envp);
  for (int i = 0; i < count; i++)
    if (high[i] >= 0) close(high[i]);
  for (int i = 0; i < 3; i++)
    if (stdhigh[i] >= 0) close(stdhigh[i]);
  posix_spawn_file_actions_destroy(&a);
  posix_spawnattr_destroy(&t);
  return e;
}
int kn_no_dump(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
void kn_lean_malloc(void) {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 256 << 10);
}
int kn_raise_nofile(uint64_t want, uint64_t *got) {
  struct rlimit l;
  if (getrlimit(RLIMIT_NOFILE, &l)) return -1;
  if (l.rlim_cur < want) l.rlim_cur = l.rlim_max == RLIM_INFINITY || l.rlim_max > want ? want : l.rlim_max;
  int r = setrlimit(RLIMIT_NOFILE, &l);
  *got = l.rlim_cur;
  return r;
}
int kn_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
void kn_die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

int kn_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC)) return -1;
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return 0;
  close(ends[1]);
  return closed(ends[0]);
}
int kn_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }
int kn_probe_unix(const char *path, struct kn_peer *peer) {
  struct sockaddr_un a;
  if (unix_address(path, &a)) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&a, sizeof a) || kn_peercred(fd, peer)) return closed(fd);
  close(fd);
  return 0;
}
int64_t kn_microseconds(int clock) {
  struct timespec t;
  return clock_gettime(clock, &t) ? -1 : (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static const int fatal[] = { SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGBUS };
static struct sigaction before_us[6];
/* Initial-exec: reading it in a handler must not allocate. */
static __thread volatile unsigned char *mark __attribute__((tls_model("initial-exec")));
static void on_trap(int sig, siginfo_t *info, void *context) {
  (void)context;
  if (mark) *mark = 2;
  for (int i = 0; i < 6; i++)
    if (fatal[i] == sig) sigaction(sig, &before_us[i], NULL);
  if (info->si_code <= 0) raise(sig); /* a fault comes again by itself when we return, a sent signal does not */
}
void kn_trap_watch(void) {
  static int done;
  if (__atomic_exchange_n(&done, 1, __ATOMIC_ACQ_REL)) return;
  struct sigaction ours = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK };
  sigemptyset(&ours.sa_mask);
  for (int i = 0; i < 6; i++) sigaction(fatal[i], &ours, &before_us[i]);
}
void kn_trap_mark(volatile unsigned char *at) { mark = at; }
int kn_memfd_open(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
static volatile int signal_pipe = -1;
static void on_signal(int number) {
  int e = errno;
  unsigned char byte = (unsigned char)number;
  if (write(signal_pipe, &byte, 1) < 0) { /* full: the same signals are waiting in it already */ }
  errno = e;
}
int kn_signal_pipe(const int *signals, int count) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return -1;
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  signal_pipe = ends[1];
  struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
  sigfillset(&a.sa_mask);
  for (int i = 0; i < count; i++)
    if (sigaction(signals[i], &a, 0)) return -1;
  return ends[0];
}
#include <sys/vfs.h>
int64_t kn_filesystem(const char *path) {
  struct statfs s;
  return statfs(path, &s) ? -1 : (int64_t)(uint32_t)s.f_type;
}
