/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between the kernels that are served stands here, each with
 * the release that ends it. The oldest kernel is 6.12. What a version does not
 * tell, Kbuild looks for and defines as CHR_EXT_HAVE_*.
 */
#ifndef CHR_EXT_COMPAT_H
#define CHR_EXT_COMPAT_H

#include <linux/btf.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>

/* The default, and no flag any more, in 7.x; goes when 6.12 does. */
#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS 0
#endif

/*
 * The verifier of 6.12 lets the timers of a sleepable program, which run in an
 * interrupt, call kfuncs that sleep: each of those asks here first. A function
 * that a program calls inside bpf_rcu_read_lock() can be told only where RCU is
 * preemptible; the verifier of 6.12 does not see it either. Goes when 6.12 does.
 */
static inline bool chr_ext_may_sleep(void)
{
	return in_task() && !rcu_preempt_depth();
}

/* In two steps until 6.13; goes when 6.12 does. */
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

#endif
