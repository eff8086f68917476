// SPDX-License-Identifier: GPL-2.0-only
/*
 * update OBJECT NODE SIZE: attaches the driver in OBJECT, whose NODE returns
 * records of SIZE bytes from time to time, each beginning with a number of 8
 * bytes, and replaces it by another load of OBJECT while a file is open. Needs no
 * other loader, and holds the maps.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include <linux/rtc.h>

#include "sleepers.h"
#include "tap.h"

static int fd;
static size_t size;
static uint64_t record[8];

static struct bpf_object *load(const char *path, struct bpf_map **ops)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);

	need(obj && !bpf_object__load(obj), path);
	bpf_object__for_each_map(*ops, obj)
		if (bpf_map__type(*ops) == BPF_MAP_TYPE_STRUCT_OPS)
			return obj;
	need(false, "no struct_ops");
	return NULL;
}

static int open_soon(const char *path)
{
	int i, f = -1;

	for (i = 0; i < 500 * slow() && f < 0; i++) {
		f = open(path, O_RDWR | O_CLOEXEC);
		if (f < 0)
			usleep(10000);
	}
	need(f >= 0, path);
	return f;
}

static long read_record(void)
{
	long n = read(fd, record, size);

	return n < 0 ? -errno : n;
}

/* How many records come in a time. */
static int records(int ms)
{
	double end, left;
	int n = 0;

	/* One may be there already, and late. */
	need(read_record() == (long)size, "read");
	end = now() + ms / 1000.0;

	for (;;) {
		left = end - now();
		if (left < 0 || polled(fd, POLLIN, left * 1000) != POLLIN)
			return n;
		need(read_record() == (long)size, "read");
		n++;
	}
}

static void each_second(const char *what)
{
	int ms = 2200 * slow(), n = records(ms);

	if (!ok(n >= 1 && n <= ms / 1000 + 1, "%s", what))
		diag("%d records in %d ms", n, ms);
}

int main(int argc, char **argv)
{
	struct bpf_map *ops, *ops2, *ops3;
	struct bpf_object *obj, *obj2, *obj3;
	struct bpf_link *link;
	struct sleeper s = {};
	uint64_t before;

	if (argc < 4)
		return 2;
	size = atoi(argv[3]);
	need(size >= 8 && size <= sizeof(record), "size");
	obj = load(argv[1], &ops);
	link = bpf_map__attach_struct_ops(ops);
	need(link, "attach");
	fd = open_soon(argv[2]);
	ioctl(fd, RTC_UIE_ON);
	need(read_record() == (long)size, "read");
	each_second("a record comes each second");

	obj2 = load(argv[1], &ops2);
	sleeper_start(&s, read_record);
	usleep(50000);
	ok(!bpf_link__update_map(link, ops2), "an update");
	ok(sleeper_ends(&s) && s.ret == (long)size,
	   "a waiter from before gets the next record");
	before = record[0];
	each_second("then one comes each second, of two timers");
	/* What rtc gives is how many there were since the last read. */
	if (size > sizeof(record[0]))
		ok(record[0] >= before, "and the numbers go on");
	bpf_object__close(obj);
	each_second("the same when the old program has gone");

	obj3 = load(argv[1], &ops3);
	ok(!bpf_link__update_map(link, ops3), "another update");
	bpf_object__close(obj2);
	each_second("changes nothing either");
	bpf_link__destroy(link);
	is_num(read_record(), -ENODEV, "a driver that is gone: ENODEV");
	bpf_object__close(obj3);
	return done_testing();
}
