// SPDX-License-Identifier: GPL-2.0-only
/* Refused: an int where the op returns a long; a negative one would be a count. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
int BPF_PROG(narrow_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return -EIO;
}

CHR_EXT_DRIVER(narrow, .read = (void *)narrow_read);
