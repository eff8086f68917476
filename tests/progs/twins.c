// SPDX-License-Identifier: GPL-2.0-only
/*
 * twins OURS THEIRS: the same calls on both nodes have to give the same
 * return values, errnos and bytes.
 *
 * Not tried, as they are known to differ: mmap(2), ENODEV here; and
 * epoll_ctl(2), which the kernel's three refuse with EPERM, having no poll.
 * What else differs is in differences[] and no point.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "tap.h"

#define MEM	(2 << 20)

static unsigned char *mem;	/* MEM bytes, then a hole */
static int fd, pipefd[2], file;

#define CALL(x)		(errno = 0, ret_of(x))

/* One call each, by number: its name and what it returns. */
struct result {
	const char *name;
	long ret;
};

static void fresh(void)
{
	memset(mem, 0xee, MEM);
}

static long vec(bool out, int parts, size_t len)
{
	static struct iovec iov[1025];
	int i;

	for (i = 0; i < parts; i++) {
		iov[i].iov_base = mem + i * len;
		iov[i].iov_len = len;
	}
	return out ? writev(fd, iov, parts) : readv(fd, iov, parts);
}

static long vec_with_hole(bool out)
{
	struct iovec iov[3] = { { mem, 10 }, { NULL, 10 }, { mem + 20, 10 } };

	return out ? writev(fd, iov, 3) : readv(fd, iov, 3);
}

static long poll_events(void)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI |
						POLLRDNORM | POLLWRNORM };
	int n = poll(&p, 1, 0);

	return n < 0 ? n : n << 16 | p.revents;
}

static long ioctl_int(unsigned long cmd)
{
	int n = 0;

	return ioctl(fd, cmd, &n);
}

static long drain(long ret)
{
	static char rest[65536];
	int err = errno;

	fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
	while (read(pipefd[0], rest, sizeof(rest)) > 0)
		;
	errno = err;
	return ret;
}

static long splice_in(size_t len)
{
	return splice(fd, NULL, pipefd[1], NULL, len, SPLICE_F_NONBLOCK);
}

static long splice_out(size_t len)
{
	if (write(pipefd[1], mem, len) < 0)
		return -1;
	return splice(pipefd[0], NULL, fd, NULL, len, 0);
}

static long sendfile_out(void)
{
	off_t off = 0;

	return sendfile(fd, file, &off, 4096);
}

static long copy_range(bool out)
{
	loff_t a = 0, b = 0;

	return out ? copy_file_range(file, &a, fd, &b, 100, 0) :
		     copy_file_range(fd, &a, file, &b, 100, 0);
}

static long stat_size(void)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_size << 16 | (st.st_mode & 0170777);
}

/* The compiler has an opinion on lengths that libc is given, not on these. */
static long sys_read(void *to, size_t len)
{
	return syscall(SYS_read, fd, to, len);
}

static long sys_write(const void *from, size_t len)
{
	return syscall(SYS_write, fd, from, len);
}

static long position(void)
{
	return lseek(fd, 0, SEEK_CUR);
}

/* The order matters: positions go on. X(name, call) */
#define CALLS								\
	X("read of 1 byte", sys_read(mem, 1))				\
	X("read of 4096 bytes", sys_read(mem, 4096))			\
	X("read of 1 MiB + 1", sys_read(mem, (1 << 20) + 1))		\
	X("position after reads", position())				\
	X("write of 1 byte", sys_write(mem, 1))				\
	X("write of 4096 bytes", sys_write(mem, 4096))			\
	X("write of 1 MiB + 1", sys_write(mem, (1 << 20) + 1))		\
	X("position after writes", position())				\
	X("read of 0 bytes", sys_read(mem, 0))				\
	X("write of 0 bytes", sys_write(mem, 0))			\
	X("read of 0 bytes to NULL", sys_read(NULL, 0))			\
	X("write of 0 bytes from NULL", sys_write(NULL, 0))		\
	X("read to NULL", sys_read(NULL, 10))				\
	X("write from NULL", sys_write(NULL, 10))			\
	X("read to the kernel's half", sys_read((void *)-4096L, 10))	\
	X("write from the kernel's half", sys_write((void *)-4096L, 10)) \
	X("read that ends at a hole", sys_read(mem + MEM - 10, 10))	\
	X("read across a hole's edge", sys_read(mem + MEM - 10, 20))	\
	X("read of 8192 across the edge", sys_read(mem + MEM - 4100, 8192)) \
	X("read of 1 MiB across the edge", sys_read(mem + MEM - 70000, 1 << 20)) \
	X("read in a hole", sys_read(mem + MEM, 10))			\
	X("write across a hole's edge", sys_write(mem + MEM - 10, 20))	\
	X("write of 8192 across the edge", sys_write(mem + MEM - 4100, 8192)) \
	X("write in a hole", sys_write(mem + MEM, 10))			\
	X("read of SSIZE_MAX", sys_read(mem + MEM - 100, SSIZE_MAX))	\
	X("read of more than SSIZE_MAX", sys_read(mem, (size_t)SSIZE_MAX + 1)) \
	X("write of SSIZE_MAX", sys_write(mem, SSIZE_MAX))		\
	X("write of more than SSIZE_MAX", sys_write(mem, (size_t)SSIZE_MAX + 1)) \
	X("write of INT_MAX", sys_write(mem, INT_MAX))			\
	X("readv of 1024 parts", vec(false, 1024, 7))			\
	X("writev of 1024 parts", vec(true, 1024, 7))			\
	X("readv of 1024 parts of 2 KiB", vec(false, 1024, 2048))	\
	X("writev of 1024 parts of 2 KiB", vec(true, 1024, 2048))	\
	X("readv of 1025 parts", vec(false, 1025, 1))			\
	X("writev of 1025 parts", vec(true, 1025, 1))			\
	X("readv of 0 parts", vec(false, 0, 1))				\
	X("writev of 0 parts", vec(true, 0, 1))				\
	X("readv of empty parts", vec(false, 1024, 0))			\
	X("writev of empty parts", vec(true, 1024, 0))			\
	X("readv with a hole", vec_with_hole(false))			\
	X("writev with a hole", vec_with_hole(true))			\
	X("pread at 0", pread(fd, mem, 100, 0))				\
	X("pread at 12345", pread(fd, mem, 100, 12345))			\
	X("pread at 2^40", pread(fd, mem, 100, 1LL << 40))		\
	X("pread at the largest offset", pread(fd, mem, 100, LLONG_MAX)) \
	X("pread that ends at it", pread(fd, mem, 100, LLONG_MAX - 100)) \
	X("pread at -1", pread(fd, mem, 100, -1))			\
	X("pwrite at 0", pwrite(fd, mem, 100, 0))			\
	X("pwrite at 12345", pwrite(fd, mem, 100, 12345))		\
	X("pwrite at 2^40", pwrite(fd, mem, 100, 1LL << 40))		\
	X("pwrite at the largest offset", pwrite(fd, mem, 100, LLONG_MAX)) \
	X("pwrite that ends at it", pwrite(fd, mem, 100, LLONG_MAX - 100)) \
	X("pwrite at -1", pwrite(fd, mem, 100, -1))			\
	X("lseek to 100", lseek(fd, 100, SEEK_SET))			\
	X("position after it", position())				\
	X("lseek by 100", lseek(fd, 100, SEEK_CUR))			\
	X("lseek by -100", lseek(fd, -100, SEEK_CUR))			\
	X("lseek to -1", lseek(fd, -1, SEEK_SET))			\
	X("lseek to the largest", lseek(fd, LLONG_MAX, SEEK_SET))	\
	X("lseek to the end", lseek(fd, 0, SEEK_END))			\
	X("lseek beyond the end", lseek(fd, 77, SEEK_END))		\
	X("lseek SEEK_DATA", lseek(fd, 0, SEEK_DATA))			\
	X("lseek SEEK_HOLE", lseek(fd, 0, SEEK_HOLE))			\
	X("lseek of no known kind", lseek(fd, 0, 99))			\
	X("preadv2 RWF_NOWAIT", preadv2(fd, &(struct iovec){ mem, 10 }, 1, 0, RWF_NOWAIT)) \
	X("pwritev2 RWF_APPEND", pwritev2(fd, &(struct iovec){ mem, 10 }, 1, 0, RWF_APPEND)) \
	X("pwritev2 RWF_DSYNC", pwritev2(fd, &(struct iovec){ mem, 10 }, 1, 0, RWF_DSYNC)) \
	X("preadv2 of no known flag", preadv2(fd, &(struct iovec){ mem, 10 }, 1, 0, 1 << 30)) \
	X("ioctl FIONREAD", ioctl_int(FIONREAD))			\
	X("ioctl TCGETS", ioctl(fd, TCGETS, mem))			\
	X("ioctl 0", ioctl_int(0))					\
	X("ioctl FIONBIO", ioctl_int(FIONBIO))				\
	X("ftruncate", ftruncate(fd, 0))				\
	X("ftruncate to 1 MiB", ftruncate(fd, 1 << 20))			\
	X("fallocate", fallocate(fd, 0, 0, 100))			\
	X("posix_fadvise", -posix_fadvise(fd, 0, 100, POSIX_FADV_WILLNEED)) \
	X("readahead", readahead(fd, 0, 100))				\
	X("fsync", fsync(fd))						\
	X("fdatasync", fdatasync(fd))					\
	X("sync_file_range", sync_file_range(fd, 0, 100, 0))		\
	X("poll", poll_events())					\
	X("fstat: size and mode", stat_size())				\
	X("splice from it", drain(splice_in(4096)))			\
	X("splice of 64 KiB from it", drain(splice_in(65536)))		\
	X("splice of 0 bytes from it", drain(splice_in(0)))		\
	X("splice into it", drain(splice_out(4096)))			\
	X("splice of 64 KiB into it", drain(splice_out(65536)))		\
	X("sendfile into it", sendfile_out())				\
	X("sendfile from it", drain(sendfile(pipefd[1], fd, NULL, 4096))) \
	X("copy_file_range into it", copy_range(true))			\
	X("copy_file_range from it", copy_range(false))			\
	X("tee", tee(fd, pipefd[1], 10, 0))				\
	X("flock", fcntl(fd, F_GETLK, &(struct flock){ .l_type = F_WRLCK }))

#define X(name, call) name,
static const char *const names[] = { CALLS };
#undef X

#define NR	(sizeof(names) / sizeof(*names))

static struct trace {
	long ret;
	unsigned int sum;
} traces[2][NR];

/* The kernel's own lack some operations that every node of ours has. */
static const struct {
	const char *twin, *name;
} differences[] = {
	{ "null", "splice from it" },
	{ "null", "splice of 64 KiB from it" },
	{ "null", "splice of 0 bytes from it" },
	{ "null", "sendfile from it" },
	{ "full", "preadv2 RWF_NOWAIT" },
	{ "full", "splice into it" },
	{ "full", "splice of 64 KiB into it" },
	{ "full", "sendfile into it" },
	{ "full", "pwritev2 RWF_APPEND" },
	{ "full", "pwritev2 RWF_DSYNC" },
};

static bool known(const char *twin, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(differences) / sizeof(*differences); i++)
		if (!strcmp(differences[i].twin, twin) &&
		    !strcmp(differences[i].name, name))
			return true;
	return false;
}

static unsigned int checksum(void)
{
	const unsigned int *p = (void *)mem;
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < MEM / sizeof(*p); i++)
		sum = sum * 31 + p[i];
	return sum;
}

static int run(const char *path, int flags, struct trace *t)
{
	fd = open(path, flags);
	if (fd < 0)
		return -errno;
#define X(name, call)							\
	fresh();							\
	t->ret = CALL(call);						\
	t++->sum = checksum();
	CALLS
#undef X
	return close(fd);
}

static void both(const char *ours, const char *theirs, int flags,
		 const char *how)
{
	const char *name = strrchr(theirs, '/') + 1;
	int a, b;
	size_t i;

	memset(traces, 0, sizeof(traces));
	a = run(ours, flags, traces[0]);
	b = run(theirs, flags, traces[1]);
	if (!ok(a == b, "%s %s: open and close", name, how))
		diag("%d, theirs %d", a, b);
	for (i = 0; i < NR; i++) {
		struct trace *x = &traces[0][i], *y = &traces[1][i];

		if (known(name, names[i]))
			continue;
		if (!ok(x->ret == y->ret && x->sum == y->sum, "%s %s: %s",
			name, how, names[i]))
			diag("%ld, theirs %ld%s", x->ret, y->ret,
			     x->sum != y->sum ? "; the bytes differ" : "");
	}
}

int main(int argc, char **argv)
{
	static const struct {
		int flags;
		const char *how;
	} hows[] = {
		{ O_RDWR, "rw" },
		{ O_RDONLY, "ro" },
		{ O_WRONLY, "wo" },
		{ O_RDWR | O_APPEND | O_TRUNC | O_CREAT, "append, truncate, create" },
		{ O_RDWR | O_NONBLOCK, "nonblock" },
		{ O_PATH, "path" },
		{ O_RDWR | O_DIRECTORY, "as a directory" },
		{ O_RDWR | O_DIRECT, "direct" },
	};
	size_t i;

	if (argc != 3)
		return 2;
	mem = mmap(NULL, MEM + (1 << 20), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(mem != MAP_FAILED, "mmap");
	need(!munmap(mem + MEM, 1 << 20), "munmap");
	need(!pipe(pipefd), "pipe");
	fcntl(pipefd[1], F_SETPIPE_SZ, 1 << 17);
	file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	need(file >= 0 && write(file, mem, 8192) == 8192, "temporary file");
	for (i = 0; i < sizeof(hows) / sizeof(*hows); i++)
		both(argv[1], argv[2], hows[i].flags, hows[i].how);
	return done_testing();
}
