/* SPDX-License-Identifier: GPL-2.0-only */
/* For programs whose calls wait: signals, and drivers that go meanwhile. */
#ifndef SLEEPERS_H
#define SLEEPERS_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

/* A call that waits; gives its value, or -errno. */
typedef long (*waiting_t)(void);

static inline double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* poll(2) of one descriptor: its events, or -1 when there were none. */
static inline int polled(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, ms) == 1 ? p.revents : -1;
}

/* The same by an epoll that is there already. */
static inline int epolled(int ep, int ms)
{
	struct epoll_event e = {};

	return epoll_wait(ep, &e, 1, ms) == 1 ? (int)e.events : -1;
}

static inline int epoll_of(int fd, unsigned int events)
{
	struct epoll_event e = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	need(ep >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), "epoll");
	return ep;
}

static inline void on_alarm(int sig)
{
	(void)sig;
}

/* What @call gives when a signal comes while it waits. */
static inline long interrupted(waiting_t call)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value.tv_usec = 200000 }, none = {};
	long ret;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	ret = call();
	setitimer(ITIMER_REAL, &none, NULL);
	return ret;
}

struct sleeper {
	pthread_t thread;
	waiting_t call;
	long ret;
	atomic_bool over;
};

static inline void *sleeper_run(void *arg)
{
	struct sleeper *s = arg;

	s->ret = s->call();
	s->over = true;
	return NULL;
}

static inline void sleeper_start(struct sleeper *s, waiting_t call)
{
	s->call = call;
	s->over = false;
	need(!pthread_create(&s->thread, NULL, sleeper_run, s), "thread");
}

/* Comes to its end within some seconds, and is collected. */
static inline bool sleeper_ends(struct sleeper *s)
{
	int i;

	for (i = 0; i < 500 * slow() && !s->over; i++)
		usleep(10000);
	if (s->over)
		pthread_join(s->thread, NULL);
	return s->over;
}

/* Runs a command; gives 0 when it went well. */
static inline int run(char **argv)
{
	int status, pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* What the two that poll look at. */
static int sleeper_fd, sleeper_ep;
static short sleeper_events;

static inline long sleeper_poll(void)
{
	return polled(sleeper_fd, sleeper_events, 20000);
}

static inline long sleeper_epoll(void)
{
	return epolled(sleeper_ep, 20000);
}

/*
 * While one thread is in @call, one in poll(2) and one in epoll_wait(2) for
 * something that does not come, @argv takes the driver of @fd away.
 */

static inline void detached(int fd, waiting_t call, short events, char **argv)
{
	struct sleeper s = {}, p = {}, e = {};
	double start;

	sleeper_fd = fd;
	sleeper_events = events;
	sleeper_ep = epoll_of(fd, events);
	sleeper_start(&s, call);
	sleeper_start(&p, sleeper_poll);
	sleeper_start(&e, sleeper_epoll);
	usleep(200000);
	ok(!s.over && !p.over && !e.over, "all wait");
	start = now();
	ok(!run(argv), "the driver is taken away");
	ok(sleeper_ends(&s) && sleeper_ends(&p) && sleeper_ends(&e),
	   "which ends their waiting");
	ok(now() - start < 5, "within five seconds");
	is_num(s.ret, -ENODEV, "the call that waited: ENODEV");
	is_num(p.ret, POLLERR | POLLHUP, "poll: POLLERR and POLLHUP");
	is_num(e.ret, EPOLLERR | EPOLLHUP, "epoll: the same");
	is_num(call(), -ENODEV, "another call: ENODEV");
	is_num(polled(fd, POLLIN | POLLOUT, 0), POLLERR | POLLHUP,
	       "another poll");
	close(sleeper_ep);
}

#endif
