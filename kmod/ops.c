// SPDX-License-Identifier: GPL-2.0-only
/*
 * The struct_ops side: what the verifier and the BPF system call ask of us.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/module.h>

#include "chr_ext.h"

#define MEMBER(m)	offsetof(struct chr_ext_ops, m)

/*
 * file->dev is as good as the file, and io->file as the io. The verifier takes
 * that from types of these names in the same BTF.
 */
struct chr_ext_file__safe_trusted {
	struct chr_ext_dev *dev;
};

struct chr_ext_io__safe_trusted {
	struct chr_ext_file *file;
};

/* The BTF of this module; set by init, which runs only if there is one. */
static const struct btf *chr_ext_btf;

static bool ops_is_valid_access(int off, int size, enum bpf_access_type type,
				const struct bpf_prog *prog,
				struct bpf_insn_access_aux *info)
{
	if (type != BPF_READ)
		return false;
	if (off < 0 || off >= sizeof(__u64) * MAX_BPF_FUNC_ARGS)
		return false;
	if (off % size)
		return false;

	return btf_ctx_access(off, size, type, prog, info);
}

/*
 * Some helpers and kfuncs wait for user space without a page fault: they look
 * pages of another task up, read a file that is mapped (for a build id, or as
 * a dynptr), which can be on FUSE, or wait for a key that a user agent makes,
 * or for an input device that is a process (uhid).
 * Work of a task runs where it may fault, and can hold a device meanwhile. No
 * guard could be drained then.
 */
static const struct bpf_func_proto *
ops_get_func_proto(enum bpf_func_id id, const struct bpf_prog *prog)
{
	if (id == BPF_FUNC_copy_from_user_task ||
	    (id == BPF_FUNC_get_task_stack && prog->sleepable))
		return NULL;
	/* 6.12 lets a program that must not sleep go on as one that may. */
	if (id == BPF_FUNC_tail_call)
		return NULL;
	return bpf_base_func_proto(id, prog);
}

static const char *const waiting_kfuncs[] = {
	"bpf_copy_from_user_task_str",
	"bpf_copy_from_user_task_dynptr",
	"bpf_copy_from_user_task_str_dynptr",
	"bpf_dynptr_from_file",
	"bpf_lookup_user_key",
	"bpf_task_work_schedule_signal",
	"bpf_task_work_schedule_signal_impl",
	"bpf_task_work_schedule_resume",
	"bpf_task_work_schedule_resume_impl",
	"hid_bpf_allocate_context",
	"hid_bpf_hw_output_report",
	"hid_bpf_hw_request",
	"hid_bpf_input_report",
};

/* Their ids in the kernel's BTF, or an error where it has none. */
static s32 waiting_ids[ARRAY_SIZE(waiting_kfuncs)];

static void find_waiting_kfuncs(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(waiting_kfuncs); i++)
		waiting_ids[i] = chr_ext_find_kfunc(waiting_kfuncs[i]);
}

static const char *waiting_kfunc(const struct bpf_insn *insn)
{
	size_t i;

	/* An offset says that it is a module's. */
	if (insn->code != (BPF_JMP | BPF_CALL) || insn->off ||
	    insn->src_reg != BPF_PSEUDO_KFUNC_CALL)
		return NULL;

	for (i = 0; i < ARRAY_SIZE(waiting_kfuncs); i++)
		if (insn->imm == waiting_ids[i])
			return waiting_kfuncs[i];
	return NULL;
}

/* Without btf_struct_access all that a program is given is read-only. */
static const struct bpf_verifier_ops ops_verifier_ops = {
	.get_func_proto = ops_get_func_proto,
	.is_valid_access = ops_is_valid_access,
};

static int ops_init(struct btf *btf)
{
	BTF_TYPE_EMIT(struct chr_ext_file__safe_trusted);
	BTF_TYPE_EMIT(struct chr_ext_io__safe_trusted);

	chr_ext_btf = btf;
	return 0;
}

/*
 * Only those who may load BPF get here, so there is no limit to the rate of
 * these lines: the last one is the one that is wanted.
 */
#define refuse(err, name, fmt, ...)					\
	(pr_err("%.*s: refused: " fmt "\n", CHR_EXT_NAME_LEN - 1, name,	\
		##__VA_ARGS__), -(err))

/*
 * Every op that is served runs in process context and may sleep, but not for
 * user space. The kernel does not ask modules about the kfuncs of its own.
 */
static int ops_check_member(const struct btf_type *t,
			    const struct btf_member *member,
			    const struct bpf_prog *prog)
{
	const char *kfunc;
	u32 i;

	for (i = 0; i < prog->len; i++) {
		kfunc = waiting_kfunc(&prog->insnsi[i]);
		if (kfunc)
			return refuse(EACCES, prog->aux->name,
				      "%s may wait for user space", kfunc);
	}
	return 0;
}

static int check_name(const char *name)
{
	size_t len = strnlen(name, CHR_EXT_NAME_LEN);
	size_t i;

	if (len == CHR_EXT_NAME_LEN)
		return refuse(EINVAL, "?", "the name is not terminated within %u bytes",
			      CHR_EXT_NAME_LEN);
	if (!len)
		return refuse(EINVAL, "?", "the name is empty");

	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || !isgraph(name[i]) ||
		    strchr("/!\\", name[i]))
			return refuse(EINVAL, "?",
				      "the name has the character 0x%02x at %zu, which no node may have",
				      (u8)name[i], i);

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return refuse(EINVAL, name, "this is no name of a node");
	return 0;
}

/* One string of a compatible list. */
static int check_match(const char *name, const char *match, size_t len)
{
	size_t i;

	if (!len)
		return refuse(EINVAL, name,
			      "compatible has a blank with nothing before it");
	for (i = 0; i < len; i++)
		if (!isascii(match[i]) || !isgraph(match[i]))
			return refuse(EINVAL, name,
				      "compatible has the character 0x%02x",
				      (u8)match[i]);
	return 0;
}

static int check_compatible(const char *name, const char *compatible)
{
	size_t len = strnlen(compatible, CHR_EXT_MATCH_LEN);
	int err;

	if (len == CHR_EXT_MATCH_LEN)
		return refuse(EINVAL, name,
			      "compatible is not terminated within %u bytes",
			      CHR_EXT_MATCH_LEN);
	while (*compatible) {
		len = strcspn(compatible, " ");
		err = check_match(name, compatible, len);
		if (err)
			return err;
		compatible += len;
		if (*compatible)
			compatible++;
	}
	return 0;
}

static int check_max(const char *name, const char *member, u32 value, u32 max)
{
	if (value > max)
		return refuse(EINVAL, name, "%s is %u, more than %u", member,
			      value, max);
	return 0;
}

/* Return: 1 when the member is dealt with, 0 for ops, or -errno. */
static int ops_init_member(const struct btf_type *t,
			   const struct btf_member *member,
			   void *kdata, const void *udata)
{
	const struct chr_ext_ops *u = udata;
	struct chr_ext_ops *k = kdata;
	const char *name = u->name;
	int err;

	switch (__btf_member_bit_offset(t, member) / 8) {
	case MEMBER(name):
		err = check_name(name);
		if (!err)
			strscpy(k->name, name, sizeof(k->name));
		break;
	case MEMBER(compatible):
		err = check_compatible(name, u->compatible);
		if (!err)
			strscpy(k->compatible, u->compatible,
				sizeof(k->compatible));
		break;
	case MEMBER(mode):
		k->mode = u->mode ?: 0600;
		err = u->mode & ~0777 ?
			refuse(EINVAL, name, "mode is 0%o, more than 0777",
			       u->mode) : 0;
		break;
	case MEMBER(flags):
		k->flags = u->flags;
		err = u->flags & ~(CHR_EXT_SEEKABLE | CHR_EXT_NULL_SEEK |
				   CHR_EXT_STREAM | CHR_EXT_SINK |
				   CHR_EXT_SERIAL_DEV | CHR_EXT_SERIAL_FILE) ?
			refuse(EINVAL, name, "flags 0x%x has unknown bits",
			       u->flags) : 0;
		break;
	case MEMBER(instances):
		k->instances = u->instances ?: 1;
		err = check_max(name, "instances", k->instances,
				CHR_EXT_MAX_INSTANCES);
		break;
	case MEMBER(file_size):
		k->file_size = u->file_size;
		err = check_max(name, "file_size", k->file_size,
				CHR_EXT_MAX_FILE_SIZE);
		break;
	case MEMBER(dev_size):
		k->dev_size = u->dev_size;
		err = check_max(name, "dev_size", k->dev_size,
				CHR_EXT_MAX_DEV_SIZE);
		break;
	case MEMBER(max_io):
		k->max_io = u->max_io ?: CHR_EXT_DEFAULT_IO;
		err = check_max(name, "max_io", k->max_io, CHR_EXT_MAX_IO);
		break;
	case MEMBER(layout):
		k->layout = u->layout;
		err = 0;
		break;
	case MEMBER(mem_size):
		k->mem_size = PAGE_ALIGN(u->mem_size);
		err = u->mem_size > CHR_EXT_MAX_MEM ?
			refuse(EINVAL, name, "mem_size is %llu, more than %u",
			       u->mem_size, CHR_EXT_MAX_MEM) : 0;
		break;
	case MEMBER(timeout_ms):
		k->timeout_ms = u->timeout_ms;
		err = 0;
		break;
	default:
		return 0;
	}
	return err ?: 1;
}

/* What several members have to agree on. */
static int ops_validate(void *kdata)
{
	const struct chr_ext_ops *ops = kdata;
	const u32 seek = CHR_EXT_SEEKABLE | CHR_EXT_NULL_SEEK;
	const u32 serial = CHR_EXT_SERIAL_DEV | CHR_EXT_SERIAL_FILE;
	size_t len;

	if ((ops->flags & seek) == seek)
		return refuse(EINVAL, ops->name,
			      "flags has both SEEKABLE and NULL_SEEK");
	if ((ops->flags & serial) == serial)
		return refuse(EINVAL, ops->name,
			      "flags has both SERIAL_DEV and SERIAL_FILE");
	if (ops->llseek && !(ops->flags & CHR_EXT_SEEKABLE))
		return refuse(EINVAL, ops->name,
			      "there is an llseek, but flags has no SEEKABLE");

	len = snprintf(NULL, 0, "%s%u", ops->name, ops->instances - 1);
	if (ops->instances > 1 && len >= CHR_EXT_NAME_LEN)
		return refuse(EINVAL, ops->name,
			      "the name leaves no room for the numbers of %u instances",
			      ops->instances);

	if ((u64)ops->instances * ops->dev_size > CHR_EXT_MAX_DEV_SIZE)
		return refuse(EINVAL, ops->name,
			      "%u instances with a dev_size of %u are more than %u bytes together",
			      ops->instances, ops->dev_size,
			      CHR_EXT_MAX_DEV_SIZE);
	if (ops->instances * ops->mem_size > CHR_EXT_MAX_MEM)
		return refuse(EINVAL, ops->name,
			      "%u instances with a mem_size of %llu are more than %u bytes together",
			      ops->instances, ops->mem_size, CHR_EXT_MAX_MEM);
	return 0;
}

/* A node is a thing of the whole machine; CAP_BPF is not enough. */
static int ops_reg(void *kdata, struct bpf_link *link)
{
	const struct chr_ext_ops *ops = kdata;

	if (!capable(CAP_SYS_ADMIN))
		return refuse(EPERM, ops->name,
			      "attaching a driver needs CAP_SYS_ADMIN");
	return chr_ext_driver_reg(ops);
}

static int ops_update(void *kdata, void *old_kdata, struct bpf_link *link)
{
	const struct chr_ext_ops *ops = kdata;

	if (!capable(CAP_SYS_ADMIN))
		return refuse(EPERM, ops->name,
			      "updating a driver needs CAP_SYS_ADMIN");
	return chr_ext_driver_update(ops, old_kdata);
}

static void ops_unreg(void *kdata, struct bpf_link *link)
{
	chr_ext_driver_unreg(kdata);
}

/*
 * The shape of the ops that are served. One without a stub is refused by the
 * kernel when its program is loaded.
 */
static int stub_dev(struct chr_ext_dev *dev)
{
	return 0;
}

static void stub_dev_void(struct chr_ext_dev *dev)
{
}

static int stub_file(struct chr_ext_file *file)
{
	return 0;
}

static void stub_file_void(struct chr_ext_file *file)
{
}

static long stub_io(struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

static u32 stub_poll(struct chr_ext_file *file)
{
	return 0;
}

static long stub_ioctl(struct chr_ext_file *file, u32 cmd,
		       struct chr_ext_io *io)
{
	return 0;
}

static s64 stub_llseek(struct chr_ext_file *file, s64 offset, u32 whence)
{
	return 0;
}

static int stub_mmap(struct chr_ext_file *file, struct chr_ext_map *map)
{
	return 0;
}

static void __maybe_unused stub_event(struct chr_ext_dev *dev, struct chr_ext_event *event)
{
}

static struct chr_ext_ops ops_stubs = {
	.probe = stub_dev,
	.remove = stub_dev_void,
	.open = stub_file,
	.close = stub_file_void,
	.read = stub_io,
	.write = stub_io,
	.poll = stub_poll,
	.ioctl = stub_ioctl,
	.llseek = stub_llseek,
	.mmap = stub_mmap,
	.fsync = stub_file,
	.flush = stub_file,
#if CHR_EXT_ABI >= 2
	.event = stub_event,
#endif
	.update = stub_dev_void,
};

static struct bpf_struct_ops chr_ext_struct_ops = {
	.verifier_ops = &ops_verifier_ops,
	.init = ops_init,
	.check_member = ops_check_member,
	.init_member = ops_init_member,
	.validate = ops_validate,
	.reg = ops_reg,
	.unreg = ops_unreg,
	.update = ops_update,
	.cfi_stubs = &ops_stubs,
	.name = "chr_ext_ops",
	.owner = THIS_MODULE,
};

/**
 * chr_ext_ops_register() - offer struct chr_ext_ops and the kfuncs to BPF
 *
 * The kernel says success where the module has no BTF, or one that does not
 * fit the kernel's; that ops_init() has run is the proof.
 *
 * Return: 0 or -errno
 */
int chr_ext_ops_register(void)
{
	int err;

	err = register_bpf_struct_ops(&chr_ext_struct_ops, chr_ext_ops);
	if (!err && !chr_ext_btf)
		err = -EOPNOTSUPP;
	if (!err)
		err = chr_ext_kfuncs_register(chr_ext_btf);
	if (!err)
		find_waiting_kfuncs();

	if (err == -EOPNOTSUPP)
		pr_err("no usable BTF: install a kernel with CONFIG_DEBUG_INFO_BTF_MODULES and a module built with that kernel's headers and pahole\n");
	else if (err)
		pr_err("cannot register struct chr_ext_ops: %d\n", err);
	return err;
}
