// SPDX-License-Identifier: GPL-2.0-only
/*
 * splice NODE HOW COMMAND: splice(2) between a pipe and a node without data, with the
 * driver every (tests/drivers), while other tasks use that pipe. HOW is "serial" if
 * the ops are serialised. COMMAND removes the driver at the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/types.h>
#include "../../bpf/include/chr_ext/abi.h"
#include "../drivers/every.h"
#include "tap.h"

#define PIPE	8192		/* two buffers, for two writers */

static const char *node;
static int fd, other, pipes[2];
static struct every every = { .events = 0, .ready = 0, .opens = 1 };

static void set_ready(unsigned int ready)
{
	every.ready = ready;
	need(!ioctl(other, EVERY_SET, &every), "EVERY_SET");
}

static void wake(void)
{
	need(!ioctl(other, EVERY_WAKE, EPOLLIN | EPOLLOUT), "EVERY_WAKE");
}

/* Run @call in a new task, whose exit status is 0 if the call returns @want. */
static pid_t start(long (*call)(void), long want)
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (!pid) {
		long ret;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		ret = call();
		if (ret != want)
			fprintf(stderr, "# got %ld, want %ld\n", ret, want);
		_exit(ret != want);
	}
	return pid;
}

static bool asleep(pid_t pid)
{
	char path[64], stat[256] = "", *state;
	int f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = open(path, O_RDONLY);
	if (f < 0 || read(f, stat, sizeof(stat) - 1) <= 0)
		return false;
	close(f);
	state = strrchr(stat, ')');
	/* 'D' while its op sleeps. */
	return state && (state[2] == 'S' || state[2] == 'D');
}

static void until_asleep(pid_t pid)
{
	int i;

	for (i = 0; i < 3000 * slow() && !asleep(pid); i++)
		usleep(1000);
	usleep(20000);
}

/* Its status within some seconds, or -1. */
static int ended(pid_t pid)
{
	int status, i;

	for (i = 0; i < 15000 * slow(); i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(1000);
	}
	return -1;
}

static bool running(pid_t pid)
{
	return !waitpid(pid, NULL, WNOHANG);
}

static long from_node(void)
{
	return ret_of(splice(fd, NULL, pipes[1], NULL, 100, 0));
}

static long from_node_nonblock(void)
{
	return ret_of(splice(fd, NULL, pipes[1], NULL, 100, SPLICE_F_NONBLOCK));
}

static long to_node(void)
{
	return ret_of(splice(pipes[0], NULL, fd, NULL, 100, 0));
}

static long to_node_nonblock(void)
{
	return ret_of(splice(pipes[0], NULL, fd, NULL, 100, SPLICE_F_NONBLOCK));
}

static long send_node(void)
{
	return ret_of(sendfile(pipes[1], fd, NULL, 100));
}

static long send_to_node(void)
{
	int f = open("/proc/self/exe", O_RDONLY);

	return ret_of(sendfile(fd, f, NULL, 100));
}

static long put(void)
{
	return ret_of(write(pipes[1], "x", 1));
}

static long take(void)
{
	char byte;

	return ret_of(read(pipes[0], &byte, 1));
}

static long hold(void)
{
	return ret_of(ioctl(other, EVERY_DOZE, 80000));
}

static void fresh(void)
{
	close(pipes[0]);
	close(pipes[1]);
	need(!pipe2(pipes, O_CLOEXEC) && fcntl(pipes[1], F_SETPIPE_SZ, PIPE) == PIPE,
	     "pipe");
}

static long drained(void)
{
	char buf[PIPE];

	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	return ret_of(read(pipes[0], buf, sizeof(buf)));
}

static void from_empty(void)
{
	pid_t splicer, user;
	char fill[PIPE] = "";

	set_ready(0);
	fresh();
	is(from_node_nonblock(), -EAGAIN, "SPLICE_F_NONBLOCK from an empty node: EAGAIN");
	splicer = start(from_node, 100);
	until_asleep(splicer);
	ok(running(splicer), "without the flag it waits");
	user = start(put, 1);
	is_num(ended(user), 0, "another task writes to the pipe meanwhile");
	wake();
	is_num(ended(splicer), 0, "data wakes it");
	is_num(drained(), 101, "its bytes follow the other's byte");

	set_ready(0);
	fresh();
	splicer = start(from_node, 100);
	until_asleep(splicer);
	kill(splicer, SIGKILL);
	is_num(ended(splicer), SIGKILL, "a waiter can be killed");
	is_num(put(), 1, "the pipe is not locked afterwards");

	fresh();
	splicer = start(from_node, 100);
	until_asleep(splicer);
	need(write(pipes[1], fill, PIPE) == PIPE, "fill");
	wake();
	until_asleep(splicer);
	ok(running(splicer), "a pipe that was filled meanwhile: it keeps waiting");
	is_num(drained(), PIPE, "until the pipe is drained");
	is_num(ended(splicer), 0, "then it returns");

	set_ready(0);
	fresh();
	splicer = fork();
	if (!splicer) {
		signal(SIGPIPE, SIG_IGN);
		close(pipes[0]);
		_exit(from_node() != -EPIPE);
	}
	until_asleep(splicer);
	close(pipes[0]);
	wake();
	is_num(ended(splicer), 0, "a pipe without readers: EPIPE");
	pipes[0] = -1;
}

static void to_full(void)
{
	pid_t splicer, user;

	set_ready(0);
	fresh();
	need(write(pipes[1], "abc", 3) == 3, "write");
	is(to_node_nonblock(), -EAGAIN, "SPLICE_F_NONBLOCK to a full node: EAGAIN");
	splicer = start(to_node, 2);
	until_asleep(splicer);
	ok(running(splicer), "without the flag it waits");
	user = start(take, 1);
	is_num(ended(user), 0, "another task reads from the pipe meanwhile");
	wake();
	is_num(ended(splicer), 0, "room wakes it");
	is_num(drained(), -EAGAIN, "and the pipe is empty");

	set_ready(0);
	fresh();
	need(write(pipes[1], "abc", 3) == 3, "write");
	splicer = start(to_node, 3);
	until_asleep(splicer);
	kill(splicer, SIGKILL);
	is_num(ended(splicer), SIGKILL, "a waiter can be killed");
	is_num(take(), 1, "the pipe is not locked afterwards");
}

static void sent(void)
{
	pid_t sender;

	set_ready(0);
	fresh();
	sender = start(send_node, 100);
	until_asleep(sender);
	ok(running(sender), "sendfile from an empty node waits");
	wake();
	is_num(ended(sender), 0, "data wakes it");
	set_ready(0);
	sender = start(send_to_node, 100);
	until_asleep(sender);
	ok(running(sender), "sendfile to a full node waits");
	wake();
	is_num(ended(sender), 0, "room wakes it");
}

/* Waiting for a turn does not hold the pipe either. */
static void turns(void)
{
	struct pollfd p = { .events = POLLIN };
	pid_t holder, splicer, user;

	set_ready(1);
	fresh();
	holder = start(hold, 100);
	until_asleep(holder);
	is(from_node_nonblock(), -EAGAIN, "SPLICE_F_NONBLOCK out of turn: EAGAIN");
	p.fd = pipes[0];
	splicer = start(from_node, 100);
	user = start(put, 1);
	/* The end of a task waits for a turn as well, to flush its files. */
	is(poll(&p, 1, 6000), 1, "while it waits for its turn another task writes to the pipe");
	ok(running(holder) && running(splicer), "before the turn is given up");
	is_num(ended(user), 0, "the write succeeds");
	is_num(ended(splicer), 0, "it gets its turn");
	is_num(ended(holder), 0, "after the other");
	is_num(drained(), 101, "and transferred its bytes");
}

static void gone(const char *command)
{
	pid_t reader, writer;

	set_ready(0);
	fresh();
	need(write(pipes[1], "abc", 3) == 3, "write");
	reader = start(from_node, -ENODEV);
	writer = start(to_node, -ENODEV);
	until_asleep(reader);
	until_asleep(writer);
	ok(!system(command), "the driver is unloaded");
	is_num(ended(reader), 0, "splice from the node: ENODEV");
	is_num(ended(writer), 0, "splice to the node: ENODEV");
	is_num(drained(), 3, "the pipe keeps its bytes");
}

int main(int argc, char **argv)
{
	need(argc == 4, "usage: splice NODE HOW COMMAND");
	node = argv[1];
	fd = open(node, O_RDWR);
	other = open(node, O_RDWR);
	need(fd >= 0 && other >= 0, node);
	need(!pipe(pipes), "pipe");
	from_empty();
	to_full();
	sent();
	if (!strcmp(argv[2], "serial"))
		turns();
	gone(argv[3]);
	return done_testing();
}
