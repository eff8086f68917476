// SPDX-License-Identifier: GPL-2.0-only
/*
 * ticker NODE CMD ARG...: the driver ticker, with a period of 50 ms at first;
 * CMD takes it away in the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sleepers.h"
#include "tap.h"

struct tick {
	uint64_t number;
	uint64_t ns;
};

#define TICKER_GET_PERIOD	_IOR('T', 0, uint32_t)
#define TICKER_SET_PERIOD	_IOW('T', 1, uint32_t)

#define MS	1000U
#define HOUR	3600000000U

static int fd;
static struct tick tick;
static void *volatile nowhere = (void *)8;

static long read_tick(void)
{
	return ret_of(read(fd, &tick, sizeof(tick)));
}

static long set_period(uint32_t us)
{
	return ret_of(ioctl(fd, TICKER_SET_PERIOD, &us));
}

static long period(void)
{
	uint32_t us = 0;

	return ioctl(fd, TICKER_GET_PERIOD, &us) ? -errno : (long)us;
}

static void set_nonblock(bool yes)
{
	need(!fcntl(fd, F_SETFL, yes ? O_NONBLOCK : 0), "O_NONBLOCK");
}

/* A guest whose host is busy is late. */
static bool about(double got, double want)
{
	bool good = got >= want * 0.7 && got <= want * 1.3 + 0.4;

	if (!good)
		diag("%.3f s, not about %.3f s", got, want);
	return good;
}

static void reading(const char *path)
{
	struct tick first, last;
	int other, i, odd = 0;
	double start;

	is_num(read_tick(), 16, "a read gives a tick");
	ok(tick.ns / 1e9 <= now() && tick.ns / 1e9 > now() - 1,
	   "with its time on CLOCK_MONOTONIC");
	first = last = tick;
	start = now();
	for (i = 0; i < 20; i++) {
		need(read_tick() == 16, "read");
		odd += tick.number <= last.number || tick.ns <= last.ns;
		last = tick;
	}
	is_num(odd, 0, "number and time only grow");
	ok(about(now() - start, (tick.number - first.number) * 0.05),
	   "the number grows by one in 50 ms");
	ok(about((tick.ns - first.ns) / 1e9,
		 (tick.number - first.number) * 0.05), "and so do the times");

	first = tick;
	usleep(500000);
	need(read_tick() == 16, "read");
	if (!ok(tick.number >= first.number + 3,
		"a late reader sees from the number how many it missed"))
		diag("%lu after %lu, %.3f s later", (unsigned long)tick.number,
		     (unsigned long)first.number,
		     (tick.ns - first.ns) / 1e9);
	ok(now() - tick.ns / 1e9 < 0.4, "and gets the latest");
	last = tick;
	need(read_tick() == 16, "read");
	ok(tick.number > last.number, "never the same again");

	is(read(fd, &last, 15), -EINVAL, "a read of 15 bytes: EINVAL");
	is(read(fd, &last, 0), -EINVAL, "of none");
	is(read(fd, nowhere, 16), -EFAULT, "to nowhere: EFAULT");
	is(write(fd, &last, 16), -EINVAL, "no write");

	other = open(path, O_RDONLY);
	need(other >= 0 && set_period(HOUR) == 0, "an hour");
	set_nonblock(true);
	read_tick();
	is_num(read_tick(), -EAGAIN, "O_NONBLOCK: EAGAIN when there is none");
	need(!set_period(300 * MS), "period");
	set_nonblock(false);
	need(read_tick() == 16, "read");
	is(read(other, &last, 16), 16, "another open gets it too");
	ok(last.number == tick.number && last.ns == tick.ns, "the same");
	close(other);

	other = open(path, O_RDONLY | O_NONBLOCK);
	is(read(other, &last, 16), -EAGAIN, "a new open has none of before");
	close(other);
}

static void periods(const char *path)
{
	uint32_t us = 1000;
	double start;
	uint64_t n;
	int ro;

	is_num(period(), 300 * MS, "TICKER_GET_PERIOD gives the period");
	is_num(set_period(99), -EINVAL, "99 us: EINVAL");
	is_num(set_period(0), -EINVAL, "0");
	is_num(set_period(HOUR + 1), -EINVAL, "more than an hour");
	is_num(period(), 300 * MS, "which leave it as it was");
	ro = open(path, O_RDONLY);
	is(ioctl(ro, TICKER_SET_PERIOD, &us), -EBADF,
	   "of a file that is open to read: EBADF");
	is(ioctl(ro, TICKER_GET_PERIOD, &us), 0, "a read-only file may query it");
	close(ro);
	is(ioctl(fd, TICKER_SET_PERIOD, 8), -EFAULT, "from nowhere: EFAULT");
	is(ioctl(fd, TICKER_GET_PERIOD, 8), -EFAULT, "to nowhere");
	is(ioctl(fd, _IO('T', 2)), -ENOTTY, "another command: ENOTTY");

	need(!set_period(HOUR) && !set_period(200 * MS), "period");
	start = now();
	set_nonblock(true);
	read_tick();
	set_nonblock(false);
	need(read_tick() == 16, "read");
	ok(about(now() - start, 0.2), "a new period counts from now");
	is_num(set_period(100), 0, "100 us");
	n = tick.number;
	usleep(500000);
	need(read_tick() == 16, "read");
	ok(tick.number - n > 2500u / slow() && tick.number - n < 20000,
	   "are 5000 ticks in half a second");
	diag("%lu ticks", (unsigned long)(tick.number - n));
	need(!set_period(300 * MS), "period");
	set_nonblock(true);
	read_tick();
	set_nonblock(false);
}

static void waiting(void)
{
	int ep = epoll_of(fd, EPOLLIN | EPOLLET);

	epolled(ep, 0);
	need(read_tick() == 16, "read");
	epolled(ep, 0);
	is_num(polled(fd, POLLIN | POLLOUT, 0), -1, "poll: not yet");
	is_num(epolled(ep, 0), -1, "epoll: not yet");
	is_num(polled(fd, POLLIN | POLLOUT, 2000), POLLIN, "poll: a tick");
	is_num(epolled(ep, 0), EPOLLIN, "epoll: a tick");
	is_num(polled(fd, POLLIN, 0), POLLIN, "poll: until it is read");
	is_num(epolled(ep, 2000), EPOLLIN, "epoll: the next");
	need(!set_period(HOUR), "period");
	set_nonblock(true);
	read_tick();
	set_nonblock(false);
	is_num(interrupted(read_tick), -EINTR, "a signal ends a wait");
	close(ep);
}

#define READERS	8

/* Each in a process of its own: a wake-up of all reaches each of them. */
static void many(const char *path)
{
	int i, j, f, status, bad = 0, pids[READERS];
	struct tick t, last;

	need(!set_period(20 * MS), "period");
	for (i = 0; i < READERS; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		alarm(20);
		f = open(path, O_RDONLY);
		last.number = 0;
		for (j = 0; j < 20; j++, last = t)
			if (read(f, &t, 16) != 16 || t.number <= last.number)
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < READERS; i++) {
		waitpid(pids[i], &status, 0);
		bad += !!status;
	}
	is_num(bad, 0, "8 processes read 20 ticks each, in order");
}

static void on_io(int sig)
{
	(void)sig;
}

static void sigio(void)
{
	struct sigaction sa = { .sa_handler = on_io };
	int left;

	sigaction(SIGIO, &sa, NULL);
	need(!fcntl(fd, F_SETOWN, getpid()) && !fcntl(fd, F_SETFL, O_ASYNC),
	     "O_ASYNC");
	left = sleep(5);
	need(!fcntl(fd, F_SETFL, 0), "F_SETFL");
	ok(left > 0, "SIGIO at a tick");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	need(fd >= 0, argv[1]);
	is_num(period(), 50 * MS, "the period is the one given at load");
	reading(argv[1]);
	periods(argv[1]);
	waiting();
	many(argv[1]);
	sigio();
	need(!set_period(HOUR), "an hour");
	set_nonblock(true);
	read_tick();
	set_nonblock(false);
	detached(fd, read_tick, POLLIN, argv + 2);
	is_num(period(), -ENODEV, "TICKER_GET_PERIOD: ENODEV");
	return done_testing();
}
