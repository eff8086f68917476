// SPDX-License-Identifier: GPL-2.0-only
/*
 * hammer NODE SECONDS: transfers of all sizes, ioctls, seeks, polls and
 * mappings by threads that share files, none of which waits. What the calls
 * give has to make sense.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define THREADS	4
#define MOST	(192 << 10)	/* three calls of an op, or so */
#define BEHIND	16
#define PATTERN	0xee

static const char *node;
static int shared[2];
static time_t end;
static atomic_long calls, strange, scribbled;

struct worker {
	pthread_t thread;
	unsigned int seed;
	unsigned char buf[MOST + BEHIND];
};

static unsigned int next(struct worker *w, unsigned int n)
{
	return rand_r(&w->seed) % n;
}

/* On both sides of what the framework has cases for. */
static size_t some_length(struct worker *w)
{
	static const unsigned int most[] = { 1, 16, 300, 5000, MOST };

	return next(w, most[next(w, sizeof(most) / sizeof(*most))] + 1);
}

/* At most @max, or one of the errnos that user space knows. */
static long check(const char *what, long ret, long max)
{
	calls++;
	if (ret > max || ret < -511) {
		strange++;
		diag("%s of %ld gave %ld", what, max, ret);
	}
	return ret;
}

static long some_read(struct worker *w, int fd, long len, long pos)
{
	struct iovec iov[2] = {
		{ w->buf, len / 3 }, { w->buf + len / 3, len - len / 3 },
	};

	switch (next(w, 3)) {
	case 0:
		return ret_of(read(fd, w->buf, len));
	case 1:
		return ret_of(pread(fd, w->buf, len, pos));
	default:
		return ret_of(readv(fd, iov, 2));
	}
}

static void try_read(struct worker *w, int fd, long len, long pos)
{
	long ret, i;

	memset(w->buf, PATTERN, len + BEHIND);
	ret = check("a read", some_read(w, fd, len, pos), len);
	if (ret < 0 || ret > len)
		ret = 0;
	for (i = 0; i < BEHIND; i++)
		if (w->buf[ret + i] != PATTERN)
			break;
	scribbled += i < BEHIND;
}

static void try_write(struct worker *w, int fd, long len, long pos)
{
	struct iovec iov[2] = {
		{ w->buf, len / 3 }, { w->buf + len / 3, len - len / 3 },
	};
	long ret;

	switch (next(w, 3)) {
	case 0:
		ret = ret_of(write(fd, w->buf, len));
		break;
	case 1:
		ret = ret_of(pwrite(fd, w->buf, len, pos));
		break;
	default:
		ret = ret_of(writev(fd, iov, 2));
	}
	check("a write", ret, len);
}

/* Of the types that drivers have; those of all files could make one wait. */
static void try_ioctl(struct worker *w, int fd)
{
	static const unsigned int sizes[] = { 0, 1, 4, 8, 36, 40, 8000 };
	unsigned int size = sizes[next(w, sizeof(sizes) / sizeof(*sizes))];
	unsigned int cmd = _IOC(next(w, 4), "pk"[next(w, 2)], next(w, 20), size);
	unsigned long arg = (unsigned long)w->buf;

	if (!next(w, 4))
		arg = next(w, 100);
	check("an ioctl", ret_of(ioctl(fd, cmd, arg)), INT_MAX);
}

static void try_map(struct worker *w, int fd, size_t len)
{
	volatile unsigned char *p;

	p = mmap(NULL, len + 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check("an mmap", p == MAP_FAILED ? -errno : 0, 0);
	if (p == MAP_FAILED)
		return;
	p[next(w, len + 1)]++;
	munmap((void *)p, len + 1);
}

static void try_one(struct worker *w, int fd)
{
	size_t len = some_length(w), pos = some_length(w);
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	switch (next(w, 8)) {
	case 0:
	case 1:
		try_read(w, fd, len, pos);
		break;
	case 2:
	case 3:
		try_write(w, fd, len, pos);
		break;
	case 4:
		try_ioctl(w, fd);
		break;
	case 5:
		check("a seek", ret_of(lseek(fd, pos, next(w, 6))), LONG_MAX);
		break;
	case 6:
		check("a poll", ret_of(poll(&p, 1, 0)), 1);
		check("an fsync", ret_of(fsync(fd)), 0);
		break;
	default:
		try_map(w, fd, len);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	int fd;

	while (time(NULL) < end) {
		try_one(w, shared[next(w, 2)]);
		if (next(w, 8))
			continue;
		fd = open(node, O_RDWR | O_NONBLOCK);
		check("an open", fd < 0 ? -errno : 0, 0);
		if (fd < 0)
			continue;
		try_one(w, fd);
		close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS];
	int i;

	need(argc == 3, "usage: hammer NODE SECONDS");
	node = argv[1];
	end = time(NULL) + atoi(argv[2]);
	for (i = 0; i < 2; i++) {
		shared[i] = open(node, O_RDWR | O_NONBLOCK);
		need(shared[i] >= 0, node);
	}
	for (i = 0; i < THREADS; i++) {
		workers[i].seed = i;
		need(!pthread_create(&workers[i].thread, NULL, work,
				     &workers[i]), "thread");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	is_num(strange, 0, "all calls give what they may");
	is_num(scribbled, 0, "no read writes beyond its return value");
	ok(calls > 100, "there were many");
	diag("%ld calls", (long)calls);
	return done_testing();
}
