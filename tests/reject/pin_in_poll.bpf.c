// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a question changes nothing. */
#include <chr_ext/gpio.bpf.h>

SEC("struct_ops.s/poll")
__u32 BPF_PROG(wrong_poll, struct chr_ext_file *file)
{
	return chr_ext_gpio_listen(file->dev, 1, 0, CHR_EXT_EDGE_BOTH, 0);
}

CHR_EXT_DRIVER(pin_in_poll, .poll = (void *)wrong_poll);
