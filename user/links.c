// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds a driver in the kernel: a link, or for a driver in
 * SEC(".struct_ops") the registration of its map. Either may be pinned.
 *
 * Drivers are found by the name in their map, so it does not matter who
 * loaded them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chrext.h"

#define STATE_INUSE	1	/* enum bpf_struct_ops_state of the kernel */

/* Where a map's value has what is of interest, by the module's BTF. */
struct layout {
	struct btf *vmlinux;
	struct btf *btf;
	const struct btf_type *ops;
	size_t ops_off;
	size_t state_off;
};

static void layout_free(struct layout *l)
{
	btf__free(l->btf);
	btf__free(l->vmlinux);
}

static bool layout_parse(struct layout *l, __u32 value_id)
{
	const struct btf_type *value, *common;
	const struct btf_member *data, *c, *state;

	value = btf__type_by_id(l->btf, value_id);
	if (!value || !btf_is_struct(value))
		return false;
	data = member_find(l->btf, value, "data", 4);
	c = member_find(l->btf, value, "common", 6);
	if (!data || !c)
		return false;
	common = btf__type_by_id(l->btf, c->type);
	l->ops = btf__type_by_id(l->btf, data->type);
	if (!btf_is_struct(common) || !btf_is_struct(l->ops))
		return false;
	state = member_find(l->btf, common, "state", 5);
	if (!state)
		return false;
	l->ops_off = data->offset / 8;
	l->state_off = (c->offset + state->offset) / 8;
	return true;
}

static int layout_get(struct layout *l, const struct bpf_map_info *info)
{
	if (l->ops)
		return 0;
	l->vmlinux = btf__load_vmlinux_btf();
	if (!l->vmlinux)
		return -errno;
	l->btf = btf__load_from_kernel_by_id_split(info->btf_vmlinux_id,
						   l->vmlinux);
	if (!l->btf)
		return -errno;
	if (!layout_parse(l, info->btf_vmlinux_value_type_id)) {
		l->ops = NULL;
		return -EINVAL;
	}
	return 0;
}

/* The map is one of ours if its value is described by the module's BTF. */
static bool map_is_chr_ext(int fd, struct bpf_map_info *info)
{
	struct bpf_btf_info btf_info = { };
	__u32 len = sizeof(*info);
	char name[64] = "";
	int btf_fd, err;

	memset(info, 0, sizeof(*info));
	if (bpf_map_get_info_by_fd(fd, info, &len) ||
	    info->type != BPF_MAP_TYPE_STRUCT_OPS || !info->btf_vmlinux_id)
		return false;
	btf_fd = bpf_btf_get_fd_by_id(info->btf_vmlinux_id);
	if (btf_fd < 0)
		return false;
	btf_info.name = (uintptr_t)name;
	btf_info.name_len = sizeof(name);
	len = sizeof(btf_info);
	err = bpf_btf_get_info_by_fd(btf_fd, &btf_info, &len);
	close(btf_fd);
	return !err && !strcmp(name, "chr_ext");
}

static void prog_name(struct driver_prog *prog)
{
	struct bpf_prog_info info = { };
	__u32 len = sizeof(info);
	int fd;

	fd = bpf_prog_get_fd_by_id(prog->id);
	if (fd < 0)
		return;
	if (!bpf_prog_get_info_by_fd(fd, &info, &len))
		memcpy(prog->name, info.name, sizeof(prog->name));
	close(fd);
}

/* In the value the kernel has the program's id where the pointer stands. */
static void progs_get(struct driver *drv, const struct layout *l,
		      const char *ops)
{
	const struct btf_member *m = btf_members(l->ops);
	struct driver_prog *prog;
	unsigned long id;
	int i;

	for (i = 0; i < btf_vlen(l->ops); i++, m++) {
		if (!btf_is_ptr(btf__type_by_id(l->btf, m->type)))
			continue;
		memcpy(&id, ops + m->offset / 8, sizeof(id));
		if (!id)
			continue;
		drv->progs = xalloc(drv->progs, (drv->nr_progs + 1) *
						sizeof(*drv->progs));
		prog = &drv->progs[drv->nr_progs++];
		*prog = (struct driver_prog) { .id = id };
		snprintf(prog->op, sizeof(prog->op), "%s",
			 btf__name_by_offset(l->btf, m->name_off));
		prog_name(prog);
	}
}

/* 1: the map @fd is the driver @name and is in force; 0: it is not. */
static int map_match(int fd, const char *name, struct layout *l,
		     struct driver *drv)
{
	const struct btf_member *m;
	struct bpf_map_info info;
	char *value, *ops;
	__u32 zero = 0, state;
	int err = 0;

	if (!map_is_chr_ext(fd, &info))
		return 0;
	err = layout_get(l, &info);
	if (err)
		return err;
	value = xalloc(NULL, info.value_size);
	if (bpf_map_lookup_elem(fd, &zero, value)) {
		err = -errno;
		goto out;
	}
	ops = value + l->ops_off;
	memcpy(&state, value + l->state_off, sizeof(state));
	m = member_find(l->btf, l->ops, "name", 4);
	if (!m || strncmp(ops + m->offset / 8, name, CHR_EXT_NAME_LEN) ||
	    (!(info.map_flags & BPF_F_LINK) && state != STATE_INUSE))
		goto out;
	snprintf(drv->name, sizeof(drv->name), "%s", name);
	m = member_find(l->btf, l->ops, "compatible", 10);
	if (m)
		memcpy(drv->compatible, ops + m->offset / 8,
		       sizeof(drv->compatible));
	drv->map_id = info.id;
	progs_get(drv, l, ops);
	err = 1;
out:
	free(value);
	return err;
}

static int map_id_match(__u32 id, const char *name, struct layout *l,
			struct driver *drv)
{
	int fd, ret;

	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ret = map_match(fd, name, l, drv);
	close(fd);
	return ret;
}

/* The map that a struct_ops link has in force; 0 when it is detached. */
static __u32 link_map_id(int fd, __u32 *link_id)
{
	struct bpf_link_info info = { };
	__u32 len = sizeof(info);

	if (bpf_link_get_info_by_fd(fd, &info, &len) ||
	    info.type != BPF_LINK_TYPE_STRUCT_OPS)
		return 0;
	if (link_id)
		*link_id = info.id;
	return info.struct_ops.map_id;
}

bool kernel_link_live(int fd)
{
	return link_map_id(fd, NULL);
}

static int find_by_link(const char *name, struct layout *l, struct driver *drv)
{
	__u32 id = 0, map_id;
	int fd, ret = 0;

	while (!ret && !bpf_link_get_next_id(id, &id)) {
		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0) {
			ret = errno == ENOENT ? 0 : -errno;
			continue;
		}
		map_id = link_map_id(fd, NULL);
		close(fd);
		if (map_id)
			ret = map_id_match(map_id, name, l, drv);
	}
	if (ret == 1)
		drv->link_id = id;
	return ret ? ret : errno == ENOENT ? 0 : -errno;
}

static int find_by_map(const char *name, struct layout *l, struct driver *drv)
{
	struct bpf_map_info info;
	__u32 id = 0;
	int fd, ret = 0;

	while (!ret && !bpf_map_get_next_id(id, &id)) {
		fd = bpf_map_get_fd_by_id(id);
		if (fd < 0) {
			ret = errno == ENOENT ? 0 : -errno;
			continue;
		}
		if (map_is_chr_ext(fd, &info) && !(info.map_flags & BPF_F_LINK))
			ret = map_match(fd, name, l, drv);
		close(fd);
	}
	return ret ? ret : errno == ENOENT ? 0 : -errno;
}

/* 1: found, free it with driver_free(); 0: no such driver; or -errno. */
int driver_find(const char *name, struct driver *drv)
{
	struct layout l = { };
	int ret;

	memset(drv, 0, sizeof(*drv));
	ret = find_by_link(name, &l, drv);
	if (!ret)
		ret = find_by_map(name, &l, drv);
	layout_free(&l);
	return ret;
}

void driver_free(struct driver *drv)
{
	free(drv->progs);
	memset(drv, 0, sizeof(*drv));
}

/* True as long as a map without a link is registered. */
bool plain_map_in_use(int map_fd)
{
	struct layout l = { };
	struct bpf_map_info info;
	__u32 zero = 0, state = 0;
	char *value;

	if (!map_is_chr_ext(map_fd, &info) || layout_get(&l, &info))
		goto out;
	value = xalloc(NULL, info.value_size);
	if (!bpf_map_lookup_elem(map_fd, &zero, value))
		memcpy(&state, value + l.state_off, sizeof(state));
	free(value);
out:
	layout_free(&l);
	return state == STATE_INUSE;
}

/* Returns when the kernel has let go of the driver. */
int driver_detach(const struct driver *drv)
{
	__u32 zero = 0;
	int fd, err;

	fd = drv->link_id ? bpf_link_get_fd_by_id(drv->link_id) :
			    bpf_map_get_fd_by_id(drv->map_id);
	if (fd < 0)
		return -errno;
	err = drv->link_id ? bpf_link_detach(fd) :
			     bpf_map_delete_elem(fd, &zero);
	err = err ? -errno : 0;
	close(fd);
	return err;
}

/* What nftw() looks for, and what it found. */
static struct {
	__u32 link_id;
	__u32 map_id;
	char *path;
} wanted;

/* Info calls do not tell links, maps and programs apart, the file does. */
static bool fd_is(int fd, const char *what)
{
	char path[64], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	return strstr(target, what);
}

static bool pin_wanted(int fd)
{
	struct bpf_map_info info = { };
	__u32 len = sizeof(info), id;

	if (wanted.link_id) {
		if (!fd_is(fd, "bpf_link") && !fd_is(fd, "bpf-link"))
			return false;
		id = 0;
		link_map_id(fd, &id);
		return id == wanted.link_id;
	}
	return fd_is(fd, "bpf-map") &&
	       !bpf_map_get_info_by_fd(fd, &info, &len) &&
	       info.id == wanted.map_id;
}

static int pin_visit(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	int fd;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (pin_wanted(fd))
		wanted.path = xprintf("%s", path);
	close(fd);
	return wanted.path ? 1 : 0;
}

/* Where the driver is pinned, by whomever; NULL: nowhere. To be freed. */
char *driver_pin(const struct driver *drv)
{
	wanted.link_id = drv->link_id;
	wanted.map_id = drv->map_id;
	wanted.path = NULL;
	nftw(BPFFS, pin_visit, 16, FTW_PHYS | FTW_MOUNT);
	return wanted.path;
}

/* bpffs keeps dots in names for itself: they become %2E, and % %25. */
char *pin_dir(const char *name)
{
	char escaped[3 * CHR_EXT_NAME_LEN + 1], *e = escaped;
	size_t i;

	for (i = 0; name[i] && i < CHR_EXT_NAME_LEN; i++) {
		if (strchr(".%", name[i]))
			e += sprintf(e, "%%%02X", name[i]);
		else
			*e++ = name[i];
	}
	*e = 0;
	return xprintf(PIN_ROOT "/%s", escaped);
}

/*
 * Keeps other loaders out: whoever holds the lock and finds no driver of a
 * name may remove its pins, because drivers are attached and pinned under the
 * lock. Where it cannot be had, nothing can be pinned either.
 */
int pins_lock(void)
{
	int fd = open(BPFFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

void pins_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Makes the directories above @path, from PIN_ROOT on. */
static int dirs_make(char *path)
{
	char *slash = path + strlen(PIN_ROOT);
	int err;

	for (; slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		err = mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (err)
			return err;
	}
	return 0;
}

/* Pins @fd as @what, "link", "map" or "maps/...", of the driver @name. */
int pin_fd(const char *name, const char *what, int fd)
{
	char *dir = pin_dir(name), *path = xprintf("%s/%s", dir, what);
	int err = dirs_make(path);

	if (!err && bpf_obj_pin(fd, path))
		err = -errno;
	if (err)
		complain("cannot pin driver \"%s\" at %s: %s", name, path,
			 errno_text(err));
	free(path);
	free(dir);
	return err;
}

static int remove_visit(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

/* Only for a driver that is detached, and under the lock. */
void pins_remove(const char *name)
{
	char *dir = pin_dir(name);

	nftw(dir, remove_visit, 16, FTW_PHYS | FTW_MOUNT | FTW_DEPTH);
	rmdir(PIN_ROOT);
	free(dir);
}

/* The pins of maps in @from take the place of those in @to; none, if NULL. */
void pins_swap(const char *name, const char *from, const char *to)
{
	char *dir = pin_dir(name), *old = xprintf("%s/%s", dir, to), *new;

	nftw(old, remove_visit, 16, FTW_PHYS | FTW_MOUNT | FTW_DEPTH);
	if (from) {
		new = xprintf("%s/%s", dir, from);
		rename(new, old);
		free(new);
	}
	free(old);
	free(dir);
}

/* The value of a struct_ops map that says what is in an object's. */
static void value_fill(const struct layout *l, const struct object *o,
		      const struct object_driver *d, char *ops)
{
	const struct btf_member *k = btf_members(l->ops), *m;
	const char *data = bpf_map__initial_value(d->map, NULL);
	struct bpf_program *prog;
	const char *name;
	unsigned long fd;
	int i;

	for (i = 0; i < btf_vlen(l->ops); i++, k++) {
		name = btf__name_by_offset(l->btf, k->name_off);
		m = member_find(o->btf, d->type, name, strlen(name));
		if (!m)
			continue;	/* older than the module */
		if (!btf_is_ptr(btf__type_by_id(l->btf, k->type))) {
			memcpy(ops + k->offset / 8, data + m->offset / 8,
			       btf__resolve_size(l->btf, k->type));
			continue;
		}
		memcpy(&prog, data + m->offset / 8, sizeof(prog));
		if (!prog)
			continue;
		fd = bpf_program__fd(prog);
		memcpy(ops + k->offset / 8, &fd, sizeof(fd));
	}
}

/*
 * Gives a loaded driver to the kernel without attaching it. libbpf does this
 * only for a link that it made itself. It has compared the types.
 */
int driver_prepare(const struct object *o, const struct object_driver *d)
{
	struct bpf_map_info info;
	struct layout l = { };
	__u32 zero = 0;
	char *value;
	int err;

	if (!map_is_chr_ext(bpf_map__fd(d->map), &info))
		return -EINVAL;
	err = layout_get(&l, &info);
	if (!err) {
		value = xalloc(NULL, info.value_size);
		memset(value, 0, info.value_size);
		value_fill(&l, o, d, value + l.ops_off);
		if (bpf_map_update_elem(bpf_map__fd(d->map), &zero, value, 0))
			err = -errno;
		free(value);
	}
	layout_free(&l);
	return err;
}
