// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtc: /dev/bpf_rtc, a real-time clock as in rtc(4), without an alarm. It
 * follows the system clock; setting it changes the difference of the two:
 *	hwclock --show --rtc=/dev/bpf_rtc
 *	hwclock --set --date='2030-01-01 12:00' --rtc=/dev/bpf_rtc
 *
 *	RTC_RD_TIME	the time
 *	RTC_SET_TIME	set it, with CAP_SYS_TIME: EACCES without, EINVAL for
 *			what is no time, ERANGE beyond the year 2261
 *	RTC_UIE_ON	an interrupt at the start of each second, for this open
 *	RTC_UIE_OFF	none any more
 *	alarms		EINVAL
 *
 * A read gives the interrupts since the last one, in an unsigned long or an
 * int: their number << 8 | RTC_UF | RTC_IRQF, and waits while there is none.
 * Unlike rtc(4) it can be opened more than once.
 */
#include <chr_ext/chr_ext.bpf.h>

#define RTC_TIMER	0	/* of a device */
#define SECOND		1000000000ULL	/* in nanoseconds */
#define DAY		86400	/* in seconds */
#define DAYS_TO_1970	719162	/* from the start of the year 1 */

#define RTC_UF		0x10
#define RTC_IRQF	0x80

struct rtc_time {
	__s32 tm_sec;
	__s32 tm_min;
	__s32 tm_hour;
	__s32 tm_mday;
	__s32 tm_mon;		/* 0 to 11 */
	__s32 tm_year;		/* since 1900 */
	__s32 tm_wday;		/* 0 is Sunday */
	__s32 tm_yday;		/* 0 to 365 */
	__s32 tm_isdst;
};

struct rtc_wkalrm {
	__u8 enabled;
	__u8 pending;
	struct rtc_time time;
};

#define RTC_AIE_ON	_IO('p', 0x01)
#define RTC_AIE_OFF	_IO('p', 0x02)
#define RTC_UIE_ON	_IO('p', 0x03)
#define RTC_UIE_OFF	_IO('p', 0x04)
#define RTC_ALM_SET	_IOW('p', 0x07, struct rtc_time)
#define RTC_ALM_READ	_IOR('p', 0x08, struct rtc_time)
#define RTC_RD_TIME	_IOR('p', 0x09, struct rtc_time)
#define RTC_SET_TIME	_IOW('p', 0x0a, struct rtc_time)
#define RTC_WKALM_SET	_IOW('p', 0x0f, struct rtc_wkalrm)
#define RTC_WKALM_RD	_IOR('p', 0x10, struct rtc_wkalrm)

/* What a device remembers, in its memory. */
struct rtc {
	__u64 offset;		/* nanoseconds that it is ahead, or behind */
	__u64 second;		/* the last that the timer saw */
	__u64 interrupts;	/* at the start of a second, ever */
	__u64 users;		/* files with UIE on */
};

/* What an open file remembers. */
struct rtc_file {
	__u64 pending;		/* interrupts that it has not read */
	__u64 seen;		/* rtc.interrupts that are in pending or read */
	__u64 uie;		/* is it one of rtc.users? */
};

/* Days of an ordinary year before each month. */
static const __u16 month_start[] = {
	0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365
};

static bool is_leap(__u32 year)
{
	return !(year % 4) && (year % 100 || !(year % 400));
}

/* Of the day after the last of February, in a leap year. */
static __u32 leap_day(__u32 year, __u32 month)
{
	return month > 1 && is_leap(year);
}

/* Days from the start of the year 1 to that of @year. */
static __u32 days_before(__u32 year)
{
	year--;
	return year * 365 + year / 4 - year / 100 + year / 400;
}

static void time_to_tm(__u64 seconds, struct rtc_time *tm)
{
	__u32 days = DAYS_TO_1970 + seconds / DAY, left = seconds % DAY;
	__u32 year = (__u64)days * 400 / 146097 + 1, month, i;

	tm->tm_hour = left / 3600;
	tm->tm_min = left % 3600 / 60;
	tm->tm_sec = left % 60;
	tm->tm_wday = (days + 1) % 7;
	tm->tm_isdst = 0;

	/* 400 years have 146097 days; on a first of January it may lack one. */
	if (days_before(year + 1) <= days)
		year++;
	days -= days_before(year);
	tm->tm_year = year - 1900;
	tm->tm_yday = days;

	month = 0;
	for (i = 1; i < 12; i++)
		if (days >= month_start[i] + leap_day(year, i))
			month = i;
	tm->tm_mon = month;
	tm->tm_mday = days - month_start[month] - leap_day(year, month) + 1;
}

static bool tm_is_valid(const struct rtc_time *tm)
{
	__u32 month = tm->tm_mon, year = tm->tm_year, last;

	if (month > 11 || tm->tm_year < 70 || year > 1 << 20)
		return false;
	year += 1900;
	last = month_start[month + 1] + leap_day(year, month + 1) -
	       month_start[month] - leap_day(year, month);
	return tm->tm_mday >= 1 && tm->tm_mday <= last &&
	       (__u32)tm->tm_hour < 24 && (__u32)tm->tm_min < 60 &&
	       (__u32)tm->tm_sec < 60;
}

static __u64 tm_to_time(const struct rtc_time *tm)
{
	__u32 year = tm->tm_year + 1900, month = tm->tm_mon, days;

	if (month > 11)
		return 0;
	days = days_before(year) - DAYS_TO_1970 + month_start[month] +
	       leap_day(year, month) + tm->tm_mday - 1;
	return (__u64)days * DAY + tm->tm_hour * 3600 + tm->tm_min * 60 +
	       tm->tm_sec;
}

static struct rtc *rtc_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct rtc));
}

static struct rtc_file *rtc_file_of(struct chr_ext_file *file)
{
	return (void *)chr_ext_file_data(file, sizeof(struct rtc_file));
}

/* Nanoseconds since 1970. The system's clock can be set to before it. */
static __u64 rtc_now(struct rtc *rtc)
{
	__u64 ns = chr_ext_clock_ns(CLOCK_REALTIME) + rtc->offset;

	return (__s64)ns < 0 ? 0 : ns;
}

/* At the start of the next second. */
static int rtc_start(struct chr_ext_dev *dev, struct rtc *rtc)
{
	return chr_ext_timer_start(dev, RTC_TIMER,
				   SECOND - rtc_now(rtc) % SECOND, 0, 0);
}

/* An expiry that is early, as the clock was set, finds a counted second. */
SEC("struct_ops/event")
void BPF_PROG(rtc_event, struct chr_ext_dev *dev, struct chr_ext_event *event)
{
	struct rtc *rtc = rtc_of(dev);
	__u64 second;

	if (!rtc || !rtc->users)
		return;
	second = rtc_now(rtc) / SECOND;
	if (rtc->second != second) {
		rtc->second = second;
		__sync_fetch_and_add(&rtc->interrupts, 1);
		chr_ext_wake(dev, EPOLLIN, 0);
	}
	rtc_start(dev, rtc);
}

static long rtc_uie_on(struct chr_ext_dev *dev, struct rtc *rtc,
		       struct rtc_file *f)
{
	long err = 0;

	if (f->uie)
		return 0;

	/* The first starts the timer, which runs as long as there are users. */
	if (!__sync_fetch_and_add(&rtc->users, 1)) {
		rtc->second = rtc_now(rtc) / SECOND;
		err = rtc_start(dev, rtc);
	}
	if (err) {
		__sync_fetch_and_add(&rtc->users, -1);
		return err;
	}
	f->seen = rtc->interrupts;
	f->uie = true;
	return 0;
}

/* Moves what came since the last time to what is pending. */
static void rtc_collect(struct rtc *rtc, struct rtc_file *f)
{
	__u64 interrupts = rtc->interrupts;

	if (f->uie)
		f->pending += interrupts - f->seen;
	f->seen = interrupts;
}

static void rtc_uie_off(struct rtc *rtc, struct rtc_file *f)
{
	if (!f->uie)
		return;
	rtc_collect(rtc, f);
	f->uie = false;
	__sync_fetch_and_add(&rtc->users, -1);
}

SEC("struct_ops/close")
void BPF_PROG(rtc_close, struct chr_ext_file *file)
{
	struct rtc *rtc = rtc_of(file->dev);
	struct rtc_file *f = rtc_file_of(file);

	if (rtc && f)
		rtc_uie_off(rtc, f);
}

SEC("struct_ops/read")
long BPF_PROG(rtc_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct rtc *rtc = rtc_of(file->dev);
	struct rtc_file *f = rtc_file_of(file);
	__u64 data;
	__u32 data32;

	if (!rtc || !f)
		return -ENXIO;
	if (io->len != sizeof(data32) && io->len < sizeof(data))
		return -EINVAL;

	rtc_collect(rtc, f);
	if (!f->pending)
		return -EAGAIN;
	data = f->pending << 8 | RTC_UF | RTC_IRQF;
	f->pending = 0;
	if (io->len >= sizeof(data))
		return chr_ext_io_put(io, 0, &data, sizeof(data));
	data32 = data;
	return chr_ext_io_put(io, 0, &data32, sizeof(data32));
}

SEC("struct_ops/poll")
__u32 BPF_PROG(rtc_poll, struct chr_ext_file *file)
{
	struct rtc *rtc = rtc_of(file->dev);
	struct rtc_file *f = rtc_file_of(file);

	if (!rtc || !f)
		return EPOLLERR;
	rtc_collect(rtc, f);
	return f->pending ? EPOLLIN | EPOLLRDNORM : 0;
}

static long rtc_set_time(struct chr_ext_file *file, struct rtc *rtc,
			 struct rtc_time *tm)
{
	if (!chr_ext_caller_capable(file, CAP_SYS_TIME))
		return -EACCES;
	if (!tm_is_valid(tm))
		return -EINVAL;
	/* Nanoseconds of later years do not fit. */
	if (tm->tm_year > 2261 - 1900)
		return -ERANGE;
	rtc->offset = tm_to_time(tm) * SECOND - chr_ext_clock_ns(CLOCK_REALTIME);
	return 0;
}

SEC("struct_ops/ioctl")
long BPF_PROG(rtc_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct rtc *rtc = rtc_of(file->dev);
	struct rtc_file *f = rtc_file_of(file);
	struct rtc_time tm = {};

	if (!rtc || !f)
		return -ENXIO;

	switch (cmd) {
	case RTC_RD_TIME:
		time_to_tm(rtc_now(rtc) / SECOND, &tm);
		chr_ext_io_put(io, 0, &tm, sizeof(tm));
		return 0;
	case RTC_SET_TIME:
		if (chr_ext_io_get(io, 0, &tm, sizeof(tm)) < 0)
			return -EFAULT;
		return rtc_set_time(file, rtc, &tm);
	case RTC_UIE_ON:
		return rtc_uie_on(file->dev, rtc, f);
	case RTC_UIE_OFF:
		rtc_uie_off(rtc, f);
		return 0;
	case RTC_AIE_ON:
	case RTC_AIE_OFF:
	case RTC_ALM_SET:
	case RTC_ALM_READ:
	case RTC_WKALM_SET:
	case RTC_WKALM_RD:
		return -EINVAL;
	default:
		return -ENOTTY;
	}
}

CHR_EXT_DRIVER(bpf_rtc,
	.event = (void *)rtc_event,
	.close = (void *)rtc_close,
	.read = (void *)rtc_read,
	.poll = (void *)rtc_poll,
	.ioctl = (void *)rtc_ioctl,
	.dev_size = sizeof(struct rtc),
	.file_size = sizeof(struct rtc_file),
	.mode = 0666,
	.flags = CHR_EXT_SERIAL_FILE,
);
