// SPDX-License-Identifier: GPL-2.0-only
/* chrext load: all drivers of a file, or none. */
#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chrext.h"

static bool is_link(const struct object_driver *d)
{
	return bpf_map__map_flags(d->map) & BPF_F_LINK;
}

static int name_set(struct object *o, const char *name)
{
	const char *problem = name_problem(name);
	char *place;

	if (o->nr_drivers > 1) {
		complain("--name %s: %s holds %zu drivers, name one by --set %s.name=%s",
			 name, o->path, o->nr_drivers,
			 bpf_map__name(o->drivers[0].map), name);
		return -EINVAL;
	}
	if (problem) {
		complain("--name %s: this cannot be a driver's name: %s", name,
			 problem);
		return -EINVAL;
	}
	place = object_member(o, &o->drivers[0], "name", CHR_EXT_NAME_LEN);
	if (!place) {
		complain("--name %s: the ops in %s have no name of %d bytes",
			 name, o->path, CHR_EXT_NAME_LEN);
		return -EINVAL;
	}
	memset(place, 0, CHR_EXT_NAME_LEN);
	memcpy(place, name, strlen(name));
	return 0;
}

static int names_check(const struct object *o)
{
	char name[CHR_EXT_NAME_LEN + 1] = "";
	const char *problem;
	size_t i, j;

	for (i = 0; i < o->nr_drivers; i++) {
		/* Not terminated when all bytes are used. */
		memcpy(name, object_name(o, &o->drivers[i]),
		       *object_name(o, &o->drivers[i]) ? CHR_EXT_NAME_LEN : 1);
		problem = name_problem(name);
		if (problem) {
			complain("%s: \"%s\" cannot be a driver's name (%s.name): %s",
				 o->path, name, bpf_map__name(o->drivers[i].map),
				 problem);
			return -EINVAL;
		}
		for (j = 0; j < i; j++) {
			if (strcmp(object_name(o, &o->drivers[j]), name))
				continue;
			complain("%s holds two drivers named \"%s\": %s and %s",
				 o->path, name, bpf_map__name(o->drivers[j].map),
				 bpf_map__name(o->drivers[i].map));
			return -EEXIST;
		}
	}
	return 0;
}

/* Takes --set and --name. */
int object_configure(struct object *o, const struct options *opt)
{
	size_t i;
	int err;

	for (i = 0; i < opt->nr_set; i++) {
		err = object_set(o, opt->set[i]);
		if (err)
			return err;
	}
	if (opt->name) {
		err = name_set(o, opt->name);
		if (err)
			return err;
	}
	return names_check(o);
}

/* What can be known before the kernel is asked, in the order of repair. */
int machine_check(const struct options *opt)
{
	if (!module_loaded()) {
		complain("the chr_ext module is not loaded: run 'modprobe chr_ext'");
		return -ENODEV;
	}
	if (!path_exists("/sys/kernel/btf/vmlinux")) {
		complain("this kernel has no BTF (/sys/kernel/btf/vmlinux): it needs CONFIG_DEBUG_INFO_BTF=y");
		return -ENODEV;
	}
	if (!path_exists("/sys/kernel/btf/chr_ext")) {
		complain("the chr_ext module is loaded without BTF: build it again for this kernel, with pahole installed");
		return -ENODEV;
	}
	if (!cap_sys_admin()) {
		complain_eperm("loading a driver");
		return -EPERM;
	}
	if (!opt->foreground && !bpffs_mounted()) {
		complain("bpffs is not mounted at " BPFFS ", drivers are kept there: run 'mount -t bpf bpf " BPFFS "'");
		return -ENODEV;
	}
	return 0;
}

/* A pin without a driver is what a killed loader left: it is removed. */
static int not_loaded_yet(const struct object *o)
{
	struct driver drv;
	const char *name;
	int lock, ret;
	size_t i;

	for (i = 0; i < o->nr_drivers; i++) {
		name = object_name(o, &o->drivers[i]);
		lock = pins_lock();
		ret = driver_find(name, &drv);
		if (!ret)
			pins_remove(name);
		pins_unlock(lock);
		driver_free(&drv);
		if (ret == 1) {
			complain("a driver named \"%s\" is loaded already; 'chrext unload %s' first",
				 name, name);
			return -EEXIST;
		}
		if (ret == -EPERM) {
			complain_eperm("looking for loaded drivers");
			return ret;
		}
		if (ret < 0) {
			complain("cannot look for loaded drivers: %s",
				 errno_text(ret));
			return ret;
		}
	}
	return 0;
}

static void complain_verifier(const struct object *o, const char *prog,
			      const char *op, const struct object_driver *d,
			      const char *log)
{
	struct reason r;
	char *who;

	who = op ? xprintf("%s, op %s of driver \"%s\"", prog, op,
			   object_name(o, d)) : xprintf("%s", prog);
	if (verifier_reason(log, op, object_sleepable(o, prog), &r))
		complain("the verifier rejected %s%s%s: %s", who,
			 *r.place ? ", at " : "", r.place, r.text);
	else
		complain("the verifier rejected %s:", who);
	if (*r.hint)
		complain("%s", r.hint);
	verifier_excerpt(log);
	free(who);
}

static void complain_program(const struct object *o, const char *prog,
			     const char *log, int err, struct kmsg *kmsg)
{
	static const char unserved[] = "attach to unsupported member ";
	const struct object_driver *d = NULL;
	char member[64], name[BPF_OBJ_NAME_LEN], text[1024];
	const char *op;

	op = object_op(o, prog, &d);
	/* The verifier says "unsupported" of an op that the module refuses. */
	snprintf(name, sizeof(name), "%.*s", BPF_OBJ_NAME_LEN - 1, prog);
	if (kmsg_refusal(kmsg, name, text, sizeof(text))) {
		complain("the program %s was refused: %s", prog, text);
		return;
	}
	if (messages_word(unserved, member, sizeof(member))) {
		complain("driver \"%s\" has the op %s (%s), which the loaded chr_ext module does not serve",
			 d ? object_name(o, d) : o->path, member, prog);
		return;
	}
	if (err == -EPERM && !*log) {
		complain_eperm("loading a program");
		return;
	}
	if (!*log) {
		complain("the kernel refused the program %s: %s", prog,
			 errno_text(err));
		return;
	}
	complain_verifier(o, prog, op, d, log);
	if (lockdown_is("confidentiality"))
		complain("the kernel is locked down (confidentiality), which takes from programs the helpers that read kernel memory");
}

static void complain_load(const struct object *o, int err, struct kmsg *kmsg)
{
	char word[128], map[128];
	const char *log;

	if (messages_verifier(word, sizeof(word), &log)) {
		complain_program(o, word, log, err, kmsg);
		return;
	}
	if (!messages_word("struct_ops init_kern ", map, sizeof(map)))
		snprintf(map, sizeof(map), "?");
	if (messages_word("Cannot find member ", word, sizeof(word)))
		complain("%s sets %s.%s, a member that the loaded chr_ext module does not know",
			 o->path, map, word);
	else if (messages_word("Error in size of member ", word, sizeof(word)) ||
		 messages_word("Unmatched member type ", word, sizeof(word)))
		complain("%s has %s.%s as another type than the loaded chr_ext module",
			 o->path, map, word);
	else if (messages_word("invalid reuse of prog ", word, sizeof(word)))
		complain("%s has %s() in two ops: each op needs a program of its own",
			 o->path, word);
	else if (messages_find("struct chr_ext_ops is not found in kernel BTF") ||
		 messages_find("bpf_struct_ops_chr_ext_ops is not found"))
		complain("the chr_ext module is loaded, but its BTF has no chr_ext_ops: build it again for this kernel");
	else if (messages_find("extern (func ksym) '") &&
		 messages_find("': func_proto ") &&
		 messages_word("extern (func ksym) '", word, sizeof(word)))
		complain("%s declares %s() with other types than the kernel or the loaded chr_ext module has",
			 o->path, word);
	else if (messages_word("extern (func ksym) 'chr_ext_gpio_", word,
			       sizeof(word)) && !module_has_gpio())
		complain("%s calls chr_ext_gpio_%s(), but the loaded chr_ext module has no GPIO: it was built for a kernel without CONFIG_GPIOLIB",
			 o->path, word);
	else if (messages_word("extern (func ksym) '", word, sizeof(word)))
		complain("%s calls %s(), which neither this kernel nor the loaded chr_ext module has",
			 o->path, word);
	else if (messages_find("BTF loading error") &&
		 messages_find(" Invalid arg#"))
		complain("%s has BTF that the kernel does not take: compile it with -O2",
			 o->path);
	else if (err == -EPERM)
		complain_eperm("loading a driver");
	else
		complain("cannot load %s: %s", o->path,
			 messages_best() ? messages_best() : errno_text(err));
}

int object_load(struct object *o)
{
	struct kmsg kmsg;
	int err;

	kmsg_open(&kmsg);
	messages_forget();
	err = bpf_object__load(o->obj);
	if (err)
		complain_load(o, err, &kmsg);
	kmsg_close(&kmsg);
	return err;
}

static void complain_attach(const char *name, int err, struct kmsg *kmsg)
{
	char text[1024];

	if (kmsg_refusal(kmsg, name, text, sizeof(text)))
		complain("driver \"%s\" was refused: %s", name, text);
	else if (err == -EPERM)
		complain_eperm("attaching a driver");
	else
		complain("driver \"%s\" was refused: %s; 'dmesg' may tell why",
			 name, errno_text(err));
}

/* The driver is there, which does not mean that all hardware for it is. */
static void tell_hardware(const char *driver, struct kmsg *kmsg)
{
	char name[64], text[1024];

	if (kmsg_any_refusal(kmsg, name, sizeof(name), text, sizeof(text)))
		complain("driver \"%s\" is loaded, but did not take all hardware: %s",
			 driver, text);
}

static int attach(struct object *o)
{
	struct kmsg kmsg;
	int err = 0;
	size_t i;

	kmsg_open(&kmsg);
	for (i = 0; i < o->nr_drivers && !err; i++) {
		o->drivers[i].link =
			bpf_map__attach_struct_ops(o->drivers[i].map);
		if (o->drivers[i].link) {
			if (!object_instances(o, &o->drivers[i]))
				tell_hardware(object_name(o, &o->drivers[i]),
					      &kmsg);
			continue;
		}
		err = -errno;
		complain_attach(object_name(o, &o->drivers[i]), err, &kmsg);
	}
	kmsg_close(&kmsg);
	return err;
}

/*
 * The kernel takes the timers out of a map that no process and no pin holds, so
 * the maps stay with the driver; and they can be found.
 */
int maps_pin(const struct object *o, const struct object_driver *d,
	     const char *dir)
{
	struct bpf_map *map;
	char *what;
	int err;

	bpf_object__for_each_map(map, o->obj) {
		if (bpf_map__is_internal(map) ||
		    bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		what = xprintf("%s/%s", dir, bpf_map__name(map));
		err = pin_fd(object_name(o, d), what, bpf_map__fd(map));
		free(what);
		if (err)
			return err;
	}
	return 0;
}

static int pin(struct object *o)
{
	struct object_driver *d;
	size_t i;
	int err;

	for (i = 0; i < o->nr_drivers; i++) {
		d = &o->drivers[i];
		err = pin_fd(object_name(o, d), is_link(d) ? "link" : "map",
			     bpf_link__fd(d->link));
		d->pinned = true;
		if (!err)
			err = maps_pin(o, d, "maps");
		if (err)
			return err;
	}
	return 0;
}

static bool attached(const struct object_driver *d)
{
	if (is_link(d))
		return kernel_link_live(bpf_link__fd(d->link));
	return plain_map_in_use(bpf_map__fd(d->map));
}

static int wait_node(const char *name, const char *node, __u64 until)
{
	while (!node_usable(name, node)) {
		if (now_usec() > until) {
			complain("/dev/%s of driver \"%s\" did not appear within %d seconds: is devtmpfs mounted at /dev?",
				 node, name, WAIT_SECONDS);
			return -ETIMEDOUT;
		}
		wait_a_little();
	}
	return 0;
}

static int wait_nodes(const struct object *o, const struct object_driver *d)
{
	__u64 until = now_usec() + WAIT_SECONDS * 1000000ULL;
	__u32 i, nr = object_instances(o, d);
	const char *name = object_name(o, d);
	char node[CHR_EXT_NAME_LEN + 16];
	int err;

	for (i = 0; i < nr; i++) {
		if (nr == 1)
			snprintf(node, sizeof(node), "%s", name);
		else
			snprintf(node, sizeof(node), "%s%u", name, i);
		err = wait_node(name, node, until);
		if (err)
			return err;
	}
	return 0;
}

static int wait_all_nodes(const struct object *o)
{
	size_t i;
	int err;

	for (i = 0; i < o->nr_drivers; i++) {
		err = wait_nodes(o, &o->drivers[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Detaches what this process attached. Waits for the kernel to be done. */
static void undo(struct object *o)
{
	struct object_driver *d;
	size_t i;

	for (i = o->nr_drivers; i-- > 0;) {
		d = &o->drivers[i];
		if (!d->link)
			continue;
		if (is_link(d))
			bpf_link_detach(bpf_link__fd(d->link));
		bpf_link__destroy(d->link);
		d->link = NULL;
		if (d->pinned)
			pins_remove(object_name(o, d));
	}
}

/* The drivers stay; only what this process holds of them goes. */
static void let_go(struct object *o)
{
	struct object_driver *d;
	size_t i;

	for (i = 0; i < o->nr_drivers; i++) {
		d = &o->drivers[i];
		/* Without a link, destroying it would unregister the map. */
		if (!is_link(d))
			bpf_link__disconnect(d->link);
		bpf_link__destroy(d->link);
		d->link = NULL;
	}
}

static const struct object_driver *first_detached(const struct object *o)
{
	size_t i;

	for (i = 0; i < o->nr_drivers; i++)
		if (!attached(&o->drivers[i]))
			return &o->drivers[i];
	return NULL;
}

/* Until a signal comes, or somebody else detaches one of the drivers. */
static int stay(const struct object *o, int signals)
{
	const struct object_driver *d;
	struct pollfd *fds;
	int ret = 0, timeout = -1;
	size_t i;

	fds = xalloc(NULL, (o->nr_drivers + 1) * sizeof(*fds));
	fds[0] = (struct pollfd) { .fd = signals, .events = POLLIN };
	for (i = 0; i < o->nr_drivers; i++) {
		d = &o->drivers[i];
		/* A map has no events: look once a second. */
		if (!is_link(d))
			timeout = 1000;
		fds[i + 1].fd = is_link(d) ? bpf_link__fd(d->link) : -1;
		fds[i + 1].events = 0;
	}
	for (;;) {
		poll(fds, o->nr_drivers + 1, timeout);
		if (fds[0].revents)
			break;
		d = first_detached(o);
		if (!d)
			continue;
		complain("driver \"%s\" was detached by somebody else",
			 object_name(o, d));
		ret = -ENODEV;
		break;
	}
	free(fds);
	return ret;
}

static int attach_and_pin(struct object *o, const struct options *opt)
{
	int err, lock = pins_lock();

	err = attach(o);
	if (!err && !opt->foreground)
		err = pin(o);
	if (err)
		undo(o);
	pins_unlock(lock);
	return err;
}

static int bring_up(struct object *o, const struct options *opt)
{
	int err, lock, signals = signals_take();

	err = attach_and_pin(o, opt);
	if (!err)
		err = wait_all_nodes(o);
	if (!err && opt->foreground)
		err = stay(o, signals);
	if (err || opt->foreground) {
		lock = pins_lock();
		undo(o);
		pins_unlock(lock);
	} else {
		let_go(o);
	}
	close(signals);
	return err;
}

static int load_object(struct object *o, const struct options *opt)
{
	int err;

	err = object_configure(o, opt);
	if (!err)
		err = machine_check(opt);
	if (!err)
		err = not_loaded_yet(o);
	if (!err)
		err = object_load(o);
	if (!err)
		err = bring_up(o, opt);
	return err;
}

bool sets_well_formed(const struct options *opt)
{
	const char *equal;
	size_t i;

	for (i = 0; i < opt->nr_set; i++) {
		equal = strchr(opt->set[i], '=');
		if (!equal || equal == opt->set[i]) {
			complain("--set %s: this is not VAR=VALUE", opt->set[i]);
			return false;
		}
	}
	return true;
}

int verb_load(const struct options *opt)
{
	struct object o;
	int err;

	if (!sets_well_formed(opt))
		return EXIT_USAGE;
	err = object_open(&o, opt->arg, opt->verbose);
	if (err)
		return EXIT_FAILED;
	err = load_object(&o, opt);
	object_close(&o);
	return err ? EXIT_FAILED : EXIT_OK;
}
