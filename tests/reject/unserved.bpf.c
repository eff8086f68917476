// SPDX-License-Identifier: GPL-2.0-only
/* Refused: suspend is reserved. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/suspend")
int BPF_PROG(unserved_suspend, struct chr_ext_dev *dev)
{
	return 0;
}

CHR_EXT_DRIVER(unserved, .suspend = (void *)unserved_suspend);
