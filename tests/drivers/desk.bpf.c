// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each read or write of desk0 performs the job that was last written to desk1, a
 * struct desk. A read of desk1 returns the job with its results.
 */
#include <chr_ext/chr_ext.bpf.h>
#include "desk.h"

struct desk job;

static long claim(struct chr_ext_io *io)
{
	char x = 'x', full[16] = { [0 ... 15] = 0xaa };
	__u32 i;

	if (job.op == DESK_LAST)
		chr_ext_io_put(io, io->len - 1, &x, 1);
	for (i = 0; job.op == DESK_FILL && i < 65536 / 16; i++)
		chr_ext_io_put(io, i * 16, full, sizeof(full));
	return io->len;
}

static long both(struct chr_ext_io *io)
{
	__u8 *w;

	switch (job.op) {
	case DESK_WINDOW:
		w = chr_ext_io_window(io, job.off, 16);
		job.result = w != NULL;
		if (w)
			w[15] = 'w';
		return io->len;
	case DESK_SET_POS:
		job.result = chr_ext_io_set_pos(io, job.pos);
		job.pos = io->pos;
		return io->len;
	case DESK_RECORD:
		job.pos = io->pos;
		job.len = io->len;
		job.done = io->done;
		job.flags = io->flags;
		job.calls++;
		return job.ret < (__s64)io->len ? job.ret : io->len;
	}
	return -ENXIO;
}

static long opener(struct chr_ext_file *file)
{
	job.flags = file->flags;
	job.uid = file->uid;
	job.gid = file->gid;
	job.tgid = file->tgid;
	return 0;
}

SEC("struct_ops.s/read")
long BPF_PROG(desk_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	char text[8] = "abcdefgh";

	if (file->dev->index == 1)
		return chr_ext_io_put(io, 0, &job, sizeof(job));

	switch (job.op) {
	case DESK_CLAIM:
	case DESK_FILL:
	case DESK_LAST:
		return claim(io);
	case DESK_PUT:
		job.result = chr_ext_io_put(io, job.off, text, sizeof(text));
		return io->len;
	case DESK_PUT_MEM:
		job.result = chr_ext_io_put_file(io, 0, file, job.pos,
						  job.off);
		job.ret = chr_ext_io_put_dev(io, 0, file->dev, job.pos,
					      job.off);
		return io->len;
	case DESK_OPENER:
		return opener(file);
	}
	return both(io);
}

SEC("struct_ops.s/write")
long BPF_PROG(desk_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	if (file->dev->index == 1)
		return chr_ext_io_get(io, 0, &job, sizeof(job));

	switch (job.op) {
	case DESK_GET:
		job.result = chr_ext_io_get(io, job.off, job.text,
					     sizeof(job.text));
		return io->len;
	case DESK_GET_MEM:
		job.result = chr_ext_io_get_file(io, 0, file, job.pos,
						  job.off);
		job.ret = chr_ext_io_get_dev(io, 0, file->dev, job.pos,
					      job.off);
		return io->len;
	case DESK_TAKE:
		return job.ret;
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
