// SPDX-License-Identifier: GPL-2.0-only
/* Starts a timer by ioctl, but has no event op. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/ioctl")
long BPF_PROG(deaf_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	return chr_ext_timer_start(file->dev, 0, 0, 0, 0);
}

CHR_EXT_DRIVER(deaf,
	.ioctl = (void *)deaf_ioctl,
	.mode = 0666,
);
