/* SPDX-License-Identifier: GPL-2.0-only */
/* ioctl(2) as a 32-bit process calls it: -errno instead of errno. */
#ifndef IOCTL32_H
#define IOCTL32_H

#include <stdint.h>

#ifdef __x86_64__
static inline long ioctl32(int fd, unsigned int cmd, uint32_t arg)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "0" (54L), "b" ((long)fd), "c" ((long)cmd),
		       "d" ((long)arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}
#endif

#endif
