// SPDX-License-Identifier: GPL-2.0-only
/* Windows, copies, positions and counts, by way of the driver desk. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <liburing.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/types.h>

#include "../drivers/desk.h"
#include "tap.h"

static int fd, control;
static struct desk desk;
static unsigned char buf[1 << 20];

static void job_set(__u32 op)
{
	desk.op = op;
	desk.result = -1;
	need(write(control, &desk, sizeof(desk)) == sizeof(desk), "write desk1");
}

static void job_get(void)
{
	need(read(control, &desk, sizeof(desk)) == sizeof(desk), "read desk1");
}

static long do_read(size_t len)
{
	memset(buf, 0xee, sizeof(buf));
	return ret_of(read(fd, buf, len));
}

static bool all(size_t from, size_t to, unsigned char c)
{
	while (from < to && buf[from] == c)
		from++;
	if (from < to)
		diag("byte %zu is 0x%02x, not 0x%02x", from, buf[from], c);
	return from == to;
}

/* Old contents of the kernel's buffer must not leak to the caller. */
static void unwritten(void)
{
	static const size_t sizes[] = { 1, 64, 256, 257, 4000, 4096, 65536 };
	size_t i, len;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		len = sizes[i];
		job_set(DESK_FILL);
		do_read(65536);
		ok(do_read(len) == (long)len && all(0, len & ~15, 0xaa),
		   "%zu bytes that are put arrive", len);
		job_set(DESK_CLAIM);
		ok(do_read(len) == (long)len && all(0, len, 0),
		   "%zu bytes that are claimed but not written are zero", len);
		ok(all(len, len + 100, 0xee),
		   "nothing is written behind the %zu bytes", len);
	}
	job_set(DESK_FILL);
	do_read(65536);
	job_set(DESK_LAST);
	ok(do_read(60000) == 60000 && all(0, 59999, 0) && buf[59999] == 'x',
	   "bytes before one that is put are zero");
}

static void put(__u32 off, size_t len, long want, const char *what)
{
	long n;

	desk.off = off;
	job_set(DESK_PUT);
	n = do_read(len);
	job_get();
	if (!ok(n == (long)len && desk.result == want &&
		(!want || !memcmp(buf + off, "abcdefgh", want)), "%s", what))
		diag("read %ld, put %lld, want %ld", n, desk.result, want);
}

static void get(__u32 off, size_t len, long want, const char *what)
{
	char before[8] = "zzzzzzzz";
	long n;

	memset(buf, '-', len);
	memcpy(desk.text, before, 8);
	if (off < len)
		memcpy(buf + off, "ABCDEFGH", len - off < 8 ? len - off : 8);
	desk.off = off;
	job_set(DESK_GET);
	n = ret_of(write(fd, buf, len));
	job_get();
	if (!ok(n == (long)len && desk.result == want &&
		!memcmp(desk.text, "ABCDEFGH", want) &&
		!memcmp(desk.text + want, before, 8 - want), "%s", what))
		diag("write %ld, got %lld, want %ld, \"%.8s\"", n, desk.result,
		     want, desk.text);
}

static void window(__u32 off, size_t len, long want, const char *what)
{
	long n;

	desk.off = off;
	job_set(DESK_WINDOW);
	n = do_read(len);
	job_get();
	if (!ok(n == (long)len && desk.result == want &&
		(!want || buf[off + 15] == 'w'), "read: %s", what))
		diag("read %ld, result %lld", n, desk.result);
	job_set(DESK_WINDOW);
	n = ret_of(write(fd, buf, len));
	job_get();
	ok(n == (long)len && desk.result == want, "write: %s", what);
}

static void clipping(void)
{
	put(0, 100, 8, "put at the start");
	put(92, 100, 8, "put that just fits");
	put(93, 100, 7, "put that is cut by one byte");
	put(99, 100, 1, "put of which one byte fits");
	put(100, 100, 0, "put behind the end");
	put(UINT_MAX, 100, 0, "put at the largest offset");
	put(UINT_MAX - 7, 100, 0, "put whose end is beyond 32 bits");
	put(0, 1, 1, "put into one byte");
	put(65530, 65536, 6, "put at the end of a large read");
	get(0, 100, 8, "get from the start");
	get(92, 100, 8, "get that just fits");
	get(93, 100, 7, "get that is cut by one byte");
	get(100, 100, 0, "get behind the end");
	get(UINT_MAX, 100, 0, "get at the largest offset");
	get(UINT_MAX - 7, 100, 0, "get whose end is beyond 32 bits");
	get(65530, 65536, 6, "get at the end of a large write");
	window(0, 100, 1, "there is a window at the start");
	window(88, 104, 1, "a window just fits");
	window(88, 103, 0, "none that ends one byte beyond");
	window(104, 104, 0, "none behind the end");
	window(4, 100, 0, "none of 16 bytes that is not aligned to 8");
	window(UINT_MAX - 7, 100, 0, "none at the largest offset");
	window(UINT_MAX - 15, 100, 0, "none that wraps around 32 bits");
	window(0, 15, 0, "none of 16 bytes in 15");
	window(0, 16, 1, "one of 16 bytes in 16");
	window(65520, 65536, 1, "one at the end of a large transfer");
}

static void memory_one(__s64 pos, __u32 len, long want, const char *what)
{
	long n;

	desk.pos = pos;
	desk.off = len;
	desk.ret = -1;
	job_set(DESK_PUT_MEM);
	n = do_read(200);
	job_get();
	ok(n == 200 && desk.result == want && desk.ret == want,
	   "into a read, %s", what);
	desk.pos = pos;
	desk.off = len;
	desk.ret = -1;
	job_set(DESK_GET_MEM);
	n = ret_of(write(fd, buf, 200));
	job_get();
	ok(n == 200 && desk.result == want && desk.ret == want,
	   "out of a write, %s", what);
}

static void memory(void)
{
	memory_one(0, 100, 100, "all memory of a file and a device");
	memory_one(0, 101, 100, "no more than there is");
	memory_one(0, UINT_MAX, 100, "no more when asked for the most");
	memory_one(99, 100, 1, "the last byte");
	memory_one(100, 1, 0, "nothing behind the end");
	memory_one(LLONG_MAX, 1, 0, "nothing at the largest position");
	memory_one(-1, 2, 0, "nothing at position -1");
	memory_one(0, 0, 0, "nothing when asked for nothing");
}

static void set_pos(__s64 pos, long want, const char *what)
{
	desk.pos = pos;
	job_set(DESK_SET_POS);
	do_read(100);
	job_get();
	if (!ok(desk.result == want && (want || desk.pos == pos),
		"a position of %s", what))
		diag("%lld, position %lld", desk.result, desk.pos);
}

static void positions(void)
{
	set_pos(0, 0, "0 is taken");
	set_pos(1LL << 40, 0, "2^40 is taken");
	set_pos(LLONG_MAX - 100, 0, "the largest that leaves room is taken");
	set_pos(LLONG_MAX - 99, -EINVAL, "one more is not");
	set_pos(LLONG_MAX, -EINVAL, "the largest is not");
	set_pos(-1, -EINVAL, "-1 is not");
	set_pos(LLONG_MIN, -EINVAL, "the smallest is not");
}

static void no_position(void)
{
	is(pread(fd, buf, 10, 0), -ESPIPE, "pread without positions: ESPIPE");
	is(pwrite(fd, buf, 10, 0), -ESPIPE, "pwrite without positions: ESPIPE");
	is(lseek(fd, 0, SEEK_SET), -ESPIPE, "lseek SEEK_SET: ESPIPE");
	is(lseek(fd, 0, SEEK_CUR), -ESPIPE, "lseek SEEK_CUR: ESPIPE");
	is(lseek(fd, 0, SEEK_END), -ESPIPE, "lseek SEEK_END: ESPIPE");
}

/* What a message device of 64 KiB makes of lengths. */
static void lengths(void)
{
	struct iovec iov[1024];
	int i;

	desk.ret = LLONG_MAX;
	job_set(DESK_RECORD);
	is(do_read(1 << 20), 65536, "a long read of messages is short");
	job_get();
	is_num(desk.len, 65536, "the op was given max_io bytes");
	desk.ret = LLONG_MAX;
	job_set(DESK_RECORD);
	is(write(fd, buf, 1 << 20), 65536, "a long write is short");
	desk.ret = LLONG_MAX;
	desk.calls = 0;
	job_set(DESK_RECORD);
	do_read(10);
	job_get();
	ok(desk.calls == 1 && desk.len == 10 && !desk.pos && !desk.done,
	   "a message is one call of the op, with its length");
	desk.calls = 0;
	job_set(DESK_RECORD);
	is(do_read(0), 0, "a read of 0 bytes gives 0");
	is(write(fd, buf, 0), 0, "a write of 0 bytes gives 0");

	for (i = 0; i < 1024; i++) {
		iov[i].iov_base = buf + 2 * i;
		iov[i].iov_len = 1;
	}
	job_set(DESK_FILL);
	memset(buf, 0xee, sizeof(buf));
	is(readv(fd, iov, 1024), 1024, "readv of 1024 parts is one read");
	for (i = 0; i < 1024; i++)
		if (buf[2 * i] != 0xaa || buf[2 * i + 1] != 0xee)
			break;
	is_num(i, 1024, "which went to each part and nowhere else");
	memset(buf, 0, 4096);
	for (i = 0; i < 8; i++)
		buf[2 * (1016 + i)] = 'A' + i;
	desk.off = 1016;
	job_set(DESK_GET);
	is(writev(fd, iov, 1024), 1024, "writev of 1024 parts is one write");
	job_get();
	ok(!memcmp(desk.text, "ABCDEFGH", 8), "which has all of them");

	desk.ret = 7;
	job_set(DESK_TAKE);
	is(write(fd, buf, 100), 7, "a driver may take less");
	is(write(fd, buf, 5), -EIO, "but not more than it was given");
	desk.ret = 0;
	job_set(DESK_TAKE);
	is(write(fd, buf, 5), 0, "or nothing");
	is(write(fd, buf, 6), 0, "again");
}

static void flags(void)
{
	int f = fcntl(fd, F_GETFL);

	desk.ret = 1;
	job_set(DESK_RECORD);
	do_read(10);
	job_get();
	is_num(desk.flags, 0, "an ordinary read has no flags");
	fcntl(fd, F_SETFL, f | O_NONBLOCK);
	job_set(DESK_RECORD);
	do_read(10);
	job_get();
	is_num(desk.flags, 1, "O_NONBLOCK shows");
	fcntl(fd, F_SETFL, f | O_APPEND);
	job_set(DESK_RECORD);
	need(write(fd, buf, 10) == 1, "write");
	job_get();
	is_num(desk.flags, 2, "O_APPEND shows in a write");
	fcntl(fd, F_SETFL, f);
}

static void opener(const char *path)
{
	int other, pid;

	pid = fork();
	if (!pid) {
		if (setgid(12) || setuid(11))
			_exit(1);
		other = open(path, O_RDWR | O_NONBLOCK);
		job_set(DESK_OPENER);
		_exit(read(other, buf, 1));
	}
	waitpid(pid, NULL, 0);
	job_get();
	ok(desk.uid == 11 && desk.gid == 12, "a file knows uid and gid of its opener");
	ok(desk.tgid == (__u32)pid, "and its process");
	ok((desk.flags & (O_ACCMODE | O_NONBLOCK)) == (O_RDWR | O_NONBLOCK),
	   "and the flags of open");
}

/* The programs of desk can sleep: a call that must not is refused. */
static void sleepable(void)
{
	struct iovec iov = { buf, 10 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	job_set(DESK_FILL);
	is(preadv2(fd, &iov, 1, -1, RWF_NOWAIT), -EOPNOTSUPP, "RWF_NOWAIT: EOPNOTSUPP");
	is(pwritev2(fd, &iov, 1, -1, RWF_NOWAIT), -EOPNOTSUPP, "to write, too");
	need(!io_uring_queue_init(8, &ring, 0), "io_uring");
	io_uring_prep_read(io_uring_get_sqe(&ring), fd, buf, 10, 0);
	need(io_uring_submit_and_wait(&ring, 1) == 1 &&
	     !io_uring_peek_cqe(&ring, &cqe), "io_uring");
	is_num(cqe->res, 10, "io_uring reads by a thread of its own");
	io_uring_queue_exit(&ring);
}

int main(void)
{
	fd = open("/dev/desk0", O_RDWR);
	control = open("/dev/desk1", O_RDWR);
	need(fd >= 0 && control >= 0, "open /dev/desk0 and desk1");
	unwritten();
	clipping();
	memory();
	positions();
	no_position();
	lengths();
	flags();
	sleepable();
	opener("/dev/desk0");
	return done_testing();
}
