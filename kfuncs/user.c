// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs on the caller: its identity, its rights, and the memory that an
 * ioctl's argument points to. Addresses are the caller's, sizes are in bytes.
 */
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/nospec.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "family.h"
#include "io.h"
#include "kfuncs.h"

/* Return: 1 if there are bytes to copy, 0 if there are none, or -errno. */
static int check_copy(u64 addr, u32 len, u32 flags)
{
	if (flags || len > CHR_EXT_MAX_IO)
		return -EINVAL;
	if (!len)
		return 0;
	return addr == (unsigned long)addr ? 1 : -EFAULT;
}

static int user_get(struct chr_ext_xfer *xfer, u64 from, void *dst, u32 len,
		    u32 flags)
{
	int ret = check_copy(from, len, flags);

	if (ret <= 0)
		return ret;
	if (copy_from_user_nofault(dst, (void __user *)(unsigned long)from, len))
		return chr_ext_user_missing(xfer, from, len, false);
	return 0;
}

static int user_put(struct chr_ext_xfer *xfer, u64 to, const void *src,
		    u32 len, u32 flags)
{
	int ret = check_copy(to, len, flags);

	if (ret <= 0)
		return ret;
	if (copy_to_user_nofault((void __user *)(unsigned long)to, src, len))
		return chr_ext_user_missing(xfer, to, len, true);
	return 0;
}

static bool in_dev(const struct chr_ext_dev *dev, u64 offset, u32 len)
{
	return offset <= dev->size && len <= dev->size - offset;
}

static void *dev_at(struct chr_ext_dev *dev, u64 offset)
{
	return to_device(dev)->data +
	       array_index_nospec((unsigned long)offset, dev->size + 1UL);
}

__bpf_kfunc_start_defs();

/**
 * chr_ext_user_get() - copy from the memory of an ioctl's caller
 * @io: the ioctl
 * @from: address, as the caller passed it
 * @dst: memory of the program
 * @dst__sz: bytes to copy
 * @flags: 0
 *
 * Never waits for a page of the caller's. If one is missing, the
 * op must return -EFAULT; the framework faults the page in and calls the op
 * again, from its start. So read everything before changing anything.
 *
 * Return: 0; -EINVAL if @dst__sz exceeds CHR_EXT_MAX_IO or @flags is not 0; or
 * -EFAULT, after which part of @dst may have been overwritten.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_user_get(struct chr_ext_io *io, u64 from, void *dst,
				 u32 dst__sz, u32 flags)
{
	return user_get(to_xfer(io), from, dst, dst__sz, flags);
}

/**
 * chr_ext_user_put() - copy to the memory of an ioctl's caller
 * @io: the ioctl
 * @to: address, as the caller passed it
 * @src: memory of the program
 * @src__sz: bytes to copy
 * @flags: 0
 *
 * See chr_ext_user_get() for missing pages.
 *
 * Return: 0; -EINVAL if @src__sz exceeds CHR_EXT_MAX_IO or @flags is not 0; or
 * -EFAULT, after which part of the bytes may have been written.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_user_put(struct chr_ext_io *io, u64 to,
				 const void *src, u32 src__sz, u32 flags)
{
	return user_put(to_xfer(io), to, src, src__sz, flags);
}

/**
 * chr_ext_user_get_dev() - copy from an ioctl's caller to its device's memory
 * @io: the ioctl
 * @from: address, as the caller passed it
 * @to: offset in the private memory of the device
 * @len: bytes to copy
 * @flags: 0
 *
 * See chr_ext_user_get() for missing pages.
 *
 * Return: 0; -EINVAL if the range exceeds the device's memory or
 * CHR_EXT_MAX_IO, or @flags is not 0; or -EFAULT, after which part of the
 * range may have been overwritten.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_user_get_dev(struct chr_ext_io *io, u64 from, u64 to,
				     u32 len, u32 flags)
{
	struct chr_ext_dev *dev = io->file->dev;

	if (!in_dev(dev, to, len))
		return -EINVAL;
	return user_get(to_xfer(io), from, dev_at(dev, to), len, flags);
}

/**
 * chr_ext_user_put_dev() - copy from a device's memory to its ioctl's caller
 * @io: the ioctl
 * @to: address, as the caller passed it
 * @from: offset in the private memory of the device
 * @len: bytes to copy
 * @flags: 0
 *
 * See chr_ext_user_get() for missing pages.
 *
 * Return: 0; -EINVAL if the range exceeds the device's memory or
 * CHR_EXT_MAX_IO, or @flags is not 0; or -EFAULT, after which part of the
 * bytes may have been written.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_user_put_dev(struct chr_ext_io *io, u64 to, u64 from,
				     u32 len, u32 flags)
{
	struct chr_ext_dev *dev = io->file->dev;

	if (!in_dev(dev, from, len))
		return -EINVAL;
	return user_put(to_xfer(io), to, dev_at(dev, from), len, flags);
}

/**
 * chr_ext_caller() - describe the task that made the system call
 * @file: the open file
 * @info: memory of the program, a struct chr_ext_caller
 * @info__sz: its size; members beyond it are left out, unknown ones are zero
 *
 * The caller is the task that uses the file now; struct chr_ext_file describes
 * the opener.
 *
 * Return: 0.
 * Context: process; does not sleep.
 */
__bpf_kfunc int chr_ext_caller(struct chr_ext_file *file, void *info,
			       u32 info__sz)
{
	const struct cred *cred = current_cred();
	struct chr_ext_caller c = {
		.tgid = task_tgid_nr(current),
		.pid = task_pid_nr(current),
		.ns_tgid = task_tgid_vnr(current),
		.ns_pid = task_pid_vnr(current),
		.uid = from_kuid(&init_user_ns, cred->uid),
		.euid = from_kuid(&init_user_ns, cred->euid),
		.fsuid = from_kuid(&init_user_ns, cred->fsuid),
		.gid = from_kgid(&init_user_ns, cred->gid),
		.egid = from_kgid(&init_user_ns, cred->egid),
		.fsgid = from_kgid(&init_user_ns, cred->fsgid),
		.ns_euid = from_kuid_munged(cred->user_ns, cred->euid),
		.ns_egid = from_kgid_munged(cred->user_ns, cred->egid),
		.user_ns = cred->user_ns->ns.inum,
		.cgroup_id = chr_ext_cgroup_id(),
	};
	struct pid_namespace *pid_ns = task_active_pid_ns(current);

	/* NULL when an exiting process closes its last files. */
	if (pid_ns)
		c.pid_ns = pid_ns->ns.inum;

	memset(info, 0, info__sz);
	memcpy(info, &c, min_t(size_t, info__sz, sizeof(c)));
	return 0;
}

/**
 * chr_ext_capable() - test whether the opener has a capability
 * @file: the open file
 * @cap: CAP_* of capabilities(7)
 *
 * The test is for the credentials that the file was
 * opened with, in the initial user namespace: root of a container has no
 * capability. Passing a descriptor to a privileged process gains nothing,
 * unlike with chr_ext_caller_capable().
 *
 * Security modules treat it as an attempt to use the capability and may audit a
 * refusal (SELinux: "avc: denied"), as with file_ns_capable() in a C driver. So
 * test only what the request needs. The caller is not marked as one that used its
 * privileges: it may not be the opener.
 *
 * Return: 1 or 0.
 * Context: process; does not sleep.
 */
__bpf_kfunc int chr_ext_capable(struct chr_ext_file *file, u32 cap)
{
	return cap_valid(cap) &&
	       file_ns_capable(to_open(file)->file, &init_user_ns, cap);
}

/**
 * chr_ext_caller_capable() - test whether the caller has a capability
 * @file: the open file
 * @cap: CAP_* of capabilities(7)
 *
 * The test is for the task that made the system
 * call, in the initial user namespace. It is a query, which is not audited; but 1
 * marks the task as one that used its privileges (PF_SUPERPRIV, the flag ASU of
 * acct(5)).
 *
 * Return: 1 or 0.
 * Context: process; does not sleep.
 */
__bpf_kfunc int chr_ext_caller_capable(struct chr_ext_file *file, u32 cap)
{
	/* A query, not an attempt that belongs in the audit log. */
	return cap_valid(cap) && ns_capable_noaudit(&init_user_ns, cap);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(user_kfuncs)
BTF_ID_FLAGS(func, chr_ext_user_get, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_user_put, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_user_get_dev, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_user_put_dev, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(user_kfuncs)

BTF_KFUNCS_START(opener_kfuncs)
BTF_ID_FLAGS(func, chr_ext_capable, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(opener_kfuncs)

BTF_KFUNCS_START(caller_kfuncs)
BTF_ID_FLAGS(func, chr_ext_caller, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_caller_capable, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(caller_kfuncs)

static const struct chr_ext_kfuncs user_kfunc_sets[] = {
	{ &user_kfuncs, CHR_EXT_IN_IOCTL },
	{ &opener_kfuncs, CHR_EXT_IN_FILE },
	{ &caller_kfuncs, CHR_EXT_IN_SYSCALL },
	{}
};

struct chr_ext_family chr_ext_user_family __ro_after_init = {
	.name = "user",
	.kfuncs = { user_kfunc_sets },
};
