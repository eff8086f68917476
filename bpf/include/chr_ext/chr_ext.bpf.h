/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All that a driver includes. It wants clang and libbpf's headers; no kernel
 * headers and no vmlinux.h. A driver that brings its own vmlinux.h includes it
 * before this file.
 */
#ifndef CHR_EXT_BPF_H
#define CHR_EXT_BPF_H

#ifndef __VMLINUX_H__
typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
#if __STDC_VERSION__ < 202311L	/* C23 has them as keywords */
typedef _Bool bool;
#define true 1
#define false 0
#endif

/* Numbers of the kernel's UAPI that drivers want in map definitions. */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
};

/* For bpf_timer_start(): a time instead of a delay. */
enum {
	BPF_F_TIMER_ABS = 1,
};

/* What stands in a map's value; see bpf_timer_init() and bpf_wq_init(). */
struct bpf_timer {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_wq {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

/* bpf_spin_lock(), and lists and trees of what a program allocates. */
struct bpf_spin_lock {
	__u32 val;
};

struct bpf_list_head {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_list_node {
	__u64 __opaque[3];
} __attribute__((aligned(8)));

struct bpf_rb_root {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_rb_node {
	__u64 __opaque[4];
} __attribute__((aligned(8)));

/* What stands on a program's stack: of bpf_for(), and of dynptrs. */
struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_dynptr {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* CO-RE: members are found by name in the module that is loaded. */
#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)
#include <chr_ext/abi.h>
#pragma clang attribute pop

#ifndef EPERM
#define EPERM		1
#define ENOENT		2
#define EINTR		4
#define EIO		5
#define ENXIO		6
#define EBADF		9
#define EAGAIN		11
#define ENOMEM		12
#define EACCES		13
#define EFAULT		14
#define EBUSY		16
#define EEXIST		17
#define ENODEV		19
#define EINVAL		22
#define ENOTTY		25
#define EFBIG		27
#define ENOSPC		28
#define ESPIPE		29
#define EROFS		30
#define EPIPE		32
#define ERANGE		34
#define EMSGSIZE	90
#define EOPNOTSUPP	95
#define ETIMEDOUT	110
#endif

/* Of chr_ext_file.flags; the numbers of x86, arm64 and riscv agree on these. */
#ifndef O_ACCMODE
#define O_ACCMODE	00000003
#define O_RDONLY	00000000
#define O_WRONLY	00000001
#define O_RDWR		00000002
#define O_EXCL		00000200
#define O_TRUNC		00001000
#define O_APPEND	00002000
#define O_NONBLOCK	00004000
#endif

/* For lseek(2), poll(2) and chr_ext_wake(), capabilities(7), time. */
#ifndef SEEK_SET
#define SEEK_SET	0
#define SEEK_CUR	1
#define SEEK_END	2
#define SEEK_DATA	3
#define SEEK_HOLE	4
#endif

#ifndef EPOLLIN
#define EPOLLIN		0x001
#define EPOLLPRI	0x002
#define EPOLLOUT	0x004
#define EPOLLERR	0x008
#define EPOLLHUP	0x010
#define EPOLLRDNORM	0x040
#define EPOLLRDBAND	0x080
#define EPOLLWRNORM	0x100
#define EPOLLWRBAND	0x200
#define EPOLLMSG	0x400
#define EPOLLRDHUP	0x2000
#endif

#ifndef CAP_SYS_ADMIN
#define CAP_DAC_OVERRIDE	1
#define CAP_SYS_RAWIO		17
#define CAP_SYS_ADMIN		21
#define CAP_SYS_TIME		25
#endif

#ifndef CLOCK_MONOTONIC
#define CLOCK_REALTIME	0
#define CLOCK_MONOTONIC	1
#define CLOCK_BOOTTIME	7
#define CLOCK_TAI	11
#endif

/*
 * Commands of ioctl(2) in the generic layout of <linux/ioctl.h>. An op always
 * gets them in this layout, also on CPUs that have another one (powerpc, mips,
 * sparc, alpha). Here a long and a pointer have 8 bytes; see CHR_EXT_IOC32().
 */
#ifndef _IOC
#define _IOC_NONE	0U
#define _IOC_WRITE	1U
#define _IOC_READ	2U
#define _IOC(dir, type, nr, size) \
	((dir) << 30 | (__u32)(size) << 16 | (type) << 8 | (nr))
#define _IO(type, nr)		_IOC(_IOC_NONE, type, nr, 0)
#define _IOR(type, nr, arg)	_IOC(_IOC_READ, type, nr, sizeof(arg))
#define _IOW(type, nr, arg)	_IOC(_IOC_WRITE, type, nr, sizeof(arg))
#define _IOWR(type, nr, arg)	_IOC(_IOC_READ | _IOC_WRITE, type, nr, sizeof(arg))
#define _IOC_DIR(cmd)		((cmd) >> 30)
#define _IOC_TYPE(cmd)		((cmd) >> 8 & 0xff)
#define _IOC_NR(cmd)		((cmd) & 0xff)
#define _IOC_SIZE(cmd)		((cmd) >> 16 & 0x3fff)
#endif

/*
 * The command of a 32-bit process, or kernel, for one whose argument is a long, a
 * size_t or a pointer: case PPS_GETCAP: case CHR_EXT_IOC32(PPS_GETCAP):
 */
#define CHR_EXT_IOC32(cmd)	((cmd) & ~(0x3fffU << 16) | 4U << 16)

/*
 * The kfuncs. Their manual is the kernel-doc in kfuncs/ and
 * Documentation/abi.md.
 */
extern __u8 *chr_ext_io_window(struct chr_ext_io *io, __u32 offset,
			       const __u32 rdwr_buf_size) __ksym;
extern int chr_ext_io_put(struct chr_ext_io *io, __u32 offset,
			  const void *src, __u32 src__sz) __ksym;
extern int chr_ext_io_get(struct chr_ext_io *io, __u32 offset,
			  void *dst, __u32 dst__sz) __ksym;
extern int chr_ext_io_put_file(struct chr_ext_io *io, __u32 offset,
			       struct chr_ext_file *file, __u64 from,
			       __u32 len) __ksym;
extern int chr_ext_io_get_file(struct chr_ext_io *io, __u32 offset,
			       struct chr_ext_file *file, __u64 to,
			       __u32 len) __ksym;
extern int chr_ext_io_put_dev(struct chr_ext_io *io, __u32 offset,
			      struct chr_ext_dev *dev, __u64 from,
			      __u32 len) __ksym;
extern int chr_ext_io_get_dev(struct chr_ext_io *io, __u32 offset,
			      struct chr_ext_dev *dev, __u64 to,
			      __u32 len) __ksym;
extern int chr_ext_io_put_mem(struct chr_ext_io *io, __u32 offset,
			      struct chr_ext_dev *dev, __u64 from,
			      __u32 len) __ksym;
extern int chr_ext_io_get_mem(struct chr_ext_io *io, __u32 offset,
			      struct chr_ext_dev *dev, __u64 to,
			      __u32 len) __ksym;
extern int chr_ext_io_set_pos(struct chr_ext_io *io, __s64 pos) __ksym;
extern __u8 *chr_ext_file_data(struct chr_ext_file *file,
			       const __u32 rdwr_buf_size) __ksym;
extern __u8 *chr_ext_dev_data(struct chr_ext_dev *dev,
			      const __u32 rdwr_buf_size) __ksym;
extern int chr_ext_dev_clear(struct chr_ext_dev *dev, __u64 from,
			     __u64 len) __ksym;
extern int chr_ext_log(struct chr_ext_dev *dev, __u32 level,
		       const char *msg, __u32 msg__sz) __ksym;
extern __u8 *chr_ext_dev_mem(struct chr_ext_dev *dev, __u64 offset,
			     const __u32 rdwr_buf_size) __ksym;
extern int chr_ext_wake(struct chr_ext_dev *dev, __u32 events,
			__u32 flags) __ksym;
extern struct chr_ext_dev *chr_ext_dev_get(__u64 id) __ksym;
extern void chr_ext_dev_put(struct chr_ext_dev *dev) __ksym;
extern __s64 chr_ext_clock_ns(__u32 clock) __ksym;
extern int chr_ext_delay_us(struct chr_ext_dev *dev, __u32 us,
			    __u32 flags) __ksym;
extern int chr_ext_sleep_us(struct chr_ext_dev *dev, __u32 us,
			    __u32 flags) __ksym;
extern int chr_ext_timer_start(struct chr_ext_dev *dev, __u32 id, __u64 ns,
			       __u64 period_ns, __u32 flags) __ksym;
extern int chr_ext_timer_cancel(struct chr_ext_dev *dev, __u32 id,
				__u32 flags) __ksym;
extern int chr_ext_user_get(struct chr_ext_io *io, __u64 from, void *dst,
			    __u32 dst__sz, __u32 flags) __ksym;
extern int chr_ext_user_put(struct chr_ext_io *io, __u64 to,
			    const void *src, __u32 src__sz,
			    __u32 flags) __ksym;
extern int chr_ext_user_get_dev(struct chr_ext_io *io, __u64 from,
				__u64 to, __u32 len, __u32 flags) __ksym;
extern int chr_ext_user_put_dev(struct chr_ext_io *io, __u64 to,
				__u64 from, __u32 len, __u32 flags) __ksym;
extern int chr_ext_caller(struct chr_ext_file *file, void *info,
			  __u32 info__sz) __ksym;
extern int chr_ext_capable(struct chr_ext_file *file, __u32 cap) __ksym;
extern int chr_ext_caller_capable(struct chr_ext_file *file,
				  __u32 cap) __ksym;

/*
 * chr_ext_msg(dev, level, "x = %d", x): a formatted line of at most 127
 * characters in the log of the driver. The format is that of bpf_snprintf(),
 * with up to 12 values of any integer type, or pointers for %s.
 */
#define chr_ext_msg(dev, level, fmt, args...)				\
({									\
	char ___line[128];						\
	long ___n = BPF_SNPRINTF(___line, sizeof(___line), fmt, ##args);\
	___n < 0 ? (int)___n :						\
		   chr_ext_log(dev, level, ___line, sizeof(___line));	\
})

/*
 * CHR_EXT_DRIVER(foo, .read = (void *)foo_read, .mode = 0444) ends a driver:
 * its node is /dev/foo. A file may have several: libbpf takes the first of the
 * strings in the section of licences. The ABI of these headers is recorded for
 * loaders, which libbpf ignores.
 */
#define CHR_EXT_DRIVER(drv, members...)					\
char drv##_license[] SEC("license") = "GPL";				\
const __u32 drv##_abi SEC(CHR_EXT_ABI_SECTION) = CHR_EXT_ABI;		\
SEC(".struct_ops.link")							\
struct chr_ext_ops drv = {						\
	.name = #drv,							\
	members								\
}

#endif /* CHR_EXT_BPF_H */
