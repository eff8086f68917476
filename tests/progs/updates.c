// SPDX-License-Identifier: GPL-2.0-only
/*
 * updates OBJECT N: attaches the driver "version" (tests/drivers) in OBJECT, and
 * puts another version of it in its place N times, while 8 threads read and
 * write, 2 sleep in an ioctl and a mapping is in use. No call may fail or be
 * lost. Before that, an update during a call, and one to another name.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/types.h>
#include "../../bpf/include/chr_ext/abi.h"
#include "tap.h"

#define WORKERS		8
#define SLEEPERS	2

struct answer {
	unsigned long long version, updates, reads, written;
};

static const char node[] = "/dev/version";
static atomic_bool stop;
static atomic_ulong reads, written, errors, longest, woken, torn;

static unsigned long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000UL + t.tv_nsec;
}

static void took(unsigned long ns)
{
	unsigned long old = longest;

	while (ns > old && !atomic_compare_exchange_weak(&longest, &old, ns))
		;
}

static void *worker(void *arg)
{
	bool writer = (long)arg % 2;
	int fd = open(node, O_RDWR);
	struct answer a;
	unsigned long start;
	long n;

	while (!stop) {
		start = now();
		n = writer ? write(fd, "abcd", 4) : read(fd, &a, sizeof(a));
		took(now() - start);
		if (n != (writer ? 4 : (long)sizeof(a)))
			errors++;
		else if (writer)
			written += 4;
		else
			reads++;
		if (!writer && n > 0 && a.version != 1 && a.version != 2)
			torn++;
	}
	close(fd);
	return NULL;
}

/* Wakes up at each update, with the other version. */
static void *sleeper(void *arg)
{
	int fd = open(node, O_RDWR);
	long seen = 1, n;

	(void)arg;
	while (!stop) {
		n = ioctl(fd, 1, seen);
		if (n != 3 - seen) {
			if (!stop || errno != ENODEV)
				errors++;
			break;
		}
		seen = n;
		woken++;
	}
	close(fd);
	return NULL;
}

static void *mapper(void *arg)
{
	int fd = open(node, O_RDWR);
	volatile unsigned int *p;
	unsigned int i = 0;

	(void)arg;
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		errors++;
		return NULL;
	}
	while (!stop) {
		p[i % 16384] = i;
		if (p[i % 16384] != i)
			torn++;
		i++;
	}
	munmap((void *)p, 65536);
	close(fd);
	return NULL;
}

/* The struct_ops map of OBJECT, loaded as that version of that driver. */
static struct bpf_map *version(const char *object, unsigned long long number,
			       const char *name)
{
	struct bpf_object *obj = bpf_object__open(object);
	struct bpf_map *map, *ops = NULL;
	struct chr_ext_ops *members;
	size_t size;
	void *p;

	need(obj, object);
	bpf_object__for_each_map(map, obj) {
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			ops = map;
		p = bpf_map__initial_value(map, &size);
		if (strstr(bpf_map__name(map), ".rodata"))
			memcpy(p, &number, sizeof(number));
	}
	need(ops, object);
	members = bpf_map__initial_value(ops, &size);
	need(members && size == sizeof(*members), "members");
	strcpy(members->name, name);
	need(!bpf_object__load(obj), "load");
	return ops;
}

static void *stay(void *arg)
{
	return (void *)(long)ioctl((long)arg, 3, 500000);
}

/* An update waits for the calls of the old version. */
static void update_during_call(struct bpf_link *link, struct bpf_map *map,
			       long fd)
{
	pthread_t t;
	void *ret;
	int i;

	need(!pthread_create(&t, NULL, stay, (void *)fd), "thread");
	for (i = 0; i < 5000 * slow() && ioctl(fd, 4, 0) != 1; i++)
		usleep(1000);
	is(ioctl(fd, 4, 0), 1, "a call is in the driver");
	ok(!bpf_link__update_map(link, map), "an update");
	is(ioctl(fd, 4, 0), 0, "which is done when the call is");
	pthread_join(t, &ret);
	is_num((long)ret, 1, "the call ends in the version that it began in");
	is(ioctl(fd, 1, 0), 2, "the next is in the new one");
}

static pthread_t start(void *(*fn)(void *), long arg)
{
	pthread_t t;

	need(!pthread_create(&t, NULL, fn, (void *)arg), "thread");
	return t;
}

int main(int argc, char **argv)
{
	pthread_t workers[WORKERS], sleepers[SLEEPERS], m;
	struct bpf_map *maps[2], *other;
	struct bpf_link *link;
	struct answer a;
	int i, n, more, fd, failed = 0, forgotten = 0;

	need(argc == 3, "usage: updates OBJECT N");
	maps[0] = version(argv[1], 1, "version");
	maps[1] = version(argv[1], 2, "version");
	other = version(argv[1], 3, "other");
	link = bpf_map__attach_struct_ops(maps[0]);
	need(link, "attach");
	fd = open(node, O_RDWR);
	need(fd >= 0, node);
	update_during_call(link, maps[1], fd);
	is_num(bpf_link__update_map(link, other), -EINVAL, "another name: EINVAL");
	is(ioctl(fd, 1, 0), 2, "which changes nothing");
	ok(!bpf_link__update_map(link, maps[0]), "back to the first version");

	for (i = 0; i < WORKERS; i++)
		workers[i] = start(worker, i);
	for (i = 0; i < SLEEPERS; i++)
		sleepers[i] = start(sleeper, 0);
	m = start(mapper, 0);

	n = atoi(argv[2]);
	for (i = 1; i <= n; i++)
		failed += bpf_link__update_map(link, maps[i % 2]) != 0;
	stop = true;
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	pthread_join(m, NULL);
	is(read(fd, &a, sizeof(a)), (long)sizeof(a), "it reads afterwards");
	for (i = 0; i < SLEEPERS; i++) {
		for (more = 0; more < 200; more++) {
			if (!pthread_tryjoin_np(sleepers[i], NULL))
				break;
			bpf_link__update_map(link, maps[more % 2]);
		}
		forgotten += more == 200;
	}

	is_num(failed, 0, "no update failed");
	is_num(forgotten, 0, "no sleeper is forgotten");
	is_num(a.updates, n + 2, "the device saw each");
	is_num(errors, 0, "no call failed");
	is_num(torn, 0, "none saw anything but a version, or lost a page");
	ok(reads > (unsigned long)n && written, "there was load");
	is_num(a.reads - 1, reads, "no read was lost");
	is_num(a.written, written, "no write was lost");
	ok(woken, "sleepers woke up in the new version");
	diag("%d updates under %lu reads and %lu bytes written, %lu wake-ups",
	     n, (unsigned long)reads, (unsigned long)written,
	     (unsigned long)woken);
	diag("longest call: %lu us", longest / 1000);
	bpf_link__destroy(link);
	close(fd);
	return done_testing();
}
