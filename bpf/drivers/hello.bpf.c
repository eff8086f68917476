// SPDX-License-Identifier: GPL-2.0-only
/*
 * hello: the first driver. It logs each call (chrext log hello), returns "ebpf"
 * from a read and keeps the last write.
 */
#include <chr_ext/chr_ext.bpf.h>

char last_write[64];	/* bpftool map dump name hello.bss */
__u32 last_len;

SEC("struct_ops.s/open")
int BPF_PROG(hello_open, struct chr_ext_file *file)
{
	chr_ext_msg(file->dev, CHR_EXT_INFO, "open by process %d", file->tgid);
	return 0;
}

SEC("struct_ops.s/close")
void BPF_PROG(hello_close, struct chr_ext_file *file)
{
	chr_ext_msg(file->dev, CHR_EXT_INFO, "close");
}

SEC("struct_ops.s/read")
long BPF_PROG(hello_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	char answer[] = { 'e', 'b', 'p', 'f' };

	chr_ext_msg(file->dev, CHR_EXT_INFO, "read %llu bytes at %lld",
		    io->len, io->pos);
	if (io->pos)
		return 0;
	return chr_ext_io_put(io, 0, answer, sizeof(answer));
}

SEC("struct_ops.s/write")
long BPF_PROG(hello_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	last_len = chr_ext_io_get(io, 0, last_write, sizeof(last_write));
	chr_ext_msg(file->dev, CHR_EXT_INFO, "write %llu bytes", io->len);
	return io->len;
}

CHR_EXT_DRIVER(hello,
	.open = (void *)hello_open,
	.close = (void *)hello_close,
	.read = (void *)hello_read,
	.write = (void *)hello_write,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE,
);
