// SPDX-License-Identifier: GPL-2.0-only
/*
 * stuck BY CALL NODE READY: makes a call on NODE with memory whose page never
 * arrives. Once a task waits for the page, READY holds the pid of the process that
 * withholds it.
 *
 * BY is uffd (userfaultfd that does not answer) or fuse (a file of a file
 * system that does not answer). CALL is read, write, ioctl (its argument) or
 * nested (what its argument points to).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../drivers/every.h"

#define PAGE	4096UL
#define FILE_NODE	2	/* the one file, below FUSE_ROOT_ID */

static const char *ready;
static int kernel;		/* userfaultfd or /dev/fuse */

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(2);
}

static void say_ready(void)
{
	int fd = open("/tmp/stuck.new", O_CREAT | O_TRUNC | O_WRONLY, 0600);

	dprintf(fd, "%d\n", getpid());
	close(fd);
	rename("/tmp/stuck.new", ready);
}

static void *uffd_keeper(void *arg)
{
	struct uffd_msg msg;

	(void)arg;
	if (read(kernel, &msg, sizeof(msg)) == sizeof(msg))
		say_ready();
	return NULL;
}

static void *uffd_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t;

	kernel = syscall(SYS_userfaultfd, O_CLOEXEC);
	need(kernel >= 0 && !ioctl(kernel, UFFDIO_API, &api), "userfaultfd");
	reg.range.start = (unsigned long)p;
	reg.range.len = PAGE;
	need(!ioctl(kernel, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER");
	need(!pthread_create(&t, NULL, uffd_keeper, NULL), "thread");
	return p;
}

static void reply(const struct fuse_in_header *in, int err, void *body, size_t size)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + size, .error = err, .unique = in->unique,
	};
	struct iovec iov[] = { { &out, sizeof(out) }, { body, size } };

	need(writev(kernel, iov, 2) > 0 || errno == ENOENT, "reply");
}

static struct fuse_attr attr(unsigned long long ino)
{
	return (struct fuse_attr) {
		.ino = ino, .nlink = 1, .size = PAGE, .blksize = PAGE,
		.mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0666,
	};
}

/* Answers all but reads. */
static void fuse_serve(const struct fuse_in_header *in)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = PAGE,
	};
	struct fuse_entry_out entry = {
		.nodeid = FILE_NODE, .entry_valid = 100, .attr_valid = 100,
		.attr = attr(FILE_NODE),
	};
	struct fuse_attr_out attrs = { .attr_valid = 100, .attr = attr(in->nodeid) };
	struct fuse_open_out open = { .fh = 1 };

	switch (in->opcode) {
	case FUSE_INIT:
		reply(in, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		reply(in, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
		reply(in, 0, &attrs, sizeof(attrs));
		break;
	case FUSE_OPEN:
		reply(in, 0, &open, sizeof(open));
		break;
	case FUSE_READ:
		say_ready();
		break;
	case FUSE_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		reply(in, -ENOSYS, NULL, 0);
	}
}

static void fuse_daemon(void)
{
	char buf[FUSE_MIN_READ_BUFFER + 2 * PAGE];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(kernel, buf, sizeof(buf)) > 0)
		fuse_serve((struct fuse_in_header *)buf);
	_exit(0);
}

static void *fuse_page(void)
{
	char options[100];
	void *p;
	int fd;

	kernel = open("/dev/fuse", O_RDWR);
	need(kernel >= 0, "/dev/fuse");
	mkdir("/tmp/stuck", 0700);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", kernel);
	need(!mount("stuck", "/tmp/stuck", "fuse", 0, options), "mount");
	if (!fork())
		fuse_daemon();
	close(kernel);
	fd = open("/tmp/stuck/file", O_RDWR);
	umount2("/tmp/stuck", MNT_DETACH);
	need(fd >= 0, "file");
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	need(p != MAP_FAILED, "mmap");
	return p;
}

int main(int argc, char **argv)
{
	const char *call;
	char *page;
	__u64 addr;
	long ret;
	int fd;

	need(argc == 5, "usage: stuck BY CALL NODE READY");
	ready = argv[4];
	call = argv[2];
	fd = open(argv[3], O_RDWR);
	need(fd >= 0, argv[3]);
	page = !strcmp(argv[1], "uffd") ? uffd_page() : fuse_page();
	addr = (unsigned long)page;

	if (!strcmp(call, "read"))
		ret = read(fd, page, 10);
	else if (!strcmp(call, "write"))
		ret = write(fd, page, 10);
	else if (!strcmp(call, "ioctl"))
		ret = ioctl(fd, EVERY_SET, page);
	else
		ret = ioctl(fd, EVERY_NESTED, &addr);
	printf("%ld\n", ret < 0 ? (long)-errno : ret);
	return 0;
}
