// SPDX-License-Identifier: GPL-2.0-only
/* chrext unload: detach a driver, whichever process loaded it. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "chrext.h"

/* Prints what the kernel waits for, while the detach waits for it. */
struct watch {
	const char *driver;
	struct chrext_refusals *log;
	sem_t done;
	pthread_t thread;
	bool runs;
};

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

static void watch_begin(struct watch *w, const char *driver)
{
	w->driver = driver;
	w->log = chrext_refusals_open();
	sem_init(&w->done, 0, 0);
	w->runs = !pthread_create(&w->thread, NULL, watch_run, w);
}

static void watch_end(struct watch *w)
{
	sem_post(&w->done);
	if (w->runs)
		pthread_join(w->thread, NULL);
	sem_destroy(&w->done);
	chrext_refusals_free(w->log);
}

static int unload(struct chrext_driver *drv, struct chrext_error **err)
{
	const char *name = chrext_driver_get_name(drv);
	struct chrext_devices *devs = chrext_devices_list(name, NULL);
	struct watch watch;
	int ret;

	watch_begin(&watch, name);
	ret = chrext_driver_detach(drv, err);
	watch_end(&watch);
	if (!ret)
		ret = chrext_devices_wait_gone(name, devs, WAIT_SECONDS * 1000,
					       err);
	chrext_devices_free(devs);
	return ret;
}

int verb_unload(const struct options *opt)
{
	struct chrext_error *err = NULL;
	struct chrext_driver *drv = chrext_driver_find(opt->arg, &err);
	int ret = -ENOENT;

	if (drv)
		ret = unload(drv, &err);
	else if (err->code == -ENOENT)
		chrext_pins_clean(opt->arg);	/* left over from a killed loader */
	chrext_driver_free(drv);
	if (ret)
		complain_error(err);
	return ret ? EXIT_FAILED : EXIT_OK;
}
