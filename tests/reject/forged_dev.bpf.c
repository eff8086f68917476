// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a pointer of the program's own is no device. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct chr_ext_dev mine = { .size = 1 << 20 };

	return chr_ext_dev_data(&mine, 1) != NULL;
}

CHR_EXT_DRIVER(forged_dev, .read = (void *)wrong_read);
