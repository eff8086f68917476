// SPDX-License-Identifier: GPL-2.0-only
/* Refused: poll is reserved. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/poll")
__u32 BPF_PROG(unserved_poll, struct chr_ext_file *file)
{
	return 1;
}

CHR_EXT_DRIVER(unserved, .poll = (void *)unserved_poll);
