// SPDX-License-Identifier: GPL-2.0-only
/* Reads as the string that matched the hardware, and its index. */
#include <chr_ext/chr_ext.bpf.h>

#define C32		"cccccccccccccccccccccccccccccccc"
#define KINDS_LONG	"chr-ext," C32 C32 C32 "ccccccccccccccccccccccc"	/* 127 */

SEC("struct_ops/read")
long BPF_PROG(kinds_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	char text[CHR_EXT_COMPATIBLE_LEN + 8] = {};
	__u64 args[] = { file->dev->match, (long)file->dev->compatible };
	long n = bpf_snprintf(text, sizeof(text), "%u %s", args, sizeof(args));

	if (n < 1 || n > sizeof(text) || io->pos)
		return 0;
	return chr_ext_io_put(io, 0, text, n - 1);
}

CHR_EXT_DRIVER(kinds,
	.read = (void *)kinds_read,
	.compatible = "chr-ext,kind-a" " chr-ext,kind-b chr-ext,kind-c " KINDS_LONG,
	.flags = CHR_EXT_SEEKABLE,
	.instances = 8,
);
