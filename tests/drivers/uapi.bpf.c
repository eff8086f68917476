// SPDX-License-Identifier: GPL-2.0-only
/*
 * Serves commands of the kernel's UAPI as the kernel's own drivers do. Their numbers
 * do not always match how the argument is used.
 */
#include <chr_ext/chr_ext.bpf.h>
#include "uapi.h"

struct rtc_time {
	int fields[9];
};

struct input_id {
	__u16 bustype, vendor, product, version;
};

#define RTC_RD_TIME		_IOR('p', 0x09, struct rtc_time)
#define RTC_IRQP_SET		_IOW('p', 0x0c, unsigned long)
#define RTC_EPOCH_SET		_IOW('p', 0x0e, unsigned long)
#define PPS_GETCAP		_IOR('p', 0xa3, int *)
#define WDIOC_SETOPTIONS	_IOR('W', 4, int)
#define WDIOC_KEEPALIVE		_IOR('W', 5, int)
#define WDIOC_SETTIMEOUT	_IOWR('W', 6, int)
#define WDIOC_GETTIMEOUT	_IOR('W', 7, int)
#define EVIOCGID		_IOR('E', 0x02, struct input_id)
#define EVIOCGRAB		_IOW('E', 0x90, int)
#define EVIOCREVOKE		_IOW('E', 0x91, int)
#define UI_SET_EVBIT		_IOW('U', 100, int)
#define UI_SET_KEYBIT		_IOW('U', 101, int)
#define TUNSETPERSIST		_IOW('T', 203, int)
#define TUNSETOWNER		_IOW('T', 204, int)
#define RNDADDENTROPY		_IOW('R', 0x03, int[2])
#define FIONREAD		0x541b
#define TIOCGWINSZ		0x5413

__u32 runs;

/* EVIOCGNAME(len): a string into a buffer of the caller's size. */
static long get_name(struct chr_ext_io *io)
{
	char name[] = "a keyboard";

	return chr_ext_io_put(io, 0, name, sizeof(name));
}

static long get_int(struct chr_ext_io *io)
{
	int value = 0;

	if (chr_ext_io_get(io, 0, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	return value & 0x7fffffff;
}

static long put_int(struct chr_ext_io *io, int value)
{
	chr_ext_io_put(io, 0, &value, sizeof(value));
	return 0;
}

/* The bytes behind the two ints of a struct rand_pool_info. */
static long add_entropy(struct chr_ext_io *io)
{
	int info[2] = {};
	__u8 byte = 0;
	long err;

	if (chr_ext_io_get(io, 0, info, sizeof(info)) != sizeof(info) || info[1] < 1)
		return -EFAULT;
	err = chr_ext_user_get(io, io->arg + sizeof(info) + info[1] - 1, &byte, 1, 0);
	return err ?: byte;
}

static long mixed(struct chr_ext_io *io)
{
	struct uapi_mixed *m = (void *)chr_ext_io_window(io, 0, sizeof(*m));

	if (!m)
		return -ENXIO;
	m->set = 's';
	m->zero = 0;
	return m->before[0];
}

/* Own bytes are read back; the others are the caller's. */
static long sum(struct chr_ext_io *io)
{
	__u8 own = 100, *w, byte;
	long n = 0;

	chr_ext_io_put(io, 1, &own, 1);
	if (chr_ext_io_get(io, 0, &byte, 1) != 1)
		return -EFAULT;
	n += byte;
	chr_ext_io_put(io, 16382, &own, 1);
	w = chr_ext_io_window(io, 16376, 7);
	if (!w)
		return -ENXIO;
	n += w[0] + w[6];
	w = chr_ext_io_window(io, 0, 8);
	if (!w)
		return -ENXIO;
	return n + w[0] + w[1] + w[2];
}

SEC("struct_ops/ioctl")
long BPF_PROG(uapi_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct input_id id = { 1, 2, 3, 4 };
	struct rtc_time tm = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 } };
	__u16 winsz[4] = { 25, 80 };
	int value = 42;

	runs++;
	if (_IOC_TYPE(cmd) == 'E' && _IOC_NR(cmd) == 6)
		return get_name(io);

	switch (cmd) {
	/* By value. */
	case RTC_IRQP_SET:
	case CHR_EXT_IOC32(RTC_IRQP_SET):
	case RTC_EPOCH_SET:
	case EVIOCGRAB:
	case EVIOCREVOKE:
	case UI_SET_EVBIT:
	case UI_SET_KEYBIT:
	case TUNSETPERSIST:
	case TUNSETOWNER:
		return io->arg & 0x7fffffff;
	/* Nothing. */
	case WDIOC_KEEPALIVE:
		return 0;
	/* _IOR, but the argument is read. */
	case WDIOC_SETOPTIONS:
		return get_int(io);
	/* An int in a command of pointer size. */
	case PPS_GETCAP:
	case CHR_EXT_IOC32(PPS_GETCAP):
		return put_int(io, UAPI_PPS_CAP);
	/* As the number promises. */
	case WDIOC_SETTIMEOUT:
		value = get_int(io);
		return value < 0 ? value : put_int(io, value + 1);
	case WDIOC_GETTIMEOUT:
		return put_int(io, 60);
	case EVIOCGID:
		chr_ext_io_put(io, 0, &id, sizeof(id));
		return 0;
	case RTC_RD_TIME:
		chr_ext_io_put(io, 0, &tm, sizeof(tm));
		return 0;
	/* More bytes than the size in the number. */
	case RNDADDENTROPY:
		return add_entropy(io);
	/* Numbers without direction and size. */
	case FIONREAD:
		return chr_ext_user_put(io, io->arg, &value, sizeof(value), 0);
	case TIOCGWINSZ:
		return chr_ext_user_put(io, io->arg, winsz, sizeof(winsz), 0);
	/* Of our own. */
	case UAPI_MIXED:
	case UAPI_SCRATCH:
		return mixed(io);
	case UAPI_SUM:
		return sum(io);
	case UAPI_CAREFREE:
		chr_ext_io_get(io, 0, &value, sizeof(value));
		return 7;
	case UAPI_RUNS:
		value = runs - 1;
		runs = 0;
		return value;
	}
	return -ENOTTY;
}

CHR_EXT_DRIVER(uapi,
	.ioctl = (void *)uapi_ioctl,
	.mode = 0666,
);
