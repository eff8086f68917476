// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refused: with build ids, the stack of the caller is read from the files that
 * it has mapped, and a program that may sleep waits for them.
 */
#include <chr_ext/chr_ext.bpf.h>

char stack[256];

SEC("struct_ops.s/read")
long BPF_PROG(stack_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return bpf_get_task_stack(bpf_get_current_task_btf(), stack,
				  sizeof(stack), (1 << 8) | (1 << 11));
}

CHR_EXT_DRIVER(task_stack, .read = (void *)stack_read);
