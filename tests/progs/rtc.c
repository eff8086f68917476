// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtc NODE CMD ARG...: the driver rtc, whose clock is that of the system; CMD
 * takes it away in the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <linux/rtc.h>
#include <unistd.h>

#include "sleepers.h"
#include "tap.h"

#define ONE	(1 << 8 | RTC_UF | RTC_IRQF)
#define DAY	86400L

static int fd;

static long set(const struct tm *tm)
{
	struct rtc_time t = {
		.tm_sec = tm->tm_sec, .tm_min = tm->tm_min,
		.tm_hour = tm->tm_hour, .tm_mday = tm->tm_mday,
		.tm_mon = tm->tm_mon, .tm_year = tm->tm_year,
	};

	return ret_of(ioctl(fd, RTC_SET_TIME, &t));
}

static long set_seconds(time_t when)
{
	struct tm tm;

	return set(gmtime_r(&when, &tm));
}

static long get(struct rtc_time *t)
{
	memset(t, 0xee, sizeof(*t));
	return ret_of(ioctl(fd, RTC_RD_TIME, t));
}

static time_t get_seconds(void)
{
	struct rtc_time t;
	struct tm tm = {};

	if (get(&t))
		return -1;
	tm.tm_sec = t.tm_sec;
	tm.tm_min = t.tm_min;
	tm.tm_hour = t.tm_hour;
	tm.tm_mday = t.tm_mday;
	tm.tm_mon = t.tm_mon;
	tm.tm_year = t.tm_year;
	return timegm(&tm);
}

/* All members, against the C library's, at noon so that no second matters. */
static bool survives(time_t day)
{
	time_t noon = day * DAY + DAY / 2;
	struct rtc_time t;
	struct tm tm;

	gmtime_r(&noon, &tm);
	if (set(&tm) || get(&t))
		return false;
	if (t.tm_mday == tm.tm_mday && t.tm_mon == tm.tm_mon &&
	    t.tm_year == tm.tm_year && t.tm_wday == tm.tm_wday &&
	    t.tm_yday == tm.tm_yday && !t.tm_isdst && t.tm_hour == 12 &&
	    !t.tm_min && t.tm_sec < 30)
		return true;
	diag("day %ld is %d-%d-%d, week day %d, year day %d", (long)day,
	     t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_wday, t.tm_yday);
	return false;
}

/* The first and the last days of each month that there is. */
static void calendar(void)
{
	long good = 0, asked = 0;
	int month, i;

	for (month = 0; month < (2262 - 1970) * 12; month++) {
		struct tm tm = { .tm_year = 70, .tm_mon = month, .tm_mday = 1 };
		time_t day = timegm(&tm) / DAY;

		for (i = month ? -2 : 0; i < 1; i++, asked++)
			good += survives(day + i);
	}
	is_num(good, asked, "the ends of all months from 1970 to 2261");
	need(!set_seconds(4102444799 - 2), "set");
	ok(get_seconds() >= 4102444797 && get_seconds() < 4102444799 + 20,
	   "a time before midnight");
}

static long set_one(int sec, int min, int hour, int mday, int mon, int year)
{
	struct tm tm = {
		.tm_sec = sec, .tm_min = min, .tm_hour = hour,
		.tm_mday = mday, .tm_mon = mon, .tm_year = year - 1900,
	};

	return set(&tm);
}

static void invalid(void)
{
	need(!set_one(0, 0, 0, 1, 0, 2000), "set");
	is_num(set_one(60, 0, 0, 1, 0, 2000), -EINVAL, "second 60: EINVAL");
	is_num(set_one(-1, 0, 0, 1, 0, 2000), -EINVAL, "second -1");
	is_num(set_one(0, 60, 0, 1, 0, 2000), -EINVAL, "minute 60");
	is_num(set_one(0, 0, 24, 1, 0, 2000), -EINVAL, "hour 24");
	is_num(set_one(0, 0, -1, 1, 0, 2000), -EINVAL, "hour -1");
	is_num(set_one(0, 0, 0, 0, 0, 2000), -EINVAL, "day 0");
	is_num(set_one(0, 0, 0, -1, 0, 2000), -EINVAL, "day -1");
	is_num(set_one(0, 0, 0, 32, 0, 2000), -EINVAL, "January 32");
	is_num(set_one(0, 0, 0, 30, 1, 2000), -EINVAL, "February 30");
	is_num(set_one(0, 0, 0, 29, 1, 2000), 0, "February 29, 2000 is one");
	is_num(set_one(0, 0, 0, 29, 1, 2100), -EINVAL, "there is none in 2100");
	is_num(set_one(0, 0, 0, 29, 1, 2023), -EINVAL, "nor in 2023");
	is_num(set_one(0, 0, 0, 31, 3, 2023), -EINVAL, "April 31");
	is_num(set_one(0, 0, 0, 1, 12, 2000), -EINVAL, "month 12");
	is_num(set_one(0, 0, 0, 1, -1, 2000), -EINVAL, "month -1");
	is_num(set_one(0, 0, 0, 1, 0, 1969), -EINVAL, "1969");
	is_num(set_one(0, 0, 0, 1, 0, -2000), -EINVAL, "2000 before Christ");
	is_num(set_one(59, 59, 23, 31, 11, 2261), 0, "the end of 2261 is one");
	is_num(set_one(0, 0, 0, 1, 0, 2262), -ERANGE, "2262: ERANGE");
	is_num(set_one(0, 0, 0, 1, 0, 100000), -ERANGE, "100000");
	is_num(set_one(0, 0, 0, 1, 0, 0x7fffffff), -EINVAL, "2^31 - 1");
	ok(get_seconds() > 9214646399 - 10, "none of which changed the time");
}

static void commands(void)
{
	struct rtc_wkalrm w = {};
	struct rtc_time t = {};
	unsigned long n;

	is(ioctl(fd, RTC_ALM_READ, &t), -EINVAL, "RTC_ALM_READ: EINVAL");
	is(ioctl(fd, RTC_ALM_SET, &t), -EINVAL, "RTC_ALM_SET");
	is(ioctl(fd, RTC_WKALM_RD, &w), -EINVAL, "RTC_WKALM_RD");
	is(ioctl(fd, RTC_WKALM_SET, &w), -EINVAL, "RTC_WKALM_SET");
	is(ioctl(fd, RTC_AIE_ON), -EINVAL, "RTC_AIE_ON");
	is(ioctl(fd, RTC_AIE_OFF), -EINVAL, "RTC_AIE_OFF");
	is(ioctl(fd, RTC_PIE_ON), -ENOTTY, "RTC_PIE_ON: ENOTTY");
	is(ioctl(fd, RTC_IRQP_READ, &n), -ENOTTY, "RTC_IRQP_READ");
	is(ioctl(fd, RTC_EPOCH_READ, &n), -ENOTTY, "RTC_EPOCH_READ");
	is(ioctl(fd, RTC_VL_READ, &n), -ENOTTY, "RTC_VL_READ");
	is(ioctl(fd, RTC_RD_TIME, 8), -EFAULT, "RTC_RD_TIME to nowhere: EFAULT");
	is(ioctl(fd, RTC_SET_TIME, 8), -EFAULT, "RTC_SET_TIME from there");
}

static void capability(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];
	int status, pid = fork();

	if (!pid) {
		if (syscall(SYS_capget, &h, d))
			_exit(1);
		d[0].effective &= ~(1U << CAP_SYS_TIME);
		if (syscall(SYS_capset, &h, d))
			_exit(1);
		_exit(set_seconds(1000) != -EACCES || get_seconds() < 2000);
	}
	waitpid(pid, &status, 0);
	ok(!status, "RTC_SET_TIME without CAP_SYS_TIME: EACCES");
}

static unsigned long got;

static long read_one(void)
{
	got = 0;
	return ret_of(read(fd, &got, sizeof(got)));
}

static void set_nonblock(bool yes)
{
	need(!fcntl(fd, F_SETFL, yes ? O_NONBLOCK : 0), "O_NONBLOCK");
}

static void interrupts(const char *path)
{
	int ep = epoll_of(fd, EPOLLIN | EPOLLET), other, i;
	double start, first;
	unsigned int four;
	time_t then;
	char c[9];

	is_num(interrupted(read_one), -EINTR, "without UIE a read waits");
	set_nonblock(true);
	is_num(read_one(), -EAGAIN, "or gives EAGAIN");
	set_nonblock(false);
	is(ioctl(fd, RTC_UIE_OFF), 0, "RTC_UIE_OFF while it is off");
	is(ioctl(fd, RTC_UIE_ON), 0, "RTC_UIE_ON");
	is(ioctl(fd, RTC_UIE_ON), 0, "and again");
	other = open(path, O_RDONLY | O_NONBLOCK);

	is_num(read_one(), 8, "a read waits for the next second");
	first = now();
	then = get_seconds();
	is_num(got, ONE, "and gives one interrupt");
	is_num(read_one(), 8, "then for the one after it");
	ok(now() - first > 0.5 && now() - first < 1.7 &&
	   get_seconds() == then + 1, "which is a second later");
	is(read(other, &four, 4), -EAGAIN, "another open has none of them");
	is(ioctl(other, RTC_UIE_ON), 0, "unless it enables them");
	epolled(ep, 0);
	is_num(polled(fd, POLLIN, 0), -1, "poll reports nothing");
	is_num(epolled(ep, 0), -1, "nor does epoll");
	is_num(polled(fd, POLLIN, 2000), POLLIN, "until the next");
	is_num(epolled(ep, 0), EPOLLIN, "epoll reports it");
	is_num(epolled(ep, 0), -1, "once");
	is(read(fd, c, 3), -EINVAL, "3 bytes: EINVAL");
	is(read(fd, c, 5), -EINVAL, "5 bytes");
	is(read(fd, &four, 4), 4, "4 bytes are an int");
	is_num(four, ONE, "with the same in it");
	is(read(other, &four, 4), 4, "the other open has its own");
	close(other);

	start = now();
	for (i = 0; i < 3; i++)
		need(read_one() == 8, "read");
	ok(now() - start > 1.5 && now() - start < 3.7, "three a second each");
	usleep(2100000);
	is_num(read_one(), 8, "after two seconds without a read");
	is_num(got, ONE + (1 << 8), "gets both interrupts");
	usleep(1000000);
	is(ioctl(fd, RTC_UIE_OFF), 0, "RTC_UIE_OFF");
	is_num(read_one(), 8, "leaves what was there");
	set_nonblock(true);
	usleep(1100000);
	is_num(read_one(), -EAGAIN, "then nothing comes");
	set_nonblock(false);
	is(ioctl(fd, RTC_UIE_ON), 0, "RTC_UIE_ON");
	is_num(read_one(), 8, "and it does again");
	is_num(got, ONE, "one");
	close(ep);
}

/* A new time moves the start of the second, and with it the interrupt. */
static void moved(void)
{
	double start;

	need(read_one() == 8, "read");
	usleep(500000);
	need(!set_seconds(1000000), "set");
	start = now();
	need(read_one() == 8, "read");
	if (now() - start < 0.8)
		need(read_one() == 8, "read");
	ok(now() - start > 0.8 && now() - start < 1.8 &&
	   get_seconds() == 1000001, "a clock that is set has its own second");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	need(fd >= 0, argv[1]);
	ok(labs(get_seconds() - time(NULL)) <= 1, "the time is the system's");
	calendar();
	invalid();
	commands();
	capability();
	interrupts(argv[1]);
	moved();
	need(!ioctl(fd, RTC_UIE_OFF), "off");
	usleep(1100000);
	set_nonblock(true);
	read_one();
	set_nonblock(false);
	detached(fd, read_one, POLLIN, argv + 2);
	is(ioctl(fd, RTC_UIE_ON), -ENODEV, "RTC_UIE_ON: ENODEV");
	return done_testing();
}
