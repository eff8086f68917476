/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between the supported kernels, each with the release that
 * ends it. The oldest is 6.12. Where a version number is not enough, Kbuild
 * probes the kernel and defines CHR_EXT_HAVE_*.
 */
#ifndef CHR_EXT_COMPAT_H
#define CHR_EXT_COMPAT_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>

/* 7.x has no such flag, it is the default; remove with 6.12. */
#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS 0
#endif

/*
 * 6.12's verifier lets the timers of a sleepable program, which run in an
 * interrupt, call kfuncs that sleep: each of these calls this first. It detects
 * bpf_rcu_read_lock() around a call in a function of the program, which the
 * verifier of 6.12 misses as well, only where RCU is preemptible. Remove with 6.12.
 */
static inline bool chr_ext_may_sleep(void)
{
	return in_task() && !rcu_preempt_depth();
}

/*
 * Keep the ops, and the code that they point to, beyond their detach. 6.12 has
 * no way to. Return: whether they are kept, for chr_ext_ops_put().
 */
static inline bool chr_ext_ops_get(const void *ops)
{
#ifdef CHR_EXT_HAVE_STRUCT_OPS_GET
	return bpf_struct_ops_get(ops);
#else
	return false;
#endif
}

static inline void chr_ext_ops_put(const void *ops)
{
#ifdef CHR_EXT_HAVE_STRUCT_OPS_GET
	bpf_struct_ops_put(ops);
#endif
}

/* Two steps until 6.13; remove with 6.12. */
#ifdef CHR_EXT_HAVE_HRTIMER_SETUP
#define chr_ext_hrtimer_setup	hrtimer_setup
#else
static inline void
chr_ext_hrtimer_setup(struct hrtimer *timer,
		      enum hrtimer_restart (*function)(struct hrtimer *),
		      clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/*
 * A mapping is described before it exists, by .mmap_prepare, in 7.x; goes when
 * 6.12 does.
 */
#ifdef CHR_EXT_HAVE_MMAP_PREPARE
#define chr_ext_vma		vm_area_desc
#define CHR_EXT_MMAP_OP		mmap_prepare
#define CHR_EXT_MMAP_ARGS	struct vm_area_desc *vma

static inline struct file *chr_ext_vma_file(const struct chr_ext_vma *vma)
{
	return vma->file;
}

static inline unsigned long chr_ext_vma_pgoff(const struct chr_ext_vma *vma)
{
	return vma->pgoff;
}

static inline unsigned long chr_ext_vma_size(const struct chr_ext_vma *vma)
{
	return vma->end - vma->start;
}

static inline vm_flags_t chr_ext_vma_flags(const struct chr_ext_vma *vma)
{
	return vma_flags_to_legacy(vma->vma_flags);
}

static inline void chr_ext_vma_set_flags(struct chr_ext_vma *vma,
					 vm_flags_t flags)
{
	vma->vma_flags = legacy_to_vma_flags(flags);
}
#else
#define chr_ext_vma		vm_area_struct
#define CHR_EXT_MMAP_OP		mmap
#define CHR_EXT_MMAP_ARGS	struct file *file, struct vm_area_struct *vma

static inline struct file *chr_ext_vma_file(const struct chr_ext_vma *vma)
{
	return vma->vm_file;
}

static inline unsigned long chr_ext_vma_pgoff(const struct chr_ext_vma *vma)
{
	return vma->vm_pgoff;
}

static inline unsigned long chr_ext_vma_size(const struct chr_ext_vma *vma)
{
	return vma->vm_end - vma->vm_start;
}

static inline vm_flags_t chr_ext_vma_flags(const struct chr_ext_vma *vma)
{
	return vma->vm_flags;
}

static inline void chr_ext_vma_set_flags(struct chr_ext_vma *vma,
					 vm_flags_t flags)
{
	vm_flags_reset(vma, flags);
}
#endif

#endif
