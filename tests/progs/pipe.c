// SPDX-License-Identifier: GPL-2.0-only
/*
 * pipe basic NODE NODE	two pipes of 4000 bytes
 * pipe detach NODE NODE CMD...	the same, that CMD takes away
 * pipe crowd NODE N	N sleepers and a record for each; prints what it cost
 * pipe edge NODE	an edge-triggered reader and a busy writer
 * pipe long NODE	long records, on all CPUs at once, in a pipe of four
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define SIZE	4000

static const char *node[2];
static int a, b;	/* the two, read and write, that do not wait */
static char buf[2 * SIZE];
static void *volatile nowhere = (void *)8;

static int open_node(int i, int flags)
{
	int fd = open(node[i], flags);

	need(fd >= 0, node[i]);
	return fd;
}

/* All that is in a pipe is read and forgotten. */
static void drain(int fd)
{
	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

static void fill(int fd)
{
	while (write(fd, buf, sizeof(buf)) > 0)
		;
}

/* One call of a thread of its own, that may wait. */
struct call {
	pthread_t thread;
	atomic_int tid;
	int fd;
	bool write;
	long ret;
	char data[8];
};

static void *call_run(void *arg)
{
	struct call *c = arg;

	c->tid = gettid();
	c->ret = ret_of(c->write ? write(c->fd, c->data, sizeof(c->data)) :
				   read(c->fd, c->data, sizeof(c->data)));
	return NULL;
}

static void call_start(struct call *c, int fd, bool write)
{
	pthread_attr_t attr;

	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->write = write;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	need(!pthread_create(&c->thread, &attr, call_run, c), "thread");
	pthread_attr_destroy(&attr);
}

static char task_state(int tid)
{
	char path[64], line[256] = "", *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return end ? end[2] : 0;
}

static void nap(void)
{
	usleep(1000);
}

/* It has begun, and sleeps, three times in a row. */
static bool call_sleeps(struct call *c)
{
	int i, seen = 0;

	for (i = 0; i < 5000 && seen < 3; i++) {
		seen = c->tid && task_state(c->tid) == 'S' ? seen + 1 : 0;
		nap();
	}
	return seen == 3;
}

/* It comes to an end within some seconds. Return: what the call gave. */
static long call_end(struct call *c)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	if (pthread_timedjoin_np(c->thread, NULL, &until))
		return -ETIME;
	return c->ret;
}

static short poll_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void counts(void)
{
	int i, good = 1;

	is(read(a, buf, 10), -EAGAIN, "an empty pipe gives EAGAIN");
	is(read(a, buf, 0), 0, "and 0 bytes when asked for them");
	is(write(a, "hello", 5), 5, "write");
	is(write(a, "", 0), 0, "write of nothing");
	is(read(b, buf, 10), -EAGAIN, "the other pipe has none of it");
	is(read(a, buf, 2), 2, "a part is read");
	is(read(a, buf + 2, 100), 3, "and the rest, which is short");
	ok(!memcmp(buf, "hello", 5), "it is what was written");
	is(read(a, buf, 10), -EAGAIN, "it is there once");

	for (i = 0; i < SIZE; i++)
		buf[i] = i % 251;
	is(write(a, buf, SIZE), SIZE - 5, "a write ends where the buffer does");
	is(write(a, buf + SIZE - 5, SIZE), 5, "and goes on at its start");
	is(write(a, buf, 1), -EAGAIN, "a full pipe gives EAGAIN");
	is(write(a, buf, 0), 0, "and takes nothing when given that");
	memset(buf, 0, sizeof(buf));
	is(read(a, buf, 2 * SIZE), SIZE - 5, "a read ends there too");
	is(read(a, buf + SIZE - 5, SIZE), 5, "and goes on");
	for (i = 0; i < SIZE; i++)
		good &= (unsigned char)buf[i] == i % 251;
	ok(good, "all bytes are as written");

	is(pread(a, buf, 1, 0), -ESPIPE, "pread: ESPIPE");
	is(pwrite(a, buf, 1, 0), -ESPIPE, "pwrite: ESPIPE");
	is(lseek(a, 0, SEEK_CUR), -ESPIPE, "lseek: ESPIPE");
	is(ioctl(a, _IO('k', 0)), -ENOTTY, "ioctl: ENOTTY");
	is(read(a, nowhere, 1), -EAGAIN, "an empty pipe has no fault");
	is(write(a, nowhere, 1), -EFAULT, "a write from nowhere: EFAULT");
	is(read(a, buf, 1), -EAGAIN, "and was none");
}

static void last_close(void)
{
	int r, w;

	need(write(a, "left", 4) == 4, "write");
	w = open_node(0, O_WRONLY);
	close(a);
	a = open_node(0, O_RDWR | O_NONBLOCK);
	is(read(a, buf, 9), 4, "while one is open nothing is lost");
	need(write(a, "left", 4) == 4, "write");
	close(w);
	close(a);
	a = open_node(0, O_RDWR | O_NONBLOCK);
	is(read(a, buf, 9), -EAGAIN, "the last close empties the pipe");
	r = open_node(0, O_RDONLY | O_NONBLOCK);
	w = open_node(0, O_WRONLY | O_NONBLOCK);
	is(read(w, buf, 1), -EBADF, "no read on a file for writing");
	is(write(r, buf, 1), -EBADF, "no write on one for reading");
	close(r);
	close(w);
}

static void blocking(void)
{
	int r = open_node(0, O_RDONLY), w = open_node(0, O_WRONLY);
	struct call c, d;

	call_start(&c, r, false);
	ok(call_sleeps(&c), "a reader of an empty pipe sleeps");
	is(write(a, "hello", 5), 5, "a write");
	is_num(call_end(&c), 5, "wakes it, and it has what there is");
	ok(!memcmp(c.data, "hello", 5), "which is what was written");

	close(w);
	close(a);
	call_start(&c, r, false);
	ok(call_sleeps(&c), "it sleeps even without a writer: no end of file");
	w = open_node(0, O_WRONLY);
	a = open_node(0, O_RDWR | O_NONBLOCK);
	is(write(w, "later", 5), 5, "until someone does");
	is_num(call_end(&c), 5, "and wakes");

	fill(a);
	call_start(&d, w, true);
	ok(call_sleeps(&d), "a writer to a full pipe sleeps");
	is(read(a, buf, 3), 3, "a read");
	is_num(call_end(&d), 3, "wakes it, and it writes what there is room for");
	drain(a);

	call_start(&c, r, false);
	call_start(&d, r, false);
	ok(call_sleeps(&c) && call_sleeps(&d), "two readers of one file sleep");
	is(write(a, "12345678abcdefgh", 16), 16, "one write for both");
	ok(call_end(&c) == 8 && call_end(&d) == 8, "serves both");
	ok(c.data[0] != d.data[0], "with different bytes");
	close(r);
	close(w);
}

static int epoll_count(int ep, int ms)
{
	struct epoll_event ev;

	return ret_of(epoll_wait(ep, &ev, 1, ms));
}

static void *late_write(void *arg __attribute__((unused)))
{
	usleep(50000);
	return (void *)(long)write(a, "late", 4);
}

static int epoll_on(int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events };
	int ep = epoll_create1(0);

	need(ep >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), "epoll");
	return ep;
}

static void polling(void)
{
	struct timeval tv = { .tv_sec = 10 };
	struct pollfd p = { .fd = a, .events = POLLIN };
	int level, edge;
	pthread_t t;
	fd_set in;

	is_num(poll_now(a), POLLOUT, "an empty pipe can be written");
	need(write(a, "x", 1) == 1, "write");
	is_num(poll_now(a), POLLIN | POLLOUT, "one with a byte can be read too");
	fill(a);
	is_num(poll_now(a), POLLIN, "a full one only that");
	is_num(poll_now(b), POLLOUT, "the other pipe knows nothing of it");
	drain(a);

	pthread_create(&t, NULL, late_write, NULL);
	is(poll(&p, 1, 10000), 1, "poll wakes");
	pthread_join(t, NULL);
	drain(a);
	pthread_create(&t, NULL, late_write, NULL);
	FD_ZERO(&in);
	FD_SET(a, &in);
	is(select(a + 1, &in, NULL, NULL, &tv), 1, "select wakes");
	pthread_join(t, NULL);
	drain(a);

	level = epoll_on(a, EPOLLIN);
	edge = epoll_on(a, EPOLLIN | EPOLLET);
	ok(!epoll_count(level, 0) && !epoll_count(edge, 0), "epoll: nothing yet");
	pthread_create(&t, NULL, late_write, NULL);
	is(epoll_count(level, 10000), 1, "epoll wakes");
	pthread_join(t, NULL);
	is(epoll_count(level, 0), 1, "level: again, as nothing was read");
	is(epoll_count(edge, 0), 1, "edge: it has seen it too");
	is(epoll_count(edge, 0), 0, "edge: once");
	need(write(a, "x", 1) == 1, "write");
	is(epoll_count(edge, 0), 1, "edge: each write is one");
	need(read(a, buf, 1) == 1, "read");
	is(epoll_count(edge, 0), 0, "edge: a read is none for readers");
	drain(a);
	is(epoll_count(level, 0), 0, "level: nothing when all is read");
	close(level);
	close(edge);

	fill(a);
	level = epoll_on(a, EPOLLOUT);
	is(epoll_count(level, 0), 0, "epoll: no room");
	drain(a);
	is(epoll_count(level, 0), 1, "epoll: room");
	close(level);
}

static int sigio(siginfo_t *info, int ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000L };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	return ret_of(sigtimedwait(&set, info, &t));
}

static void signals(void)
{
	int r = open_node(0, O_RDONLY | O_NONBLOCK), fl = fcntl(r, F_GETFL);
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fcntl(r, F_SETOWN, getpid());
	fcntl(r, F_SETSIG, SIGIO);
	is(write(a, "x", 1), 1, "a write without a waiter for it");
	is_num(sigio(&info, 0), -EAGAIN, "is no SIGIO");
	is(fcntl(r, F_SETFL, fl | O_ASYNC), 0, "O_ASYNC");
	is_num(sigio(&info, 0), -EAGAIN, "is none by itself");
	is(write(a, "x", 1), 1, "a write");
	is_num(sigio(&info, 900), SIGIO, "is a SIGIO");
	ok(info.si_fd == r && info.si_code == POLL_IN, "of that file, to read");
	is(write(b, "x", 1), 1, "a write to the other pipe");
	is_num(sigio(&info, 0), -EAGAIN, "is none");
	is(read(a, buf, 1), 1, "a read");
	is_num(sigio(&info, 900), SIGIO, "is one");
	is_num(info.si_code, POLL_OUT, "of room to write");
	is(fcntl(r, F_SETFL, fl), 0, "no O_ASYNC");
	is(write(a, "x", 1), 1, "and a write");
	is_num(sigio(&info, 0), -EAGAIN, "is none again");
	fcntl(r, F_SETFL, fl | O_ASYNC);
	close(r);
	is(write(a, "x", 1), 1, "a write after the file was closed");
	is_num(sigio(&info, 0), -EAGAIN, "is none either");
	drain(a);
	drain(b);
}

static atomic_int handled;

static void handler(int sig)
{
	handled += sig == SIGUSR1;
}

/* A signal during one that sleeps. */
static void interrupt(struct call *c, int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };
	int i;

	sigaction(SIGUSR1, &sa, NULL);
	handled = 0;
	if (!ok(call_sleeps(c), "%s that sleeps", c->write ? "a write" : "a read"))
		return;
	pthread_kill(c->thread, SIGUSR1);
	for (i = 0; i < 5000 && !handled; i++)
		nap();
	ok(handled, "and is sent a signal");
}

static void interrupts(void)
{
	int r = open_node(0, O_RDWR);
	struct call c;

	call_start(&c, r, false);
	interrupt(&c, 0);
	is_num(call_end(&c), -EINTR, "gives EINTR");
	call_start(&c, r, false);
	interrupt(&c, SA_RESTART);
	ok(call_sleeps(&c), "sleeps on with SA_RESTART");
	is(write(a, "12345678", 8), 8, "a write");
	is_num(call_end(&c), 8, "is what it waited for");

	fill(a);
	call_start(&c, r, true);
	interrupt(&c, 0);
	is_num(call_end(&c), -EINTR, "gives EINTR");
	call_start(&c, r, true);
	interrupt(&c, SA_RESTART);
	ok(call_sleeps(&c), "sleeps on with SA_RESTART");
	is(read(a, buf, 8), 8, "a read");
	is_num(call_end(&c), 8, "is what it waited for");
	drain(a);

	close(r);
}

/* Both pipes are empty, and begin at their start: records do not wrap. */
static void start_again(void)
{
	close(a);
	close(b);
	a = open_node(0, O_RDWR | O_NONBLOCK);
	b = open_node(1, O_RDWR | O_NONBLOCK);
}

/* Two threads, or processes, that wait for each other. */
#define ROUNDS	10000

static int ball[2];

static void *pong(void *arg __attribute__((unused)))
{
	int i, n;

	for (i = 0; i < ROUNDS; i++)
		if (read(ball[0], &n, sizeof(n)) != sizeof(n) || n != i ||
		    write(ball[1], &n, sizeof(n)) != sizeof(n))
			return "lost";
	return NULL;
}

static void ping_pong(const char *parties, bool process)
{
	struct timespec start, end;
	int i, n, status = 0, pid = 0;
	void *bad = NULL;
	pthread_t t;

	start_again();
	ball[0] = open_node(0, O_RDWR);
	ball[1] = open_node(1, O_RDWR);
	alarm(60 * slow());
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (process)
		pid = fork();
	else
		pthread_create(&t, NULL, pong, NULL);
	if (process && !pid)
		_exit(pong(NULL) != NULL);
	for (i = 0; i < ROUNDS; i++) {
		n = i;
		if (write(ball[0], &n, sizeof(n)) != sizeof(n) ||
		    read(ball[1], &n, sizeof(n)) != sizeof(n) || n != i)
			break;
	}
	if (process)
		waitpid(pid, &status, 0);
	else
		pthread_join(t, &bad);
	clock_gettime(CLOCK_MONOTONIC, &end);
	alarm(0);
	ok(i == ROUNDS && !bad && !status, "%d rounds between two %s", ROUNDS,
	   parties);
	diag("%ld us a round", ((end.tv_sec - start.tv_sec) * 1000000 +
		(end.tv_nsec - start.tv_nsec) / 1000) / ROUNDS);
	close(ball[0]);
	close(ball[1]);
}

/* Writers and readers of records, through a pipe that is often full. */
#define MANY	4
#define RECORDS	2000

static atomic_llong sum;

static void *many_write(void *arg)
{
	long long rec, me = (long)arg;

	for (rec = me * RECORDS; rec < (me + 1) * RECORDS; rec++)
		if (write(ball[0], &rec, sizeof(rec)) != sizeof(rec))
			return "short";
	return NULL;
}

static void *many_read(void *arg __attribute__((unused)))
{
	long long rec;
	int i;

	for (i = 0; i < RECORDS; i++) {
		if (read(ball[0], &rec, sizeof(rec)) != sizeof(rec))
			return "short";
		sum += rec;
	}
	return NULL;
}

static void many(void)
{
	const long long n = MANY * RECORDS;
	void *ret, *bad = NULL;
	pthread_t t[2 * MANY];
	int i;

	start_again();
	ball[0] = open_node(0, O_RDWR);
	alarm(60 * slow());
	for (i = 0; i < 2 * MANY; i++)
		pthread_create(&t[i], NULL, i < MANY ? many_write : many_read,
			       (void *)(long)i);
	for (i = 0; i < 2 * MANY; i++) {
		pthread_join(t[i], &ret);
		bad = bad ?: ret;
	}
	alarm(0);
	ok(!bad, "%d writers and %d readers, whole records", MANY, MANY);
	ok(sum == n * (n - 1) / 2, "each was read once");
	is(read(a, buf, 1), -EAGAIN, "and nothing is left");
	close(ball[0]);
}

static int basic(void)
{
	counts();
	last_close();
	blocking();
	polling();
	signals();
	interrupts();
	ping_pong("threads", false);
	ping_pong("processes", true);
	many();
	return done_testing();
}

static void *poller(void *arg)
{
	struct pollfd *p = arg;

	poll(p, 1, 10000);
	return NULL;
}

static int detach(char **cmd)
{
	int r = open_node(0, O_RDONLY), w = open_node(1, O_WRONLY), pid, status;
	struct pollfd p = { .fd = a, .events = POLLIN };
	int level = epoll_on(a, EPOLLIN), edge = epoll_on(a, EPOLLIN | EPOLLET);
	struct call readers[8], writer;
	struct epoll_event ev = { 0 };
	pthread_t t;
	int i, good = 0;

	for (i = 0; i < 8; i++)
		call_start(&readers[i], r, false);
	fill(b);
	call_start(&writer, w, true);
	pthread_create(&t, NULL, poller, &p);
	for (i = 0; i < 8; i++)
		good += call_sleeps(&readers[i]);
	ok(good == 8 && call_sleeps(&writer), "8 readers and a writer sleep");

	pid = fork();
	if (!pid) {
		execvp(cmd[0], cmd);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	is_num(status, 0, "the driver goes");
	for (good = i = 0; i < 8; i++)
		good += call_end(&readers[i]) == -ENODEV;
	is_num(good, 8, "all readers: ENODEV");
	is_num(call_end(&writer), -ENODEV, "the writer: ENODEV");
	pthread_join(t, NULL);
	is_num(p.revents, POLLHUP | POLLERR, "poll: POLLHUP and POLLERR");
	is(epoll_wait(level, &ev, 1, 1000), 1, "epoll, level");
	ok(ev.events == (EPOLLHUP | EPOLLERR), "gives EPOLLHUP and EPOLLERR");
	is(epoll_wait(edge, &ev, 1, 1000), 1, "epoll, edge");
	ok(ev.events == (EPOLLHUP | EPOLLERR), "gives EPOLLHUP and EPOLLERR");
	is(read(a, buf, 1), -ENODEV, "a read afterwards: ENODEV");
	is(write(a, buf, 1), -ENODEV, "a write: ENODEV");
	is_num(poll_now(a), POLLHUP | POLLERR, "poll: POLLHUP and POLLERR");
	is(close(a), 0, "close");
	is(open(node[0], O_RDONLY), -ENOENT, "the node is gone");
	return done_testing();
}

/* Of all threads but this one. */
static long switches(void)
{
	struct rusage all, me;

	getrusage(RUSAGE_SELF, &all);
	getrusage(RUSAGE_THREAD, &me);
	return all.ru_nvcsw - me.ru_nvcsw;
}

static void settle(void)
{
	long before;

	do {
		before = switches();
		usleep(500);
	} while (switches() != before);
}

static atomic_int served;

static void *crowd_read(void *arg)
{
	struct call *c = arg;

	call_run(c);
	served++;
	return NULL;
}

/*
 * Each record is written after the one before it has been read and all remaining
 * readers sleep.
 */
static int crowd(int n)
{
	struct call *c = calloc(n, sizeof(*c));
	bool *seen = calloc(n, sizeof(*seen));
	int i, r = open_node(0, O_RDONLY), good = 0;
	pthread_attr_t attr;
	long before;
	long long rec;

	need(c && seen, "calloc");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	for (i = 0; i < n; i++) {
		c[i].fd = r;
		need(!pthread_create(&c[i].thread, &attr, crowd_read, &c[i]),
		     "thread");
	}
	for (i = 0; i < n; i++)
		good += call_sleeps(&c[i]);
	is_num(good, n, "all sleep");

	before = switches();
	puts("GO");
	fflush(stdout);
	if (!getchar())
		return 1;
	alarm(100 * slow());
	for (rec = 0; rec < n; rec++) {
		/* It may be a sleeper's turn still. */
		while (write(a, &rec, sizeof(rec)) != sizeof(rec))
			need(errno == EAGAIN, "write");
		while (served <= rec)
			sched_yield();
		settle();
	}
	for (i = good = 0; i < n; i++) {
		if (call_end(&c[i]) != sizeof(rec))
			continue;
		memcpy(&rec, c[i].data, sizeof(rec));
		if (rec >= 0 && rec < n && !seen[rec])
			good += seen[rec] = true;
	}
	is_num(good, n, "each was served one record, each record once");
	diag("%d sleepers: %ld context switches", n, switches() - before);
	printf("SWITCHES %ld\n", switches() - before);
	return done_testing();
}

static void *edge_write(void *arg __attribute__((unused)))
{
	int i, w = open_node(0, O_WRONLY);

	for (i = 0; i < ROUNDS; i++)
		if (write(w, "x", 1) != 1)
			return "short";
	return NULL;
}

/* Reads until EAGAIN, then waits for the next edge. */
static int edge(void)
{
	int ep = epoll_on(a, EPOLLIN | EPOLLET), got = 0;
	pthread_t t;
	long n;

	pthread_create(&t, NULL, edge_write, NULL);
	while (got < ROUNDS && epoll_count(ep, 3000) == 1)
		while ((n = read(a, buf, SIZE)) > 0)
			got += n;
	if (!is_num(got, ROUNDS, "an edge-triggered reader misses nothing"))
		diag("the pipe's state: %d", poll_now(a));
	return done_testing();
}

/*
 * Records so long that most of the time goes into their copies, so that ops
 * which did not take turns would meet there: two of them at the same place.
 */
#define LONG_WORDS	8192
#define LONG_STEP	64	/* words from one that is looked at to the next */
#define LONG_EACH	300	/* records of a writer, or reader */
#define LONG_PAIRS	2

static atomic_int long_read[LONG_PAIRS * LONG_EACH];
static atomic_int strange, torn, late;
static time_t long_end;

/* Without sleeping: if bytes get lost, a sleeper might never be woken. */
static bool long_again(long n)
{
	strange += n >= 0 || errno != EAGAIN;
	late += time(NULL) >= long_end;
	sched_yield();
	return !strange && !torn && !late;
}

/* Each CPU has a writer and a reader. */
static void long_pin(long i)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(i % sysconf(_SC_NPROCESSORS_ONLN), &cpu);
	need(!sched_setaffinity(0, sizeof(cpu), &cpu), "sched_setaffinity");
}

static void *long_write(void *arg)
{
	long i, w, n, me = (long)arg, rec[LONG_WORDS] = {};

	long_pin(me);
	for (i = 1; i <= LONG_EACH; i++) {
		for (w = 0; w < LONG_WORDS; w += LONG_STEP)
			rec[w] = me * LONG_EACH + i;
		while ((n = write(a, rec, sizeof(rec))) != sizeof(rec))
			if (!long_again(n))
				return NULL;
	}
	return NULL;
}

static void *long_reader(void *arg)
{
	long i, w, n, rec[LONG_WORDS];
	bool whole;

	long_pin((long)arg);
	for (i = 0; i < LONG_EACH; i++) {
		while ((n = read(a, rec, sizeof(rec))) != sizeof(rec))
			if (!long_again(n))
				return NULL;
		whole = rec[0] >= 1 && rec[0] <= LONG_PAIRS * LONG_EACH;
		for (w = 0; w < LONG_WORDS; w += LONG_STEP)
			whole &= rec[w] == rec[0];
		if (whole)
			long_read[rec[0] - 1]++;
		torn += !whole;
	}
	return NULL;
}

static int long_records(void)
{
	pthread_t w[LONG_PAIRS], r[LONG_PAIRS];
	int once = 0;
	long i;

	long_end = time(NULL) + 20 * slow();
	for (i = 0; i < LONG_PAIRS; i++)
		need(!pthread_create(&w[i], NULL, long_write, (void *)i) &&
		     !pthread_create(&r[i], NULL, long_reader, (void *)i),
		     "thread");
	for (i = 0; i < LONG_PAIRS; i++) {
		pthread_join(w[i], NULL);
		pthread_join(r[i], NULL);
	}
	for (i = 0; i < LONG_PAIRS * LONG_EACH; i++)
		once += long_read[i] == 1;
	is_num(strange, 0, "no transfer of a long record is short");
	is_num(torn, 0, "no record is torn");
	is_num(late, 0, "no call waits for ever");
	is_num(once, LONG_PAIRS * LONG_EACH, "each record is read once");
	return done_testing();
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (argc < 3)
		return 2;
	node[0] = argv[2];
	a = open_node(0, O_RDWR | O_NONBLOCK);
	if (!strcmp(what, "crowd"))
		return crowd(atoi(argv[3]));
	if (!strcmp(what, "edge"))
		return edge();
	if (!strcmp(what, "long"))
		return long_records();
	node[1] = argv[3];
	b = open_node(1, O_RDWR | O_NONBLOCK);
	return strcmp(what, "detach") ? basic() : detach(argv + 4);
}
