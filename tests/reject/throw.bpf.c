// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a kfunc that every kernel has and no driver may call. */
#include <chr_ext/chr_ext.bpf.h>

extern void bpf_throw(__u64 cookie) __ksym;

SEC("struct_ops/read")
long BPF_PROG(throw_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	if (io->len > 100)
		bpf_throw(1);
	return 0;
}

CHR_EXT_DRIVER(throw, .read = (void *)throw_read);
