/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For a driver that is to load on older modules too. Each function here calls
 * the kfunc of its name where the module has it, and does what it can where it
 * has not; each says since when the kfunc is there, and goes when no module is
 * older.
 *
 * What follows ___ in the name of an extern is not the kfunc's: it is there so
 * that the function can have the name, and so that several prototypes of one
 * kfunc can be declared, of which the module's is found.
 */
#ifndef CHR_EXT_COMPAT_BPF_H
#define CHR_EXT_COMPAT_BPF_H

/* ABI 2. Before, -EINVAL for clocks that chr_ext_now_ns() and _real_ns() lack. */
extern __s64 chr_ext_clock_ns___v2(__u32 clock) __ksym __weak;

static __always_inline __s64 chr_ext_clock_ns(__u32 clock)
{
	if (bpf_ksym_exists(chr_ext_clock_ns___v2))
		return chr_ext_clock_ns___v2(clock);
	if (clock == CLOCK_MONOTONIC)
		return chr_ext_now_ns();
	return clock == CLOCK_REALTIME ? chr_ext_real_ns() : -EINVAL;
}

#endif /* CHR_EXT_COMPAT_BPF_H */
