// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct chr_ext_ops towards the verifier and bpf(2).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/module.h>

#include "allow.h"
#include "driver.h"
#include "kfuncs.h"
#include "log.h"
#include "ops.h"

/*
 * file->dev is trusted as the file is, and io->file as the io. The verifier
 * looks for types of these names in the same BTF.
 */
struct chr_ext_file__safe_trusted {
	struct chr_ext_dev *dev;
};

struct chr_ext_io__safe_trusted {
	struct chr_ext_file *file;
};

/* The BTF of this module; set by ops_init(), which runs only if there is one. */
static const struct btf *chr_ext_btf;

/*
 * Bytes that a function returns, 0 for none. @id is that of its prototype, or
 * of a type that leads there.
 */
static u32 return_size(const struct btf *btf, u32 id)
{
	const struct btf_type *t;

	do {
		t = btf_type_by_id(btf, id);
		if (!t)
			return 0;
		id = t->type;
	} while (!btf_type_is_func_proto(t));

	while (id) {
		t = btf_type_by_id(btf, id);
		switch (t ? btf_kind(t) : BTF_KIND_UNKN) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_TYPE_TAG:
			id = t->type;
			break;
		case BTF_KIND_PTR:
			return sizeof(void *);
		default:
			return t ? t->size : 0;
		}
	}
	return 0;
}

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

/* No btf_struct_access: the types that programs see are read-only. */
static const struct bpf_verifier_ops ops_verifier_ops = {
	.get_func_proto = chr_ext_helper_proto,
	.is_valid_access = ops_is_valid_access,
};

static int ops_init(struct btf *btf)
{
	BTF_TYPE_EMIT(struct chr_ext_file__safe_trusted);
	BTF_TYPE_EMIT(struct chr_ext_io__safe_trusted);
	BTF_TYPE_EMIT_ENUM(CHR_EXT_ALL_FLAGS);

	chr_ext_btf = btf;
	return 0;
}

#define refuse(err, name, fmt, ...)					\
	chr_ext_refuse(err, NULL, name, fmt, ##__VA_ARGS__)

/*
 * A program whose return value is narrower than the op's would leave half of
 * the register undefined. Programs without BTF of their functions are not
 * checked; what they return is.
 */
static int check_return_type(const struct btf_type *t,
			     const struct btf_member *member,
			     const struct bpf_prog *prog)
{
	u32 want, has;

	if (!prog->aux->func_info)
		return 0;
	want = return_size(chr_ext_btf, member->type);
	has = return_size(prog->aux->btf, prog->aux->func_info[0].type_id);
	if (want == has)
		return 0;
	return refuse(EINVAL, prog->aux->name,
		      "it returns %u bytes, the op %u: use the op's return type",
		      has, want);
}

static int ops_check_member(const struct btf_type *t,
			    const struct btf_member *member,
			    const struct bpf_prog *prog)
{
	return check_return_type(t, member, prog) ?: chr_ext_check_calls(prog);
}

static int check_name(const char *name, const char *text)
{
	size_t len = strnlen(name, CHR_EXT_NAME_LEN);
	size_t i;

	if (len == CHR_EXT_NAME_LEN)
		return refuse(EINVAL, "?", "the name is not terminated within %u bytes",
			      CHR_EXT_NAME_LEN);
	if (!len)
		return refuse(EINVAL, "?", "the name is empty");

	for (i = 0; i < len; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("._-", name[i])))
			return refuse(EINVAL, "?",
				      "the name has the character 0x%02x at %zu; letters, digits, '.', '_' and '-' are valid",
				      (u8)name[i], i);

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return refuse(EINVAL, name, "a node cannot have this name");
	return 0;
}

/* One string of a compatible list. */
static int check_match(const char *name, const char *match, size_t len)
{
	size_t i;

	if (!len)
		return refuse(EINVAL, name,
			      "compatible has a blank with nothing before it");
	if (len >= CHR_EXT_COMPATIBLE_LEN)
		return refuse(EINVAL, name,
			      "compatible has a string of more than %u characters",
			      CHR_EXT_COMPATIBLE_LEN - 1);
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

/*
 * The data members. A number is checked after a 0 has been replaced by its
 * default. FIXED members have to stay the same in a live update.
 */
struct data_member {
	const char *name;
	u32 offset;
	u32 size;
	bool fixed;
	int (*check)(const char *name, const char *text);	/* of a text */
	u64 bits;			/* of a word of flags: all of them */
	u64 least, most, dflt;		/* of a number */
	bool octal;			/* in messages */
};

#define FIXED		true
#define UPDATED		false
#define MEMBER(m, ...)							\
	{ #m, offsetof(struct chr_ext_ops, m),				\
	  sizeof_field(struct chr_ext_ops, m), __VA_ARGS__ }
#define TEXT(m, _check, _fixed)						\
	MEMBER(m, .fixed = _fixed, .check = _check)
#define BITS(m, _bits, _dflt, _fixed)					\
	MEMBER(m, .fixed = _fixed, .bits = _bits, .dflt = _dflt)
#define NUMBER(m, _least, _most, _dflt, _fixed)				\
	MEMBER(m, .fixed = _fixed, .least = _least, .most = _most, .dflt = _dflt)

#define OCTAL(m, _most, _dflt, _fixed)					\
	MEMBER(m, .fixed = _fixed, .most = _most, .dflt = _dflt, .octal = true)

static const struct data_member data_members[] = {
	TEXT(name, check_name, FIXED),
	TEXT(compatible, check_compatible, FIXED),
	OCTAL(mode, 0777, 0600, FIXED),
	BITS(flags, CHR_EXT_ALL_FLAGS, 0, FIXED),
	NUMBER(instances, 1, CHR_EXT_MAX_INSTANCES, 1, FIXED),
	NUMBER(file_size, 0, CHR_EXT_MAX_FILE_SIZE, 0, FIXED),
	NUMBER(dev_size, 0, CHR_EXT_MAX_DEV_SIZE, 0, FIXED),
	NUMBER(max_io, 1, CHR_EXT_MAX_IO, CHR_EXT_DEFAULT_IO, UPDATED),
	NUMBER(layout, 0, U32_MAX, 0, FIXED),
	NUMBER(mem_size, 0, CHR_EXT_MAX_MEM, 0, FIXED),
	NUMBER(timeout_ms, 0, U32_MAX, 0, UPDATED),
};

static u64 member_get(const struct data_member *m, const void *ops)
{
	return m->size == sizeof(u64) ? *(const u64 *)(ops + m->offset) :
					*(const u32 *)(ops + m->offset);
}

static void member_set(const struct data_member *m, void *ops, u64 value)
{
	if (m->size == sizeof(u64))
		WRITE_ONCE(*(u64 *)(ops + m->offset), value);
	else
		WRITE_ONCE(*(u32 *)(ops + m->offset), value);
}

static int member_init(const struct data_member *m, struct chr_ext_ops *to,
		       const struct chr_ext_ops *from)
{
	u64 value;
	int err;

	if (m->check) {
		err = m->check(from->name, (const char *)from + m->offset);
		if (!err)
			strscpy((char *)to + m->offset,
				(const char *)from + m->offset, m->size);
		return err;
	}

	value = member_get(m, from) ?: m->dflt;
	if (m->bits && value & ~m->bits)
		return refuse(EINVAL, from->name, "%s 0x%llx has unknown bits",
			      m->name, value);
	if (!m->bits && value > m->most)
		return refuse(EINVAL, from->name,
			      m->octal ? "%s is 0%llo, more than 0%llo" :
					 "%s is %llu, more than %llu",
			      m->name, value, m->most);
	if (value < m->least)
		return refuse(EINVAL, from->name, "%s is %llu, less than %llu",
			      m->name, value, m->least);
	member_set(m, to, value);
	return 0;
}

/* An error is the kernel's to report, which looks at the descriptor next. */
static bool prog_sleeps(int fd)
{
	struct bpf_prog *prog;
	bool ret;

	prog = bpf_prog_get_type_dev(fd, BPF_PROG_TYPE_STRUCT_OPS, false);
	if (IS_ERR(prog))
		return false;
	ret = prog->sleepable;
	bpf_prog_put(prog);
	return ret;
}

/*
 * Later only the address of a trampoline is known, which does not show whether
 * its program may sleep.
 */
static void note_sleepable(struct chr_ext_ops *to, const void *from, u32 offset)
{
	int fd = *(const unsigned long *)(from + offset);

	if (offset != offsetof(struct chr_ext_ops, read) &&
	    offset != offsetof(struct chr_ext_ops, write))
		return;
	if (fd && prog_sleeps(fd))
		to->internal |= CHR_EXT_RW_SLEEPS;
}

/* Return: 1 for a data member, 0 for an op, or -errno. */
static int ops_init_member(const struct btf_type *t,
			   const struct btf_member *member,
			   void *kdata, const void *udata)
{
	u32 offset = __btf_member_bit_offset(t, member) / 8;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(data_members); i++)
		if (data_members[i].offset == offset)
			return member_init(&data_members[i], kdata, udata) ?: 1;
	note_sleepable(kdata, udata, offset);
	return 0;
}

/**
 * chr_ext_ops_differ() - compare what a live update cannot change
 * @conf: the data members of the attached driver
 * @ops: those of the new version
 *
 * Return: the name of the first member that differs, or NULL.
 */
const char *chr_ext_ops_differ(const struct chr_ext_ops *conf,
			       const struct chr_ext_ops *ops)
{
	const struct data_member *m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(data_members); i++) {
		m = &data_members[i];
		if (m->fixed && memcmp((const void *)conf + m->offset,
				       (const void *)ops + m->offset, m->size))
			return m->name;
	}
	return NULL;
}

/**
 * chr_ext_ops_adopt() - take over what a live update changes
 * @conf: the data members of the attached driver; read at any time
 * @ops: those of the new version
 */
void chr_ext_ops_adopt(struct chr_ext_ops *conf, const struct chr_ext_ops *ops)
{
	const struct data_member *m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(data_members); i++) {
		m = &data_members[i];
		if (!m->fixed)
			member_set(m, conf, member_get(m, ops));
	}
	WRITE_ONCE(conf->internal, ops->internal);
}

/* Check members against each other. */
static int ops_validate(void *kdata)
{
	struct chr_ext_ops *ops = kdata;
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
	ops->mem_size = PAGE_ALIGN(ops->mem_size);
	if (ops->instances * ops->mem_size > CHR_EXT_MAX_MEM)
		return refuse(EINVAL, ops->name,
			      "%u instances with a mem_size of %llu are more than %u bytes together",
			      ops->instances, ops->mem_size, CHR_EXT_MAX_MEM);
	return 0;
}

/* A node is visible to the whole machine: CAP_BPF is not enough. */
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

/* The shapes of ops; also the targets of the kernel's CFI. */
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

static int stub_file_flags(struct chr_ext_file *file, u32 flags)
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

static void stub_event(struct chr_ext_dev *dev, struct chr_ext_event *event)
{
}

static struct chr_ext_ops ops_stubs = {
#define STUB(member, shape, group, order)	.member = stub_##shape,
	CHR_EXT_OPS(STUB)
#undef STUB
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
 * chr_ext_ops_register() - register struct chr_ext_ops and the kfuncs
 *
 * The kernel returns success where the module has no BTF, or BTF that does not
 * fit the kernel's; only then does ops_init() not run.
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

	if (err == -EOPNOTSUPP)
		pr_err("no usable BTF: install a kernel with CONFIG_DEBUG_INFO_BTF_MODULES and a module built with that kernel's headers and pahole\n");
	else if (err)
		pr_err("cannot register struct chr_ext_ops: %d\n", err);
	return err;
}
