// SPDX-License-Identifier: GPL-2.0-only
/*
 * faults mem NODE...: buffers that are not there or end early, on each node.
 * faults stall NODE READY: reads NODE into a page that userfaultfd never
 *	gives, until killed; makes the file READY when the page is asked for.
 * faults peek NODE READY: makes the driver peek read such a page of ours; prints
 *	the driver's result.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

#define PAGE	4096

static unsigned char *pages(size_t n, int prot)
{
	void *p = mmap(NULL, n * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(p != MAP_FAILED, "mmap");
	return p;
}

static void named(long got, long want, const char *node, const char *what)
{
	char text[200];

	snprintf(text, sizeof(text), "%s: %s", node, what);
	is_num(got, want, text);
}

/*
 * The last @n bytes before a hole are there. A read gives them, and a stream
 * takes them; half a message is none.
 */
static void edge(int fd, const char *node, unsigned char *hole, size_t n,
		 size_t len)
{
	bool whole = n == len || strstr(node, "stream");
	char what[64];

	snprintf(what, sizeof(what), "read of %zu with %zu there", len, n);
	named(ret_of(syscall(SYS_read, fd, hole - n, len)), n ? (long)n : -EFAULT,
	      node, what);
	snprintf(what, sizeof(what), "write of %zu with %zu there", len, n);
	named(ret_of(syscall(SYS_write, fd, hole - n, len)),
	      n && whole ? (long)n : -EFAULT, node, what);
}

static void bad_memory(const char *node)
{
	unsigned char *mem = pages(40, PROT_READ | PROT_WRITE);
	unsigned char *hole = mem + 20 * PAGE, *locked = mem + 30 * PAGE;
	unsigned char *ro = pages(1, PROT_READ);
	int fd = open(node, O_RDWR);

	need(fd >= 0, node);
	munmap(hole, 10 * PAGE);
	mprotect(locked, PAGE, PROT_NONE);
#define R(p, n) ret_of(syscall(SYS_read, fd, p, (size_t)(n)))
#define W(p, n) ret_of(syscall(SYS_write, fd, p, (size_t)(n)))
	named(R(NULL, 10), -EFAULT, node, "read to NULL: EFAULT");
	named(W(NULL, 10), -EFAULT, node, "write from NULL: EFAULT");
	named(R(NULL, 65536), -EFAULT, node, "large read to NULL: EFAULT");
	named(W(NULL, 65536), -EFAULT, node, "large write from NULL: EFAULT");
	named(R(locked, 10), -EFAULT, node, "read to PROT_NONE: EFAULT");
	named(W(locked, 10), -EFAULT, node, "write from PROT_NONE: EFAULT");
	named(R(ro, 10), -EFAULT, node, "read to read-only memory: EFAULT");
	named(R(-PAGE, 10), -EFAULT, node, "read to the kernel's half: EFAULT");
	named(W(-PAGE, 10), -EFAULT, node, "write from the kernel's half: EFAULT");
	named(W(0xffffffff81000000UL, 10), -EFAULT, node, "write of the kernel's text: EFAULT");
	named(R(mem, LONG_MAX), -EFAULT, node, "read of SSIZE_MAX: EFAULT");
	named(R(mem, -1), -EFAULT, node, "read of -1 bytes: EFAULT");
	named(W(mem, -1), -EFAULT, node, "write of -1 bytes: EFAULT");
	named(R(NULL, 0), 0, node, "read of nothing to NULL: 0");
	named(W(NULL, 0), 0, node, "write of nothing from NULL: 0");
	edge(fd, node, hole, 0, 10);
	edge(fd, node, hole, 1, 10);
	edge(fd, node, hole, 10, 10);
	edge(fd, node, hole, 100, 256);
	edge(fd, node, hole, 100, 300);
	edge(fd, node, hole, 5000, 8192);
	edge(fd, node, hole, 3 * PAGE, 1 << 16);
	close(fd);
	munmap(mem, 20 * PAGE);
	munmap(locked, 10 * PAGE);
	munmap(ro, PAGE);
}

static int uffd;
static const char *ready;

/* Takes note of the first fault, and never answers. */
static void *keeper(void *arg)
{
	struct uffd_msg msg;
	int fd;

	(void)arg;
	if (read(uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		fd = open(ready, O_CREAT | O_WRONLY, 0600);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

static unsigned char *page_that_never_comes(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	unsigned char *p = pages(1, PROT_READ | PROT_WRITE);
	pthread_t t;

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	need(uffd >= 0 && !ioctl(uffd, UFFDIO_API, &api), "userfaultfd");
	reg.range.start = (unsigned long)p;
	reg.range.len = PAGE;
	need(!ioctl(uffd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER");
	need(!pthread_create(&t, NULL, keeper, NULL), "thread");
	return p;
}

static int stall(const char *node)
{
	int fd = open(node, O_RDONLY);

	need(fd >= 0, node);
	return syscall(SYS_read, fd, page_that_never_comes(), 1000) < 0;
}

static int peek(const char *node)
{
	int fd = open(node, O_RDWR);
	unsigned char *p;
	long answer = 0;

	need(fd >= 0, node);
	p = page_that_never_comes();
	need(write(fd, &p, sizeof(p)) == sizeof(p), "write");
	need(read(fd, &answer, sizeof(answer)) == sizeof(answer), "read");
	printf("%ld\n", answer);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 3)
		return 2;
	ready = argv[3];
	if (!strcmp(argv[1], "stall"))
		return stall(argv[2]);
	if (!strcmp(argv[1], "peek"))
		return peek(argv[2]);
	for (i = 2; i < argc; i++)
		bad_memory(argv[i]);
	return done_testing();
}
