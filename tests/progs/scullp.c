// SPDX-License-Identifier: GPL-2.0-only
/*
 * scullp copy NODE: reads and writes of all kinds on pages that are mapped.
 * scullp gone NODE CMD...: what a mapping is when CMD has taken the driver away.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define SIZE	65536

static int fd;
static unsigned char *mem;
static unsigned char buf[SIZE + 16], twin[SIZE];

static void *map(int prot, int flags, size_t len, off_t off)
{
	return mmap(NULL, len, prot, flags, fd, off);
}

static unsigned int seed = 1;

static unsigned int next(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

/* Lengths and positions around all that the copy has cases for. */
static unsigned int some(void)
{
	static const unsigned int near[] = {
		0, 8, 16, 64, 512, 2048, 4096, 8192, SIZE / 2, SIZE - 4096,
	};

	return near[next(sizeof(near) / sizeof(*near))] + next(17);
}

static bool one_write(unsigned int pos, unsigned int len)
{
	unsigned int i, want = len;
	long n;

	for (i = 0; i < len; i++)
		buf[i] = next(256);
	if (pos + len > SIZE)
		want = pos < SIZE ? SIZE - pos : 0;
	n = pwrite(fd, buf, len, pos);
	if (!want && len ? n != -1 || errno != ENOSPC : n != want)
		return false;
	if (want)
		memcpy(twin + pos, buf, want);
	return !memcmp(mem, twin, SIZE);
}

static bool one_read(unsigned int pos, unsigned int len)
{
	unsigned int want = len;
	long n;

	if (pos + len > SIZE)
		want = pos < SIZE ? SIZE - pos : 0;
	memset(buf, 0xee, sizeof(buf));
	n = pread(fd, buf, len, pos);
	return n == want && !memcmp(buf, twin + pos, want) &&
	       buf[want] == 0xee;
}

static void copies(void)
{
	unsigned int i, pos = 0, len = 0, good = 0;

	for (i = 0; i < 500; i++) {
		pos = some();
		len = some();
		if (len > SIZE)
			len = SIZE;
		if (i & 1 ? !one_read(pos, len) : !one_write(pos, len))
			break;
		good++;
	}
	if (!is_num(good, 500, "reads and writes of all sizes and places"))
		diag("%s of %u bytes at %u", i & 1 ? "read" : "write", len, pos);
	for (pos = good = 0; pos < 9; pos++)
		for (len = 0; len < 26; len++)
			good += one_write(pos, len) && one_read(pos, len);
	is_num(good, 9 * 26, "each small one, and its neighbours stay");
	good = one_write(0, SIZE) && one_read(0, SIZE);
	ok(good, "all at once");
	good = one_write(SIZE - 1, 1) && one_read(SIZE - 1, 1) &&
	       one_write(SIZE - 3, 9) && one_read(SIZE - 3, 9);
	ok(good, "and what ends at the end or would go beyond");
}

static void ends(void)
{
	is(pread(fd, buf, 1, SIZE), 0, "a read at the end gives 0");
	is(pread(fd, buf, 1, 1LL << 62), 0, "and far beyond it");
	is(pwrite(fd, buf, 1, SIZE), -ENOSPC, "a write there ENOSPC");
	is(pwrite(fd, buf, 1, 1LL << 62), -ENOSPC, "and far beyond it");
	is(pwrite(fd, buf, 0, SIZE), 0, "unless it is of nothing");
	is(lseek(fd, 0, SEEK_END), SIZE, "SEEK_END");
	is(lseek(fd, -10, SEEK_END), SIZE - 10, "before the end");
	is(read(fd, buf, 100), 10, "a read goes on from there, to the end");
	is(lseek(fd, 0, SEEK_CUR), SIZE, "and moves the position");
	is(write(fd, buf, 1), -ENOSPC, "which is the end");
	is(lseek(fd, 7, SEEK_SET), 7, "SEEK_SET");
	is(write(fd, "abc", 3), 3, "a write");
	is(lseek(fd, 0, SEEK_CUR), 10, "moves it too");
	is(lseek(fd, -SIZE - 1, SEEK_END), -EINVAL, "before the start: EINVAL");
	is(lseek(fd, 5, SEEK_DATA), 5, "SEEK_DATA: all is");
	is(lseek(fd, 5, SEEK_HOLE), SIZE, "SEEK_HOLE: the end");
	is(lseek(fd, SIZE, SEEK_DATA), -ENXIO, "SEEK_DATA at the end: ENXIO");
	is(lseek(fd, SIZE, SEEK_HOLE), -ENXIO, "SEEK_HOLE too");
}

static void mappings(const char *path)
{
	unsigned char *other, *private, *ro;
	int rd, pid, status;

	memcpy(mem + 4090, "over a page", 11);
	is(pread(fd, buf, 11, 4090), 11, "read what was stored");
	ok(!memcmp(buf, "over a page", 11), "it is that");
	other = map(PROT_READ | PROT_WRITE, MAP_SHARED, 4096, 4096);
	ok(other != MAP_FAILED && !memcmp(other, "a page" + 1, 5),
	   "another mapping, of one page, has it too");
	private = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, SIZE, 0);
	need(private != MAP_FAILED, "mmap");
	private[0] = mem[0] + 1;
	ok(private[0] != mem[0], "a private one keeps its own");
	pid = fork();
	if (!pid) {
		mem[100] = 77;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(mem[100] == 77, "what a child stores, its parent sees");

	rd = open(path, O_RDONLY);
	ro = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, rd, 0);
	ok(ro != MAP_FAILED && ro[100] == 77, "a reader can map it");
	ok(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, rd, 0) ==
	   MAP_FAILED && errno == EACCES, "but not to write: EACCES");
	ok(map(PROT_READ | PROT_EXEC, MAP_SHARED, 4096, 0) == MAP_FAILED &&
	   errno == EACCES, "nor to execute: EACCES");
	ok(map(PROT_READ, MAP_SHARED, SIZE + 1, 0) == MAP_FAILED &&
	   errno == EINVAL, "no page beyond the end: EINVAL");
	ok(map(PROT_READ, MAP_SHARED, 4096, SIZE) == MAP_FAILED &&
	   errno == EINVAL, "none behind it");
	munmap(other, 4096);
	munmap(private, SIZE);
	munmap(ro, SIZE);
	close(rd);
	close(open(path, O_WRONLY | O_TRUNC));
	ok(mem[100] == 77, "O_TRUNC does nothing");
}

static int copy(const char *path)
{
	ok(mem[0] == 0 && !memcmp(mem, twin, SIZE), "it begins as zeros");
	copies();
	ends();
	mappings(path);
	return done_testing();
}

static sigjmp_buf back;

static void on_bus(int sig)
{
	siglongjmp(back, sig);
}

static int gone(char **cmd)
{
	int pid, status;

	signal(SIGBUS, on_bus);
	mem[0] = 1;
	pid = fork();
	if (!pid) {
		execvp(cmd[0], cmd);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	is_num(status, 0, "the driver goes under a mapping");
	status = sigsetjmp(back, 1);
	if (!status) {
		mem[0] = 2;
		status = -1;
	}
	is_num(status, SIGBUS, "whose pages are no more: SIGBUS");
	is(read(fd, buf, 1), -ENODEV, "read: ENODEV");
	is(lseek(fd, 0, SEEK_END), -ENODEV, "lseek: ENODEV");
	ok(map(PROT_READ, MAP_SHARED, 4096, 0) == MAP_FAILED &&
	   errno == ENODEV, "mmap: ENODEV");
	is(munmap(mem, SIZE), 0, "munmap");
	return done_testing();
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	fd = open(argv[2], O_RDWR);
	need(fd >= 0, argv[2]);
	mem = map(PROT_READ | PROT_WRITE, MAP_SHARED, SIZE, 0);
	need(mem != MAP_FAILED, "mmap");
	return strcmp(argv[1], "gone") ? copy(argv[2]) : gone(argv + 3);
}
