// SPDX-License-Identifier: GPL-2.0-only
/*
 * scullp: pages that read(2), write(2) and mmap(2) share, after "Linux Device
 * Drivers". It is as long as its memory, always: a read at the end gives 0, a
 * write there ENOSPC, and O_TRUNC does nothing. SEEK_END is the end; for
 * SEEK_DATA and SEEK_HOLE all of it is data.
 *
 * A mapping sees what is written at once, and may have any protection but
 * PROT_EXEC (EACCES); beyond the end it is refused (EINVAL).
 *
 * Set at load: its size, in whole pages, and how many there are:
 *	chrext load scullp.bpf.o --set mem_size=1M --set instances=4
 */
#include <chr_ext/chr_ext.bpf.h>

#define SCULLP_SIZE	(64 << 10)

#define MAX_IO		(64 << 10)	/* of each call */
#define LARGE		4096

struct copy {
	struct chr_ext_io *io;
	bool put;	/* a read's */
	__u64 start;	/* in the pages */
	__u64 pos;
	__u64 end;
};

/* One piece, in a window that begins at a multiple of 8. */
static __always_inline void copy_piece(struct copy *c, __u32 first,
				       const __u32 window, const __u32 size)
{
	__u64 left = c->end - c->pos;
	__u8 *mem;
	int n;

	barrier_var(left);
	if (left < size)
		return;
	mem = chr_ext_dev_mem(c->io->file->dev, c->pos - first, window);
	if (!mem)
		return;
	if (c->put)
		n = chr_ext_io_put(c->io, c->pos - c->start, mem + first, size);
	else
		n = chr_ext_io_get(c->io, c->pos - c->start, mem + first, size);
	c->pos += n;
}

/*
 * The verifier wants constant sizes: single bytes up to a multiple of 8, large
 * pieces, one of each power of two, and single bytes. It would follow what is
 * left, or done, through all of them; of a position it knows nothing.
 */
static __always_inline long copy(struct copy *c)
{
	__u64 size = c->io->file->dev->mem_size, len = c->io->len;
	int i;

	c->start = c->pos = c->end = c->io->pos;
	if (c->pos >= size)
		return 0;
	c->end += len < size - c->pos ? len : size - c->pos;

	bpf_for(i, 0, 7)
		if (c->pos & 7)
			copy_piece(c, c->pos & 7, 8, 1);
	bpf_for(i, 0, MAX_IO / LARGE)
		copy_piece(c, 0, LARGE, LARGE);
	copy_piece(c, 0, 2048, 2048);
	copy_piece(c, 0, 1024, 1024);
	copy_piece(c, 0, 512, 512);
	copy_piece(c, 0, 256, 256);
	copy_piece(c, 0, 128, 128);
	copy_piece(c, 0, 64, 64);
	copy_piece(c, 0, 32, 32);
	copy_piece(c, 0, 16, 16);
	copy_piece(c, 0, 8, 8);
	bpf_for(i, 0, 7)
		copy_piece(c, c->pos & 7, 8, 1);
	return c->pos - c->start;
}

SEC("struct_ops/read")
long BPF_PROG(scullp_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct copy c = { .io = io, .put = true };

	return copy(&c);
}

SEC("struct_ops/write")
long BPF_PROG(scullp_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct copy c = { .io = io };

	return io->len ? copy(&c) ?: -ENOSPC : 0;
}

SEC("struct_ops/llseek")
__s64 BPF_PROG(scullp_llseek, struct chr_ext_file *file, __s64 offset,
	       __u32 whence)
{
	__s64 end = file->dev->mem_size, pos;

	switch (whence) {
	case SEEK_SET:
		return offset;
	case SEEK_END:
		pos = (__u64)end + offset;
		return pos < 0 ? -EINVAL : pos;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (offset < 0 || offset >= end)
			return -ENXIO;
		return whence == SEEK_DATA ? offset : end;
	}
	return -EINVAL;
}

CHR_EXT_DRIVER(scullp,
	.read = (void *)scullp_read,
	.write = (void *)scullp_write,
	.llseek = (void *)scullp_llseek,
	.mem_size = SCULLP_SIZE,
	.max_io = MAX_IO,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_STREAM,
);
