// SPDX-License-Identifier: GPL-2.0-only
/* visitors NODE N: N processes open, write, read and close until SIGTERM. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static void visit(const char *node, long *visits)
{
	char buf[512] = "";
	int fd;

	fd = open(node, O_RDWR);
	if (fd < 0) {
		usleep(1000);
		return;
	}
	if (write(fd, buf, 100) >= 0 && read(fd, buf, sizeof(buf)) >= 0)
		__sync_fetch_and_add(visits, 1);
	close(fd);
}

int main(int argc, char **argv)
{
	long *visits = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, n, pids[64];

	if (argc != 3 || visits == MAP_FAILED)
		return 2;
	n = atoi(argv[2]) & 63;
	signal(SIGTERM, on_term);
	for (i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		while (!stop)
			visit(argv[1], visits);
		_exit(0);
	}
	while (!stop)
		pause();
	for (i = 0; i < n; i++)
		kill(pids[i], SIGTERM);
	for (i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
	printf("%ld visits\n", *visits);
	return 0;
}
