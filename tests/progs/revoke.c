// SPDX-License-Identifier: GPL-2.0-only
/*
 * revoke NODE CMD ARG...: 100 open files of NODE, 8 threads that read and
 * write them without pause, one in poll(2), one in epoll_wait(2); meanwhile CMD
 * takes the driver away. Every thread has to come to an end by itself.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define FILES	100
#define THREADS	8

static int fds[FILES];
static atomic_long transfers, odd, over;

static bool transfer(int fd, char *buf, bool write_it)
{
	static const size_t sizes[] = { 1, 64, 256, 300, 4096, 65536 };
	static atomic_uint turn;
	size_t len = sizes[turn++ % 6];
	long n = write_it ? write(fd, buf, len) : read(fd, buf, len);

	if (n < 0 && errno == ENODEV)
		return false;
	if (n < 0 && errno != ENOSPC)
		odd++;
	transfers++;
	return true;
}

/* Transfers until each of its files fails with ENODEV. */
static void *busy(void *arg)
{
	long me = (long)arg;
	char *buf = malloc(65536);
	int alive = 1, i;

	memset(buf, 'b', 65536);
	while (alive) {
		alive = 0;
		for (i = me; i < FILES; i += THREADS)
			alive += transfer(fds[i], buf, (i + alive) & 1);
	}
	free(buf);
	over++;
	return NULL;
}

/* The node is always ready for reads and writes: wait for urgent data. */
static void *poller(void *arg)
{
	struct pollfd p = { .fd = fds[0], .events = POLLPRI };

	*(int *)arg = poll(&p, 1, 20000) == 1 ? p.revents : -1;
	over++;
	return NULL;
}

static void *epoller(void *arg)
{
	struct epoll_event e = { .events = EPOLLPRI };
	int ep = epoll_create1(0);

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fds[1], &e))
		return NULL;
	e.events = 0;
	*(int *)arg = epoll_wait(ep, &e, 1, 20000) == 1 ? (int)e.events : -1;
	close(ep);
	over++;
	return NULL;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int run(char **argv)
{
	int status, pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status;
}

static bool all_over(int n)
{
	int i;

	for (i = 0; i < 1000 * slow() && over < n; i++)
		usleep(10000);
	return over == n;
}

static void dead_files(void)
{
	int i, dead = 0, hup = 0;
	char c = 0;

	for (i = 0; i < FILES; i++) {
		struct pollfd p = { .fd = fds[i], .events = POLLIN | POLLOUT };

		dead += read(fds[i], &c, 1) < 0 && errno == ENODEV &&
			write(fds[i], &c, 1) < 0 && errno == ENODEV &&
			lseek(fds[i], 0, SEEK_SET) < 0 &&
			(errno == ENODEV || errno == ESPIPE);
		hup += poll(&p, 1, 0) == 1 && p.revents == (POLLERR | POLLHUP);
	}
	is_num(dead, FILES, "every old file gives ENODEV");
	is_num(hup, FILES, "and POLLERR with POLLHUP");
	ok(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fds[0], 0) == MAP_FAILED,
	   "and no mapping");
	ok(fsync(fds[0]) < 0, "and no fsync");
}

int main(int argc, char **argv)
{
	pthread_t t[THREADS], p, e;
	int polled = 0, epolled = 0, status;
	double start;
	long i;

	if (argc < 3)
		return 2;
	for (i = 0; i < FILES; i++) {
		fds[i] = open(argv[1], O_RDWR | O_CLOEXEC);
		need(fds[i] >= 0, argv[1]);
	}
	for (i = 0; i < THREADS; i++)
		need(!pthread_create(&t[i], NULL, busy, (void *)i), "thread");
	pthread_create(&p, NULL, poller, &polled);
	pthread_create(&e, NULL, epoller, &epolled);
	usleep(300000);
	ok(transfers > 0 && !over, "all are at work");

	start = now();
	status = run(argv + 2);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "the driver is taken away");
	ok(all_over(THREADS + 2), "all threads come to an end");
	ok(now() - start < 10 * slow(), "within ten seconds");
	diag("%ld transfers, %.1f s", (long)transfers, now() - start);
	is_num(odd, 0, "ENODEV was the only error");
	is_num(polled, POLLERR | POLLHUP, "a sleeper in poll is woken");
	is_num(epolled, EPOLLERR | EPOLLHUP, "a sleeper in epoll_wait is woken");
	dead_files();
	ok(access(argv[1], F_OK) && errno == ENOENT, "the node is gone");
	for (i = 0; i < FILES; i++)
		close(fds[i]);
	return done_testing();
}
