// SPDX-License-Identifier: GPL-2.0-only
/* Refused: keeps a device that it got. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/open")
int BPF_PROG(keep_open, struct chr_ext_file *file)
{
	return chr_ext_dev_get(file->dev->id) ? 0 : -ENODEV;
}

CHR_EXT_DRIVER(keep_pinned, .open = (void *)keep_open);
