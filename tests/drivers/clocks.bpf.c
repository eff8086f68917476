// SPDX-License-Identifier: GPL-2.0-only
/* A read gives the time of four clocks, the last of which does not exist. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(clocks_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__s64 ns[4] = {
		chr_ext_clock_ns(CLOCK_MONOTONIC),
		chr_ext_clock_ns(CLOCK_REALTIME),
		chr_ext_clock_ns(CLOCK_BOOTTIME),
		chr_ext_clock_ns(99),
	};

	return chr_ext_io_put(io, 0, ns, sizeof(ns));
}

CHR_EXT_DRIVER(clocks, .read = (void *)clocks_read);
