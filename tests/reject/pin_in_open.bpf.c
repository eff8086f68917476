// SPDX-License-Identifier: GPL-2.0-only
/* Refused: lines are claimed when the device appears. */
#include <chr_ext/gpio.bpf.h>

SEC("struct_ops.s/open")
int BPF_PROG(wrong_open, struct chr_ext_file *file)
{
	return chr_ext_gpio_get(file->dev, "data", CHR_EXT_GPIO_IN);
}

CHR_EXT_DRIVER(pin_in_open, .open = (void *)wrong_open);
