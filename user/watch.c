// SPDX-License-Identifier: GPL-2.0-only
/* Print what the kernel waits for while a command waits for the kernel. */
#include <time.h>

#include "chrext.h"

static bool watch_over(struct watch *w)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec++;
	return !sem_timedwait(&w->done, &ts);
}

static void *watch_run(void *arg)
{
	struct watch *w = arg;
	char text[256];

	while (!watch_over(w))
		if (chrext_refusals_waiting(w->log, w->driver, text,
					    sizeof(text)))
			complain("driver \"%s\": %s", w->driver, text);
	return NULL;
}

void watch_begin(struct watch *w, const char *driver)
{
	w->driver = driver;
	w->log = chrext_refusals_open();
	sem_init(&w->done, 0, 0);
	w->runs = !pthread_create(&w->thread, NULL, watch_run, w);
}

void watch_end(struct watch *w)
{
	sem_post(&w->done);
	if (w->runs)
		pthread_join(w->thread, NULL);
	sem_destroy(&w->done);
	chrext_refusals_free(w->log);
}
