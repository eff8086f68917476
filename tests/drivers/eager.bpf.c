// SPDX-License-Identifier: GPL-2.0-only
/* Is never ready, and wakes its waiters from the op that returns so. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(eager_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	chr_ext_wake(file->dev, EPOLLIN, 0);
	return -EAGAIN;
}

SEC("struct_ops/poll")
unsigned int BPF_PROG(eager_poll, struct chr_ext_file *file)
{
	chr_ext_wake(file->dev, EPOLLIN, 0);
	return 0;
}

CHR_EXT_DRIVER(eager,
	.read = (void *)eager_read,
	.poll = (void *)eager_poll,
	.mode = 0666,
);
