// SPDX-License-Identifier: GPL-2.0-only
/* Refused: sleeps in a program that may not. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/open")
int BPF_PROG(sleep_open, struct chr_ext_file *file)
{
	return chr_ext_sleep_us(file->dev, 1, 0);
}

CHR_EXT_DRIVER(sleep_fast, .open = (void *)sleep_open);
