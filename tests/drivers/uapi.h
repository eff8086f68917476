/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the driver uapi and the program that tests it. */
#ifndef UAPI_H
#define UAPI_H

/* What PPS_GETCAP writes, which is an int behind a command of pointer size. */
#define UAPI_PPS_CAP	0x1133

/* A structure that is written by a window: one byte in the middle, one zero. */
struct uapi_mixed {
	__u8 before[7];
	__u8 set;
	__u8 zero;
	__u8 after[7];
};

#define UAPI_MIXED	_IOR('u', 1, struct uapi_mixed)
#define UAPI_SCRATCH	_IOW('u', 2, struct uapi_mixed)	/* window as scratch */
#define UAPI_SUM	_IOWR('u', 3, __u8[16383])	/* put, then get, window */
#define UAPI_CAREFREE	_IOW('u', 4, int)	/* ignores that get fails */
#define UAPI_RUNS	_IO('u', 5)		/* how often an op ran */

#endif
