// SPDX-License-Identifier: GPL-2.0-only
/*
 * @NAME@: a file that keeps one line. A read returns what was written last, or
 * the greeting, which is set at load: chrext load @NAME@.bpf.o --set text=hi
 */
#include <chr_ext/chr_ext.bpf.h>

char text[64] = "hello";

SEC("struct_ops/read")
long BPF_PROG(@IDENT@_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u32 len;

	if (io->pos)
		return 0;	/* end of file */
	for (len = 0; len < sizeof(text) && text[len]; len++)
		;
	return chr_ext_io_put(io, 0, text, len);
}

SEC("struct_ops/write")
long BPF_PROG(@IDENT@_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	if (io->len > sizeof(text))
		return -EMSGSIZE;
	__builtin_memset(text, 0, sizeof(text));
	return chr_ext_io_get(io, 0, text, sizeof(text));
}

CHR_EXT_DRIVER(@IDENT@,@NAMED@
	.read = (void *)@IDENT@_read,
	.write = (void *)@IDENT@_write,
	.mode = 0660,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_SERIAL_DEV,
);
