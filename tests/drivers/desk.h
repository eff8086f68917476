/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the driver desk and the programs that test it. */
#ifndef DESK_H
#define DESK_H

enum desk_op {
	DESK_CLAIM,	/* read: claim all, write nothing */
	DESK_FILL,	/* read: fill windows of 16 bytes with 0xaa, claim all */
	DESK_LAST,	/* read: write the last byte only, claim all */
	DESK_PUT,	/* read: put 8 bytes at off; result: bytes put */
	DESK_WINDOW,	/* both: result: 1 when there are 16 bytes at off */
	DESK_SET_POS,	/* both: chr_ext_io_set_pos(pos), result: its return */
	DESK_GET,	/* write: get 8 bytes at off into text; result: bytes */
	DESK_TAKE,	/* write: accept ret bytes */
	DESK_RECORD,	/* both: keep pos, len, done and flags */
	DESK_OPENER,	/* read: keep flags, uid, gid, tgid of the file */
	DESK_PUT_MEM,	/* read: put off bytes of memory from pos; result */
	DESK_GET_MEM,	/* write: the same with get */
};

/* A job for desk0, written to desk1. */
struct desk {
	__u32 op;
	__u32 off;
	__s64 pos;
	__s64 ret;
	/* results */
	__s64 result;
	__u64 len;
	__u64 done;
	__u32 flags;
	__u32 calls;
	__u32 uid;
	__u32 gid;
	__u32 tgid;
	char text[8];
};

#endif
