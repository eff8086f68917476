// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a line of a controller that sleeps is not for poll, which holds locks. */
#include <chr_ext/gpio.bpf.h>

SEC("struct_ops.s/poll")
__u32 BPF_PROG(wrong_poll, struct chr_ext_file *file)
{
	return chr_ext_gpio_get_value_cansleep(file->dev, 1, 0, 0) > 0 ? EPOLLIN : 0;
}

CHR_EXT_DRIVER(line_in_poll, .poll = (void *)wrong_poll);
