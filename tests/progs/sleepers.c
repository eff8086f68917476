// SPDX-License-Identifier: GPL-2.0-only
/*
 * sleepers WHAT NODE [ARG]: callers that wait for a driver without data, with the
 * driver every (tests/drivers).
 *
 *	detach COMMAND	COMMAND removes the device while calls of all kinds wait
 *	crowd COMMAND	the same with 4000 readers
 *	wake		all of them are woken
 *	one		one of a kind is woken
 *	killed		a reader that is woken is killed
 *	life		readers killed, stopped, traced; descriptors closed,
 *			copied, inherited, sent away, kept over an exec
 *	calls		how often an op is called; timeout, race: then, too
 *	uring		io_uring: read, write, poll, without threads of its own
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/types.h>
#include "../../bpf/include/chr_ext/abi.h"
#include "../drivers/every.h"
#include "tap.h"

#define EACH	20	/* sleepers of a kind */

static const char *node;
static int fd;
static struct every every = { .events = 0, .ready = 0, .opens = 1 };

static void state_set(void)
{
	need(!ioctl(fd, EVERY_SET, &every), "EVERY_SET");
}

static void set_ready(unsigned int ready, unsigned int events)
{
	every.ready = ready;
	every.events = events;
	state_set();
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The thread or process @pid sleeps in the kernel. */
static bool sleeps(pid_t pid)
{
	char path[64], stat[256] = "", *state;
	int f;

	/* Not the process's, which adds all threads up. */
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, pid);
	f = open(path, O_RDONLY);
	if (f < 0 || read(f, stat, sizeof(stat) - 1) <= 0)
		return false;
	close(f);
	state = strrchr(stat, ')');
	return state && state[2] == 'S';
}

static void until_sleeps(pid_t pid)
{
	int i;

	for (i = 0; i < 5000 * slow() && !sleeps(pid); i++)
		usleep(1000);
}

enum kind { READ, WRITE, IOCTL, POLL, EPOLL, EPOLLET_, KINDS };

static const char *const kind_names[] = {
	"read", "write", "ioctl", "poll", "epoll", "epoll, edge",
};

struct sleeper {
	pthread_t thread;
	enum kind kind;
	atomic_int tid;
	atomic_bool ended;
	long ret;
	long events;
};

static void *sleeper(void *arg)
{
	struct pollfd p = { .events = POLLIN };
	struct epoll_event e = { .events = EPOLLIN };
	struct sleeper *s = arg;
	int file = open(node, O_RDWR), set;
	char byte;

	s->tid = gettid();
	switch (s->kind) {
	case READ:
		s->ret = ret_of(read(file, &byte, 1));
		break;
	case WRITE:
		s->ret = ret_of(write(file, &byte, 1));
		break;
	case IOCTL:
		s->ret = ret_of(ioctl(file, EVERY_WAIT, 0)) ?: 1;
		break;
	case POLL:
		p.fd = file;
		s->ret = ret_of(poll(&p, 1, 20000));
		s->events = p.revents;
		break;
	default:
		set = epoll_create1(0);
		e.events |= s->kind == EPOLLET_ ? (unsigned int)EPOLLET : 0;
		epoll_ctl(set, EPOLL_CTL_ADD, file, &e);
		s->ret = ret_of(epoll_wait(set, &e, 1, 20000));
		s->events = e.events;
		close(set);
	}
	close(file);
	s->ended = true;
	return NULL;
}

/* Within some seconds; then it is collected. */
static bool ends(struct sleeper *s)
{
	int i;

	for (i = 0; i < 5000 * slow() && !s->ended; i++)
		usleep(1000);
	if (s->ended)
		pthread_join(s->thread, NULL);
	return s->ended;
}

static struct sleeper sleepers[KINDS][EACH];

static void all_sleep(void)
{
	struct sleeper *s;
	int kind, i;

	for (kind = 0; kind < KINDS; kind++) {
		for (i = 0; i < EACH; i++) {
			s = &sleepers[kind][i];
			s->kind = kind;
			need(!pthread_create(&s->thread, NULL, sleeper, s),
			     "thread");
		}
	}
	for (kind = 0; kind < KINDS; kind++) {
		for (i = 0; i < EACH; i++) {
			while (!sleepers[kind][i].tid)
				usleep(1000);
			until_sleeps(sleepers[kind][i].tid);
		}
	}
}

static void all_end(long ret, long events)
{
	struct sleeper *s;
	int kind, i, good;

	for (kind = 0; kind < KINDS; kind++) {
		good = 0;
		for (i = 0; i < EACH; i++) {
			s = &sleepers[kind][i];
			pthread_join(s->thread, NULL);
			good += kind < POLL ? s->ret == ret :
				s->ret == 1 && s->events == events;
		}
		s = &sleepers[kind][0];
		if (!ok(good == EACH, "%s: %d woke up and know why",
			kind_names[kind], EACH))
			diag("%d did; the first got %ld, events 0x%lx", good,
			     s->ret, s->events);
	}
}

static atomic_int sigio;

static void on_sigio(int sig)
{
	(void)sig;
	sigio++;
}

static void get_sigio(void)
{
	signal(SIGIO, on_sigio);
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETFL, O_ASYNC);
}

/* Perhaps in another thread, which has to run first. */
static bool sigio_came(void)
{
	int i;

	for (i = 0; i < 200 * slow() && !sigio; i++)
		usleep(10000);
	return sigio > 0;
}

static void submit(struct io_uring *ring, int op, char *buf)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (op == IORING_OP_READ)
		io_uring_prep_read(sqe, fd, buf, 1, 0);
	else if (op == IORING_OP_WRITE)
		io_uring_prep_write(sqe, fd, buf, 1, 0);
	else
		io_uring_prep_poll_multishot(sqe, fd, POLLIN);
	sqe->user_data = op;
	need(io_uring_submit(ring) == 1, "io_uring_submit");
}

/* The next completion of @op within 5 s; -ETIME: there is none. */
static long completion(struct io_uring *ring, int op, unsigned int *flags)
{
	struct __kernel_timespec t = { .tv_sec = 5 };
	struct io_uring_cqe *cqe;
	long res;
	int i;

	for (i = 0; i < 16; i++) {
		if (io_uring_wait_cqe_timeout(ring, &cqe, &t))
			return -ETIME;
		res = cqe->res;
		if (flags)
			*flags = cqe->flags;
		if (cqe->user_data == (__u64)op) {
			io_uring_cqe_seen(ring, cqe);
			return res;
		}
		diag("completion of %llu: %ld", (unsigned long long)cqe->user_data, res);
		io_uring_cqe_seen(ring, cqe);
	}
	return -ETIME;
}

static void detach(const char *command)
{
	struct io_uring ring;
	long start, took;
	char byte[2];

	need(!io_uring_queue_init(8, &ring, 0), "io_uring");
	state_set();
	all_sleep();
	get_sigio();
	submit(&ring, IORING_OP_READ, byte);
	submit(&ring, IORING_OP_POLL_ADD, NULL);
	start = now_ms();
	ok(!system(command), "the device goes");
	took = now_ms() - start;
	ok(took < 5000 * slow(), "within some seconds, with all of them waiting (%ld ms with the command)",
	   took);
	all_end(-ENODEV, EPOLLERR | EPOLLHUP);
	is_num(completion(&ring, IORING_OP_READ, NULL), -ENODEV, "io_uring read");
	io_uring_queue_exit(&ring);
	ok(sigio_came(), "SIGIO came");
	is(read(fd, byte, 1), -ENODEV, "reads give ENODEV now");
	is(write(fd, byte, 1), -ENODEV, "writes too");
	is(ioctl(fd, EVERY_WAIT, 0), -ENODEV, "ioctls too");
	is(lseek(fd, 0, SEEK_SET), -ENODEV, "lseek too");
	is(fsync(fd), -ENODEV, "fsync too");
	ok(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED &&
	   errno == ENODEV, "mmap too");
	is(close(fd), 0, "close is fine");
}

#define CROWD	4000

static void *read_one(void *arg)
{
	struct sleeper *s = arg;
	char byte;

	s->tid = gettid();
	s->ret = ret_of(read(fd, &byte, 1));
	s->ended = true;
	return NULL;
}

/* The end of a thread costs more than its wake-up: none ends here. */
static void *read_and_stay(void *arg)
{
	read_one(arg);
	pause();
	return NULL;
}

static void crowd(const char *command)
{
	static struct sleeper all[CROWD];
	int i, asleep = 0, good = 0;
	pthread_attr_t attr;
	long start, took;

	state_set();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; i < CROWD; i++)
		need(!pthread_create(&all[i].thread, &attr, read_and_stay,
				     &all[i]), "thread");
	for (i = 0; i < CROWD; i++) {
		while (!all[i].tid)
			usleep(1000);
		until_sleeps(all[i].tid);
		asleep += sleeps(all[i].tid);
	}
	is_num(asleep, CROWD, "4000 readers sleep");
	start = now_ms();
	ok(!system(command), "the device goes");
	for (i = 0; i < CROWD; i++) {
		while (!all[i].ended && now_ms() - start < 10000 * slow())
			usleep(1000);
		good += all[i].ended && all[i].ret == -ENODEV;
	}
	took = now_ms() - start;
	is_num(good, CROWD, "all of them: ENODEV");
	ok(took < 2000 * slow(), "within two seconds (%ld ms with the command)",
	   took);
}

/* Of an edge-triggered set that stays: how many files have news. */
static int news(int set)
{
	struct epoll_event e;

	return epoll_wait(set, &e, 1, 2000);
}

static void wake_all(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int set = epoll_create1(0);

	state_set();
	need(!epoll_ctl(set, EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
	all_sleep();
	get_sigio();
	every.ready = 1;
	every.events = EPOLLIN | EPOLLOUT;
	state_set();
	is(ioctl(fd, EVERY_WAKE, EPOLLIN), 0, "there is something to read");
	is(ioctl(fd, EVERY_WAKE, EPOLLOUT), 0, "and there is room");
	all_end(1, EPOLLIN);
	ok(sigio_came(), "SIGIO came");
	is_num(news(set), 1, "a set of epoll has news");
	is(ioctl(fd, EVERY_WAKE, EPOLLIN), 0, "and after them all");
	is_num(news(set), 1, "it still has");
	close(set);
}

#define FEW	3	/* readers, writers, and ioctls */

/* How often a thread has gone to sleep. */
static long slept(pid_t tid)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	char path[64], text[4096], *found;
	long n = 0;
	int f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	f = open(path, O_RDONLY);
	if (f >= 0)
		n = read(f, text, sizeof(text) - 1);
	close(f);
	text[n < 0 ? 0 : n] = 0;
	found = strstr(text, key);
	need(found, path);
	return atol(found + strlen(key));
}

/* A reader that finds nothing sleeps again, after one more call. */
static void nudge(const char *what, unsigned long events, int readers,
		  int writers)
{
	long before[3][FEW];
	int kind, i, woken[3] = {};

	for (kind = READ; kind <= IOCTL; kind++)
		for (i = 0; i < FEW; i++)
			before[kind][i] = slept(sleepers[kind][i].tid);
	need(!ioctl(fd, EVERY_NUDGE, events), "EVERY_NUDGE");
	usleep(200000 * slow());
	for (kind = READ; kind <= IOCTL; kind++)
		for (i = 0; i < FEW; i++)
			woken[kind] += before[kind][i] !=
				       slept(sleepers[kind][i].tid);
	if (!ok(woken[READ] == readers && woken[WRITE] == writers &&
		woken[IOCTL] == FEW, "%s", what))
		diag("%d readers, %d writers, %d ioctls woke up", woken[READ],
		     woken[WRITE], woken[IOCTL]);
}

static void wake_one(void)
{
	const unsigned long both = EPOLLIN | EPOLLOUT;
	const unsigned long one = EVERY_WAKE_FLAGS(CHR_EXT_WAKE_ONE);
	int kind, i, good = 0;
	struct sleeper *s;

	state_set();
	for (kind = READ; kind <= IOCTL; kind++)
		for (i = 0; i < FEW; i++) {
			s = &sleepers[kind][i];
			s->kind = kind;
			need(!pthread_create(&s->thread, NULL, sleeper, s),
			     "thread");
			while (!s->tid)
				usleep(1000);
			until_sleeps(s->tid);
		}
	nudge("EPOLLIN and one: a reader wakes, and a waiter for any event",
	      EPOLLIN | one, 1, 0);
	nudge("EPOLLOUT and one: a writer", EPOLLOUT | one, 0, 1);
	nudge("both and one: one of each", both | one, 1, 1);
	nudge("EPOLLIN: all readers", EPOLLIN, FEW, 0);
	nudge("both: all of both", both, FEW, FEW);
	nudge("EPOLLPRI and one: no reader and no writer", EPOLLPRI | one, 0, 0);

	set_ready(1, both);
	need(!ioctl(fd, EVERY_NUDGE, both | one), "EVERY_NUDGE");
	for (kind = READ; kind <= IOCTL; kind++)
		for (i = 0; i < FEW; i++)
			good += ends(&sleepers[kind][i]);
	is_num(good, 3 * FEW, "when there is something, each wakes the next");
}

/* A child that reads one byte; its status is 0 when it got one. */
static pid_t reader(void)
{
	pid_t pid = fork();
	char byte;

	need(pid >= 0, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(read(fd, &byte, 1) == 1 ? 0 : errno);
	}
	until_sleeps(pid);
	return pid;
}

static int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

static void wake(void)
{
	need(!ioctl(fd, EVERY_WAKE, EPOLLIN), "EVERY_WAKE");
}

static void *wake_one_reader(void *arg)
{
	(void)arg;
	need(!ioctl(fd, EVERY_WAKE, EPOLLIN | EVERY_WAKE_FLAGS(CHR_EXT_WAKE_ONE)), "EVERY_WAKE");
	return NULL;
}

#define KILLS	200

/*
 * Two readers sleep; one is woken and killed, in either order. With serialised
 * ops it may die without having called one.
 */
static void killed(void)
{
	struct sleeper heir = {};
	bool served = true;
	pthread_t waker;
	pid_t first;
	int i;

	every.linger = 2000;
	for (i = 0; i < KILLS && served; i++) {
		set_ready(0, 0);
		first = reader();
		heir.tid = 0;
		heir.ended = false;
		need(!pthread_create(&heir.thread, NULL, read_one, &heir),
		     "thread");
		while (!heir.tid)
			usleep(1000);
		until_sleeps(heir.tid);
		need(!pthread_create(&waker, NULL, wake_one_reader, NULL),
		     "thread");
		usleep(i % 8 * 200);
		kill(first, SIGKILL);
		status_of(first);
		pthread_join(waker, NULL);
		served = ends(&heir) && heir.ret == 1;
	}
	if (!ok(served, "the next is woken, %d times", KILLS))
		diag("not the %dth time", i);
}

static void nothing(int sig)
{
	(void)sig;
}

static void *closer(void *arg)
{
	usleep(100000);
	close(*(int *)arg);
	usleep(100000);
	wake();
	return NULL;
}

static void send_fd(int sock, int send)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { "x", 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &send, sizeof(int));
	need(sendmsg(sock, &m, 0) == 1, "sendmsg");
}

static int receive_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int got;

	need(recvmsg(sock, &m, 0) == 1 && CMSG_FIRSTHDR(&m), "recvmsg");
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	return got;
}

static void life(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	int copy, pair[2], status;
	pthread_t t;
	char byte;
	pid_t pid;

	set_ready(0, 0);
	pid = reader();
	kill(pid, SIGKILL);
	ok(WIFSIGNALED(status_of(pid)), "a reader that waits can be killed");

	pid = reader();
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	ok(WIFSTOPPED(status), "stopped");
	kill(pid, SIGCONT);
	until_sleeps(pid);
	wake();
	is_num(status_of(pid), 0, "continued, and it reads on");

	set_ready(0, 0);
	pid = reader();
	need(!ptrace(PTRACE_SEIZE, pid, 0, 0) &&
	     !ptrace(PTRACE_INTERRUPT, pid, 0, 0), "ptrace");
	waitpid(pid, &status, 0);
	ok(WIFSTOPPED(status), "traced");
	need(!ptrace(PTRACE_DETACH, pid, 0, 0), "PTRACE_DETACH");
	until_sleeps(pid);
	wake();
	is_num(status_of(pid), 0, "let go, and it reads on");

	/* A signal: EINTR, or the read goes on, as its handler was set. */
	set_ready(0, 0);
	sigaction(SIGUSR1, &sa, NULL);
	pid = reader();
	kill(pid, SIGUSR1);
	is_num(status_of(pid) >> 8, EINTR, "a signal ends the read: EINTR");
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
	pid = reader();
	kill(pid, SIGUSR1);
	usleep(50000);
	until_sleeps(pid);
	wake();
	is_num(status_of(pid), 0, "with SA_RESTART it goes on");

	set_ready(0, 0);
	copy = dup(fd);
	pthread_create(&t, NULL, closer, &copy);
	is(read(copy, &byte, 1), 1, "its descriptor closed, a read goes on");
	pthread_join(t, NULL);
	is(read(copy, &byte, 1), -EBADF, "the descriptor is gone");

	/* Sent away, the file stays open. */
	need(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	copy = open(node, O_RDWR);
	send_fd(pair[0], copy);
	close(copy);
	copy = receive_fd(pair[1]);
	is(read(copy, &byte, 1), 1, "sent away and received, it reads");
	send_fd(pair[0], copy);
	close(copy);
	close(pair[0]);
	close(pair[1]);
	ok(true, "on its way when all is closed");

	fcntl(fd, F_SETFD, 0);
	pid = fork();
	if (!pid) {
		dup2(fd, 0);
		execlp("dd", "dd", "bs=1", "count=1", "status=none", "of=/dev/null", NULL);
		_exit(1);
	}
	is_num(status_of(pid), 0, "kept over an exec, it reads");
}

/* The calls that wait, for calls(). */
static long do_open(void)
{
	int file = open(node, O_RDWR);

	return file < 0 ? -errno : close(file);
}

static long do_read(void)
{
	char byte;

	return ret_of(read(fd, &byte, 1));
}

static long do_write(void)
{
	return ret_of(write(fd, "x", 1));
}

static long do_ioctl(void)
{
	return ret_of(ioctl(fd, EVERY_WAIT, 0));
}

static long do_fsync(void)
{
	return ret_of(fsync(fd));
}

static struct every_kept kept;

static long do_keep(void)
{
	return ret_of(ioctl(fd, EVERY_KEEP, &kept));
}

#define KEEP	5

static long (*const waiting[])(void) = {
	do_open, do_read, do_write, do_ioctl, do_fsync, [KEEP] = do_keep,
};

static const char *const waiting_names[] = {
	"open", "read", "write", "ioctl", "fsync", [KEEP] = "ioctl with a window",
};

static void *call(void *arg)
{
	struct sleeper *s = arg;

	s->tid = gettid();
	s->ret = waiting[s->kind]();
	s->ended = true;
	return NULL;
}

static void caller_start(struct sleeper *s, int what)
{
	memset(s, 0, sizeof(*s));
	s->kind = what;
	every.calls = every.again = every.ready = every.opens = 0;
	state_set();
	need(!pthread_create(&s->thread, NULL, call, s), "thread");
	while (!s->tid)
		usleep(1000);
	until_sleeps(s->tid);
}

static void until_called(struct sleeper *s, unsigned int calls)
{
	int i;

	for (i = 0; i < 5000 * slow(); i++) {
		need(!ioctl(fd, EVERY_GET, &every), "EVERY_GET");
		if (every.calls >= calls)
			break;
		usleep(1000);
	}
	until_sleeps(s->tid);
}

static void called(const char *what, unsigned int calls, unsigned int again)
{
	need(!ioctl(fd, EVERY_GET, &every), "EVERY_GET");
	if (!ok(every.calls == calls && every.again == again, "%s: %s",
		waiting_names[sleepers[0][0].kind], what))
		diag("%u calls, %u again", every.calls, every.again);
}

/* EVERY_KEEP with a byte in the page @p: once waiting, then @calls with @again. */
static void keep(char *p, unsigned int calls, unsigned int again)
{
	struct sleeper *s = &sleepers[0][0];

	kept = (struct every_kept){ .addr = (unsigned long)p };
	caller_start(s, KEEP);
	need(!ioctl(fd, EVERY_WAKE, EPOLLIN | EPOLLOUT), "EVERY_WAKE");
	ok(ends(s) && !s->ret, "%s: the byte is read", waiting_names[KEEP]);
	called("only a call that finds its window has AGAIN", calls, again);
}

/* After a wake-up a window is as the last call left it; after a fault it is new. */
static void calls_window(void)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(p != MAP_FAILED, "mmap");
	keep(p, 3, 1);
	ok(kept.calls == 1 && !kept.again, "after a page fault the window is new");
	keep(p, 2, 1);
	ok(kept.calls == 2 && kept.again == 1, "after a wake-up it is kept");
	munmap(p, 4096);
}

/* A driver may start a measurement in a call: each has to have its reason. */
static void calls(void)
{
	const unsigned long both = EPOLLIN | EPOLLOUT;
	struct sigaction sa = { .sa_handler = on_sigio };
	struct sleeper *s = &sleepers[0][0];
	int what, i;

	sigaction(SIGUSR1, &sa, NULL);
	for (what = 0; what < 5; what++) {
		caller_start(s, what);
		called("one call, then it sleeps", 1, 0);
		need(!ioctl(fd, EVERY_NUDGE, EPOLLPRI), "EVERY_NUDGE");
		usleep(50000 * slow());
		if (what == 1 || what == 2)
			called("none for a wake-up that it does not wait for", 1, 0);
		else
			called("one for any wake-up", 2, 1);
		every.calls = 10, every.again = 20;
		state_set();
		for (i = 1; i <= 5; i++) {
			need(!ioctl(fd, EVERY_NUDGE, both), "EVERY_NUDGE");
			until_called(s, 10 + i);
		}
		usleep(50000 * slow());
		called("one for each wake-up, with AGAIN", 15, 25);
		every.ready = every.opens = 1;
		state_set();
		need(!ioctl(fd, EVERY_NUDGE, both), "EVERY_NUDGE");
		ok(ends(s) && s->ret == (what == 1 || what == 2),
		   "%s: then it has its result", waiting_names[what]);
		called("by one call more", 16, 26);
		every.calls = every.again = 0;
		state_set();
		waiting[what]();
		called("the next one is a new one", 1, 0);

		caller_start(s, what);
		pthread_kill(s->thread, SIGUSR1);
		ok(ends(s) && s->ret == -EINTR, "%s: a signal ends it", waiting_names[what]);
		called("without another call", 1, 0);
	}
	calls_window();
	/* The next open must not wait. */
	every.opens = 1;
	state_set();
}

/* The same when the time is over; @NODE has a short time-out. */
static void calls_timeout(void)
{
	struct sleeper *s = &sleepers[0][0];
	int what;

	for (what = 0; what < 5; what++) {
		caller_start(s, what);
		ok(ends(s) && s->ret == -ETIMEDOUT, "%s: ETIMEDOUT", waiting_names[what]);
		called("no call when the time is over", 1, 0);
	}
	every.opens = 1;
	state_set();
}

#define RACES	20000

/*
 * A wake-up between the call and the sleep is neither lost nor counts twice:
 * another thread wakes without a pause, then makes data ready.
 */
static void *racer(void *arg)
{
	int file = open(node, O_RDWR), i;

	(void)arg;
	for (i = 0; i < RACES; i++)
		ioctl(file, EVERY_STEP, EPOLLIN);
	close(file);
	return NULL;
}

static void calls_race(void)
{
	pthread_t t;
	long i, got = 0;
	char byte;

	every.ready = 1;
	every.calls = every.again = 0;
	state_set();
	set_ready(STEPS, 0);
	pthread_create(&t, NULL, racer, NULL);
	for (i = 0; i < RACES; i++)
		got += read(fd, &byte, 1) == 1;
	pthread_join(t, NULL);
	is_num(got, RACES, "each read got its step");
	need(!ioctl(fd, EVERY_GET, &every), "EVERY_GET");
	if (!ok(every.calls - RACES <= RACES, "and no more calls than wake-ups"))
		diag("%u calls for %u reads and wake-ups", every.calls, RACES);
	diag("%u calls, %u of them again", every.calls, every.again);
}

/* Threads of io_uring's own: they are named iou-wrk-*. */
static int workers(void)
{
	char path[300], name[32];
	struct dirent *e;
	int n = 0, f;
	DIR *d = opendir("/proc/self/task");

	while ((e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		f = open(path, O_RDONLY);
		memset(name, 0, sizeof(name));
		if (f >= 0 && read(f, name, sizeof(name) - 1) > 0)
			n += !strncmp(name, "iou-wrk", 7);
		close(f);
	}
	closedir(d);
	return n;
}

static void uring(void)
{
	struct io_uring ring;
	unsigned int flags;
	char byte[2];

	need(!io_uring_queue_init(8, &ring, 0), "io_uring");
	set_ready(1, EPOLLIN | EPOLLOUT);
	submit(&ring, IORING_OP_READ, byte);
	is_num(completion(&ring, IORING_OP_READ, NULL), 1, "read of what is there");
	submit(&ring, IORING_OP_WRITE, byte);
	is_num(completion(&ring, IORING_OP_WRITE, NULL), 1, "write where is room");

	set_ready(0, 0);
	submit(&ring, IORING_OP_READ, byte);
	submit(&ring, IORING_OP_WRITE, byte);
	usleep(100000);
	is_num(workers(), 0, "no io_uring worker waits");
	set_ready(1, EPOLLIN);
	is(ioctl(fd, EVERY_WAKE, EPOLLIN), 0, "there is something to read");
	is_num(completion(&ring, IORING_OP_READ, NULL), 1, "the read is done");
	set_ready(1, EPOLLOUT);
	is(ioctl(fd, EVERY_WAKE, EPOLLOUT), 0, "there is room");
	is_num(completion(&ring, IORING_OP_WRITE, NULL), 1, "the write is done");

	set_ready(0, 0);
	submit(&ring, IORING_OP_POLL_ADD, NULL);
	set_ready(0, EPOLLIN);
	wake();
	is_num(completion(&ring, IORING_OP_POLL_ADD, &flags), POLLIN, "a multishot poll");
	ok(flags & IORING_CQE_F_MORE, "stays");
	wake();
	is_num(completion(&ring, IORING_OP_POLL_ADD, &flags), POLLIN, "and reports again");
	is_num(workers(), 0, "still no thread");
	io_uring_queue_exit(&ring);
}

int main(int argc, char **argv)
{
	need(argc >= 3, "usage: sleepers WHAT NODE [ARG]");
	node = argv[2];
	fd = open(node, O_RDWR);
	need(fd >= 0, node);
	if (!strcmp(argv[1], "detach"))
		detach(argv[3]);
	else if (!strcmp(argv[1], "crowd"))
		crowd(argv[3]);
	else if (!strcmp(argv[1], "wake"))
		wake_all();
	else if (!strcmp(argv[1], "one"))
		wake_one();
	else if (!strcmp(argv[1], "killed"))
		killed();
	else if (!strcmp(argv[1], "life"))
		life();
	else if (!strcmp(argv[1], "calls"))
		calls();
	else if (!strcmp(argv[1], "timeout"))
		calls_timeout();
	else if (!strcmp(argv[1], "race"))
		calls_race();
	else if (!strcmp(argv[1], "uring"))
		uring();
	return done_testing();
}
