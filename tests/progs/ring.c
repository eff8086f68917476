// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring NODE CMD ARG...: the driver ring, between processes; CMD takes it away
 * in the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sleepers.h"
#include "tap.h"

#define RING_DATA	4096
#define TOTAL		(64UL << 20)

struct ring {
	_Atomic uint64_t head;
	_Atomic uint32_t data_wanted;
	char pad1[52];
	_Atomic uint64_t tail;
	_Atomic uint32_t space_wanted;
	char pad2[52];
};

#define RING_SIZE	_IOR('R', 0, uint64_t)
#define RING_WAIT_DATA	_IO('R', 1)
#define RING_WAIT_SPACE	_IO('R', 2)
#define RING_NOTIFY	_IO('R', 3)

static int fd;
static uint64_t size;
static struct ring *ring;
static unsigned char *data;

/* In memory that both processes have. */
static struct shared {
	atomic_long waits, notifies;
	atomic_ulong sum;
	atomic_bool ready;
} *shared;

static void *map(int f, int flags)
{
	return mmap(NULL, RING_DATA + size, PROT_READ | PROT_WRITE, flags, f, 0);
}

static void attach(const char *path)
{
	fd = open(path, O_RDWR | O_CLOEXEC);
	need(fd >= 0 && !ioctl(fd, RING_SIZE, &size), path);
	ring = map(fd, MAP_SHARED);
	need(ring != MAP_FAILED, "mmap");
	data = (unsigned char *)ring + RING_DATA;
}

static void call(unsigned long cmd, atomic_long *count)
{
	if (ioctl(fd, cmd))
		_exit(1);
	++*count;
}

/* FNV-1a, eight bytes a step. */
static uint64_t checksum(uint64_t sum, uint64_t word)
{
	return (sum ^ word) * 0x100000001b3;
}

/* Numbers that are not to be guessed from their place. */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	return *seed ^= *seed << 17;
}

static void notify(_Atomic uint32_t *wanted)
{
	if (atomic_exchange(wanted, 0))
		call(RING_NOTIFY, &shared->notifies);
}

static uint64_t produce(uint64_t total)
{
	uint64_t sum = 0, seed = 88172645463325252, head = ring->head, end, word;

	for (end = head + total; head < end; notify(&ring->data_wanted)) {
		uint64_t room = ring->tail + size - head, n;

		if (!room) {
			call(RING_WAIT_SPACE, &shared->waits);
			continue;
		}
		if (room > end - head)
			room = end - head;
		for (n = 0; n < room; n += 8) {
			word = next(&seed);
			memcpy(data + (head + n) % size, &word, 8);
			sum = checksum(sum, word);
		}
		head += room;
		ring->head = head;
	}
	return sum;
}

static uint64_t consume(uint64_t total)
{
	uint64_t sum = 0, tail = ring->tail, end, word, used, n;

	for (end = tail + total; tail < end; notify(&ring->space_wanted)) {
		used = ring->head - tail;
		if (!used) {
			call(RING_WAIT_DATA, &shared->waits);
			continue;
		}
		for (n = 0; n < used; n += 8) {
			memcpy(&word, data + (tail + n) % size, 8);
			sum = checksum(sum, word);
		}
		tail += used;
		ring->tail = tail;
	}
	return sum;
}

/* In a process of its own, with an open and a mapping of its own. */
static int start_producer(const char *path)
{
	int pid = fork();

	if (pid)
		return pid;
	munmap(ring, RING_DATA + size);
	close(fd);
	alarm(30);
	attach(path);
	shared->sum = produce(TOTAL);
	_exit(0);
}

static void stream(const char *path)
{
	double start = now();
	uint64_t sum;
	int status, pid = start_producer(path);

	alarm(30);
	sum = consume(TOTAL);
	alarm(0);
	waitpid(pid, &status, 0);
	ok(!status && sum == shared->sum,
	   "64 MiB from one process to another, with their checksum");
	diag("%ld waits and %ld notifies, %.1f s", (long)shared->waits,
	     (long)shared->notifies, now() - start);
	ok(shared->waits + shared->notifies < (long)(TOTAL / 16384),
	   "by less than a system call for each 16 KiB");
	ok(ring->head == TOTAL && ring->tail == TOTAL, "head and tail count all bytes");
}

static long wait_data(void)
{
	return ret_of(ioctl(fd, RING_WAIT_DATA));
}

static long wait_space(void)
{
	return ret_of(ioctl(fd, RING_WAIT_SPACE));
}

static void counters(uint64_t head, uint64_t tail)
{
	ring->head = head;
	ring->tail = tail;
}

static void setup(const char *path)
{
	struct ring *other;
	int f;

	is_num(size, 1 << 20, "RING_SIZE gives the size of the data");
	ok(map(fd, MAP_PRIVATE) == MAP_FAILED && errno == EINVAL,
	   "a private mapping: EINVAL");
	ok(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, RING_DATA + size) ==
	   MAP_FAILED && errno == EINVAL, "behind the end: EINVAL");
	is(ioctl(fd, RING_SIZE, 8), -EFAULT, "RING_SIZE to nowhere: EFAULT");
	is(ioctl(fd, _IO('R', 4)), -ENOTTY, "another command: ENOTTY");
	is(read(fd, &f, 1), -EINVAL, "no read");
	is(write(fd, &f, 1), -EINVAL, "no write");
	f = open(path, O_RDONLY);
	ok(map(f, MAP_SHARED) == MAP_FAILED && errno == EACCES,
	   "no mapping to write of a file that is open to read");
	close(f);

	f = open(path, O_RDWR);
	other = map(f, MAP_SHARED);
	close(f);
	ring->data_wanted = 4711;
	ok(other->data_wanted == 4711, "two opens have the same memory");
	munmap(other, RING_DATA + size);
	is_num(polled(fd, POLLIN | POLLOUT, 0), POLLOUT, "space, no data");
}

/* Counters that any user of the node can write. */
static void nonsense(void)
{
	counters(0, 1);
	is_num(wait_data(), -EIO, "more taken out than put in: EIO");
	is_num(wait_space(), -EIO, "in both directions");
	is_num(polled(fd, POLLIN | POLLOUT, 0), POLLERR, "and POLLERR");
	counters(size + 1, 0);
	is_num(wait_data(), -EIO, "more in it than fits");
	counters(1UL << 63, 0);
	is_num(wait_data(), -EIO, "far more");
	counters(-1UL, 0);
	is_num(wait_data(), -EIO, "the most");
	counters(5, -5UL);
	is_num(wait_data(), 0, "counters that wrap around are good");
	counters(size, 0);
	is_num(wait_data(), 0, "so is a full one");
	need(!fcntl(fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	is_num(wait_space(), -EAGAIN, "which has no space: EAGAIN");
	is_num(polled(fd, POLLIN | POLLOUT, 0), POLLIN, "data, no space");
	counters(7, 7);
	is_num(wait_data(), -EAGAIN, "an empty one has no data: EAGAIN");
	ok(ring->data_wanted && ring->space_wanted, "a waiter sets its flag");
	need(!fcntl(fd, F_SETFL, 0), "blocking");
}

static void waiting(void)
{
	struct sleeper s = {};
	int ep = epoll_of(fd, EPOLLIN | EPOLLET);

	counters(0, 0);
	is_num(interrupted(wait_data), -EINTR, "a signal ends a wait");
	sleeper_start(&s, wait_data);
	usleep(100000);
	ok(!s.over, "a waiter for data sleeps");
	need(!ioctl(fd, RING_NOTIFY), "notify");
	usleep(100000);
	ok(!s.over, "and on, when it is woken for nothing");
	is_num(polled(fd, POLLIN, 0), -1, "nor does poll see any");
	is_num(epolled(ep, 0), -1, "nor epoll");
	ring->data_wanted = 0;
	counters(1, 0);
	need(!ioctl(fd, RING_NOTIFY), "notify");
	ok(sleeper_ends(&s) && !s.ret, "until there is data");
	is_num(epolled(ep, 1000), EPOLLIN, "epoll reports it once");
	is_num(epolled(ep, 0), -1, "and not twice");
	counters(size, 0);
	sleeper_start(&s, wait_space);
	usleep(100000);
	ok(!s.over, "a waiter for space sleeps");
	counters(size, 1);
	need(!ioctl(fd, RING_NOTIFY), "notify");
	ok(sleeper_ends(&s) && !s.ret, "until there is some");
	close(ep);
}

static sigjmp_buf bus;

static void on_bus(int sig)
{
	siglongjmp(bus, sig);
}

static bool sigbus(volatile unsigned char *p)
{
	if (sigsetjmp(bus, 1))
		return true;
	(void)*p;
	return false;
}

/* Another process with a mapping that is in use when the driver goes. */
static int start_mapper(const char *path)
{
	int pid = fork();

	if (pid)
		return pid;
	attach(path);
	data[0]++;
	shared->ready = true;
	for (;;)
		if (sigbus(data) && sigbus(data + size - 1) &&
		    sigbus((unsigned char *)ring))
			_exit(0);
}

static void gone(const char *path, char **argv)
{
	int i, status, pid = start_mapper(path);

	for (i = 0; i < 500 * slow() && !shared->ready; i++)
		usleep(10000);
	counters(0, 0);
	detached(fd, wait_data, POLLIN, argv);
	ok(sigbus(data) && sigbus((unsigned char *)ring),
	   "a mapping of a driver that is gone: SIGBUS");
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && !WEXITSTATUS(status),
	   "in another process too, while it was used");
	ok(map(fd, MAP_SHARED) == MAP_FAILED && errno == ENODEV,
	   "no new mapping: ENODEV");
	ok(!munmap(ring, RING_DATA + size), "the old one can be unmapped");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	signal(SIGBUS, on_bus);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(shared != MAP_FAILED, "mmap");
	attach(argv[1]);
	stream(argv[1]);
	setup(argv[1]);
	nonsense();
	waiting();
	gone(argv[1], argv + 2);
	return done_testing();
}
