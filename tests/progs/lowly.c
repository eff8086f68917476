// SPDX-License-Identifier: GPL-2.0-only
/*
 * lowly OBJECT: loads it as root, and attaches its drivers without
 * CAP_SYS_ADMIN. Prints what the first attempt gives.
 */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(2);
}

static void drop(int cap)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	need(!syscall(SYS_capget, &head, data), "capget");
	data[cap / 32].effective &= ~(1U << cap % 32);
	need(!syscall(SYS_capset, &head, data), "capset");
}

int main(int argc, char **argv)
{
	struct bpf_object *obj;
	struct bpf_map *map;

	need(argc == 2, "usage: lowly OBJECT");
	obj = bpf_object__open(argv[1]);
	need(obj && !bpf_object__load(obj), argv[1]);
	drop(CAP_SYS_ADMIN);
	bpf_object__for_each_map(map, obj) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		errno = 0;
		puts(bpf_map__attach_struct_ops(map) ? "attached" :
							strerrorname_np(errno));
		return 0;
	}
	return 2;
}
