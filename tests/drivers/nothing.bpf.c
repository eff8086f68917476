// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks for windows of no bytes, of which some kernels let a program read one,
 * and puts into a read what it found there.
 */
#include <chr_ext/chr_ext.bpf.h>

static void look(struct chr_ext_io *io, __u32 at, __u8 *p)
{
	char found = '-';

	if (p)
		found = 'w';
	chr_ext_io_put(io, at, &found, 1);
}

SEC("struct_ops/read")
long BPF_PROG(nothing_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	look(io, 0, chr_ext_io_window(io, 0, 0));
	look(io, 1, chr_ext_io_window(io, io->len, 0));
	look(io, 2, chr_ext_file_data(file, 0));
	look(io, 3, chr_ext_dev_data(file->dev, 0));
	return 4;
}

CHR_EXT_DRIVER(nothing, .read = (void *)nothing_read, .mode = 0666);
