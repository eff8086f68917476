// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a probe has no file. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/probe")
int BPF_PROG(wrong_probe, struct chr_ext_dev *dev)
{
	return chr_ext_file_data((void *)dev, 1) != NULL;
}

CHR_EXT_DRIVER(file_in_probe, .probe = (void *)wrong_probe);
