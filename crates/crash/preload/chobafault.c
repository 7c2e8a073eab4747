/*
 * chobafault: a preloaded library that ends or fails a process at its n-th durable or network call.
 *
 * A crash is only interesting at the moments when something outside memory changes. This library sits
 * between a program and the C library, counts those calls over all threads with one counter, and at the
 * call that it was told does what it was told. `cargo xtask crash` builds it with `cc` and is its only user;
 * nothing of it is in the product. See docs/crash-points.md.
 *
 * Counted: write writev pwrite pwrite64 pwritev pwritev64 fsync fdatasync ftruncate ftruncate64 unlink
 * rename on files; send sendto sendmsg write writev connect on sockets.
 * Not counted, so that the points of a flow are the same in every run: standard streams, pipes, event
 * counters, local sockets, SQLite's shared-memory index (it is rebuilt at every start and promises
 * nothing), and lines whose other end is the harness itself (CHOBA_FAULT_OBSERVER).
 *
 * Environment, read once when the program starts:
 *   CHOBA_FAULT_CONTROL   a file of at least 64 bytes, shared with the harness: struct control below.
 *                         Without it no call is counted.
 *   CHOBA_FAULT_LOG       a file to which every counted call is appended, one a line.
 *   CHOBA_FAULT_OBSERVER  an IPv4 address. Lines to or from it are the harness looking on.
 *
 *   CHOBA_FAULT_LEASH     when set, the process dies with the thread that started it, so that a harness
 *                         that is stopped leaves nothing running.
 *
 * The control file, eight words of 32 bits in the machine's order:
 *   0 armed    calls are counted while it is not 0; the harness arms when the flow begins
 *   1 at       the number of the call that is struck; 0: none, only count
 *   2 mode     1 kill before the call   2 kill after it   3 fail it with the error of word 3
 *              4 do half of a write, then kill           5 do it, then cut the line (sockets)
 *              6 stop the process before the call (SIGSTOP), for cuts at an exact call
 *   3 error    errno of mode 3; on a socket the line is cut as well
 *   4 classes  which calls count: 1 writes to files, 2 syncs, 4 other changes to files, 8 network
 *   5 sticky   with mode 3: not 0 means that every later call of these classes fails too (a full disk)
 *   6 count    calls so far, written here
 *   7 fired    not 0 once the call was struck, written here
 *
 * The harness reads and writes the file with read and write; on Linux a shared mapping sees the same pages.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { KILL_BEFORE = 1, KILL_AFTER, FAIL, TORN, CUT, STOP };
enum { WRITE = 1, SYNC = 2, CHANGE = 4, NETWORK = 8 };

struct control {
    volatile uint32_t armed, at, mode, error, classes, sticky;
    _Atomic uint32_t count, fired;
};

static struct control *control;
static int log_fd = -1;
static in_addr_t observer;
static int observes;

/* What becomes of a call. */
enum verdict { GO, GO_THEN_KILL, GO_THEN_CUT, HALF_THEN_KILL, REFUSE };

/* Seconds by which the wall clock of this program is ahead. */
static time_t ahead;

__attribute__((constructor)) static void begin(void) {
    if (getenv("CHOBA_FAULT_LEASH")) prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char *shift = getenv("CHOBA_FAULT_AHEAD_S");
    if (shift) ahead = (time_t)strtoll(shift, NULL, 10);
    const char *path = getenv("CHOBA_FAULT_CONTROL");
    if (!path) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) _exit(97); /* A harness whose faults never strike would prove nothing. */
    void *page = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page == MAP_FAILED) _exit(97);
    const char *log = getenv("CHOBA_FAULT_LOG");
    if (log) log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *address = getenv("CHOBA_FAULT_OBSERVER");
    struct in_addr parsed;
    if (address && inet_aton(address, &parsed)) {
        observer = parsed.s_addr;
        observes = 1;
    }
    control = page;
}

static void die(void) {
    control->fired = 1;
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

/* The class of a descriptor and a name for the log; 0 when it is not counted. */
static uint32_t kind_of(int fd, char *name, size_t size) {
    struct stat st;
    if (fd <= 2 || fstat(fd, &st) != 0) return 0;
    if (S_ISSOCK(st.st_mode)) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &length) != 0 || peer.sin_family != AF_INET) return 0;
        if (observes && peer.sin_addr.s_addr == observer) return 0;
        struct sockaddr_in own = {0};
        length = sizeof own;
        getsockname(fd, (struct sockaddr *)&own, &length);
        snprintf(name, size, "line %d-%d", ntohs(own.sin_port), ntohs(peer.sin_port));
        return NETWORK;
    }
    if (!S_ISREG(st.st_mode)) return 0;
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    size_t n = (size_t)length;
    if (n > 4 && strcmp(path + n - 4, "-shm") == 0) return 0;
    const char *base = strrchr(path, '/');
    snprintf(name, size, "file %s", base ? base + 1 : path);
    return WRITE;
}

static enum verdict judge(const char *call, uint32_t class, const char *name, size_t size) {
    if (!control->armed || !(class & control->classes)) return GO;
    uint32_t n = ++control->count;
    if (log_fd >= 0) {
        char line[700];
        int length = snprintf(line, sizeof line, "%u %s %s %zu\n", n, call, name, size);
        if (length > 0) syscall(SYS_write, log_fd, line, (size_t)length);
    }
    uint32_t at = control->at;
    if (at == 0 || n < at || (n > at && !(control->sticky && control->mode == FAIL))) return GO;
    switch (control->mode) {
    case KILL_BEFORE:
        die();
        return GO;
    case KILL_AFTER:
        return GO_THEN_KILL;
    case FAIL:
        control->fired = 1;
        return REFUSE;
    case TORN:
        return HALF_THEN_KILL;
    case CUT:
        control->fired = 1;
        return GO_THEN_CUT;
    case STOP:
        control->fired = 1;
        syscall(SYS_kill, getpid(), SIGSTOP);
        return GO;
    default:
        return GO;
    }
}

/* Judges a call on a descriptor. `sync` and `change` replace the class of a file. */
static enum verdict on_fd(const char *call, int fd, uint32_t instead, size_t size) {
    if (!control || !control->armed) return GO;
    int kept = errno;
    char name[600];
    uint32_t class = kind_of(fd, name, sizeof name);
    enum verdict verdict = GO;
    if (class == NETWORK && !instead) verdict = judge(call, NETWORK, name, size);
    else if (class == WRITE) verdict = judge(call, instead ? instead : WRITE, name, size);
    errno = kept;
    return verdict;
}

static enum verdict on_path(const char *call, const char *path) {
    if (!control || !control->armed) return GO;
    size_t n = strlen(path);
    if (n > 4 && strcmp(path + n - 4, "-shm") == 0) return GO;
    const char *base = strrchr(path, '/');
    char name[600];
    snprintf(name, sizeof name, "file %s", base ? base + 1 : path);
    return judge(call, CHANGE, name, 0);
}

static int refused(int fd) {
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)) shutdown(fd, SHUT_RDWR);
    errno = (int)control->error;
    return -1;
}

static ssize_t afterwards(enum verdict verdict, int fd, ssize_t done) {
    if (verdict == GO_THEN_KILL || verdict == HALF_THEN_KILL) die();
    if (verdict == GO_THEN_CUT) {
        int kept = errno;
        shutdown(fd, SHUT_RDWR);
        errno = kept;
    }
    return done;
}

#define REAL(name)                                                                                          \
    static __typeof__(&name) real;                                                                          \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* Vectors are not halved: a torn one is done to its first part. */
#define PARTS(verdict, parts) ((verdict) == HALF_THEN_KILL && (parts) > 1 ? 1 : (parts))
#define BYTES(verdict, bytes) ((verdict) == HALF_THEN_KILL ? (bytes) / 2 : (bytes))

static size_t all(const struct iovec *parts, int count) {
    size_t sum = 0;
    for (int i = 0; i < count; i++) sum += parts[i].iov_len;
    return sum;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    REAL(clock_gettime);
    int done = real(which, now);
    if (done == 0 && which == CLOCK_REALTIME) now->tv_sec += ahead;
    return done;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    enum verdict verdict = on_fd("write", fd, 0, size);
    if (verdict == REFUSE) return refused(fd);
    return afterwards(verdict, fd, real(fd, bytes, BYTES(verdict, size)));
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    REAL(pwrite);
    enum verdict verdict = on_fd("pwrite", fd, 0, size);
    if (verdict == REFUSE) return refused(fd);
    return afterwards(verdict, fd, real(fd, bytes, BYTES(verdict, size), at));
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    REAL(pwrite64);
    enum verdict verdict = on_fd("pwrite", fd, 0, size);
    if (verdict == REFUSE) return refused(fd);
    return afterwards(verdict, fd, real(fd, bytes, BYTES(verdict, size), at));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    enum verdict verdict = on_fd("writev", fd, 0, control ? all(parts, count) : 0);
    if (verdict == REFUSE) return refused(fd);
    return afterwards(verdict, fd, real(fd, parts, PARTS(verdict, count)));
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    REAL(pwritev);
    enum verdict verdict = on_fd("pwritev", fd, 0, control ? all(parts, count) : 0);
    if (verdict == REFUSE) return refused(fd);
    return afterwards(verdict, fd, real(fd, parts, PARTS(verdict, count), at));
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
    REAL(pwritev64);
    enum verdict verdict = on_fd("pwritev", fd, 0, control ? all(parts, count) : 0);
    if (verdict == REFUSE) return refused(fd);
    return afterwards(verdict, fd, real(fd, parts, PARTS(verdict, count), at));
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
    REAL(send);
    enum verdict verdict = on_fd("send", fd, 0, size);
    if (verdict == REFUSE) return refused(fd);
    return afterwards(verdict, fd, real(fd, bytes, BYTES(verdict, size), flags));
}

ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
    REAL(sendto);
    enum verdict verdict = on_fd("send", fd, 0, size);
    if (verdict == REFUSE) return refused(fd);
    return afterwards(verdict, fd, real(fd, bytes, BYTES(verdict, size), flags, to, length));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    REAL(sendmsg);
    enum verdict verdict = on_fd("send", fd, 0, control ? all(message->msg_iov, (int)message->msg_iovlen) : 0);
    if (verdict == REFUSE) return refused(fd);
    return afterwards(verdict, fd, real(fd, message, flags));
}

int connect(int fd, const struct sockaddr *to, socklen_t length) {
    REAL(connect);
    enum verdict verdict = GO;
    if (control && control->armed && to && to->sa_family == AF_INET) {
        char name[64];
        snprintf(name, sizeof name, "line to %d", ntohs(((const struct sockaddr_in *)to)->sin_port));
        verdict = judge("connect", NETWORK, name, 0);
    }
    if (verdict == REFUSE) return refused(fd);
    return (int)afterwards(verdict, fd, real(fd, to, length));
}

int fsync(int fd) {
    REAL(fsync);
    enum verdict verdict = on_fd("fsync", fd, SYNC, 0);
    if (verdict == REFUSE) return refused(fd);
    return (int)afterwards(verdict, fd, real(fd));
}

int fdatasync(int fd) {
    REAL(fdatasync);
    enum verdict verdict = on_fd("fdatasync", fd, SYNC, 0);
    if (verdict == REFUSE) return refused(fd);
    return (int)afterwards(verdict, fd, real(fd));
}

int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    enum verdict verdict = on_fd("ftruncate", fd, CHANGE, 0);
    if (verdict == REFUSE) return refused(fd);
    return (int)afterwards(verdict, fd, real(fd, size));
}

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    enum verdict verdict = on_fd("ftruncate", fd, CHANGE, 0);
    if (verdict == REFUSE) return refused(fd);
    return (int)afterwards(verdict, fd, real(fd, size));
}

int unlink(const char *path) {
    REAL(unlink);
    enum verdict verdict = on_path("unlink", path);
    if (verdict == REFUSE) {
        errno = (int)control->error;
        return -1;
    }
    return (int)afterwards(verdict, -1, real(path));
}

int rename(const char *from, const char *to) {
    REAL(rename);
    enum verdict verdict = on_path("rename", to);
    if (verdict == REFUSE) {
        errno = (int)control->error;
        return -1;
    }
    return (int)afterwards(verdict, -1, real(from, to));
}
