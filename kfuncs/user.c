// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs on the caller: who it is, and the memory that an ioctl's argument
 * points to. Addresses are those of the caller, sizes are in bytes.
 */
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "family.h"
#include "io.h"
#include "kfuncs.h"

/*
 * Notes what ioctl.c has to fetch before it calls the op again. The first
 * missing part is enough.
 */
static int missing(struct chr_ext_xfer *xfer, u64 addr, u32 len, bool write)
{
	if (!xfer->want_len) {
		xfer->want = addr;
		xfer->want_len = len;
		xfer->want_write = write;
	}
	return -EFAULT;
}

static bool is_address(u64 addr)
{
	return addr == (unsigned long)addr;
}

static int user_get(struct chr_ext_xfer *xfer, u64 from, void *dst, u32 len)
{
	if (!len)
		return 0;
	if (len > CHR_EXT_MAX_IO)
		return -EINVAL;
	if (!is_address(from))
		return -EFAULT;
	if (copy_from_user_nofault(dst, (void __user *)from, len))
		return missing(xfer, from, len, false);
	return 0;
}

static int user_put(struct chr_ext_xfer *xfer, u64 to, const void *src, u32 len)
{
	if (!len)
		return 0;
	if (len > CHR_EXT_MAX_IO)
		return -EINVAL;
	if (!is_address(to))
		return -EFAULT;
	if (copy_to_user_nofault((void __user *)to, src, len))
		return missing(xfer, to, len, true);
	return 0;
}

static bool inside(u64 offset, u32 len, u64 size)
{
	return offset <= size && len <= size - offset;
}

__bpf_kfunc_start_defs();

/**
 * chr_ext_user_get() - copy from the memory of who called ioctl
 * @io: the ioctl
 * @from: address, as the caller gave it
 * @dst: memory of the program
 * @dst__sz: bytes to copy
 *
 * Ops: ioctl. Does not wait for the caller's pages. Where one is missing the
 * program has to return -EFAULT; the framework fetches the page and calls the
 * op again, from the start. So read everything before changing anything.
 *
 * Return: 0, or -EFAULT; some of the bytes may have been copied, and the rest of
 * @dst stays as it was.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_user_get(struct chr_ext_io *io, u64 from, void *dst,
				 u32 dst__sz)
{
	return user_get(to_xfer(io), from, dst, dst__sz);
}

/**
 * chr_ext_user_put() - copy to the memory of who called ioctl
 * @io: the ioctl
 * @to: address, as the caller gave it
 * @src: memory of the program
 * @src__sz: bytes to copy
 *
 * Ops: ioctl. As chr_ext_user_get().
 *
 * Return: 0, or -EFAULT; some of the bytes may have been copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_user_put(struct chr_ext_io *io, u64 to,
				 const void *src, u32 src__sz)
{
	return user_put(to_xfer(io), to, src, src__sz);
}

/**
 * chr_ext_user_get_dev() - copy from who called ioctl into a device's memory
 * @io: the ioctl
 * @from: address, as the caller gave it
 * @dev: the device
 * @to: where in its memory
 * @len: bytes to copy
 *
 * Ops: ioctl. As chr_ext_user_get().
 *
 * Return: 0; -EINVAL when not all of it is inside the device's memory, or it is
 * more than CHR_EXT_MAX_IO; or -EFAULT; some of the bytes may have been copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_user_get_dev(struct chr_ext_io *io, u64 from,
				     struct chr_ext_dev *dev, u64 to, u32 len)
{
	if (!inside(to, len, dev->size))
		return -EINVAL;
	return user_get(to_xfer(io), from, to_device(dev)->data + to, len);
}

/**
 * chr_ext_user_put_dev() - copy from a device's memory to who called ioctl
 * @io: the ioctl
 * @to: address, as the caller gave it
 * @dev: the device
 * @from: where in its memory
 * @len: bytes to copy
 *
 * Ops: ioctl. As chr_ext_user_put().
 *
 * Return: 0; -EINVAL when not all of it is inside the device's memory, or it is
 * more than CHR_EXT_MAX_IO; or -EFAULT.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_user_put_dev(struct chr_ext_io *io, u64 to,
				     struct chr_ext_dev *dev, u64 from,
				     u32 len)
{
	if (!inside(from, len, dev->size))
		return -EINVAL;
	return user_put(to_xfer(io), to, to_device(dev)->data + from, len);
}

/**
 * chr_ext_caller() - who makes this system call
 * @file: the open file
 * @who: memory of the program, a struct chr_ext_caller
 * @who__sz: its size, which can be that of an older version
 *
 * Ops: those that serve a system call: open, read, write, ioctl, poll, llseek,
 * mmap, fsync, flush. The opener is in the struct chr_ext_file; this is who
 * uses the file now.
 *
 * Return: 0.
 * Context: process; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_caller(struct chr_ext_file *file, void *who,
			       u32 who__sz)
{
	const struct cred *cred = current_cred();
	struct chr_ext_caller c = {
		.tgid = task_tgid_nr(current),
		.pid = task_pid_nr(current),
		.ns_tgid = task_tgid_vnr(current),
		.ns_pid = task_pid_vnr(current),
		.uid = from_kuid(&init_user_ns, cred->uid),
		.euid = from_kuid(&init_user_ns, cred->euid),
		.gid = from_kgid(&init_user_ns, cred->gid),
		.egid = from_kgid(&init_user_ns, cred->egid),
		.ns_euid = from_kuid_munged(cred->user_ns, cred->euid),
		.ns_egid = from_kgid_munged(cred->user_ns, cred->egid),
		.user_ns = cred->user_ns->ns.inum,
		.cgroup_id = chr_ext_cgroup_id(),
	};
	struct pid_namespace *pid_ns = task_active_pid_ns(current);

	/* Gone when the last files of a dying process are closed. */
	if (pid_ns)
		c.pid_ns = pid_ns->ns.inum;

	memset(who, 0, who__sz);
	memcpy(who, &c, min_t(size_t, who__sz, sizeof(c)));
	return 0;
}

/**
 * chr_ext_capable() - may this caller do what needs a capability?
 * @file: the open file
 * @cap: CAP_* of capabilities(7)
 *
 * Ops: as chr_ext_caller(). Asks for the capability in the initial user
 * namespace, so root of a container has none.
 *
 * Return: 1 or 0.
 * Context: process; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_capable(struct chr_ext_file *file, u32 cap)
{
	/* A question, and no attempt that an audit should see. */
	return cap_valid(cap) && ns_capable_noaudit(&init_user_ns, cap);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(user_kfuncs)
BTF_ID_FLAGS(func, chr_ext_user_get, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_user_put, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_user_get_dev, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_user_put_dev, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(user_kfuncs)

BTF_KFUNCS_START(caller_kfuncs)
BTF_ID_FLAGS(func, chr_ext_caller, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_capable, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(caller_kfuncs)

static const struct chr_ext_kfuncs user_kfunc_sets[] = {
	{ &user_kfuncs, CHR_EXT_IN_IOCTL },
	{ &caller_kfuncs, CHR_EXT_IN_SYSCALL },
	{}
};

struct chr_ext_family chr_ext_user_family __ro_after_init = {
	.name = "user",
	.kfuncs = { user_kfunc_sets },
};
