// SPDX-License-Identifier: GPL-2.0-only
/*
 * desk0 does one thing for each read or write: what was last written to its
 * neighbour desk1 as a struct desk. A read of desk1 returns the result.
 */
#include <chr_ext/chr_ext.bpf.h>
#include "desk.h"

struct desk told;

static long claim(struct chr_ext_io *io)
{
	char x = 'x', full[16] = { [0 ... 15] = 0xaa };
	__u32 i;

	if (told.op == DESK_LAST)
		chr_ext_io_put(io, io->len - 1, &x, 1);
	for (i = 0; told.op == DESK_FILL && i < 65536 / 16; i++)
		chr_ext_io_put(io, i * 16, full, sizeof(full));
	return io->len;
}

static long both(struct chr_ext_io *io)
{
	__u8 *w;

	switch (told.op) {
	case DESK_WINDOW:
		w = chr_ext_io_window(io, told.off, 16);
		told.result = w != NULL;
		if (w)
			w[15] = 'w';
		return io->len;
	case DESK_SET_POS:
		told.result = chr_ext_io_set_pos(io, told.pos);
		told.pos = io->pos;
		return io->len;
	case DESK_TELL:
		told.pos = io->pos;
		told.len = io->len;
		told.done = io->done;
		told.flags = io->flags;
		told.calls++;
		return told.ret < (__s64)io->len ? told.ret : io->len;
	}
	return -ENXIO;
}

static long who(struct chr_ext_file *file)
{
	told.flags = file->flags;
	told.uid = file->uid;
	told.gid = file->gid;
	told.tgid = file->tgid;
	return 0;
}

SEC("struct_ops.s/read")
long BPF_PROG(desk_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	char text[8] = "abcdefgh";

	if (file->dev->index == 1)
		return chr_ext_io_put(io, 0, &told, sizeof(told));

	switch (told.op) {
	case DESK_CLAIM:
	case DESK_FILL:
	case DESK_LAST:
		return claim(io);
	case DESK_PUT:
		told.result = chr_ext_io_put(io, told.off, text, sizeof(text));
		return io->len;
	case DESK_PUT_MEM:
		told.result = chr_ext_io_put_file(io, 0, file, told.pos,
						  told.off);
		told.ret = chr_ext_io_put_dev(io, 0, file->dev, told.pos,
					      told.off);
		return io->len;
	case DESK_WHO:
		return who(file);
	}
	return both(io);
}

SEC("struct_ops.s/write")
long BPF_PROG(desk_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	if (file->dev->index == 1)
		return chr_ext_io_get(io, 0, &told, sizeof(told));

	switch (told.op) {
	case DESK_GET:
		told.result = chr_ext_io_get(io, told.off, told.text,
					     sizeof(told.text));
		return io->len;
	case DESK_GET_MEM:
		told.result = chr_ext_io_get_file(io, 0, file, told.pos,
						  told.off);
		told.ret = chr_ext_io_get_dev(io, 0, file->dev, told.pos,
					      told.off);
		return io->len;
	case DESK_TAKE:
		return told.ret;
	}
	return both(io);
}

CHR_EXT_DRIVER(desk,
	.read = (void *)desk_read,
	.write = (void *)desk_write,
	.instances = 2,
	.file_size = 100,
	.dev_size = 100,
	.mode = 0666,
);
