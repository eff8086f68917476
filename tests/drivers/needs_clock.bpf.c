// SPDX-License-Identifier: GPL-2.0-only
/* Cannot do without what an old module has not. */
#include <chr_ext/chr_ext.bpf.h>

extern __s64 chr_ext_clock_ns___needed(__u32 clock) __ksym;

SEC("struct_ops/read")
long BPF_PROG(needs_clock_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__s64 ns = chr_ext_clock_ns___needed(CLOCK_MONOTONIC);

	return chr_ext_io_put(io, 0, &ns, sizeof(ns));
}

CHR_EXT_DRIVER(needs_clock, .read = (void *)needs_clock_read);
