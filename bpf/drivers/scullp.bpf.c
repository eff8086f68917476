// SPDX-License-Identifier: GPL-2.0-only
/*
 * scullp: pages shared by read(2), write(2) and mmap(2), after "Linux Device
 * Drivers". The device is always as long as its memory: a read at the end
 * returns 0, a write there fails with ENOSPC, and O_TRUNC does nothing.
 * SEEK_END is the end; for SEEK_DATA and SEEK_HOLE everything is data.
 *
 * Writes show in mappings at once. A mapping may have any protection but
 * PROT_EXEC (EACCES); beyond the end it fails with EINVAL.
 *
 * Set at load: the size, in whole pages, and the number of devices:
 *	chrext load scullp.bpf.o --set mem_size=1M --set instances=4
 */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(scullp_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return chr_ext_io_put_mem(io, 0, file->dev, io->pos, io->len);
}

SEC("struct_ops/write")
long BPF_PROG(scullp_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	int n = chr_ext_io_get_mem(io, 0, file->dev, io->pos, io->len);

	return n || !io->len ? n : -ENOSPC;
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
	.mem_size = 64 << 10,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_STREAM,
);
