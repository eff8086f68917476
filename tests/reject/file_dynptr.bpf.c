// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refused: the file can be one that the caller has mapped, on a file system
 * that the caller serves. (There is no file here: the call alone is too much.)
 */
#include <chr_ext/chr_ext.bpf.h>

struct file {
};

extern int bpf_dynptr_from_file(struct file *file, __u32 flags,
				struct bpf_dynptr *ptr__uninit) __ksym;

SEC("struct_ops.s/read")
long BPF_PROG(dynptr_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct bpf_dynptr ptr;

	return bpf_dynptr_from_file(NULL, 0, &ptr);
}

CHR_EXT_DRIVER(file_dynptr, .read = (void *)dynptr_read);
