// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs on time, on those who wait for the driver, and for programs that run
 * outside of an op: callbacks of bpf_timer and bpf_wq.
 */
#include <linux/btf.h>
#include <linux/delay.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>

#include "family.h"
#include "kfuncs.h"
#include "wait.h"

__bpf_kfunc_start_defs();

/**
 * chr_ext_wake() - announce that a device has become ready
 * @dev: the device
 * @events: EPOLL* bits of what is ready now
 * @flags: CHR_EXT_WAKE_ONE, or 0
 *
 * Wakes the callers that sleep because @read (EPOLLIN), @write
 * (EPOLLOUT), or @open, @ioctl or @fsync (any event) returned -EAGAIN, and
 * calls their op again. Notifies poll, epoll and SIGIO.
 *
 * With CHR_EXT_WAKE_ONE one of the readers or writers wakes, and when it is
 * served, the next: for drivers with many sleepers that compete for the same
 * data.
 *
 * Return: 0; -EINVAL if @events is 0 or has other bits, or @flags has unknown
 * bits.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_wake(struct chr_ext_dev *dev, u32 events, u32 flags)
{
	if (!events || events & ~(__force u32)CHR_EXT_EVENTS ||
	    flags & ~CHR_EXT_WAKE_ONE)
		return -EINVAL;
	/* Both bits of a direction mean the same here. */
	if (events & (__force u32)(EPOLLIN | EPOLLRDNORM))
		events |= (__force u32)(EPOLLIN | EPOLLRDNORM);
	if (events & (__force u32)(EPOLLOUT | EPOLLWRNORM))
		events |= (__force u32)(EPOLLOUT | EPOLLWRNORM);
	chr_ext_wake_up(to_device(dev), (__force __poll_t)events,
			!(flags & CHR_EXT_WAKE_ONE));
	return 0;
}

/**
 * chr_ext_dev_get() - reach a device from outside of an op
 * @id: &chr_ext_dev.id, which an op has kept
 *
 * Ops: all; meant for the callbacks of their timers and work. A device that is
 * being revoked waits for chr_ext_dev_put(), which the verifier insists on. Any
 * driver's device can be had by who knows its number.
 *
 * Return: the device, or NULL when it is gone.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc struct chr_ext_dev *chr_ext_dev_get(u64 id)
{
	struct chr_ext_device *dev = chr_ext_dev_pin(id);

	return dev ? &dev->pub : NULL;
}

/**
 * chr_ext_dev_put() - the counterpart of chr_ext_dev_get()
 * @dev: what that returned
 *
 * Ops: all.
 *
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc void chr_ext_dev_put(struct chr_ext_dev *dev)
{
	chr_ext_dev_unpin(to_device(dev));
}

/**
 * chr_ext_clock_ns() - the time of a clock
 * @clock: CLOCK_REALTIME, _MONOTONIC, _BOOTTIME or _TAI
 *
 * Return: nanoseconds, or -EINVAL for another clock.
 * Context: any; does not sleep.
 */
__bpf_kfunc s64 chr_ext_clock_ns(u32 clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
		return ktime_get_real_ns();
	case CLOCK_MONOTONIC:
		return ktime_get_ns();
	case CLOCK_BOOTTIME:
		return ktime_get_boottime_ns();
	case CLOCK_TAI:
		return ktime_get_clocktai_ns();
	default:
		return -EINVAL;
	}
}

/**
 * chr_ext_delay_us() - a short time during which the CPU does nothing else
 * @us: microseconds, at most CHR_EXT_MAX_DELAY_US
 *
 * Ops: all.
 *
 * Return: 0; -EINVAL when @us is too long, -EBUSY when somebody has been waiting
 * for programs to end for a second, or probe is at it for CHR_EXT_MAX_PROBE_MS.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_delay_us(u32 us)
{
	if (us > CHR_EXT_MAX_DELAY_US)
		return -EINVAL;
	if (chr_ext_must_end())
		return -EBUSY;
	udelay(us);
	return 0;
}

/**
 * chr_ext_sleep_us() - sleep
 * @dev: the device for which this is done
 * @us: microseconds, at most CHR_EXT_MAX_SLEEP_US; it may take longer
 *
 * Ops: all but poll, llseek and mmap, whose callers hold what others wait for. A
 * device that is being revoked lets nobody sleep, and nobody sleeps for long who
 * keeps another revoke or an update waiting.
 *
 * Return: 0; -EINVAL when @us is too long; -ENODEV when the device is being
 * revoked, or -EINTR when the caller is being killed, before the time was over;
 * -EBUSY when somebody has been waiting for a second, or probe is at it for
 * CHR_EXT_MAX_PROBE_MS.
 * Context: process, sleeps: only from SEC("struct_ops.s/..."); -EWOULDBLOCK from
 * a timer. Since ABI 1.
 */
__bpf_kfunc int chr_ext_sleep_us(struct chr_ext_dev *dev, u32 us)
{
	struct chr_ext_device *d = to_device(dev);
	int ret;

	if (!chr_ext_may_sleep())
		return -EWOULDBLOCK;
	if (us > CHR_EXT_MAX_SLEEP_US)
		return -EINVAL;
	if (chr_ext_must_end())
		return -EBUSY;
	ret = __wait_event_hrtimeout(d->sleepers, READ_ONCE(d->dead),
				     ns_to_ktime((u64)us * NSEC_PER_USEC),
				     TASK_KILLABLE);
	if (ret == -ETIME)
		return 0;
	return ret ? -EINTR : -ENODEV;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(time_kfuncs)
BTF_ID_FLAGS(func, chr_ext_wake, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_dev_get, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, chr_ext_dev_put, KF_RELEASE)
BTF_ID_FLAGS(func, chr_ext_delay_us)
BTF_ID_FLAGS(func, chr_ext_clock_ns)
BTF_KFUNCS_END(time_kfuncs)

BTF_KFUNCS_START(sleep_kfuncs)
BTF_ID_FLAGS(func, chr_ext_sleep_us, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_KFUNCS_END(sleep_kfuncs)

static const struct chr_ext_kfuncs time_kfunc_sets[] = {
	{ &time_kfuncs, CHR_EXT_IN_ANY },
	{ &sleep_kfuncs, CHR_EXT_IN_ANY & ~CHR_EXT_IN_ASK },
	{}
};

struct chr_ext_family chr_ext_time_family __ro_after_init = {
	.name = "time",
	.kfuncs = { time_kfunc_sets },
};
