// SPDX-License-Identifier: GPL-2.0-only
/*
 * access uid NODE | wuid NODE | priv NODE: the users that may open them, and when.
 * access hold NODE FILE: opens, makes FILE and waits for the end of its input.
 * access gone NODE CMD...: opens that wait while CMD takes the driver away.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

static const char *node;
static volatile sig_atomic_t handled;

static void handler(int sig)
{
	handled = sig;
}

/* In a child: becomes this user, without any capability. */
static void become(int uid, int euid)
{
	if (setresuid(uid, euid, euid))
		_exit(200);
}

/* In a child of root's: loses only what opens for others. */
static void lose_override(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d))
		_exit(200);
	d[0].effective &= ~(1U << CAP_DAC_OVERRIDE);
	if (syscall(SYS_capset, &h, d))
		_exit(200);
}

/* An open by another user, done in a process of its own: 0 or an errno. */
static int open_as(int uid, int euid, int flags)
{
	int status, fd, pid = fork();

	if (!pid) {
		if (uid || euid)
			become(uid, euid);
		else
			lose_override();
		fd = open(node, flags);
		_exit(fd < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 201;
}

struct holder {
	int pid;
	int up;		/* pipe: the result of the open */
	int down;	/* pipe: closing it ends the process */
};

/* A process of a user that opens the node, reports the result and holds it. */
static struct holder hold(int uid, int flags)
{
	int up[2], down[2], pid;
	struct holder h;

	need(!pipe(up) && !pipe(down), "pipe");
	pid = fork();
	if (!pid) {
		struct sigaction sa = { .sa_handler = handler };
		char res, c;
		int fd;

		/* Others' ends of pipes, and files. */
		for (fd = 3; fd < 64; fd++)
			if (fd != up[1] && fd != down[0])
				close(fd);
		sigaction(SIGUSR1, &sa, NULL);
		sa.sa_flags = SA_RESTART;
		sigaction(SIGUSR2, &sa, NULL);
		become(uid, uid);
		/* As long as it lives what we print has no end. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = open(node, flags);
		res = fd < 0 ? errno : 0;
		if (write(up[1], &res, 1) != 1)
			_exit(1);
		while (read(down[0], &c, 1) > 0)
			;
		_exit(0);
	}
	close(up[1]);
	close(down[0]);
	h = (struct holder){ .pid = pid, .up = up[0], .down = down[1] };
	return h;
}

/* Waits some seconds; once one process was silent, one second. */
static bool comes(struct holder *h, short events)
{
	struct pollfd p = { .fd = h->up, .events = events };
	static int seconds = 10;

	if (poll(&p, 1, seconds * 1000 * slow()) == 1)
		return true;
	seconds = 1;
	return false;
}

/* The result of its open, or 99 if none arrives. */
static int result(struct holder *h)
{
	char res;

	return comes(h, POLLIN) && read(h->up, &res, 1) == 1 ? res : 99;
}

/* Its end closes the file before anyone sees it dead. */
static void let_go(struct holder *h)
{
	close(h->down);
	/* A process that still waits in open(2) does not notice. */
	if (!comes(h, 0)) {
		ok(false, "a process that has opened ends");
		kill(h->pid, SIGKILL);
	}
	waitpid(h->pid, NULL, 0);
	close(h->up);
}

static bool asleep(struct holder *h)
{
	char path[64], line[256], *end;
	int i, seen = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/syscall", h->pid);
	for (i = 0; i < 2000 && seen < 3; i++) {
		line[0] = 0;
		f = fopen(path, "r");
		if (f) {
			end = fgets(line, sizeof(line), f);
			fclose(f);
			seen = end && atoi(line) == SYS_openat ? seen + 1 : 0;
		}
		usleep(1000);
	}
	return seen == 3;
}

static void by_user(int busy)
{
	struct holder h, other;
	int fd;

	is_num(open_as(1000, 1000, O_RDWR | O_NONBLOCK), 0,
	       "not open: a user opens it");
	is_num(open_as(1001, 1001, O_RDWR | O_NONBLOCK), 0, "and then another");

	h = hold(1000, O_RDWR);
	is_num(result(&h), 0, "one user has it");
	is_num(open_as(1001, 1001, O_RDWR | O_NONBLOCK), busy,
	       "another does not get it");
	is_num(open_as(1001, 1001, O_RDONLY | O_NONBLOCK), busy,
	       "not to read either");
	is_num(open_as(1000, 1000, O_RDWR | O_NONBLOCK), 0,
	       "the same user does");
	is_num(open_as(1000, 1001, O_RDWR | O_NONBLOCK), 0,
	       "by the real uid too");
	is_num(open_as(1001, 1000, O_RDWR | O_NONBLOCK), 0,
	       "by the effective one too");
	is_num(open_as(0, 0, O_RDWR | O_NONBLOCK), busy,
	       "root without CAP_DAC_OVERRIDE does not");
	fd = open(node, O_RDWR | O_NONBLOCK);
	ok(fd >= 0, "root with it does");
	is_num(open_as(1001, 1001, O_RDWR | O_NONBLOCK), busy,
	       "which changes nothing for others");
	other = hold(1000, O_RDWR);
	is_num(result(&other), 0, "a second process of the user's has it");
	let_go(&h);
	close(fd);
	is_num(open_as(1001, 1001, O_RDWR | O_NONBLOCK), busy,
	       "it is the user's until the last has closed it");
	let_go(&other);
	is_num(open_as(1001, 1001, O_RDWR | O_NONBLOCK), 0,
	       "then it is anyone's");

	fd = open(node, O_RDWR | O_NONBLOCK);
	is_num(open_as(1001, 1001, O_RDWR | O_NONBLOCK), busy,
	       "when root has it others do not");
	is_num(open_as(0, 0, O_RDWR | O_NONBLOCK), 0, "but root does");
	close(fd);
}

static void waiting(void)
{
	struct holder h, w[4];
	int i, good = 0;

	h = hold(1000, O_RDWR);
	need(!result(&h), "open");
	w[0] = hold(1001, O_RDWR);
	ok(asleep(&w[0]), "an open by another user waits");
	w[1] = hold(1000, O_RDWR);
	is_num(result(&w[1]), 0, "one by the same does not");
	let_go(&h);
	ok(asleep(&w[0]), "it waits for the last of them");
	let_go(&w[1]);
	is_num(result(&w[0]), 0, "whose close wakes it");
	is_num(open_as(1000, 1000, O_RDWR | O_NONBLOCK), EAGAIN,
	       "and it is the owner");

	for (i = 1; i < 4; i++)
		w[i] = hold(1002, O_RDWR);
	for (i = 1; i < 4; i++)
		good += asleep(&w[i]);
	is_num(good, 3, "three of one user wait");
	let_go(&w[0]);
	for (good = 0, i = 1; i < 4; i++)
		good += !result(&w[i]);
	is_num(good, 3, "one close wakes them all");

	h = hold(1001, O_RDWR);
	ok(asleep(&h), "an open that waits");
	kill(h.pid, SIGUSR1);
	is_num(result(&h), EINTR, "is ended by a signal: EINTR");
	let_go(&h);
	h = hold(1001, O_RDWR);
	ok(asleep(&h), "an open that waits");
	kill(h.pid, SIGUSR2);
	ok(asleep(&h), "goes on to wait after one with SA_RESTART");
	for (i = 1; i < 4; i++)
		let_go(&w[i]);
	is_num(result(&h), 0, "and has it in the end");

	w[0] = hold(1002, O_RDWR);
	ok(asleep(&w[0]), "an open that waits");
	kill(w[0].pid, SIGKILL);
	let_go(&w[0]);
	let_go(&h);
	is_num(open_as(1003, 1003, O_RDWR | O_NONBLOCK), 0,
	       "and is killed leaves nothing behind");
}

#define USERS	4
#define TURNS	100

/* Users in turns: each must find itself alone, and none wait for ever. */
static void turns(void)
{
	int pid[USERS], u, i, fd, status, good = 0;
	char c;

	fd = open(node, O_WRONLY | O_TRUNC);
	need(fd >= 0, "open");
	close(fd);
	for (u = 0; u < USERS; u++) {
		pid[u] = fork();
		if (pid[u])
			continue;
		become(2000 + u, 2000 + u);
		alarm(30);
		for (i = 0; i < TURNS; i++) {
			fd = open(node, O_RDWR);
			/* The byte there was written by the holder before. */
			if (fd < 0 || pread(fd, &c, 1, 0) > 1)
				_exit(1);
			c = u;
			if (pwrite(fd, &c, 1, 0) != 1)
				_exit(2);
			sched_yield();
			if (pread(fd, &c, 1, 0) != 1 || c != u)
				_exit(3);
			close(fd);
		}
		_exit(0);
	}
	for (u = 0; u < USERS; u++) {
		waitpid(pid[u], &status, 0);
		if (status)
			diag("user %d: status 0x%x", u, status);
		good += !status;
	}
	is_num(good, USERS, "users in turns: each has it alone, none is forgotten");
}

/* In a session with a terminal of its own: an errno, or what it read. */
static int in_terminal(const char *put, char *got, int *terminal)
{
	int up[2], pid, fd, master, slave, status;

	master = posix_openpt(O_RDWR | O_NOCTTY);
	need(master >= 0 && !grantpt(master) && !unlockpt(master), "ptmx");
	need(!pipe(up), "pipe");
	pid = fork();
	if (!pid) {
		char text[16] = "";

		setsid();
		slave = open(ptsname(master), O_RDWR);
		if (slave < 0)
			_exit(200);
		ioctl(slave, TIOCSCTTY, 0);
		fd = open(node, O_RDWR);
		if (fd < 0)
			_exit(errno);
		if (write(up[1], text, read(fd, text, sizeof(text))) < 0)
			_exit(201);
		if (put && pwrite(fd, put, strlen(put), 0) < 0)
			_exit(202);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	close(up[1]);
	memset(got, 0, 16);
	if (read(up[0], got, 15) < 0)
		return 203;
	close(up[0]);
	*terminal = master;
	return WEXITSTATUS(status);
}

static int without(void)
{
	int pid = fork(), status, fd;

	if (!pid) {
		setsid();
		fd = open(node, O_RDWR);
		_exit(fd < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void by_terminal(void)
{
	int t[9], i, good = 0, last;
	char got[16];

	is_num(without(), EINVAL, "without a terminal: EINVAL");
	is_num(in_terminal("first", got, &t[0]), 0, "a first terminal opens it");
	is_num(in_terminal("second", got, &t[1]), 0, "a second one");
	is_num(strlen(got), 0, "which does not see what the first wrote");
	close(t[1]);
	is_num(in_terminal(NULL, got, &t[1]), 0, "one with the second's number");
	ok(!strcmp(got, "second"), "finds what that has left");
	close(t[0]);
	is_num(in_terminal(NULL, got, &t[0]), 0, "and one with the first's");
	ok(!strcmp(got, "first"), "the first's");
	for (i = 2; i < 8; i++)
		good += !in_terminal("x", got, &t[i]) && !*got;
	is_num(good, 6, "there are 8");
	is_num(in_terminal(NULL, got, &last), ENOMEM, "a ninth: ENOMEM");
	is_num(without(), EINVAL, "without a terminal: still EINVAL");
	for (i = 0; i < 8; i++)
		close(t[i]);
}

static int gone(char **cmd)
{
	struct holder h = hold(1000, O_RDWR), w[3];
	int i, good = 0, pid, status;

	need(!result(&h), "open");
	for (i = 0; i < 3; i++)
		w[i] = hold(1001 + i, O_RDWR);
	for (i = 0; i < 3; i++)
		good += asleep(&w[i]);
	is_num(good, 3, "three opens wait");
	pid = fork();
	if (!pid) {
		execvp(cmd[0], cmd);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	is_num(status, 0, "the driver goes");
	for (good = i = 0; i < 3; i++)
		good += result(&w[i]) == ENODEV;
	is_num(good, 3, "all of them: ENODEV");
	for (i = 0; i < 3; i++)
		let_go(&w[i]);
	let_go(&h);
	return done_testing();
}

static int keep(const char *file)
{
	int fd = open(node, O_RDWR);
	char c;

	if (fd < 0) {
		puts(strerrorname_np(errno));
		return 1;
	}
	close(open(file, O_CREAT | O_WRONLY, 0666));
	while (read(0, &c, 1) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (argc < 3)
		return 2;
	node = argv[2];
	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(what, "gone"))
		return gone(argv + 3);
	if (!strcmp(what, "hold"))
		return keep(argv[3]);
	if (!strcmp(what, "uid")) {
		by_user(EBUSY);
	} else if (!strcmp(what, "wuid")) {
		by_user(EAGAIN);
		waiting();
		if (!tap_failed)
			turns();
	} else {
		by_terminal();
	}
	return done_testing();
}
