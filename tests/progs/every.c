// SPDX-License-Identifier: GPL-2.0-only
/*
 * every WHAT NODE: system calls on the driver every (tests/drivers), one part for each
 * WHAT. WHAT: ioctl, seek, mmap, misc, serial, caller.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/types.h>
#include "../../bpf/include/chr_ext/abi.h"
#include "../drivers/every.h"
#include "tap.h"

#define PAGE	4096UL
#define ECHO(dir, size)		_IOC(dir, 'e', EVERY_NR_ECHO, size)
#define NOTHING(dir, size)	_IOC(dir, 'e', EVERY_NR_NOTHING, size)
#define BOTH	(_IOC_READ | _IOC_WRITE)

static const char *node;
static int fd;
static struct every every = { .events = EPOLLIN | EPOLLOUT, .ready = 1, .opens = 1 };

static void state_set(void)
{
	need(!ioctl(fd, EVERY_SET, &every), "EVERY_SET");
}

static void state_get(void)
{
	need(!ioctl(fd, EVERY_GET, &every), "EVERY_GET");
}

static void ret_set(long ret)
{
	every.ret = ret;
	state_set();
}

static unsigned char *pages(size_t n, int prot)
{
	void *p = mmap(NULL, n * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(p != MAP_FAILED, "mmap");
	return p;
}

/* All of the bytes are @c. */
static bool all(const unsigned char *p, size_t n, int c)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != c)
			return false;
	return true;
}

static void sizes(void)
{
	static const unsigned int size[] = { 0, 1, 7, 8, 255, 256, 257, 2001, 4096,
					     8001, 16383 };
	unsigned char *p = pages(8, PROT_READ | PROT_WRITE);
	unsigned int n;
	size_t i;
	char what[64];

	for (i = 0; i < sizeof(size) / sizeof(*size); i++) {
		n = size[i];
		memset(p, 'a', 5 * PAGE);
		snprintf(what, sizeof(what), "_IOWR of %u", n);
		is(ioctl(fd, ECHO(BOTH, n), p), n, what);
		ok(all(p, n, 'b') && all(p + n, 100, 'a'), "%s: back and forth", what);
		memset(p, 'a', 5 * PAGE);
		snprintf(what, sizeof(what), "_IOW of %u", n);
		is(ioctl(fd, ECHO(_IOC_WRITE, n), p), n, what);
		ok(all(p, n, 'b') && all(p + n, 100, 'a'), "%s: back and forth", what);
		memset(p, 'a', 5 * PAGE);
		snprintf(what, sizeof(what), "_IOR of %u", n);
		is(ioctl(fd, ECHO(_IOC_READ, n), p), n, what);
		ok(all(p, n, 'b') && all(p + n, 100, 'a'), "%s: back and forth", what);
		memset(p, 'a', 5 * PAGE);
		is(ioctl(fd, NOTHING(_IOC_READ, n), p), n, what);
		ok(all(p, n, 'a'), "%s: what is not written stays", what);
		is(ioctl(fd, NOTHING(BOTH, n), NULL), n, "and need not be there");
		snprintf(what, sizeof(what), "a size of %u without direction", n);
		is(ioctl(fd, ECHO(_IOC_NONE, n), p), 0, what);
	}
	/* Odd addresses, and the last bytes of a page. */
	memset(p, 'a', 5 * PAGE);
	is(ioctl(fd, ECHO(BOTH, 301), p + 1), 301, "an odd address");
	ok(p[0] == 'a' && all(p + 1, 301, 'b') && p[302] == 'a', "and its bytes");
	munmap(p + PAGE, PAGE);
	memset(p, 'a', PAGE);
	is(ioctl(fd, ECHO(BOTH, 16), p + PAGE - 16), 16, "the end of a page");
	is(ioctl(fd, ECHO(BOTH, 16), p + PAGE - 15), -EFAULT, "beyond it");
	ok(all(p + PAGE - 15, 15, 'b'), "where nothing changed");
	is(ioctl(fd, ECHO(_IOC_READ, 300), p + PAGE - 299), -EFAULT, "_IOR beyond it");
	mprotect(p, PAGE, PROT_READ);
	is(ioctl(fd, ECHO(_IOC_READ, 8), p), -EFAULT, "_IOR to read-only memory");
	is(ioctl(fd, NOTHING(_IOC_WRITE, 8), p), 8, "_IOW from read-only memory");
	is(ioctl(fd, ECHO(BOTH, 8), NULL), -EFAULT, "NULL");
	is(ioctl(fd, ECHO(BOTH, 8), -8L), -EFAULT, "the kernel's half");
	is(ioctl(fd, ECHO(_IOC_NONE, 8), NULL), 0, "NULL without direction");
	munmap(p, PAGE);
	munmap(p + 2 * PAGE, 6 * PAGE);
}

static void ioctls(void)
{
	static const struct {
		long ret, want;
	} wild[] = {
		{ 0, 0 }, { 1, 1 }, { INT_MAX, INT_MAX },
		{ 1L + INT_MAX, -EIO }, { LONG_MAX, -EIO }, { LONG_MIN, -EIO },
		{ -1, -EPERM }, { -511, -511 }, { -512, -EIO }, { -515, -EIO },
		{ -529, -EIO }, { -4095, -EIO }, { -4096, -EIO },
	};
	char what[64];
	size_t i;

	sizes();
	for (i = 0; i < sizeof(wild) / sizeof(*wild); i++) {
		ret_set(wild[i].ret);
		snprintf(what, sizeof(what), "an ioctl that returns %ld", wild[i].ret);
		is(syscall(SYS_ioctl, fd, EVERY_RET, 0), wild[i].want, what);
	}
	ret_set(0);
	is(ioctl(fd, EVERY_ARG, 0x12345678L), 0x12345678, "an integer argument");
	is(ioctl(fd, EVERY_ARG, -1L), INT_MAX, "the largest");
	is(ioctl(fd, 0x1234, 0), -ENOTTY, "a command that is not the driver's");
	is(ioctl(fd, 0xffffffffUL, NULL), -ENOTTY, "all bits of a command, NULL");
	is(ioctl(fd, EVERY_COMPAT, 0), 0, "no 32-bit process");
	is(ioctl(fd, EVERY_FLAGS, 0), 0, "copies with no flags");
	is(ioctl(fd, EVERY_FLAGS, 1), 4, "copies with an unknown flag are refused");
	is(ioctl(fd, EVERY_FLAGS, 1L << 31), 4, "or with the last one");
}

static void seek(void)
{
	static const struct {
		loff_t pos, want;
	} wild[] = {
		{ 7, 7 }, { LLONG_MAX, LLONG_MAX }, { -1, -EPERM },
		{ -ENXIO, -ENXIO }, { -EOPNOTSUPP, -EOPNOTSUPP },
		{ -512, -EIO }, { LLONG_MIN, -EIO },
		{ -4096, -EIO },
	};
	char what[64];
	size_t i;

	is(lseek(fd, 10, SEEK_SET), 10, "SEEK_SET");
	is(lseek(fd, 5, SEEK_CUR), 15, "SEEK_CUR");
	is(lseek(fd, -20, SEEK_CUR), -EINVAL, "SEEK_CUR below 0");
	is(lseek(fd, 0, SEEK_CUR), 15, "which changes nothing");
	is(lseek(fd, -1, SEEK_SET), -EINVAL, "SEEK_SET below 0");
	is(lseek(fd, -EVERY_SIZE, SEEK_END), 0, "SEEK_END to the start");
	is(lseek(fd, -EVERY_SIZE - 1, SEEK_END), -EPERM, "the driver's own error");
	is(lseek(fd, 1, SEEK_END), EVERY_SIZE + 1, "SEEK_END beyond the end");
	is(lseek(fd, 0, SEEK_HOLE), -EINVAL, "SEEK_HOLE, which the driver has not");
	is(lseek(fd, 0, 99), -EINVAL, "no known kind");
	is(lseek(fd, LLONG_MAX, SEEK_SET), LLONG_MAX, "the largest position");
	is(lseek(fd, 1, SEEK_CUR), -EOVERFLOW, "beyond it");
	is(lseek(fd, 0, SEEK_CUR), LLONG_MAX, "which changes nothing either");
	for (i = 0; i < sizeof(wild) / sizeof(*wild); i++) {
		every.pos = wild[i].pos;
		state_set();
		snprintf(what, sizeof(what), "an llseek that returns %lld",
			 (long long)wild[i].pos);
		is(lseek(fd, 0, SEEK_DATA), wild[i].want, what);
	}
}

static sigjmp_buf jump;

static void fault(int sig)
{
	siglongjmp(jump, sig);
}

/* Touches @p. Return: 0, or the signal that it gave. */
static int touch(volatile unsigned char *p, bool write)
{
	int sig = sigsetjmp(jump, 1);

	if (sig)
		return sig;
	if (write)
		*p = 'x';
	else
		(void)*p;
	return 0;
}

static void *map(size_t len, int prot, int flags, off_t off)
{
	return mmap(NULL, len, prot, flags, fd, off);
}

static long map_ret(size_t len, int prot, int flags, off_t off)
{
	void *p = map(len, prot, flags, off);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, len);
	return 0;
}

#define RW	(PROT_READ | PROT_WRITE)

static void mappings(void)
{
	unsigned char *a, *b, *priv, *ro;
	int status, rofd = open(node, O_RDONLY);
	pid_t child;

	signal(SIGBUS, fault);
	signal(SIGSEGV, fault);
	is_num(map_ret(EVERY_MEM, RW, MAP_SHARED, 0), 0, "all of it");
	is_num(map_ret(1, RW, MAP_SHARED, 2 * PAGE), 0, "the last page");
	is_num(map_ret(EVERY_MEM + 1, RW, MAP_SHARED, 0), -EINVAL, "a page more");
	is_num(map_ret(PAGE, RW, MAP_SHARED, EVERY_MEM), -EINVAL, "behind the end");
	is_num(map_ret(PAGE, RW, MAP_SHARED, 1L << 62), -EINVAL, "far behind it");
	is_num(map_ret(PAGE, RW, MAP_SHARED, LONG_MAX & -PAGE), -EINVAL,
	       "at the largest offset");
	is_num(map_ret(PAGE, RW | PROT_EXEC, MAP_SHARED, 0), -EACCES, "executable");
	ret_set(-EBUSY);
	is_num(map_ret(PAGE, RW, MAP_SHARED, 0), -EBUSY, "the driver refuses: EBUSY");
	ret_set(5);
	is_num(map_ret(PAGE, RW, MAP_SHARED, 0), -EIO, "the driver returns 5: EIO");
	ret_set(0);

	a = map(EVERY_MEM, RW, MAP_SHARED, 0);
	b = map(PAGE, RW, MAP_SHARED, PAGE);
	priv = map(PAGE, RW, MAP_PRIVATE, PAGE);
	need(a != MAP_FAILED && b != MAP_FAILED && priv != MAP_FAILED, "mmap");
	ok(all(a, EVERY_MEM, 0), "it is zero");
	a[PAGE] = 'a';
	ok(b[0] == 'a' && priv[0] == 'a', "two mappings and a private one see it");
	priv[0] = 'p';
	ok(a[PAGE] == 'a' && b[0] == 'a', "what is written to the private one stays there");
	b[0] = 'b';
	ok(a[PAGE] == 'b' && priv[0] == 'p', "and does not change any more");
	is_num(touch(a + EVERY_MEM - 1, true), 0, "the last byte is there");
	is(mprotect(b, PAGE, PROT_READ | PROT_EXEC), -EACCES, "not executable later");
	is(mprotect(b, PAGE, PROT_READ), 0, "read-only later");
	is_num(touch(b, true), SIGSEGV, "is read-only");
	is(mprotect(b, PAGE, RW), 0, "and writable again");
	is_num(touch(b, true), 0, "is writable");
	ro = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, rofd, PAGE);
	ok(ro != MAP_FAILED && ro[0] == 'x', "a file opened for reading maps it");
	need(!ioctl(fd, EVERY_GET, &every), "EVERY_GET");
	is_num(every.map_flags, MAP_SHARED, "which the driver sees as shared");
	is(mprotect(ro, PAGE, RW), -EACCES, "which cannot become writable");
	ok(mmap(NULL, PAGE, RW, MAP_SHARED, rofd, 0) == MAP_FAILED && errno == EACCES,
	   "nor be writable from the start");
	munmap(ro, PAGE);
	ro = map(PAGE, PROT_READ, MAP_SHARED, PAGE);
	ok(ro != MAP_FAILED && ro[0] == 'x', "a writable file maps it read-only too");
	is(mprotect(ro, PAGE, RW), -EACCES, "which is all that the driver allowed");
	ok(mremap(b, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED &&
	   (errno == EFAULT || errno == EINVAL), "mremap does not grow it");

	child = fork();
	if (!child) {
		a[2 * PAGE] = 'c';
		_exit(a[PAGE] == 'x' && priv[0] == 'p' ? 0 : 1);
	}
	waitpid(child, &status, 0);
	ok(!status && a[2 * PAGE] == 'c', "a child shares it");

	close(rofd);
	close(fd);
	is_num(touch(a, true), 0, "a mapping outlives its descriptor");
	ok(!system("chrext unload every"), "the driver goes");
	is_num(touch(a, false), SIGBUS, "a read of the mapping: SIGBUS");
	is_num(touch(a + PAGE, true), SIGBUS, "a write: SIGBUS");
	is_num(touch(priv, false), SIGBUS, "the private one: SIGBUS");
	is_num(touch(ro, false), SIGBUS, "the read-only one: SIGBUS");
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long bad_returns(void)
{
	FILE *f = fopen("/sys/class/chr_ext/every/statistics/bad_returns", "r");
	long n = -1;

	need(f && fscanf(f, "%ld", &n) == 1, "bad_returns");
	fclose(f);
	return n;
}

static void poll_wild(struct pollfd *p)
{
	static const __u32 wild[] = { 1 << 20, 0x20, 0x800, 0x1001, 0x80000000 };
	long before = bad_returns();
	size_t i;

	for (i = 0; i < sizeof(wild) / sizeof(*wild); i++) {
		every.events = wild[i];
		state_set();
		poll(p, 1, 0);
		is_num(p->revents, POLLERR, "invalid events: POLLERR");
	}
	is_num(bad_returns() - before, i, "and counted");
}

static void misc(void)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };
	struct iovec iov = { &p, 8 };
	long start;
	int copy;

	ret_set(0);
	is(fsync(fd), 0, "fsync");
	state_get();
	is_num(every.datasyncs, 0, "is no fdatasync");
	is(fdatasync(fd), 0, "fdatasync");
	state_get();
	is_num(every.datasyncs, 1, "is one");
	ret_set(-ENOSPC);
	is(fsync(fd), -ENOSPC, "fsync with the driver's error");
	ret_set(3);
	is(fsync(fd), -EIO, "fsync that returns 3: EIO");
	ret_set(0);

	every.flushes = 0;
	state_set();
	copy = dup(fd);
	is(close(copy), 0, "close of a copy");
	state_get();
	is_num(every.flushes, 1, "is a flush");
	ret_set(-ENOSPC);
	copy = dup(fd);
	is(close(copy), -ENOSPC, "close returns the error of flush");
	is(fcntl(copy, F_GETFD), -EBADF, "and closes all the same");
	ret_set(0);

	is(poll(&p, 1, 0), 1, "poll");
	is_num(p.revents, POLLIN | POLLOUT, "returns the events of the driver");
	every.events = 0;
	state_set();
	is(poll(&p, 1, 0), 0, "nothing");
	every.events = EPOLLPRI | EPOLLHUP;
	state_set();
	poll(&p, 1, 0);
	is_num(p.revents, POLLPRI | POLLHUP, "more");
	poll_wild(&p);
	every.events = EPOLLIN;

	every.ready = 0;
	state_set();
	is(preadv2(fd, &iov, 1, -1, RWF_NOWAIT), -EAGAIN, "RWF_NOWAIT does not wait");
	is(pwritev2(fd, &iov, 1, -1, RWF_NOWAIT), -EAGAIN, "nor to write");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	is(read(fd, &p, 8), -EAGAIN, "nor does O_NONBLOCK, set later");
	is(ioctl(fd, EVERY_WAIT, 0), -EAGAIN, "nor in an ioctl");
	fcntl(fd, F_SETFL, 0);
	is(ioctl(fd, EVERY_WAKE, 0), -EINVAL, "a wake for nothing");
	is(ioctl(fd, EVERY_WAKE, 1 << 20), -EINVAL, "a wake for what there is not");
	is(ioctl(fd, EVERY_WAKE, EPOLLIN | EVERY_WAKE_FLAGS(2)), -EINVAL,
	   "a wake with an unknown flag");
	is(ioctl(fd, EVERY_WAKE, EPOLLIN), 0, "a wake");
	is(preadv2(fd, &iov, 1, -1, RWF_NOWAIT), 8, "RWF_NOWAIT of what is there");

	start = now_ms();
	is(ioctl(fd, EVERY_SLEEP, 50000), 0, "a program that sleeps 50 ms");
	ok(now_ms() - start >= 50, "does so");
	is(ioctl(fd, EVERY_SLEEP, 1000001), -EINVAL, "not for more than a second");
	is(ioctl(fd, EVERY_DELAY, 100), 0, "a delay of 100 us");
	is(ioctl(fd, EVERY_DELAY, 101), -EINVAL, "not for more");
	is(posix_fallocate(fd, 0, 10) == ENODEV ? 0 : 1, 0, "fallocate: ENODEV");
	is(ftruncate(fd, 0), -EINVAL, "ftruncate: EINVAL");
}

static void *holder(void *arg)
{
	long i;

	for (i = 0; i < 20; i++)
		if (ioctl((long)arg, EVERY_HOLD, 2000))
			return (void *)1;
	return NULL;
}

static unsigned int overlaps(int one, int other)
{
	pthread_t a, b;
	void *bad_a, *bad_b;

	every.overlaps = 0;
	state_set();
	pthread_create(&a, NULL, holder, (void *)(long)one);
	pthread_create(&b, NULL, holder, (void *)(long)other);
	pthread_join(a, &bad_a);
	pthread_join(b, &bad_b);
	need(!bad_a && !bad_b, "EVERY_HOLD");
	state_get();
	return every.overlaps;
}

static void nothing(int sig)
{
	(void)sig;
}

/* Which of the ops run at the same time; @how is the node's rule. */
static void serial(const char *how)
{
	struct sigaction sa = { .sa_handler = nothing };
	int other = open(node, O_RDWR);
	struct itimerval timer = { .it_value.tv_usec = 100000 };
	long ret;

	need(other >= 0, node);
	if (!strcmp(how, "dev"))
		is_num(overlaps(fd, other), 0, "two files: one op at a time");
	else
		ok(overlaps(fd, other) > 0, "two files: ops overlap");
	if (!strcmp(how, "none")) {
		ok(overlaps(fd, fd) > 0, "one file: ops overlap");
		return;
	}
	is_num(overlaps(fd, fd), 0, "one file: one op at a time");

	/* A caller that waits for its turn can be interrupted. */
	sigaction(SIGALRM, &sa, NULL);
	if (!fork()) {
		ioctl(fd, EVERY_SLEEP, 1000000);
		_exit(0);
	}
	usleep(50000);
	setitimer(ITIMER_REAL, &timer, NULL);
	ret = ret_of(ioctl(fd, EVERY_RET, 0));
	is_num(ret, -EINTR, "a signal ends the wait for the turn");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	is(ioctl(fd, EVERY_RET, 0), -EAGAIN, "a call that must not wait returns EAGAIN");
	fcntl(fd, F_SETFL, 0);
	wait(NULL);
	is(ioctl(fd, EVERY_RET, 0), 0, "later it is free");
	close(other);
}

static void caller_get(const char *what, struct chr_ext_caller *c)
{
	memset(c, 0xff, sizeof(*c));
	if (ioctl(fd, EVERY_CALLER, c))
		printf("# %s: %s\n", what, strerror(errno));
}

static unsigned int ns(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}

static void *in_thread(void *arg)
{
	caller_get("thread", arg);
	return (void *)(long)gettid();
}

/* Rights do not come by passing a file on; the caller's do. */
static void opener(void)
{
	int pair[2], theirs, status;
	struct msghdr msg = {};
	struct iovec iov = { &theirs, 1 };
	char room[CMSG_SPACE(sizeof(int))] = "";
	struct cmsghdr *c = (void *)room;

	need(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = room;
	msg.msg_controllen = sizeof(room);
	fflush(stdout);
	if (!fork()) {
		need(!setresuid(1003, 1003, 1003), "setuid");
		theirs = open(node, O_RDWR);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &theirs, sizeof(int));
		need(sendmsg(pair[0], &msg, 0) == 1, "sendmsg");
		_exit(ioctl(fd, EVERY_OPENER, 21) != 1 ||
		      ioctl(fd, EVERY_CAPABLE, 21) != 0);
	}
	wait(&status);
	is_num(status, 0, "a user with root's file: the opener's rights, not the caller's");
	need(recvmsg(pair[1], &msg, 0) == 1, "recvmsg");
	memcpy(&theirs, CMSG_DATA(c), sizeof(int));
	is(ioctl(theirs, EVERY_OPENER, 21), 0, "root with a user's file: no rights of the opener");
	is(ioctl(theirs, EVERY_CAPABLE, 21), 1, "but the caller's");
	close(theirs);
	close(pair[0]);
	close(pair[1]);
}

static void caller(void)
{
	struct chr_ext_caller c;
	pthread_t t;
	void *tid;
	int status;

	caller_get("root", &c);
	ok(c.tgid == (__u32)getpid() && c.pid == (__u32)gettid(), "process and thread");
	ok(c.ns_tgid == c.tgid && c.ns_pid == c.pid, "as it sees them");
	ok(!c.uid && !c.euid && !c.fsuid && !c.gid && !c.egid && !c.fsgid, "root");
	is_num(c.user_ns, ns("/proc/self/ns/user"), "user namespace");
	is_num(c.pid_ns, ns("/proc/self/ns/pid"), "pid namespace");
	is(ioctl(fd, EVERY_CAPABLE, 21), 1, "CAP_SYS_ADMIN");
	is(ioctl(fd, EVERY_CAPABLE, 63), 0, "a capability that there is not");
	is(ioctl(fd, EVERY_CAPABLE, -1L), 0, "nor this");
	is(ioctl(fd, EVERY_OPENER, 21), 1, "the opener's CAP_SYS_ADMIN");
	is(ioctl(fd, EVERY_OPENER, 63), 0, "a capability that there is not");
	is(ioctl(fd, EVERY_OPENER, -1L), 0, "nor this");
	pthread_create(&t, NULL, in_thread, &c);
	pthread_join(t, &tid);
	ok(c.tgid == (__u32)getpid() && c.pid == (__u32)(long)tid, "another thread");

	setfsgid(1006);
	setfsuid(1005);
	caller_get("for files", &c);
	ok(c.fsuid == 1005 && c.fsgid == 1006 && !c.euid && !c.egid,
	   "ids for access to files");
	setfsuid(0);
	setfsgid(0);
	opener();

	fflush(stdout);
	if (!fork()) {
		need(!setresgid(1001, 1002, 1002) && !setresuid(1003, 1004, 1004), "setuid");
		caller_get("user", &c);
		_exit(!(c.uid == 1003 && c.euid == 1004 && c.gid == 1001 &&
			c.egid == 1002 && !ioctl(fd, EVERY_CAPABLE, 21)));
	}
	wait(&status);
	is_num(status, 0, "another user, without capabilities");
	if (!fork()) {
		need(!unshare(CLONE_NEWUSER | CLONE_NEWPID), "unshare");
		if (!fork()) {
			caller_get("container", &c);
			_exit(!(c.ns_tgid == 1 && c.ns_pid == 1 && c.tgid > 1 &&
				!c.uid && c.ns_euid == 65534 &&
				c.user_ns == ns("/proc/thread-self/ns/user") &&
				!ioctl(fd, EVERY_CAPABLE, 21)));
		}
		wait(&status);
		_exit(status != 0);
	}
	wait(&status);
	is_num(status, 0, "root of a container has the overflow ids, and no capabilities here");
}

int main(int argc, char **argv)
{
	need(argc >= 3, "usage: every WHAT NODE [HOW]");
	node = argv[2];
	fd = open(node, O_RDWR);
	need(fd >= 0, node);
	state_set();
	if (!strcmp(argv[1], "ioctl"))
		ioctls();
	else if (!strcmp(argv[1], "seek"))
		seek();
	else if (!strcmp(argv[1], "mmap"))
		mappings();
	else if (!strcmp(argv[1], "misc"))
		misc();
	else if (!strcmp(argv[1], "serial"))
		serial(argv[3]);
	else if (!strcmp(argv[1], "caller"))
		caller();
	return done_testing();
}
