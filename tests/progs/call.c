// SPDX-License-Identifier: GPL-2.0-only
/*
 * call PATH FLAGS OP...: opens PATH, runs each OP on that one file and prints the
 * results, separated by blanks: a number, or the name of the errno. A read prints
 * "COUNT:BYTES". FLAGS are of rwatn (read, write, append, truncate, nonblock). The
 * PATH "-" is the standard input.
 *
 *	r:COUNT  R:COUNT (bytes as "0" when all are zero)  w:TEXT  W:COUNT
 *	pr:COUNT@POS  pw:TEXT@POS  seek:POS,WHENCE  i:COMMAND,ARGUMENT (ioctl)
 *	sync:  map:SIZE
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static void print_ret(long ret)
{
	if (ret < 0)
		printf("%s", strerrorname_np(errno) ?: "?");
	else
		printf("%ld", ret);
}

static void print_bytes(long ret, const unsigned char *buf, int all)
{
	long i, zeros = 0;

	print_ret(ret);
	if (ret <= 0)
		return;
	putchar(':');
	for (i = 0; i < ret; i++)
		zeros += !buf[i];
	if (all && zeros == ret) {
		putchar('0');
		return;
	}
	for (i = 0; i < ret && i < 256; i++)
		printf(isgraph(buf[i]) ? "%c" : "\\x%02x", buf[i]);
}

static void *room(size_t size, int c)
{
	void *p = malloc(size + 1);

	if (!p)
		exit(2);
	return memset(p, c, size + 1);
}

static void op(int fd, const char *arg)
{
	const char *s = strchr(arg, ':') + 1, *at = strrchr(arg, '@');
	size_t n = strncmp(arg, "seek:", 5) ? strtoul(s, NULL, 0) : 0;
	long long pos = at ? strtoll(at + 1, NULL, 0) : 0;
	void *buf = room(arg[0] == 'i' ? 0 : n, arg[0] == 'W' ? 'x' : 0xee);

	if (!strncmp(arg, "r:", 2) || !strncmp(arg, "R:", 2))
		print_bytes(read(fd, buf, n), buf, arg[0] == 'R');
	else if (!strncmp(arg, "w:", 2))
		print_ret(write(fd, s, strlen(s)));
	else if (!strncmp(arg, "W:", 2))
		print_ret(write(fd, buf, n));
	else if (!strncmp(arg, "pr:", 3))
		print_bytes(pread(fd, buf, n, pos), buf, 0);
	else if (!strncmp(arg, "pw:", 3))
		print_ret(pwrite(fd, s, at - s, pos));
	else if (!strncmp(arg, "seek:", 5))
		print_ret(lseek(fd, strtoll(s, NULL, 0), atoi(strchr(s, ',') + 1)));
	else if (!strncmp(arg, "i:", 2))
		print_ret(ioctl(fd, n, strtoul(strchr(s, ',') + 1, NULL, 0)));
	else if (!strncmp(arg, "map:", 4))
		print_ret(mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ?
		    -1 : 0);
	else if (!strncmp(arg, "sync:", 5))
		print_ret(fsync(fd));
	else
		exit(2);
	free(buf);
}

int main(int argc, char **argv)
{
	int i, fd, flags;
	const char *f;

	if (argc < 3)
		return 2;
	f = argv[2];
	flags = strchr(f, 'r') ? strchr(f, 'w') ? O_RDWR : O_RDONLY : O_WRONLY;
	flags |= strchr(f, 'a') ? O_APPEND : 0;
	flags |= strchr(f, 't') ? O_TRUNC : 0;
	flags |= strchr(f, 'n') ? O_NONBLOCK : 0;
	fd = strcmp(argv[1], "-") ? open(argv[1], flags) : 0;
	if (fd < 0) {
		printf("open:");
		print_ret(-1);
		return 0;
	}
	for (i = 3; i < argc; i++) {
		op(fd, argv[i]);
		if (i < argc - 1)
			putchar(' ');
	}
	return 0;
}
