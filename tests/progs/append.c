// SPDX-License-Identifier: GPL-2.0-only
/*
 * append NODE: 4 threads append 200 records each, on files of their own and by
 * pairs on one file; none may be lost, torn or written over.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "tap.h"

#define THREADS	4
#define RECORDS	200
#define LEN	16

static const char *node;
static int shared[THREADS / 2];

static void *append(void *arg)
{
	int me = (long)arg, i, fd;
	char rec[LEN + 1];

	fd = me < THREADS / 2 ? shared[0] : open(node, O_WRONLY | O_APPEND);
	for (i = 0; i < RECORDS; i++) {
		snprintf(rec, sizeof(rec), "%03d:%03d:-------", me, i);
		rec[LEN - 1] = '\n';
		if (write(fd, rec, LEN) != LEN)
			return "short";
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static char all[THREADS * RECORDS * LEN + 1];
	int next[THREADS] = { 0 }, me, i, n, good = 0;
	pthread_t t[THREADS];
	void *ret, *bad = NULL;
	int fd;

	if (argc != 2)
		return 2;
	node = argv[1];
	fd = open(node, O_RDWR | O_TRUNC);
	need(fd >= 0, node);
	shared[0] = open(node, O_WRONLY | O_APPEND);
	for (i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, append, (void *)(long)i);
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], &ret);
		bad = bad ?: ret;
	}
	ok(!bad, "each append was taken as a whole");
	is(read(fd, all, sizeof(all)), THREADS * RECORDS * LEN,
	   "all bytes are there");
	for (i = 0; i < THREADS * RECORDS; i++) {
		if (sscanf(all + i * LEN, "%3d:%3d:-------\n", &me, &n) == 2 &&
		    me >= 0 && me < THREADS && n == next[me]) {
			next[me]++;
			good++;
		}
	}
	is_num(good, THREADS * RECORDS,
	       "each record is whole, and in its writer's order");
	return done_testing();
}
