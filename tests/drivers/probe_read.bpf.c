// SPDX-License-Identifier: GPL-2.0-only
/* Uses a helper that lockdown for confidentiality takes away. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(probing_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u64 id = 0;

	bpf_probe_read_kernel(&id, sizeof(id), file);
	return chr_ext_io_put(io, 0, &id, sizeof(id));
}

CHR_EXT_DRIVER(probe_read, .read = (void *)probing_read);
