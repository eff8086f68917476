// SPDX-License-Identifier: GPL-2.0-only
/* Refused: accesses a controller that may sleep, in a program that may not. */
#include <chr_ext/gpio.bpf.h>

SEC("struct_ops/open")
int BPF_PROG(fast_open, struct chr_ext_file *file)
{
	return chr_ext_gpio_get_value_cansleep(file->dev, 1, 0, 0);
}

CHR_EXT_DRIVER(pin_fast, .open = (void *)fast_open);
