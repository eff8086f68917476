// SPDX-License-Identifier: GPL-2.0-only
/*
 * fioc NODE CMD ARG...: the ioctls of the driver fioc, whose arguments point to
 * memory of all kinds. The buffer can be 1 MiB large and is empty. CMD takes the
 * driver away in the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/userfaultfd.h>

#include "sleepers.h"
#include "ioctl32.h"
#include "tap.h"

#define MAX	(1UL << 20)
#define PAGE	4096UL

struct fioc_rw_arg {
	off_t offset;
	void *buf;
	size_t size;
	size_t prev_size;
	size_t new_size;
};

#define FIOC_GET_SIZE	_IOR('E', 0, size_t)
#define FIOC_SET_SIZE	_IOW('E', 1, size_t)
#define FIOC_READ	_IO('E', 2)
#define FIOC_WRITE	_IO('E', 3)

static int fd;
static char out[MAX + PAGE], in[MAX + PAGE];

/* Argument of the last FIOC_READ or FIOC_WRITE. */
static struct fioc_rw_arg arg;

static long rw(unsigned long cmd, off_t offset, void *buf, size_t size)
{
	arg = (struct fioc_rw_arg){ offset, buf, size, 77, 77 };
	return ret_of(ioctl(fd, cmd, &arg));
}

static long get(off_t offset, void *buf, size_t size)
{
	return rw(FIOC_READ, offset, buf, size);
}

static long put(off_t offset, const void *buf, size_t size)
{
	return rw(FIOC_WRITE, offset, (void *)buf, size);
}

static long size_is(void)
{
	size_t size = -1;

	return ioctl(fd, FIOC_GET_SIZE, &size) ? -errno : (long)size;
}

static long resize(size_t size)
{
	return ret_of(ioctl(fd, FIOC_SET_SIZE, &size));
}

static bool sizes(size_t prev, size_t new)
{
	if (arg.prev_size != prev || arg.new_size != new)
		diag("sizes %zu and %zu", arg.prev_size, arg.new_size);
	return arg.prev_size == prev && arg.new_size == new;
}

static bool all(const char *p, size_t n, char c)
{
	return !n || (*p == c && !memcmp(p, p + 1, n - 1));
}

/* Fresh pages that were never touched. */
static char *pages(size_t nr, int prot)
{
	char *p = mmap(NULL, nr * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	need(p != MAP_FAILED, "mmap");
	return p;
}

static void buffer(void)
{
	is_num(size_is(), 0, "a new buffer is empty");
	is_num(get(0, in, 10), 0, "and there is nothing to read");
	ok(sizes(0, 0), "and the sizes are 0");
	is_num(put(0, "hello", 5), 5, "FIOC_WRITE returns the bytes written");
	ok(sizes(0, 5), "and the sizes before and after");
	is_num(size_is(), 5, "the buffer has grown");
	is_num(put(1, "EL", 2), 2, "a write inside");
	ok(sizes(5, 5), "leaves the size");
	memset(in, '-', 20);
	is_num(get(0, in, 20), 5, "FIOC_READ gives what there is");
	ok(!memcmp(in, "hELlo-", 6) && sizes(5, 5), "and no more");
	is_num(get(3, in, 1), 1, "a part of it");
	ok(in[0] == 'l', "from the requested offset");
	is_num(get(5, in, 9), 0, "a read at the end gives 0");
	is_num(get(1L << 62, in, 9), 0, "and so does one far beyond");
	is_num(put(8, "x", 1), 1, "a write beyond the end");
	is_num(get(0, in, 20), 9, "fills the gap");
	ok(!memcmp(in, "hELlo\0\0\0x", 9), "with zeros");
	is_num(put(3, NULL, 0), 0, "a write of nothing is one");
	is_num(put(100, NULL, 0), 0, "beyond the end too");
	is_num(size_is(), 100, "where it makes the buffer larger");
	is_num(get(0, NULL, 0), 0, "and a read of nothing");
}

static void set_size(void)
{
	is_num(resize(4), 0, "FIOC_SET_SIZE makes it smaller");
	is_num(get(0, in, 20), 4, "what is behind is gone");
	is_num(resize(10), 0, "and larger");
	is_num(get(0, in, 20), 10, "again");
	ok(!memcmp(in, "hELl\0\0\0\0\0\0", 10), "with zeros");
	is_num(resize(0), 0, "to nothing");
	is_num(size_is(), 0, "leaves nothing");
	is_num(resize(MAX), 0, "as large as it can be");
	is_num(get(MAX - 1, in, 9), 1, "it has its last byte");
	is_num(resize(MAX + 1), -ENOMEM, "one more is ENOMEM");
	is_num(resize(-1UL), -ENOMEM, "and so is the largest size");
	is_num(size_is(), MAX, "which leaves it as it was");
	is_num(resize(0), 0, "back to nothing");
	is_num(put(MAX - 1, "ab", 2), -ENOMEM, "a write over the end: ENOMEM");
	is_num(put(MAX, "a", 1), -ENOMEM, "one at the end");
	is_num(put(1L << 62, "a", 1), -ENOMEM, "one far beyond");
	is_num(put(0, "a", -1UL), -ENOMEM, "one of all memory there is");
	is_num(put(-1, "a", 1), -EINVAL, "one before the start: EINVAL");
	is_num(get(-1, in, 1), -EINVAL, "a read from there");
	is_num(size_is(), 0, "none of which changed the size");
}

static void errors(void)
{
	is(ioctl(fd, FIOC_GET_SIZE, 8), -EFAULT, "GET_SIZE to nowhere: EFAULT");
	is(ioctl(fd, FIOC_SET_SIZE, 8), -EFAULT, "SET_SIZE from nowhere");
	is(ioctl(fd, FIOC_READ, 8), -EFAULT, "READ with an argument nowhere");
	is(ioctl(fd, FIOC_WRITE, 8), -EFAULT, "WRITE with one");
	is(ioctl(fd, _IO('E', 4)), -EINVAL, "another command: EINVAL");
	is(ioctl(fd, _IO('E', 0)), -EINVAL, "one that differs in its direction");
	is(ioctl(fd, _IOWR('E', 2, struct fioc_rw_arg), in), -EINVAL, "or in its size");
	arg = (struct fioc_rw_arg){ 0, in, 0, 77, 77 };
	is(ioctl(fd, FIOC_WRITE, &arg), 0, "WRITE of nothing");
	arg = (struct fioc_rw_arg){ 0, (void *)8, 1, 77, 77 };
	is(ioctl(fd, FIOC_WRITE, &arg), -EFAULT, "WRITE from nowhere");
	ok(arg.prev_size == 77 && arg.new_size == 77, "leaves the argument as it was");
}

/* The pages of the caller: missing ones are fetched, others are refused. */
static void user_pages(void)
{
	char *p = pages(64, PROT_READ | PROT_WRITE), *gone, *ro;
	char old[8] = "original";

	memset(out, 'd', 64 * PAGE);
	need(!resize(0) && put(0, out, 64 * PAGE) == 64 * PAGE, "fill");
	is_num(get(0, p, 64 * PAGE), 64 * PAGE,
	       "64 untouched pages are read into");
	ok(all(p, 64 * PAGE, 'd'), "completely");
	need(!madvise(p, 64 * PAGE, MADV_DONTNEED), "madvise");
	is_num(put(0, p, 64 * PAGE), 64 * PAGE,
	       "and written from, when they are gone again");
	need(get(0, in, 64 * PAGE) == 64 * PAGE, "read");
	ok(all(in, 64 * PAGE, 0), "as zeros");

	need(!resize(0) && put(0, old, 8) == 8, "fill");
	gone = pages(3, PROT_READ | PROT_WRITE);
	memset(gone, 'g', 3 * PAGE);
	munmap(gone + PAGE, PAGE);
	is_num(put(0, gone + PAGE, 4), -EFAULT, "from where nothing is: EFAULT");
	is_num(get(0, gone + PAGE, 4), -EFAULT, "to there");
	is_num(put(0, gone + PAGE - 4, 8), -EFAULT,
	       "from pages of which the second is missing");
	is_num(put(0, gone, 3 * PAGE), -EFAULT, "or the one in the middle");
	is_num(put(0, (void *)-8L, 4), -EFAULT, "from the kernel's memory");
	is_num(get(0, (void *)-8L, 4), -EFAULT, "to there");
	is_num(put(0, (void *)(1UL << 63), 4), -EFAULT, "no address at all");
	is_num(size_is(), 8, "none of them changed the size");
	is_num(get(0, in, 8), 8, "what was there");
	ok(!memcmp(in, old, 8), "is as it was");
	is_num(get(0, gone + PAGE - 4, 8), -EFAULT,
	       "to pages of which the second is missing: EFAULT");
	is_num(get(0, gone + PAGE - 8, 8), 8, "up to its border it works");
	ok(!memcmp(gone + PAGE - 8, old, 8), "as it should");

	ro = pages(2, PROT_READ);
	is_num(get(0, ro, 8), -EFAULT, "to a page that is read-only: EFAULT");
	is_num(put(0, ro, 8), 8, "from one it works");
	need(!mprotect(ro, PAGE, PROT_READ | PROT_WRITE), "mprotect");
	ro[PAGE - 4] = 'r';
	is_num(get(0, ro + PAGE - 4, 8), -EFAULT, "to a range that ends in one");
	is_num(put(0, "original", 8), 8, "write again");
	need(!mprotect(ro, PAGE, PROT_NONE), "mprotect");
	is_num(put(0, ro, 4), -EFAULT, "from a page that cannot be read");

	is_num(size_is(), 8, "the size is what it was");
	memset(out, 'm', MAX);
	is_num(put(0, out, MAX), MAX, "1 MiB by one ioctl");
	memset(in, 0, MAX);
	is_num(get(0, in, MAX), MAX, "and back");
	ok(all(in, MAX, 'm'), "as it was");
	munmap(p, 64 * PAGE);
}

/* A file's page, and one that is written for the first time after a fork. */
static void shared_pages(void)
{
	int f = memfd_create("pages", 0), pid, status;
	char *p;

	need(f >= 0 && !ftruncate(f, PAGE), "memfd");
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	need(p != MAP_FAILED, "mmap");
	need(!resize(0) && put(0, "contents", 8) == 8, "fill");
	is_num(get(0, p, 8), 8, "to a page of a file that is not in memory yet");
	is_num(get(0, p + PAGE, 8), -EFAULT, "beyond its end: EFAULT, no SIGBUS");
	is_num(put(0, p + PAGE, 8), -EFAULT, "from there");
	munmap(p, 2 * PAGE);
	close(f);

	p = pages(1, PROT_READ | PROT_WRITE);
	memcpy(p, "parent's", 8);
	pid = fork();
	if (!pid)
		_exit(get(0, p, 8) != 8 || memcmp(p, "contents", 8));
	waitpid(pid, &status, 0);
	ok(!status && !memcmp(p, "parent's", 8),
	   "to a page that is shared by fork: the child has its own copy");
	munmap(p, PAGE);
}

static volatile bool stop;

/* Takes a page away and gives it back, without pause. */
static void *robber(void *page)
{
	while (!stop)
		madvise(page, PAGE, MADV_DONTNEED);
	return NULL;
}

static void robbed(void)
{
	char *p = pages(1, PROT_READ | PROT_WRITE);
	pthread_t t;
	long good = 0;
	int i;

	need(!pthread_create(&t, NULL, robber, p), "thread");
	for (i = 0; i < 200; i++)
		good += put(0, p, 100) == 100 && get(0, p, 100) == 100;
	stop = true;
	pthread_join(t, NULL);
	is_num(good, 200, "a page that is taken away all the time is fetched");
}

#ifdef __x86_64__
struct fioc_rw_arg32 {
	int64_t offset;
	uint32_t buf, size, prev_size, new_size;
};

#define FIOC_GET_SIZE32	_IOR('E', 0, uint32_t)
#define FIOC_SET_SIZE32	_IOW('E', 1, uint32_t)
#define FIOC_READ32	FIOC_READ
#define FIOC_WRITE32	FIOC_WRITE

static void compat(void)
{
	char *low = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct fioc_rw_arg32 *arg = (void *)low;
	uint32_t at = (uintptr_t)low, *size = (void *)low;

	need(low != MAP_FAILED, "mmap of low memory");
	size[0] = 12;
	size[1] = 0xffffffff;
	is_num(ioctl32(fd, FIOC_SET_SIZE32, at), 0, "32 bits: FIOC_SET_SIZE");
	is_num(size_is(), 12, "takes a size of 4 bytes");
	need(put(0, "twelve bytes", 12) == 12, "fill");
	size[0] = 0;
	is_num(ioctl32(fd, FIOC_GET_SIZE32, at), 0, "32 bits: FIOC_GET_SIZE");
	ok(size[0] == 12 && size[1] == 0xffffffff, "writes 4 bytes");
	*arg = (struct fioc_rw_arg32){ 7, at + PAGE, 20, 0, 0 };
	is_num(ioctl32(fd, FIOC_READ32, at), 5, "32 bits: FIOC_READ");
	ok(!memcmp(low + PAGE, "bytes", 5) && arg->prev_size == 12 &&
	   arg->new_size == 12 && arg->size == 20, "reads to its buffer");
	*arg = (struct fioc_rw_arg32){ 12, at + PAGE, 3, 0, 0 };
	is_num(ioctl32(fd, FIOC_WRITE32, at), 3, "32 bits: FIOC_WRITE");
	ok(arg->prev_size == 12 && arg->new_size == 15, "gives both sizes");
	*arg = (struct fioc_rw_arg32){ 0, 8, 3, 0, 0 };
	is_num(ioctl32(fd, FIOC_WRITE32, at), -EFAULT, "from nowhere: EFAULT");
	is_num(ioctl32(fd, FIOC_WRITE32, 8), -EFAULT, "an argument nowhere");
	is_num(ioctl32(fd, _IO('E', 4), at), -EINVAL, "another command: EINVAL");
	munmap(low, 2 * PAGE);
}
#else
static void compat(void)
{
}
#endif

/* By read(2) and write(2), on the same bytes. */
static void positions(void)
{
	need(!resize(0), "empty");
	is(write(fd, "abc", 3), 3, "write(2) makes it larger");
	is_num(size_is(), 3, "by what it wrote");
	is(pwrite(fd, "z", 1, 5), 1, "pwrite(2) beyond the end");
	is(lseek(fd, 0, SEEK_SET), 0, "back to the start");
	is(read(fd, in, 100), 6, "read(2) gives all");
	ok(!memcmp(in, "abc\0\0z", 6), "with the gap");
	is(read(fd, in, 100), 0, "then 0");
	is(pread(fd, in, 10, MAX * 2), 0, "pread(2) far beyond gives 0");
	is(pwrite(fd, "ab", 2, MAX - 1), 1, "a write over the end is short");
	is(pwrite(fd, "a", 1, MAX), -ENOMEM, "one at the end: ENOMEM");
	is(pwrite(fd, out, MAX, 0), MAX, "all of it by one write(2)");
	is(pread(fd, in, MAX + 1, 0), MAX, "and read(2)");
	ok(!memcmp(in, out, MAX), "is what was written");
}

/* Two processes with an open of their own, by both ways. */
static void two(const char *path)
{
	int pid, status, other;

	need(!resize(0), "empty");
	pid = fork();
	if (!pid) {
		other = open(path, O_RDWR);
		_exit(write(other, "by another", 10) != 10);
	}
	waitpid(pid, &status, 0);
	is_num(status, 0, "another process writes");
	is_num(get(3, in, 100), 7, "this one reads it");
	ok(!memcmp(in, "another", 7), "as it was written");
}

static void always_ready(void)
{
	is_num(polled(fd, POLLIN | POLLOUT | POLLPRI, 0), POLLIN | POLLOUT,
	       "it is always ready");
	need(!fcntl(fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	is_num(put(0, "nonblock", 8), 8, "O_NONBLOCK makes no difference");
	need(!fcntl(fd, F_SETFL, 0), "O_NONBLOCK");
}

static char *late;

static long get_late(void)
{
	struct fioc_rw_arg arg = { 0, late, 8, 0, 0 };

	return ret_of(ioctl(fd, FIOC_READ, &arg));
}

static long put_late(void)
{
	struct fioc_rw_arg arg = { 0, late + PAGE, 8, 0, 0 };

	return ret_of(ioctl(fd, FIOC_WRITE, &arg));
}

/* Two pages that come when we give them. */
static int late_pages(void)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	late = pages(2, PROT_READ | PROT_WRITE);
	need(uffd >= 0 && !ioctl(uffd, UFFDIO_API, &api), "userfaultfd");
	reg.range.start = (unsigned long)late;
	reg.range.len = 2 * PAGE;
	need(!ioctl(uffd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER");
	return uffd;
}

static void give_pages(int uffd)
{
	struct uffdio_zeropage zero = {
		.range = { (unsigned long)late, 2 * PAGE },
	};

	need(!ioctl(uffd, UFFDIO_ZEROPAGE, &zero), "UFFDIO_ZEROPAGE");
	close(uffd);
}

/* A caller that waits for its own page delays no other. */
static void late_ones(char **argv)
{
	struct sleeper reader = {}, writer = {};
	struct uffd_msg msg;
	int uffd = late_pages();

	need(!resize(0) && put(0, "contents", 8) == 8, "fill");
	sleeper_start(&reader, get_late);
	sleeper_start(&writer, put_late);
	need(read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
	     read(uffd, &msg, sizeof(msg)) == sizeof(msg), "two faults");
	give_pages(uffd);
	ok(sleeper_ends(&reader) && reader.ret == 8,
	   "to a page that comes late");
	ok(sleeper_ends(&writer) && writer.ret == 8, "from one");

	munmap(late, 2 * PAGE);
	uffd = late_pages();
	sleeper_start(&reader, get_late);
	sleeper_start(&writer, put_late);
	need(read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
	     read(uffd, &msg, sizeof(msg)) == sizeof(msg), "two faults");
	is_num(put(0, "meantime", 8), 8, "others are served while they wait");
	ok(!run(argv), "the driver can be taken away");
	ok(!reader.over && !writer.over, "and still they wait");
	give_pages(uffd);
	ok(sleeper_ends(&reader) && reader.ret == -ENODEV,
	   "to find it gone: ENODEV");
	ok(sleeper_ends(&writer) && writer.ret == -ENODEV, "both");
}

static void gone(char **argv)
{
	late_ones(argv);
	is_num(get(0, in, 1), -ENODEV, "FIOC_READ: ENODEV");
	is_num(put(0, in, 1), -ENODEV, "FIOC_WRITE");
	is_num(size_is(), -ENODEV, "FIOC_GET_SIZE");
	is_num(resize(1), -ENODEV, "FIOC_SET_SIZE");
	is(ioctl(fd, _IO('E', 4)), -ENODEV, "another command");
	is_num(polled(fd, POLLIN, 0), POLLERR | POLLHUP, "POLLERR, POLLHUP");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	fd = open(argv[1], O_RDWR);
	need(fd >= 0, argv[1]);
	buffer();
	set_size();
	errors();
	user_pages();
	shared_pages();
	robbed();
	compat();
	positions();
	two(argv[1]);
	always_ready();
	gone(argv + 2);
	return done_testing();
}
