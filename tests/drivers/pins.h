/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the driver pins and the program that tests it. */
#ifndef PINS_H
#define PINS_H

enum pins_call {
	PINS_COUNT,
	PINS_CAN_SLEEP,
	PINS_GET_DIRECTION,
	PINS_GET,
	PINS_SET,
	PINS_GET_BITS,
	PINS_SET_BITS,
	PINS_SLEEPABLE,		/* those from here on, only from ioctl */
	PINS_INPUT = PINS_SLEEPABLE,
	PINS_OUTPUT,
	PINS_CONFIG,
	PINS_GET_CANSLEEP,
	PINS_SET_CANSLEEP,
	PINS_GET_BITS_CANSLEEP,
	PINS_SET_BITS_CANSLEEP,
	PINS_LISTEN,
	PINS_PLAY,		/* index bytes of steps: bits for arg ns; param: size */
	PINS_STOP,
	PINS_PLAYED,
	PINS_CALLS,
};

/* A call of a kfunc, with any arguments. */
struct pins {
	__u32 call;
	__s32 handle;
	__u32 index;
	__u32 param;
	__u64 arg;		/* of set_config, play; the value of setters */
	__u32 flags;
	__u32 in_timer;		/* of a write: run by the timer */
	__u64 mask;
	__u64 bits;
	/* results */
	__s64 ret;
	__u64 done;		/* counts */
};

#define PINS_CALL	_IOWR('p', 1, struct pins)	/* may sleep */
#define PINS_HANDLE	_IO('p', 2)	/* that probe got */
#define PINS_REMOVED	_IO('p', 3)	/* the value that remove read */

#define PINS_STEPS	(1 << 16)	/* as many as can be played */

/* The con_id that probe requests, in the variable con. */
enum pins_con {
	CON_DATA,		/* "data" */
	CON_NONE,		/* "none" */
	CON_EMPTY,
	CON_31,			/* 31 characters */
	CON_32,
	CON_200,
	CON_TWICE,		/* "data", twice */
	CON_17,			/* c0 to c16 */
};

#endif
