/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the driver every and the programs that test it. */
#ifndef EVERY_H
#define EVERY_H

/* Set by EVERY_SET: what the ops return. */
struct every {
	__s64 ret;		/* of ioctl EVERY_RET, fsync, flush, mmap */
	__s64 pos;		/* of llseek with SEEK_DATA */
	__u32 events;		/* of poll */
	__u32 ready;		/* 0: read, write and EVERY_WAIT return -EAGAIN */
	__u32 flushes;		/* counted */
	__u32 overlaps;		/* EVERY_HOLD that met another */
	__u64 linger;		/* microseconds from a wake to the op's end */
	__u64 map_flags;	/* of the last mmap */
	__u32 calls;		/* of ops that wait: open, read, write, WAIT, fsync */
	__u32 again;		/* those of them with CHR_EXT_IO_AGAIN */
	__u32 opens;		/* 0: open returns -EAGAIN */
	__u32 datasyncs;	/* fsync with CHR_EXT_IO_DATASYNC */
};

#define EVERY_SET	_IOW('e', 1, struct every)
#define EVERY_GET	_IOR('e', 2, struct every)
#define EVERY_RET	_IO('e', 3)
#define EVERY_ARG	_IO('e', 4)	/* returns the low 31 bits */
#define EVERY_WAIT	_IO('e', 5)	/* until ready */
#define EVERY_WAKE	_IO('e', 6)	/* ready = 1, wake with these events */
#define EVERY_SLEEP	_IO('e', 7)	/* so many microseconds */
#define EVERY_DELAY	_IO('e', 8)	/* so many microseconds */
#define EVERY_HOLD	_IO('e', 9)	/* for so many microseconds */
#define EVERY_CALLER	_IOR('e', 10, struct chr_ext_caller)
#define EVERY_CAPABLE	_IO('e', 11)	/* whether the caller has this capability */
#define EVERY_NR_ECHO	12		/* of any size: adds 1 to each byte */
#define EVERY_NR_NOTHING 13		/* of any size: does nothing */
#define EVERY_COMPAT	_IO('e', 14)	/* whether the caller is a 32-bit task */

#define EVERY_NESTED	_IOW('e', 15, __u64)	/* reads a byte at this address */
#define EVERY_DOZE	_IO('e', 16)	/* sleeps 100 times so many microseconds */

#define EVERY_NUDGE	_IO('e', 17)	/* wake with these events only */
#define EVERY_OPENER	_IO('e', 18)	/* whether the opener has this capability */
#define EVERY_FLAGS	_IO('e', 19)	/* number of kfuncs that reject these flags */

#define EVERY_STEP	_IO('e', 20)	/* one more read, wake with these events */

#define EVERY_KEEP	_IOWR('e', 21, struct every_kept)

/* Argument of EVERY_KEEP, which waits until ready and then reads a byte at @addr. */
struct every_kept {
	__u64 addr;
	__u32 calls;		/* counted in the window of the op */
	__u32 again;		/* those of them with CHR_EXT_IO_AGAIN */
};

/* every.ready: one read for each EVERY_STEP. */
#define STEPS		2

/* With the events of EVERY_WAKE and EVERY_NUDGE: flags of chr_ext_wake(). */
#define EVERY_WAKE_FLAGS(flags)	((unsigned long)(flags) << 32)

#define EVERY_MEM	(3 * 4096)
#define EVERY_SIZE	1000		/* SEEK_END */

#endif
