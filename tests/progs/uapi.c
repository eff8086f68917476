// SPDX-License-Identifier: GPL-2.0-only
/*
 * uapi NODE: commands with the numbers of the kernel's UAPI, called as user space
 * does, on the driver uapi (tests/drivers). The direction in a number is a hint.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/if_tun.h>
#include <linux/input.h>
#include <linux/pps.h>
#include <linux/random.h>
#include <linux/rtc.h>
#include <linux/types.h>
#include <linux/uinput.h>
#include <linux/watchdog.h>

#include "../drivers/uapi.h"
#include "ioctl32.h"
#include "tap.h"

#define PAGE	4096UL
#define FILL	0xaa

static int fd;

/* Where the argument is: a value, or memory of some kind. */
enum place { VALUE, MEMORY, CONSTANT, ABSENT };

static const struct command {
	const char *name;
	unsigned long cmd;
	enum place place;
	unsigned long value;	/* or the int that the memory begins with */
	long ret;
	unsigned int written;	/* bytes from the start; the rest stays */
	int first;		/* the int that is written first */
} commands[] = {
	{ "RTC_IRQP_SET", RTC_IRQP_SET, VALUE, 64, 64, 0, 0 },
	{ "RTC_EPOCH_SET", RTC_EPOCH_SET, VALUE, 1900, 1900, 0, 0 },
	{ "EVIOCGRAB 1", EVIOCGRAB, VALUE, 1, 1, 0, 0 },
	{ "EVIOCGRAB 0", EVIOCGRAB, VALUE, 0, 0, 0, 0 },
	{ "EVIOCREVOKE", EVIOCREVOKE, VALUE, 0, 0, 0, 0 },
	{ "UI_SET_EVBIT", UI_SET_EVBIT, VALUE, EV_KEY, EV_KEY, 0, 0 },
	{ "UI_SET_KEYBIT", UI_SET_KEYBIT, VALUE, KEY_A, KEY_A, 0, 0 },
	{ "TUNSETPERSIST", TUNSETPERSIST, VALUE, 1, 1, 0, 0 },
	{ "TUNSETOWNER", TUNSETOWNER, VALUE, 65534, 65534, 0, 0 },
	{ "TUNSETOWNER -1", TUNSETOWNER, VALUE, -1UL, 0x7fffffff, 0, 0 },
	{ "a value that is an address", TUNSETOWNER, MEMORY, 5, -1, 0, 0 },
	{ "WDIOC_KEEPALIVE NULL", WDIOC_KEEPALIVE, VALUE, 0, 0, 0, 0 },
	{ "WDIOC_KEEPALIVE", WDIOC_KEEPALIVE, MEMORY, 3, 0, 0, 0 },
	{ "WDIOC_SETOPTIONS", WDIOC_SETOPTIONS, MEMORY, WDIOS_ENABLECARD, WDIOS_ENABLECARD, 0, 0 },
	{ "WDIOC_SETOPTIONS of a constant", WDIOC_SETOPTIONS, CONSTANT, 1, 1, 0, 0 },
	{ "WDIOC_SETOPTIONS of nothing", WDIOC_SETOPTIONS, ABSENT, 0, -EFAULT, 0, 0 },
	{ "WDIOC_SETOPTIONS NULL", WDIOC_SETOPTIONS, VALUE, 0, -EFAULT, 0, 0 },
	{ "PPS_GETCAP", PPS_GETCAP, MEMORY, 9, 0, 4, UAPI_PPS_CAP },
	{ "PPS_GETCAP to a constant", PPS_GETCAP, CONSTANT, 9, -EFAULT, 0, 0 },
	{ "PPS_GETCAP to nothing", PPS_GETCAP, ABSENT, 0, -EFAULT, 0, 0 },
	{ "WDIOC_SETTIMEOUT", WDIOC_SETTIMEOUT, MEMORY, 30, 0, 4, 31 },
	{ "WDIOC_SETTIMEOUT of nothing", WDIOC_SETTIMEOUT, ABSENT, 0, -EFAULT, 0, 0 },
	{ "WDIOC_GETTIMEOUT", WDIOC_GETTIMEOUT, MEMORY, 9, 0, 4, 60 },
	{ "EVIOCGID", EVIOCGID, MEMORY, 9, 0, 8, 0x00020001 },
	{ "EVIOCGNAME(256)", EVIOCGNAME(256), MEMORY, 9, 11, 11, 0x656b2061 },
	{ "EVIOCGNAME(3)", EVIOCGNAME(3), MEMORY, 9, 3, 3, 0 },
	{ "EVIOCGNAME(4096)", EVIOCGNAME(4096), MEMORY, 9, 11, 11, 0x656b2061 },
	{ "RTC_RD_TIME", RTC_RD_TIME, MEMORY, 9, 0, 36, 1 },
	{ "FIONREAD", FIONREAD, MEMORY, 9, 0, 4, 42 },
	{ "FIONREAD to nothing", FIONREAD, ABSENT, 0, -EFAULT, 0, 0 },
	{ "TIOCGWINSZ", TIOCGWINSZ, MEMORY, 9, 0, 8, 80 << 16 | 25 },
	{ "an unknown command", _IOW('z', 1, int), ABSENT, 0, -ENOTTY, 0, 0 },
};

static unsigned char *memory, *constant, *absent;

static void *pages(int prot)
{
	void *p = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* Followed by an unmapped page. */
	need(p != MAP_FAILED && !mprotect(p, 2 * PAGE, prot), "mmap");
	return p;
}

static bool filled(const unsigned char *p, size_t from, size_t to)
{
	for (; from < to; from++) {
		if (p[from] != FILL) {
			diag("byte %zu is 0x%02x", from, p[from]);
			return false;
		}
	}
	return true;
}

static unsigned long place(const struct command *c)
{
	int value = c->value;

	switch (c->place) {
	case VALUE:
		return c->value;
	case CONSTANT:
		mprotect(constant, 2 * PAGE, PROT_READ | PROT_WRITE);
		memset(constant, FILL, 2 * PAGE);
		memcpy(constant, &value, sizeof(value));
		mprotect(constant, 2 * PAGE, PROT_READ);
		return (unsigned long)constant;
	case ABSENT:
		return (unsigned long)absent;
	default:
		memset(memory, FILL, 2 * PAGE);
		memcpy(memory, &value, sizeof(value));
		return (unsigned long)memory;
	}
}

static void one(const struct command *c)
{
	unsigned long arg = place(c);
	long want = c->ret;
	int value = c->value;
	size_t kept = c->written < 4 ? 4 : c->written;

	if (c->place == MEMORY && want == -1)
		want = arg & 0x7fffffff;
	is(ioctl(fd, c->cmd, arg), want, c->name);
	if (c->place != MEMORY)
		return;
	if (c->written >= 4)
		value = c->first;
	if (c->written != 3)
		ok(!memcmp(memory, &value, 4), "%s: the int", c->name);
	ok(filled(memory, kept, 2 * PAGE), "%s: no other byte changes", c->name);
}

/* Bytes that the op writes directly, through a window. */
static void windows(void)
{
	struct uapi_mixed *m = (void *)memory;
	unsigned char *big;
	long want;

	memset(memory, FILL, 2 * PAGE);
	is(ioctl(fd, UAPI_MIXED, memory), FILL, "a window shows the caller's bytes");
	ok(m->set == 's' && !m->zero, "written bytes go back, a zero too");
	ok(filled(memory, 0, 7) && filled(memory, 9, 2 * PAGE), "and no other byte");
	memset(memory, FILL, 2 * PAGE);
	is(ioctl(fd, UAPI_SCRATCH, memory), FILL, "a window of _IOW shows them, too");
	ok(filled(memory, 0, 2 * PAGE), "and is not copied back");
	memset(memory, 5, 16);
	place(&(struct command){ .place = CONSTANT, .value = 1 });
	is(ioctl(fd, UAPI_SCRATCH, constant), 1, "it may lie over read-only memory");
	is(ioctl(fd, UAPI_MIXED, constant), -EFAULT, "one of _IOR may not");
	is(ioctl(fd, UAPI_MIXED, absent), -EFAULT, "nor over unmapped memory");

	big = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(big, 1, 6 * PAGE);
	want = 1 + (1 + 100) + (1 + 100 + 1);
	is(ioctl(fd, UAPI_SUM, big), want, "16383 bytes: the op's own and the caller's");
	ok(big[0] == 1 && big[1] == 100 && big[16381] == 1 && big[16382] == 100 &&
	   big[16383] == 1, "of which the op's own go back");
	need(!madvise(big, 6 * PAGE, MADV_DONTNEED), "madvise");
	is(ioctl(fd, UAPI_SUM, big), 200, "the same from pages not faulted in yet");
	munmap(big + PAGE, PAGE);
	is(ioctl(fd, UAPI_SUM, big), -EFAULT, "from a range with an unmapped page: EFAULT");
	munmap(big, 6 * PAGE);
}

/* An argument that the op reads and that is not mapped. */
static void missing(void)
{
	char *late = pages(PROT_READ | PROT_WRITE);
	struct rand_pool_info *info = (void *)memory;

	is(ioctl(fd, UAPI_CAREFREE, 8), -EFAULT, "a driver that ignores the error: EFAULT");
	ioctl(fd, UAPI_RUNS);
	is(ioctl(fd, WDIOC_SETOPTIONS, late), 0, "from an untouched page");
	is(ioctl(fd, UAPI_RUNS), 2, "the op runs again when the page is there");
	is(ioctl(fd, WDIOC_SETOPTIONS, late), 0, "from a present page");
	is(ioctl(fd, UAPI_RUNS), 1, "one run");
	need(!madvise(late, PAGE, MADV_DONTNEED), "madvise");
	is(ioctl(fd, WDIOC_SETTIMEOUT, late), 0, "an argument that is copied before the op");
	is(ioctl(fd, UAPI_RUNS), 1, "one run");
	need(!madvise(late, PAGE, MADV_DONTNEED), "madvise");
	is(ioctl(fd, PPS_GETCAP, late), 0, "an argument that is only written");
	is(ioctl(fd, UAPI_RUNS), 1, "one run");
	is(ioctl(fd, EVIOCGID, memory + 2 * PAGE - 8), 0, "at the end of the memory");
	is(ioctl(fd, EVIOCGID, memory + 2 * PAGE - 7), -EFAULT, "a byte beyond it");
	is(ioctl(fd, EVIOCGID, -8L), -EFAULT, "at the end of the address space");
	is(ioctl(fd, EVIOCGID, -4L), -EFAULT, "wrapping around it");

	memset(memory, 0, PAGE);
	info->entropy_count = 8;
	info->buf_size = 64;
	((char *)info->buf)[63] = 'x';
	is(ioctl(fd, RNDADDENTROPY, info), 'x', "bytes beyond the size in the number");
	info->buf_size = 1 << 20;
	is(ioctl(fd, RNDADDENTROPY, info), -EFAULT, "that are not mapped: EFAULT");
	munmap(late, 3 * PAGE);
}

#ifdef __x86_64__
static void compat(void)
{
	unsigned char *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uint32_t at = (uintptr_t)low;
	int cap;

	need(low != MAP_FAILED, "mmap of low memory");
	is_num(ioctl32(fd, _IOW('p', 0x0c, uint32_t), 64), 64, "32 bits: RTC_IRQP_SET");
	is_num(ioctl32(fd, RTC_IRQP_SET, 64), 64, "32 bits, with the number of 64");
	memset(low, FILL, PAGE);
	is_num(ioctl32(fd, _IOR('p', 0xa3, uint32_t), at), 0, "32 bits: PPS_GETCAP");
	memcpy(&cap, low, sizeof(cap));
	ok(cap == UAPI_PPS_CAP && filled(low, 4, PAGE), "writes its int");
	is_num(ioctl32(fd, WDIOC_KEEPALIVE, 0), 0, "32 bits: WDIOC_KEEPALIVE NULL");
	munmap(low, PAGE);
}
#else
static void compat(void)
{
}
#endif

int main(int argc, char **argv)
{
	size_t i;

	need(argc == 2, "usage: uapi NODE");
	fd = open(argv[1], O_RDWR);
	need(fd >= 0, argv[1]);
	memory = pages(PROT_READ | PROT_WRITE);
	constant = pages(PROT_READ);
	absent = pages(PROT_NONE);

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		one(&commands[i]);
	windows();
	missing();
	compat();
	return done_testing();
}
