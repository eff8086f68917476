// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs for time and wake-ups, and for programs that run outside of an op: the
 * callbacks of bpf_timer and bpf_wq.
 */
#include <linux/btf.h>
#include <linux/delay.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>

#include "drain.h"
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
 * @id: &chr_ext_dev.id, as stored by an op
 *
 * For the callbacks of a driver's bpf_timer and bpf_wq. A revoke of the device
 * waits for chr_ext_dev_put(), which the verifier enforces. The id is the only
 * key: it reaches the device of any driver.
 *
 * Return: the device, or NULL when it is gone.
 * Context: any; does not sleep.
 */
__bpf_kfunc struct chr_ext_dev *chr_ext_dev_get(u64 id)
{
	struct chr_ext_device *dev = chr_ext_dev_pin(id);

	return dev ? &dev->pub : NULL;
}

/**
 * chr_ext_dev_put() - the counterpart of chr_ext_dev_get()
 * @dev: the device that it returned
 *
 * Context: any; does not sleep.
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
 * chr_ext_delay_us() - keep the CPU busy for a short time
 * @dev: the device for which this is done
 * @us: microseconds, at most CHR_EXT_MAX_DELAY_US
 * @flags: 0
 *
 * Fails where chr_ext_sleep_us() fails.
 *
 * Return: 0; -EINVAL when @us is too long or @flags is not 0; -ENODEV when the
 * device is being revoked, -EBUSY when the time of the op is over.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_delay_us(struct chr_ext_dev *dev, u32 us, u32 flags)
{
	long left;

	if (us > CHR_EXT_MAX_DELAY_US || flags)
		return -EINVAL;
	left = chr_ext_time_left(to_device(dev));
	if (left < 0)
		return left;
	udelay(us);
	return 0;
}

/*
 * Whether a sleep ends before its time: the device goes. probe, and close and
 * remove then, end when their driver goes, or have time to sleep.
 */
static bool sleep_is_over(const struct chr_ext_device *d)
{
	if (READ_ONCE(d->dead))
		return !chr_ext_runs_alone(d);
	return READ_ONCE(d->drv->going) && !READ_ONCE(d->probed) &&
	       chr_ext_runs_alone(d);
}

/**
 * chr_ext_sleep_us() - sleep
 * @dev: the device for which this is done
 * @us: microseconds, at most CHR_EXT_MAX_SLEEP_US; it may take longer
 * @flags: 0
 *
 * Sleeps of a device that is being revoked end at once, but for close and remove:
 * all its closes together may sleep for CHR_EXT_MAX_REMOVE_MS, and remove as long.
 * So may a close of a device that stays. probe may sleep for CHR_EXT_MAX_PROBE_MS; the probes of a
 * driver's virtual devices together for CHR_EXT_MAX_ATTACH_MS while the driver is
 * attached.
 *
 * Any other op may sleep as long as nothing waits for it that cannot give up: an
 * update, the end of another device of the driver, and, if the op runs in a turn
 * (CHR_EXT_SERIAL_DEV, CHR_EXT_SERIAL_FILE), poll(2) and close(2) that wait for
 * it; a close waits for the close of another file of the device as well. When one of
 * these has waited for CHR_EXT_MAX_DRAIN_MS, sleeps fail.
 *
 * Return: 0; -EINVAL when @us is too long or @flags is not 0; -ENODEV when the
 * device is being revoked, -EINTR when the caller is being killed, or -EBUSY when
 * the time of the op is over, before @us was.
 * Context: process, sleeps: only from SEC("struct_ops.s/..."); -EWOULDBLOCK from
 * a timer.
 */
__bpf_kfunc int chr_ext_sleep_us(struct chr_ext_dev *dev, u32 us, u32 flags)
{
	struct chr_ext_device *d = to_device(dev);
	unsigned int state = TASK_KILLABLE;
	long left;
	int ret;

	if (!chr_ext_may_sleep())
		return -EWOULDBLOCK;
	if (us > CHR_EXT_MAX_SLEEP_US || flags)
		return -EINVAL;
	left = chr_ext_time_left(d);
	if (left < 0)
		return left;
	left = min(left, (long)usecs_to_jiffies(CHR_EXT_MAX_SLEEP_US) + 1);
	/* A task that is being killed has its close ops run in full. */
	if (READ_ONCE(d->dead))
		state = TASK_IDLE;
	ret = __wait_event_hrtimeout(d->sleepers, sleep_is_over(d),
				     ns_to_ktime((u64)min(us, jiffies_to_usecs(left)) *
						 NSEC_PER_USEC), state);
	if (!ret)
		return -ENODEV;
	if (ret != -ETIME)
		return -EINTR;
	return us > jiffies_to_usecs(left) ? -EBUSY : 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(time_kfuncs)
BTF_ID_FLAGS(func, chr_ext_wake, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_dev_get, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, chr_ext_dev_put, KF_RELEASE)
BTF_ID_FLAGS(func, chr_ext_delay_us, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_clock_ns)
BTF_KFUNCS_END(time_kfuncs)

BTF_KFUNCS_START(sleep_kfuncs)
BTF_ID_FLAGS(func, chr_ext_sleep_us, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_KFUNCS_END(sleep_kfuncs)

static const struct chr_ext_kfuncs time_kfunc_sets[] = {
	{ &time_kfuncs, CHR_EXT_IN_ANY },
	{ &sleep_kfuncs, CHR_EXT_IN_ANY & ~CHR_EXT_IN_QUERY },
	{}
};

struct chr_ext_family chr_ext_time_family __ro_after_init = {
	.name = "time",
	.kfuncs = { time_kfunc_sets },
};
