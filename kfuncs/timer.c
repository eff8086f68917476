// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs on the timers of a device. See event.c.
 */
#include <linux/btf.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#include "event.h"
#include "family.h"
#include "kfuncs.h"

__bpf_kfunc_start_defs();

/**
 * chr_ext_timer_start() - start a timer of a device
 * @dev: the device
 * @id: which of its timers, below CHR_EXT_MAX_TIMERS
 * @ns: nanoseconds until it expires
 * @period_ns: nanoseconds between further expirations, at least
 *	CHR_EXT_MIN_PERIOD_NS, or 0 for none
 * @flags: 0, or CHR_EXT_TIMER_ABS: @ns is a time of CLOCK_MONOTONIC
 *
 * When it expires the event op is called with CHR_EXT_EVENT_TIMER, in order with
 * the other events of the device. Expirations that are not reported to the op yet
 * are one event, at the place of the first; &chr_ext_event.count is their number. A
 * timer that is running is started anew: what it has not reported yet is dropped.
 * Timers need no map, stay over a live update, and end with their device.
 *
 * Return: 0; -EINVAL when there is no such timer or flag, or for a time or a
 * period that is out of range; -EOPNOTSUPP when the driver has no event op;
 * -ENODEV when the device is being revoked.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_timer_start(struct chr_ext_dev *dev, u32 id, u64 ns,
				    u64 period_ns, u32 flags)
{
	ktime_t expires;

	if (flags & ~CHR_EXT_TIMER_ABS || ns > KTIME_MAX ||
	    period_ns > KTIME_MAX ||
	    (period_ns && period_ns < CHR_EXT_MIN_PERIOD_NS))
		return -EINVAL;
	expires = flags & CHR_EXT_TIMER_ABS ? ns_to_ktime(ns) :
		  ktime_add_safe(ktime_get(), ns_to_ktime(ns));
	return chr_ext_event_timer_start(to_device(dev), id, expires,
					 ns_to_ktime(period_ns));
}

/**
 * chr_ext_timer_cancel() - stop a timer of a device
 * @dev: the device
 * @id: which of its timers, below CHR_EXT_MAX_TIMERS
 * @flags: 0
 *
 * The event op is not called for it any more, unless it is running already.
 *
 * Return: 1; 0 when the timer was not running, -EINVAL when there is no such timer
 * or flag.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_timer_cancel(struct chr_ext_dev *dev, u32 id, u32 flags)
{
	return flags ? -EINVAL : chr_ext_event_timer_cancel(to_device(dev), id);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(timer_kfuncs)
BTF_ID_FLAGS(func, chr_ext_timer_start, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_timer_cancel, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(timer_kfuncs)

static const struct chr_ext_kfuncs timer_kfunc_sets[] = {
	{ &timer_kfuncs, CHR_EXT_IN_ANY },
	{}
};

struct chr_ext_family chr_ext_timer_family __ro_after_init = {
	.name = "timer",
	.kfuncs = { timer_kfunc_sets },
};
