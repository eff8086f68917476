// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* Attach, pin and detach the drivers of an object: all of them, or none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib.h"

/* A pin without a driver is left over from a loader that was killed. */
static int not_attached_yet(const struct chrext_object *o,
			    struct chrext_error **err)
{
	struct chrext_driver drv;
	const char *name;
	size_t i;
	int ret;

	for (i = 0; i < o->nr_drivers; i++) {
		name = object_name(o, i);
		ret = driver_lookup(name, &drv);
		driver_clear(&drv);
		if (ret == 1)
			return fail(err, -EEXIST, "a driver named \"%s\" is loaded already; 'chrext unload %s' first",
				    name, name);
		if (ret == -EPERM)
			return fail_eperm(err, "looking for drivers");
		if (ret < 0)
			return fail(err, ret, "cannot look for drivers: %s",
				    errno_text(ret));
	}
	return 0;
}

/* The node of one of the virtual devices of a driver. */
static void node_name(const struct chrext_object *o, size_t index, __u32 i,
		      char node[NODE_LEN])
{
	const char *name = object_name(o, index);

	if (object_instances(o, &o->drivers[index]) == 1)
		snprintf(node, NODE_LEN, "%s", name);
	else
		snprintf(node, NODE_LEN, "%s%u", name, i);
}

/* The module looks in devtmpfs, which need not be what is at /dev. */
static int nodes_free(const struct chrext_object *o, size_t index,
		      struct chrext_error **err)
{
	__u32 i, nr = object_instances(o, &o->drivers[index]);
	char node[NODE_LEN], path[NODE_LEN + 5];
	struct stat st;

	/* More are refused by the kernel, which knows its limit. */
	if (nr > CHR_EXT_MAX_INSTANCES)
		nr = 0;
	for (i = 0; i < nr; i++) {
		node_name(o, index, i, node);
		snprintf(path, sizeof(path), "/dev/%s", node);
		if (!lstat(path, &st))
			return fail(err, -EEXIST, "driver \"%s\" was refused: there is a /dev/%s already",
				    object_name(o, index), node);
	}
	return 0;
}

static int fail_attach(const struct chrext_object *o, size_t i, int code,
		       struct chrext_error **err)
{
	const char *name = object_name(o, i);
	struct chrext_refusal refused;

	if (chrext_refusals_next(o->refusals, name, &refused))
		return fail(err, code, "driver \"%s\" was refused: %s", name,
			    refused.text);
	if (code == -EPERM)
		return fail_eperm(err, "attaching a driver");
	return fail(err, code, "driver \"%s\" was refused: %s; see dmesg", name,
		    errno_text(code));
}

static int attach_one(struct chrext_object *o, size_t i,
		      struct chrext_error **err)
{
	struct object_driver *d = &o->drivers[i];
	struct capture c;
	int ret = 0;

	capture_begin(&c, o);
	d->link = bpf_map__attach_struct_ops(d->map);
	if (!d->link)
		ret = -errno;
	capture_end(&c);
	capture_free(&c);
	return ret ? fail_attach(o, i, ret, err) : 0;
}

int chrext_object_attach(struct chrext_object *o, struct chrext_error **err)
{
	size_t i;
	int ret;

	if (!o->loaded)
		return fail(err, -EINVAL, "%s is not loaded", o->path);
	for (i = 0; i < o->nr_drivers; i++)
		if (o->drivers[i].link)
			return fail(err, -EBUSY, "%s is attached already",
				    o->path);
	ret = not_attached_yet(o, err);
	for (i = 0; i < o->nr_drivers && !ret; i++)
		ret = nodes_free(o, i, err);
	if (!ret && !o->refusals)
		o->refusals = chrext_refusals_open();
	for (i = 0; i < o->nr_drivers && !ret; i++)
		ret = attach_one(o, i, err);
	if (ret)
		chrext_object_detach(o);
	return ret;
}

/* Under the lock. */
static int pin_one(struct chrext_object *o, size_t i, struct chrext_error **err)
{
	struct object_driver *d = &o->drivers[i];
	const char *name = object_name(o, i);
	int ret;

	/* The name is this driver's: all that is there is left over. */
	pins_remove(name);
	ret = pin_fd(name, is_link(d) ? "link" : "map", bpf_link__fd(d->link),
		     err);
	d->pinned = !ret;
	return ret ? ret : maps_pin(o, d, "maps", err);
}

static void unpin(struct chrext_object *o)
{
	size_t i;

	for (i = 0; i < o->nr_drivers; i++) {
		if (o->drivers[i].pinned)
			pins_remove(object_name(o, i));
		o->drivers[i].pinned = false;
	}
}

int chrext_object_pin(struct chrext_object *o, struct chrext_error **err)
{
	int ret = 0, lock;
	size_t i;

	for (i = 0; i < o->nr_drivers; i++)
		if (!o->drivers[i].link)
			return fail(err, -EINVAL, "driver \"%s\" is not attached",
				    object_name(o, i));
	lock = pins_lock();
	for (i = 0; i < o->nr_drivers && !ret; i++)
		ret = pin_one(o, i, err);
	if (ret)
		unpin(o);
	pins_unlock(lock);
	return ret;
}

static int wait_node(const char *name, const char *node, __u64 until,
		     unsigned int timeout_ms, struct chrext_error **err)
{
	while (!node_usable(name, node)) {
		if (now_usec() > until)
			return fail(err, -ETIMEDOUT, "/dev/%s of driver \"%s\" did not appear within %u seconds: is devtmpfs mounted at /dev?",
				    node, name, timeout_ms / 1000);
		wait_a_little();
	}
	return 0;
}

static int wait_nodes(const struct chrext_object *o, size_t index, __u64 until,
		      unsigned int timeout_ms, struct chrext_error **err)
{
	__u32 i, nr = object_instances(o, &o->drivers[index]);
	char node[NODE_LEN];
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		node_name(o, index, i, node);
		ret = wait_node(object_name(o, index), node, until, timeout_ms,
				err);
	}
	return ret;
}

/* The kernel limits a probe to this; one may have to wait for another. */
#define PROBE_USEC	(CHR_EXT_MAX_PROBE_MS * 1000ULL)

/*
 * Probes of hardware that the attach started and that are not over. The
 * attribute comes when all hardware that is there has been looked at.
 */
static bool probes_over(const char *name)
{
	char buf[16];

	return file_line(buf, sizeof(buf), DRIVERS_DIR "/" DRIVER_PREFIX "%s/probing",
			 name) && !strcmp(buf, "0");
}

static int wait_probes(const struct chrext_object *o, size_t index, __u64 until,
		       struct chrext_error **err)
{
	const char *name = object_name(o, index);

	while (!probes_over(name)) {
		if (!chrext_object_is_attached(o, index))
			return fail(err, -ENODEV, "driver \"%s\" was detached by another process",
				    name);
		if (now_usec() > until) {
			note(o, "driver \"%s\" is loaded, but is still probing its hardware",
			     name);
			break;
		}
		wait_a_little();
	}
	return 0;
}

/* The first refusal of a driver has the reason; others may follow from it. */
static void note_refusals(struct chrext_object *o)
{
	struct chrext_refusal refused;
	struct object_driver *d;
	size_t i;

	while (chrext_refusals_next(o->refusals, NULL, &refused))
		for (i = 0; i < o->nr_drivers; i++) {
			d = &o->drivers[i];
			if (d->refused || strcmp(object_name(o, i), refused.name))
				continue;
			d->refused = true;
			note(o, "driver \"%s\" is loaded, but not bound to all hardware: %s",
			     refused.name, refused.text);
		}
}

int chrext_object_wait(struct chrext_object *o, unsigned int timeout_ms,
		       struct chrext_error **err)
{
	__u64 until = now_usec() + timeout_ms * 1000ULL;
	int ret = 0;
	size_t i;

	for (i = 0; i < o->nr_drivers && !ret; i++)
		ret = object_instances(o, &o->drivers[i]) ?
		      wait_nodes(o, i, until, timeout_ms, err) :
		      wait_probes(o, i, until + PROBE_USEC, err);
	note_refusals(o);
	return ret;
}

static void detach_one(struct chrext_object *o, size_t i)
{
	struct object_driver *d = &o->drivers[i];

	if (!d->link)
		return;
	if (is_link(d))
		bpf_link_detach(bpf_link__fd(d->link));
	bpf_link__destroy(d->link);
	d->link = NULL;
	if (d->pinned)
		chrext_pins_clean(object_name(o, i));
	d->pinned = false;
}

void chrext_object_detach(struct chrext_object *o)
{
	size_t i;

	for (i = o->nr_drivers; i-- > 0;)
		detach_one(o, i);
}

/* Pinned drivers stay; only what this process holds of them goes. */
void object_release(struct chrext_object *o)
{
	struct object_driver *d;

	for (d = o->drivers; d < o->drivers + o->nr_drivers; d++) {
		if (!d->link || !d->pinned)
			continue;
		/* Without a link, destroying it would unregister the map. */
		if (!is_link(d))
			bpf_link__disconnect(d->link);
		bpf_link__destroy(d->link);
		d->link = NULL;
	}
}

bool chrext_object_is_attached(const struct chrext_object *o, size_t index)
{
	const struct object_driver *d = &o->drivers[index];

	if (index >= o->nr_drivers || !d->link)
		return false;
	return is_link(d) ? link_live(bpf_link__fd(d->link)) :
			    plain_map_in_use(bpf_map__fd(d->map));
}

int chrext_object_get_link_fd(const struct chrext_object *o, size_t index)
{
	const struct object_driver *d = &o->drivers[index];

	if (index >= o->nr_drivers || !d->link || !is_link(d))
		return -1;
	return bpf_link__fd(d->link);
}
