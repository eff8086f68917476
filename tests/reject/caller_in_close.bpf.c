// SPDX-License-Identifier: GPL-2.0-only
/* Refused: any task may close a file. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/close")
void BPF_PROG(caller_close, struct chr_ext_file *file)
{
	chr_ext_caller_capable(file, CAP_SYS_ADMIN);
}

CHR_EXT_DRIVER(caller_in_close, .close = (void *)caller_close);
