// SPDX-License-Identifier: GPL-2.0-only
/* chrext load: all drivers of a file, or none. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chrext.h"

static bool is_detached(const struct chrext_object *o)
{
	size_t i, nr = chrext_object_num_drivers(o);

	for (i = 0; i < nr; i++) {
		if (chrext_object_is_attached(o, i))
			continue;
		complain("driver \"%s\" was detached by another process",
			 chrext_object_get_driver_name(o, i));
		return true;
	}
	return false;
}

/* Return: true after a signal, false if a driver was detached by others. */
static bool stay(const struct chrext_object *o, int signals)
{
	size_t i, nr = chrext_object_num_drivers(o);
	struct pollfd *fds = xalloc(NULL, (nr + 1) * sizeof(*fds));
	bool signalled = false;
	int timeout = -1;

	fds[0] = (struct pollfd) { .fd = signals, .events = POLLIN };
	for (i = 0; i < nr; i++) {
		fds[i + 1] = (struct pollfd) {
			.fd = chrext_object_get_link_fd(o, i),
		};
		/* A map has no events: look once a second. */
		if (fds[i + 1].fd < 0)
			timeout = 1000;
	}
	do {
		poll(fds, nr + 1, timeout);
		signalled = fds[0].revents;
	} while (!signalled && !is_detached(o));
	free(fds);
	return signalled;
}

/*
 * Attach, pin and wait. @signals is for --foreground. Return: an exit status; an
 * error that was not printed yet goes to @err.
 */
int object_bring_up(struct chrext_object *o, const struct options *opt,
		    int signals, struct chrext_error **err)
{
	if (chrext_object_attach(o, err))
		return EXIT_FAILED;
	if ((!opt->foreground && chrext_object_pin(o, err)) ||
	    chrext_object_wait(o, 1000 * (opt->wait_given ? opt->wait :
							   WAIT_SECONDS),
			       err) ||
	    (opt->foreground && !stay(o, signals))) {
		chrext_object_detach(o);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

int verb_load(const struct options *opt)
{
	unsigned int checks = CHREXT_CHECK_LOAD |
			      (opt->foreground || opt->dry_run ? 0 : CHREXT_CHECK_PIN);
	struct chrext_object *o = object_load(opt, checks);
	struct chrext_error *err = NULL;
	int ret, signals;

	if (!o || opt->dry_run) {
		ret = o ? EXIT_OK : EXIT_FAILED;
		chrext_object_free(o);
		return ret;
	}
	signals = signals_take();
	ret = object_bring_up(o, opt, signals, &err);
	chrext_object_free(o);
	close(signals);
	if (err)
		complain_error(err);
	return ret;
}
