// SPDX-License-Identifier: GPL-2.0-only
/*
 * whoami: each open file is a text about the task that opened it, as the kernel
 * has it: name, start time, parents, credentials and cgroup.
 *
 * What it reads is declared here, with no more members than it uses. libbpf finds
 * each by name in the BTF of the kernel that is running (CO-RE), so the same object
 * is right on kernels whose structs differ.
 */
#include <chr_ext/chr_ext.bpf.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)

struct kuid {
	__u32 val;
};

struct cred {
	struct kuid uid, euid, suid, fsuid;
	struct kuid gid, egid, sgid, fsgid;
};

struct kernfs_node {
	const char *name;
	struct kernfs_node *__parent;
};

/* Before 6.15. */
struct kernfs_node___plain {
	struct kernfs_node *parent;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	int pid, tgid;
	char comm[16];
	__u64 start_boottime;
	struct task_struct *real_parent, *group_leader;
	const struct cred *cred;
	struct css_set *cgroups;
};

#pragma clang attribute pop

#define TEXT_SIZE	4096
#define NAME_SIZE	256	/* of a cgroup, with the terminating NUL */
#define MAX_PARENTS	32
#define MAX_DEPTH	32	/* of cgroups */
#define TICK_NS		10000000ULL	/* USER_HZ is 100 on all machines */

/* The memory of an open file. */
struct text {
	__u32 len;
	char bytes[TEXT_SIZE];
};

/* Appends as bpf_snprintf() would; too long a text is cut. */
#define append(text, fmt, args...)						\
do {										\
	__u32 at = (text)->len;							\
										\
	if (at < TEXT_SIZE - NAME_SIZE) {					\
		long n = BPF_SNPRINTF((text)->bytes + at, NAME_SIZE, fmt, args); \
										\
		if (n > 0 && n <= NAME_SIZE)					\
			(text)->len = at + n - 1;				\
	}									\
} while (0)

static void append_name(struct text *text, const char *name)
{
	__u32 at = text->len;
	long n;

	if (at >= TEXT_SIZE - NAME_SIZE - 1)
		return;
	text->bytes[at++] = '/';
	n = bpf_probe_read_kernel_str(text->bytes + at, NAME_SIZE, name);
	if (n > 0 && n <= NAME_SIZE)
		text->len = at + n - 1;
}

static void append_parents(struct text *text, struct task_struct *task)
{
	int i, pid;

	append(text, "Parents:\t%d", BPF_CORE_READ(task, real_parent, tgid));
	for (i = 1; i < MAX_PARENTS; i++) {
		task = BPF_CORE_READ(task, real_parent, group_leader);
		pid = BPF_CORE_READ(task, real_parent, tgid);
		if (!pid)
			break;
		append(text, " %d", pid);
	}
	append(text, "%s", "\n");
}

static struct kernfs_node *parent_of(struct kernfs_node *kn)
{
	struct kernfs_node___plain *plain = (void *)kn;

	if (bpf_core_field_exists(plain->parent))
		return BPF_CORE_READ(plain, parent);
	return BPF_CORE_READ(kn, __parent);
}

static void append_cgroup(struct text *text, struct task_struct *task)
{
	struct kernfs_node *kn = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn), *up;
	const char *names[MAX_DEPTH];
	int i, depth = 0;

	/* The root has no name. */
	for (i = 0; i < MAX_DEPTH; i++) {
		up = parent_of(kn);
		if (!up)
			break;
		names[i] = BPF_CORE_READ(kn, name);
		depth++;
		kn = up;
	}
	append(text, "%s", "Cgroup:\t");
	if (!depth)
		append(text, "%s", "/");
	for (i = MAX_DEPTH - 1; i >= 0; i--)
		if (i < depth)
			append_name(text, names[i]);
	append(text, "%s", "\n");
}

SEC("struct_ops/open")
int BPF_PROG(whoami_open, struct chr_ext_file *file)
{
	struct text *text = (void *)chr_ext_file_data(file, sizeof(*text));
	struct task_struct *task = (void *)bpf_get_current_task();
	const struct cred *cred;
	char comm[16];

	if (!text)
		return -ENOMEM;
	BPF_CORE_READ_STR_INTO(&comm, task, comm);
	append(text, "Name:\t%s\nPid:\t%d\nTgid:\t%d\n", comm,
	       BPF_CORE_READ(task, pid), BPF_CORE_READ(task, tgid));
	append(text, "Start:\t%llu\n",
	       BPF_CORE_READ(task, start_boottime) / TICK_NS);
	append_parents(text, task);
	cred = BPF_CORE_READ(task, cred);
	append(text, "Uid:\t%u\t%u\t%u\t%u\n", BPF_CORE_READ(cred, uid.val),
	       BPF_CORE_READ(cred, euid.val), BPF_CORE_READ(cred, suid.val),
	       BPF_CORE_READ(cred, fsuid.val));
	append(text, "Gid:\t%u\t%u\t%u\t%u\n", BPF_CORE_READ(cred, gid.val),
	       BPF_CORE_READ(cred, egid.val), BPF_CORE_READ(cred, sgid.val),
	       BPF_CORE_READ(cred, fsgid.val));
	append_cgroup(text, task);
	return 0;
}

SEC("struct_ops/read")
long BPF_PROG(whoami_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct text *text = (void *)chr_ext_file_data(file, sizeof(*text));
	__u64 left;

	if (!text || io->pos < 0 || io->pos >= text->len)
		return 0;
	left = text->len - io->pos;
	return chr_ext_io_put_file(io, 0, file,
				   __builtin_offsetof(struct text, bytes) + io->pos,
				   io->len < left ? io->len : left);
}

CHR_EXT_DRIVER(whoami,
	.open = (void *)whoami_open,
	.read = (void *)whoami_read,
	.mode = 0444,
	.flags = CHR_EXT_SEEKABLE,
	.file_size = sizeof(struct text),
);
