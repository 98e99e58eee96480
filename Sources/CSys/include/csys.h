/* What Swift cannot say: variadic calls, function-like macros, GNU-only names. No feature macro and no inline body
   here: a header with _GNU_SOURCE makes another fd_set than every other module sees, and the build breaks.
   Functions that return int give -1 with errno, unless the comment says otherwise. */
#pragma once
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>

struct kn_peer { int32_t pid; uint32_t uid, gid; };
int kn_peercred(int fd, struct kn_peer *peer);

int kn_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
/* An unnamed file in `dir` (O_TMPFILE), read-write, close-on-exec. */
int kn_tmpfile(const char *dir, uint32_t mode);
/* Gives the unnamed file `fd` the name `path`; EEXIST when the name is taken. */
int kn_link_fd(int fd, const char *path);
int kn_rename_new(const char *from, const char *to); /* EEXIST rather than replace what is there */
int kn_memfd(const char *name, const void *bytes, size_t count);
int kn_fcntl(int fd, int cmd, int arg);
ssize_t kn_sendfile(int to, int from, off_t *offset, size_t count);
int kn_flock(int fd); /* exclusive, never waits */
int kn_lock_holder(int fd); /* pid that holds a conflicting fcntl lock, 0 if none */
int kn_lock(int fd);        /* fcntl write lock on the whole file, never waits */

int kn_epoll_add(int ep, int fd, uint32_t events, uint64_t data);
int kn_epoll_mod(int ep, int fd, uint32_t events, uint64_t data);
int kn_epoll_del(int ep, int fd);
uint64_t kn_epoll_data(const struct epoll_event *e);

/* Sockets are non-blocking and close-on-exec. */
int kn_accept(int fd);
int kn_listen_unix(const char *path, uint32_t mode, int backlog); /* ENAMETOOLONG past 107 bytes */
int kn_listen_tcp(uint32_t address, uint16_t port, int backlog);  /* host byte order; port 0: any */
int kn_connect_unix(const char *path);                            /* blocking connect, then non-blocking */
int kn_local_port(int fd);
int kn_socket_family(int fd);
int kn_nodelay(int fd);

int kn_pidfd_open(pid_t pid);
int kn_wait(pid_t pid); /* exit status, or minus the signal; -1000: no such child */
/* Keeps `keep[i]` as 3+i, closes all else above, default signal mask and dispositions. std[0..2]: what becomes
   stdin, stdout, stderr; -1 keeps ours. Returns an errno, 0 for success. */
int kn_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const int std[3], const int *keep,
             int count);
int kn_no_dump(void); /* PR_SET_DUMPABLE 0: no core, no ptrace, no /proc reads by the same uid */
int kn_raise_nofile(uint64_t want, uint64_t *got);
int kn_set_parent_death_signal(int signal);
void kn_die(void); /* SIGKILL to ourselves, returns never */

int kn_pipe(int ends[2]);                /* [0] reads, non-blocking; [1] writes, blocking; both close-on-exec */
int kn_thread_name(const char *name);    /* this thread, at most 15 bytes; returns an errno */
/* Who listens on this Unix socket; never waits. ECONNREFUSED: nobody. EAGAIN: somebody whose queue is full. */
int kn_probe_unix(const char *path, struct kn_peer *peer);
int64_t kn_microseconds(int clock);      /* clock_gettime(2): CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_MONOTONIC */

/* Traps in a plugin's step. While `mark` is set for this thread, a fatal signal (ILL, TRAP, ABRT, FPE, SEGV, BUS)
   writes 2 there before it goes its usual way. */
void kn_trap_watch(void);                      /* installs the handlers, once a process */
void kn_trap_mark(volatile unsigned char *at); /* NULL: this thread is out of the step */
int kn_memfd_open(const char *name);       /* empty, unsealed, close-on-exec */
/* Lets a handler write the number of each of these signals, one byte each, into a pipe; gives its end to read from. */
int kn_signal_pipe(const int *signals, int count);
/* The file system's magic number (linux/magic.h) of an existing path. */
int64_t kn_filesystem(const char *path);

/* Few arenas, and large blocks always by mmap: with the defaults every thread keeps a heap of its own, and freed tables
   of 10,000 jobs stay in it. */
void kn_lean_malloc(void);
