// SPDX-License-Identifier: GPL-2.0-only
/*
 * files NODE N [CMD ARG...]: opens NODE N times, writes and reads on each,
 * runs CMD, closes all. Prints the time of each part in microseconds per file.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct rlimit lim = { 20000, 20000 };
	int n, i, *fds, opened = 0, right = 0, status = 0, pid;
	double t[5];
	char c;

	if (argc < 3)
		return 2;
	n = atoi(argv[2]);
	fds = calloc(n, sizeof(*fds));
	setrlimit(RLIMIT_NOFILE, &lim);
	t[0] = now();
	for (i = 0; i < n; i++) {
		fds[i] = open(argv[1], O_RDWR | O_CLOEXEC);
		opened += fds[i] >= 0;
	}
	is_num(opened, n, "all files open");
	t[1] = now();
	for (i = 0; i < n; i++) {
		c = i % 251;
		right += write(fds[i], &c, 1) == 1;
	}
	for (i = 0; i < n; i++)
		right += read(fds[i], &c, 1) == 1 && (unsigned char)c == i % 251;
	is_num(right, 2 * n, "each has a memory of its own");
	t[2] = now();
	if (argc > 3) {
		pid = fork();
		if (!pid) {
			execvp(argv[3], argv + 3);
			_exit(127);
		}
		waitpid(pid, &status, 0);
		ok(WIFEXITED(status) && !WEXITSTATUS(status),
		   "the driver goes under them");
	}
	t[3] = now();
	for (i = 0; i < n; i++)
		close(fds[i]);
	t[4] = now();
	ok(t[3] - t[2] < 20, "in bounded time");
	diag("open %.0f us, write and read %.0f us, detach %.2f s, close %.0f us",
	     (t[1] - t[0]) / n * 1e6, (t[2] - t[1]) / n * 1e6, t[3] - t[2],
	     (t[4] - t[3]) / n * 1e6);
	return done_testing();
}
