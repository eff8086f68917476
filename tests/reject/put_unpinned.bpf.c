// SPDX-License-Identifier: GPL-2.0-only
/* Refused: gives back a device that it never got. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/open")
int BPF_PROG(put_open, struct chr_ext_file *file)
{
	chr_ext_dev_put(file->dev);
	return 0;
}

CHR_EXT_DRIVER(put_unpinned, .open = (void *)put_open);
