// SPDX-License-Identifier: GPL-2.0-only
/*
 * Built with a header that has a kfunc which no module has: declared weak, so
 * that the object loads all the same. A read gives 1 with it and 0 without.
 */
#include <chr_ext/chr_ext.bpf.h>

extern __s64 chr_ext_future___v2(__u32 what) __ksym __weak;

SEC("struct_ops/read")
long BPF_PROG(future_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__s64 has = bpf_ksym_exists(chr_ext_future___v2) ?
		chr_ext_future___v2(0) : 0;

	return chr_ext_io_put(io, 0, &has, sizeof(has));
}

CHR_EXT_DRIVER(future, .read = (void *)future_read);
