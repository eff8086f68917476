// SPDX-License-Identifier: GPL-2.0-only
/* Takes all that it is given, and gives all that it is asked for, of 'x'. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(sponge_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	char x[16] = "xxxxxxxxxxxxxxxx";
	__u32 i;

	for (i = 0; i < 65536 / 16; i++)
		if (!chr_ext_io_put(io, i * 16, x, sizeof(x)))
			break;
	return io->len;
}

SEC("struct_ops/write")
long BPF_PROG(sponge_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return io->len;
}

CHR_EXT_DRIVER(sponge,
	.read = (void *)sponge_read,
	.write = (void *)sponge_write,
	.mode = 0666,
);
