// SPDX-License-Identifier: GPL-2.0-only
/*
 * updates OBJECT N: attaches the driver "version" (tests/negative) in OBJECT, and
 * puts another version of it in its place N times, while 8 threads read and
 * write, 2 sleep in an ioctl and a mapping is in use. No call may fail or be
 * lost.
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

/* The struct_ops map of OBJECT, loaded as that version. */
static struct bpf_map *version(const char *object, unsigned long long number)
{
	struct bpf_object *obj = bpf_object__open(object);
	struct bpf_map *map, *ops = NULL;
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
	need(ops && !bpf_object__load(obj), "load");
	return ops;
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
	struct bpf_map *maps[2];
	struct bpf_link *link;
	struct answer a;
	int i, n, fd, failed = 0;

	need(argc == 3, "usage: updates OBJECT N");
	maps[0] = version(argv[1], 1);
	maps[1] = version(argv[1], 2);
	link = bpf_map__attach_struct_ops(maps[0]);
	need(link, "attach");
	fd = open(node, O_RDWR);
	need(fd >= 0, node);

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
	for (i = 0; i < SLEEPERS; i++)
		while (pthread_tryjoin_np(sleepers[i], NULL)) {
			bpf_link__update_map(link, maps[0]);
			bpf_link__update_map(link, maps[1]);
		}

	is_num(failed, 0, "no update failed");
	is_num(a.updates, n, "the device saw each");
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
