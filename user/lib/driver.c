// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * Drivers in the kernel: a link, or for a driver in SEC(".struct_ops") the
 * registration of its map. Either may be pinned.
 *
 * They are found by the name in their map, whichever program loaded them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib.h"

#define STATE_INUSE	1	/* enum bpf_struct_ops_state of the kernel */

/* Offsets in a map's value, by the module's BTF. */
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
	const struct btf_type *value = type_get(l->btf, value_id), *common;
	struct member data, c, state;

	if (!member_find(l->btf, value, "data", 4, &data) ||
	    !member_find(l->btf, value, "common", 6, &c))
		return false;
	common = type_get(l->btf, c.type);
	l->ops = type_get(l->btf, data.type);
	if (!btf_is_struct(l->ops) ||
	    !member_find(l->btf, common, "state", 5, &state))
		return false;
	l->ops_off = data.bits / 8;
	l->state_off = (c.bits + state.bits) / 8;
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

/* True if the map's value is described by the module's BTF. */
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

static int prog_add(struct chrext_driver *drv, const char *op, __u32 id)
{
	struct driver_prog *progs;

	progs = realloc(drv->progs, (drv->nr_progs + 1) * sizeof(*progs));
	if (!progs)
		return -ENOMEM;
	drv->progs = progs;
	progs += drv->nr_progs++;
	*progs = (struct driver_prog) { .id = id };
	snprintf(progs->op, sizeof(progs->op), "%s", op);
	prog_name(progs);
	return 0;
}

/* In the value that user space reads, pointers are ids of programs. */
static int progs_get(struct chrext_driver *drv, const struct layout *l,
		     const struct span *ops)
{
	struct member m;
	struct span at;
	__u64 id;
	__u32 i;

	for (i = 0; member_get(l->btf, l->ops, i, &m); i++) {
		if (!btf_is_ptr(type_get(l->btf, m.type)) ||
		    !span_part(ops, m.bits / 8, sizeof(id), &at))
			continue;
		memcpy(&id, at.data, sizeof(id));
		if (id && prog_add(drv, m.name, id))
			return -ENOMEM;
	}
	return 0;
}

/* A string in the ops, terminated in @buf of @size + 1 bytes. */
static bool ops_string(const struct layout *l, const struct span *ops,
		       const char *name, char *buf, size_t size)
{
	struct member m;
	struct span at;

	buf[0] = 0;
	if (!member_find(l->btf, l->ops, name, strlen(name), &m) ||
	    !span_part(ops, m.bits / 8, size, &at))
		return false;
	memcpy(buf, at.data, size);
	buf[size] = 0;
	return true;
}

/* 1: the value is the driver @name, which is attached; 0: it is not. */
static int value_match(const struct span *value, const char *name,
		       const struct bpf_map_info *info, const struct layout *l,
		       struct chrext_driver *drv)
{
	struct span ops, at;
	__u32 state;

	if (!span_part(value, l->ops_off, l->ops->size, &ops) ||
	    !span_part(value, l->state_off, sizeof(state), &at))
		return 0;
	memcpy(&state, at.data, sizeof(state));
	if (!ops_string(l, &ops, "name", drv->name, CHR_EXT_NAME_LEN) ||
	    strcmp(drv->name, name) ||
	    (!(info->map_flags & BPF_F_LINK) && state != STATE_INUSE))
		return 0;
	ops_string(l, &ops, "compatible", drv->compatible, CHR_EXT_MATCH_LEN);
	drv->map_id = info->id;
	return progs_get(drv, l, &ops) ? -ENOMEM : 1;
}

/* The same for the map @fd. */
static int map_match(int fd, const char *name, struct layout *l,
		     struct chrext_driver *drv)
{
	struct bpf_map_info info;
	struct span value;
	__u32 zero = 0;
	int ret;

	if (!map_is_chr_ext(fd, &info))
		return 0;
	ret = layout_get(l, &info);
	if (ret)
		return ret;
	value.size = info.value_size;
	value.data = malloc(value.size);
	if (!value.data)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &zero, value.data))
		ret = -errno;
	else
		ret = value_match(&value, name, &info, l, drv);
	free(value.data);
	return ret;
}

static int map_id_match(__u32 id, const char *name, struct layout *l,
			struct chrext_driver *drv)
{
	int fd, ret;

	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ret = map_match(fd, name, l, drv);
	close(fd);
	return ret;
}

/* The map that a struct_ops link attaches; 0 when it is detached. */
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

bool link_live(int fd)
{
	return link_map_id(fd, NULL);
}

__u32 link_id_of(int fd)
{
	__u32 id = 0;

	link_map_id(fd, &id);
	return id;
}

static int find_by_link(const char *name, struct layout *l, struct chrext_driver *drv)
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

static int find_by_map(const char *name, struct layout *l, struct chrext_driver *drv)
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

/* 1: found, for driver_clear(); 0: no such driver; or -errno. */
int driver_lookup(const char *name, struct chrext_driver *drv)
{
	struct layout l = { };
	struct capture c;
	int ret;

	memset(drv, 0, sizeof(*drv));
	capture_begin(&c, NULL);
	ret = find_by_link(name, &l, drv);
	if (!ret)
		ret = find_by_map(name, &l, drv);
	capture_end(&c);
	capture_free(&c);
	layout_free(&l);
	return ret;
}

void driver_clear(struct chrext_driver *drv)
{
	free(drv->progs);
	free(drv->pin);
	memset(drv, 0, sizeof(*drv));
}

struct chrext_driver *chrext_driver_find(const char *name,
					 struct chrext_error **err)
{
	struct chrext_driver *drv = malloc(sizeof(*drv));
	int ret = drv ? driver_lookup(name, drv) : -ENOMEM;

	if (ret == 1) {
		drv->pin = driver_pin(drv);
		return drv;
	}
	if (drv)
		driver_clear(drv);
	free(drv);
	if (!ret)
		fail(err, -ENOENT, "no driver named \"%s\" is loaded", name);
	else if (ret == -ENOMEM)
		fail_memory(err);
	else if (ret == -EPERM)
		fail_eperm(err, "looking for drivers");
	else
		fail(err, ret, "cannot look for driver \"%s\": %s", name,
		     errno_text(ret));
	return NULL;
}

void chrext_driver_free(struct chrext_driver *drv)
{
	if (!drv)
		return;
	driver_clear(drv);
	free(drv);
}

const char *chrext_driver_get_name(const struct chrext_driver *drv)
{
	return drv->name;
}

const char *chrext_driver_get_compatible(const struct chrext_driver *drv)
{
	return drv->compatible;
}

uint32_t chrext_driver_get_link_id(const struct chrext_driver *drv)
{
	return drv->link_id;
}

uint32_t chrext_driver_get_map_id(const struct chrext_driver *drv)
{
	return drv->map_id;
}

const char *chrext_driver_get_pin(const struct chrext_driver *drv)
{
	return drv->pin;
}

size_t chrext_driver_num_programs(const struct chrext_driver *drv)
{
	return drv->nr_progs;
}

uint32_t chrext_driver_get_program(const struct chrext_driver *drv,
				   size_t index, const char **op,
				   const char **name)
{
	const struct driver_prog *prog = &drv->progs[index];

	if (index >= drv->nr_progs)
		return 0;
	if (op)
		*op = prog->op;
	if (name)
		*name = prog->name;
	return prog->id;
}

static bool map_in_use(int map_fd)
{
	struct layout l = { };
	struct bpf_map_info info;
	__u32 zero = 0, state = 0;
	struct span value = { }, at;

	if (!map_is_chr_ext(map_fd, &info) || layout_get(&l, &info))
		goto out;
	value.size = info.value_size;
	value.data = malloc(value.size);
	if (value.data && !bpf_map_lookup_elem(map_fd, &zero, value.data) &&
	    span_part(&value, l.state_off, sizeof(state), &at))
		memcpy(&state, at.data, sizeof(state));
	free(value.data);
out:
	layout_free(&l);
	return state == STATE_INUSE;
}

/* True as long as a map without a link is registered. */
bool plain_map_in_use(int map_fd)
{
	struct capture c;
	bool in_use;

	capture_begin(&c, NULL);
	in_use = map_in_use(map_fd);
	capture_end(&c);
	capture_free(&c);
	return in_use;
}

/* Returns when the kernel has let go of the driver. */
static int detach(const struct chrext_driver *drv)
{
	__u32 zero = 0;
	int fd, ret;

	fd = drv->link_id ? bpf_link_get_fd_by_id(drv->link_id) :
			    bpf_map_get_fd_by_id(drv->map_id);
	if (fd < 0)
		return -errno;
	ret = drv->link_id ? bpf_link_detach(fd) :
			     bpf_map_delete_elem(fd, &zero);
	ret = ret ? -errno : 0;
	close(fd);
	return ret;
}

int chrext_driver_detach(struct chrext_driver *drv, struct chrext_error **err)
{
	int ret = detach(drv), lock;
	char *pin;

	if (ret == -EPERM)
		return fail_eperm(err, "unloading a driver");
	if (ret)
		return fail(err, ret, "cannot detach driver \"%s\": %s",
			    drv->name, errno_text(ret));
	lock = pins_lock();
	pin = driver_pin(drv);
	if (pin)
		unlink(pin);
	free(pin);
	pins_unlock(lock);
	chrext_pins_clean(drv->name);
	return 0;
}

/* Fill the value of a struct_ops map with the ops of an object. */
static void value_fill(const struct layout *l, const struct chrext_object *o,
		       const struct object_driver *d, const struct span *ops)
{
	struct bpf_program *prog;
	struct member k, m;
	struct span to, from;
	__s64 size;
	__u64 fd;
	__u32 i;

	for (i = 0; member_get(l->btf, l->ops, i, &k); i++) {
		size = btf__resolve_size(l->btf, k.type);
		if (!member_find(o->btf, d->type, k.name, strlen(k.name), &m) ||
		    size <= 0 || !span_part(ops, k.bits / 8, size, &to) ||
		    !span_part(&d->value, m.bits / 8, size, &from))
			continue;	/* older than the module */
		if (!btf_is_ptr(type_get(l->btf, k.type))) {
			memcpy(to.data, from.data, size);
			continue;
		}
		prog = object_program(o, d, &m);
		fd = prog ? bpf_program__fd(prog) : 0;
		memcpy(to.data, &fd, sizeof(fd));
	}
}

/*
 * Give a loaded driver to the kernel without attaching it. libbpf does this
 * only for a link that it made itself. It has compared the types.
 */
int driver_prepare(const struct chrext_object *o, const struct object_driver *d)
{
	struct span value, ops;
	struct bpf_map_info info;
	struct layout l = { };
	__u32 zero = 0;
	int ret;

	if (!map_is_chr_ext(bpf_map__fd(d->map), &info))
		return -EINVAL;
	ret = layout_get(&l, &info);
	if (!ret) {
		value.size = info.value_size;
		value.data = calloc(1, value.size);
		if (!value.data)
			ret = -ENOMEM;
		else if (!span_part(&value, l.ops_off, l.ops->size, &ops))
			ret = -EINVAL;
		else
			value_fill(&l, o, d, &ops);
		if (!ret && bpf_map_update_elem(bpf_map__fd(d->map), &zero,
						value.data, 0))
			ret = -errno;
		free(value.data);
	}
	layout_free(&l);
	return ret;
}
